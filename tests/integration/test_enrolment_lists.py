"""A list of patients with realistic defects: each row's fate, and the same file again without anybody twice."""

from datetime import date
from pathlib import Path

import pytest

from survey_service.errors import BadInput
from survey_service.foundation.principals import Staff
from survey_service.scheduling.enrolling import record_death
from survey_service.scheduling.listing import RowOutcome, RowReport, enrol_list, protocol_called
from survey_service.scheduling.lists import LARGEST_FILE, read_list
from tests.conftest import TestDatabase
from tests.integration.enrolments import found, in_days, order, ordered, rows, standing, today, two_visits
from tests.world import World

HEADING = "personal_number;name;email;phone;anchor_date;care_contact;procedure_id;side"
EVENTS = "personnummer,namn,datum,vårdkontakt,sida,event_id,state"


@pytest.fixture
def code(world: World) -> str:
    two_visits(world)
    return "two-visits"


def run(world: World, text: str | bytes, code: str, *, apply: bool = True, by: Staff | None = None) -> list[RowReport]:
    as_ = by or world.alice
    content = text if isinstance(text, bytes) else text.encode()
    protocol = protocol_called(world.services, code, as_=as_)
    return list(enrol_list(world.services, read_list(content), protocol, apply=apply, as_=as_))


def outcomes(told: list[RowReport]) -> list[str]:
    return [one.outcome.value for one in told]


def row(world: World, number: str | None = None, day: date | None = None, **changes: str) -> str:
    cells = {
        "number": number or world.new_identity().number,
        "name": "Tyra Testsson",
        "email": "",
        "phone": "",
        "day": str(day or today(world)),
        "contact": "Besök 1",
        "procedure": "",
        "side": "",
    } | changes
    return ";".join(cells.values())


def count(database: TestDatabase) -> int:
    return int(rows(database, "SELECT count(*) FROM enrolments")[0][0])


def test_a_list_with_realistic_defects_is_told_of_row_by_row(world: World, code: str, database: TestDatabase) -> None:
    """F2"""
    twice = row(world)
    text = "\r\n".join(
        [
            HEADING,
            row(world, email="a@example.se", phone="070-174 06 05", side="vänster", procedure="NGB49"),
            row(world, number="19121212-1213"),
            row(world, name=""),
            row(world, email="a@b"),
            twice,
            twice,
            "",
            row(world, day=date(1999, 1, 1)),
            row(world, side="mitten"),
            row(world, contact=""),
            row(world).replace(str(today(world)), "24 december"),
            row(world) + ";för;mycket",
            row(world, contact="19121212-1212"),
        ]
    )
    told = run(world, text, code)
    refused = "refused"
    assert outcomes(told) == ["accepted", refused, refused, refused, "accepted"] + [refused] * 7
    assert [one.line for one in told] == [2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14]
    assert all(one.why for one in told if one.outcome is RowOutcome.REFUSED)
    assert count(database) == 2


def test_a_report_repeats_nothing_of_a_row(world: World, code: str) -> None:
    text = f"{HEADING}\n" + row(world, number="19991231-0000", name="Tyra Hemlighet", email="x")
    (told,) = run(world, text, code)
    assert not any(secret in told.why for secret in ("1231", "Hemlighet"))


def test_a_preview_writes_nothing_and_says_the_same(world: World, code: str, database: TestDatabase) -> None:
    text = f"{HEADING}\n{row(world)}\n{row(world, number='1')}\n{row(world, day=in_days(world, 3000))}"
    before = outcomes(run(world, text, code, apply=False))
    assert count(database) == 0
    assert rows(database, "SELECT count(*) FROM persons") == [(0,)]
    assert outcomes(run(world, text, code)) == before == ["accepted", "refused", "refused"]


