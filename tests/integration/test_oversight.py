"""What the data protection officer sees of rights and refusals, and of a patient only with a reason that is logged."""

import csv
from datetime import timedelta
from html import unescape
from io import StringIO
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.access.rights import end_commission, give_commission
from survey_service.access.rules import Role
from survey_service.delivery.emergency import Reason, open_with_reason
from survey_service.delivery.oversight import name_of_patient
from survey_service.delivery.rules import Ground, NamingReason
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.principals import Staff
from survey_service.people.rules import Identity
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.people_with_rights import colleague, commission, commission_of, cookie, limited
from tests.world import World

REPORTS = (
    "SELECT * FROM emergency_report(:at, :at, 9)",
    "SELECT * FROM denial_report(:at, :at - interval '1 day')",
    "SELECT * FROM rights_report(:at, :at - interval '1 day', 9)",
)


@pytest.fixture
def adam(world: World) -> Staff:
    return colleague(world, Role.ADMINISTRATOR, name="adam")


@pytest.fixture
def disa(world: World) -> Staff:
    return colleague(world, Role.DATA_PROTECTION_OFFICER, name="disa")


@pytest.fixture
def officer(world: World, app: Flask, disa: Staff) -> Visitor:
    return Visitor(app, cookie(world, "disa"))


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(name="Tyra Hemlighet")


@pytest.fixture
def opening(world: World, identity: Identity) -> UUID:
    """bob has opened with a reason what alice's unit has."""
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    made = Reason(new_id(), Ground.EMERGENCY, "Akut.")
    open_with_reason(world.services, response_id, made, as_=world.bob)
    return made.request_id


def page(officer: Visitor) -> str:
    shown = unescape(officer.get("/staff/oversight").get_data(as_text=True))
    return shown.replace("<bdi>", "").replace("</bdi>", "")


def test_the_officer_sees_which_rights_were_given_and_ended_and_by_whom(
    world: World, officer: Visitor, adam: Staff
) -> None:
    """G2"""
    lina = limited(world, "anxiety-only", by=adam)
    assert "Lina, Behandlare, Enhet Ett. Givet av Adam" in page(officer)
    end_commission(world.services, commission_of(world, lina), as_=adam)
    assert "Lina, Behandlare, Enhet Ett. Avslutat av Adam" in page(officer)


def test_the_officer_sees_how_often_staff_were_refused_and_nothing_of_whom(
    world: World, officer: Visitor, app: Flask, identity: Identity
) -> None:
    """G2"""
    patient, occasion = world.enrol(identity)
    bob = Visitor(app, world.staff_cookie(world.bob))
    for _ in range(3):
        bob.get(f"/staff/enrolments/{occasion.enrolment_id}")
    Visitor(app, world.staff_cookie(world.charlie)).get("/staff/rights")  # another provider's
    shown = page(officer)
    assert "Nekade de senaste 30 dagarna: 3" in shown
    assert "<code>enrolment.show</code></td><td>3</td>" in shown
    assert str(occasion.enrolment_id) not in shown
    assert str(patient.person_id) not in shown
    assert "Charlie" not in shown


def test_the_file_of_rights_says_who_may_what_where_since_until_and_by_whom(
    world: World, officer: Visitor, adam: Staff
) -> None:
    """G2"""
    limited(world, "anxiety-only", by=adam)
    over = limited(world, "eq5d-only", by=adam, name="otto")
    end_commission(world.services, commission_of(world, over), as_=adam)
    give_commission(world.services, commission(world, name="=cmd"), as_=adam)
    file = StringIO(officer.get("/staff/rights.csv").get_data(as_text=True))
    rows = {row["staff"]: row for row in csv.DictReader(file)}
    lina, otto = rows["Lina"], rows["Otto"]
    assert (lina["role"], lina["unit"], lina["protocols"]) == ("clinician", "Enhet Ett", "anxiety-only")
    assert (lina["in_force"], lina["valid_until"], lina["granted_by"], lina["ended_by"]) == ("true", "", "Adam", "")
    assert (otto["in_force"], otto["ended_by"]) == ("false", "Adam")
    assert "'=Cmd" in rows
    assert not any("Charlie" in name for name in rows)


def test_a_patient_is_named_for_one_opening_with_a_reason_that_is_logged_and_told(
    world: World, officer: Visitor, app: Flask, opening: UUID, identity: Identity, disa: Staff, database: TestDatabase
) -> None:
    """B10, G2"""
    path = f"/staff/oversight/openings/{opening}/patient"
    assert identity.name not in page(officer)
    assert officer.post(path, page="/staff/oversight").status_code == 400
    answer = officer.post(path, page="/staff/oversight", reason="review")
    assert identity.name in answer.get_data(as_text=True)
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT object_id, reason, actor_id FROM audit_events WHERE object_kind = 'identity'"
        ).fetchall()
    assert logged == [(opening, "review", disa.staff_id)]
    mine = Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True)
    assert "Dataskyddsombudet tog reda på vem du är" in mine
    assert "En återkommande granskning" in mine


def test_nobody_else_names_a_patient_so_and_no_officer_of_another_provider(
    world: World, opening: UUID, adam: Staff
) -> None:
    """A6"""
    for who in (adam, world.alice, world.bob, world.charlie):
        with pytest.raises(AccessDenied):
            name_of_patient(world.services, opening, NamingReason.REVIEW, as_=who)


@pytest.mark.parametrize("report", REPORTS)
def test_by_sql_the_reports_are_for_an_officer_in_force_now(
    world: World, adam: Staff, disa: Staff, opening: UUID, report: str
) -> None:
    """Nor by naming a time at which the commission was in force."""

    def refusal(who: Staff, at: object) -> str | None:
        try:
            with world.services.db.transaction(as_=who) as connection:
                connection.execute(sa.text(report), {"at": at})
        except sa.exc.DBAPIError as error:
            return refused_by(error)
        return None

    now = world.services.clock()
    assert refusal(disa, now) is None
    for who in (adam, world.alice, world.bob, world.charlie):
        assert refusal(who, now) == "emergency_report_officer"
    end_commission(world.services, commission_of(world, disa), as_=adam)
    for at in (now - timedelta(hours=1), now + timedelta(hours=1)):
        assert refusal(disa, at) == "emergency_report_officer"
