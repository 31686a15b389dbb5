"""Instruments are data: found, pinned, refused when something is wrong with a file."""

import re
import shutil
from pathlib import Path

import pytest

from instruments import DefinitionError, Family, Instrument, Library, QuestionKind, UnknownInstrument

# A published version never changes. A difference here means: undo the change, or publish a new version.
PUBLISHED = {
    ("eq5d-5l", "1.0"): "sha256:f7189a3c72e9a18f4d3d1b913e75d7f5e8a9fc150662644e178cfa6094505b78",
    ("promis-anxiety", "1.0"): "sha256:3c727d591ffe15fda7d03b21abfbacd61ef17213f8c6761900ec380be650e021",
}


def test_the_shipped_versions_are_what_was_published(library: Library) -> None:
    assert {key: each.content_hash for key, each in library.instruments.items()} == PUBLISHED


def test_both_instruments_are_found(library: Library) -> None:
    assert library.ids() == ("eq5d-5l", "promis-anxiety")
    assert library.latest("eq5d-5l") is library.get("eq5d-5l", "1.0")


def test_an_unknown_instrument_or_version_is_refused(library: Library) -> None:
    with pytest.raises(UnknownInstrument, match=r"there is no instrument 'eq5d-5l' in version '9\.9'"):
        library.get("eq5d-5l", "9.9")
    with pytest.raises(UnknownInstrument, match="there is no instrument 'other'"):
        library.latest("other")


def test_the_latest_version_is_found_by_number_and_not_by_letter(copied: Path) -> None:
    for version in ("1.9", "1.10"):
        new = copied / "eq5d-5l" / version
        shutil.copytree(copied / "eq5d-5l" / "1.0", new)
        _edit(new / "definition.toml", 'version = "1.0"', f'version = "{version}"')
    assert Library.load(copied).latest("eq5d-5l").version == "1.10"


