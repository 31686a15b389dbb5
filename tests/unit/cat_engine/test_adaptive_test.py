"""The whole step: properties that hold for any bank, and what it refuses."""

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cat_engine import (
    ESTIMATORS,
    PROMIS_ADULT,
    RULES,
    AdaptiveTest,
    AnswerError,
    Ask,
    Criterion,
    Estimator,
    ItemBank,
    NormalPrior,
    PredictedReduction,
    Stop,
    StopReason,
)
from cat_engine.exposure import Randomesque
from cat_engine.overlays import Overlay
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

BANK = graded_bank(seed=1, items=20)
TEST = AdaptiveTest(bank=BANK, rule=PROMIS_ADULT)
LARGE = AdaptiveTest(bank=graded_bank(seed=2, items=165, slope=7.0), rule=PROMIS_ADULT)


@st.composite
def some_answers(draw: st.DrawFn, test: AdaptiveTest = TEST) -> dict[str, int | None]:
    chosen = draw(st.lists(st.sampled_from(range(len(test.bank.items))), unique=True))
    items = [test.bank.items[index] for index in chosen]
    return {item.id: draw(st.none() | st.integers(1, item.categories)) for item in items}


@given(some_answers(), st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(answers: dict[str, int | None], rng: random.Random) -> None:
    shuffled = list(answers.items())
    rng.shuffle(shuffled)
    assert TEST.next(dict(shuffled)) == TEST.next(answers)


@given(some_answers(), st.data())
def test_a_higher_category_of_one_answer_never_lowers_theta(
    answers: dict[str, int | None], data: st.DataObject
) -> None:
    item = data.draw(st.sampled_from(BANK.items))
    thetas = [TEST.estimate({**answers, item.id: code}).theta for code in range(1, item.categories + 1)]
    assert all(low <= high + 1e-9 for low, high in pairwise(thetas))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_165_ragged_items_with_slopes_of_7_never_give_nan(data: st.DataObject) -> None:
    code = st.integers(1, 6)
    answers = {item.id: min(data.draw(code), item.categories) for item in LARGE.bank.items}
    estimate = LARGE.estimate(answers)
    assert -4 <= estimate.theta <= 4
    assert 0 <= estimate.se <= 4


@given(some_answers())
def test_an_item_is_asked_once_and_only_if_it_is_available(answers: dict[str, int | None]) -> None:
    available = frozenset(BANK.item_ids[::2])
    decision = TEST.next(answers, available=available)
    if isinstance(decision, Ask):
        assert decision.item_id in available
        assert decision.item_id not in answers
        assert decision.runner_up != decision.item_id


def test_without_answers_the_estimate_is_the_prior() -> None:
    estimate = TEST.estimate({})
    assert estimate.theta == pytest.approx(0, abs=1e-12)
    # Cut off at 4 standard deviations, so a little below one.
    assert estimate.se == pytest.approx(1, abs=1e-3)
    assert (estimate.t, estimate.t_se) == pytest.approx((50, 10), abs=1e-2)


def test_a_skipped_item_leaves_the_estimate_and_the_count_alone_but_is_not_asked_again() -> None:
    first = TEST.next({})
    assert isinstance(first, Ask)
    second = TEST.next({first.item_id: None})
    assert isinstance(second, Ask)
    assert second.item_id == first.runner_up
    assert second.criterion == first.runner_up_criterion
    assert second.estimate == first.estimate


def test_skips_count_neither_towards_the_minimum_nor_the_maximum() -> None:
    skipped = dict.fromkeys(BANK.item_ids[:13])
    assert isinstance(TEST.next(skipped), Ask)
    answered = dict.fromkeys(BANK.item_ids[13:16], 1)
    assert isinstance(TEST.next({**skipped, **answered}), Ask)


def test_when_every_item_is_used_up_it_says_so() -> None:
    decision = TEST.next(dict.fromkeys(BANK.item_ids))
    assert isinstance(decision, Stop)
    assert decision.reason is StopReason.EXHAUSTED
    assert TEST.next({}, available=frozenset()) == decision


def test_it_stops_for_precision_and_at_the_maximum() -> None:
    sharp = AdaptiveTest(bank=graded_bank(seed=3, items=8, slope=7.0), rule=PROMIS_ADULT)
    blunt = AdaptiveTest(bank=graded_bank(seed=4, items=14, slope=0.2), rule=PROMIS_ADULT)
    precise = sharp.next({item.id: item.categories // 2 + 1 for item in sharp.bank.items[:4]})
    longest = blunt.next(dict.fromkeys(blunt.bank.item_ids[:12], 1))
    assert isinstance(precise, Stop)
    assert precise.reason is StopReason.PRECISION
    assert isinstance(longest, Stop)
    assert longest.reason is StopReason.MAXIMUM_ITEMS


def test_the_prior_moves_the_estimate() -> None:
    shifted = AdaptiveTest(bank=BANK, rule=PROMIS_ADULT, prior=NormalPrior(1.0, 0.5))
    assert shifted.estimate({}).theta == pytest.approx(1, abs=1e-6)
    assert shifted.estimate({}).se == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("mean", "sd"), [(float("nan"), 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, float("inf"))])
def test_a_prior_that_is_none_is_refused(mean: float, sd: float) -> None:
    with pytest.raises(ValueError, match="a prior needs"):
        NormalPrior(mean, sd)


@pytest.mark.parametrize("value", [0, 99, -1, True, 2.0, "2", float("nan"), np.bool_(True)])
def test_an_answer_that_is_not_a_category_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(AnswerError) as error:
        TEST.next({"item000": value})
    assert "item000" in str(error.value)
    assert "99" not in str(error.value)


def test_whole_numbers_of_numpy_are_answers() -> None:
    assert TEST.next({"item000": np.int64(1)}) == TEST.next({"item000": 1})


def test_unknown_items_are_refused() -> None:
    with pytest.raises(AnswerError, match="'other' is not in the bank"):
        TEST.next({"other": 1})
    with pytest.raises(AnswerError, match="'other' is not in the bank"):
        TEST.next({}, available={"other"})


RECOMMENDED = AdaptiveTest(bank=graded_bank(seed=9, items=30, slope=1.3), rule=RULES["promis-recommended"])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_under_a_rule_on_se_change_too_the_order_of_the_container_does_not_matter(
    data: st.DataObject, rng: random.Random
) -> None:
    answers: dict[str, int | None] = {}
    while isinstance(decision := RECOMMENDED.next(answers, asked=list(answers)), Ask):
        shuffled = list(answers.items())
        rng.shuffle(shuffled)
        # Found again from the answers alone, the order is the one in which they were given.
        assert RECOMMENDED.next(dict(shuffled)) == decision
        categories = RECOMMENDED.bank.categories[RECOMMENDED.bank.index[decision.item_id]]
        answers[decision.item_id] = data.draw(st.none() | st.integers(1, categories))
    shuffled = list(answers.items())
    rng.shuffle(shuffled)
    assert RECOMMENDED.next(dict(shuffled)) == decision


def test_se_change_is_against_the_standard_error_before_the_last_answer(depression: ItemBank) -> None:
    test = AdaptiveTest(depression, RULES["promis-recommended"])
    answers: dict[str, int | None] = {}
    errors = []
    while isinstance(decision := test.next(answers), Ask):
        errors.append(decision.se)
        answers[decision.item_id] = 1
    assert isinstance(decision, Stop)
    assert decision.reason is StopReason.SE_CHANGE
    assert abs(errors[-1] - decision.se) < 0.01
    assert all(abs(a - b) >= 0.01 for a, b in pairwise(errors[3:]))


def test_where_chance_hides_the_order_a_rule_on_se_change_asks_for_it() -> None:
    test = AdaptiveTest(RECOMMENDED.bank, RULES["promis-recommended"], exposure=Randomesque(3))
    answers = dict.fromkeys(RECOMMENDED.bank.item_ids[:4], 1)
    with pytest.raises(AnswerError, match="needs the order"):
        test.next(answers)
    with pytest.raises(AnswerError, match="does not name every answered item"):
        test.next(answers, asked=["item000"])
    assert test.next(answers, asked=list(answers)).estimate == RECOMMENDED.next(answers).estimate


def test_the_healthiest_first_answer_ends_a_screening() -> None:
    screen = AdaptiveTest(bank=BANK, rule=RULES["promis-screen"])
    first = screen.next({})
    assert isinstance(first, Ask)
    stop = screen.next({first.item_id: 1})
    assert isinstance(stop, Stop)
    assert stop.reason is StopReason.SCREENED
    assert isinstance(screen.next({first.item_id: 2}), Ask)


def test_predicted_reduction_stops_where_the_next_item_promises_too_little() -> None:
    rule = replace(PROMIS_ADULT, se_below=0.01, predicted=PredictedReduction(stop_below=0.02))
    test = AdaptiveTest(bank=BANK, rule=rule)
    answers: dict[str, int | None] = {}
    while isinstance(decision := test.next(answers), Ask):
        answers[decision.item_id] = 2
    assert isinstance(decision, Stop)
    assert decision.reason is StopReason.PREDICTED_REDUCTION
    assert decision.next_best is not None
    position = BANK.index[decision.next_best]
    expected = sum(
        probability * test.estimate({**answers, decision.next_best: code}).se ** 2
        for code, probability in enumerate(_predicted(test, answers, position), start=1)
    )
    assert decision.se - expected**0.5 < 0.02


def _predicted(test: AdaptiveTest, answers: dict[str, int | None], position: int) -> list[float]:
    """Chance of each category of the item, given the answers."""
    bank = test.bank
    rows = [bank.first_rows[bank.index[item_id]] + code - 1 for item_id, code in answers.items() if code]
    weights = np.exp(test.prior.log_density(bank.points) + bank.log_likelihoods[rows].sum(axis=0))
    first = bank.first_rows[position]
    chances: list[float] = (bank.probabilities[first : first + bank.categories[position]] @ weights).tolist()
    return [chance / sum(chances) for chance in chances]


def test_every_decision_says_which_parameters_it_rests_on() -> None:
    overlay = Overlay(name="sv 1.0", items=(replace(BANK.items[0], slope=1.0),))
    decision = AdaptiveTest(overlay.over(BANK), PROMIS_ADULT).next({})
    assert decision.overlay is not None
    assert (decision.overlay.name, decision.overlay.base_hash) == ("sv 1.0", BANK.content_hash)
    assert decision.bank_hash != BANK.content_hash
    assert TEST.next({}).overlay is None
    assert (decision.theta, decision.se, decision.t, decision.t_se) == (
        decision.estimate.theta,
        decision.estimate.se,
        decision.estimate.t,
        decision.estimate.t_se,
    )


@settings(max_examples=8)
@pytest.mark.parametrize("bank", [LARGE.bank, partial_credit_bank(seed=3, items=165)], ids=["graded", "partial-credit"])
@pytest.mark.parametrize("estimator", list(ESTIMATORS.values()), ids=lambda estimator: estimator.name)
@pytest.mark.parametrize("criterion", list(Criterion))
@given(data=st.data())
def test_no_estimator_and_no_criterion_ever_gives_nan(
    bank: ItemBank, estimator: Estimator, criterion: Criterion, data: st.DataObject
) -> None:
    rule = replace(PROMIS_ADULT, maximum_items=165, se_below=None)
    test = AdaptiveTest(bank, rule, estimator=estimator, criterion=criterion)
    extreme = data.draw(st.sampled_from([1, 6, None]))
    count = data.draw(st.sampled_from([1, 2, 12, 164]))
    answers = {item.id: min(extreme or data.draw(st.integers(1, 6)), item.categories) for item in bank.items[:count]}
    decision = test.next(answers)
    assert isinstance(decision, Ask)
    assert np.isfinite([decision.theta, decision.se, decision.criterion]).all()
    assert decision.se > 0
