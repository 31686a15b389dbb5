"""Between units of one provider: a patient's block, opening with a reason in spite of it, and who gets to see that."""

import csv
from datetime import timedelta
from html import unescape
from io import StringIO
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.access.rules import Role
from survey_service.delivery.emergency import LASTS, Reason, open_with_reason
from survey_service.delivery.rules import Ground
from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.principals import Patient, Principal, Staff
from survey_service.people.rules import Identity
from survey_service.privacy.use_cases import block_unit, lift_block
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.people_with_rights import colleague, cookie, limited
from tests.world import World


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity()


@pytest.fixture
def answered(world: World, identity: Identity) -> tuple[Patient, UUID]:
    """A response at alice's unit that nobody has opened."""
    patient, occasion = world.enrol(identity, protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    return patient, response_id


def reason(ground: Ground = Ground.CONSENT, words: str = "Inför operation i kväll.") -> Reason:
    return Reason(new_id(), ground, words)


def status(world: World, app: Flask, who: Staff, response_id: UUID) -> int:
    return Visitor(app, world.staff_cookie(who)).get(f"/staff/responses/{response_id}").status_code


def test_another_unit_reads_nothing_until_it_has_given_a_reason_and_is_shown_the_way(
    world: World, app: Flask, answered: tuple[Patient, UUID]
) -> None:
    """A6, G2"""
    _, response_id = answered
    bob = Visitor(app, world.staff_cookie(world.bob))
    refused = bob.get(f"/staff/responses/{response_id}")
    assert refused.status_code == 403
    assert f'href="/staff/responses/{response_id}/emergency"' in refused.get_data(as_text=True)
    form = {"ground": "care", "words": "Patienten ligger här."}
    assert bob.submit(f"/staff/responses/{response_id}/emergency", "/staff/", **form).status_code == 303
    page = bob.get(f"/staff/responses/{response_id}")
    assert page.status_code == 200
    assert "De här svaren är till Enhet Ett." in unescape(page.get_data(as_text=True))


def test_reading_with_a_reason_is_no_receipt_and_gives_no_right_to_assess_or_correct(
    world: World, app: Flask, answered: tuple[Patient, UUID], database: TestDatabase
) -> None:
    """A3, B1"""
    _, response_id = answered
    open_with_reason(world.services, response_id, reason(), as_=world.bob)
    assert status(world, app, world.bob, response_id) == 200
    for act in (open_response, assess_response):
        with pytest.raises(AccessDenied):
            act(world.services, response_id, as_=world.bob)
    bob = Visitor(app, world.staff_cookie(world.bob))
    for page in ("correction", "voiding", "versions/1"):
        assert bob.get(f"/staff/responses/{response_id}/{page}").status_code == 403
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM receipts").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM readings").fetchone() == (0,)


def test_a_reason_opens_for_twelve_hours_to_that_person_at_that_unit(
    world: World, app: Flask, answered: tuple[Patient, UUID], clock: TestClock
) -> None:
    _, response_id = answered
    open_with_reason(world.services, response_id, reason(), as_=world.bob)
    clock.advance(LASTS - timedelta(minutes=1))
    assert status(world, app, world.bob, response_id) == 200
    clock.advance(timedelta(minutes=1))
    assert status(world, app, world.bob, response_id) == 403


def test_a_reason_opens_that_patients_responses_and_nobody_elses(
    world: World, app: Flask, answered: tuple[Patient, UUID], identity: Identity
) -> None:
    _, response_id = answered
    _, occasion = world.enrol(identity)
    patient, of_other = world.enrol(protocol="eq5d-only")
    (second,) = world.answer(answered[0], occasion)
    (others,) = world.answer(patient, of_other)
    open_with_reason(world.services, response_id, reason(), as_=world.bob)
    assert status(world, app, world.bob, second) == 200
    assert status(world, app, world.bob, others) == 403


def test_another_provider_is_refused_whatever_the_reason(
    world: World, app: Flask, answered: tuple[Patient, UUID]
) -> None:
    """A6"""
    _, response_id = answered
    with pytest.raises(AccessDenied):
        open_with_reason(world.services, response_id, reason(Ground.EMERGENCY), as_=world.charlie)
    charlie = Visitor(app, world.staff_cookie(world.charlie))
    assert charlie.get(f"/staff/responses/{response_id}/emergency").status_code == 403
    assert "emergency" not in charlie.get(f"/staff/responses/{response_id}").get_data(as_text=True)


@pytest.mark.parametrize("words", ["", "   ", "x" * 1001])
def test_a_reason_without_words_opens_nothing(world: World, answered: tuple[Patient, UUID], words: str) -> None:
    with pytest.raises(BadInput):
        open_with_reason(world.services, answered[1], reason(words=words), as_=world.bob)


