"""Earlier results brought home: looked at row by row, taken once, kept apart, shown to the unit, never released."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege

from survey_service.cli import main
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Principal, Staff
from survey_service.history import reading
from survey_service.history.pages import earlier_results
from survey_service.history.reading import FileRefused
from survey_service.history.rules import Outcome
from survey_service.history.use_cases import NothingWritten, check_history, import_history
from survey_service.people.use_cases import find_person
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.earlier_results import ITEMS, Reports, scored_row, write_rows
from tests.operating import environment_of
from tests.world import ALICE_HSA, OTHER_UNIT_HSA, UNIT_HSA, World

TAKEN, THERE, DIFFERS, REFUSED = Outcome.TAKEN, Outcome.ALREADY_THERE, Outcome.DIFFERS, Outcome.REFUSED
SOURCE = "Register ett"
TABLES = ("history_imports", "imported_responses", "imported_scores", "imported_answers")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "earlier.csv"


def check(world: World, file: Path, *, as_: Staff | None = None) -> Reports:
    reports = Reports()
    check_history(world.services, file, source=SOURCE, told=reports.append, as_=as_ or world.alice)
    return reports


def take(world: World, file: Path, *, skip_bad: bool = False, as_: Staff | None = None) -> Reports:
    reports = Reports()
    import_history(world.services, file, source=SOURCE, skip_bad=skip_bad, told=reports.append, as_=as_ or world.alice)
    return reports


def rows_in(database: TestDatabase) -> dict[str, int]:
    with database.connect("survey_owner") as connection:
        found = {table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() for table in TABLES}
    return {table: row[0] for table, row in found.items() if row}


def number(world: World) -> str:
    return world.new_identity().number


def item_row(world: World, of: str, **changes: str) -> dict[str, str]:
    answers = {f"item:{item}": "80" if item == "vas" else "2" for item in ITEMS}
    about = {"instrument": "eq5d-5l", "method": "Sweden 2020", "score:promis_anxiety.t": ""}
    return scored_row(world, of) | about | answers | changes


# ---- looking and taking


def test_a_check_says_what_would_become_of_each_row_and_writes_nothing(
    world: World, file: Path, database: TestDatabase
) -> None:
    """B13"""
    stranger = number(world)
    write_rows(file, [scored_row(world, stranger), scored_row(world, "191212121213", "r-2")])
    reports = check(world, file)
    assert [(one.line, one.outcome, one.why) for one in reports] == [
        (2, TAKEN, ""),
        (3, REFUSED, "personal_number is not a Swedish personal identity number"),
    ]
    assert sum(rows_in(database).values()) == 0
    assert find_person(world.services, stranger) is None


def test_a_file_taken_twice_is_there_once(world: World, file: Path, database: TestDatabase) -> None:
    """B13"""
    write_rows(file, [scored_row(world, number(world), f"r-{n}") for n in range(3)])
    assert take(world, file).outcomes == [TAKEN] * 3
    before = rows_in(database)
    assert take(world, file).outcomes == [THERE] * 3
    assert rows_in(database) == before == dict(zip(TABLES, (1, 3, 3, 0), strict=True))


def test_a_broken_off_import_goes_on_where_it_stopped(
    world: World, file: Path, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B13: each part commits, so the rerun takes the rest."""
    monkeypatch.setattr("survey_service.history.use_cases._AT_ONCE", 2)
    write_rows(file, [scored_row(world, number(world), f"r-{n}") for n in range(5)])
    told = 0

    def stop_after_three(_report: object) -> None:
        nonlocal told
        told += 1
        if told == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_history(world.services, file, source=SOURCE, skip_bad=False, told=stop_after_three, as_=world.alice)
    assert rows_in(database)["imported_responses"] == 4
    assert take(world, file).outcomes == [THERE] * 4 + [TAKEN]
    assert rows_in(database)["imported_responses"] == 5


def test_a_row_that_says_something_else_than_before_differs_and_changes_nothing(
    world: World, file: Path, database: TestDatabase
) -> None:
    """B13"""
    who = number(world)
    take(world, write_rows(file, [scored_row(world, who)]))
    write_rows(file, [scored_row(world, who, **{"score:promis_anxiety.t": "55.3"})])
    assert check(world, file).outcomes == [DIFFERS]
    with pytest.raises(NothingWritten):
        take(world, file)
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT value FROM imported_scores").fetchall() == [(55.2,)]


