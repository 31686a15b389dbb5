"""The array functions: the same figures as the exact rules, for every state of every set."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from instruments.eq5d import Profile, ReverseCrosswalk, Valuation, Version, catalogue, value_set_by_id
from instruments.eq5d.arrays import index_array, level_frequency_array, level_sum_array
from instruments.eq5d.crosswalk import Crosswalk

OFFERED = catalogue().offered
ACROSS = [Crosswalk(one) for one in OFFERED if one.version is Version.THREE_LEVEL] + [
    ReverseCrosswalk(value_set_by_id(set_id)) for set_id in ("SE-2020-TTO", "ENG-2018-VT", "SG-2025-VT", "CA-2016-VT")
]
SWEDEN = value_set_by_id("SE-2020-TTO")


def codes(version: Version) -> NDArray[np.int64]:
    return np.array([int("".join(map(str, levels))) for levels in version.states])


@pytest.mark.parametrize("valuation", [*OFFERED, *ACROSS], ids=lambda one: one.id)
def test_array_and_exact_rule_agree_in_every_state(valuation: Valuation) -> None:
    states = np.array([*valuation.version.states])
    exact = [float(valuation.index(levels)) for levels in valuation.version.states]
    assert index_array(states, valuation).tolist() == exact
    assert index_array(codes(valuation.version), valuation).tolist() == exact


@pytest.mark.parametrize("version", Version)
def test_severity_scores_agree_with_the_profiles_in_every_state(version: Version) -> None:
    profiles = [Profile(version, levels) for levels in version.states]
    assert level_sum_array(codes(version), version).tolist() == [profile.level_sum for profile in profiles]
    told = ["".join(f"{n:.0f}" for n in row) for row in level_frequency_array(codes(version), version)]
    assert told == [profile.level_frequency for profile in profiles]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_what_is_no_state_is_nan_and_never_an_error(numbers: list[int]) -> None:
    states = np.array(numbers, dtype=np.int64)
    known = np.isin(states, codes(Version.FIVE_LEVEL))
    assert np.isnan(index_array(states, SWEDEN)).tolist() == (~known).tolist()


@given(st.lists(st.lists(st.integers(-128, 127), min_size=5, max_size=5)))
def test_levels_that_are_none_make_no_other_state(levels: list[list[int]]) -> None:
    states = np.array(levels, dtype=np.int8).reshape(-1, 5)
    valid = ((states >= 1) & (states <= 5)).all(axis=1)
    assert (~np.isnan(index_array(states, SWEDEN))).tolist() == valid.tolist()


@pytest.mark.parametrize(
    "states",
    [
        np.array([[1, 0, 12, 1, 1], [9, 1, 1, 1, 1]]),
        np.array([19111, 99999, 0, -11111, 55556]),
        np.array([np.nan, np.inf, -np.inf, 11111.5, 1e300]),
        np.array([2**64 - 1, 2**63 + 11111], dtype=np.uint64),
    ],
    ids=["levels", "codes", "floats", "unsigned"],
)
def test_missing_and_invalid_states_are_nan(states: NDArray[Any]) -> None:
    assert np.isnan(index_array(states, SWEDEN)).all()


@pytest.mark.parametrize("dtype", [np.int32, np.uint16, np.int64, np.uint64, np.float64])
def test_any_type_of_number_will_do(dtype: type) -> None:
    assert index_array(np.array([11111, 55555], dtype=dtype), SWEDEN).tolist() == [0.9755, 0.2433]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.float32])
def test_levels_of_any_type_will_do(dtype: type) -> None:
    assert index_array(np.array([[1, 1, 1, 1, 1], [5, 5, 5, 5, 5]], dtype=dtype), SWEDEN).tolist() == [0.9755, 0.2433]


def test_a_three_level_set_does_not_value_level_four() -> None:
    assert np.isnan(index_array(np.array([11114]), value_set_by_id("SE-2014-TTO"))).all()


def test_more_states_than_one_block_keep_their_order() -> None:
    states = np.tile(codes(Version.FIVE_LEVEL), 40)
    assert (index_array(states, SWEDEN) == np.tile(index_array(codes(Version.FIVE_LEVEL), SWEDEN), 40)).all()


def test_no_states_have_no_indices() -> None:
    assert index_array(np.array([], dtype=np.int64), SWEDEN).shape == (0,)
    assert level_frequency_array(np.empty((0, 5), dtype=np.int8), Version.THREE_LEVEL).shape == (0, 3)


@pytest.mark.parametrize("shape", [(3, 4), (2, 5, 1), ()])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"have the shape \(n,\) or \(n, 5\)"):
        index_array(np.ones(shape, dtype=np.int64), SWEDEN)


@pytest.mark.parametrize("states", [np.array(["11111"]), np.array([True]), np.array([None])])
def test_what_is_no_number_is_refused(states: NDArray[Any]) -> None:
    with pytest.raises(TypeError, match="states are whole numbers"):
        index_array(states, SWEDEN)