def test_line_ends_do_not_change_the_content_hash(copied: Path, eq5d: Instrument) -> None:
    for path in copied.glob("*/*/*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert Library.load(copied).get("eq5d-5l", "1.0").content_hash == eq5d.content_hash


def test_the_anxiety_bank_is_described(anxiety: Instrument) -> None:
    assert anxiety.adaptive
    assert anxiety.family is Family.PROM
    assert len(anxiety.items) == 29
    assert anxiety.estimated_questions == (4, 12)
    assert anxiety.bank_hash == anxiety.adaptive_test().bank.content_hash
    assert anxiety.licence.rights_holder == "PROMIS Health Organization"
    assert all(item.options == (1, 2, 3, 4, 5) and item.skippable for item in anxiety.items.values())


def test_eq5d_is_described(eq5d: Instrument) -> None:
    assert not eq5d.adaptive
    assert eq5d.bank_hash is None
    assert eq5d.estimated_questions == (6, 6)
    assert eq5d.licence.rights_holder == "EuroQol Research Foundation"
    assert eq5d.items["vas"].kind is QuestionKind.VISUAL_ANALOGUE_SCALE
    assert all(item.skippable for item in eq5d.items.values())


def test_an_item_accepts_its_options_or_its_scale_and_nothing_else(eq5d: Instrument) -> None:
    mobility, vas = eq5d.items["mobility"], eq5d.items["vas"]
    assert [value for value in range(-1, 10) if mobility.accepts(value)] == [1, 2, 3, 4, 5]
    assert [value for value in (-1, 0, 55, 100, 101, 999) if vas.accepts(value)] == [0, 55, 100]
    assert not mobility.accepts(True)
    assert not vas.accepts(50.0)  # type: ignore[arg-type]


def test_a_definition_names_no_wording(library: Library) -> None:
    for instrument in library.instruments.values():
        for item in instrument.items.values():
            assert not re.search(r"\s", f"{item.id}{item.option_set}")


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


EQ5D = "eq5d-5l/1.0/definition.toml"
VALUE_SET = "eq5d-5l/1.0/value_set_sweden_2020.toml"
ANXIETY = "promis-anxiety/1.0/definition.toml"
BANK = "promis-anxiety/1.0/bank.csv"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (EQ5D, 'family = "PROM"', 'family = "POEM"', f"{EQ5D}: family: 'POEM' is not one of PROM, PREM"),
        (EQ5D, 'family = "PROM"', "", f"{EQ5D}: family: is missing"),
        (EQ5D, 'family = "PROM"', 'family = "PROM"\ncolour = 1', f"{EQ5D}: colour: unknown field"),
        (EQ5D, 'family = "PROM"', "family = ", f"{EQ5D}: not a readable TOML file"),
        (
            EQ5D,
            "estimated_minutes = 3",
            "estimated_minutes = 0",
            f"{EQ5D}: estimated_minutes: must be a whole",
        ),
        (
            EQ5D,
            "estimated_minutes = 3",
            "estimated_minutes = true",
            f"{EQ5D}: estimated_minutes: must be a whole",
        ),
        (EQ5D, "changeable = true", 'changeable = "yes"', f"{EQ5D}: changeable: must be of type bool"),
        (EQ5D, 'version = "1.0"', 'version = "2.0"', f"{EQ5D}: id: id and version must be the names"),
        (EQ5D, 'version = "1.0"', 'version = "new"', f"{EQ5D}: version: must be numbers"),
        (EQ5D, 'id = "self_care"', 'id = "mobility"', f"{EQ5D}: items[2].id: 'mobility' occurs twice"),
        (
            EQ5D,
            'option_set = "mobility"',
            'option_set = "x"',
            f"{EQ5D}: items[1].option_set: 'x' is not among",
        ),
        (
            EQ5D,
            "mobility = [1, 2, 3, 4, 5]",
            "mobility = [1, 1, 3, 4, 5]",
            "option_sets.mobility: a code occurs",
        ),
        (
            EQ5D,
            "mobility = [1, 2, 3, 4, 5]",
            "mobility = [1, 2, 3]",
            f"{EQ5D}: items: mobility: must be as in",
        ),
        (EQ5D, "maximum = 100\nskippable", "maximum = 10\nskippable", f"{EQ5D}: items: vas: must be as in"),
        (EQ5D, 'id = "vas"', 'id = "other"', f"{EQ5D}: items: EQ-5D-5L has these, in this order"),
        (EQ5D, '"eq5d5l.lss"', '"eq5d5l.sum"', f"{EQ5D}: variables: must be what the scoring gives"),
        (EQ5D, '"value_set_', '"../value_set_', f"{EQ5D}: scoring.value_set: must be the name of a file"),
        (EQ5D, '"value_set_', '"no_value_set_', "no_value_set_sweden_2020.toml: the file is missing"),
        (EQ5D, 'method = "eq5d-5l"', 'method = "guess"', f"{EQ5D}: scoring.method: 'guess' is not one of"),
        (VALUE_SET, "-0.0287, ", "", f"{VALUE_SET}: decrements.mobility: needs 5 numbers"),
        (VALUE_SET, "-0.0287, ", "nan, ", f"{VALUE_SET}: decrements.mobility: must be a finite number"),
        (VALUE_SET, "full_health = 0.9755", "", f"{VALUE_SET}: full_health: is missing"),
        (ANXIETY, 'rule = "promis-adult"', 'rule = "mine"', f"{ANXIETY}: scoring.rule: 'mine' is not one of"),
        (ANXIETY, 'id = "EDANX55"', 'id = "EDANX56"', f"{ANXIETY}: items: 'EDANX55' must be both"),
        (
            ANXIETY,
            "[1, 2, 3, 4, 5]",
            "[5, 4, 3, 2, 1]",
            f"{ANXIETY}: items: EDANX01: the options must be 1 to 5",
        ),
        (
            ANXIETY,
            '"adaptive"',
            '"fixed"',
            f"{ANXIETY}: administration: an adaptive bank is given adaptively",
        ),
        (BANK, "3.60215442398953", "3.6", f"{ANXIETY}: scoring.bank_hash: the bank's content is sha256:"),
        (BANK, "3.60215442398953", "steep", f"{ANXIETY}: scoring.bank: bank.csv: line 2: column a"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_and_field(
    copied: Path, file: str, old: str, new: str, message: str
) -> None:
    _edit(copied / file, old, new)
    with pytest.raises(DefinitionError) as error:
        Library.load(copied)
    assert message in str(error.value)


def test_a_missing_definition_or_bank_is_told(copied: Path) -> None:
    (copied / BANK).unlink()
    with pytest.raises(DefinitionError, match=r"scoring\.bank: the file is missing"):
        Library.load(copied)
    (copied / EQ5D).unlink()
    with pytest.raises(DefinitionError, match=r"eq5d-5l/1\.0/definition\.toml: the file is missing"):
        Library.load(copied)


def test_a_file_in_another_encoding_is_told(copied: Path) -> None:
    (copied / EQ5D).write_bytes("id = 'å'".encode("latin-1"))
    with pytest.raises(DefinitionError, match=r"definition\.toml: not a readable TOML file"):
        Library.load(copied)


def test_an_empty_folder_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="holds no instrument"):
        Library.load(tmp_path)