def test_nothing_is_written_while_one_row_is_refused_unless_it_is_left_out(
    world: World, file: Path, database: TestDatabase
) -> None:
    write_rows(file, [scored_row(world, number(world)), scored_row(world, number(world), "r-2", mode="fax")])
    reports = Reports()
    with pytest.raises(NothingWritten):
        import_history(world.services, file, source=SOURCE, skip_bad=False, told=reports.append, as_=world.alice)
    assert reports.outcomes == [TAKEN, REFUSED]
    assert sum(rows_in(database).values()) == 0
    assert take(world, file, skip_bad=True).outcomes == [TAKEN, REFUSED]
    assert rows_in(database)["imported_responses"] == 1


def test_the_same_key_of_another_source_or_provider_is_another_row(world: World, file: Path) -> None:
    write_rows(file, [scored_row(world, number(world))])
    assert take(world, file).outcomes == [TAKEN]
    assert take(world, file, as_=world.charlie).outcomes == [TAKEN]
    reports = Reports()
    import_history(world.services, file, source="Another", skip_bad=False, told=reports.append, as_=world.alice)
    assert reports.outcomes == [TAKEN]


def test_a_patient_who_is_known_keeps_name_and_contacts(world: World, app: Flask, file: Path) -> None:
    identity = world.new_identity()
    patient, _ = world.enrol(identity)
    take(world, write_rows(file, [scored_row(world, identity.number, name="Another Name")]))
    page = Visitor(app, world.staff_cookie(world.alice)).get(f"/staff/patients/{world.reference(patient)}/history")
    assert f"<bdi>{identity.name}</bdi>" in page.get_data(as_text=True)


def test_who_has_been_erased_here_is_not_brought_back(world: World, file: Path, database: TestDatabase) -> None:
    """G1"""
    identity = world.new_identity()
    patient, _ = world.enrol(identity)
    world.services.keys.destroy(patient.person_id)
    write_rows(file, [scored_row(world, identity.number), scored_row(world, number(world), "r-2")])
    reports = take(world, file)
    assert [(one.outcome, one.why) for one in reports] == [(REFUSED, "the person has been erased here"), (TAKEN, "")]
    assert rows_in(database)["imported_responses"] == 1


# ---- each row


BAD = {
    "source_key": ({"source_key": "191212121212"}, "source_key is a personal identity number"),
    "instrument": ({"instrument": "promis-unknown"}, "instrument, version or form is not one"),
    "version": ({"version": "9.9"}, "instrument, version or form is not one"),
    "mode": ({"mode": "fax"}, "mode is not one of"),
    "language": ({"language": "Swedish!"}, "language is not a code"),
    "not a date": ({"completed": "3 May 2019"}, "completed is not a date"),
    "no offset": ({"completed": "2019-05-03T10:15"}, "a time without its offset"),
    "future": ({"completed": "2999-01-01"}, "completed is in the future"),
    "unborn": ({"completed": "1901-01-01"}, "before the person was born"),
    "child": ({"completed": "1960-01-01"}, "not for this respondent about a patient of that age"),
    "respondent": ({"respondent": "neighbour"}, "respondent is not one of proxy, self"),
    "no method": ({"method": ""}, "method is empty"),
    "nothing": ({"score:promis_anxiety.t": ""}, "neither item answers nor scores"),
    "not a number": ({"score:promis_anxiety.t": "high"}, "score:promis_anxiety.t is not a number"),
    "score range": ({"score:promis_anxiety.t": "155"}, "outside the variable's range"),
    "variable": ({"score:eq5d5l.vas": "80"}, "not a variable of the instrument"),
    "item": ({"item:mobility": "2"}, "item:mobility is not an item of the instrument"),
    "item range": ({"item:EDANX01": "9"}, "item:EDANX01 holds a value that the item does not take"),
    "empty": ({"mode": " "}, "mode is empty"),
}


