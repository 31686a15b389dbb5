"""Errors that other packages make or made, each held off by name."""

from decimal import Decimal

import pytest

from instruments.eq5d import NoSuchSet, Profile, SetWithheld, Version, catalogue, shannon, value_set_by_id
from instruments.eq5d.value_set import Kind


def test_swedish_three_level_full_health_is_not_one() -> None:
    """Two packages have 1 for 11111; the paper's experience-based model has 0.9694."""
    assert value_set_by_id("SE-2014-TTO").index((1, 1, 1, 1, 1)) == Decimal("0.9694")


def test_german_five_level_anxiety_at_level_four_takes_0_244() -> None:
    """One package has 0.224, wrong in 625 states."""
    germany = value_set_by_id("DE-2018-VT")
    assert germany.index((1, 1, 1, 1, 1)) - germany.index((1, 1, 1, 1, 4)) == Decimal("0.244")


def test_american_three_level_bottoms_at_minus_0_109() -> None:
    """Rounded coefficients give -0.102."""
    assert round(value_set_by_id("US-2005-TTO").index((3, 3, 3, 3, 3)), 3) == Decimal("-0.109")


def test_german_three_level_worst_state_is_minus_0_205() -> None:
    """An older coefficient of mobility, since corrected, gave -0.207."""
    assert value_set_by_id("DE-2005-TTO").index((3, 3, 3, 3, 3)) == Decimal("-0.205")


def test_sweden_2020_and_sweden_2022_are_told_apart() -> None:
    """Same country, same version: 0.2433 by experience, -0.314 by imagination."""
    experienced, imagined = value_set_by_id("SE-2020-TTO"), value_set_by_id("SE-2022-CTTO")
    assert experienced.index((5, 5, 5, 5, 5)) == Decimal("0.2433")
    assert imagined.index((5, 5, 5, 5, 5)) == Decimal("-0.314")
    assert experienced.content_hash != imagined.content_hash
    with pytest.raises(NoSuchSet, match="Sweden_2020, Sweden_2022"):
        catalogue().find(Version.FIVE_LEVEL, Kind.EQ_VT, "Sweden")


def test_the_japanese_models_are_told_apart() -> None:
    """A package changed its Japanese set from choice to trade-off under one name."""
    trade_off, choice = value_set_by_id("JP-2016-CTTO"), value_set_by_id("JP-2016-DCE")
    assert trade_off.index((5, 5, 5, 5, 5)) == Decimal("-0.0255")
    assert choice.index((5, 5, 5, 5, 5)) == Decimal("-0.0246")


def test_the_interactions_of_singapore_count() -> None:
    """Without them 55555 would be -1.066; the abstract says -0.851."""
    assert round(value_set_by_id("SG-2025-VT").index((5, 5, 5, 5, 5)), 3) == Decimal("-0.851")


def test_australia_has_its_22_implausible_states_overridden() -> None:
    """The model alone gives 0.147 for 12133, less than the authors print."""
    australia = value_set_by_id("AU-2011-TTO")
    assert australia.index((1, 2, 1, 3, 3)) == Decimal("0.154")
    assert sum(any(t.name.startswith("published:") for t in australia.terms(s)) for s in australia.version.states) == 22


def test_the_most_diverse_three_level_group_has_243_states_not_125() -> None:
    """The R package takes 5 to the power 3 for 3 to the power 5."""
    diversity = shannon([Profile.parse("11111", Version.THREE_LEVEL)], Version.THREE_LEVEL)
    assert diversity is not None
    assert 2**diversity.h_max == pytest.approx(243)


def test_an_index_is_not_rounded_to_three_decimals_on_the_way() -> None:
    assert value_set_by_id("SE-2020-TTO").index((1, 1, 2, 3, 2)) == Decimal("0.8453")


def test_a_missing_dimension_is_never_taken_for_no_problems() -> None:
    profile = Profile.parse("19111", Version.FIVE_LEVEL)
    assert (profile.complete, profile.level_sum, profile.level_frequency) == (None, None, None)


@pytest.mark.parametrize("country", ["China", "SriLanka", "Jordan"])
def test_sets_whose_sources_conflict_do_not_come_back_as_crosswalks(country: str) -> None:
    """Packages ship tables for them."""
    with pytest.raises(SetWithheld):
        catalogue().find(Version.FIVE_LEVEL, Kind.CROSSWALK, country)
