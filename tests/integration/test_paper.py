"""Answers on paper: printed in the patient's language, typed in twice, scored and delivered as any other."""

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.answering.paper import enter_paper, look_at_paper
from survey_service.answering.queries import responses_with_ids, scores_of
from survey_service.delivery.queries import flags_of, whereabouts
from survey_service.errors import AccessDenied, Conflict, Unavailable
from tests.browsing import Visitor
from tests.integration.sittings import Controls
from tests.world import World


def boxes(world: World, occasion_id, *, code: str = "2", **changes: str) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Every field of the form, with the same answer in each."""
    form = look_at_paper(world.services, occasion_id, as_=world.alice)
    fields = {part.field(item): code for part in form.parts for item in part.instrument.items.values()}
    return fields | {name: value for name, value in changes.items() if name in fields}


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
        enter_paper(world.services, occasion.id, {}, differences=0, as_=world.alice)


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
