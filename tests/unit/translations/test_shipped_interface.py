"""The interface in every language that ships: each text can stand in for its source, and says who has read it."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from translations.interface import SHIPPED
from translations.placeholders import problems
from translations.plurals import agrees_with_cldr, is_right_to_left

LANGUAGES = ("ar", "en", "fi", "sv", "sv_simple")
TRANSLATED = tuple(code for code in LANGUAGES if code != "en")
# Placeholders for names and sentences in any language; the others are figures, dates and codes.
NAMES = re.compile(r"%\((answer|authority|instrument|label|name|provider|purpose|reason|sender|unit|what|why)\)s")
FIRST_STRONG, POP = "\u2068", "\u2069"


def path(code: str) -> Path:
    return SHIPPED / code / "LC_MESSAGES" / "messages.po"


def catalogue(code: str) -> Catalog:
    with path(code).open("rb") as file:
        return read_po(file, locale=code)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def messages(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id]


def test_the_interface_ships_in_five_languages() -> None:
    """E2"""
    assert tuple(sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir())) == LANGUAGES


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_can_stand_in_for_its_source(code: str) -> None:
    """E2: placeholders, plural forms, characters."""
    faults = {
        str(message.id): [str(one) for one in found]
        for message in messages(code)
        if (found := problems(forms(message.id), forms(message.string), locale=code, formatted=message.python_format))
    }
    assert faults == {}


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_header_counts_as_cldr_does(code: str) -> None:
    assert agrees_with_cldr(catalogue(code).plural_forms, code)


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_no_speaker_has_reviewed_says_so_in_its_header(code: str) -> None:
    """E1"""
    head = path(code).read_text(encoding="utf-8").split("msgid", 1)[0]
    assert ("# X-Reviewed-By-Speaker: no\n" in head) == (code not in ("en", "sv"))


@pytest.mark.parametrize("code", [code for code in LANGUAGES if is_right_to_left(code)])
def test_names_keep_their_direction_in_a_sentence_from_right_to_left(code: str) -> None:
    """C6"""
    loose = {
        text
        for message in messages(code)
        for text in forms(message.string)
        for name in NAMES.finditer(text)
        if not _is_isolated(text, name)
    }
    assert loose == set()


def _is_isolated(text: str, name: re.Match[str]) -> bool:
    return text[: name.start()].endswith(FIRST_STRONG) and text[name.end() :].startswith(POP)
