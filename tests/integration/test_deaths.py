"""A death at a provider: nothing more is asked, told or ordered, whichever way somebody tries; and taking it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from survey_service.errors import BadInput
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.services import Services
from survey_service.notifying.use_cases import NonResponse, note_non_response, remind
from survey_service.people.rules import Identity
from survey_service.scheduling.enrolling import pause, record_death, withdraw_death
from survey_service.scheduling.listing import RowOutcome, enrol_list, protocol_called
from survey_service.scheduling.lists import read_list
from survey_service.scheduling.rules import EnrolmentState
from survey_service.scheduling.use_cases import Order, enrol_patient
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.enrolments import found, occasions, order, ordered, rows, standing, today, two_visits
from tests.integration.test_enrolments_api import bearer as bearer  # because pytest finds fixtures by name
from tests.integration.test_enrolments_api import client as client
from tests.integration.test_enrolments_api import post
from tests.world import UNIT_HSA, World

DEAD = "The patient is recorded as dead."


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity()


@pytest.fixture
def ended(world: World, identity: Identity) -> Order:
    """An order whose patient has died since."""
    made = order(world, world.protocols["eq5d-only"], identity)
    enrolment_id, _ = ordered(world, made)
    record_death(world.services, enrolment_id, as_=world.alice)
    return made


def enrolment_of(world: World, made: Order) -> UUID:
    return enrol_patient(world.services, made, as_=world.alice)  # the same order again


# ---- nobody orders for the dead


def test_a_person_orders_nothing_for_the_dead(world: World, identity: Identity, ended: Order) -> None:
    for who in (world.alice, world.bob):
        with pytest.raises(BadInput, match=DEAD):
            ordered(world, order(world, world.protocols["anxiety-only"], identity), by=who)


def test_the_form_says_so_at_the_number(world: World, app: Flask, identity: Identity, ended: Order) -> None:
    alice = Visitor(app, world.staff_cookie(world.alice))
    form = {
        "personal_number": identity.number,
        "name": identity.name,
        "language": "sv",
        "protocol": str(world.protocols["anxiety-only"]),
        "anchor_date": str(today(world)),
        "care_contact": "Besök",
    }
    answer = alice.submit("/staff/enrolments/new", "/staff/enrolments/new", **form)
    assert answer.status_code == 400
    assert "Patienten är registrerad som avliden." in answer.get_data(as_text=True)


@pytest.mark.parametrize("event", ["", "op-1"])
@pytest.mark.parametrize("apply", [False, True])
def test_neither_a_list_nor_a_theatre_list_orders_for_the_dead(
    world: World, identity: Identity, ended: Order, event: str, *, apply: bool
) -> None:
    """F2"""
    heading = "personal_number,name,anchor_date,care_contact,event_id"
    line = f"{identity.number},{identity.name},{today(world)},Besök 2,{event}"
    protocol = protocol_called(world.services, "anxiety-only", as_=world.alice)
    lines = read_list(f"{heading}\n{line}".encode())
    (told,) = enrol_list(world.services, lines, protocol, apply=apply, as_=world.alice)
    assert (told.outcome, told.why) == (RowOutcome.REFUSED, DEAD)


def test_a_record_system_orders_nothing_for_the_dead(
    client: FlaskClient, bearer: dict[str, str], world: World, identity: Identity, ended: Order
) -> None:
    body = {
        "personal_number": identity.number,
        "name": identity.name,
        "unit": UNIT_HSA,
        "protocol": "two-visits",
        "anchor_date": today(world).isoformat(),
        "care_contact": "contact-17",
    }
    answer = post(client, bearer, body)
    assert (answer.status_code, answer.get_json()["title"]) == (400, DEAD)


def test_what_was_ordered_before_is_the_same_order_when_it_is_sent_again(world: World, ended: Order) -> None:
    assert enrolment_of(world, ended) == enrolment_of(world, ended)


def test_another_provider_knows_nothing_of_the_death(world: World, identity: Identity, ended: Order) -> None:
    """A6"""
    ordered(world, order(world, world.charlies_protocols["eq5d-only"], identity), by=world.charlie)


def test_the_database_takes_no_enrolment_of_the_dead(world: World, ended: Order) -> None:
    """Who orders at the moment of the death has looked before it was recorded."""
    enrolment_id = enrolment_of(world, ended)
    copy = (
        "INSERT INTO enrolments (id, provider_id, person_id, unit_id, protocol_version_id, legal_regime, purpose,"
        " care_contact, anchor_kind, anchor_date, request_id, ordered_by, ordered_at)"
        " SELECT :id, provider_id, person_id, unit_id, protocol_version_id, legal_regime, purpose, care_contact,"
        " anchor_kind, anchor_date, :id, ordered_by, ordered_at FROM enrolments WHERE id = :old"
    )
    with pytest.raises(sa.exc.IntegrityError) as refused, world.services.db.transaction(as_=world.alice) as connection:
        connection.execute(sa.text(copy), {"id": new_id(), "old": enrolment_id})
    assert refused_by(refused.value) == "enrolments_of_the_dead"


# ---- nothing more is asked or told


def told(database: TestDatabase) -> list[tuple[int, ...]]:
    """Messages, dispatches and attempts to send."""
    return [rows(database, f"SELECT count(*) FROM {one}")[0] for one in ("messages", "dispatches", "dispatch_attempts")]


def test_after_a_death_nothing_is_asked_reminded_of_or_sent_at_any_unit(
    world: World,
    identity: Identity,
    run_jobs: Callable[[], None],
    database: TestDatabase,
    clock: TestClock,
    services: Services,
) -> None:
    """Open, to come, paused, begun, and with a reminder on its way."""
    protocol = two_visits(world)
    here, patient = ordered(world, order(world, protocol, identity))
    beside, _ = ordered(world, order(world, world.protocols["eq5d-only"], identity), by=world.bob)
    paused, _ = ordered(world, order(world, world.protocols["both"], identity))
    world.start(patient, occasions(world, here)[0])
    pause(world.services, paused, as_=world.alice)
    run_jobs()
    before = told(database)
    remind(world.services, occasions(world, beside, by=world.bob)[0].id, as_=world.bob)
    record_death(world.services, here, as_=world.alice)
    for days in (0, 3, 14, 180):
        clock.advance(timedelta(days=days))
        run_jobs()
    assert told(database) == before
    assert [found(world, one).state for one in (here, beside, paused)] == [EnrolmentState.ENDED] * 3
    assert standing(world, beside) == standing(world, paused) == []
    assert standing(world, here) == ["visit"]  # it had been begun, and is open to nobody any more
    assert not any(one.is_open(clock()) for one in occasions(world, here))


def test_that_somebody_died_and_therefore_does_not_answer_is_a_death(world: World, identity: Identity) -> None:
    here, _ = ordered(world, order(world, world.protocols["eq5d-only"], identity))
    beside, _ = ordered(world, order(world, world.protocols["anxiety-only"], identity), by=world.bob)
    (occasion,) = occasions(world, here)
    request_id = new_id()
    for _ in range(2):
        note_non_response(world.services, occasion.id, NonResponse.DIED, request_id, as_=world.alice)
    assert [found(world, one).state for one in (here, beside)] == [EnrolmentState.ENDED] * 2
    with pytest.raises(BadInput, match=DEAD):
        ordered(world, order(world, world.protocols["eq5d-only"], identity))


# ---- a death that was recorded by mistake


def test_a_death_that_was_a_mistake_is_taken_back_with_a_reason_and_what_ended_stays_ended(
    world: World, app: Flask, identity: Identity, ended: Order, clock: TestClock
) -> None:
    enrolment_id = enrolment_of(world, ended)
    clock.advance(timedelta(minutes=1))
    with pytest.raises(BadInput):
        withdraw_death(world.services, enrolment_id, " ", as_=world.alice)
    alice = Visitor(app, world.staff_cookie(world.alice))
    page = f"/staff/enrolments/{enrolment_id}"
    answer = alice.post(f"{page}/state", page=page, to="alive", reason="Fel person valdes i listan")
    assert answer.status_code == 303
    assert found(world, enrolment_id).state is EnrolmentState.ENDED
    again = replace(ended, request_id=new_id())
    assert found(world, ordered(world, again)[0]).state is EnrolmentState.ACTIVE
    assert "Patienten har inte avlidit" in alice.get(page).get_data(as_text=True)