@pytest.mark.parametrize(("changes", "why"), BAD.values(), ids=BAD)
def test_a_row_that_cannot_be_believed_is_refused_with_its_reason(
    world: World, file: Path, changes: dict[str, str], why: str
) -> None:
    """B12, B13: the reason never says what stood there."""
    write_rows(file, [scored_row(world, number(world)) | changes])
    (report,) = check(world, file)
    assert report.outcome is REFUSED
    assert why in report.why
    assert not any(value and len(value) > 4 and value in report.why for value in changes.values())


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"completed": "2020-05-03"}, "source_key comes twice"),
        ({"source_key": "r-2"}, "this person's answers to this instrument at this time twice"),
    ],
)
def test_a_double_in_the_file_is_refused(world: World, file: Path, second: dict[str, str], why: str) -> None:
    row = scored_row(world, number(world))
    reports = check(world, write_rows(file, [row, row | second]))
    assert reports.outcomes == [TAKEN, REFUSED]
    assert why in reports[1].why


def test_item_answers_are_scored_and_sealed_and_the_files_own_score_kept_beside_ours(
    world: World, file: Path, database: TestDatabase
) -> None:
    """B13, D3: 0.9755 less five terms of level 2 is 0.8232."""
    write_rows(file, [item_row(world, number(world), **{"score:eq5d5l.index": "0,82", "score:eq5d5l.vas": "80"})])
    (report,) = take(world, file)
    assert (report.outcome, list(report.differences)) == (TAKEN, [])
    with database.connect("survey_owner") as connection:
        index = connection.execute(
            "SELECT origin, value, method FROM imported_scores WHERE variable = 'eq5d5l.index' ORDER BY origin"
        ).fetchall()
        sealed = connection.execute("SELECT value_sealed FROM imported_answers").fetchall()
    assert [(origin, value) for origin, value, _ in index] == [("computed", 0.8232), ("source", 0.82)]
    assert index[1][2] == "Sweden 2020"
    assert len(sealed) == len(ITEMS)
    assert all(len(value) > 20 for (value,) in sealed)


def test_a_score_that_is_not_what_the_answers_are_worth_is_reported(world: World, file: Path) -> None:
    write_rows(
        file, [item_row(world, number(world), **{"score:eq5d5l.index": "0.80", "score:eq5d5l.profile": "22221"})]
    )
    (report,) = check(world, file)
    assert report.outcome is TAKEN
    assert list(report.differences) == [
        "eq5d5l.index differs by 0.0232",
        "eq5d5l.profile is not what the item answers make",
    ]


def test_an_answer_that_is_not_known_makes_no_score_up(world: World, file: Path, database: TestDatabase) -> None:
    """Missing is not zero."""
    write_rows(file, [item_row(world, number(world), **{"item:mobility": "", "score:eq5d5l.index": "0.82"})])
    (report,) = take(world, file)
    assert list(report.differences) == ["eq5d5l.index cannot be computed from the item answers"]
    with database.connect("survey_owner") as connection:
        query = "SELECT value, missing_reason FROM imported_scores WHERE variable = 'eq5d5l.index' AND origin = %s"
        assert connection.execute(query, ["computed"]).fetchone() == (None, "unanswered")


# ---- bad files


def raw(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


HEADER = "personal_number,source_key,instrument,version,completed,mode,language"
FILES = {
    "encoding": (lambda path: path.write_bytes(f"{HEADER}\n1,é".encode("latin-1")), "The file is not UTF-8"),
    "empty": (raw(""), "The file has no header"),
    "missing": (
        raw("personal_number,mode\n"),
        "lacks the columns source_key, instrument, version, completed, language",
    ),
    "unknown": (raw(f"{HEADER},colour\n"), "The column 'colour' is not one that can be read"),
    "twice": (raw(f"{HEADER},mode\n"), "The column 'mode' comes twice"),
    "quotation": (raw(f'{HEADER}\n"1,2\n'), "cannot be read as CSV after line 1"),
    "long": (raw(f"{HEADER}\n{'x' * 200_000}\n"), "cannot be read as CSV after line 1"),
    "binary": (lambda path: path.write_bytes(b"PK\x03\x04\x00\x00" * 50), "The file has no header"),
}


@pytest.mark.parametrize(("make", "why"), FILES.values(), ids=FILES)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(
    world: World, file: Path, database: TestDatabase, make: Callable[[Path], object], why: str
) -> None:
    """B13"""
    make(file)
    with pytest.raises(FileRefused) as refused:
        take(world, file)
    assert why in str(refused.value)
    assert sum(rows_in(database).values()) == 0


def test_a_gigabyte_is_refused_before_it_is_read(world: World, file: Path) -> None:
    with file.open("wb") as huge:
        huge.truncate(1_000_000_000)  # a sparse file: nothing is written
    with pytest.raises(FileRefused, match="larger than 200 MB"):
        check(world, file)


def test_half_a_row_is_refused_and_the_others_are_read(world: World, file: Path) -> None:
    write_rows(file, [scored_row(world, number(world)), scored_row(world, number(world), "r-2")])
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole[: whole.rindex(",") - 20], encoding="utf-8")
    reports = check(world, file)
    assert reports.outcomes == [TAKEN, REFUSED]
    assert "fields where the header has" in reports[1].why


