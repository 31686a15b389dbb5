"""Crosswalks between 3L and 5L: probabilities as published, and what follows from them for any set."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.eq5d import Crosswalk, NotAProfile, ReverseCrosswalk, ValueSet, Version, catalogue, value_set_by_id
from instruments.eq5d.crosswalk import _level_probabilities, _logit_model
from tests.unit.instruments.eq5d.figures import SHARED, rows

THREE_LEVEL = [one for one in catalogue().offered if one.version is Version.THREE_LEVEL]
FIVE_LEVEL = [one for one in catalogue().offered if one.version is Version.FIVE_LEVEL]
THREE_LEVEL_STATES = [*Version.THREE_LEVEL.states]
FIVE_LEVEL_STATES = [*Version.FIVE_LEVEL.states]

# van Hout 2012: P(3L level | 5L level 2) and (| 5L level 4), by dimension, as published.
PUBLISHED = {
    2: [
        ("0.177347242921013", "0.822652757078987", "0"),
        ("0.16734693877551", "0.83265306122449", "0"),
        ("0.197815533980583", "0.802184466019418", "0"),
        ("0.198868991517436", "0.801131008482564", "0"),
        ("0.206603773584906", "0.793396226415094", "0"),
    ],
    4: [
        ("0", "0.927884615384615", "0.0721153846153846"),
        ("0", "0.756944444444444", "0.243055555555556"),
        ("0", "0.67156862745098", "0.32843137254902"),
        ("0", "0.600502512562814", "0.399497487437186"),
        ("0", "0.509316770186335", "0.490683229813665"),
    ],
}


@pytest.mark.parametrize("level", PUBLISHED)
def test_the_counts_give_the_published_probabilities(level: int) -> None:
    for of_dimension, published in zip(_level_probabilities().rows, PUBLISHED[level], strict=True):
        for probability, figure in zip(of_dimension[level - 1], published, strict=True):
            assert float(probability) == pytest.approx(float(figure), abs=1e-15)


def test_levels_one_three_and_five_go_to_one_three_level_answer() -> None:
    for of_dimension in _level_probabilities().rows:
        assert [of_dimension[level - 1].index(Decimal(1)) for level in (1, 3, 5)] == [0, 1, 2]


def test_the_parameters_are_those_of_the_shared_folder() -> None:
    file = SHARED / "reverse_crosswalk_vanhout_shaw2021_model_parameters.csv"
    if not file.is_file():
        pytest.skip("the reference parameters are not in shared/ beside the checkout")
    published = {row["param"]: row for row in rows(file)}
    codes = ("MO", "SC", "UA", "PD", "AD")
    model = _logit_model()
    for place, code in enumerate(codes):
        cuts = [Decimal(published[f"cut_{k}|{k + 1}"][code]) for k in range(1, 5)]
        assert list(model.thresholds[place]) == cuts
        for other, effects in zip(codes, model.effects[place], strict=True):
            assert list(effects) == [0, *(Decimal(published[f"{other.lower()}{level}"][code]) for level in (2, 3))]


@given(st.sampled_from(THREE_LEVEL_STATES))
def test_the_probabilities_of_every_dimension_sum_to_one(levels: tuple[int, ...]) -> None:
    for row in _logit_model().probabilities(levels):
        assert float(sum(row)) == pytest.approx(1, abs=1e-20)
        assert all(p > 0 for p in row)


@settings(max_examples=60)
@given(st.sampled_from(THREE_LEVEL), st.sampled_from(FIVE_LEVEL_STATES))
def test_a_crosswalk_stays_within_the_set_and_its_terms_add_up(base: ValueSet, levels: tuple[int, ...]) -> None:
    crosswalk = Crosswalk(base)
    index = crosswalk.index(levels)
    assert sum(term.value for term in crosswalk.terms(levels)) == index
    values = [base.index(state) for state in THREE_LEVEL_STATES]
    assert min(values) <= index <= max(values)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(FIVE_LEVEL), st.sampled_from(THREE_LEVEL_STATES))
def test_the_terms_of_a_reverse_crosswalk_add_up(base: ValueSet, levels: tuple[int, ...]) -> None:
    reverse = ReverseCrosswalk(base)
    terms = reverse.terms(levels)
    assert sum(term.value for term in terms) == reverse.index(levels)
    assert len(terms) in (5**5, 5**5 + 1)


@pytest.mark.parametrize("base", THREE_LEVEL, ids=lambda one: one.id)
def test_states_of_levels_one_three_and_five_have_the_value_of_their_three_level_state(base: ValueSet) -> None:
    crosswalk = Crosswalk(base)
    for state in ((1, 1, 1, 1, 1), (3, 3, 3, 3, 3), (5, 5, 5, 5, 5), (1, 3, 5, 1, 3)):
        same = tuple((level + 1) // 2 for level in state)
        assert crosswalk.index(state) == pytest.approx(base.index(same), abs=Decimal("5e-10"))


@pytest.mark.parametrize("set_id", ["IT-2022-VT/RCW", "KR-2016-VT/RCW", "TN-2021-TTO/CW", "AU-2011-TTO/CW"])
def test_the_short_way_and_the_sum_over_all_states_agree(set_id: str) -> None:
    """Two sets of levels alone, two with more to them."""
    crosswalk = value_set_by_id(set_id)
    for levels in [*crosswalk.version.states][::97]:
        terms = crosswalk.terms(levels)
        assert sum(term.value for term in terms if term.name != "rounding") == pytest.approx(
            crosswalk.index(levels), abs=Decimal("5.0001e-10")
        )


def test_a_crosswalk_is_explained_by_the_states_that_may_be_meant() -> None:
    terms = value_set_by_id("UK-1997-TTO/CW").terms((1, 1, 1, 1, 2))
    assert [term.name for term in terms] == ["state:11111", "state:11112", "rounding"]
    assert float(terms[1].value) == pytest.approx(841 / 1060 * 0.848)


def test_a_crosswalk_names_both_papers_and_has_content_of_its_own() -> None:
    """D3: the hash changes with the set and with the probabilities."""
    crosswalk, base = value_set_by_id("UK-1997-TTO/CW"), value_set_by_id("UK-1997-TTO")
    assert crosswalk.reference == "doi:10.1016/j.jval.2012.02.008 with doi:10.1097/00005650-199711000-00002"
    assert crosswalk.content_hash not in (base.content_hash, value_set_by_id("SE-2014-TTO/CW").content_hash)


def test_a_crosswalk_refuses_a_set_of_the_wrong_version() -> None:
    five_level, three_level = FIVE_LEVEL[0], THREE_LEVEL[0]
    with pytest.raises(ValueError, match="needs a 3L set"):
        Crosswalk(five_level)
    with pytest.raises(ValueError, match="needs a 5L set"):
        ReverseCrosswalk(three_level)


def test_a_crosswalk_refuses_what_is_no_state_of_its_version() -> None:
    with pytest.raises(NotAProfile, match="not a complete EQ-5D-3L state"):
        value_set_by_id("SE-2020-TTO/RCW").index((4, 1, 1, 1, 1))
    with pytest.raises(NotAProfile, match="not a complete EQ-5D-5L state"):
        value_set_by_id("SE-2014-TTO/CW").index((1, 1, 1, 1))
