"""Interface catalogues are found by their folders and compiled without touching the disk."""

from pathlib import Path

import pytest

from translations.interface import interface_translations
from translations.po import WordingError

CATALOGUE = """msgid ""
msgstr ""
"Language: sv\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Next"
msgstr "Nästa"

msgid "Back"
msgstr ""

msgid "%(num)d question"
msgid_plural "%(num)d questions"
msgstr[0] "%(num)d fråga"
msgstr[1] "%(num)d frågor"
"""


def _catalogue(folder: Path, text: str) -> Path:
    path = folder / "sv" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_texts_and_plurals_are_translated(tmp_path: Path) -> None:
    translations = interface_translations(_catalogue(tmp_path, CATALOGUE))
    assert list(translations) == ["sv"]
    swedish = translations["sv"]
    assert swedish.ugettext("Next") == "Nästa"
    assert swedish.ungettext("%(num)d question", "%(num)d questions", 3) == "%(num)d frågor"


def test_an_untranslated_text_stays_in_the_source_language(tmp_path: Path) -> None:
    assert interface_translations(_catalogue(tmp_path, CATALOGUE))["sv"].ugettext("Back") == "Back"


def test_nothing_is_written_beside_the_catalogue(tmp_path: Path) -> None:
    interface_translations(_catalogue(tmp_path, CATALOGUE))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["messages.po"]


def test_without_catalogues_there_are_no_languages(tmp_path: Path) -> None:
    assert interface_translations(tmp_path) == {}


def test_a_bad_catalogue_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(WordingError, match=r"ui/sv/LC_MESSAGES/messages\.po: "):
        interface_translations(_catalogue(tmp_path, CATALOGUE.replace('msgid "Next"', "msgid Next")))


def test_the_shipped_catalogues_can_be_read() -> None:
    assert all(locale for locale in interface_translations())