def test_semicolons_and_a_byte_order_mark_are_read_as_a_spreadsheet_writes_them(world: World, file: Path) -> None:
    row = scored_row(world, number(world), **{"score:promis_anxiety.t": "55,2"})
    write_rows(file, [row], delimiter=";")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert check(world, file).outcomes == [TAKEN]


def test_a_file_that_changes_while_it_is_read_is_told(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(file, [scored_row(world, number(world))])

    def append(_report: object) -> None:
        with file.open("a", encoding="utf-8") as more:
            more.write("x")

    with pytest.raises(FileRefused, match="changed while it was read"):
        import_history(world.services, file, source=SOURCE, skip_bad=False, told=append, as_=world.alice)
    assert reading.MOST_BYTES < 1_000_000_000


# ---- kept apart, and by whom it is seen


@pytest.fixture
def patient(world: World, file: Path) -> Patient:
    """With one earlier result at alice's unit, and one response of today that is received and released."""
    identity = world.new_identity()
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    take(world, write_rows(file, [item_row(world, identity.number)]))
    return patient


def test_no_release_can_point_at_an_earlier_result(
    world: World, patient: Patient, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """A2, B13: no receipt, and so no release, can be written about it; and no foreign key leads from there to it."""
    run_jobs()
    with database.connect("survey_owner") as connection:
        (imported,) = connection.execute("SELECT id FROM imported_responses").fetchone() or (None,)
        for table, key in (("receipts", "response_id"), ("releases", "id"), ("deliveries", "response_id")):
            columns = [
                column.name for column in connection.execute(f"SELECT * FROM {table}".encode()).description or ()
            ]
            fresh = {key: f"'{new_id()}'", "reference": f"'{new_id()}'", "response_id": f"'{imported}'"}
            values = ", ".join(fresh.get(name, name) for name in columns)
            statement = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} LIMIT 1"
            with pytest.raises(ForeignKeyViolation):
                connection.execute(statement.encode())
            connection.rollback()
        referring = connection.execute(
            """SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND confrelid = 'imported_responses'::regclass ORDER BY 1"""
        ).fetchall()
    assert referring == [("imported_answers",), ("imported_scores",)]


def counts(world: World, principal: Principal) -> list[int] | None:
    """Rows of each table, or None where the role may not ask."""
    try:
        with world.services.db.transaction(as_=principal) as connection:
            return [
                int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()) for table in TABLES[1:]
            ]
    except sa.exc.ProgrammingError as refused:
        return None if isinstance(refused.orig, InsufficientPrivilege) else []


def test_earlier_results_are_seen_by_the_provider_and_the_person_and_nobody_else(
    world: World, patient: Patient
) -> None:
    """A6, B1"""
    stranger, _ = world.enrol()
    assert counts(world, world.alice) == counts(world, patient) == [1, 5, 6]
    assert counts(world, world.charlie) == counts(world, stranger) == [0, 0, 0]
    for principal in (world.register, world.system):
        assert counts(world, principal) is None


def test_nobody_writes_earlier_results_for_another_provider_or_in_anothers_name(
    world: World, patient: Patient, database: TestDatabase
) -> None:
    """A6"""
    forged = f"""INSERT INTO history_imports (id, provider_id, unit_id, staff_id, source, file_digest, imported_at)
        VALUES ('{new_id()}', '{world.alice.provider_id}', '{world.alice.unit_id}', '{world.bob.staff_id}', 's',
                sha256('x'), now())"""
    with database.connect("survey_owner") as connection:
        columns = connection.execute("SELECT id, provider_id, person_id FROM imported_responses").fetchone() or ()
    foreign = """INSERT INTO imported_scores (response_id, variable, origin, provider_id, person_id, value, method)
        VALUES ('{}', 'forged', 'source', '{}', '{}', 1, 'm')""".format(*columns)
    with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=world.charlie) as as_charlie:
        as_charlie.execute(sa.text(foreign))
    with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=world.alice) as connection:
        connection.execute(sa.text(forged))
    for verb in ("UPDATE imported_scores SET value = 1", "DELETE FROM imported_answers"):
        with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=world.alice) as connection:
            connection.execute(sa.text(verb))


