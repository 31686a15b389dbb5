"""Every way in which staff reach a patient: each is judged by commission, unit, provider, protocol and time alike."""

from dataclasses import dataclass
from html import unescape
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.access.rights import end_commission
from survey_service.access.rules import Role
from survey_service.delivery.emergency import Reason, open_with_reason
from survey_service.delivery.rules import Ground
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.people.rules import Identity
from survey_service.privacy.queries import closed_units
from survey_service.privacy.use_cases import block_unit
from survey_service.scheduling.enrolling import transfer
from survey_service.scheduling.rules import BodySide
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.people_with_rights import colleague, commission_of, cookie, limited
from tests.world import World

# Where a patient of a protocol is reached, and what somebody whose protocol it is gets.
PAGES = {
    "/staff/enrolments/{enrolment}": 200,
    "/staff/responses/{response}": 200,
    "/staff/responses/{response}/correction": 200,
    "/staff/responses/{response}/voiding": 200,
    "/staff/responses/{response}/versions/1": 200,
    "/staff/patients/{person}/course": 200,
    "/staff/patients/{person}/course.pdf": 200,
    "/staff/occasions/{waiting}/paper": 200,
    "/staff/occasions/{waiting}/entry": 200,
}
ACTS = {
    "/staff/responses/{response}": 303,
    "/staff/responses/{response}/assessment": 303,
    "/staff/responses/{response}/hand-over": 303,
    "/staff/responses/{response}/notes": 303,
    "/staff/responses/{response}/voiding": 303,
    "/staff/receipts": 303,
    "/staff/occasions/{waiting}/reminder": 303,
    "/staff/occasions/{waiting}/non-response": 303,
    "/staff/occasions/{waiting}/hand-over": 200,
    "/staff/occasions/{waiting}/entry": 200,
    "/staff/enrolments/{enrolment}/event": 400,
    "/staff/enrolments/{enrolment}/state": 303,
    "/staff/enrolments/{enrolment}/unit": 400,
}


@dataclass(frozen=True)
class Ward:
    """A patient whom alice follows in one protocol: an answer that she has opened, and an open occasion."""

    world: World
    app: Flask
    identity: Identity
    patient: Patient
    response_id: UUID
    enrolment_id: UUID
    waiting: UUID

    def path(self, rule: str) -> str:
        return rule.format(
            enrolment=self.enrolment_id,
            response=self.response_id,
            person=self.world.reference(self.patient),
            waiting=self.waiting,
        )

    def get(self, cookie: str, rule: str) -> int:
        return Visitor(self.app, cookie).get(self.path(rule)).status_code

    def text(self, cookie: str, rule: str) -> str:
        return unescape(Visitor(self.app, cookie).get(self.path(rule)).get_data(as_text=True))

    def act(self, cookie: str, rule: str) -> int:
        visitor = Visitor(self.app, cookie)
        form = {
            "csrf_token": visitor.token(),
            "response": str(self.response_id),
            "to": "paused" if rule.endswith("/state") else "",
            "note": "Ring",
            "reason": "wrong_patient" if rule.endswith("/voiding") else "declined",
            "based_on": "1",
            "attested": "1",
            "request_id": str(new_id()),
            "filled_on": local_day(self.world.services.clock()).isoformat(),
        }
        return visitor.raw_post(self.path(rule), data=form).status_code


@pytest.fixture
def ward(world: World, app: Flask) -> Ward:
    identity = world.new_identity(name="Tyra Hemlighet")
    patient, answered = world.enrol(identity, protocol="anxiety-only")
    (response_id,) = world.answer(patient, answered)
    open_response(world.services, response_id, as_=world.alice)
    _, waiting = world.enrol(identity, side=BodySide.LEFT)
    return Ward(world, app, identity, patient, response_id, answered.enrolment_id, waiting.id)


@pytest.fixture
def adam(world: World) -> Staff:
    return colleague(world, Role.ADMINISTRATOR, name="adam")


