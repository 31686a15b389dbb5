"""`survey fhir export` and `survey fhir import`, on files."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from survey_service.cli import main
from translations.catalogue import SHIPPED


def _survey(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["fhir", *map(str, arguments)])


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("id_", "name"), [("prem-visit", "PremVisit"), ("eq5d-5l", "Eq5d5l"), ("promis-anxiety", "PromisAnxiety")]
)
def test_what_is_exported_is_imported_and_exported_the_same(tmp_path: Path, id_: str, name: str) -> None:
    assert _survey("export", id_, "--language", "sv", "--output", tmp_path / "first.json").exit_code == 0
    imported = _survey("import", tmp_path / "first.json", tmp_path / "new", "--id", "ours")
    assert imported.exit_code == 0
    assert sorted(_files(tmp_path / "new")) == [
        "data/ours/1.0/definition.toml",
        *(f"wording/ours/{path.name}" for path in sorted((SHIPPED / id_).glob("*.po"))),
    ]
    if id_ == "promis-anxiety":
        return  # its bank stays behind, so the folder is not yet an instrument
    again = _survey(
        "export", "ours", "--language", "sv", "--folder", tmp_path / "new", "--output", tmp_path / "second.json"
    )
    assert again.exit_code == 0
    renamed = (tmp_path / "first.json").read_text(encoding="utf-8").replace(id_, "ours").replace(name, "Ours")
    assert (tmp_path / "second.json").read_text(encoding="utf-8") == renamed


def test_a_refusal_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    refused = _survey("import", bad, tmp_path / "new")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: line 1, column 2: is not JSON")
    assert not (tmp_path / "new").exists()


def test_what_is_left_out_is_said_on_standard_error(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.json"
    file.write_text(
        '{"resourceType": "Questionnaire", "status": "active", "name": "A", "language": "sv",'
        ' "item": [{"linkId": "a", "type": "date", "text": "När?"}]}',
        encoding="utf-8",
    )
    read = _survey("import", file, tmp_path / "new")
    assert read.exit_code == 0
    assert "Note: Questionnaire: has no scores" in read.stderr
    assert "Note: sv has no text for 3 parts, title the first." in read.stderr
    assert read.stdout == "a 1.0: 1 items in sv. Compare, then move the files in place.\n"


def test_an_instrument_that_is_not_there_is_told() -> None:
    assert _survey("export", "nothing").output == "Error: there is no instrument 'nothing'\n"


def test_a_bank_that_stays_behind_is_asked_for(tmp_path: Path) -> None:
    """D2: without its parameters a bank is not run."""
    _survey("export", "promis-anxiety", "--output", tmp_path / "bank.json")
    read = _survey("import", tmp_path / "bank.json", tmp_path / "new")
    assert "Note: Questionnaire: bank.csv does not come with it: put it beside the definition" in read.stderr
