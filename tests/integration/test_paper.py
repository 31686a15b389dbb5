"""Answers on paper: printed in the patient's language, typed in twice, scored and delivered as any other."""

from datetime import date, timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.access.use_cases import add_staff_member
from survey_service.answering.paper import enter_paper, look_at_paper, read_part
from survey_service.answering.queries import responses_with_ids, scores_of
from survey_service.delivery.flag_setting import set_late_paper_days
from survey_service.delivery.queries import flags_of, whereabouts
from survey_service.errors import AccessDenied, BadInput, Closed, Conflict, Unavailable
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Staff
from survey_service.scheduling.enrolling import end
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.sittings import Controls
from tests.world import World


def boxes(world: World, occasion_id, *, code: str = "2", **changes: str) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Every field of the form, with the same answer in each."""
    form = look_at_paper(world.services, occasion_id, as_=world.alice)
    fields = {part.field(item): code for part in form.parts for item in part.instrument.items.values()}
    fields |= {name: value for name, value in changes.items() if name in fields}
    return fields | {"filled_on": local_day(world.services.clock()).isoformat()}


def enter(world: World, occasion: Occasion, filled_on: date | None) -> None:
    """Every question answered alike, on a form that was filled in on a day."""
    found = look_at_paper(world.services, occasion.id, to_enter=True, as_=world.alice)
    given = {part.task.id: read_part(part, {item: ["2"] for item in part.instrument.items})[0] for part in found.parts}
    enter_paper(world.services, occasion.id, given, filled_on=filled_on, differences=0, as_=world.alice)


def last_day(occasion: Occasion) -> date:
    return local_day(occasion.last_moment)


def test_a_bank_is_printed_as_its_short_form_in_the_patients_language(world: World, app: Flask) -> None:
    """D4"""
    _, occasion = world.enrol()
    form = look_at_paper(world.services, occasion.id, as_=world.alice)
    (part,) = form.parts
    assert part.instrument.form == part.instrument.paper_form != ""
    assert part.shown.wording.locale == "sv"
    page = Visitor(app, world.staff_cookie(world.alice)).get(f"/staff/occasions/{occasion.id}/paper")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    for item in part.instrument.items:
        assert part.shown.wording.texts[f"item:{item}"] in text


def test_what_is_typed_the_same_twice_is_scored_by_the_bank_and_delivered(world: World, app: Flask) -> None:
    """A7"""
    _, occasion = world.enrol()
    address = f"/staff/occasions/{occasion.id}/entry"
    visitor = Visitor(app, world.staff_cookie(world.alice))
    fields = boxes(world, occasion.id)
    token = visitor.token(address)
    second = visitor.raw_post(address, data={**fields, "stage": "first", "csrf_token": token})
    assert second.status_code == 200
    assert set(Controls(second.get_data(as_text=True)).values) <= set(Controls(visitor.get(address).text).values)
    first = {f"first-{name}": value for name, value in fields.items()}
    done = visitor.raw_post(address, data={**fields, **first, "stage": "second", "csrf_token": token})
    assert done.status_code == 303
    with world.services.db.transaction(as_=world.alice) as connection:
        ids = connection.execute(sa.text("SELECT id FROM responses")).scalars().all()
        (found,) = responses_with_ids(connection, ids)
        (t,) = [one for one in scores_of(connection, ids)[found.id] if one.variable == "promis_anxiety.t"]
        session = connection.execute(sa.text("SELECT mode, entered_by, entry_differences FROM sessions")).one()
        assert whereabouts(connection, ids)[found.id].received_at is None
        assert flags_of(connection, ids)[found.id] in {(), ("same_position",)}  # never that it was fast
    assert t.value is not None
    assert tuple(session) == ("paper", world.alice.staff_id, 0)


def test_what_was_typed_differently_is_shown_and_typed_once_more(world: World, app: Flask) -> None:
    _, occasion = world.enrol()
    address = f"/staff/occasions/{occasion.id}/entry"
    visitor = Visitor(app, world.staff_cookie(world.alice))
    fields = boxes(world, occasion.id)
    first = {f"first-{name}": value for name, value in fields.items()}
    slip = {**fields, next(iter(fields)): "4"}
    token = visitor.token(address)
    shown = visitor.raw_post(address, data={**slip, **first, "stage": "second", "csrf_token": token})
    held = Controls(shown.get_data(as_text=True)).values
    assert 'name="differences" value="1"' in shown.get_data(as_text=True)
    assert held.get(next(iter(fields))) in (None, [""])
    resolved = {**fields, "stage": "resolved", "differences": "1", "csrf_token": token}
    assert visitor.raw_post(address, data=resolved).status_code == 303
    with world.services.db.transaction(as_=world.alice) as connection:
        assert connection.execute(sa.text("SELECT entry_differences FROM sessions")).scalar_one() == 1


def test_what_the_patient_has_begun_on_a_screen_is_not_taken_from_paper(world: World) -> None:
    """A2: nothing is answered twice."""
    patient, occasion = world.enrol()
    world.start(patient, occasion)
    with pytest.raises(Conflict):
        look_at_paper(world.services, occasion.id, as_=world.alice)
    with pytest.raises(Conflict):
        enter_paper(world.services, occasion.id, {}, filled_on=None, differences=0, as_=world.alice)


def test_what_was_filled_in_on_time_counts_from_that_day_though_it_arrives_late(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """A7"""
    _, occasion = world.enrol()
    clock.advance(timedelta(days=40))
    enter(world, occasion, last_day(occasion))
    with database.connect("survey_owner") as connection:
        row = connection.execute(
            "SELECT r.completed_at, d.delivered_at, s.started_at, n.given_at, max(a.answered_at)"
            " FROM responses r JOIN deliveries d ON d.response_id = r.id JOIN sessions s ON s.id = r.session_id"
            " JOIN notices_given n ON n.id = s.notice_id JOIN answers a ON a.session_id = s.id GROUP BY 1, 2, 3, 4"
        ).fetchone()
    assert row is not None
    completed_at, delivered_at, typed_at, given_at, answered_at = row
    assert local_day(completed_at) == last_day(occasion)
    assert occasion.covers(completed_at)
    assert (given_at, answered_at) == (completed_at, completed_at)
    assert local_day(delivered_at) == local_day(typed_at) == last_day(occasion) + timedelta(days=40 - 14)


def test_a_day_that_cannot_be_is_asked_for_again_at_the_first_step(world: World, app: Flask, clock: TestClock) -> None:
    _, occasion = world.enrol()
    clock.advance(timedelta(days=40))
    visitor = Visitor(app, world.staff_cookie(world.alice))
    address = f"/staff/occasions/{occasion.id}/entry"
    days = {
        "": "Skriv vilken dag",
        (local_day(clock()) + timedelta(days=1)).isoformat(): "har inte varit",
        (local_day(occasion.opens_at) - timedelta(days=1)).isoformat(): "hade inte öppnat",
        (last_day(occasion) + timedelta(days=1)).isoformat(): "var slut",
    }
    for day, said in days.items():
        form = {"stage": "first", "filled_on": day, "csrf_token": visitor.token(address)}
        answer = visitor.raw_post(address, data=form)
        assert answer.status_code == 400
        assert said in answer.get_data(as_text=True)


def test_what_was_filled_in_late_is_taken_as_late_where_the_unit_allows_it(
    world: World, app: Flask, clock: TestClock
) -> None:
    """A7"""
    _, occasion = world.enrol()
    manager = manager_of_unit(world)
    clock.advance(timedelta(days=40))
    day = last_day(occasion) + timedelta(days=3)
    with pytest.raises(BadInput):
        enter(world, occasion, day)
    with pytest.raises(AccessDenied):
        set_late_paper_days(world.services, 3, as_=world.alice)
    set_late_paper_days(world.services, 3, as_=manager)
    with pytest.raises(BadInput):
        enter(world, occasion, day + timedelta(days=1))
    enter(world, occasion, day)
    with world.services.db.transaction(as_=world.alice) as connection:
        ids = connection.execute(sa.text("SELECT id FROM responses")).scalars().all()
        assert "out_of_window" in flags_of(connection, ids)[ids[0]]
    listed = Visitor(app, world.staff_cookie(world.alice)).get("/staff").get_data(as_text=True)
    assert "På papper" in listed
    assert "Försenad" in listed


def manager_of_unit(world: World) -> Staff:
    staff_id = add_staff_member(
        world.services,
        provider_id=world.alice.provider_id,
        unit_id=world.alice.unit_id,
        hsa_id="SE2321000016-manager",
        name="Mia Chef",
        role="unit_manager",
        since=world.services.clock(),
    )
    return Staff(staff_id, world.alice.provider_id, world.alice.unit_id)


def test_by_sql_too_paper_counts_from_no_day_that_cannot_be(world: World, database: TestDatabase) -> None:
    _, occasion = world.enrol()
    enter(world, occasion, local_day(world.services.clock()))
    for moment in ("now() + interval '1 day'", "now() - interval '60 days'"):
        with database.connect("survey_owner") as connection:
            connection.execute("ALTER TABLE responses DROP CONSTRAINT responses_session_id_key CASCADE")
            copied = (
                "INSERT INTO responses (id, provider_id, person_id, session_id, unit_id, last_sequence, completed_at)"
                f" SELECT gen_random_uuid(), provider_id, person_id, session_id, unit_id, last_sequence, {moment}"
                " FROM responses"
            )
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                connection.execute(copied.encode())
            assert refused.value.diag.constraint_name == "paper_in_time"


def test_nothing_is_entered_for_an_enrolment_that_is_over(world: World) -> None:
    _, occasion = world.enrol()
    end(world.services, occasion.enrolment_id, "left the country", as_=world.alice)
    with pytest.raises(Closed):
        look_at_paper(world.services, occasion.id, to_enter=True, as_=world.alice)


def test_another_unit_prints_nothing(world: World) -> None:
    _, occasion = world.enrol()
    with pytest.raises(AccessDenied):
        look_at_paper(world.services, occasion.id, as_=world.bob)


def test_outside_a_demonstration_paper_needs_a_licence_for_paper(real: World, licence) -> None:
    """D1"""
    _, occasion = real.enrol()
    with pytest.raises(Unavailable):
        look_at_paper(real.services, occasion.id, as_=real.alice)


def test_by_sql_too_staff_write_into_nobodys_own_session(world: World) -> None:
    patient, occasion = world.enrol()
    state = world.start(patient, occasion)
    insert = sa.text(
        "INSERT INTO answers (session_id, sequence, provider_id, person_id, item_id, kind, answered_by, answered_at)"
        " VALUES (:session, 1, :provider, :person, 'x', 'skipped', :person, now())"
    )
    values = {"session": state.session.id, "provider": world.alice.provider_id, "person": patient.person_id}
    with (
        pytest.raises(sa.exc.ProgrammingError, match="only what is entered from paper"),
        world.services.db.transaction(as_=world.alice) as connection,
    ):
        connection.execute(insert, values)
