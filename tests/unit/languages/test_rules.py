"""Whose words may be shown where."""

from dataclasses import replace

import pytest

from instruments import Instrument, Library
from survey_service.errors import Unavailable
from survey_service.languages.rules import choose_language, may_be_shown
from translations.catalogue import InstrumentWording, WordingKind, load_wordings


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


def wording(library: Library, instrument: Instrument, kind: WordingKind) -> InstrumentWording:
    """Whole wording in Swedish, as if it were of that kind."""
    found = next(each for each in load_wordings(library) if (each.instrument, each.locale) == (instrument.id, "sv"))
    return replace(found, kind=kind)


@pytest.mark.parametrize(
    ("id_", "kind", "demonstration", "licensed", "shown"),
    [
        ("eq5d-5l", WordingKind.DEMONSTRATION, True, set(), True),
        ("eq5d-5l", WordingKind.DEMONSTRATION, False, {"sv"}, False),
        ("eq5d-5l", WordingKind.LICENSED, False, {"sv"}, True),
        ("eq5d-5l", WordingKind.LICENSED, False, {"en"}, False),
        ("eq5d-5l", WordingKind.LICENSED, True, set(), False),
        ("eq5d-5l", WordingKind.OWN, True, {"sv"}, False),
        ("prem-overall", WordingKind.OWN, False, set(), True),
        ("prem-overall", WordingKind.OWN, True, set(), True),
        ("prem-overall", WordingKind.LICENSED, True, {"sv"}, False),
    ],
)
def test_each_kind_of_wording_is_shown_where_it_may_be(
    id_: str, kind: WordingKind, demonstration: bool, licensed: set[str], shown: bool, library: Library
) -> None:
    """D1, E1"""
    instrument = library.latest(id_)
    given = wording(library, instrument, kind)
    assert may_be_shown(instrument, given, demonstration=demonstration, licensed=frozenset(licensed)) is shown


def test_wording_that_lacks_a_part_is_not_shown_whosever_it_is(library: Library) -> None:
    """E2"""
    instrument = library.latest("eq5d-5l")
    whole = wording(library, instrument, WordingKind.LICENSED)
    torn = replace(whole, texts={context: text for context, text in whole.texts.items() if context != "footer"})
    assert not may_be_shown(instrument, torn, demonstration=True, licensed=frozenset({"sv"}))


def test_the_wanted_language_comes_first_then_swedish_then_any_and_none_is_said() -> None:
    assert choose_language(frozenset({"sv", "en"}), "en") == "en"
    assert choose_language(frozenset({"sv", "en"}), "ar") == "sv"
    assert choose_language(frozenset({"fi", "da"}), "ar") == "da"
    with pytest.raises(Unavailable):
        choose_language(frozenset(), "sv")