@pytest.mark.parametrize("rule", PAGES)
def test_a_page_about_a_patient_is_for_who_cares_in_the_protocol_at_the_unit(
    ward: Ward, adam: Staff, rule: str
) -> None:
    """A6, G2"""
    world = ward.world
    limited(world, "anxiety-only", by=adam)
    limited(world, "eq5d-only", by=adam, name="otto")
    colleague(world, Role.DATA_PROTECTION_OFFICER, name="disa")
    who = {
        "lina": cookie(world, "lina"),
        "otto": cookie(world, "otto"),
        "bob": world.staff_cookie(world.bob),
        "charlie": world.staff_cookie(world.charlie),
        "adam": cookie(world, "adam"),
        "disa": cookie(world, "disa"),
    }
    got = {name: ward.get(signed_in, rule) for name, signed_in in who.items()}
    assert got == {"lina": PAGES[rule]} | dict.fromkeys(("otto", "bob", "charlie", "adam", "disa"), 403)


@pytest.mark.parametrize("rule", ACTS)
def test_an_act_about_a_patient_is_for_who_cares_in_the_protocol_at_the_unit(
    ward: Ward, adam: Staff, rule: str
) -> None:
    """A6, G2"""
    world = ward.world
    limited(world, "anxiety-only", by=adam)
    limited(world, "eq5d-only", by=adam, name="otto")
    refused = [cookie(world, "otto"), cookie(world, "adam"), *map(world.staff_cookie, (world.bob, world.charlie))]
    assert [ward.act(signed_in, rule) for signed_in in refused] == [403] * 4
    assert ward.act(cookie(world, "lina"), rule) == ACTS[rule]


def test_a_commission_that_has_ended_opens_nothing_from_that_moment(ward: Ward, adam: Staff) -> None:
    """G2"""
    lina = limited(ward.world, "anxiety-only", by=adam)
    signed_in = cookie(ward.world, "lina")
    end_commission(ward.world.services, commission_of(ward.world, lina), as_=adam)
    assert {ward.get(signed_in, rule) for rule in PAGES} == {303}  # to sign in
    assert {ward.act(signed_in, rule) for rule in ACTS} <= {400, 401}


def test_a_course_shows_the_commissions_protocols_and_no_others(ward: Ward, adam: Staff) -> None:
    world = ward.world
    other, occasion = world.enrol(ward.identity, protocol="eq5d-only")
    (second,) = world.answer(other, occasion)
    open_response(world.services, second, as_=world.alice)
    limited(world, "anxiety-only", by=adam)
    course = "/staff/patients/{person}/course"
    assert str(second) in ward.text(world.staff_cookie(world.alice), course)
    page = ward.text(cookie(world, "lina"), course)
    assert str(ward.response_id) in page
    assert str(second) not in page
    assert "EQ-5D" not in page


def test_a_follow_up_is_of_the_commissions_protocols(ward: Ward, adam: Staff, database: TestDatabase) -> None:
    limited(ward.world, "eq5d-only", by=adam)
    with database.connect("survey_owner") as connection:
        connection.execute(
            "INSERT INTO follow_up_figures (provider_id, unit_id, protocol, occasion, month, kind, subject, cell,"
            " n, total, squares)"
            " VALUES (%s, %s, 'anxiety-only', 'visit', date_trunc('month', %s::date), 'response', '',"
            " 'answered', 7, 0, 0)",
            [ward.world.alice.provider_id, ward.world.alice.unit_id, ward.world.services.clock()],
        )
    figures = "/staff/follow-up/figures.csv"
    assert "anxiety-only" in ward.text(ward.world.staff_cookie(ward.world.alice), figures)
    assert "anxiety-only" not in ward.text(cookie(ward.world, "lina"), figures)


