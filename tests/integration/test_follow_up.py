"""The follow-up of a unit: what is counted, what is told of others, and what nobody can work out by SQL."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from survey_service.errors import AccessDenied
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff, System
from survey_service.insight.formats import COLUMNS, as_csv
from survey_service.insight.jobs import make_all_figures
from survey_service.insight.queries import figures_of_unit
from survey_service.insight.reporting import Line, Report, report
from survey_service.insight.rules import Sums, blocks
from survey_service.insight.summaries import Kind
from survey_service.insight.use_cases import end_ground, make_figures, record_ground
from survey_service.notifying.use_cases import NonResponse, note_non_response
from survey_service.scheduling.enrolling import end, pause, record_death, resume, void_enrolment
from survey_service.scheduling.queries import Occasion, occasions_of_enrolment
from survey_service.scheduling.use_cases import publish_protocol
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.world import World, protocol_definition

HERE, THERE = "SE2321000016-p1", "SE5561234567-p2"
REASON = "Patient Data Act, chapter 4, section 6"


@pytest.fixture
def surgery(world: World) -> str:
    """A protocol with an occasion before the event and one after it."""
    definition = protocol_definition("surgery", ["eq5d-5l", "promis-anxiety"])
    before = definition["occasions"][0] | {"code": "before", "opens_days_before": 7, "closes_days_after": 3}
    after = before | {"code": "after", "due_day": 30, "closes_days_after": 10}
    definition["occasions"] = [before, after]
    provider_id = world.alice.provider_id
    world.protocols["surgery"] = publish_protocol(world.services, provider_id=provider_id, definition=definition)
    return "surgery"


def both_occasions(world: World, protocol: str) -> tuple[Patient, list[Occasion]]:
    patient, occasion = world.enrol(protocol=protocol)
    with world.services.db.transaction(as_=world.alice) as connection:
        return patient, occasions_of_enrolment(connection, occasion.enrolment_id)


def follow_up(world: World, *, by: Staff | None = None) -> Report:
    """Counted now, of the last months."""
    by = by or world.alice
    make_figures(world.services, as_=System(by.provider_id))
    today = local_day(world.services.clock())
    first = today - timedelta(days=200)
    return report(world.services, first=first.replace(day=1), last=today.replace(day=1), as_=by)


def shown(found: Report, kind: Kind, occasion: str = "visit", subject: str = "") -> dict[str, tuple[str, str | None]]:
    return {
        line.cell: (line.count.shown, line.of.shown if line.of else None)
        for line in found.lines
        if (line.kind, line.occasion, line.subject) == (kind, occasion, subject)
    }


def only(found: Report, kind: Kind, occasion: str, subject: str) -> Line:
    (line,) = [one for one in found.lines if (one.kind, one.occasion, one.subject) == (kind, occasion, subject)]
    return line


def test_who_was_asked_and_has_answered_is_counted_when_the_time_to_answer_is_over(
    world: World, clock: TestClock
) -> None:
    """B11"""
    asked = [world.enrol(protocol="both") for _ in range(13)]
    for patient, occasion in asked[:7]:
        world.answer(patient, occasion)
    assert follow_up(world).lines == []
    clock.advance(timedelta(days=16))
    found = follow_up(world)
    assert shown(found, Kind.RESPONSE) == {"answered": ("7", "13")}
    assert shown(found, Kind.REASON) == {"not_asked": ("6", "6")}
    assert follow_up(world, by=world.bob).lines == []


def test_what_is_answered_in_part_withdrawn_or_for_the_wrong_patient_is_no_answer(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    asked = [world.enrol(protocol="both") for _ in range(14)]
    for patient, occasion in asked[:6]:
        world.answer(patient, occasion)
    world.start(*asked[6])
    with database.connect("survey_owner") as connection:
        withdrawn, void = asked[12][1], asked[13][1]
        connection.execute(
            "UPDATE occasions SET withdrawn_at = now(), withdrawn_reason = 'died' WHERE id = %s", [withdrawn.id]
        )
        connection.execute(
            "INSERT INTO enrolment_events (id, provider_id, person_id, enrolment_id, kind, reason, staff_id, at)"
            " SELECT gen_random_uuid(), provider_id, person_id, id, %s, 'a test', ordered_by, now() FROM enrolments",
            ["voided"],
        )
        connection.execute("UPDATE enrolments SET state = 'voided' WHERE id = %s", [void.enrolment_id])
    clock.advance(timedelta(days=16))
    assert shown(follow_up(world), Kind.RESPONSE) == {"answered": ("6", "12")}


def test_each_unanswered_occasion_has_the_first_reason_that_holds_as_counted_by_hand(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """B11"""
    people = [world.enrol() for _ in range(15)]
    asked = [one for _, one in people]
    world.answer(*people[0])
    (void_id,) = world.answer(*people[1])
    for begun in (2, 3, 4):  # what is begun is not withdrawn, whatever becomes of the enrolment
        world.start(*people[begun])
    for place, why in {3: "declined", 4: "declined", 5: "too_ill", 6: "language", 7: "other", 8: "moved"}.items():
        note_non_response(world.services, asked[place].id, NonResponse(why), new_id(), as_=world.alice)
    clock.advance(timedelta(hours=1))
    note_non_response(world.services, asked[7].id, NonResponse.DECLINED, new_id(), as_=world.alice)  # the latest counts
    record_death(world.services, asked[2].enrolment_id, as_=world.alice)
    record_death(world.services, asked[3].enrolment_id, as_=world.alice)  # before what was noted
    end(world.services, asked[4].enrolment_id, "wanted no more", as_=world.alice)  # after what was noted
    pause(world.services, asked[9].enrolment_id, as_=world.alice)
    for paused_and_resumed in (pause, resume):
        paused_and_resumed(world.services, asked[10].enrolment_id, as_=world.alice)
    record_death(world.services, asked[11].enrolment_id, as_=world.alice)
    end(world.services, asked[12].enrolment_id, "wanted no more", as_=world.alice)
    void_enrolment(world.services, asked[13].enrolment_id, "somebody else", as_=world.alice)
    with database.connect("survey_owner") as connection:
        void(connection, void_id, world)
    clock.advance(timedelta(days=16))
    record_death(world.services, asked[14].enrolment_id, as_=world.alice)  # too late to be why
    assert counted(world, database) == {
        ("response", "answered"): 1,
        ("response", "unanswered"): 11,
        ("reason", "void"): 1,
        ("reason", "died"): 2,
        ("reason", "declined"): 2,
        ("reason", "too_ill"): 1,
        ("reason", "language"): 1,
        ("reason", "moved"): 1,
        ("reason", "paused"): 1,
        ("withdrawn", "died"): 1,
        ("withdrawn", "ended"): 1,
        ("withdrawn", "wrong_patient"): 1,
    }
    found = follow_up(world)
    assert shown(found, Kind.REASON) == {"several": ("11", "11")}
    assert shown(found, Kind.WITHDRAWN) == {"several": ("<5", "<5")}


def counted(world: World, database: TestDatabase) -> dict[tuple[str, str], int]:
    """The figures as they are kept, before anything is suppressed."""
    make_figures(world.services, as_=world.system)
    with database.connect("survey_owner") as connection:
        rows = connection.execute(
            "SELECT kind, cell, n FROM follow_up_figures WHERE kind IN ('response', 'reason', 'withdrawn')"
        ).fetchall()
    return {(kind, cell): n for kind, cell, n in rows}


def test_what_another_order_asked_for_both_is_answered_for_both(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """B6"""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    world.enrol(identity, by=world.bob)
    world.answer(patient, first)
    clock.advance(timedelta(days=16))
    make_figures(world.services, as_=world.system)
    with database.connect("survey_owner") as connection:
        rows = connection.execute("SELECT unit_id, cell, n FROM follow_up_figures WHERE kind = 'response'").fetchall()
    assert {unit_id: (cell, n) for unit_id, cell, n in rows} == {
        world.alice.unit_id: ("answered", 1),
        world.bob.unit_id: ("answered", 1),
    }


def test_reasons_of_few_are_told_together_since_those_who_did_not_answer_are_told(
    world: World, clock: TestClock
) -> None:
    asked = [world.enrol()[1] for _ in range(13)]
    for place, one in enumerate(asked[:12]):
        why = NonResponse.DECLINED if place < 6 else NonResponse.TOO_ILL if place < 10 else NonResponse.MOVED
        note_non_response(world.services, one.id, why, new_id(), as_=world.alice)
    clock.advance(timedelta(days=16))
    found = follow_up(world)
    assert shown(found, Kind.REASON) == {"declined": ("6", "13"), "several": ("7", "13")}


def test_a_small_rest_is_not_told_nor_what_would_give_it_away(world: World, clock: TestClock) -> None:
    """B11"""
    asked = [world.enrol(protocol="eq5d-only") for _ in range(9)]
    for patient, occasion in asked[:7]:
        world.answer(patient, occasion)
    clock.advance(timedelta(days=16))
    found = follow_up(world)
    assert shown(found, Kind.RESPONSE) == {"answered": ("7", "7-11")}
    assert shown(found, Kind.REASON) == {"not_asked": ("<5", "<5")}
    assert only(found, Kind.MINUTES, "visit", "eq5d-5l").count.shown == "5-7"


def test_the_time_from_first_to_last_answer_is_told_in_quartiles(world: World, clock: TestClock) -> None:
    for _ in range(5):
        world.answer(*world.enrol(protocol="eq5d-only"))
    clock.advance(timedelta(days=16))
    times = only(follow_up(world), Kind.MINUTES, "visit", "eq5d-5l").quartiles
    # Six answers, nine seconds apart.
    assert times is not None
    assert (times.lower, times.median, times.upper) == (0, 0, 0)


def test_before_and_after_are_pairs_of_the_same_enrolment(world: World, clock: TestClock, surgery: str) -> None:
    people = [both_occasions(world, surgery) for _ in range(8)]
    for patient, (before, _) in people[:7]:
        world.answer(patient, before, value=3)
    clock.advance(timedelta(days=30))
    # The eighth has no answer from before, so no change.
    for patient, (_, after) in people:
        world.answer(patient, after, value=1)
    clock.advance(timedelta(days=20))
    found = follow_up(world)
    assert only(found, Kind.SCORE, "after", "promis_anxiety.t").count.shown == "5-8"
    change = only(found, Kind.CHANGE, "after", "promis_anxiety.t")
    assert change.mean is not None
    assert change.mean.mean < -3
    assert shown(found, Kind.IMPORTANT, "after", "promis_anxiety.t")["better"][0] == "7"
    assert shown(found, Kind.IMPORTANT, "after", "promis_anxiety.t")["worse"][0] == "<5"
    assert shown(found, Kind.RELIABLE, "after", "promis_anxiety.t")["better"][0] == "7"
    assert shown(found, Kind.PARETIAN, "after", "eq5d5l.profile")["improve"][0] == "7"
    assert not [one for one in found.lines if one.kind is Kind.CHANGE and one.occasion == "before"]


def test_a_void_answer_is_in_no_figure(world: World, clock: TestClock, database: TestDatabase) -> None:
    asked = [world.enrol(protocol="eq5d-only") for _ in range(6)]
    answered = [world.answer(patient, occasion)[0] for patient, occasion in asked]
    clock.advance(timedelta(days=16))
    assert shown(follow_up(world), Kind.RESPONSE)["answered"][0] == "6"
    with database.connect("survey_owner") as connection:
        void(connection, answered[0], world)
    assert shown(follow_up(world), Kind.RESPONSE)["answered"][0] == "5"


def void(connection: psycopg.Connection, response_id: UUID, world: World) -> None:
    """As its unit would, who has received it."""
    connection.execute(
        """INSERT INTO receipts (response_id, provider_id, person_id, unit_id, staff_id, route, received_at)
           SELECT d.response_id, d.provider_id, d.person_id, d.unit_id, %s, 'opened_by_person', now()
           FROM deliveries d WHERE d.response_id = %s""",
        [world.alice.staff_id, response_id],
    )
    connection.execute(
        """INSERT INTO response_versions (response_id, version, provider_id, person_id, kind, reason, staff_id,
                                          request_id, at)
           SELECT id, 2, provider_id, person_id, 'voided', 'wrong_patient', %s, gen_random_uuid(), now()
           FROM responses WHERE id = %s""",
        [world.alice.staff_id, response_id],
    )


# What others may be told, by SQL.


@pytest.fixture
def told_of_others(world: World, database: TestDatabase) -> Callable[..., list[Any]]:
    """What the role of alice's staff is answered, as she asks it herself."""

    def ask(scope: str, first: str, last: str, *, as_: Staff | None = None) -> list[Any]:
        who = as_ or world.alice
        with database.connect("survey_login") as connection:
            connection.execute("SET ROLE survey_staff")
            connection.execute("SELECT set_config('app.provider', %s, true)", [str(who.provider_id)])
            return connection.execute(
                "SELECT kind, cell, n, share FROM follow_up_of_others(%s, %s, %s, %s) ORDER BY 1, 2",
                [scope, who.unit_id, first, last],
            ).fetchall()

    return ask


