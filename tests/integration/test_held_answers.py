"""An answer that came when the sign-in had just ended: nothing is lost, and nobody else sees it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from werkzeug.test import TestResponse

from survey_service.access.handovers import make_code, take_code
from survey_service.access.use_cases import carry_over, purge_held_answers, sign_out
from survey_service.answering.use_cases import look_at_session
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.world import World

SCRIPT = {"Accept": "application/json"}


@dataclass
class Sitting:
    """A patient at the first question, on one device."""

    app: Flask
    world: World
    identity: Identity
    patient: Patient
    question: str
    visitor: Visitor
    token: str
    fields: dict[str, str]

    @property
    def services(self) -> Services:
        return self.world.services

    @property
    def kept(self) -> str:
        return f"{self.question}/kept"

    def send(self, to: str = "", **options: object) -> TestResponse:
        """The form as the page had it when it was opened."""
        return self.visitor.raw_post(to or self.question, data=self.fields, **options)

    def sign_in_again(self, identity: Identity | None = None) -> str | None:
        """On the same device; returns the address of what was held."""
        before, self.token = self.token, self.world.patient_cookie(identity or self.identity)
        session_id = carry_over(self.services, before, self.token)
        self.visitor = Visitor(self.app, self.token)
        return None if session_id is None else f"/sessions/{session_id}/kept"

    def answered(self) -> int:
        state = look_at_session(self.services, self.session_id, as_=self.patient)
        return len(state.log)

    @property
    def session_id(self) -> UUID:
        return UUID(self.question.rpartition("/")[2])


@pytest.fixture
def sitting(app: Flask, world: World) -> Sitting:
    identity = world.new_identity()
    patient, occasion = world.enrol(identity)
    question = f"/sessions/{world.start(patient, occasion).session.id}"
    token = world.patient_cookie(identity)
    visitor = Visitor(app, token)
    fields = visitor.page(question).form(question).fields | {"value": "4"}
    return Sitting(app, world, identity, patient, question, visitor, token, fields)


@pytest.fixture
def too_late(clock: TestClock) -> timedelta:
    """After what the sign-in lasts without a request, and before what is held is let go."""
    return timedelta(minutes=45)


def held_rows(database: TestDatabase) -> int:
    with database.connect("survey_owner") as connection:
        found = connection.execute("SELECT count(*) FROM held_answers").fetchone()
    assert found is not None
    return int(found[0])


def test_an_answer_sent_just_after_the_sign_in_ended_is_taken_at_the_next(
    sitting: Sitting, clock: TestClock, database: TestDatabase, too_late: timedelta
) -> None:
    """C3, C6"""
    clock.advance(too_late)
    sent = sitting.send()
    assert (sent.status_code, sent.location) == (303, "/sign-in/ended?kept=1")
    assert sitting.answered() == 0
    assert "30 minut" in sitting.visitor.get(sent.location).get_data(as_text=True)

    address = sitting.sign_in_again()
    assert address == sitting.kept
    onward = sitting.visitor.get(address)
    assert (onward.status_code, onward.location) == (303, sitting.question)
    assert (sitting.answered(), held_rows(database)) == (1, 0)
    assert sitting.visitor.get(address).location == sitting.question  # once: looked at again it does nothing
    assert sitting.answered() == 1


def test_a_script_is_told_where_to_go(sitting: Sitting, clock: TestClock, too_late: timedelta) -> None:
    assert sitting.send(headers=SCRIPT).get_json() == {"next": sitting.question}
    clock.advance(too_late)
    assert sitting.send(headers=SCRIPT).get_json() == {"next": "/sign-in/ended?kept=1"}


def test_a_script_gets_the_page_of_what_was_refused(sitting: Sitting) -> None:
    sitting.fields["value"] = "99"
    refused = sitting.send(headers=SCRIPT)
    assert (refused.status_code, refused.mimetype) == (400, "text/html")


def test_an_answer_that_another_device_gave_meanwhile_is_told(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    """C3"""
    clock.advance(too_late)
    sitting.send()
    state = look_at_session(sitting.services, sitting.session_id, as_=sitting.patient)
    sitting.world.give(state, sitting.patient, value=1)
    address = sitting.sign_in_again()
    assert address is not None
    told = sitting.visitor.get(address)
    assert told.status_code == 409
    assert "annan enhet" in told.get_data(as_text=True)
    assert (sitting.answered(), held_rows(database)) == (1, 0)


def test_another_person_on_the_device_neither_sees_nor_sends_it(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    """A6"""
    other = sitting.world.new_identity()
    sitting.world.enrol(other)
    clock.advance(too_late)
    sitting.send()
    assert sitting.sign_in_again(other) is None
    assert held_rows(database) == 0
    assert sitting.visitor.get(sitting.kept).location == sitting.question
    assert sitting.visitor.get(sitting.question).status_code == 403
    assert sitting.sign_in_again() is None
    assert sitting.answered() == 0


def test_what_was_filled_in_when_time_was_over_is_shown_again_and_not_saved(sitting: Sitting) -> None:
    """C6"""
    sent = sitting.send(to=sitting.kept)
    assert (sent.status_code, sent.location) == (303, "/sign-in/ended?kept=1")
    assert sitting.visitor.get(sitting.question).location.endswith("/sign-in")  # signed out, whatever the clock says

    address = sitting.sign_in_again()
    assert address is not None
    page = sitting.visitor.get(address).get_data(as_text=True)
    assert 'value="4" checked' in page
    assert "Det här hade du fyllt i" in page
    assert sitting.answered() == 0
    assert sitting.visitor.submit(address, sitting.question, value="4").location == sitting.question
    assert sitting.answered() == 1


def test_nothing_is_held_that_came_too_late_or_after_signing_out_or_without_its_token(
    sitting: Sitting, clock: TestClock, database: TestDatabase
) -> None:
    assert Visitor(sitting.app).post(sitting.question, page="/sign-in", **_answer(sitting)).status_code == 401
    sitting.visitor.get("/inbox")
    clock.advance(timedelta(minutes=45))
    forged = {name: value for name, value in sitting.fields.items() if name != "csrf_token"}
    assert sitting.visitor.raw_post(sitting.question, data=forged).status_code == 400
    clock.advance(timedelta(minutes=16))
    assert sitting.send().status_code == 401
    assert held_rows(database) == 0


def test_signing_out_on_purpose_ends_what_is_held(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    clock.advance(too_late)
    sitting.send()
    sign_out(sitting.services, sitting.token)
    assert held_rows(database) == 0
    assert sitting.send().status_code == 401
    assert held_rows(database) == 0


def test_what_nobody_came_back_for_is_deleted(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    clock.advance(too_late)
    sitting.send()
    clock.advance(timedelta(minutes=29))
    purge_held_answers(sitting.services)
    assert held_rows(database) == 1
    clock.advance(timedelta(minutes=1))
    assert sitting.sign_in_again() is None
    purge_held_answers(sitting.services)
    assert held_rows(database) == 0


def test_a_tablet_has_nothing_held(sitting: Sitting, clock: TestClock, database: TestDatabase) -> None:
    _patient, occasion = sitting.world.enrol()
    code = make_code(sitting.services, occasion.id, attested=True, as_=sitting.world.alice)
    token, _ = take_code(sitting.services, code)
    tablet = Visitor(sitting.app, token)
    question = tablet.submit(f"/surveys/{occasion.id}", "/surveys/").location
    page = tablet.get(question).get_data(as_text=True)
    assert "data-tag" not in page
    fields = tablet.page(question).form(question).fields | {"value": "4"}
    assert tablet.raw_post(f"{question}/kept", data=fields).status_code == 403
    clock.advance(timedelta(minutes=11))
    assert tablet.raw_post(question, data=fields).status_code == 401
    assert held_rows(database) == 0


@pytest.mark.parametrize("role", ["survey_patient", "survey_staff", "survey_translator"])
def test_by_sql_nobody_but_the_gate_reads_what_is_held(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase, role: str
) -> None:
    clock.advance(too_late)
    sitting.send()
    with database.connect("survey_login") as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM held_answers")


@pytest.mark.parametrize("login", ["survey_worker", "survey_register", "survey_operator"])
def test_by_sql_no_other_login_reads_what_is_held(database: TestDatabase, login: str) -> None:
    with database.connect(login) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM held_answers")


def test_what_is_held_is_sealed(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    sitting.fields["value"] = "a word of my own"
    clock.advance(too_late)
    sitting.send()
    with database.connect("survey_owner") as connection:
        row = connection.execute("SELECT form_sealed FROM held_answers").fetchone()
    assert row is not None
    assert b"word" not in row[0]


def test_whoever_is_there_puts_the_sign_out_off(sitting: Sitting, clock: TestClock) -> None:
    """C6"""
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        assert sitting.visitor.post("/stay", page="/sign-in/ended").status_code == 204
    assert sitting.visitor.get(sitting.question).status_code == 200


def test_a_page_that_says_that_time_is_over_puts_nothing_off(sitting: Sitting, clock: TestClock) -> None:
    clock.advance(timedelta(minutes=29))
    sitting.visitor.get("/sign-in/ended")
    clock.advance(timedelta(minutes=2))
    assert sitting.visitor.get(sitting.question).location.endswith("/sign-in")


def test_without_a_script_the_page_says_when_one_is_signed_out(
    sitting: Sitting, services: Services, clock: TestClock
) -> None:
    clock.now = clock.now.replace(hour=12, minute=0, second=0)
    visitor = Visitor(sitting.app, sitting.world.patient_cookie(sitting.identity))
    page = visitor.get("/inbox").get_data(as_text=True)
    assert "<noscript><p>Om du inte gör något loggas du ut klockan 13:30.</p></noscript>" in page


def _answer(sitting: Sitting) -> dict[str, str]:
    return {name: value for name, value in sitting.fields.items() if name != "csrf_token"}


def test_by_sql_it_is_never_handed_on_to_another_person(
    sitting: Sitting, clock: TestClock, too_late: timedelta, database: TestDatabase
) -> None:
    other = sitting.world.new_identity()
    sitting.world.enrol(other)
    clock.advance(too_late)
    sitting.send()
    sitting.world.patient_cookie(other)
    with database.connect("survey_login") as connection:
        connection.execute("SET ROLE survey_gate")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(
                "UPDATE held_answers h SET sign_in_id = s.id FROM sign_ins s"
                " WHERE s.person_id IS NOT NULL AND s.person_id <> h.person_id"
            )
