"""Banks made up for tests, the same for the same seed."""

import random

import numpy as np

from cat_engine import GradedItem, ItemBank, PartialCreditItem


def graded_bank(*, seed: int, items: int, slope: float | None = None) -> ItemBank:
    """Ragged: 2 to 6 categories, thresholds from -4."""
    rng = random.Random(seed)
    drawn = []
    for number in range(items):
        thresholds = np.cumsum([rng.uniform(-4, 0), *(rng.uniform(0.05, 1.2) for _ in range(rng.randint(0, 4)))])
        drawn.append(GradedItem(f"item{number:03}", slope or rng.uniform(0.4, 7), tuple(thresholds.tolist())))
    return ItemBank(tuple(drawn))


def partial_credit_bank(*, seed: int, items: int) -> ItemBank:
    """Ragged, with steps in any order."""
    rng = random.Random(seed)
    return ItemBank(
        tuple(
            PartialCreditItem(
                f"item{number:03}",
                rng.uniform(0.4, 3),
                tuple(rng.uniform(-2.5, 2.5) for _ in range(rng.randint(1, 5))),
            )
            for number in range(items)
        )
    )