def give_figures(world: World, database: TestDatabase, by: Staff, months: dict[str, tuple[int, int]]) -> None:
    """Answered and unanswered by month, as the nightly job would have told them: through its own rules."""
    cells = {
        date.fromisoformat(f"{month}-01"): {"answered": Sums(done), "unanswered": Sums(left)}
        for month, (done, left) in months.items()
    }
    with database.connect("survey_owner") as connection:
        for block in blocks(cells, ("answered", "unanswered")):
            for cell, sums in block.cells.items():
                connection.execute(
                    """INSERT INTO follow_up_blocks (provider_id, unit_id, protocol, occasion, first_month, last_month,
                                                     kind, subject, cell, n, total, squares)
                       VALUES (%s, %s, 'surgery', 'after', %s, %s, 'response', '', %s, %s, 0, 0)""",
                    [by.provider_id, by.unit_id, block.first, block.last, cell, sums.n],
                )


def allow(world: World, scope: str, provider: str = HERE) -> UUID:
    return record_ground(
        world.services,
        provider=provider,
        scope=scope,
        ground=REASON,
        recorded_by="the chief medical officer",
        valid_from=date(2020, 1, 1),
        valid_until=None,
    )


FEW = {"2026-01": (9, 3), "2026-02": (2, 4), "2026-03": (7, 8), "2026-04": (3, 3), "2026-05": (6, 1), "2026-06": (1, 6)}


