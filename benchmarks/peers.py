"""One adaptive step by other engines, each on its own, simpler model: two categories, the engine's default settings.

Each function makes a bank of items (slope, difficulty) and returns a step: it estimates theta and its standard error
from the answers, asks the stopping rule, and selects the next item. A peer that is not installed is left out.
"""

import random
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

Items = Sequence[tuple[float, float]]
Step = Callable[[], Any]


def catpie_step(items: Items, asked: Sequence[int], answers: Sequence[int]) -> Step:
    """EAP on catpie's own 33 points, maximum Fisher information."""
    import catpie

    bank = [(slope, difficulty, 0.0, 1.0) for slope, difficulty in items]

    def step() -> Any:
        theta, se = catpie.estimateTheta(bank, asked, answers)
        catpie.checkStopRule(theta, se, len(asked), rule=["precision"], thr=[0.3])
        return catpie.selectNextItem(bank, theta, asked, rng=random.Random(1))

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


STEPS = {"catpie": catpie_step, "catsim": catsim_step, "adaptivetesting": adaptivetesting_step}


def installed() -> dict[str, str]:
    """The version of each peer that is here."""
    found = {}
    for name in STEPS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
