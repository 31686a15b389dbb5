"""One response that serves two units of a provider: one receipt, and each unit's own list, flags and assessment."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.delivery.caring import hand_over, write_note
from survey_service.delivery.course import Standing
from survey_service.delivery.course_reading import course_of_patient
from survey_service.delivery.flag_setting import NewRule, set_flag_hours, set_rule
from survey_service.delivery.flagging import Bound, Threshold
from survey_service.delivery.queries import counts, current_version, unreceived, unreceived_count
from survey_service.delivery.rules import Show
from survey_service.delivery.use_cases import assess_response, confirm_receipts, open_response
from survey_service.delivery.watching import watch, watch_flags
from survey_service.delivery.worklist_queries import escalated, notes_of, unit_flags_of
from survey_service.errors import BadInput, OtherUnits
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.insight.summaries import Kind
from survey_service.scheduling.enrolling import void_enrolment
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.correcting import correct, void
from tests.integration.enrolments import rows
from tests.integration.sharing import Shared, asked_by_both, at, listed
from tests.integration.test_follow_up import follow_up, only, shown
from tests.world import World


@pytest.fixture
def shared(world: World) -> Shared:
    return asked_by_both(world)


def counted(world: World, who: Staff) -> tuple[int, int]:
    with world.services.db.transaction(as_=who) as connection:
        found = counts(connection, who.unit_id)
    return found["all"], found["unread"]


def worried(world: World, by: Staff) -> None:
    rule = NewRule("promis-anxiety", Threshold("promis_anxiety.t", Bound.AT_LEAST, 60), "Ring", new_id())
    set_rule(world.services, rule, as_=by)


# ---- the worklist


@pytest.mark.parametrize("first", ["alice", "bob"])
def test_each_unit_has_it_unread_until_it_opens_it_itself(world: World, shared: Shared, first: str) -> None:
    """B6"""
    one, other = (world.alice, world.bob) if first == "alice" else (world.bob, world.alice)
    for who in (one, other):
        assert listed(world, who, Show.UNREAD) == listed(world, who) == [shared.response_id]
        assert counted(world, who) == (1, 1)
    open_response(world.services, shared.response_id, as_=one)
    assert (counted(world, one), counted(world, other)) == ((1, 0), (1, 1))
    assert at(world, shared.response_id, one).read_at is not None
    assert at(world, shared.response_id, other).read_at is None


def test_the_receipt_stands_once_and_names_who_made_it_and_where(
    world: World, shared: Shared, database: TestDatabase
) -> None:
    """A3, B6"""
    for who in (world.bob, world.alice, world.bob):  # a double click too
        open_response(world.services, shared.response_id, as_=who)
    happened = at(world, shared.response_id, None)
    assert (happened.received_by, happened.received_at_unit) == (world.bob.staff_id, world.bob.unit_id)
    assert happened.unit_id == world.alice.unit_id
    assert rows(database, "SELECT count(*) FROM receipts") == [(1,)]


def test_it_waits_for_a_receipt_once_at_the_unit_it_was_given_to(world: World, shared: Shared, clock) -> None:
    clock.advance(timedelta(days=30))
    assert watch(world.services, as_=world.system) == 1
    for who, waiting in ((world.alice, [shared.response_id]), (world.bob, [])):
        with world.services.db.transaction(as_=who) as connection:
            found = unreceived(connection, who.unit_id, limit=10)
            assert [one.response_id for one in found] == waiting
            assert unreceived_count(connection, who.unit_id) == len(waiting)
    open_response(world.services, shared.response_id, as_=world.bob)
    with world.services.db.transaction(as_=world.alice) as connection:
        assert unreceived_count(connection, world.alice.unit_id) == 0


def test_what_one_unit_confirms_unread_the_other_has_yet_to_open(world: World, shared: Shared) -> None:
    assert confirm_receipts(world.services, [shared.response_id], as_=world.bob) == 1
    assert (counted(world, world.alice), counted(world, world.bob)) == ((1, 1), (1, 0))
    assert confirm_receipts(world.services, [shared.response_id], as_=world.alice) == 0
    assert counted(world, world.alice) == (1, 1)


def test_each_unit_assesses_for_itself_after_it_has_opened_it(world: World, shared: Shared) -> None:
    """A3"""
    open_response(world.services, shared.response_id, as_=world.alice)
    assess_response(world.services, shared.response_id, as_=world.alice)
    with pytest.raises(BadInput, match="Open the response"):
        assess_response(world.services, shared.response_id, as_=world.bob)
    assert at(world, shared.response_id, world.bob).assessed_at is None
    open_response(world.services, shared.response_id, as_=world.bob)
    for _ in range(2):  # a double click
        assess_response(world.services, shared.response_id, as_=world.bob)
    for who in (world.alice, world.bob):
        assert at(world, shared.response_id, who).assessed_by == who.staff_id
    assert at(world, shared.response_id, None).assessed_by == world.alice.staff_id


def test_an_order_made_after_the_answer_has_it_unread_though_the_first_unit_has_read_it(world: World) -> None:
    identity = world.new_identity()
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    world.enrol(identity, by=world.bob)
    assert listed(world, world.bob, Show.UNREAD) == [response_id]
    assert listed(world, world.alice, Show.UNREAD) == []


def test_hand_overs_and_notes_are_the_units_own(world: World, shared: Shared) -> None:
    for who in (world.alice, world.bob):
        open_response(world.services, shared.response_id, as_=who)
    hand_over(world.services, shared.response_id, to_staff_id=world.bob.staff_id, request_id=new_id(), as_=world.bob)
    write_note(world.services, shared.response_id, "Ring", None, request_id=new_id(), as_=world.bob)
    assert (listed(world, world.alice, Show.MINE), listed(world, world.bob, Show.MINE)) == ([], [shared.response_id])
    for who, many in ((world.alice, 0), (world.bob, 1)):
        with world.services.db.transaction(as_=who) as connection:
            assert len(notes_of(connection, shared.response_id, who.unit_id)) == many


def test_two_orders_of_one_unit_are_one_row_found_by_either_protocol(world: World, database: TestDatabase) -> None:
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    world.enrol(identity, protocol="both")
    (response_id,) = world.answer(patient, first)
    assert listed(world, world.alice) == [response_id]
    (found,) = rows(database, "SELECT protocol_ids FROM worklist_entries")
    assert len(found[0]) == 2


def test_who_ordered_for_the_wrong_patient_has_the_others_answers_no_longer(world: World, shared: Shared) -> None:
    """A6"""
    open_response(world.services, shared.response_id, as_=world.bob)
    void_enrolment(world.services, shared.second.enrolment_id, "Fel patient", as_=world.bob)
    assert (listed(world, world.alice), listed(world, world.bob)) == ([shared.response_id], [])
    with pytest.raises(OtherUnits):
        open_response(world.services, shared.response_id, as_=world.bob)
    world.enrol(shared.identity, by=world.bob)
    assert listed(world, world.bob) == [shared.response_id]


# ---- flags


def test_each_unit_flags_by_its_own_rules_and_is_told_for_itself(
    world: World, run_jobs: Callable[[], None], clock: TestClock
) -> None:
    worried(world, world.bob)
    set_flag_hours(world.services, 1, as_=world.bob)
    shared = asked_by_both(world)
    run_jobs()
    assert (listed(world, world.alice, Show.FLAGGED), listed(world, world.bob, Show.FLAGGED)) == (
        [],
        [shared.response_id],
    )
    open_response(world.services, shared.response_id, as_=world.alice)
    assess_response(world.services, shared.response_id, as_=world.alice)
    clock.advance(timedelta(hours=2))
    assert watch_flags(world.services, as_=world.system) == 1
    assert watch_flags(world.services, as_=world.system) == 0
    for who, many in ((world.alice, 0), (world.bob, 1)):
        with world.services.db.transaction(as_=who) as connection:
            assert escalated(connection, who.unit_id, protocols=None) == many
            stands = current_version(connection, [shared.response_id])
            assert len(unit_flags_of(connection, stands, who.unit_id)[shared.response_id]) == many


def test_a_correction_is_judged_anew_at_both_units(world: World, run_jobs: Callable[[], None]) -> None:
    worried(world, world.bob)
    shared = asked_by_both(world)
    run_jobs()
    open_response(world.services, shared.response_id, as_=world.alice)
    void(world, shared.response_id)
    run_jobs()
    assert listed(world, world.bob, Show.FLAGGED) == []
    assert listed(world, world.bob) == [shared.response_id]


# ---- corrections


def test_only_the_unit_it_was_given_to_voids_or_corrects_and_both_see_it(
    world: World, shared: Shared, app: Flask
) -> None:
    for who in (world.alice, world.bob):
        open_response(world.services, shared.response_id, as_=who)
    for attempt in (correct_it, void):
        with pytest.raises(BadInput, match="given to"):
            attempt(world, shared.response_id, as_=world.bob)
    bob = Visitor(app, world.staff_cookie(world.bob))
    page = bob.get(f"/staff/responses/{shared.response_id}").get_data(as_text=True)
    assert "Enhet Ett" in page
    assert "/voiding" not in page
    assert "/correction" not in page
    assert bob.get(f"/staff/responses/{shared.response_id}/correction").status_code == 400
    void(world, shared.response_id)
    assert bob.get(f"/staff/responses/{shared.response_id}/versions/1").status_code == 200
    assert 'class="tag late"' in bob.get("/staff").get_data(as_text=True)


def correct_it(world: World, response_id, *, as_: Staff) -> None:  # type: ignore[no-untyped-def]
    correct(world, response_id, 50, as_=as_)


# ---- what the clinician is told


def test_both_units_are_told_on_the_list_and_on_the_page_that_it_serves_both(
    world: World, shared: Shared, app: Flask
) -> None:
    """B6"""
    for who, other in ((world.alice, "Enhet Två"), (world.bob, "Enhet Ett")):
        visitor = Visitor(app, world.staff_cookie(who))
        address = f"/staff/responses/{shared.response_id}"
        assert other in visitor.get("/staff").get_data(as_text=True)
        assert other in visitor.get(address).get_data(as_text=True)
        visitor.submit(address, address)
        assert other in visitor.get(address).get_data(as_text=True)


def test_the_page_of_the_first_unit_says_at_which_unit_it_was_received(
    world: World, shared: Shared, app: Flask
) -> None:
    open_response(world.services, shared.response_id, as_=world.bob)
    alice = Visitor(app, world.staff_cookie(world.alice))
    assert "Bob Bok, Enhet Två" in alice.get("/staff").get_data(as_text=True).replace("<br>", "")
    address = f"/staff/responses/{shared.response_id}"
    alice.submit(address, address)
    assert "Bob Bok, Enhet Två" in alice.get(address).get_data(as_text=True)
    patient = Visitor(app, world.patient_cookie(shared.identity))
    assert "Enhet Två" in patient.get("/inbox").get_data(as_text=True)


# ---- over time, and the follow-up of the unit


def test_it_stands_in_the_course_of_both_units_once_each_has_opened_it(world: World, shared: Shared) -> None:
    def point(who: Staff) -> tuple[Standing, bool]:
        course = course_of_patient(world.services, shared.patient.person_id, locale="sv", as_=who)
        (found,) = course.points
        return found.standing, shared.response_id in course.may_open

    open_response(world.services, shared.response_id, as_=world.alice)
    assert (point(world.alice), point(world.bob)) == ((Standing.STANDS, True), (Standing.UNOPENED, True))
    open_response(world.services, shared.response_id, as_=world.bob)
    assert point(world.bob) == (Standing.STANDS, True)


def test_the_follow_up_of_both_units_counts_it(world: World, clock: TestClock) -> None:
    """B11"""
    for _ in range(6):
        asked_by_both(world)
    clock.advance(timedelta(days=16))
    for who in (world.alice, world.bob):
        found = follow_up(world, by=who)
        assert shown(found, Kind.RESPONSE) == {"answered": ("6", "6-10")}
        assert only(found, Kind.SCORE, "visit", "promis_anxiety.t").count.shown == "5-6"
        assert only(found, Kind.MINUTES, "visit", "promis-anxiety").count.shown == "5-6"


# ---- by SQL


def refused(world: World, who: Staff, statement: str, **values: object) -> str | None:
    with pytest.raises(sa.exc.DBAPIError) as caught, world.services.db.transaction(as_=who) as connection:
        connection.execute(sa.text(statement), values)
    assert isinstance(caught.value.orig, psycopg.Error)
    return caught.value.orig.diag.constraint_name


def test_by_sql_too_a_unit_that_did_not_ask_reads_assesses_and_takes_over_nothing(world: World) -> None:
    """A6"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    about = {"r": response_id, "p": world.bob.provider_id, "o": patient.person_id}
    about |= {"u": world.bob.unit_id, "s": world.bob.staff_id}
    places = "VALUES (:r, :p, :o, :u, :s, now())"
    for table, moment in (("readings", "read_at"), ("assessments", "assessed_at")):
        columns = f"(response_id, provider_id, person_id, unit_id, staff_id, {moment})"
        assert refused(world, world.bob, f"INSERT INTO {table} {columns} {places}", **about) == f"{table}_at_unit"
    taking = (
        "INSERT INTO hand_overs (id, request_id, response_id, provider_id, person_id, unit_id, staff_id, at)"
        " VALUES (:id, :id, :r, :p, :o, :u, :s, now())"
    )
    assert refused(world, world.bob, taking, id=new_id(), **about)


def test_another_provider_sees_no_row_of_what_is_shared(world: World, shared: Shared) -> None:
    """A6"""
    world.enrol(shared.identity, by=world.charlie)
    for table in ("worklist_entries", "shared_deliveries", "task_links", "readings", "receipts"):
        with world.services.db.transaction(as_=world.charlie) as connection:
            assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_nobody_writes_the_worklist(world: World, shared: Shared) -> None:
    for statement in ("UPDATE worklist_entries SET received = true", "DELETE FROM worklist_entries"):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            world.services.db.transaction(as_=world.alice) as connection,
        ):
            connection.execute(sa.text(statement))