def test_nothing_is_told_of_other_units_without_a_recorded_ground(
    world: World, database: TestDatabase, told_of_others: Callable[..., list[Any]]
) -> None:
    give_figures(world, database, world.bob, FEW)
    assert told_of_others("own_units", "2026-01-01", "2026-12-01") == []
    ground = allow(world, "own_units")
    assert told_of_others("own_units", "2026-01-01", "2026-12-01") == [
        ("response", "answered", 28, 53),
        ("response", "unanswered", 25, 47),
    ]
    end_ground(world.services, ground, last_day=local_day(world.services.clock()) - timedelta(days=1))
    assert told_of_others("own_units", "2026-01-01", "2026-12-01") == []


def test_no_period_and_no_difference_of_periods_tells_a_count_below_five(
    world: World, database: TestDatabase, told_of_others: Callable[..., list[Any]]
) -> None:
    """B11"""
    give_figures(world, database, world.bob, FEW)
    allow(world, "own_units")
    months = [f"2026-{number:02d}-01" for number in range(1, 8)]
    told = {span: {cell: n for _, cell, n, _ in told_of_others("own_units", *span)} for span in combinations(months, 2)}
    assert {n for cells in told.values() for n in cells.values() if n < 5} == set()
    for outer, inner in combinations(told, 2):
        if outer[0] <= inner[0] and inner[1] <= outer[1]:
            for cell in ("answered", "unanswered"):
                assert told[outer].get(cell, 0) - told[inner].get(cell, 0) not in {1, 2, 3, 4}


