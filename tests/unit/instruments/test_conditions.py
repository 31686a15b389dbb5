"""When an item is asked: each comparison, what is missing, chains and circles."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Answered, AnswerKind, AnswerValue, Item, SingleChoice
from instruments.conditions import Comparison, Condition, Joined, Operator, cycle
from instruments.form import in_play
from tests.unit.instruments.tiny import answered, without_value

IS, IS_NOT, ANSWERED = Operator.IS, Operator.IS_NOT, Operator.ANSWERED
MORE, LESS, AT_LEAST, AT_MOST = Operator.MORE_THAN, Operator.LESS_THAN, Operator.AT_LEAST, Operator.AT_MOST


def _holds(given: Answered | None, operator: Operator, value: int | Decimal | date | bool) -> bool:
    return Comparison("x", operator, value).holds({"x": given} if given else {})


@pytest.mark.parametrize(
    ("given", "operator", "value", "holds"),
    [
        (2, IS, 2, True),
        (2, IS, 3, False),
        (2, IS_NOT, 3, True),
        (2, IS_NOT, 2, False),
        *((2, operator, 2, holds) for operator, holds in [(MORE, False), (LESS, False), (AT_LEAST, True)]),
        *((2, operator, 1, holds) for operator, holds in [(MORE, True), (LESS, False), (AT_LEAST, True)]),
        *((2, operator, 3, holds) for operator, holds in [(MORE, False), (LESS, True), (AT_LEAST, False)]),
        *((2, AT_MOST, value, holds) for value, holds in [(1, False), (2, True), (3, True)]),
        (0, IS, 0, True),
        (0, ANSWERED, True, True),
        (0, ANSWERED, False, False),
        (Decimal("2.50"), IS, Decimal("2.5"), True),
        (Decimal("2.5"), MORE, 2, True),
        (Decimal("2.0"), AT_LEAST, 2, True),
        ((1, 3), IS, 3, True),
        ((1, 3), IS, 2, False),
        ((1, 3), IS_NOT, 2, True),
        ((1, 3), IS_NOT, 1, False),
        ((1, 3), AT_LEAST, 1, False),
        (date(2024, 2, 29), MORE, date(2024, 2, 28), True),
        (date(2024, 2, 29), AT_MOST, date(2024, 2, 29), True),
        (date(2024, 2, 29), LESS, date(2024, 2, 29), False),
        (date(2024, 2, 29), AT_LEAST, 1, False),
        ("words", ANSWERED, True, True),
        ("words", MORE, 1, False),
    ],
)
def test_a_comparison_holds_when_the_answer_compares_so(
    given: AnswerValue, operator: Operator, value: int | Decimal | date | bool, holds: bool
) -> None:
    assert _holds(answered("x", given), operator, value) is holds


@pytest.mark.parametrize("operator", [operator for operator in Operator if operator is not ANSWERED])
@pytest.mark.parametrize("kind", [None, *(kind for kind in AnswerKind if kind is not AnswerKind.VALUE)])
def test_what_has_no_value_meets_no_comparison_not_even_is_not(operator: Operator, kind: AnswerKind | None) -> None:
    missing = without_value("x", kind) if kind else None
    assert not _holds(missing, operator, 0)
    assert (_holds(missing, ANSWERED, True), _holds(missing, ANSWERED, False)) == (False, True)


@pytest.mark.parametrize(
    ("outcomes", "every", "some"),
    [((True, True), True, True), ((True, False), False, True), ((False, False), False, False), ((True,), True, True)],
)
def test_comparisons_are_joined_by_all_or_by_any(outcomes: tuple[bool, ...], every: bool, some: bool) -> None:
    answers = {"x": answered("x", 1)}
    comparisons = tuple(Comparison("x", IS if outcome else IS_NOT, 1) for outcome in outcomes)
    assert Condition(comparisons, Joined.ALL).holds(answers) is every
    assert Condition(comparisons, Joined.ANY).holds(answers) is some


@pytest.mark.parametrize(
    ("looks_at", "members"),
    [
        ({}, set()),
        ({"a": [], "b": ["a"], "c": ["a", "b"]}, set()),
        ({"a": ["a"]}, {"a"}),
        ({"a": ["b"], "b": ["a"]}, {"a", "b"}),
        ({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"]}, {"b", "c", "d"}),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, set()),
        ({"a": ["nowhere"], "b": ["a"]}, set()),
        ({str(n): [str((n + 1) % 1000)] for n in range(1000)}, {str(n) for n in range(1000)}),
    ],
    ids=range(8),
)
def test_a_circle_is_told_from_end_to_end(looks_at: Mapping[str, list[str]], members: set[str]) -> None:
    circle = cycle(looks_at)
    assert set(circle) == members
    assert circle[:1] == circle[-1:]
    steps = list(pairwise(circle))
    assert all(b in looks_at[a] for a, b in steps) or all(a in looks_at[b] for a, b in steps)


CODES = (1, 2, 3)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Item]:
    """Up to eight single choices, each of which may look back at any before it."""
    items: dict[str, Item] = {}
    for name in "abcdefgh"[: draw(st.integers(1, 8))]:
        condition = None
        if items and draw(st.booleans()):
            comparisons = draw(st.lists(st.builds(_comparison, st.sampled_from([*items]), st.data()), min_size=1))
            condition = Condition(tuple(comparisons), draw(st.sampled_from(Joined)))
        items[name] = Item(id=name, question=SingleChoice("set", CODES), skippable=True, ask_when=condition)
    return items


def _comparison(item: str, data: st.DataObject) -> Comparison:
    operator = data.draw(st.sampled_from(Operator))
    return Comparison(item, operator, data.draw(st.booleans() if operator is ANSWERED else st.sampled_from(CODES)))


def _answers(items: Mapping[str, Item], codes: list[int]) -> dict[str, Answered]:
    """A code is a value, 0 is skipped, -1 never answered."""
    return {
        item: answered(item, code) if code else without_value(item)
        for item, code in zip(items, codes, strict=False)
        if code >= 0
    }


@given(forms(), st.lists(st.sampled_from((-1, 0, *CODES)), min_size=8, max_size=8))
def test_what_counts_counts_again_and_holds_no_item_whose_condition_fails(
    items: dict[str, Item], codes: list[int]
) -> None:
    answers = _answers(items, codes)
    counted = in_play(items, answers)
    assert in_play(items, counted) == counted
    assert counted.items() <= answers.items()
    for name in answers:
        before = {item: counted[item] for item in [*items][: [*items].index(name)] if item in counted}
        condition = items[name].ask_when
        assert (name in counted) == (condition is None or condition.holds(before))


@given(forms(), st.lists(st.sampled_from((0, *CODES)), min_size=8, max_size=8), st.randoms())
def test_the_order_in_which_answers_came_does_not_matter(items: dict[str, Item], codes: list[int], random) -> None:
    answers = _answers(items, codes)
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    assert in_play(items, dict(shuffled)) == in_play(items, answers)
