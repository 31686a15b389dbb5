"""Means, quartiles, shares and the classes of change, from sums alone."""

from math import sqrt
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.eq5d import Version
from survey_service.insight.rules import Figure, Sums, told
from survey_service.insight.summaries import Percent, Quartiles, mean_of, paretian_cell, percent, quartiles_of


@given(st.lists(st.floats(0, 100), min_size=5, max_size=60))
def test_a_mean_from_sums_is_that_of_the_figures_with_its_interval(figures: list[float]) -> None:
    found = mean_of(Sums(len(figures), sum(figures), sum(one**2 for one in figures)))
    assert found is not None
    assert found.mean == pytest.approx(fmean(figures), abs=1e-9)
    assert found.half_width == pytest.approx(1.96 * stdev(figures) / sqrt(len(figures)), abs=1e-4)


def test_a_mean_of_four_is_not_told() -> None:
    """B11"""
    assert mean_of(Sums(4, 200.0, 10_000.0)) is None
    assert quartiles_of({3: 4}) is None


def test_quartiles_are_minutes_within_which_so_many_were_ready() -> None:
    assert quartiles_of({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1}) == Quartiles(2, 4, 6)
    assert quartiles_of({4: 5, 120: 1}) == Quartiles(4, 4, 4)


def test_a_share_beside_a_small_rest_is_told_as_a_range() -> None:
    assert percent(told(20), told(20) + told(2)) == Percent(83, 100)
    assert percent(told(20), told(20) + told(20)) == Percent(50, 50)
    assert percent(told(2), Figure(2, 4)) is None


def test_profiles_are_classified_by_the_library_and_not_where_a_level_is_missing() -> None:
    assert paretian_cell("22311 21311", Version.FIVE_LEVEL) == "improve"
    assert paretian_cell("11111 11111", Version.FIVE_LEVEL) == "no_problems"
    assert paretian_cell("29311 21311", Version.FIVE_LEVEL) is None
