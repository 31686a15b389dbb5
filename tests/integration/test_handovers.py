"""A tablet in the waiting room: one code, one occasion, nothing else of the patient, and it ends by itself."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from survey_service.access.handovers import make_code, take_code
from survey_service.errors import AccessDenied, BadInput, Closed
from survey_service.foundation.principals import Patient
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.conftest import BASE_URL, TestDatabase
from tests.integration.enrolments import rows
from tests.world import World


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(name="Tyra Hemlighet")


@pytest.fixture
def here(world: World, identity: Identity) -> Occasion:
    return world.enrol(identity)[1]


@pytest.fixture
def tablet(world: World, app: Flask, here: Occasion) -> Visitor:
    """A tablet that has taken a code."""
    code = make_code(world.services, here.id, attested=True, as_=world.alice)
    visitor = Visitor(app)
    assert visitor.submit(f"/h/{code}", "/h/").headers["Location"] == f"/surveys/{here.id}"
    return visitor


def answer_all(tablet: Visitor, here: Occasion) -> str:
    place = tablet.submit(f"/surveys/{here.id}", "/surveys/").headers["Location"]
    while place.startswith("/sessions/"):
        place = tablet.submit(place, "/sessions/", value="2").headers["Location"]
    return place


def test_a_tablet_answers_the_one_occasion_and_is_then_nobodys(
    tablet: Visitor, here: Occasion, database: TestDatabase
) -> None:
    """C3"""
    place = answer_all(tablet, here)
    assert place == "/h/done"
    assert tablet.get(place).headers["Location"] == "/h/thanks"
    assert rows(database, "SELECT mode FROM sessions") == [("tablet",)]
    assert tablet.get(f"/surveys/{here.id}").status_code == 303
    assert rows(database, "SELECT ended_at IS NULL FROM handovers") == [(False,)]


def test_a_tablet_shows_nothing_else_of_the_patient(
    world: World, tablet: Visitor, here: Occasion, identity: Identity
) -> None:
    """A6, C3"""
    _, other = world.enrol(identity, protocol="eq5d-only")
    refused = ["/inbox", "/my-data", "/contact", f"/surveys/{other.id}", f"/surveys/{here.id}/done", "/staff"]
    assert [tablet.get(path).status_code for path in refused] == [403] * 6
    page = tablet.get(f"/surveys/{here.id}").get_data(as_text=True)
    assert "Hemlighet" not in page
    assert not re.search(r'href="/(inbox|my-data|contact)', page)


def test_a_tablet_that_stands_idle_is_signed_out(tablet: Visitor, here: Occasion, clock) -> None:
    clock.advance(timedelta(minutes=9))
    assert tablet.get(f"/surveys/{here.id}").status_code == 200
    clock.advance(timedelta(minutes=10))
    assert tablet.get(f"/surveys/{here.id}").status_code == 303


def test_a_code_works_once_and_not_for_long(world: World, here: Occasion, clock) -> None:
    code = make_code(world.services, here.id, attested=True, as_=world.alice)
    take_code(world.services, code)
    late = make_code(world.services, here.id, attested=True, as_=world.alice)
    clock.advance(timedelta(minutes=5))
    for no_good in (code, late, "x"):
        with pytest.raises(Closed):
            take_code(world.services, no_good)


def test_looking_at_the_link_uses_nothing_up(world: World, app: Flask, here: Occasion) -> None:
    code = make_code(world.services, here.id, attested=True, as_=world.alice)
    page = Visitor(app).get(f"/h/{code}")
    assert (page.status_code, "Hemlighet" in page.get_data(as_text=True)) == (200, False)
    take_code(world.services, code)


def test_who_hands_over_attests_who_the_patient_is_and_is_logged(
    world: World, here: Occasion, database: TestDatabase
) -> None:
    """G1, G2"""
    with pytest.raises(BadInput):
        make_code(world.services, here.id, attested=False, as_=world.alice)
    make_code(world.services, here.id, attested=True, as_=world.alice)
    logged = "SELECT actor_id, person_id, activity FROM audit_events WHERE object_kind = 'handover'"
    assert rows(database, logged) == [(world.alice.staff_id, here.person_id, "Signera")]


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_no_other_unit_hands_the_occasion_over(world: World, here: Occasion, who: str) -> None:
    """A6"""
    with pytest.raises(AccessDenied):
        make_code(world.services, here.id, attested=True, as_=getattr(world, who))


def test_what_is_answered_is_handed_over_to_nobody(world: World, here: Occasion) -> None:
    world.answer(Patient(here.person_id), here)
    with pytest.raises(Closed):
        make_code(world.services, here.id, attested=True, as_=world.alice)


def test_the_staffs_own_device_signs_them_out(world: World, app: Flask, here: Occasion) -> None:
    staff = Visitor(app, world.staff_cookie(world.alice))
    page = f"/staff/occasions/{here.id}/hand-over"
    shown = staff.submit(page, page, attested="1").get_data(as_text=True)
    assert "<svg" in shown
    (link,) = set(re.findall(rf'href="{BASE_URL}(/h/[^"]+)"', shown))
    staff.submit(link, "/h/")
    assert staff.get("/staff").status_code == 403
    assert staff.get(f"/surveys/{here.id}").status_code == 200


# ---- by SQL


def seen(database: TestDatabase, table: str, person_id: UUID, occasion_id: UUID | str) -> int:
    with database.connect("survey_login") as connection:
        settings = {
            "role": "survey_patient",
            "app.actor": person_id,
            "app.person": person_id,
            "app.occasion": occasion_id,
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, str(value)))
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return count


@pytest.mark.parametrize("table", ["occasions", "tasks", "sessions", "notices_given", "answers", "responses"])
def test_the_database_shows_a_tablet_one_occasion(
    world: World, identity: Identity, here: Occasion, database: TestDatabase, table: str
) -> None:
    """A6"""
    patient = Patient(here.person_id)
    _, other = world.enrol(identity, protocol="eq5d-only")
    for one in (here, other):
        world.answer(patient, one)
    everything = seen(database, table, here.person_id, "")
    parts = [seen(database, table, here.person_id, one.id) for one in (here, other)]
    assert sum(parts) == everything
    assert all(0 < part < everything for part in parts)


def test_the_database_takes_a_code_once(world: World, here: Occasion, database: TestDatabase) -> None:
    import psycopg

    take_code(world.services, make_code(world.services, here.id, attested=True, as_=world.alice))
    with database.connect("survey_login") as connection:
        connection.execute("SET LOCAL ROLE survey_gate")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE handovers SET token_digest = sha256('x')")
