"""How a group is spread over the states: Shannon's indices and the health state density curve."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.eq5d import (
    DIMENSIONS,
    Profile,
    Version,
    health_state_density_curve,
    health_state_density_index,
    shannon,
    shannon_by_dimension,
)

THREE = Version.THREE_LEVEL
groups = st.lists(st.tuples(*[st.integers(1, 3)] * 5).map(lambda levels: Profile(THREE, levels)), min_size=1)


def group(*states: str) -> list[Profile]:
    return [Profile.parse(state, THREE) for state in states]


@given(groups)
def test_the_indices_stay_within_their_bounds(profiles: list[Profile]) -> None:
    diversity, density = shannon(profiles, THREE), health_state_density_index(profiles, THREE)
    assert diversity is not None
    assert density is not None
    assert 0 <= diversity.h <= diversity.h_max + 1e-12
    assert 0 < density <= 1 + 1e-12


@given(groups)
def test_the_curve_runs_from_nothing_to_all_and_never_falls(profiles: list[Profile]) -> None:
    curve = health_state_density_curve(profiles, THREE)
    assert (curve[0], curve[-1]) == ((0, 0), (1, 1))
    assert list(curve) == sorted(curve)
    assert all(states <= people + 1e-12 for people, states in curve)


def test_an_even_spread_has_all_there_is() -> None:
    everybody = [Profile(THREE, levels) for levels in THREE.states]
    diversity = shannon(everybody, THREE)
    assert diversity is not None
    assert diversity.h == pytest.approx(log2(243))
    assert diversity.evenness == pytest.approx(1)
    assert health_state_density_index(everybody, THREE) == pytest.approx(1)


def test_shannon_by_hand() -> None:
    """Shares 1/2, 1/4 and 1/4: 1/2 x 1 + 1/4 x 2 + 1/4 x 2 = 1.5 bits; of three observed states at most log2(3)."""
    profiles = group("11111", "11111", "11112", "11121")
    possible, observed = shannon(profiles, THREE), shannon(profiles, THREE, of_observed=True)
    assert possible is not None
    assert observed is not None
    assert (possible.h, possible.h_max) == (1.5, pytest.approx(log2(243)))
    assert observed.evenness == pytest.approx(1.5 / log2(3))


def test_shannon_by_dimension_has_at_most_the_levels() -> None:
    found = shannon_by_dimension(group("11111", "21111", "31111"), THREE)
    assert found is not None
    assert list(found) == list(DIMENSIONS)
    assert found["mobility"].evenness == pytest.approx(1)
    assert (found["self_care"].h, found["self_care"].h_max) == (0, pytest.approx(log2(3)))


def test_evenness_of_one_observed_state_is_not_a_number() -> None:
    diversity = shannon(group("11111", "11111"), THREE, of_observed=True)
    assert diversity is not None
    assert diversity.evenness is None


def test_the_density_index_by_hand() -> None:
    """Frequencies 3 and 1: through (3/4, 1/2); 3/4 x 1/2 + 1/4 x 3/2."""
    profiles = group("11111", "11112", "11111", "11111")
    assert health_state_density_curve(profiles, THREE) == ((0, 0), (0.75, 0.5), (1, 1))
    assert health_state_density_index(profiles, THREE) == 0.75


def test_incomplete_profiles_do_not_count() -> None:
    assert health_state_density_index(group("11111", "11112", "19111"), THREE) == 1
    assert shannon(group("99999"), THREE) is None
    assert shannon_by_dimension([], THREE) is None
    assert health_state_density_index([], THREE) is None


def test_versions_are_not_mixed_in_a_group() -> None:
    with pytest.raises(ValueError, match="EQ-5D-3L profile among those of EQ-5D-5L"):
        shannon(group("11111"), Version.FIVE_LEVEL)
