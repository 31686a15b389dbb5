"""Unusual patterns and careless answers are told, within what the statistics can carry."""

import math

import numpy as np
import pytest

from cat_engine import PROMIS_ADULT, AdaptiveTest
from cat_engine.person_fit import longest_run, person_fit, time_flags
from cat_engine.simulation import made_up_answers
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

BANK = graded_bank(seed=61, items=40, slope=1.5)


@pytest.mark.parametrize("bank", [BANK, partial_credit_bank(seed=62, items=40)], ids=["graded", "partial-credit"])
def test_at_the_true_theta_of_a_long_test_the_statistic_is_standard_normal(bank: object) -> None:
    thetas = np.random.default_rng(1).normal(0, 0.7, 1500)
    codes = made_up_answers(bank, thetas, seed=9)
    values = [
        person_fit(bank, dict(zip(bank.item_ids, row, strict=True)), theta).lz
        for row, theta in zip(codes.tolist(), thetas.tolist(), strict=True)
    ]
    assert np.mean(values) == pytest.approx(0, abs=0.1)
    assert np.std(values) == pytest.approx(1, abs=0.1)


def test_answers_at_random_are_flagged_and_those_by_the_model_are_not() -> None:
    test, rng = AdaptiveTest(BANK, PROMIS_ADULT), np.random.default_rng(2)

    def flagged(codes: np.ndarray) -> float:
        people = [dict(zip(BANK.item_ids, row, strict=True)) for row in codes.tolist()]
        return float(np.mean([person_fit(BANK, person, test.estimate(person).theta).is_unusual for person in people]))

    honest = made_up_answers(BANK, rng.standard_normal(300), seed=3)
    careless = np.column_stack([rng.integers(1, count + 1, 300) for count in BANK.categories])
    assert flagged(honest) < 0.05
    assert flagged(careless) > 0.8


def test_few_answers_are_given_a_statistic_and_never_a_flag() -> None:
    fit = person_fit(BANK, {"item000": BANK.categories[0], "item001": 1}, -3.0)
    assert fit.answered == 2
    assert not fit.is_reliable
    assert not fit.is_unusual


def test_without_answers_there_is_no_statistic() -> None:
    assert person_fit(BANK, {"item000": None}, 0.0).lz is None


def test_fast_and_slow_answers_are_told_apart() -> None:
    flags = time_flags({"a": 1.9, "b": 2.0, "c": 0.2, "d": 301.0})
    assert (flags.too_fast, flags.too_slow) == (("a", "c"), ("d",))
    assert flags.is_careless
    assert not time_flags({"a": 1.0, "b": 3.0, "c": 3.0}).is_careless
    assert not time_flags({}).is_careless
    with pytest.raises(ValueError, match="a response time"):
        time_flags({"a": math.nan})


def test_the_longest_run_of_one_answer_is_counted() -> None:
    assert longest_run([]) == 0
    assert longest_run([1, 1, 2, 2, 2, 1]) == 3