def test_a_provider_is_compared_with_those_others_that_have_a_ground_too(
    world: World, database: TestDatabase, told_of_others: Callable[..., list[Any]]
) -> None:
    give_figures(world, database, world.bob, FEW)
    give_figures(world, database, world.charlie, {"2026-01": (20, 10)})
    allow(world, "country")
    assert told_of_others("country", "2026-01-01", "2026-12-01") == []
    allow(world, "country", THERE)
    assert [n for _, _, n, _ in told_of_others("country", "2026-01-01", "2026-12-01")] == [20, 10]
    assert [n for _, _, n, _ in told_of_others("country", "2026-01-01", "2026-12-01", as_=world.charlie)] == [28, 25]
    assert told_of_others("own_units", "2026-01-01", "2026-12-01") == []


@pytest.mark.parametrize("statement", [
    "SELECT * FROM follow_up_blocks",
    "INSERT INTO comparison_grounds (id) VALUES (gen_random_uuid())",
    "SELECT * FROM count_follow_up('{}', '{}', '{}', '{}', now())",
    "SELECT hasten_jobs(now())",
])  # fmt: skip
def test_staff_cannot_get_round_what_is_told(statement: str, database: TestDatabase) -> None:
    with database.connect("survey_login") as connection:
        connection.execute("SET ROLE survey_staff")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_the_database_refuses_a_small_cell_for_others(world: World, database: TestDatabase) -> None:
    with database.connect("survey_owner") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            """INSERT INTO follow_up_blocks VALUES (%s, %s, 'p', 'o', '2026-01-01', '2026-01-01', 'response', '',
                                                    'answered', 4, 0, 0)""",
            [world.bob.provider_id, world.bob.unit_id],
        )


