"""One adaptive step by other engines, each on its own, simpler model: items of two categories.

Each function makes a bank of items (slope, difficulty) and returns a step: it estimates theta and its standard error
from the answers, asks the stopping rule, and selects the next item.
"""

import random
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

Items = Sequence[tuple[float, float]]
Step = Callable[[], Any]
MakeStep = Callable[[Items, Sequence[int], Sequence[int]], Step]


def catpie_step(items: Items, asked: Sequence[int], answers: Sequence[int]) -> Step:
    """As ours: EAP on 81 points, maximum posterior-weighted information."""
    return _catpie(items, asked, answers, points=81, criterion="MPWI")


def catpie_default_step(items: Items, asked: Sequence[int], answers: Sequence[int]) -> Step:
    """As it comes: EAP on 33 points, maximum Fisher information."""
    return _catpie(items, asked, answers, points=33, criterion="MFI")


def _catpie(items: Items, asked: Sequence[int], answers: Sequence[int], *, points: int, criterion: str) -> Step:
    import catpie

    bank = [(slope, difficulty, 0.0, 1.0) for slope, difficulty in items]
    grid, generator = (-4, 4, points), random.Random(1)

    def step() -> Any:
        theta, se = catpie.estimateTheta(bank, asked, answers, parInt=grid)
        catpie.checkStopRule(theta, se, len(asked), rule=["precision"], thr=[0.01])
        return catpie.nextItem(bank, theta, asked, criterion=criterion, x=answers, parInt=grid, rng=generator)

    return step


def catsim_step(items: Items, asked: Sequence[int], answers: Sequence[int]) -> Step:
    """Bounded maximum likelihood, maximum Fisher information."""
    from catsim.estimation import NumericalSearchEstimator
    from catsim.item_bank import ItemBank
    from catsim.selection import MaxInfoSelector
    from catsim.stopping import MinErrorStopper

    bank = ItemBank(np.array([(slope, difficulty, 0.0, 1.0) for slope, difficulty in items]))
    estimator, selector, stopper = NumericalSearchEstimator(), MaxInfoSelector(), MinErrorStopper(0.01)
    given, right = list(asked), [bool(answer) for answer in answers]

    def step() -> Any:
        theta = estimator.estimate(item_bank=bank, administered_items=given, response_vector=right, est_theta=0.0)
        stopper.stop(administered_items=bank.items[given], theta=theta)
        return selector.select(item_bank=bank, administered_items=given, est_theta=theta)

    return step


def adaptivetesting_step(items: Items, asked: Sequence[int], answers: Sequence[int]) -> Step:
    """EAP on its own 1,000 points, maximum Fisher information. Its graded model comes with Python 3.12 only."""
    from adaptivetesting.math.estimators import ExpectedAPosteriori, NormalPrior
    from adaptivetesting.math.item_selection import maximum_information_criterion
    from adaptivetesting.models import TestItem

    pool = []
    for slope, difficulty in items:
        item = TestItem()
        item.a, item.b = slope, difficulty
        pool.append(item)
    given = [pool[position] for position in asked]
    left = [item for position, item in enumerate(pool) if position not in asked]

    def step() -> Any:
        estimator = ExpectedAPosteriori(list(answers), given, NormalPrior(0, 1), (-4, 4))
        theta = estimator.get_estimation()
        estimator.get_standard_error(theta)
        return maximum_information_criterion(left, theta)

    return step


# Distribution, what is measured of it, and how.
STEPS: tuple[tuple[str, str, MakeStep], ...] = (
    ("catpie", "as ours: 81 points, MPWI", catpie_step),
    ("catpie", "its defaults: 33 points, MFI", catpie_default_step),
    ("catsim", "ML, MFI", catsim_step),
    ("adaptivetesting", "EAP on 1,000 points, MFI", adaptivetesting_step),
)


def installed_version(name: str) -> str | None:
    """None where the peer is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
