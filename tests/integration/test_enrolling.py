"""What becomes of an enrolment, by use case: moved, paused, ended, handed on, void; and what that leaves alone."""

from uuid import UUID

import pytest
from flask import Flask

from survey_service.answering.use_cases import start_survey
from survey_service.delivery.queries import VersionKind, current_version, whereabouts
from survey_service.errors import AccessDenied, BadInput, Closed, Conflict
from survey_service.people.rules import Identity
from survey_service.scheduling.enrolling import (
    NewEvent,
    end,
    move_event,
    pause,
    preview_move,
    record_death,
    resume,
    transfer,
    void_enrolment,
)
from survey_service.scheduling.queries import events_of_enrolment
from survey_service.scheduling.rules import BodySide, EnrolmentState
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.integration.enrolments import found, in_days, occasions, order, ordered, rows, standing, today, two_visits
from tests.world import World


@pytest.fixture
def protocol(world: World) -> UUID:
    return two_visits(world)


def waiting(world: World, app: Flask, identity: Identity) -> bool:
    """Whether the patient's inbox has something to go on with."""
    return 'id="open-1"' in Visitor(app, world.patient_cookie(identity)).get("/inbox").get_data(as_text=True)


def kinds(world: World, enrolment_id: UUID) -> list[str]:
    with world.services.db.transaction(as_=world.alice) as connection:
        return [one.kind for one in events_of_enrolment(connection, enrolment_id)]


def test_a_moved_event_moves_what_is_not_begun_and_leaves_what_is(world: World, protocol: UUID) -> None:
    """F1, F2"""
    enrolment_id, patient = ordered(world, order(world, protocol))
    first, later = occasions(world, enrolment_id)
    world.start(patient, first)
    assert move_event(world.services, enrolment_id, NewEvent(in_days(world, 10)), as_=world.alice)
    kept, moved = occasions(world, enrolment_id)
    assert (kept.due_at, (moved.due_at - later.due_at).days) == (first.due_at, 10)
    assert kinds(world, enrolment_id) == ["event_moved"]


def test_a_preview_tells_what_the_move_then_does(world: World, protocol: UUID) -> None:
    enrolment_id, _ = ordered(world, order(world, protocol))
    event = NewEvent(in_days(world, 300), "NGB49", BodySide.LEFT)
    seen = preview_move(world.services, enrolment_id, event, as_=world.alice)
    assert [one.planned.code for one in seen.moved] == ["visit", "later"]
    assert found(world, enrolment_id).anchor_date == today(world)
    move_event(world.services, enrolment_id, event, as_=world.alice)
    moved = {one.code: one.due_at for one in occasions(world, enrolment_id)}
    assert moved == {one.planned.code: one.planned.due_at for one in seen.moved}
    assert (found(world, enrolment_id).side, found(world, enrolment_id).procedure_id) == ("left", "NGB49")


def test_the_same_move_again_leaves_no_second_event(world: World, protocol: UUID) -> None:
    enrolment_id, _ = ordered(world, order(world, protocol))
    event = NewEvent(in_days(world, 10))
    moves = [move_event(world.services, enrolment_id, event, as_=world.alice) for _ in range(2)]
    assert (moves, kinds(world, enrolment_id)) == ([True, False], ["event_moved"])


def test_the_side_stays_once_answers_are_given_about_it(world: World, protocol: UUID) -> None:
    made = order(world, protocol, side=BodySide.LEFT)
    enrolment_id, patient = ordered(world, made)
    world.start(patient, occasions(world, enrolment_id)[0])
    with pytest.raises(BadInput) as refused:
        move_event(world.services, enrolment_id, NewEvent(made.anchor_date, side=BodySide.RIGHT), as_=world.alice)
    assert set(refused.value.fields) == {"side"}


def test_a_date_far_away_is_refused(world: World, protocol: UUID) -> None:
    enrolment_id, _ = ordered(world, order(world, protocol))
    with pytest.raises(BadInput):
        move_event(world.services, enrolment_id, NewEvent(in_days(world, 2000)), as_=world.alice)


def test_while_it_is_paused_nothing_begins_and_what_is_begun_is_finished(
    world: World, protocol: UUID, app: Flask
) -> None:
    beginner, newcomer = world.new_identity(), world.new_identity()
    begun_id, patient = ordered(world, order(world, protocol, beginner))
    begun = occasions(world, begun_id)[0]
    world.start(patient, begun)
    waiting_id, other = ordered(world, order(world, protocol, newcomer))
    for one in (begun_id, waiting_id):
        pause(world.services, one, as_=world.alice)
    with pytest.raises(Closed):
        start_survey(world.services, occasions(world, waiting_id)[0].id, locale="sv", as_=other)
    assert [waiting(world, app, one) for one in (beginner, newcomer)] == [True, False]
    assert len(world.answer(patient, begun)) == 1


def test_what_is_resumed_is_asked_and_told(world: World, protocol: UUID, run_jobs, mailbox) -> None:
    enrolment_id, patient = ordered(world, order(world, protocol))
    pause(world.services, enrolment_id, as_=world.alice)
    run_jobs()
    assert mailbox.sent == []
    resume(world.services, enrolment_id, as_=world.alice)
    run_jobs()
    assert len(mailbox.sent) == 1
    assert len(world.answer(patient, occasions(world, enrolment_id)[0])) == 1
    assert kinds(world, enrolment_id) == ["paused", "resumed"]


