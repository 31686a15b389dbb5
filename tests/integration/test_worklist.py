"""The worklist: filters, pages, search, the day's list; hand-overs, notes, reminders and why nobody answers."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from instruments import Ask
from survey_service.delivery.caring import Contact, hand_over, put_on_todays_list, write_note
from survey_service.delivery.flag_setting import NewRule, set_rule
from survey_service.delivery.flagging import Bound, Threshold
from survey_service.delivery.rules import ContactWay, Show
from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.delivery.worklist_queries import Wanted, entries_since, entry_ids, notes_of
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.notifying.queries import why_not_answered
from survey_service.notifying.use_cases import NonResponse, note_non_response, remind
from survey_service.scheduling.queries import waiting_occasions_of_unit
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.world import World


def answered(world: World, times: int = 1) -> list[UUID]:
    """Responses at alice's unit, the oldest first."""
    return [world.answer(*world.enrol())[0] for _ in range(times)]


def listed(world: World, show: Show = Show.ALL, *, limit: int = 10, offset: int = 0, as_: Staff | None = None):  # type: ignore[no-untyped-def]
    who = as_ or world.alice
    wanted = Wanted(unit_id=who.unit_id, staff_id=who.staff_id, show=show)
    with world.services.db.transaction(as_=who) as connection:
        return entry_ids(connection, wanted, limit=limit, offset=offset)


def test_what_nobody_has_received_comes_first_then_the_newest_and_pages_join(world: World, clock) -> None:
    ids = []
    for _ in range(5):
        ids += answered(world)
        clock.advance(timedelta(hours=1))
    for one in (ids[4], ids[1]):
        open_response(world.services, one, as_=world.alice)
    expected = [ids[3], ids[2], ids[0], ids[4], ids[1]]
    assert listed(world) == expected
    for size in (1, 2, 3, 4):
        assert [one for at in range(0, 5, size) for one in listed(world, limit=size, offset=at)] == expected
    assert listed(world, Show.UNREAD) == expected[:3]


def test_another_unit_lists_nothing_of_it(world: World) -> None:
    """A6"""
    answered(world)
    assert listed(world, as_=world.bob) == []


def test_new_responses_are_counted_from_the_moment_of_the_page(world: World, clock) -> None:
    since = clock()
    clock.advance(timedelta(hours=1))
    answered(world, 2)
    with world.services.db.transaction(as_=world.alice) as connection:
        assert entries_since(connection, world.alice.unit_id, since, protocols=None) == 2
        assert entries_since(connection, world.alice.unit_id, clock(), protocols=None) == 0


def test_what_is_handed_over_is_the_colleagues_until_it_is_assessed(world: World) -> None:
    (response_id,) = answered(world)
    request_id = new_id()
    for _ in range(2):  # a double click
        hand_over(world.services, response_id, to_staff_id=world.alice.staff_id, request_id=request_id, as_=world.alice)
    assert listed(world, Show.MINE) == [response_id]
    open_response(world.services, response_id, as_=world.alice)
    assess_response(world.services, response_id, as_=world.alice)
    assert listed(world, Show.MINE) == []


def test_nothing_is_handed_over_to_another_unit_nor_by_one(world: World) -> None:
    (response_id,) = answered(world)
    with pytest.raises(BadInput):
        hand_over(world.services, response_id, to_staff_id=world.bob.staff_id, request_id=new_id(), as_=world.alice)
    with pytest.raises(AccessDenied):
        hand_over(world.services, response_id, to_staff_id=None, request_id=new_id(), as_=world.bob)


def test_a_note_is_sealed_and_only_for_what_has_been_opened(world: World, clock) -> None:
    """A5"""
    (response_id,) = answered(world)
    with pytest.raises(BadInput):
        write_note(world.services, response_id, "Ring", None, request_id=new_id(), as_=world.alice)
    open_response(world.services, response_id, as_=world.alice)
    contact = Contact(ContactWay.TELEPHONE, clock())
    write_note(world.services, response_id, "Mår bättre", contact, request_id=new_id(), as_=world.alice)
    with world.services.db.transaction(as_=world.alice) as connection:
        (note,) = notes_of(connection, response_id, world.alice.unit_id)
    assert note.way is ContactWay.TELEPHONE
    assert note.text_sealed is not None
    assert "bättre".encode() not in note.text_sealed


def test_a_reminder_goes_out_once_a_day_and_says_no_more_than_the_invitation(
    world: World, run_jobs: Callable[[], None], mailbox, clock
) -> None:
    """C5"""
    _, occasion = world.enrol()
    run_jobs()
    before = len(mailbox.sent)
    clock.advance(timedelta(minutes=1))
    assert remind(world.services, occasion.id, as_=world.alice)
    assert not remind(world.services, occasion.id, as_=world.alice)
    run_jobs()
    assert len(mailbox.sent) == before + 1
    clock.advance(timedelta(days=1))
    assert remind(world.services, occasion.id, as_=world.alice)


