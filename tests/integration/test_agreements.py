"""What an agreement decides of a result, and how it comes into force: by a manager, by the register, in the end."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.registers.agreeing import approve_for_provider, approve_for_register, propose
from survey_service.registers.feed import pull
from survey_service.registers.payload import open_content
from survey_service.registers.proposal import Proposal
from survey_service.registers.queries import recorded_agreements
from survey_service.registers.releasing import release_backlog, release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE, AgreementState, Identifier, keyed_pseudonym
from survey_service.registers.tenants import agree, make_pseudonym_key
from survey_service.scheduling.queries import occasions_of_enrolment
from survey_service.scheduling.rules import BodySide
from survey_service.scheduling.use_cases import Order, enrol_patient
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.world import AGREED, World


def answered(world: World, identity: Identity | None = None, *, protocol: str = "anxiety-only") -> UUID:
    """A response that has been received."""
    patient, occasion = world.enrol(identity, protocol=protocol)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    return response_id


def given(world: World, **terms: Any) -> UUID:
    """The next version of the agreement with the first register, approved by both."""
    provider_id, register_id = world.alice.provider_id, world.register.register_id
    variables = terms.pop("variables", AGREED)
    return agree(world.services, provider_id=provider_id, register_id=register_id, variables=variables, **terms)


def pulled(world: World) -> list[dict[str, Any]]:
    page = pull(world.services, cursor=None, limit=1000, purpose=ACCEPTED_PURPOSE, as_=world.register)
    return [dict(entry.payload) for entry in page.entries if entry.payload is not None]


def stored_payloads(database: TestDatabase) -> list[dict[str, Any]]:
    """What lies in the open."""
    with database.connect("survey_owner") as connection:
        return [payload for (payload,) in connection.execute("SELECT payload FROM releases").fetchall()]


def sealed_of(world: World, database: TestDatabase) -> Any:
    """What lies sealed with the one release, opened as a pull would open it."""
    with database.connect("survey_owner") as connection:
        ((release_id, person_id, sealed),) = connection.execute("SELECT id, person_id, sealed FROM releases").fetchall()
    return None if sealed is None else open_content(world.services.keys.cipher(person_id), release_id, sealed)


def test_the_register_computes_the_keyed_pseudonym_and_no_number_is_told(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B3"""
    key = make_pseudonym_key(world.services, world.register.register_id, note="agreed")
    given(world, identifier=Identifier.KEYED_PSEUDONYM)
    identity = world.new_identity()
    answered(world, identity)
    run_jobs()
    (result,) = pulled(world)
    assert result["subject"] == keyed_pseudonym(bytes.fromhex(key), identity.number)
    assert sealed_of(world, database) is None


