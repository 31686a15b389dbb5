"""Care first, with a receipt; registers second, and only what was received, agreed and not objected to."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from survey_service.delivery.queries import whereabouts, worklist
from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.services import Services
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register, withdraw_objection
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.browsing import Visitor
from tests.world import World


def pulled(world: World) -> list[dict]:
    page = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    return [entry.payload for entry in page.entries if entry.payload is not None]


def test_a_completed_response_is_in_the_units_worklist_at_once(world: World, services: Services) -> None:
    """A7"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    with services.db.transaction(as_=world.alice) as connection:
        rows = worklist(connection, world.alice.unit_id, only_unread=True, limit=10)
    assert [row.response_id for row in rows] == [response_id]
    assert rows[0].received_at is None


def test_the_register_gets_nothing_before_the_receipt_and_the_agreed_scores_after_it(
    world: World, run_jobs: Callable[[], None]
) -> None:
    """A2, B1, B2"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    run_jobs()
    assert release_batch(world.services, [response_id], as_=world.system) == 0
    assert pulled(world) == []

    open_response(world.services, response_id, as_=world.alice)
    run_jobs()
    (result,) = pulled(world)
    assert result["response"] != str(response_id)  # what register and provider call it is theirs alone
    assert {score["variable"] for score in result["scores"]} == {"promis_anxiety.t", "promis_anxiety.n_items"}


def test_releasing_twice_releases_once(world: World) -> None:
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    assert release_batch(world.services, [response_id], as_=world.system) == 1
    assert release_batch(world.services, [response_id], as_=world.system) == 0
    assert len(pulled(world)) == 1


def test_the_first_opening_is_the_receipt_and_later_ones_are_readings(world: World, clock, services: Services) -> None:
    """A3"""
    from datetime import timedelta

    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    first = clock()
    open_response(services, response_id, as_=world.alice)
    clock.advance(timedelta(hours=1))
    open_response(services, response_id, as_=world.alice)
    with services.db.transaction(as_=patient) as connection:
        seen = whereabouts(connection, [response_id])[response_id]
    assert (seen.received_at, seen.read_at) == (first, first)
    assert seen.received_at_unit == world.alice.unit_id


def test_only_what_has_been_received_can_be_assessed(world: World, services: Services) -> None:
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    with pytest.raises(BadInput):
        assess_response(services, response_id, as_=world.alice)


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_nobody_outside_the_unit_can_open_a_response(world: World, services: Services, who: str) -> None:
    """A6"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    with pytest.raises(AccessDenied):
        open_response(services, response_id, as_=getattr(world, who))


def test_an_objection_withdraws_what_was_released_and_its_withdrawal_releases_it_anew(
    world: World, run_jobs: Callable[[], None]
) -> None:
    """B4"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    run_jobs()
    before = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    (released,) = [entry.release_id for entry in before.entries]

    object_to_register(world.services, world.register.register_id, as_=patient)
    assert pulled(world) == []
    assert release_batch(world.services, [response_id], as_=world.system) == 0
    after = pull(world.services, cursor=before.next_cursor, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    assert [(entry.kind, entry.release_id) for entry in after.entries] == [("withdrawn", released), ("erasure", None)]

    withdraw_objection(world.services, world.register.register_id, as_=patient)
    run_jobs()
    assert len(pulled(world)) == 1


def test_a_register_without_an_agreement_gets_nothing(world: World, run_jobs: Callable[[], None]) -> None:
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    run_jobs()
    page = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.other_register)
    assert page.entries == []


@pytest.mark.parametrize("purpose", [None, "", "PDL-7:5", "research"])
def test_a_pull_without_the_one_lawful_purpose_is_refused(world: World, purpose: str | None) -> None:
    """B2"""
    with pytest.raises(BadInput):
        pull(world.services, cursor=None, limit=10, purpose=purpose, as_=world.register)


def test_a_cursor_of_an_earlier_epoch_is_refused(world: World) -> None:
    from survey_service.registers.rules import Cursor, write_cursor

    with pytest.raises(Conflict):
        pull(
            world.services,
            cursor=write_cursor(Cursor(9, 1)),
            limit=10,
            purpose=ACCEPTED_PURPOSE,
            as_=world.register,
        )


def test_what_is_answered_under_social_service_law_is_never_released(world: World, database) -> None:
    """A1"""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE providers SET legal_regime = 'social_service'")
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    assert release_batch(world.services, [response_id], as_=world.system) == 0


def test_staff_see_what_an_index_is_made_of(world: World, app: Flask) -> None:
    """D3: each term as published, in words; 0.9755 - 5 terms of level 2 is the index beside it."""
    patient, occasion = world.enrol(protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion, value=2)
    open_response(world.services, response_id, as_=world.alice)
    staff = Visitor(app, world.staff_cookie(world.alice))
    page = staff.get(f"/staff/responses/{response_id}").get_data(as_text=True)
    terms = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="figure">([^<]+)</td></tr>', page)
    assert terms == [
        ("Full hälsa", "0,9755"),
        ("Rörlighet på nivå 2", "-0,0287"),
        ("Egenvård på nivå 2", "-0,0254"),
        ("Vanliga aktiviteter på nivå 2", "-0,0549"),
        ("Smärta eller obehag på nivå 2", "-0,0108"),
        ("Oro eller nedstämdhet på nivå 2", "-0,0325"),
    ]
    assert "0,823" in page
