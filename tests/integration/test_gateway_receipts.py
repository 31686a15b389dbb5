"""A gateway's word on what became of a message: signed, harmless when repeated, and nobody else's."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from notifications.channels import Gateway
from notifications.channels.memory import MemoryChannel
from notifications.channels.sms import signed
from notifications.message import Format
from survey_service.app import create_app
from survey_service.foundation.services import Services
from survey_service.scheduling.queries import Occasion
from tests.conftest import BASE_URL, TestClock, TestDatabase
from tests.integration.enrolments import rows
from tests.integration.notices import dispatch
from tests.world import World

SECRET = "a secret of the gateway's"
RECEIPT = {
    "outcome": "status",
    "id": "message",
    "key": "reference",
    "delivered": ["DELIVRD"],
    "not_delivered": ["EXPIRED"],
}


@pytest.fixture
def gated(services: Services) -> Services:
    """With a gateway that sends receipts, and one whose are not asked for."""
    channel = MemoryChannel(Format.SMS)
    sms = Gateway("sms-one", "sms", channel, receipt_secret=SECRET, receipt=RECEIPT)
    return replace(services, gateways=(*services.gateways, sms, Gateway("sms-two", "sms", channel)))


@pytest.fixture
def app(gated: Services) -> Flask:
    return create_app(gated)


@pytest.fixture
def here(world: World) -> Occasion:
    return world.enrol()[1]


def post(
    app: Flask, clock: TestClock, said: Any, *, secret: str = SECRET, age: float = 0, name: str = "sms-one", **more: str
) -> TestResponse:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    timestamp = str(int(clock().timestamp() - age))
    headers = {"X-Timestamp": timestamp, "X-Signature": signed(secret, timestamp, body)} | more
    path = f"/api/v1/gateways/{name}/receipts"
    return app.test_client().post(path, data=body, headers=headers, content_type="application/json", base_url=BASE_URL)


def heard(database: TestDatabase) -> list[tuple[Any, ...]]:
    return rows(database, "SELECT outcome, code FROM dispatch_receipts ORDER BY outcome")


def test_by_the_gateways_own_id_or_by_ours(
    world: World, app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    """C1"""
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-1")
    other = dispatch(database, world.enrol()[1], channel="sms", outcomes=("sent",), gateway="sms-one")
    assert post(app, clock, {"status": "DELIVRD", "message": "m-1"}).status_code == 204
    assert post(app, clock, {"status": "EXPIRED", "reference": str(other)}).status_code == 204
    assert heard(database) == [("delivered", "DELIVRD"), ("not_delivered", "EXPIRED")]


def test_what_did_not_arrive_is_looked_at_anew_and_what_arrived_is_not(
    world: World, app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    """C1: never silence"""
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-1")
    with database.connect("postgres") as connection:
        connection.execute("UPDATE notices SET next_at = now() + interval '3 days'")
    due = "SELECT next_at <= now() FROM notices"
    post(app, clock, {"status": "DELIVRD", "message": "m-1"})
    assert rows(database, due) == [(False,)]
    post(app, clock, {"status": "EXPIRED", "message": "m-1"})
    assert rows(database, due) == [(True,)]


def test_the_same_again_is_the_same(app: Flask, database: TestDatabase, here: Occasion, clock: TestClock) -> None:
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-1")
    for _ in range(3):
        assert post(app, clock, {"status": "EXPIRED", "message": "m-1"}).status_code == 204
    assert len(heard(database)) == 1
    assert rows(database, "SELECT revision FROM notices") == [(1,)]


def test_what_is_on_its_way_is_noted_nowhere(
    app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-1")
    assert post(app, clock, {"status": "ACCEPTD", "message": "m-1"}).status_code == 204
    assert heard(database) == []


@pytest.mark.parametrize("said", [{"status": "DELIVRD", "message": "m-9"}, {"status": "DELIVRD", "reference": "x"}])
def test_of_a_message_that_is_not_there_yet_the_gateway_is_told_to_come_again(
    app: Flask, world: World, clock: TestClock, said: dict[str, str]
) -> None:
    assert post(app, clock, said).status_code == 404


def test_one_gateway_says_nothing_by_anothers_ids(
    app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-two", message_id="m-1")
    assert post(app, clock, {"status": "EXPIRED", "message": "m-1"}).status_code == 404
    assert heard(database) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another"},
        {"age": 301},
        {"age": -301},
        {"name": "sms-two"},
        {"name": "nobody"},
        {"X-Signature": ""},
        {"X-Timestamp": "soon"},
    ],
)
def test_what_is_not_signed_as_it_should_be_is_refused_and_logged_without_what_it_says(
    app: Flask,
    database: TestDatabase,
    here: Occasion,
    clock: TestClock,
    wrong: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-secret")
    answer = post(app, clock, {"status": "EXPIRED", "message": "m-secret"}, **wrong)
    assert answer.status_code == 401
    assert heard(database) == []
    said = "".join(capsys.readouterr())
    assert said.count("receipt.refused") == 1
    assert "m-secret" not in said


def test_a_body_that_was_changed_on_the_way_is_refused(app: Flask, world: World, clock: TestClock) -> None:
    timestamp = str(int(clock().timestamp()))
    headers = {"X-Timestamp": timestamp, "X-Signature": signed(SECRET, timestamp, b"{}")}
    path = "/api/v1/gateways/sms-one/receipts"
    assert app.test_client().post(path, data=b"{ }", headers=headers, base_url=BASE_URL).status_code == 401


@pytest.mark.parametrize("said", [b"", b"[", b"[]", b"{}", {"status": {}}, {"status": "DELIVRD"}])
def test_what_cannot_be_read_is_a_problem(app: Flask, world: World, clock: TestClock, said: Any) -> None:
    answer = post(app, clock, said)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_what_is_too_large_is_not_read(app: Flask, world: World, clock: TestClock) -> None:
    assert post(app, clock, b"x" * 16_385).status_code == 413


def test_a_late_receipt_of_what_is_answered_moves_nothing(
    world: World, app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    from survey_service.foundation.principals import Patient

    dispatch(database, here, channel="sms", outcomes=("sent",), gateway="sms-one", message_id="m-1")
    world.answer(Patient(here.person_id), here)
    clock.advance(timedelta(hours=1))
    assert post(app, clock, {"status": "EXPIRED", "message": "m-1"}).status_code == 204
    assert rows(database, "SELECT next_at FROM notices") == [(None,)]
