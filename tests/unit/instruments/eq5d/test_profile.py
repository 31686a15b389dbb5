"""EQ-5D profiles: five levels in fixed order, with EuroQol's codes for what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.eq5d import DIMENSIONS, NotAProfile, Profile, Version, parse_vas, vas_code


def profiles(version: Version) -> st.SearchStrategy[Profile]:
    level = st.none() | st.integers(1, version.levels)
    return st.tuples(*[level] * len(DIMENSIONS)).map(lambda levels: Profile(version, levels))


versions = st.sampled_from(Version)


@given(versions.flatmap(profiles))
def test_a_profile_written_and_read_is_the_same(profile: Profile) -> None:
    """D1: the order of the dimensions is fixed."""
    assert Profile.parse(str(profile), profile.version) == profile


@given(versions.flatmap(profiles))
def test_the_level_sum_is_within_its_bounds_or_missing(profile: Profile) -> None:
    if profile.missing:
        assert profile.level_sum is None
    else:
        assert len(DIMENSIONS) <= profile.level_sum <= len(DIMENSIONS) * profile.version.levels


@given(versions.flatmap(profiles))
def test_the_level_frequency_counts_every_dimension_once(profile: Profile) -> None:
    frequency = profile.level_frequency
    if profile.missing:
        assert frequency is None
    else:
        assert len(frequency) == profile.version.levels
        assert sum(map(int, frequency)) == len(DIMENSIONS)
        assert sum(level * int(n) for level, n in enumerate(frequency, start=1)) == profile.level_sum


def test_nine_is_read_and_written_as_missing() -> None:
    profile = Profile.parse("19391", Version.THREE_LEVEL)
    assert profile.levels == (1, None, 3, None, 1)
    assert profile.missing == ("self_care", "pain_discomfort")
    assert (str(profile), profile.complete) == ("19391", None)


def test_a_profile_may_come_as_a_number_or_as_levels() -> None:
    from_number = Profile.parse(11232, Version.FIVE_LEVEL)
    assert from_number == Profile.of([1, 1, 2, 3, 2], Version.FIVE_LEVEL)
    assert Profile.of([1, 9, None, 3, 2], Version.FIVE_LEVEL) == Profile.parse("19932", Version.FIVE_LEVEL)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ("1111", "has five digits"),
        ("111111", "has five digits"),
        ("", "has five digits"),
        ("1111x", "has five digits"),
        ("11.11", "has five digits"),
        ("-1111", "has five digits"),
        ("١١١١١", "has five digits"),
        ("11114", "anxiety_depression is 4: EQ-5D-3L has levels 1 to 3, 9 for missing"),
        ("01111", "mobility is 0: EQ-5D-3L has levels 1 to 3, 9 for missing"),
    ],
)
def test_what_is_no_profile_is_refused_with_the_reason(state: str, problem: str) -> None:
    with pytest.raises(NotAProfile, match=problem):
        Profile.parse(state, Version.THREE_LEVEL)


def test_a_profile_of_four_dimensions_is_refused() -> None:
    with pytest.raises(NotAProfile, match="5 dimensions, this has 4"):
        Profile(Version.FIVE_LEVEL, (1, 1, 1, 1))


@pytest.mark.parametrize(("text", "vas"), [("0", 0), ("100", 100), (" 65 ", 65), (65, 65), ("999", None)])
def test_a_vas_is_a_whole_number_to_100_or_missing(text: str | int, vas: int | None) -> None:
    assert parse_vas(text) == vas


@pytest.mark.parametrize("text", ["101", "-1", "65.5", "", "x", "9", "998", "1e2", "٦٥"])
def test_what_is_no_vas_is_refused(text: str) -> None:
    if text == "9":  # a rating like any other: the code for a missing one is 999
        assert parse_vas(text) == 9
        return
    with pytest.raises(NotAProfile, match="0 to 100, 999 for missing"):
        parse_vas(text)


def test_a_missing_vas_is_written_as_999() -> None:
    assert (vas_code(None), vas_code(0)) == (999, 0)


@pytest.mark.parametrize("name", ["Y-3L", "Y3L"])
def test_the_youth_version_goes_by_both_its_names(name: str) -> None:
    assert Version(name) is Version.YOUTH_THREE_LEVEL