def test_nobody_but_who_cares_there_is_offered_to_take_care_of_a_response(ward: Ward, adam: Staff) -> None:
    page = ward.text(ward.world.staff_cookie(ward.world.alice), "/staff/responses/{response}")
    assert "Alice Ask</option>" in page
    assert "Adam" not in page


# ---- between units: handed over, answered together, and a block


def handed_over(ward: Ward) -> None:
    transfer(ward.world.services, ward.enrolment_id, ward.world.bob.unit_id, as_=ward.world.alice)


def test_what_was_handed_over_is_left_out_of_the_course_behind_a_block_until_there_is_consent(ward: Ward) -> None:
    """B10, G2"""
    world = ward.world
    handed_over(ward)
    bob, course = world.staff_cookie(world.bob), "/staff/patients/{person}/course"
    before = ward.text(bob, course)
    assert '<table class="course-table">' in before
    assert "Det finns en spärr." not in before
    block_unit(world.services, world.alice.unit_id, as_=ward.patient)
    page = ward.text(bob, course)
    assert "Det finns en spärr." in page
    assert '<table class="course-table">' not in page
    open_with_reason(world.services, ward.response_id, Reason(new_id(), Ground.CONSENT, "Hen sade ja."), as_=world.bob)
    assert '<table class="course-table">' in ward.text(bob, course)
    assert "Det finns en spärr." not in ward.text(world.staff_cookie(world.alice), course)


def test_a_reason_opens_the_course_to_a_unit_that_has_nothing_and_each_response_is_reported(
    ward: Ward, database: TestDatabase
) -> None:
    """G2"""
    world = ward.world
    bob, course = world.staff_cookie(world.bob), "/staff/patients/{person}/course"
    assert ward.get(bob, course) == 403
    open_with_reason(world.services, ward.response_id, Reason(new_id(), Ground.CARE, "Ligger här."), as_=world.bob)
    assert str(ward.response_id) in ward.text(bob, course)
    block_unit(world.services, world.alice.unit_id, as_=ward.patient)
    assert ward.get(bob, course) == 403
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT object_id, reason FROM audit_events WHERE activity = 'Nödöppning' AND object_kind = 'course'"
        ).fetchall()
    assert logged == [(ward.response_id, "care")]
    colleague(world, Role.DATA_PROTECTION_OFFICER, name="disa")
    assert str(ward.response_id) in ward.text(cookie(world, "disa"), "/staff/oversight")


def test_a_block_holds_for_what_answered_another_units_order_too(world: World, app: Flask) -> None:
    """B6, B10: the answers were given to one unit; the patient closed that unit to the others."""
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    world.enrol(identity, by=world.bob)
    (response_id,) = world.answer(patient, first)
    bob = Visitor(app, world.staff_cookie(world.bob))
    assert bob.get(f"/staff/responses/{response_id}").status_code == 200
    block_unit(world.services, world.alice.unit_id, as_=patient)
    assert bob.get(f"/staff/responses/{response_id}").status_code == 403
    with pytest.raises(AccessDenied):
        open_response(world.services, response_id, as_=world.bob)


def test_who_is_limited_opens_what_answered_an_order_of_the_own_protocol_too(
    world: World, adam: Staff, app: Flask
) -> None:
    identity = world.new_identity()
    patient, first = world.enrol(identity, by=world.bob)
    world.enrol(identity)
    (response_id,) = world.answer(patient, first)
    limited(world, "anxiety-only", by=adam)
    limited(world, "eq5d-only", by=adam, name="otto")
    path = f"/staff/responses/{response_id}"
    assert Visitor(app, cookie(world, "lina")).get(path).status_code == 200
    assert Visitor(app, cookie(world, "otto")).get(path).status_code == 403


# ---- finding a patient of another unit


def searched(ward: Ward, who: str) -> str:
    """Where a search by personal number leads to."""
    visitor = Visitor(ward.app, who)
    answer = visitor.post("/staff/search", page="/staff", personal_number=ward.identity.number)
    return str(answer.location)


