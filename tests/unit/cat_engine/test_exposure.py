"""Exposure control randomises among the best, repeatably, and keeps the rates down."""

import numpy as np
import pytest

from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, BankError
from cat_engine.draws import item_keys, uniform
from cat_engine.eligibility import find_eligibility
from cat_engine.exposure import Eligibility, Randomesque
from cat_engine.simulation import simulate
from cat_engine.simulation_summary import summarise
from tests.unit.cat_engine.banks import graded_bank

BANK = graded_bank(seed=31, items=30, slope=1.5)
THETAS = np.random.default_rng(2).standard_normal(1500)


def _ranking() -> list[str]:
    """The first items of plain tests from which the better ones have been taken away."""
    left, ranked = set(BANK.item_ids), []
    while left:
        first = AdaptiveTest(BANK, PROMIS_ADULT).next({}, available=left)
        assert isinstance(first, Ask)
        ranked.append(first.item_id)
        left.remove(first.item_id)
    return ranked


def test_randomesque_draws_evenly_among_the_best_and_never_among_the_worst() -> None:
    test = AdaptiveTest(BANK, PROMIS_ADULT, exposure=Randomesque(4))
    firsts = [decision.item_id for seed in range(800) if isinstance(decision := test.next({}, seed=seed), Ask)]
    counts = {item_id: firsts.count(item_id) for item_id in set(firsts)}
    assert set(counts) == set(_ranking()[:4])
    assert min(counts.values()) > 140


def test_the_same_seed_gives_the_same_choice() -> None:
    test = AdaptiveTest(BANK, PROMIS_ADULT, exposure=Randomesque(4))
    assert [test.next({}, seed=seed) for seed in range(50)] == [test.next({}, seed=seed) for seed in range(50)]


def test_an_item_that_is_never_eligible_is_asked_only_when_nothing_else_is_left() -> None:
    best, second = _ranking()[:2]
    test = AdaptiveTest(BANK, PROMIS_ADULT, exposure=Eligibility({best: 0.0}))
    decision = test.next({}, seed=5)
    assert isinstance(decision, Ask)
    assert decision.item_id == second
    only = test.next({}, available=[best], seed=5)
    assert isinstance(only, Ask)
    assert only.item_id == best


def test_updated_eligibility_brings_every_rate_below_the_maximum() -> None:
    exposure = find_eligibility(AdaptiveTest(BANK, PROMIS_ADULT), THETAS, maximum_rate=0.5, rounds=8)
    plain = summarise(simulate(AdaptiveTest(BANK, PROMIS_ADULT), THETAS))
    held = summarise(simulate(AdaptiveTest(BANK, PROMIS_ADULT, exposure=exposure), THETAS))
    assert max(plain.exposure.values()) == 1.0
    assert max(held.exposure.values()) < 0.55
    assert held.overall.overlap < plain.overall.overlap


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 items"):
        Randomesque(1)
    with pytest.raises(ValueError, match="probability between 0 and 1"):
        Eligibility({"item000": 1.5})
    with pytest.raises(BankError, match="'other', which is not in the bank"):
        AdaptiveTest(BANK, PROMIS_ADULT, exposure=Eligibility({"other": 0.5}))


def test_draws_are_uniform_and_differ_by_seed_step_and_item() -> None:
    keys = item_keys(BANK.item_ids)
    draws = uniform(np.arange(3000), 0, keys)
    assert draws.shape == (3000, 30)
    assert abs(draws.mean() - 0.5) < 0.005
    assert abs(np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]) < 0.06
    assert abs(np.corrcoef(draws[:, 0], uniform(np.arange(3000), 1, keys)[:, 0])[0, 1]) < 0.06
    assert abs(np.corrcoef(draws[:-1, 0], draws[1:, 0])[0, 1]) < 0.06
