"""What coverage tells, and what nobody can work out from it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_service.insight.rules import LEAST, SMALL, Figure, together, told
from survey_service.registers.coverage_rules import REASONS, RULES, Group, Measure, tell

MONTH = date(2026, 9, 1)
Units = Mapping[tuple[UUID, UUID], Mapping[Measure, int]]
Published = Mapping[tuple[UUID | None, UUID | None], Mapping[Measure, str]]


def key(provider: int, unit: int) -> tuple[UUID, UUID]:
    return UUID(int=provider), UUID(int=100 * provider + unit)


def published(counted: Units) -> Published:
    return {
        (one.provider_id, one.unit_id): {measure: figure.shown for measure, figure in one.figures.items()}
        for one in tell(MONTH, counted)
    }


def of(counted: Units, *, provider: int | None = None, unit: int | None = None) -> Group:
    wanted = (
        None if provider is None else UUID(int=provider),
        None if provider is None or unit is None else UUID(int=100 * provider + unit),
    )
    (found,) = [one for one in tell(MONTH, counted) if (one.provider_id, one.unit_id) == wanted]
    return found


@pytest.mark.parametrize(("count", "shown"), [(0, "<5"), (4, "<5"), (5, "5"), (23, "23")])
def test_a_count_below_five_is_told_as_below_five(count: int, shown: str) -> None:
    """B11"""
    assert told(count).shown == shown


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([12, 9], "21"),
        ([12, 3], "12-16"),  # the other one would follow from 15
        ([12, 0, 0], "12-16"),
        ([12, 3, 3, 2], "20"),  # 8 in three: each of them may be none, or four
        ([12, 4, 4], "17-20"),  # 8 in two could only be four and four
        ([3], "<5"),
    ],
)
def test_a_total_is_exact_only_where_it_gives_no_small_count_away(cells: list[int], shown: str) -> None:
    assert together(cells).shown == shown


def test_a_unit_of_which_much_is_small_is_told_in_ranges_that_hold_the_truth() -> None:
    counted = {
        key(1, 1): {Measure.RELEASED: 18, Measure.OBJECTED: 1, Measure.UNRECEIVED: 1, Measure.UNANSWERED: 7},
        key(1, 2): {Measure.RELEASED: 30, Measure.WAITING: 6, Measure.UNRECEIVED: 9},
    }
    figures = of(counted, provider=1, unit=1).figures
    assert (figures[Measure.ANSWERED], figures[Measure.INVITED]) == (Figure(18, 22), Figure(25, 33))
    assert figures[Measure.NOT_RELEASED] == figures[Measure.OBJECTED] == SMALL
    assert of(counted, provider=1).figures[Measure.RELEASED].shown == "48"
    assert of(counted).figures[Measure.RELEASED].shown == "48"


counts = st.integers(0, 9)
rows = st.fixed_dictionaries({}, optional=dict.fromkeys((*REASONS, Measure.WAITING, Measure.RELEASED), counts))
tables = st.dictionaries(st.builds(key, st.integers(1, 3), st.integers(1, 4)), rows, min_size=1, max_size=8)


def truth(counted: Units, keys: Iterable[tuple[UUID, UUID]]) -> dict[Measure, int]:
    cells = {one: sum(counted[each].get(one, 0) for each in keys) for one in RULES}
    cells[Measure.NOT_RELEASED] = sum(cells[one] for one in REASONS)
    cells[Measure.ANSWERED] = cells[Measure.NOT_RELEASED] + cells[Measure.RELEASED]
    cells[Measure.INVITED] = cells[Measure.ANSWERED] + cells[Measure.WAITING] + cells[Measure.UNANSWERED]
    return cells


@given(tables)
def test_every_figure_holds_the_truth_and_none_below_five_is_exact(counted: Units) -> None:
    """B11"""
    for group in tell(MONTH, counted):
        own = [
            one
            for one in counted
            if group.provider_id in (None, one[0]) and (group.unit_id is None or group.unit_id == one[1])
        ]
        for measure, count in truth(counted, own).items():
            figure = group.figures[measure]
            assert figure.low <= count <= figure.high
            assert not (figure.is_exact and count < LEAST)


small_tables = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=3), min_size=1, max_size=2)
few = settings(max_examples=40, deadline=None)  # each example tries every world


def could_be_any_other(own: Sequence[int], tell_of: Callable[[Sequence[int]], Units]) -> bool:
    """Whether each count below five could be any from 1 to 4, with all that is published still the same."""
    said = published(tell_of(own))
    hidden = [place for place, count in enumerate(own) if count < LEAST]
    missing = {(place, count) for place in hidden for count in range(1, LEAST)}
    for guess in product(range(LEAST), repeat=len(hidden)):
        told_by_guess = set(zip(hidden, guess, strict=True)) & missing
        if told_by_guess:
            world = list(own)
            for place, count in zip(hidden, guess, strict=True):
                world[place] = count
            if published(tell_of(world)) == said:
                missing -= told_by_guess
        if not missing:
            return True
    return not missing


@few
@given(small_tables, st.sampled_from([Measure.WAITING, Measure.RELEASED]))
def test_a_small_count_of_a_unit_could_be_any_other_as_far_as_all_answers_together_say(
    providers: list[list[int]], measure: Measure
) -> None:
    """B11: whoever has the unit's, the provider's and the common figures cannot tell which count below five it is."""
    places = [(p, u) for p, own in enumerate(providers, 1) for u, _ in enumerate(own, 1)]

    def table(counts: Sequence[int]) -> Units:
        cells = zip(places, counts, strict=True)
        return {key(*place): {measure: count, Measure.UNANSWERED: 20} for place, count in cells}

    assert could_be_any_other([count for own in providers for count in own], table)


@few
@given(st.lists(st.integers(0, 6), min_size=len(REASONS), max_size=len(REASONS)))
def test_a_small_reason_could_be_any_other_as_far_as_the_units_row_says(own: list[int]) -> None:
    """B11"""

    def table(counts: Sequence[int]) -> Units:
        return {key(1, 1): {**dict(zip(REASONS, counts, strict=True)), Measure.RELEASED: 50}}

    assert could_be_any_other(own, table)


def test_every_measure_has_its_rule_in_words() -> None:
    assert set(RULES) == set(Measure)
