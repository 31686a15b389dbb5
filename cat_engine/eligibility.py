"""Finding the eligibility probabilities that keep every item's exposure below a rate, by simulation.

For setting up a test before people meet it. What the probabilities do in a session is in `exposure`.
"""

from dataclasses import replace

import numpy as np

from cat_engine.adaptive_test import AdaptiveTest
from cat_engine.draws import Purpose, item_keys, uniform
from cat_engine.exposure import Eligibility, eligible_items
from cat_engine.graded_response import Array
from cat_engine.simulation import simulate
from cat_engine.simulation_summary import exposure_counts


def find_eligibility(
    test: AdaptiveTest, thetas: Array, *, maximum_rate: float, rounds: int = 10, seed: int = 0
) -> Eligibility:
    """Eligibility probabilities after so many rounds of simulation and update.

    The rates settle around the maximum; they do not stay below it to the last per cent. Report them for the test that
    is to be used (`cat_engine.simulation_summary.summarise`).

    Parameters
    ----------
    test
        Its own exposure control is set aside.
    thetas
        Shape (people,): as the people who will be tested; a thousand or more.
    maximum_rate
        The largest exposure wanted, as a proportion of sessions. It cannot be below the mean length divided by the
        number of items.

    Examples
    --------
    >>> from cat_engine import GradedItem, ItemBank, PROMIS_ADULT
    >>> bank = ItemBank(tuple(GradedItem(f"i{n}", 2.0, (-1.0, 0.1 * n, 2.0)) for n in range(20)))
    >>> found = find_eligibility(AdaptiveTest(bank, PROMIS_ADULT), np.zeros(300), maximum_rate=0.8, rounds=2)
    >>> sorted(found.probabilities) == sorted(bank.item_ids)
    True
    """
    bank = test.bank
    everybody = np.ones(len(thetas), dtype=np.bool_)
    exposure = Eligibility({})
    draws = uniform(np.arange(len(thetas)) + seed, int(Purpose.ELIGIBILITY), item_keys(bank.item_ids))
    for _ in range(rounds):
        sessions = simulate(replace(test, exposure=exposure), thetas, seed=seed)
        exposure = exposure.updated(
            bank,
            asked=exposure_counts(sessions, everybody),
            eligible=eligible_items(exposure.of(bank), draws).sum(axis=0).astype(float),
            maximum_rate=maximum_rate,
        )
    return exposure
