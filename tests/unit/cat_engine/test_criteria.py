"""Each criterion is what its formula says, worked out the long way."""

import numpy as np
import pytest

from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, Criterion, ItemBank, NormalPrior, Stop, carried_over
from cat_engine.estimation import Estimate, posterior
from cat_engine.selection import (
    expected_posterior_variance,
    fisher_information,
    kullback_leibler_information,
    select,
    select_many,
)
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

BANKS = [graded_bank(seed=11, items=12), partial_credit_bank(seed=12, items=12)]
each_bank = pytest.mark.parametrize("bank", BANKS, ids=["graded", "partial-credit"])


def _weights(bank: ItemBank) -> np.ndarray:
    return posterior(NormalPrior(0.4, 0.7).log_density(bank.points), bank.log_likelihoods[[1, 4]])


def _rows(bank: ItemBank, item: int) -> slice:
    return slice(bank.first_rows[item], bank.first_rows[item] + bank.categories[item])


@each_bank
def test_expected_posterior_variance_is_the_mean_over_possible_answers(bank: ItemBank) -> None:
    weights, expected = _weights(bank), []
    for item in range(len(bank.items)):
        variance = 0.0
        for row in bank.probabilities[_rows(bank, item)]:
            after = weights * row
            mean = (after / after.sum()) @ bank.points
            variance += after.sum() * ((after / after.sum()) @ (bank.points - mean) ** 2)
        expected.append(variance)
    np.testing.assert_allclose(expected_posterior_variance(bank, weights), expected, rtol=1e-10)


@each_bank
def test_an_answer_is_never_expected_to_widen_the_posterior(bank: ItemBank) -> None:
    weights = _weights(bank)
    now = weights @ (bank.points - weights @ bank.points) ** 2
    assert (expected_posterior_variance(bank, weights) <= now + 1e-12).all()


@each_bank
def test_kullback_leibler_information_is_the_weighted_divergence(bank: ItemBank) -> None:
    weights, theta, expected = _weights(bank), 0.123, []
    here = bank.log_likelihoods_at(np.array([theta]))[:, 0]
    for item in range(len(bank.items)):
        rows = _rows(bank, item)
        divergence = (np.exp(here[rows, None]) * (here[rows, None] - bank.log_likelihoods[rows])).sum(axis=0)
        assert (divergence >= -1e-12).all()
        expected.append(weights @ divergence)
    np.testing.assert_allclose(kullback_leibler_information(bank, weights, theta), expected, rtol=1e-10)


@each_bank
def test_fisher_information_is_taken_at_the_estimate_itself(bank: ItemBank) -> None:
    np.testing.assert_allclose(fisher_information(bank, bank.points[33]), bank.information[:, 33], rtol=1e-12)


@pytest.mark.parametrize("criterion", list(Criterion))
@each_bank
def test_a_test_says_the_criterion_of_the_chosen_item_and_of_the_runner_up(
    bank: ItemBank, criterion: Criterion
) -> None:
    decision = AdaptiveTest(bank, PROMIS_ADULT, criterion=criterion).next({"item003": 1})
    assert isinstance(decision, Ask)
    assert decision.runner_up_criterion is not None
    if criterion.smaller_is_better:
        assert decision.criterion <= decision.runner_up_criterion
    else:
        assert decision.criterion >= decision.runner_up_criterion
    assert criterion.title in decision.reason


@each_bank
def test_a_stop_says_what_would_have_been_asked(bank: ItemBank) -> None:
    test = AdaptiveTest(bank, PROMIS_ADULT)
    answers: dict[str, int | None] = {}
    while isinstance(decision := test.next(answers), Ask):
        answers[decision.item_id] = 1
    assert isinstance(decision, Stop)
    if len(answers) < len(bank.items):
        assert decision.next_best is not None
        assert decision.next_best not in answers
        assert decision.criterion is not None


def test_random_selection_follows_from_the_seed_and_reaches_every_item() -> None:
    test = AdaptiveTest(BANKS[0], PROMIS_ADULT, criterion=Criterion.RANDOM)
    firsts = [test.next({}, seed=seed) for seed in range(300)]
    assert [test.next({}, seed=seed) for seed in range(300)] == firsts
    assert {first.item_id for first in firsts if isinstance(first, Ask)} == set(BANKS[0].item_ids)


def test_many_sessions_are_chosen_for_as_one_is_ties_included() -> None:
    rng, bank = np.random.default_rng(3), BANKS[0]
    criteria = rng.integers(0, 4, (500, 12)) + rng.choice([0, 5e-10], (500, 12))
    allowed = rng.random((500, 12)) < 0.6
    many = select_many(criteria, allowed, bank.by_id)
    for row in range(500):
        one = select(criteria[row], allowed[row].nonzero()[0], bank.item_ids)
        assert many[row] == (-1 if one is None else one.item)


def test_a_carried_prior_steers_the_choice_and_never_the_score_or_the_stop() -> None:
    bank = graded_bank(seed=13, items=40)
    plain = AdaptiveTest(bank, PROMIS_ADULT)
    steered = AdaptiveTest(bank, PROMIS_ADULT, steering=carried_over(Estimate(-2.5, 0.2)))
    first, other = plain.next({}), steered.next({})
    assert isinstance(first, Ask)
    assert isinstance(other, Ask)
    assert first.item_id != other.item_id
    assert first.estimate == other.estimate
    answers = dict.fromkeys(bank.item_ids[:5], 1)
    assert plain.estimate(answers) == steered.estimate(answers)
    assert plain.next(answers).estimate == steered.next(answers).estimate


def test_what_is_carried_over_is_clamped() -> None:
    assert carried_over(Estimate(-5.0, 0.1)) == NormalPrior(-3.0, 0.5)
    assert carried_over(Estimate(1.0, 0.8)) == NormalPrior(1.0, 0.8)


def test_a_fixed_first_item_comes_first_unless_it_may_not_be_asked() -> None:
    test = AdaptiveTest(BANKS[0], PROMIS_ADULT, first_item="item007")
    first = test.next({})
    assert isinstance(first, Ask)
    assert (first.item_id, first.reason) == ("item007", "the test's fixed first item")
    assert first.criterion != first.runner_up_criterion
    without = test.next({}, available=set(BANKS[0].item_ids) - {"item007"})
    assert isinstance(without, Ask)
    assert without.item_id != "item007"
    with pytest.raises(ValueError, match="'other' is not in the bank"):
        AdaptiveTest(BANKS[0], PROMIS_ADULT, first_item="other")
