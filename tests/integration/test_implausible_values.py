"""What seems implausible is told to the unit and to the registers, and blocks nothing."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask

from instruments import Answered, AnswerKind
from survey_service.answering.rules import Submission
from survey_service.answering.use_cases import record_answer
from survey_service.delivery.plausibility import Rule
from survey_service.delivery.queries import flags_of, needs_a_look, worklist
from survey_service.delivery.use_cases import keep_flags, open_response
from survey_service.registers.feed import pull
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.browsing import Visitor
from tests.conftest import TestClock
from tests.integration.correcting import correct, received
from tests.world import World


def flags(world: World, response_id: UUID) -> tuple[str, ...]:
    with world.services.db.transaction(as_=world.alice) as connection:
        return flags_of(connection, [response_id])[response_id]


def test_a_contradiction_is_told_to_both_sides_and_blocks_nothing(
    world: World, app: Flask, run_jobs: Callable[[], None]
) -> None:
    """B12"""
    _, response_id = received(world, answer=1)  # 11111, and 1 on the scale from 0 to 100
    assert flags(world, response_id) == (Rule.EQ5D_CONTRADICTION,)
    with world.services.db.transaction(as_=world.alice) as connection:
        assert needs_a_look(connection, [response_id]) == {response_id}
    run_jobs()
    page = pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    assert [entry.payload["flags"] for entry in page.entries if entry.payload] == [[Rule.EQ5D_CONTRADICTION]]

    clinician = Visitor(app, world.staff_cookie(world.alice))
    for path, shown in (("/staff", "Titta en gång till"), (f"/staff/responses/{response_id}", "säger emot")):
        assert shown in unescape(clinician.get(path).get_data(as_text=True))


def test_before_the_receipt_the_worklist_does_not_say_that_answers_are_flagged(world: World, app: Flask) -> None:
    """Before it the list says that there are answers, not which."""
    patient, occasion = world.enrol(protocol="eq5d-only")
    world.answer(patient, occasion, value=1)
    clinician = Visitor(app, world.staff_cookie(world.alice))
    assert "Titta en gång till" not in unescape(clinician.get("/staff").get_data(as_text=True))


def test_a_correction_is_judged_anew(world: World) -> None:
    _, response_id = received(world, answer=1)
    correct(world, response_id, 95)
    assert flags(world, response_id) == ()
    correct(world, response_id, 5, based_on=2)
    assert flags(world, response_id) == (Rule.EQ5D_CONTRADICTION,)


@pytest.mark.parametrize(("seconds", "flagged"), [(1, (Rule.TOO_FAST,)), (6, ())])
def test_answers_faster_than_reading_are_flagged(
    world: World, clock: TestClock, seconds: int, flagged: tuple[str, ...]
) -> None:
    patient, occasion = world.enrol(protocol="eq5d-only")
    state = world.start(patient, occasion)
    for item in list(state.instrument.items):
        clock.advance(timedelta(seconds=seconds))
        answer = Answered(item, 60 if item == "vas" else 2, AnswerKind.VALUE)
        state = record_answer(world.services, state.session.id, Submission(state.next_sequence, answer), as_=patient)
    with world.services.db.transaction(as_=world.alice) as connection:
        (row,) = worklist(connection, world.alice.unit_id, only_unread=True, limit=10)
    assert flags(world, row.response_id) == flagged


def test_every_rule_can_be_kept(world: World) -> None:
    """A flag that the database refused would lose the answer that it is about."""
    patient, occasion = world.enrol(protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    owner = {"provider_id": world.alice.provider_id, "person_id": patient.person_id}
    with world.services.db.transaction(as_=patient) as connection:
        keep_flags(connection, list(Rule), response_id=response_id, version=1, **owner)
    open_response(world.services, response_id, as_=world.alice)
    assert set(flags(world, response_id)) == set(Rule)
