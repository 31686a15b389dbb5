"""`survey instruments` as an operator types it, on a real database."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import ECKey

import migrations
from instruments import Library
from survey_service.cli import main
from survey_service.errors import BadInput
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.scheduling.use_cases import publish_protocol
from tests.conftest import TestDatabase
from tests.labels import LANGUAGE_VERSION, made_up, write_labels
from tests.licences import outside_a_demonstration, today
from tests.operating import environment_of
from tests.own_instruments import QUESTIONNAIRES
from tests.world import UNIT_HSA, World, protocol_definition

Command = Callable[..., Result]
PROVIDER_HSA = "SE2321000016-p1"


@pytest.fixture
def real(services: Services, database: TestDatabase, register_key: ECKey) -> World:
    return outside_a_demonstration(services, database, register_key)


@pytest.fixture
def survey(keys_url: str, services: Services, database: TestDatabase) -> Command:
    """The command with the settings of whichever world the test has made."""

    def run(*arguments: str) -> Result:
        with services.db.transaction(as_=Operator()) as connection:
            kind = connection.exec_driver_sql("SELECT demonstration FROM deployment").scalar_one()
        environment = "demonstration" if kind else "production"
        settings = replace(services.settings, databases=replace(services.settings.databases, keys=keys_url))
        variables = environment_of(settings) | {"SURVEY_ENVIRONMENT": environment, "COLUMNS": "120"}
        return CliRunner().invoke(main, ["instruments", *arguments], env=variables)

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with what a rights-holder sends for promis-anxiety."""
    (tmp_path / "agreement.pdf").write_bytes(b"%PDF agreement")
    (tmp_path / "certificate.pdf").write_bytes(b"%PDF certificate")
    write_labels(tmp_path / "labels.csv", made_up(Library.load().latest("promis-anxiety")))
    return tmp_path


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result) -> str:
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr.removeprefix("Error: ").strip()


def licence_options(world: World, files: Path, **changes: str) -> list[str]:
    options = {
        "--provider": PROVIDER_HSA,
        "--instrument": "promis-anxiety",
        "--purpose": "care",
        "--language": "sv",
        "--mode": "web",
        "--from": today(world).isoformat(),
        "--until": (today(world) + timedelta(days=365)).isoformat(),
        "--licensee": "Region Ett",
        "--reference": "A-1",
        "--evidence": str(files / "agreement.pdf"),
        "--recorded-by": "An operator",
    } | changes
    return [part for option in options.items() for part in option]


def label_options(files: Path) -> list[str]:
    file = str(files / "labels.csv")
    return ["promis-anxiety", file, "--language", "sv", "--language-version", LANGUAGE_VERSION]


def test_from_the_rights_holders_files_to_a_form_that_a_unit_can_order(
    real: World, survey: Command, files: Path
) -> None:
    """D1, D4, E1: template, licence, preview, acceptance, order, withdrawal."""
    template = done(survey("labels", "template", "promis-anxiety", "--output", str(files / "template.xlsx")))
    assert template.endswith("parts to be worded\n")
    with pytest.raises(BadInput, match="needs a licence"):
        real.enrol()

    licence_id = done(survey("licence", "add", *licence_options(real, files))).strip()
    page = files / "preview.html"
    shown = done(survey("labels", "preview", *label_options(files), "--html", str(page)))
    content_hash = shown.splitlines()[-1].removeprefix("hash: ")
    assert content_hash in page.read_text(encoding="utf-8")
    accept = [
        "labels", "accept", *label_options(files), "--licence", licence_id, "--accepted-by", "An operator",
        "--certificate", str(files / "certificate.pdf"),
    ]  # fmt: skip
    assert "not those that the preview showed" in refused(survey(*accept, "--hash", "sha256:other"))
    done(survey(*accept, "--hash", content_hash))
    patient, occasion = real.enrol()
    assert real.answer(patient, occasion)

    done(survey("licence", "withdraw", licence_id, "--reason", "Terms changed", "--by", "An operator"))
    with pytest.raises(BadInput, match="was withdrawn"):
        real.enrol()
    assert "withdrawn before" in refused(survey("licence", "withdraw", licence_id, "--reason", "x", "--by", "x"))