def test_the_same_file_again_enrols_nobody_twice(world: World, code: str, database: TestDatabase) -> None:
    """F2"""
    text = f"{HEADING}\n" + "\n".join(row(world) for _ in range(3))
    assert outcomes(run(world, text, code)) == ["accepted"] * 3
    assert outcomes(run(world, text, code)) == ["already there"] * 3
    assert count(database) == 3


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig"])
def test_comma_and_semicolon_and_a_byte_order_mark_are_read(world: World, code: str, coding: str) -> None:
    text = f"{HEADING}\n{row(world, name='Åsa Öberg')}".replace(";", ",")
    assert outcomes(run(world, text.encode(coding), code)) == ["accepted"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"personnummer;namn;datum\n", "The file lacks the column care_contact."),
        ("personal_number;namn;vårdkontakt".encode("latin-1"), "The file is not UTF-8. Save it as CSV UTF-8."),
        (b"name,name,personal_number,anchor_date,care_contact", "The file has the same column twice."),
        (HEADING.encode() + b'\n"open', "The file is not CSV: line 2."),
        (b"x" * (LARGEST_FILE + 1), "The file is larger than one megabyte. Divide it."),
    ],
)
def test_a_file_that_cannot_be_read_says_so(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_list(content)
    assert str(refused.value) == sentence


def test_whoever_is_dead_is_not_enrolled_from_a_list(world: World, code: str) -> None:
    identity = world.new_identity()
    enrolment_id, _ = ordered(world, order(world, world.protocols["eq5d-only"], identity))
    record_death(world.services, enrolment_id, as_=world.alice)
    (told,) = run(world, f"{HEADING}\n{row(world, number=identity.number)}", code)
    assert (told.outcome, told.why) == (RowOutcome.REFUSED, "The patient is recorded as dead.")


def test_another_providers_list_orders_for_the_same_patient_and_sees_nothing_of_ours(world: World) -> None:
    """A6"""
    number = world.new_identity().number
    text = f"{HEADING}\n{row(world, number=number)}"
    assert outcomes(run(world, text, "eq5d-only")) == ["accepted"]
    assert outcomes(run(world, text, "eq5d-only", by=world.charlie)) == ["accepted"]


# ---- the nightly list


def night(world: World, number: str, *, days: int = 30, side: str = "left", state: str = "planned") -> str:
    return f"{EVENTS}\n{number},Tyra Testsson,{in_days(world, days)},Operation,{side},OP-1,{state}"


def test_a_nightly_list_moves_turns_and_cancels_what_it_ordered(world: World, code: str) -> None:
    """F1, F2"""
    number = world.new_identity().number
    (first,) = run(world, night(world, number), code)
    assert first.enrolment_id is not None
    told = [
        run(world, night(world, number, **changes), code)[0].outcome.value  # type: ignore[arg-type]
        for changes in (
            {},
            {"days": 40, "state": "moved"},
            {"days": 40, "side": "right", "state": "side_changed"},
            {"days": 40, "side": "right"},
            {"state": "cancelled"},
            {"state": "cancelled"},
        )
    ]
    assert told == ["already there", "moved", "moved", "already there", "cancelled", "already there"]
    stands = found(world, first.enrolment_id)
    assert (stands.anchor_date, stands.side, stands.state.value) == (in_days(world, 40), "right", "ended")
    assert standing(world, first.enrolment_id) == []


def test_an_event_that_another_patient_has_is_refused(world: World, code: str, database: TestDatabase) -> None:
    run(world, night(world, world.new_identity().number), code)
    (told,) = run(world, night(world, world.new_identity().number), code)
    assert told.outcome is RowOutcome.REFUSED
    assert count(database) == 1


def test_what_was_cancelled_before_it_was_ever_ordered_orders_nothing(
    world: World, code: str, database: TestDatabase
) -> None:
    told = run(world, night(world, world.new_identity().number, state="cancelled"), code)
    assert (outcomes(told), count(database)) == (["already there"], 0)


def test_the_command_line_reports_and_ends_in_failure_where_a_row_is_refused(
    world: World, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager

    from click.testing import CliRunner

    from survey_service.commands import enrolment
    from survey_service.commands.console import refusals
    from tests.world import ALICE_HSA, UNIT_HSA

    @contextmanager
    def wired():
        with refusals():
            yield world.services

    monkeypatch.setattr(enrolment, "operator_services", wired)
    file, report = tmp_path / "list.csv", tmp_path / "report.csv"
    file.write_text(f"{HEADING}\n{row(world)}\n{row(world, number='1')}", encoding="utf-8")
    asked = [str(file), "--as", ALICE_HSA, "--unit", UNIT_HSA, "--protocol", code, "--report", str(report)]
    checked = CliRunner().invoke(enrolment.enrol, [*asked, "--check"])
    assert (checked.exit_code, "Nothing was written" in checked.output) == (1, True)
    done = CliRunner().invoke(enrolment.theatre_list, asked)
    assert done.exit_code == 1
    lines = report.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines] == [["line", "outcome"], ["2", "accepted"], ["3", "refused"]]
