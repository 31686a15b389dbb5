"""What may be told: cells, what stands beside them, and blocks of months that no subtraction opens."""

from collections.abc import Mapping
from datetime import date
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.insight.rules import LEAST, Figure, Sums, blocks, told, within

CELLS = ("answered", "unanswered")
Months = Mapping[date, Mapping[str, Sums]]

MONTHS = [date(2025 + place // 12, place % 12 + 1, 1) for place in range(24)]
counted = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12)


def of(cells: list[tuple[int, int]]) -> Months:
    return {
        month: {name: Sums(count) for name, count in zip(CELLS, counts, strict=True) if count}
        for month, counts in zip(MONTHS, cells, strict=False)
    }


def test_months_are_taken_together_until_no_cell_is_small() -> None:
    """B11"""
    found = blocks(of([(9, 3), (1, 1), (6, 4), (8, 5), (9, 2)]), CELLS)
    assert [(one.first, one.last) for one in found] == [(MONTHS[0], MONTHS[2]), (MONTHS[3], MONTHS[3])]
    assert {name: sums.n for name, sums in found[0].cells.items()} == {"answered": 16, "unanswered": 8}


@given(counted)
def test_what_a_longer_period_adds_to_a_shorter_one_is_nothing_or_at_least_five(cells: list[tuple[int, int]]) -> None:
    """B11: whatever is subtracted from whatever lies in it."""
    found = blocks(of(cells), CELLS)
    periods = list(combinations(MONTHS[:9], 2))
    told_of = {
        (name, *one): sum(block.cells[name].n for block in found if one[0] <= block.first and block.last <= one[1])
        for one in periods
        for name in CELLS
    }
    for outer, inner in product(periods, repeat=2):
        if outer[0] <= inner[0] and inner[1] <= outer[1]:
            added = [told_of[name, *outer] - told_of[name, *inner] for name in CELLS]
            assert all(one == 0 or one >= LEAST for one in added)


@given(counted)
def test_a_month_is_in_one_block_at_most_and_none_is_counted_twice(cells: list[tuple[int, int]]) -> None:
    found = blocks(of(cells), CELLS)
    assert all(before.last < after.first for before, after in pairwise(found))
    for place, name in enumerate(CELLS):
        last = found[-1].last if found else None
        true = sum(each[place] for month, each in zip(MONTHS, cells, strict=False) if last and month <= last)
        assert sum(one.cells[name].n for one in found) == true


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (18, told(20), "16-20"),  # 20 - 18 would tell of two without a figure
        (20, told(20), "16-20"),
        (12, told(20), "12"),
        (3, told(20), "<5"),
        (5, told(6), "5-6"),
        (18, Figure(20, 24), "18"),
    ],
)
def test_a_part_beside_its_whole_does_not_tell_what_is_left(part: int, whole: Figure, shown: str) -> None:
    assert within(part, whole).shown == shown


def test_sums_of_months_are_those_of_all_of_them_together() -> None:
    assert Sums(2, 90.0, 4100.0) + Sums(1, 50.0, 2500.0) == Sums(3, 140.0, 6600.0)
