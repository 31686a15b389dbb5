"""Every text that a person reads is in the catalogues, and every catalogue that ships is complete [E2]."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from survey_service import errors

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "translations" / "ui"
SENTENCES = {
    name: None
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.SurveyServiceError)
} | {"mark": None}


def extracted() -> set[str]:
    """What `make texts` would gather now."""
    with (ROOT / "translations" / "babel.cfg").open(encoding="utf-8") as configuration:
        methods, options = parse_mapping_cfg(configuration)
    found = extract_from_dir(ROOT, methods, options, {**DEFAULT_KEYWORDS, **SENTENCES})
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def catalogue(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()))


def forms(translation: str | tuple[str, ...]) -> tuple[str, ...]:
    return (translation,) if isinstance(translation, str) else translation


def source(message_id: str | tuple[str, ...]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def test_every_text_in_the_code_has_been_gathered() -> None:
    """Run `make texts` when this fails, and translate what is new."""
    gathered = {source(message.id) for message in catalogue(UI / "messages.pot") if message.id}
    assert extracted() == gathered


@pytest.mark.parametrize("locale", sorted(path.parents[1].name for path in UI.glob("*/LC_MESSAGES/messages.po")))
def test_no_language_lacks_a_text(locale: str) -> None:
    """English is the source and may leave its translations empty; nobody else may."""
    messages = catalogue(UI / locale / "LC_MESSAGES" / "messages.po")
    gathered = {source(message.id) for message in catalogue(UI / "messages.pot") if message.id}
    assert {source(message.id) for message in messages if message.id} == gathered
    untranslated = [
        source(message.id) for message in messages if message.id and (message.fuzzy or not all(forms(message.string)))
    ]
    assert locale == "en" or untranslated == []


def test_the_script_gathers_the_sentence_of_every_kind_of_error() -> None:
    script = (ROOT / "scripts" / "gather-texts").read_text(encoding="utf-8")
    raised_with_a_sentence = {name for name in SENTENCES if name not in {"SurveyServiceError"}}
    assert all(f"-k {name}" in script for name in raised_with_a_sentence)