def test_a_personal_number_is_sealed_and_gone_with_the_persons_key(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B3, G3"""
    given(world, identifier=Identifier.PERSONAL_NUMBER, identifier_reason="linked to the implant register")
    identity = world.new_identity()
    answered(world, identity)
    run_jobs()
    assert sealed_of(world, database) == {"subject": identity.number}
    (stored,) = stored_payloads(database)
    assert stored["subject"] is None
    assert identity.number not in str(stored)
    (result,) = pulled(world)
    assert result["subject"] == identity.number
    person_id = find_person(world.services, identity.number)
    assert person_id is not None
    world.services.keys.destroy(person_id)
    assert identity.number not in str(pulled(world))


def test_item_answers_go_along_sealed_where_they_are_agreed_and_nowhere_else(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B2"""
    given(world, item_answers=("eq5d-5l",))
    answered(world, protocol="eq5d-only")
    run_jobs()
    answers = sealed_of(world, database)["answers"]
    assert [one["value"] for one in answers] == [2, 2, 2, 2, 2, 2]
    assert {one["kind"] for one in answers} == {"value"}
    (stored,) = stored_payloads(database)
    assert "answers" not in stored
    (result,) = pulled(world)
    assert result["answers"] == answers
    assert {score["variable"] for score in result["scores"]} == {"eq5d5l.index", "eq5d5l.vas"}


def test_a_result_says_what_it_belongs_to(world: World, run_jobs: Callable[[], None]) -> None:
    """B9: procedure, side, event, occasion and whether within its window."""
    identity, today = world.new_identity(), world.services.clock().date()
    order = Order(identity, world.protocols["anxiety-only"], today, "Visit", new_id(), "OP-1734", BodySide.LEFT)
    enrolment_id = enrol_patient(world.services, order, as_=world.alice)
    with world.services.db.transaction(as_=world.alice) as connection:
        (occasion,) = occasions_of_enrolment(connection, enrolment_id)
    patient, _ = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    run_jobs()
    (result,) = pulled(world)
    event = {"kind": "visit", "date": today.isoformat(), "procedure": "OP-1734", "side": "left"}
    assert result["event"] == event
    assert (result["occasion"], result["within_window"], result["version"]) == ("visit", True, 1)
    assert date.fromisoformat(result["occasion_due_on"]) >= today
    assert result["flags"] == []


def test_what_is_held_is_released_by_itself_when_the_hold_is_over(
    world: World, clock: TestClock, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """The provider has its hours to correct."""
    given(world, review_hold_hours=24)
    answered(world)
    run_jobs()
    assert pulled(world) == []
    clock.advance(timedelta(hours=24))
    with database.connect("survey_owner") as connection:
        connection.execute("SET search_path = public, jobs")
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at <= %s", [clock()])
    run_jobs()
    assert len(pulled(world)) == 1


def test_a_backlog_is_released_in_batches_once_and_in_order(world: World, database: TestDatabase) -> None:
    """B2: made up for, however often the job runs."""
    given(world)
    response_ids = [answered(world) for _ in range(5)]
    register_id = world.register.register_id
    assert release_batch(world.services, response_ids[1:3], as_=world.system) == 2
    assert release_backlog(world.services, register_id=register_id, after=None, as_=world.system) == 3
    assert release_backlog(world.services, register_id=register_id, after=None, as_=world.system) == 0
    with database.connect("survey_owner") as connection:
        positions = connection.execute("SELECT position FROM feed_entries ORDER BY position").fetchall()
    assert positions == [(1,), (2,), (3,), (4,), (5,)]
    assert len(pulled(world)) == 5


@pytest.fixture
def waiting(world: World) -> UUID:
    """The next version, proposed and approved by nobody, with a look-back to before the first answers."""
    now = world.services.clock()
    return propose(
        world.services,
        Proposal(
            register="second",
            provider="SE2321000016-p1",
            variables=AGREED,
            item_answers=(),
            identifier=Identifier.PSEUDONYM,
            identifier_reason=None,
            look_back=None,
            review_hold_hours=0,
            valid_from=now - timedelta(seconds=1),
            valid_until=None,
        ),
    )


@pytest.fixture
def manager(app: Flask, world: World, database: TestDatabase) -> Visitor:
    """alice, who manages the unit."""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE commissions SET role = 'unit_manager' WHERE staff_id = %s", [world.alice.staff_id])
    return Visitor(app, world.staff_cookie(world.alice))


def state(world: World, agreement_id: UUID) -> AgreementState:
    with world.services.db.transaction(as_=Operator()) as connection:
        (found,) = recorded_agreements(connection, world.services.clock(), agreement_id=agreement_id)
    return found.state


def test_both_sides_say_yes_for_themselves_and_what_was_received_is_made_up_for(
    world: World, waiting: UUID, manager: Visitor, run_jobs: Callable[[], None]
) -> None:
    """B2: the manager on the page, the register through its interface."""
    answered(world)
    page = "/staff/registers"
    assert manager.submit(page, f"{page}/{waiting}/approval").status_code == 303
    run_jobs()
    assert state(world, waiting) is AgreementState.PROPOSED
    approve_for_register(world.services, waiting, as_=world.other_register)
    assert state(world, waiting) is AgreementState.IN_FORCE
    run_jobs()
    page_of = pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.other_register)
    assert len(page_of.entries) == 1
    assert "Alice Ask" in manager.get(page).get_data(as_text=True)
    assert manager.submit(page, f"{page}/{waiting}/end").status_code == 303
    assert state(world, waiting) is AgreementState.ENDED


def test_who_is_no_manager_is_shown_what_is_given_and_no_button(world: World, waiting: UUID, app: Flask) -> None:
    """A4"""
    shown = Visitor(app, world.staff_cookie(world.alice)).get("/staff/registers").get_data(as_text=True)
    assert "Register second" in shown
    assert "/approval" not in shown
    with pytest.raises(AccessDenied):
        approve_for_provider(world.services, waiting, as_=world.alice)


def test_nobody_sees_or_approves_what_is_between_others(
    world: World, waiting: UUID, app: Flask, database: TestDatabase
) -> None:
    """A4, A6"""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE commissions SET role = 'unit_manager'")
    with pytest.raises(AccessDenied):
        approve_for_provider(world.services, waiting, as_=world.charlie)
    with pytest.raises(AccessDenied):
        approve_for_register(world.services, waiting, as_=world.register)
    shown = Visitor(app, world.staff_cookie(world.charlie)).get("/staff/registers").get_data(as_text=True)
    assert "Register second" not in shown
