"""Instruments are data: found, described, and told apart by version."""

import re
import shutil
from pathlib import Path

import pytest

from instruments import (
    DefinitionError,
    Family,
    Instrument,
    Library,
    QuestionKind,
    Respondent,
    Scale,
    SingleChoice,
    UnknownInstrument,
    Validation,
    WordingOwner,
)
from instruments.library import SHIPPED
from tests.unit.instruments.test_promis_scoring import BANKS
from tests.unit.instruments.tiny import QUESTIONNAIRES


def test_an_unknown_instrument_or_version_is_refused(library: Library) -> None:
    with pytest.raises(UnknownInstrument, match=r"there is no instrument 'eq5d-5l' in version '9\.9'"):
        library.get("eq5d-5l", "9.9")
    with pytest.raises(UnknownInstrument, match="there is no instrument 'other'"):
        library.latest("other")


def test_the_latest_version_is_found_by_number_and_not_by_letter(copied: Path) -> None:
    for version in ("1.9", "1.10"):
        new = copied / "eq5d-5l" / version
        shutil.copytree(copied / "eq5d-5l" / "1.0", new)
        definition = new / "definition.toml"
        text = definition.read_text(encoding="utf-8")
        definition.write_text(text.replace('version = "1.0"', f'version = "{version}"', 1), encoding="utf-8")
    library = Library.load(copied)
    assert library.latest("eq5d-5l").version == "1.10"
    assert library.get("eq5d-5l", "1.0").version == "1.0"


def test_an_instrument_is_added_as_a_folder_of_data(tmp_path: Path) -> None:
    """D4: beside those that are shipped, and without a line of code."""
    shutil.copytree(QUESTIONNAIRES / "tiny-koos", tmp_path / "tiny-koos")
    library = Library.load(SHIPPED, tmp_path)
    assert "tiny-koos" in library.ids()
    assert len(library.latest("tiny-koos").items) == 12


def test_an_instrument_that_comes_twice_is_refused(tmp_path: Path) -> None:
    shutil.copytree(QUESTIONNAIRES / "tiny-koos", tmp_path / "tiny-koos")
    with pytest.raises(DefinitionError, match=r"^tiny-koos/1\.0: comes twice$"):
        Library.load(QUESTIONNAIRES, tmp_path)


def test_what_is_hidden_is_no_instrument(tmp_path: Path) -> None:
    shutil.copytree(QUESTIONNAIRES / "tiny-koos", tmp_path / "tiny-koos")
    for name in (".git/objects", "__pycache__/x", "tiny-koos/.drafts", "tiny-koos/_old"):
        (tmp_path / name).mkdir(parents=True)
    assert Library.load(tmp_path).ids() == ("tiny-koos",)


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_an_empty_or_missing_folder_is_no_library(tmp_path: Path, folder: str) -> None:
    with pytest.raises(DefinitionError, match="holds no instrument"):
        Library.load(tmp_path / folder)


@pytest.mark.parametrize("bank", BANKS)
def test_a_bank_is_described(library: Library, bank: str) -> None:
    instrument = library.latest(bank)
    assert instrument.adaptive
    assert instrument.family is Family.PROM
    assert instrument.definition.validation is Validation.VALIDATED
    assert instrument.estimated_questions == (4, 12)
    assert instrument.bank_hash == instrument.adaptive_test().bank.content_hash
    assert instrument.licence.rights_holder == "PROMIS Health Organization"
    assert instrument.licence.required
    assert all(isinstance(item.question, SingleChoice) and item.skippable for item in instrument.items.values())


def test_eq5d_is_described(eq5d: Instrument) -> None:
    assert not eq5d.adaptive
    assert (eq5d.bank_hash, eq5d.paper_form, eq5d.short_forms) == (None, "", ())
    assert eq5d.estimated_questions == (6, 6)
    assert eq5d.licence.rights_holder == "EuroQol Research Foundation"
    assert eq5d.items["vas"].question == Scale(0, 100)
    assert eq5d.items["vas"].kind is QuestionKind.VISUAL_ANALOGUE_SCALE
    assert all(item.skippable for item in eq5d.items.values())


@pytest.mark.parametrize(("id_", "questions"), [("prem-visit", (23, 25)), ("prem-overall", (1, 1))])
def test_the_experience_measures_are_free_and_not_validated(
    library: Library, id_: str, questions: tuple[int, int]
) -> None:
    """D5"""
    prem = library.latest(id_)
    assert (prem.family, prem.definition.validation) == (Family.PREM, Validation.NOT_VALIDATED)
    assert prem.licence.wording is WordingOwner.OWN
    assert not prem.licence.required
    assert prem.estimated_questions == questions


@pytest.mark.parametrize(
    ("id_", "who", "ages"),
    [
        ("eq5d-5l", Respondent.SELF, range(16, 131)),
        ("eq5d-5l", Respondent.PROXY, range(0)),
        ("eq5d-y-3l", Respondent.SELF, range(8, 16)),
        ("eq5d-y-3l", Respondent.PROXY, range(4, 16)),
        ("promis-anxiety", Respondent.SELF, range(18, 131)),
    ],
)
def test_a_form_says_who_may_answer_it_at_which_age(library: Library, id_: str, who: Respondent, ages: range) -> None:
    """C5"""
    instrument = library.latest(id_)
    assert [age for age in range(131) if instrument.covers(who, age)] == list(ages)


def test_every_instrument_names_its_rights_holder_and_what_it_rests_on(library: Library) -> None:
    """D1: whose wording may be shown depends on it."""
    for instrument in library.instruments.values():
        assert instrument.licence.rights_holder
        assert instrument.licence.terms
        if instrument.licence.required:
            assert instrument.references
        for reference in instrument.references:
            assert re.fullmatch(r"10\.\d{4,}/\S+", reference.doi)


def test_a_definition_names_no_wording(library: Library) -> None:
    for instrument in library.instruments.values():
        for item in instrument.items.values():
            option_set = item.question.option_set if isinstance(item.question, SingleChoice) else ""
            assert not re.search(r"\s", f"{item.id}{option_set}")


def test_an_adaptive_test_never_asks_more_than_its_bank_has(copied: Path) -> None:
    """A bank of two items is at least two and at most two questions."""
    folder = copied / "promis-anxiety" / "1.0"
    definition, bank = folder / "definition.toml", folder / "bank.csv"
    lines = bank.read_text(encoding="utf-8").splitlines()
    bank.write_text("\n".join(lines[:3]) + "\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as error:
        Library.load(copied)
    content = str(error.value).rpartition(" ")[2]
    text = definition.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "{ id =" not in line or "EDANX01" in line or "EDANX02" in line]
    text = re.sub(r'bank_hash = "[^"]+"', f'bank_hash = "{content}"', "\n".join(kept))
    text = re.sub(r'\[\[scoring\.short_forms\]\]\nid = "(?!4a).*?\n\n', "", text, flags=re.DOTALL)
    text = text.replace('"EDANX01", "EDANX40", "EDANX41", "EDANX53"', '"EDANX01", "EDANX02"').replace('"8a"', '"4a"')
    definition.write_text(text, encoding="utf-8")
    shutil.rmtree(copied / "promis-29")
    for profile in ("promis-43", "promis-57"):
        shutil.rmtree(copied / profile, ignore_errors=True)
    assert Library.load(copied).latest("promis-anxiety").estimated_questions == (2, 2)
