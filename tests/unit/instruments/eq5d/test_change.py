"""Paretian change and probability of superiority: change without any country's values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.eq5d import (
    Change,
    NotAProfile,
    Profile,
    Version,
    change_table,
    paretian_change,
    probability_of_superiority,
)
from tests.unit.instruments.eq5d.figures import DATA, rows

PAIRS = rows(DATA / "change_pairs.csv")
MIRRORED = {Change.IMPROVE: Change.WORSEN, Change.WORSEN: Change.IMPROVE}

levels = st.tuples(*[st.integers(1, 5)] * 5)
profiles = levels.map(lambda found: Profile(Version.FIVE_LEVEL, found))


def profile(state: str) -> Profile:
    return Profile.parse(state, Version.FIVE_LEVEL)


def pair_of(row: dict[str, str]) -> tuple[Profile, Profile]:
    version = Version(row["version"])
    return Profile.parse(row["before"], version), Profile.parse(row["after"], version)


def test_all_300_pairs_have_their_class_with_and_without_no_problems() -> None:
    assert len(PAIRS) == 300
    for row in PAIRS:
        assert paretian_change(*pair_of(row)) == row["class"], row
        without = paretian_change(*pair_of(row), separate_no_problems=False)
        assert without == row["class_without_no_problems"], row


def test_all_300_pairs_have_their_severity_scores() -> None:
    for row in PAIRS:
        for when, found in zip(("before", "after"), pair_of(row), strict=True):
            assert found.level_sum == int(row[f"lss_{when}"])
            assert found.level_frequency == row[f"lfs_{when}"]


@given(profiles, profiles)
def test_change_looked_at_backwards_is_mirrored(before: Profile, after: Profile) -> None:
    forwards, backwards = paretian_change(before, after), paretian_change(after, before)
    assert forwards is not None
    assert backwards is MIRRORED.get(forwards, forwards)


@given(st.lists(st.tuples(profiles, profiles), min_size=1))
def test_superiority_before_and_after_add_up_to_one(pairs: list[tuple[Profile, Profile]]) -> None:
    forwards = probability_of_superiority(pairs)
    backwards = probability_of_superiority([(after, before) for before, after in pairs])
    for dimension, found in forwards.items():
        other = backwards[dimension]
        assert found.probability is not None
        assert other.probability is not None
        assert found.probability + other.probability == pytest.approx(1)
        assert found.improved + found.unchanged + found.worsened == len(pairs)


def test_the_group_has_a_count_for_every_class_and_tells_who_is_left_out() -> None:
    pairs = [
        (profile("22222"), profile("12222")),
        (profile("22222"), profile("32222")),
        (profile("22222"), profile("13222")),
        (profile("11111"), profile("11111")),
        (profile("22222"), profile("92222")),
    ]
    table = change_table(pairs)
    assert table.counts == {
        Change.NO_CHANGE: 0,
        Change.IMPROVE: 1,
        Change.WORSEN: 1,
        Change.MIXED: 1,
        Change.NO_PROBLEMS: 1,
    }
    assert (table.classified, table.left_out, table.share(Change.IMPROVE)) == (4, 1, 0.25)


def test_without_the_class_of_no_problems_it_is_no_change() -> None:
    table = change_table([(profile("11111"), profile("11111"))], separate_no_problems=False)
    assert table.counts == {Change.NO_CHANGE: 1, Change.IMPROVE: 0, Change.WORSEN: 0, Change.MIXED: 0}


def test_superiority_counts_ties_half_and_leaves_out_what_is_missing() -> None:
    pairs = [
        (profile("31111"), profile("11111")),
        (profile("21111"), profile("21111")),
        (profile("21111"), profile("31111")),
        (profile("51111"), profile("11111")),
        (profile("51111"), profile("19111")),
    ]
    mobility = probability_of_superiority(pairs)["mobility"]
    assert (mobility.improved, mobility.unchanged, mobility.worsened, mobility.left_out) == (2, 1, 1, 1)
    assert mobility.probability == 0.625


def test_a_group_without_complete_pairs_has_no_probability_and_no_shares() -> None:
    pairs = [(profile("99999"), profile("11111"))]
    assert probability_of_superiority(pairs)["mobility"].probability is None
    assert change_table(pairs).share(Change.IMPROVE) is None


def test_profiles_of_different_versions_are_not_compared() -> None:
    with pytest.raises(NotAProfile, match="EQ-5D-3L and EQ-5D-5L are not compared"):
        paretian_change(Profile.parse("11111", Version.THREE_LEVEL), profile("11111"))