def test_the_same_form_twice_opens_once_and_what_was_written_stays_in_a_form_that_is_refused(
    world: World, app: Flask, answered: tuple[Patient, UUID], database: TestDatabase
) -> None:
    _, response_id = answered
    path = f"/staff/responses/{response_id}/emergency"
    bob = Visitor(app, world.staff_cookie(world.bob))
    refused = bob.submit(path, path, words="Akut, ingen annan här.")
    assert refused.status_code == 400
    assert "Akut, ingen annan här." in unescape(refused.get_data(as_text=True))
    form = bob.page(path).form(path).fields | {"ground": "emergency", "words": "Akut."}
    assert [bob.raw_post(path, data=form).status_code for _ in range(2)] == [303, 303]
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM emergency_accesses").fetchone() == (1,)


# ---- the patient's block


def test_a_block_takes_consent_or_an_emergency_and_is_shown_without_the_unit(
    world: World, app: Flask, answered: tuple[Patient, UUID]
) -> None:
    """B10, G2"""
    patient, response_id = answered
    block_unit(world.services, world.alice.unit_id, as_=patient)
    bob = Visitor(app, world.staff_cookie(world.bob))
    page = unescape(bob.get(f"/staff/responses/{response_id}/emergency").get_data(as_text=True))
    assert "Det finns en spärr." in page
    assert "Enhet Ett" not in page
    assert 'value="care"' not in page
    with pytest.raises(BadInput, match="blocked"):
        open_with_reason(world.services, response_id, reason(Ground.CARE), as_=world.bob)
    assert status(world, app, world.bob, response_id) == 403
    open_with_reason(world.services, response_id, reason(Ground.CONSENT), as_=world.bob)
    assert status(world, app, world.bob, response_id) == 200


def test_a_block_closes_what_was_open_for_care_at_once_and_not_for_the_unit_itself(
    world: World, app: Flask, answered: tuple[Patient, UUID]
) -> None:
    patient, response_id = answered
    open_with_reason(world.services, response_id, reason(Ground.CARE), as_=world.bob)
    block_unit(world.services, world.alice.unit_id, as_=patient)
    assert status(world, app, world.bob, response_id) == 403
    assert status(world, app, world.alice, response_id) == 200
    lift_block(world.services, world.alice.unit_id, as_=patient)
    assert status(world, app, world.bob, response_id) == 200


def test_a_patient_blocks_and_lifts_in_my_data_and_again_is_harmless(
    world: World, app: Flask, answered: tuple[Patient, UUID], identity: Identity, database: TestDatabase
) -> None:
    """B10"""
    visitor = Visitor(app, world.patient_cookie(identity))
    path = f"/my-data/units/{world.alice.unit_id}"
    assert [visitor.post(path, page="/my-data", blocked="1").status_code for _ in range(2)] == [303, 303]
    assert "Spärrat" in visitor.get("/my-data").get_data(as_text=True)
    assert visitor.submit("/my-data", path).status_code == 303
    assert "Spärrat" not in visitor.get("/my-data").get_data(as_text=True)
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*), count(lifted_at) FROM patient_blocks").fetchone() == (1, 1)


def test_a_patient_blocks_no_unit_of_a_provider_that_does_not_have_them(
    world: World, answered: tuple[Patient, UUID]
) -> None:
    with pytest.raises(AccessDenied):
        block_unit(world.services, world.charlie.unit_id, as_=answered[0])


# ---- who gets to see it


def test_the_patient_sees_who_opened_on_which_ground(
    world: World, app: Flask, answered: tuple[Patient, UUID], identity: Identity
) -> None:
    """B10, G2"""
    _, response_id = answered
    open_with_reason(world.services, response_id, reason(), as_=world.bob)
    status(world, app, world.bob, response_id)
    page = unescape(Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True))
    assert "<strong>Enhet Två</strong>: Öppnade dina svar hos en annan enhet, med skäl" in page
    assert "<strong>Enhet Två</strong>: Läste dina svar hos en annan enhet" in page
    assert "Orsak: Du har samtyckt" in page or "Du har samtyckt" in page


def test_the_officer_sees_who_when_why_and_which_responses_but_no_answer_and_no_patient(
    world: World, app: Flask, answered: tuple[Patient, UUID], identity: Identity
) -> None:
    """G2"""
    _, response_id = answered
    open_with_reason(world.services, response_id, reason(words="=cmd|' /C calc'!A0"), as_=world.bob)
    status(world, app, world.bob, response_id)
    colleague(world, Role.DATA_PROTECTION_OFFICER, name="disa")
    disa = Visitor(app, cookie(world, "disa"))
    page = unescape(disa.get("/staff/oversight").get_data(as_text=True))
    for shown in ("Bob Bok", "Enhet Två", "Patienten har samtyckt nu", str(response_id)):
        assert shown in page
    assert identity.name not in page
    (row,) = csv.DictReader(StringIO(disa.get("/staff/oversight.csv").get_data(as_text=True)))
    assert (row["staff"], row["ground"], row["was_blocked"]) == ("Bob Bok", "consent", "false")
    assert row["words"].startswith("'=")
    assert row["responses"] == str(response_id)


