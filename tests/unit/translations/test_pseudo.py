"""The language that nobody speaks is longer, bracketed, and leaves alone what is not words."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translations import pseudo as module
from translations.placeholders import problems
from translations.plurals import cldr_locale
from translations.pseudo import PSEUDO, PseudoTranslations, pseudo

WORDS = st.text(st.characters(codec="ascii", categories=["L", "Zs"]), min_size=20, max_size=200)


def test_the_examples_are_right() -> None:
    assert doctest.testmod(module).failed == 0


@given(WORDS)
def test_every_text_stands_in_brackets_and_no_letter_is_as_it_was(text: str) -> None:
    """E2"""
    made = pseudo(text)
    assert (made[0], made[-1]) == ("[", "]")
    assert not any(letter in "abcdefghijklmnopqrstuvwxyz" for letter in made[1:-1])


def test_a_text_is_two_fifths_longer() -> None:
    text = "Your care unit wants to know how you are. Here you answer their questions when it suits you."
    assert len(pseudo(text)) == pytest.approx(1.4 * len(text), rel=0.05)


@pytest.mark.parametrize(
    "kept", ["%(unit)s", "%(num)d", "100 %%", "{name}", "<b>", "</b>", "&nbsp;", "https://svarsrummet.example/a?b=c"]
)
def test_what_a_program_reads_stays_as_it_is(kept: str) -> None:
    assert kept in pseudo(f"Before {kept} and after")


def test_it_can_stand_in_for_its_source() -> None:
    source = "%(provider)s has a survey for you."
    assert problems([source], [pseudo(source)], locale=PSEUDO, formatted=True) == ()


def test_it_counts_and_writes_dates_as_english_does() -> None:
    assert cldr_locale(PSEUDO) == cldr_locale("en")
    catalogue = PseudoTranslations()
    assert catalogue.ungettext("One thing", "%(num)s things", 1) == pseudo("One thing")
    assert catalogue.ungettext("One thing", "%(num)s things", 2) == pseudo("%(num)s things")