def test_another_provider_sees_no_figure_of_the_unit(world: World, clock: TestClock, database: TestDatabase) -> None:
    for _ in range(6):
        world.answer(*world.enrol(protocol="eq5d-only"))
    clock.advance(timedelta(days=16))
    make_all_figures(world.services)
    spying = replace(world.charlie, unit_id=world.alice.unit_id)
    today = local_day(clock())
    with pytest.raises(AccessDenied):
        report(world.services, first=date(2020, 1, 1), last=today, as_=spying)
    with world.services.db.transaction(as_=spying) as connection:
        assert not figures_of_unit(connection, spying.unit_id, first=date(2020, 1, 1), last=today)


def test_the_page_and_the_file_tell_the_same(world: World, clock: TestClock, app: Flask) -> None:
    asked = [world.enrol(protocol="both") for _ in range(12)]
    for patient, occasion in asked[:7]:
        world.answer(patient, occasion)
    clock.advance(timedelta(days=16))
    found = follow_up(world)
    page = Visitor(app, world.staff_cookie(world.alice))
    html = page.get("/staff/follow-up").get_data(as_text=True)
    assert "58" in html
    answer = page.get("/staff/follow-up/figures.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()))
    assert [row["count"] for row in rows] == [line.count.shown for line in found.lines]
    response = next(row for row in rows if row["measure"] == "response")
    assert (response["count"], response["of"], response["percent"]) == ("7", "12", "58")
    assert set(rows[0]) == set(COLUMNS)
    assert as_csv(found).count("\r\n") == len(rows) + 1


def test_a_period_that_cannot_be_is_the_usual_one(world: World, app: Flask) -> None:
    page = Visitor(app, world.staff_cookie(world.alice))
    for asked in ("from=2026-99&to=x", "from=2026-10&to=2026-01", ""):
        assert page.get(f"/staff/follow-up?{asked}").status_code == 200