def test_another_unit_finds_that_there_is_something_where_and_the_way_to_open_it(ward: Ward) -> None:
    """G2"""
    bob = ward.world.staff_cookie(ward.world.bob)
    listed = unescape(Visitor(ward.app, bob).get(searched(ward, bob)).get_data(as_text=True))
    units = ward.path("/staff/patients/{person}/units")
    assert units in listed
    assert ward.identity.name not in listed
    page = ward.text(bob, units)
    assert "Enhet Ett" in page
    assert f'href="/staff/responses/{ward.response_id}/emergency"' in page
    assert ward.identity.name not in page
    assert "Det finns en spärr." not in page


def test_behind_a_block_it_finds_that_there_is_a_block_and_nothing_else(ward: Ward) -> None:
    """B10, G2: the Patient Data Act, chapter 4, section 4."""
    world = ward.world
    block_unit(world.services, world.alice.unit_id, as_=ward.patient)
    page = ward.text(world.staff_cookie(world.bob), "/staff/patients/{person}/units")
    assert "Det finns en spärr." in page
    assert "Enhet Ett" not in page
    assert "Öppna trots spärren" in page
    assert "Det finns en spärr." not in ward.text(world.staff_cookie(world.alice), "/staff/patients/{person}/units")


def test_another_provider_finds_the_same_as_of_nobody(ward: Ward, database: TestDatabase) -> None:
    """A6"""
    charlie = ward.world.staff_cookie(ward.world.charlie)
    nobody = ward.world.reference(Patient(UUID(int=0)), to=ward.world.charlie)
    assert searched(ward, charlie).endswith(f"patient={nobody}")
    units = "/staff/patients/{}/units"
    theirs, nobodys = (
        ward.text(charlie, units.format(one)).partition("<main")[2].partition("</main>")[0]
        for one in (ward.world.reference(ward.patient, to=ward.world.charlie), nobody)
    )
    assert theirs == nobodys
    assert ward.get(charlie, units.format(ward.world.reference(ward.patient))) == 403, (
        "a name given by another provider"
    )
    assert "Ingen annan enhet har något" in theirs
    with database.connect("survey_owner") as connection:
        logged = connection.execute("SELECT count(*) FROM audit_events WHERE object_kind = 'elsewhere'").fetchone()
    assert logged == (0,)


def test_looking_is_logged_and_the_patient_sees_it(ward: Ward) -> None:
    ward.get(ward.world.staff_cookie(ward.world.bob), "/staff/patients/{person}/units")
    mine = ward.text(ward.world.patient_cookie(ward.identity), "/my-data")
    assert "<strong>Enhet Två</strong>: Såg efter om andra enheter har svar från dig" in mine


def test_a_days_list_takes_nobody_whom_only_another_unit_follows(ward: Ward, database: TestDatabase) -> None:
    bob = Visitor(ward.app, ward.world.staff_cookie(ward.world.bob))
    answer = bob.post("/staff/today", page="/staff?filter=today", numbers=ward.identity.number)
    assert "left_out=1" in answer.location
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM clinic_lists").fetchone() == (0,)


# ---- by SQL


def test_whose_a_block_is_can_be_asked_of_the_own_provider_only(ward: Ward) -> None:
    """A6"""
    world = ward.world
    block_unit(world.services, world.alice.unit_id, as_=ward.patient)
    asked = sa.text("SELECT is_unit_blocked(:person, :unit)")
    values = {"person": ward.patient.person_id, "unit": world.alice.unit_id}
    for who, told in ((world.bob, True), (world.charlie, False)):
        with world.services.db.transaction(as_=who) as connection:
            assert connection.execute(asked, values).scalar_one() is told
    with world.services.db.transaction(as_=world.alice) as connection:
        assert closed_units(connection, ward.patient.person_id, world.alice.unit_id) == frozenset()
    with pytest.raises(sa.exc.DBAPIError), world.services.db.transaction(as_=ward.patient) as connection:
        connection.execute(asked, values)
