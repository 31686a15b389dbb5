"""What the tests of enrolment share: an order with changes, what stands of it, and rows seen past every policy."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import Enrolment, Occasion, enrolment, occasions_of_enrolment
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from tests.conftest import TestDatabase
from tests.world import World, protocol_definition


def rows(database: TestDatabase, query: str, *values: object) -> list[tuple[Any, ...]]:
    with database.connect("postgres") as connection:
        return connection.execute(query, values).fetchall()


def today(world: World) -> date:
    return local_day(world.services.clock())


def two_visits(world: World) -> UUID:
    """A protocol with a visit that is open now, and one in half a year."""
    definition = protocol_definition("two-visits", ["promis-anxiety"])
    later = definition["occasions"][0] | {"code": "later", "due_day": 180}
    definition["occasions"].append(later)
    return publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)


def order(world: World, protocol_id: UUID, identity: Identity | None = None, **changes: Any) -> Order:
    made = Order(
        identity=identity or world.new_identity(),
        protocol_id=protocol_id,
        anchor_date=today(world),
        care_contact="Visit",
        request_id=new_id(),
    )
    return replace(made, **changes)


def ordered(world: World, made: Order, *, by: Staff | None = None) -> tuple[UUID, Patient]:
    enrolment_id = enrol_patient(world.services, made, as_=by or world.alice)
    person_id = find_person(world.services, made.identity.number)
    assert person_id is not None
    return enrolment_id, Patient(person_id)


def occasions(world: World, enrolment_id: UUID, *, by: Staff | None = None) -> list[Occasion]:
    with world.services.db.transaction(as_=by or world.alice) as connection:
        return occasions_of_enrolment(connection, enrolment_id)


def standing(world: World, enrolment_id: UUID) -> list[str]:
    """Codes of the occasions that are asked or have been."""
    return [one.code for one in occasions(world, enrolment_id) if not one.is_withdrawn]


def found(world: World, enrolment_id: UUID) -> Enrolment:
    with world.services.db.transaction(as_=world.alice) as connection:
        one = enrolment(connection, enrolment_id)
    assert one is not None
    return one


def in_days(world: World, days: int) -> date:
    return today(world) + timedelta(days=days)