def test_a_limited_clinician_opens_the_units_other_protocols_with_a_reason(
    world: World, app: Flask, answered: tuple[Patient, UUID]
) -> None:
    _, response_id = answered
    limited(world, "anxiety-only", by=colleague(world, Role.ADMINISTRATOR, name="adam"))
    lina = Visitor(app, cookie(world, "lina"))
    path = f"/staff/responses/{response_id}"
    assert lina.get(path).status_code == 403
    assert lina.submit(f"{path}/emergency", path, ground="care", words="Jour.").status_code == 303
    assert lina.get(path).status_code == 200


# ---- by SQL

OPEN = (
    "INSERT INTO emergency_accesses (id, provider_id, person_id, response_id, unit_id, staff_id, ground, was_blocked,"
    " reason_sealed, granted_at, expires_at)"
    " VALUES (:id, :p, :o, :r, :u, :s, :ground, :blocked, 'x', :at, :at + interval '12 hours')"
)


def refusal(world: World, who: Principal, statement: str, **values: object) -> str | None:
    try:
        with world.services.db.transaction(as_=who) as connection:
            connection.execute(sa.text(statement), values)
    except sa.exc.DBAPIError as error:
        return refused_by(error) or type(error.orig).__name__
    return None


def opening(world: World, answered: tuple[Patient, UUID], who: Staff, **changes: object) -> dict[str, object]:
    patient, response_id = answered
    values: dict[str, object] = {
        "id": new_id(),
        "p": who.provider_id,
        "o": patient.person_id,
        "r": response_id,
        "u": who.unit_id,
        "s": who.staff_id,
        "ground": "emergency",
        "blocked": False,
        "at": world.services.clock(),
    }
    return values | changes


def test_nobody_opens_in_anothers_name_or_without_being_in_care(world: World, answered: tuple[Patient, UUID]) -> None:
    """A6"""
    adam = colleague(world, Role.ADMINISTRATOR, name="adam")
    assert refusal(world, adam, OPEN, **opening(world, answered, adam)) == "emergency_accesses_in_care"
    in_anothers_name = opening(world, answered, world.bob)
    assert refusal(world, world.alice, OPEN, **in_anothers_name) == "InsufficientPrivilege"
    from_elsewhere = opening(world, answered, world.charlie)
    assert refusal(world, world.charlie, OPEN, **from_elsewhere) is not None
    unblocked = opening(world, answered, world.bob, u=world.alice.unit_id)
    assert refusal(world, world.bob, OPEN, **unblocked) == "emergency_accesses_in_care"


def test_a_block_cannot_be_denied_or_opened_for_care_by_sql(world: World, answered: tuple[Patient, UUID]) -> None:
    block_unit(world.services, world.alice.unit_id, as_=answered[0])
    denied = opening(world, answered, world.bob, ground="care")
    assert refusal(world, world.bob, OPEN, **denied) == "emergency_accesses_block"
    told = opening(world, answered, world.bob, ground="care", blocked=True)
    assert refusal(world, world.bob, OPEN, **told) == "emergency_accesses_blocked"


def test_staff_read_no_block_and_lift_none_and_what_is_opened_is_not_rewritten(
    world: World, answered: tuple[Patient, UUID]
) -> None:
    block_unit(world.services, world.alice.unit_id, as_=answered[0])
    open_with_reason(world.services, answered[1], reason(), as_=world.bob)
    for statement in (
        "SELECT unit_id FROM patient_blocks",
        "UPDATE patient_blocks SET lifted_at = now()",
        "DELETE FROM patient_blocks",
        "UPDATE emergency_accesses SET expires_at = now()",
        "DELETE FROM emergency_accesses",
    ):
        assert refusal(world, world.bob, statement) == "InsufficientPrivilege"
    assert refusal(world, world.bob, "SELECT * FROM emergency_report(now(), now(), 9)") == "emergency_report_officer"


def test_another_patient_neither_sees_nor_lifts_a_block(
    world: World, answered: tuple[Patient, UUID], database: TestDatabase
) -> None:
    block_unit(world.services, world.alice.unit_id, as_=answered[0])
    stranger, _ = world.enrol()
    with world.services.db.transaction(as_=stranger) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM patient_blocks")).scalar_one() == 0
        connection.execute(sa.text("UPDATE patient_blocks SET lifted_at = now()"))
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(lifted_at) FROM patient_blocks").fetchone() == (0,)