def test_licences_are_listed_for_people_and_for_scripts_and_their_evidence_comes_back(
    real: World, survey: Command, files: Path
) -> None:
    """D1"""
    assert done(survey("licence", "list")) == "None.\n"
    licence_id = done(survey("licence", "add", *licence_options(real, files), "--unit", UNIT_HSA)).strip()
    (row,) = json.loads(done(survey("licence", "list", "--json")))
    assert (row["id"], row["unit"], row["languages"], row["state"]) == (licence_id, UNIT_HSA, ["sv"], "in force")
    header, line = done(survey("licence", "list", "--instrument", "promis-anxiety")).splitlines()
    assert line.index("in force") == header.index("state")
    assert done(survey("licence", "list", "--instrument", "eq5d-5l")) == "None.\n"
    done(survey("licence", "evidence", licence_id, str(files / "back.pdf")))
    assert (files / "back.pdf").read_bytes() == b"%PDF agreement"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"--provider": "SE1"}, "There is no care provider SE1 here."),
        ({"--unit": "SE5561234567-u3"}, "SE2321000016-p1 has no unit SE5561234567-u3 here."),
        ({"--instrument": "nothing"}, "The licence cannot be recorded: there is no instrument 'nothing'."),
        ({"--instrument": "prem-overall"}, "prem-overall is the project's own and needs no licence."),
        ({"--until": "2020-01-01"}, "The licence ends before it begins."),
        (
            {"--reference": " "},
            "A licence names the licensee, the rights-holder's reference and who recorded it.",
        ),
    ],
)
def test_a_licence_that_licenses_nothing_is_refused_in_one_sentence(
    changes: dict[str, str], sentence: str, real: World, survey: Command, files: Path
) -> None:
    assert refused(survey("licence", "add", *licence_options(real, files, **changes))) == sentence
    assert done(survey("licence", "list")) == "None.\n"


def test_every_problem_of_a_label_file_is_told_with_its_place(real: World, survey: Command, files: Path) -> None:
    labels = made_up(real.services.library.latest("promis-anxiety")) | {"title": "", "footer": "Nobody"}
    write_labels(files / "labels.csv", labels)
    found = refused(survey("labels", "preview", *label_options(files))).splitlines()
    assert found == [
        "labels.csv: line 2: title: text is empty",
        "labels.csv: line 4: footer: text lacks the copyright sign (©)",
        f"labels.csv: line 4: footer: text lacks the language version '{LANGUAGE_VERSION}'",
    ]


def test_seeding_makes_the_projects_own_forms_usable_outside_a_demonstration(
    real: World, survey: Command, database: TestDatabase
) -> None:
    """D5"""
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM wordings")
    protocol = protocol_definition("visit", ["prem-overall"])
    real.protocols["visit"] = publish_protocol(real.services, provider_id=real.alice.provider_id, definition=protocol)
    with pytest.raises(BadInput, match="no approved wording of prem-overall"):
        real.enrol(protocol="visit")
    assert not done(survey("wording", "seed")).startswith("0 ")
    assert done(survey("wording", "seed")) == "0 wordings are new.\n"
    patient, occasion = real.enrol(protocol="visit")
    assert real.answer(patient, occasion)


def test_in_a_demonstration_seeding_enters_demonstration_wording_too(
    world: World, survey: Command, database: TestDatabase
) -> None:
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM wordings")
    done(survey("wording", "seed"))
    world.enrol()


def test_the_database_is_declared_once_and_for_all(database: TestDatabase, keys_url: str) -> None:
    """D1"""
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM deployment")
    variables = {
        "SURVEY_OWNER_DATABASE_URL": database.server.url("survey_owner", database.name),
        "SURVEY_KEYS_OWNER_DATABASE_URL": keys_url.replace("survey_keys@", "survey_owner@"),
    }

    def migrate(*options: str) -> Result:
        return CliRunner().invoke(main, ["database", "migrate", *options], env=variables)

    assert "is for real use" in done(migrate())
    assert refused(migrate("--demonstration")) == (
        "This database is for real use. It never becomes a demonstration: make another."
    )
    assert "is for real use" in done(migrate())


def test_a_demonstration_stays_one_when_it_is_migrated_again(database: TestDatabase) -> None:
    url = database.server.url("survey_owner", database.name)
    assert migrations.declare(url, demonstration=False) is True
    assert migrations.declare(url, demonstration=True) is True


# ---- without a database


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["instruments", *arguments])


def test_the_list_has_a_line_for_each_version_and_says_whose_the_words_are(library: Library) -> None:
    rows: list[dict[str, Any]] = json.loads(done(cli("list", "--json")))
    assert {(row["id"], row["version"]) for row in rows} == set(library.instruments)
    by_id = {row["id"]: row for row in rows}
    assert by_id["eq5d-5l"]["wording"] == "licensed"
    assert by_id["eq5d-5l"]["given"] == "whole"
    assert by_id["promis-anxiety"]["questions"] == "4-12"
    assert by_id["prem-visit"]["validated"] == "no"
    assert by_id["prem-visit"]["wording"] == "own"
    assert len(done(cli("list")).splitlines()) == len(rows) + 1


@pytest.mark.parametrize("id_", ["eq5d-5l", "promis-anxiety", "promis-29", "prem-visit"])
def test_an_instrument_is_shown_with_everything_but_its_words(id_: str, library: Library) -> None:
    instrument = library.latest(id_)
    text = done(cli("show", id_))
    assert instrument.content_hash in text
    assert instrument.licence.rights_holder in text
    assert all(variable.name in text for variable in instrument.variables)
    assert all(reference.citation in text for reference in instrument.references)
    described = json.loads(done(cli("show", id_, "--json")))
    assert described["hash"] == instrument.content_hash


