"""What a record system orders over HTTP: once for each key, moved, cancelled; and what it is refused."""

import json
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from joserfc.jwk import ECKey, KeySet
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from werkzeug.test import TestResponse

from survey_service.delivery.record_systems import Entered, activate, enter
from survey_service.delivery.rules import SystemRoute
from tests.conftest import BASE_URL, TestDatabase
from tests.integration.enrolments import found, in_days, order, ordered, rows, standing, today, two_visits
from tests.integration.test_deliveries_api import ask_for_token, header
from tests.world import FOREIGN_UNIT_HSA, UNIT_HSA, World

PATH = "/api/v1/enrolments"


@pytest.fixture
def client(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    two_visits(world)
    return app.test_client()


@pytest.fixture
def bearer(client: FlaskClient, world: World) -> dict[str, str]:
    key = ECKey.generate_key("P-384", auto_kid=True)
    jwks = json.loads(json.dumps(KeySet([key]).as_dict(private=False)))
    system_id = enter(world.services, Entered(name="Journal", route=SystemRoute.FETCH, jwks=jwks), as_=world.bob)
    activate(world.services, system_id, as_=world.bob)
    return header(ask_for_token(client, f"record-system-{system_id}", key))


@pytest.fixture
def body(world: World) -> dict[str, Any]:
    return {
        "personal_number": world.new_identity().number,
        "name": "Tyra Testsson",
        "unit": UNIT_HSA,
        "protocol": "two-visits",
        "anchor_date": today(world).isoformat(),
        "care_contact": "contact-17",
    }


def post(client: FlaskClient, bearer: dict[str, str], body: dict[str, Any], key: str = "order-0001") -> TestResponse:
    return client.post(PATH, json=body, headers={**bearer, "Idempotency-Key": key}, base_url=BASE_URL)


def test_a_record_system_orders_once_for_each_key(
    client: FlaskClient, bearer: dict[str, str], body: dict[str, Any], world: World, database: TestDatabase
) -> None:
    """A1, F2"""
    answers = [post(client, bearer, body) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert rows(database, "SELECT ordered_by, ordered_by_system IS NULL, unit_id FROM enrolments") == [
        (None, False, world.alice.unit_id)
    ]
    logged = "SELECT actor_kind FROM audit_events WHERE object_kind = 'enrolment'"
    assert rows(database, logged) == [("record_system",)]


def test_a_key_that_was_used_for_another_order_is_refused(
    client: FlaskClient, bearer: dict[str, str], body: dict[str, Any], world: World
) -> None:
    post(client, bearer, body)
    for change in ({"care_contact": "contact-18"}, {"personal_number": world.new_identity().number}):
        assert post(client, bearer, body | change).status_code == 409


def test_a_record_system_moves_and_cancels(
    client: FlaskClient, bearer: dict[str, str], body: dict[str, Any], world: World, database: TestDatabase
) -> None:
    """F1, F2"""
    enrolment_id = UUID(post(client, bearer, body).get_json()["id"])
    path = f"{PATH}/{enrolment_id}"
    moved = {"anchor_date": in_days(world, 9).isoformat(), "side": "left"}
    assert client.patch(path, json=moved, headers=bearer, base_url=BASE_URL).status_code == 200
    assert found(world, enrolment_id).anchor_date == in_days(world, 9)
    cancelled = {"reason": "Inställd"}
    for _ in range(2):
        answer = client.post(f"{path}/cancellation", json=cancelled, headers=bearer, base_url=BASE_URL)
        assert (answer.status_code, answer.get_json()["state"]) == (200, "ended")
    assert standing(world, enrolment_id) == []
    kinds = "SELECT kind, staff_id, record_system_id IS NULL FROM enrolment_events ORDER BY at, id"
    assert rows(database, kinds) == [("event_moved", None, False), ("ended", None, False)]


@pytest.mark.parametrize(
    "change",
    [
        {"unit": FOREIGN_UNIT_HSA},
        {"protocol": "no-such"},
        {"personal_number": "191212121213"},
        {"anchor_date": "1999-01-01"},
        {"side": "middle"},
        {"care_contact": ""},
        {"surprise": 1},
    ],
)
def test_what_cannot_be_ordered_is_refused_as_problem_json_and_leaves_nobody_behind(
    client: FlaskClient, bearer: dict[str, str], body: dict[str, Any], change: dict[str, Any], database: TestDatabase
) -> None:
    """A6, B12"""
    answer = post(client, bearer, body | change)
    assert answer.status_code in {400, 422}
    assert answer.content_type == "application/problem+json"
    assert rows(database, "SELECT count(*) FROM persons") == [(0,)]


def test_another_providers_enrolment_is_refused_as_if_it_were_not_there(
    client: FlaskClient, bearer: dict[str, str], world: World
) -> None:
    """A6"""
    foreign = order(world, world.charlies_protocols["eq5d-only"])
    enrolment_id, _ = ordered(world, foreign, by=world.charlie)
    answer = client.patch(
        f"{PATH}/{enrolment_id}", json={"anchor_date": "2026-12-24"}, headers=bearer, base_url=BASE_URL
    )
    assert answer.status_code == 403


def test_without_a_key_nothing_is_ordered(client: FlaskClient, bearer: dict[str, str], body: dict[str, Any]) -> None:
    assert client.post(PATH, json=body, headers=bearer, base_url=BASE_URL).status_code == 422


def test_what_the_description_allows_never_fails_and_always_answers_as_described(
    app: Flask, client: FlaskClient, bearer: dict[str, str]
) -> None:
    """B12"""
    from hypothesis import given, strategies
    from schemathesis import GenerationMode

    document = client.get("/api/v1/openapi.json", base_url=BASE_URL).get_json()
    schema = schemathesis.openapi.from_dict(document).include(path_regex="enrolments")
    schema.app = app
    checks = (not_a_server_error, content_type_conformance, response_schema_conformance)
    few = bounds(
        max_examples=25, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    seen: set[str] = set()
    for operation in (result.ok() for result in schema.get_all_operations()):
        both = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        modes = [operation.as_strategy(generation_mode=one) for one in both]

        @few
        @given(case=strategies.one_of(*modes))
        def answers_as_described(case: schemathesis.Case) -> None:
            case.headers = {**(case.headers or {}), **bearer}
            case.call_and_validate(base_url=BASE_URL, checks=checks)
            seen.add(case.path)

        answers_as_described()
    assert len(seen) == 3