def test_the_unit_sees_where_results_come_from_and_each_opening_is_logged(
    world: World, app: Flask, patient: Patient, database: TestDatabase
) -> None:
    """B13, G2"""
    visitor = Visitor(app, world.staff_cookie(world.alice))
    page = visitor.get(f"/staff/patients/{world.reference(patient)}/history").get_data(as_text=True)
    assert SOURCE in page
    assert "Alice Ask" in page
    assert "22222" in page
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT actor_id, person_id FROM audit_events WHERE object_kind = 'imported_results'"
        ).fetchall()
    assert logged == [(world.alice.staff_id, patient.person_id)]


def test_the_responses_page_leads_to_earlier_results_where_there_are_any(
    world: World, app: Flask, patient: Patient
) -> None:
    other, occasion = world.enrol()
    (without,) = world.answer(other, occasion)
    open_response(world.services, without, as_=world.alice)
    with world.services.db.transaction(as_=patient) as connection:
        (with_some,) = connection.execute(sa.text("SELECT id FROM responses")).scalars()
    visitor = Visitor(app, world.staff_cookie(world.alice))
    link = f"/staff/patients/{world.reference(patient)}/history"
    assert link in visitor.get(f"/staff/responses/{with_some}").get_data(as_text=True)
    assert "/history" not in visitor.get(f"/staff/responses/{without}").get_data(as_text=True)


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_another_unit_sees_no_earlier_results(world: World, patient: Patient, who: str) -> None:
    """A6"""
    with pytest.raises(AccessDenied):
        earlier_results(world.services, patient.person_id, as_=getattr(world, who))


def test_the_person_sees_who_brought_results_in_and_who_opened_them(world: World, app: Flask, file: Path) -> None:
    """B10, G2"""
    identity = world.new_identity()
    patient, _ = world.enrol(identity)
    take(world, write_rows(file, [scored_row(world, identity.number)]))
    Visitor(app, world.staff_cookie(world.alice)).get(f"/staff/patients/{world.reference(patient)}/history")
    page = Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True)
    assert "Såg dina tidigare resultat" in page
    assert "Förde in tidigare resultat om dig" in page


# ---- the command


@pytest.fixture
def survey(world: World, keys_url: str) -> Callable[..., Result]:
    settings = replace(world.services.settings, databases=replace(world.services.settings.databases, keys=keys_url))

    def run(verb: str, file: Path, *more: str, unit: str = UNIT_HSA) -> Result:
        arguments = ["history", verb, str(file), "--as", ALICE_HSA, "--unit", unit, "--source", SOURCE, *more]
        return CliRunner().invoke(main, arguments, env=environment_of(settings))

    return run


def test_an_operator_checks_imports_and_reruns(world: World, survey: Callable[..., Result], file: Path) -> None:
    """B13"""
    today = local_day(world.services.clock())
    write_rows(file, [scored_row(world, number(world)), scored_row(world, number(world), "r-2", mode="fax")])
    checked = survey("check", file)
    assert checked.exit_code == 1
    assert "line 3: refused: mode is not one of" in checked.stdout
    assert "Nothing was written" in checked.stdout
    refused = survey("import", file)
    assert (refused.exit_code, refused.stderr[:26]) == (1, "Error: Nothing was written")
    report = file.with_name("report.csv")
    done = survey("import", file, "--skip-bad", "--report", str(report))
    assert done.exit_code == 0, done.output
    with report.open(encoding="utf-8", newline="") as lines:
        assert [row["outcome"] for row in csv.DictReader(lines)] == ["taken", "refused"]
    write_rows(file, [scored_row(world, number(world), "r-3", completed=(today - timedelta(days=1)).isoformat())])
    assert survey("import", file).exit_code == 0


def test_a_file_is_taken_only_in_the_name_of_somebody_with_a_commission_at_the_unit(
    world: World, survey: Callable[..., Result], file: Path
) -> None:
    """A6"""
    write_rows(file, [scored_row(world, number(world))])
    refused = survey("import", file, unit=OTHER_UNIT_HSA)
    assert refused.exit_code == 1
    assert "has a commission at that unit" in refused.stderr
