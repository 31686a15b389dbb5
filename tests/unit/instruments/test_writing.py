"""A definition that is written is read back as the same definition."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from instruments import Definition, Instrument, Item, Library, SingleChoice
from instruments.definition_file import read_definition
from instruments.writing import definition_text, toml_text
from tests.unit.instruments.generated import definitions


def _read_back(definition: Definition) -> Definition:
    with TemporaryDirectory() as folder:
        place = Path(folder) / definition.id / definition.version
        place.mkdir(parents=True)
        (place / "definition.toml").write_text(definition_text(definition), encoding="utf-8", newline="\n")
        return read_definition(place)


def test_every_shipped_definition_is_read_back_equal_and_in_order(library: Library) -> None:
    """D4: an instrument is data, there and back."""
    for instrument in library.instruments.values():
        found = _read_back(instrument.definition)
        assert found == instrument.definition
        assert list(found.items) == list(instrument.items)


def test_every_feature_is_read_back_equal_and_in_order(tiny: Library) -> None:
    """D4: the tiny questionnaires have one feature each."""
    for instrument in tiny.instruments.values():
        found = _read_back(instrument.definition)
        assert found == instrument.definition
        assert list(found.items) == list(instrument.items)


@given(definitions())
def test_any_definition_is_read_back_equal_and_in_order(definition: Definition) -> None:
    found = _read_back(definition)
    assert found == definition
    assert list(found.items) == list(definition.items)


@given(definitions())
def test_what_is_read_back_is_written_in_the_same_letters(definition: Definition) -> None:
    assert definition_text(_read_back(_read_back(definition))) == definition_text(_read_back(definition))


def test_one_option_set_with_two_meanings_is_refused(eq5d: Instrument) -> None:
    other = Item(id="other", question=SingleChoice("mobility", (1, 2)), skippable=True)
    definition = replace(eq5d.definition, items={**eq5d.items, "other": other})
    with pytest.raises(ValueError, match="other: the option set 'mobility' has other options elsewhere"):
        definition_text(definition)


def test_a_key_that_is_not_bare_is_quoted_and_delete_is_escaped() -> None:
    assert toml_text({"two words": "a\x7f"}) == '"two words" = "a\\u007f"\n'