SCORED = {
    "eq5d-5l": ["EQ-5D-5L", "value set SE-2020-TTO, doi:10.1007/s40273-020-00905-7, sha256:"],
    "eq5d-y-3l": ["EQ-5D-Y-3L", "no value set: Sweden has no value set for EQ-5D-Y-3L; the profile is kept."],
    "promis-anxiety": [
        "item bank bank.csv, sha256:",
        "4 to 12 answers, until the standard error of theta is below 0.3",
        "paper form: ",
    ],
    "prem-visit": [
        "declared, version 1",
        "prem_visit.respect: mean of rt1, rt2, rt3; at least 2 of 3; 1 to 5 becomes 0 to 100; decimals: 1",
    ],
    "prem-overall": ["100 for an answer of at least 4 to overall, else 0"],
    "promis-29": ["by the bank of promis-anxiety 1.0, sha256:"],
}


@pytest.mark.parametrize("id_", SCORED)
def test_an_operator_reads_how_an_instrument_is_scored(id_: str) -> None:
    """D3"""
    scoring = "\n".join(json.loads(done(cli("show", id_, "--json")))["scoring"])
    assert [words for words in SCORED[id_] if words not in scoring] == []


@pytest.mark.parametrize(
    ("id_", "of_feature"),
    [
        ("tiny-points", "reversed: "),
        ("tiny-lookup", "looked up in "),
        ("tiny-points", "points of "),
        ("tiny-koos", "mean of tiny_koos.soil, "),
    ],
)
def test_each_feature_of_declared_scoring_is_told(id_: str, of_feature: str) -> None:
    """D3"""
    described = json.loads(done(cli("show", id_, "--json", "--folder", str(QUESTIONNAIRES))))
    assert of_feature in "\n".join(described["scoring"])


def test_direction_bands_and_important_change_are_told_beside_the_variable() -> None:
    """D3"""
    told = "\n".join(json.loads(done(cli("show", "promis-anxiety", "--json")))["variables"])
    assert "higher is worse" in told
    assert "bands: usual" in told
    assert "important change: 3, 2 to 6" in told


def test_an_instrument_that_is_not_there_is_refused() -> None:
    assert refused(cli("show", "nothing")) == "there is no instrument 'nothing'"
    assert "version '9.9'" in refused(cli("show", "eq5d-5l", "--version", "9.9"))


DEFINITIONS = Path(__file__).resolve().parents[2] / "instruments" / "data"
WORDINGS = DEFINITIONS.parents[1] / "translations" / "instruments"


def test_a_sound_folder_is_said_to_be_sound(tmp_path: Path) -> None:
    """D4"""
    assert done(cli("check", str(DEFINITIONS))).splitlines()[-1].startswith("OK: ")
    copied = tmp_path / "prem-mine" / "1.0"
    copied.mkdir(parents=True)
    definition = (DEFINITIONS / "prem-overall" / "1.0" / "definition.toml").read_text(encoding="utf-8")
    (copied / "definition.toml").write_text(definition.replace('"prem-overall"', '"prem-mine"'), encoding="utf-8")
    words = (WORDINGS / "prem-overall" / "sv.po").read_text(encoding="utf-8")
    (tmp_path / "prem-mine" / "sv.po").write_text(words.replace("prem-overall", "prem-mine"), encoding="utf-8")
    assert done(cli("check", str(tmp_path))) == "OK: 1 instrument versions, 1 wordings.\n"


def test_each_problem_of_a_folder_is_told_with_its_file(tmp_path: Path) -> None:
    """D4"""
    for name, content in (("a", b"id = "), ("b", b"\xff"), ("c", b'id = "c"')):
        (tmp_path / name / "1.0").mkdir(parents=True)
        (tmp_path / name / "1.0" / "definition.toml").write_bytes(content)
    result = cli("check", str(tmp_path))
    assert result.exit_code == 1
    assert [line[0] for line in result.stdout.splitlines()] == ["a", "b", "c"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli("check", str(empty)).exit_code == 1


def test_a_wording_file_that_is_not_the_instruments_is_told(tmp_path: Path) -> None:
    for name in ("data", "wording"):
        (tmp_path / name).mkdir()
    mine = tmp_path / "data" / "prem-mine" / "1.0"
    mine.mkdir(parents=True)
    definition = (DEFINITIONS / "prem-overall" / "1.0" / "definition.toml").read_text(encoding="utf-8")
    (mine / "definition.toml").write_text(definition.replace('"prem-overall"', '"prem-mine"'), encoding="utf-8")
    (tmp_path / "wording" / "prem-mine").mkdir()
    words = (WORDINGS / "prem-overall" / "sv.po").read_text(encoding="utf-8").replace("prem-overall", "prem-mine")
    path = tmp_path / "wording" / "prem-mine" / "sv.po"
    path.write_text(words.replace("X-Wording-Kind: own", "X-Wording-Kind: licensed"), encoding="utf-8")
    result = cli("check", str(tmp_path))
    assert result.exit_code == 1
    assert "prem-mine/sv.po: X-Wording-Kind: 'licensed', but the wording of prem-mine is own" in result.stdout
    path.write_text(words.replace('msgstr "', 'msgstr "', 1).replace("msgctxt", "msgctx", 1), encoding="utf-8")
    assert "prem-mine/sv.po: line " in cli("check", str(tmp_path)).stdout
