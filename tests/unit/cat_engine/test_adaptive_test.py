"""The whole step: properties that hold for any bank, and what it refuses."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cat_engine import (
    PROMIS_ADULT,
    AdaptiveTest,
    AnswerError,
    Ask,
    GradedItem,
    ItemBank,
    NormalPrior,
    Stop,
    StopReason,
)


def _ragged_bank(*, seed: int, items: int, slope: float | None = None) -> ItemBank:
    rng = random.Random(seed)
    drawn = []
    for number in range(items):
        thresholds = np.cumsum([rng.uniform(-4, 0), *(rng.uniform(0.05, 1.2) for _ in range(rng.randint(0, 4)))])
        drawn.append(GradedItem(f"item{number:03}", slope or rng.uniform(0.4, 7), tuple(thresholds.tolist())))
    return ItemBank(tuple(drawn))


BANK = _ragged_bank(seed=1, items=20)
TEST = AdaptiveTest(bank=BANK, rule=PROMIS_ADULT)
LARGE = AdaptiveTest(bank=_ragged_bank(seed=2, items=165, slope=7.0), rule=PROMIS_ADULT)


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
    sharp = AdaptiveTest(bank=_ragged_bank(seed=3, items=8, slope=7.0), rule=PROMIS_ADULT)
    blunt = AdaptiveTest(bank=_ragged_bank(seed=4, items=14, slope=0.2), rule=PROMIS_ADULT)
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
        TEST.next({"item000": value})  # type: ignore[dict-item]
    assert "item000" in str(error.value)
    assert "99" not in str(error.value)


def test_whole_numbers_of_numpy_are_answers() -> None:
    assert TEST.next({"item000": np.int64(1)}) == TEST.next({"item000": 1})  # type: ignore[dict-item]


def test_unknown_items_are_refused() -> None:
    with pytest.raises(AnswerError, match="'other' is not in the bank"):
        TEST.next({"other": 1})
    with pytest.raises(AnswerError, match="'other' is not in the bank"):
        TEST.next({}, available={"other"})
