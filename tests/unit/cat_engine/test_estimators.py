"""Each estimator is where its definition says, and its standard error does not shrink at the extremes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cat_engine import (
    EAP,
    ESTIMATORS,
    PROMIS_ADULT,
    AdaptiveTest,
    Estimator,
    GradedItem,
    Grid,
    ItemBank,
    MaximumAPosteriori,
    MaximumLikelihood,
    NormalPrior,
    WeightedLikelihood,
)
from cat_engine.likelihood import Likelihood
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

GRADED, PARTIAL = graded_bank(seed=5, items=15, slope=1.8), partial_credit_bank(seed=6, items=15)
FINE = np.linspace(-9, 9, 36_001)
PRIOR = NormalPrior(0.3, 0.9)
ALL = list(ESTIMATORS.values())


@st.composite
def some_codes(draw: st.DrawFn, bank: ItemBank) -> list[tuple[int, int]]:
    chosen = draw(st.lists(st.sampled_from(range(len(bank.items))), unique=True, min_size=1))
    return [(position, draw(st.integers(1, bank.categories[position]))) for position in sorted(chosen)]


def _log_likelihood(bank: ItemBank, codes: list[tuple[int, int]]) -> np.ndarray:
    rows = [bank.first_rows[position] + code - 1 for position, code in codes]
    total: np.ndarray = bank.log_likelihoods_at(FINE)[rows].sum(axis=0)
    return total


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("bank", [GRADED, PARTIAL], ids=["graded", "partial-credit"])
@given(data=st.data())
def test_map_is_the_highest_point_of_the_posterior(bank: ItemBank, data: st.DataObject) -> None:
    codes = data.draw(some_codes(bank))
    posterior = _log_likelihood(bank, codes) + PRIOR.log_density(FINE)
    found = MaximumAPosteriori().estimate(bank, codes, PRIOR)
    assert found.theta == pytest.approx(FINE[posterior.argmax()], abs=6e-4)


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("bank", [GRADED, PARTIAL], ids=["graded", "partial-credit"])
@given(data=st.data())
def test_mle_is_the_highest_point_of_the_likelihood_with_two_fences(bank: ItemBank, data: st.DataObject) -> None:
    codes = data.draw(some_codes(bank))
    fences = -np.logaddexp(0, -5 * (FINE + 5)) - np.logaddexp(0, 5 * (FINE - 5))
    objective = _log_likelihood(bank, codes) + fences
    found = MaximumLikelihood().estimate(bank, codes, PRIOR)
    # The top can be so flat that the grid's highest point is a matter of rounding.
    assert np.interp(found.theta, FINE, objective) == pytest.approx(objective.max(), abs=1e-6)


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("bank", [GRADED, PARTIAL], ids=["graded", "partial-credit"])
@given(data=st.data())
def test_wle_solves_warms_equation(bank: ItemBank, data: st.DataObject) -> None:
    codes = data.draw(some_codes(bank))
    estimate = WeightedLikelihood().estimate(bank, codes, PRIOR)
    slopes = Likelihood.of(bank, codes).slopes(np.array([estimate.theta]))
    assert -6 <= estimate.theta <= 6
    if -6 < estimate.theta < 6:
        assert (slopes.score + slopes.bias / (2 * slopes.information))[0] == pytest.approx(0, abs=1e-7)
    assert estimate.se == pytest.approx(slopes.information[0] ** -0.5)


def test_under_partial_credit_wle_is_the_highest_point_of_likelihood_times_root_information() -> None:
    codes = [(position, min(2, count)) for position, count in enumerate(PARTIAL.categories)]
    positions = [position for position, _ in codes]
    objective = _log_likelihood(PARTIAL, codes) + np.log(PARTIAL.information_at(FINE)[positions].sum(axis=0)) / 2
    found = WeightedLikelihood().estimate(PARTIAL, codes, PRIOR)
    assert found.theta == pytest.approx(FINE[objective.argmax()], abs=6e-4)


def test_for_one_rasch_like_item_the_wle_is_known() -> None:
    # With P = 1 / (1 + exp(-theta)) and one correct answer, 1 - P + (1 - 2 P) / 2 = 0 gives P = 3/4.
    bank = ItemBank((GradedItem("x", 1.0, (0.0,)),))
    assert WeightedLikelihood().estimate(bank, [(0, 2)], PRIOR).theta == pytest.approx(math.log(3), abs=1e-9)


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: estimator.name)
@pytest.mark.parametrize("highest", [False, True])
def test_extreme_answers_give_a_finite_theta_and_a_larger_standard_error(estimator: Estimator, highest: bool) -> None:
    # The thresholds reach to -4, so the grid must reach further: at its ends EAP is cut off.
    bank = ItemBank(graded_bank(seed=7, items=30, slope=2.0).items, Grid(-8, 8, 161))
    extreme = [(position, count if highest else 1) for position, count in enumerate(bank.categories)]
    middle = [(position, (count + 1) // 2) for position, count in enumerate(bank.categories)]
    far, near = estimator.estimate(bank, extreme, NormalPrior()), estimator.estimate(bank, middle, NormalPrior())
    assert math.isfinite(far.theta)
    assert math.isfinite(far.se)
    assert far.se > near.se
    assert abs(far.theta) < 6.5


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: estimator.name)
def test_with_many_answers_all_estimators_agree(estimator: Estimator) -> None:
    bank = graded_bank(seed=8, items=165, slope=3.0)
    codes = [(position, (count + 1) // 2) for position, count in enumerate(bank.categories)]
    expected = EAP.estimate(bank, codes, NormalPrior())
    assert estimator.estimate(bank, codes, NormalPrior()).theta == pytest.approx(expected.theta, abs=0.02)


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: estimator.name)
def test_a_test_reports_the_estimator_it_was_given(estimator: Estimator) -> None:
    test = AdaptiveTest(GRADED, PROMIS_ADULT, estimator=estimator, prior=PRIOR)
    answers = {"item003": 1, "item001": 2}
    expected = estimator.estimate(GRADED, [(1, 2), (3, 1)], PRIOR)
    assert test.estimate(answers) == expected
    assert test.next(answers).estimate == expected


@pytest.mark.parametrize("make", [lambda: MaximumLikelihood(1, 1), lambda: WeightedLikelihood(2, 1)])
def test_bounds_that_are_none_are_refused(make: object) -> None:
    with pytest.raises(ValueError, match="an estimator needs"):
        make()