def test_what_is_answered_is_not_reminded_of_and_another_unit_reminds_nobody(world: World) -> None:
    patient, occasion = world.enrol()
    with pytest.raises(AccessDenied):
        remind(world.services, occasion.id, as_=world.bob)
    world.answer(patient, occasion)
    with pytest.raises(BadInput):
        remind(world.services, occasion.id, as_=world.alice)


def test_the_latest_reason_for_not_answering_counts(world: World, clock) -> None:
    _, occasion = world.enrol()
    for reason in (NonResponse.OTHER, NonResponse.TOO_ILL):
        note_non_response(world.services, occasion.id, reason, new_id(), as_=world.alice)
        clock.advance(timedelta(minutes=1))
    with world.services.db.transaction(as_=world.alice) as connection:
        assert why_not_answered(connection, [occasion.id]) == {occasion.id: "too_ill"}


def test_the_days_list_takes_the_providers_own_patients_and_says_how_many_it_left_out(world: World) -> None:
    who = world.new_identity()
    world.enrol(who)
    stranger = world.new_identity()
    world.enrol(stranger, by=world.charlie)
    numbers = [who.number, stranger.number, "not a number"]
    assert put_on_todays_list(world.services, numbers, as_=world.alice) == 2


def test_a_patient_is_found_by_the_whole_number_which_stays_out_of_the_address(world: World, app: Flask) -> None:
    """A5"""
    who = world.new_identity()
    world.answer(*world.enrol(who))
    answered(world)
    visitor = Visitor(app, world.staff_cookie(world.alice))
    found = visitor.submit("/staff", "/staff/search", personal_number=who.number)
    assert who.number not in found.headers["Location"]
    page = visitor.get(found.headers["Location"]).get_data(as_text=True)
    assert page.count('class="card is-new"') == 1
    nobody = visitor.submit("/staff", "/staff/search", personal_number=world.new_identity().number)
    assert visitor.get(nobody.headers["Location"]).get_data(as_text=True).count('class="card is-new"') == 0


def test_a_flag_is_seen_at_the_top_its_reason_once_it_is_opened_and_it_leaves_when_assessed(
    world: World, app: Flask, run_jobs: Callable[[], None]
) -> None:
    rule = NewRule("promis-anxiety", Threshold("promis_anxiety.t", Bound.AT_LEAST, 40), "Ring", new_id())
    set_rule(world.services, rule, as_=world.bob)
    patient, occasion = world.enrol(by=world.bob)
    (response_id,) = world.answer(patient, occasion, value=5)
    run_jobs()
    visitor = Visitor(app, world.staff_cookie(world.bob))
    unopened = visitor.get("/staff").get_data(as_text=True)
    assert 'id="flagged"' in unopened
    assert 'class="flag"' not in unopened
    address = f"/staff/responses/{response_id}"
    visitor.submit("/staff", address)
    assert 'class="flag"' in visitor.get("/staff").get_data(as_text=True)
    assert 'id="unit-flags"' in visitor.get(address).get_data(as_text=True)
    visitor.submit(address, f"{address}/assessment")
    assert 'id="flagged"' not in visitor.get("/staff").get_data(as_text=True)


def test_the_worklist_takes_as_many_statements_for_many_responses_as_for_few(world: World, app: Flask) -> None:
    """No N+1."""
    visitor = Visitor(app, world.staff_cookie(world.alice))
    taken = []
    for more in (2, 6):
        answered(world, more)
        world.enrol()
        visitor.get("/staff")
        statements: list[str] = []

        def note(_c: object, _d: object, statement: str, *_: object, kept: list[str] = statements) -> None:
            kept.append(statement)

        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        visitor.get("/staff")
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        taken.append(len(statements))
    assert taken[0] == taken[1]


def waiting(world: World) -> set[UUID]:
    with world.services.db.transaction(as_=world.alice) as connection:
        found = waiting_occasions_of_unit(connection, world.alice.unit_id, world.services.clock(), limit=10)
    return {one.id for one in found}


def test_an_occasion_waits_until_all_of_it_is_answered(world: World) -> None:
    patient, occasion = world.enrol(protocol="both")
    state = world.start(patient, occasion, at=world.services.clock() - timedelta(minutes=10))
    while isinstance(state.step, Ask):
        state = world.give(state, patient)
    assert waiting(world) == {occasion.id}
    world.answer(patient, occasion)
    assert waiting(world) == set()


def test_nobody_says_that_an_occasion_is_answered(world: World, database: TestDatabase) -> None:
    """It follows from the responses, also by SQL."""
    _, occasion = world.enrol()
    with database.connect("survey_login") as connection:
        connection.execute("SET LOCAL ROLE survey_staff")
        connection.execute("SELECT set_config('app.provider', %s, true)", [str(world.alice.provider_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE occasions SET is_answered = true WHERE id = %s", [occasion.id])