def test_what_is_ended_asks_nothing_more_and_is_not_taken_up_again(world: World, protocol: UUID) -> None:
    enrolment_id, patient = ordered(world, order(world, protocol))
    world.start(patient, occasions(world, enrolment_id)[0])
    with pytest.raises(BadInput):
        end(world.services, enrolment_id, "  ", as_=world.alice)
    for _ in range(2):
        end(world.services, enrolment_id, "Har flyttat", as_=world.alice)
    assert standing(world, enrolment_id) == ["visit"]
    assert kinds(world, enrolment_id) == ["ended"]
    for refused in (pause, resume):
        with pytest.raises(Conflict):
            refused(world.services, enrolment_id, as_=world.alice)


def test_another_unit_takes_over_what_is_not_begun(world: World, protocol: UUID) -> None:
    enrolment_id, patient = ordered(world, order(world, protocol))
    first, _later = occasions(world, enrolment_id)
    (response_id,) = world.answer(patient, first)
    transfer(world.services, enrolment_id, world.bob.unit_id, as_=world.alice)
    units = [one.unit_id for one in occasions(world, enrolment_id, by=world.bob)]
    assert units == [world.alice.unit_id, world.bob.unit_id]
    with world.services.db.transaction(as_=world.alice) as connection:
        assert whereabouts(connection, [response_id])[response_id].unit_id == world.alice.unit_id
    with pytest.raises(AccessDenied):
        pause(world.services, enrolment_id, as_=world.alice)
    pause(world.services, enrolment_id, as_=world.bob)


@pytest.mark.parametrize("whose", ["own", "foreign"])
def test_an_enrolment_goes_to_no_unit_but_another_of_the_provider(world: World, protocol: UUID, whose: str) -> None:
    """A6"""
    enrolment_id, _ = ordered(world, order(world, protocol))
    unit_id = {"own": world.alice.unit_id, "foreign": world.charlie.unit_id}[whose]
    with pytest.raises(BadInput):
        transfer(world.services, enrolment_id, unit_id, as_=world.alice)


def test_a_death_ends_every_enrolment_at_the_provider_and_none_elsewhere(world: World, protocol: UUID) -> None:
    identity = world.new_identity()
    here, _ = ordered(world, order(world, protocol, identity))
    beside, _ = ordered(world, order(world, world.protocols["eq5d-only"], identity), by=world.bob)
    foreign = order(world, world.charlies_protocols["eq5d-only"], identity)
    away, _ = ordered(world, foreign, by=world.charlie)
    assert record_death(world.services, here, as_=world.alice) == 2
    assert [found(world, one).state for one in (here, beside)] == [EnrolmentState.ENDED] * 2
    assert standing(world, here) == standing(world, beside) == []
    assert [one.state for one in occasions(world, away, by=world.charlie)] == [EnrolmentState.ACTIVE]


def test_the_wrong_patient_is_asked_nothing_and_what_was_answered_is_void(
    world: World, protocol: UUID, database: TestDatabase
) -> None:
    """G3"""
    enrolment_id, patient = ordered(world, order(world, protocol))
    (response_id,) = world.answer(patient, occasions(world, enrolment_id)[0])
    came = [void_enrolment(world.services, enrolment_id, "Fel person", as_=world.alice) for _ in range(2)]
    assert [(one.here, list(one.elsewhere)) for one in came] == [(1, []), (0, [])]
    with world.services.db.transaction(as_=world.alice) as connection:
        assert current_version(connection, [response_id])[response_id].kind is VersionKind.VOIDED
    assert standing(world, enrolment_id) == ["visit"]
    assert kinds(world, enrolment_id) == ["voided"]
    assert rows(database, "SELECT reason FROM enrolment_events") == [("Fel person",)]


def test_nothing_of_the_wrong_patient_is_released(world: World, run_jobs, database: TestDatabase) -> None:
    """A2: it is received and voided in one commit, so there is no moment in between."""
    patient, occasion = world.enrol()
    world.answer(patient, occasion)
    void_enrolment(world.services, occasion.enrolment_id, "Fel person", as_=world.alice)
    run_jobs()
    assert rows(database, "SELECT count(*) FROM releases") == [(0,)]


def test_what_was_given_to_another_unit_is_named_for_that_unit_to_void(world: World, protocol: UUID) -> None:
    enrolment_id, patient = ordered(world, order(world, protocol))
    (response_id,) = world.answer(patient, occasions(world, enrolment_id)[0])
    transfer(world.services, enrolment_id, world.bob.unit_id, as_=world.alice)
    came = void_enrolment(world.services, enrolment_id, "Fel person", as_=world.bob)
    assert (came.here, [one.id for one in came.elsewhere]) == (0, [response_id])


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_nobody_else_changes_an_enrolment(world: World, protocol: UUID, who: str) -> None:
    """A6"""
    enrolment_id, _ = ordered(world, order(world, protocol))
    other = getattr(world, who)
    for refused in (pause, resume, record_death):
        with pytest.raises(AccessDenied):
            refused(world.services, enrolment_id, as_=other)
    for refused_with in (end, void_enrolment):
        with pytest.raises(AccessDenied):
            refused_with(world.services, enrolment_id, "Skäl", as_=other)
    with pytest.raises(AccessDenied):
        move_event(world.services, enrolment_id, NewEvent(today(world)), as_=other)
