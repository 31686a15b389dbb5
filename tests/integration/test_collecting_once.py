"""Two orders of one provider for the same, in one window: the patient answers once, and both units see it."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from survey_service.answering.queries import tasks_to_ask
from survey_service.delivery.queries import units_sharing, worklist
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied, Conflict
from survey_service.foundation.principals import Patient
from survey_service.scheduling.enrolling import end, pause
from survey_service.scheduling.queries import Occasion, answered_together
from survey_service.scheduling.rules import BodySide
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.integration.enrolments import in_days, occasions, order, ordered, rows
from tests.world import World


@pytest.fixture
def both(world: World) -> tuple[Patient, Occasion, Occasion]:
    """Alice's unit asks today, and bob's asks the same three days later."""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    later = order(world, world.protocols["anxiety-only"], identity, anchor_date=in_days(world, 3))
    enrolment_id, _ = ordered(world, later, by=world.bob)
    return patient, first, occasions(world, enrolment_id, by=world.bob)[0]


def asked(world: World, patient: Patient, one: Occasion, days: int = 0) -> int:
    with world.services.db.transaction(as_=patient) as connection:
        return len(tasks_to_ask(connection, one.id, world.services.clock() + timedelta(days=days)))


def links(database: TestDatabase) -> int:
    return int(rows(database, "SELECT count(*) FROM task_links")[0][0])


def test_the_patient_is_asked_once_and_both_units_have_the_answer(
    world: World, both: tuple[Patient, Occasion, Occasion]
) -> None:
    """B6"""
    patient, first, second = both
    assert (asked(world, patient, first), asked(world, patient, second)) == (1, 0)
    (response_id,) = world.answer(patient, first)
    assert asked(world, patient, second) == 0
    for who in (world.alice, world.bob):
        with world.services.db.transaction(as_=who) as connection:
            listed = worklist(connection, who.unit_id, only_unread=False, limit=10)
        assert [one.response_id for one in listed] == [response_id]
    open_response(world.services, response_id, as_=world.bob)


def test_the_clinician_is_told_when_ordering(world: World, both: tuple[Patient, Occasion, Occasion]) -> None:
    """B6"""
    with world.services.db.transaction(as_=world.bob) as connection:
        (told,) = answered_together(connection, [both[2].id])
    assert (told.unit_id, told.instrument) == (world.alice.unit_id, "promis-anxiety")


def test_what_was_answered_lately_is_not_asked_again(world: World) -> None:
    """B6"""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    (response_id,) = world.answer(patient, first)
    _, second = world.enrol(identity, by=world.bob)
    assert asked(world, patient, second) == 0
    with world.services.db.transaction(as_=world.bob) as connection:
        assert units_sharing(connection, response_id) == {world.bob.unit_id}


def test_an_answer_before_the_other_window_opens_answers_only_its_own_order(world: World) -> None:
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    later = order(world, world.protocols["anxiety-only"], identity, anchor_date=in_days(world, 12))
    enrolment_id, _ = ordered(world, later, by=world.bob)
    (second,) = occasions(world, enrolment_id, by=world.bob)
    assert asked(world, patient, second) == 0
    world.answer(patient, first)
    assert asked(world, patient, second) == 1


def test_what_nobody_answered_in_time_the_later_order_asks_for_itself(
    world: World, both: tuple[Patient, Occasion, Occasion]
) -> None:
    patient, first, second = both
    assert first.closes_at < second.closes_at
    assert (asked(world, patient, second, days=14), asked(world, patient, second, days=15)) == (0, 1)


@pytest.mark.parametrize("stops", ["paused", "ended"])
def test_an_order_that_stops_leaves_the_other_to_ask(
    world: World, both: tuple[Patient, Occasion, Occasion], stops: str
) -> None:
    patient, first, second = both
    if stops == "paused":
        pause(world.services, first.enrolment_id, as_=world.alice)
    else:
        end(world.services, first.enrolment_id, "Utskriven", as_=world.alice)
    assert asked(world, patient, second) == 1
    assert len(world.answer(patient, second)) == 1


def test_only_what_both_ask_is_joined(world: World) -> None:
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    _, second = world.enrol(identity, protocol="both", by=world.bob)
    assert (asked(world, patient, first), asked(world, patient, second)) == (1, 1)
    world.answer(patient, first)
    answered = world.start(patient, second)
    assert answered.instrument.id == "eq5d-5l"


def test_no_side_answers_for_the_other(world: World, database: TestDatabase) -> None:
    identity = world.new_identity()
    for side, who in ((BodySide.LEFT, world.alice), (BodySide.RIGHT, world.bob)):
        ordered(world, order(world, world.protocols["eq5d-only"], identity, side=side), by=who)
    assert links(database) == 0


def test_another_providers_order_stays_invisible(world: World, database: TestDatabase) -> None:
    """B6, A6"""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    _, foreign = world.enrol(identity, by=world.charlie)
    assert links(database) == 0
    world.answer(patient, first)
    assert asked(world, patient, foreign) == 1
    with world.services.db.transaction(as_=world.charlie) as connection:
        assert worklist(connection, world.charlie.unit_id, only_unread=False, limit=10) == []


def test_two_orders_joined_to_one_make_no_chain(world: World, database: TestDatabase) -> None:
    identity = world.new_identity()
    for days in (0, 3, 5):
        made = order(world, world.protocols["anxiety-only"], identity, anchor_date=in_days(world, days))
        ordered(world, made, by=world.bob)
    assert rows(database, "SELECT count(*), count(DISTINCT served_by) FROM task_links") == [(2, 1)]


def test_a_unit_that_did_not_ask_sees_nothing_of_it(world: World) -> None:
    """A6"""
    patient, first = world.enrol()
    (response_id,) = world.answer(patient, first)
    with pytest.raises(AccessDenied):
        open_response(world.services, response_id, as_=world.bob)


def test_who_starts_the_other_order_is_told_that_it_is_answered(
    world: World, both: tuple[Patient, Occasion, Occasion]
) -> None:
    patient, first, second = both
    world.answer(patient, first)
    with pytest.raises(Conflict):
        world.start(patient, second)


def test_the_address_of_what_another_order_asks_leads_to_the_inbox(world: World, app: Flask) -> None:
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    _, second = world.enrol(identity, by=world.bob)
    visitor = Visitor(app, world.patient_cookie(identity))
    places = [visitor.get(f"/surveys/{second.id}").headers["Location"]]
    world.answer(patient, first)
    places.append(visitor.get(f"/surveys/{second.id}").headers["Location"])
    assert places == ["/inbox"] * 2
    assert visitor.get("/inbox").status_code == 200


# ---- by SQL


def as_staff(connection: psycopg.Connection, world: World) -> None:
    settings = {"role": "survey_staff", "app.actor": world.alice.staff_id, "app.provider": world.alice.provider_id}
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", (name, str(value)))


def task_of(database: TestDatabase, occasion: Occasion) -> UUID:
    return UUID(str(rows(database, "SELECT id FROM tasks WHERE occasion_id = %s", occasion.id)[0][0]))


LINK = """INSERT INTO task_links
    SELECT %s, %s, provider_id, person_id, instrument, instrument_version, form, now() FROM tasks WHERE id = %s"""


BEGIN = """
    INSERT INTO sessions (id, provider_id, person_id, occasion_id, task_id, notice_id, instrument, instrument_version,
        instrument_hash, wording_id, locale, mode, respondent, started_at)
    SELECT gen_random_uuid(), t.provider_id, t.person_id, t.occasion_id, t.id, n.id, t.instrument,
        t.instrument_version, 'h', w.id, w.locale, 'web', w.respondent, now()
    FROM tasks t JOIN notices_given n ON n.occasion_id = t.occasion_id
        JOIN wordings w ON w.instrument = t.instrument AND w.instrument_version = t.instrument_version
    WHERE t.occasion_id = %s LIMIT 1"""


@pytest.mark.parametrize("which", ["another person", "another instrument", "another provider", "itself"])
def test_the_database_joins_only_what_is_the_same(world: World, database: TestDatabase, which: str) -> None:
    identity = world.new_identity()
    _, first = world.enrol(identity, protocol="eq5d-only")
    others = {
        "another person": lambda: world.enrol(protocol="eq5d-only")[1],
        "another instrument": lambda: world.enrol(identity)[1],
        "another provider": lambda: world.enrol(identity, protocol="eq5d-only", by=world.charlie)[1],
        "itself": lambda: first,
    }
    mine, theirs = task_of(database, first), task_of(database, others[which]())
    with database.connect("survey_login") as connection:
        as_staff(connection, world)
        with pytest.raises(psycopg.errors.IntegrityError):
            connection.execute(LINK, (mine, theirs, mine))


def test_the_database_shares_no_response_that_answers_no_task(world: World, database: TestDatabase) -> None:
    """A6"""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    (response_id,) = world.answer(patient, first)
    _, other = world.enrol(identity, protocol="eq5d-only")
    values = (task_of(database, other), response_id, world.alice.provider_id, patient.person_id, world.bob.unit_id)
    with database.connect("survey_login") as connection:
        as_staff(connection, world)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO shared_deliveries VALUES (%s, %s, %s, %s, %s, now())", values)


def test_the_database_begins_no_task_that_is_served(
    world: World, both: tuple[Patient, Occasion, Occasion], database: TestDatabase
) -> None:
    patient, _, second = both
    with database.connect("postgres") as connection:
        connection.execute(
            "INSERT INTO notices_given VALUES (gen_random_uuid(), %s, %s, %s, 'v', 'sv', now())",
            (second.provider_id, patient.person_id, second.id),
        )
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute(BEGIN, (second.id,))
    assert refused.value.diag.constraint_name == "session_is_served"
