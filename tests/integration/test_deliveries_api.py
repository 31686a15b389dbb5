"""What a record system can ask over HTTP, and what it is refused: its token, what waits, the Bundle, the receipt."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import TestResponse

from survey_service.delivery.record_systems import Entered, activate, enter, pause
from survey_service.delivery.rules import SystemRoute
from survey_service.foundation.principals import Staff
from survey_service.registers.oauth import TOKEN_PATH
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.conftest import BASE_URL, TestDatabase
from tests.world import World

WAITING = "/api/v1/deliveries"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(autouse=True)
def over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="session")
def journal_key() -> ECKey:
    return ECKey.generate_key("P-384", auto_kid=True)


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    return app.test_client()


def connect(world: World, key: ECKey, manager: Staff) -> UUID:
    entered = Entered(
        name="Journal", route=SystemRoute.FETCH, jwks=json.loads(json.dumps(KeySet([key]).as_dict(private=False)))
    )
    system_id = enter(world.services, entered, as_=manager)
    activate(world.services, system_id, as_=manager)
    return system_id


def ask_for_token(client: FlaskClient, client_id: str, key: ECKey, **changes: str) -> TestResponse:
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": BASE_URL + TOKEN_PATH,
        "exp": int(time.time()) + 60,
        "jti": str(uuid4()),
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "ES384", "kid": key.kid}, claims, key, algorithms=["ES384"]),
    }
    return client.post(TOKEN_PATH, data=form | changes, base_url=BASE_URL)


def header(answer: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


@pytest.fixture
def system_id(world: World, journal_key: ECKey) -> UUID:
    return connect(world, journal_key, world.bob)


@pytest.fixture
def bearer(client: FlaskClient, system_id: UUID, journal_key: ECKey) -> dict[str, str]:
    return header(ask_for_token(client, f"record-system-{system_id}", journal_key))


def answered(world: World, by: Staff | None = None) -> UUID:
    patient, occasion = world.enrol(protocol="by-record-system", by=by)
    (response_id,) = world.answer(patient, occasion)
    return response_id


def test_a_record_system_fetches_what_waits_and_says_what_it_calls_it(
    client: FlaskClient, world: World, bearer: dict[str, str], database: TestDatabase
) -> None:
    """A2, A3, G2"""
    first, second = answered(world), answered(world)
    page = client.get(WAITING, headers=bearer, base_url=BASE_URL, query_string={"limit": 1}).get_json()
    assert ([one["id"] for one in page["deliveries"]], page["more"]) == ([str(first)], True)

    fetched = client.get(f"{WAITING}/{first}", headers=bearer, base_url=BASE_URL)
    assert fetched.content_type == "application/fhir+json"
    assert fetched.get_json()["type"] == "transaction"
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM receipts").fetchone() == (0,)
        logged = "SELECT object_id FROM audit_events WHERE actor_kind = 'record_system' AND activity = 'Läsa'"
        assert connection.execute(logged).fetchall() == [(first,)]

    outcomes = [
        client.post(f"{WAITING}/{first}/receipt", json={"id": "QR/1"}, headers=bearer, base_url=BASE_URL).get_json()
        for _ in range(2)
    ]
    assert [one["outcome"] for one in outcomes] == ["acknowledged", "acknowledged_again"]
    page = client.get(WAITING, headers=bearer, base_url=BASE_URL).get_json()
    assert ([one["id"] for one in page["deliveries"]], page["more"]) == ([str(second)], False)


def test_another_providers_response_is_refused_as_if_it_were_not_there_and_logged(
    client: FlaskClient, world: World, bearer: dict[str, str], database: TestDatabase, system_id: UUID
) -> None:
    """A6, G2"""
    foreign, missing = answered(world, world.charlie), uuid4()
    told = []
    for response_id in (foreign, missing):
        read = client.get(f"{WAITING}/{response_id}", headers=bearer, base_url=BASE_URL)
        told.append((read.status_code, read.get_json()))
        path = f"{WAITING}/{response_id}/receipt"
        said = client.post(path, json={"id": "QR/1"}, headers=bearer, base_url=BASE_URL)
        told.append((said.status_code, said.get_json()))
    assert {status for status, _ in told} == {403}
    assert told[:2] == told[2:]
    assert client.get(WAITING, headers=bearer, base_url=BASE_URL).get_json()["deliveries"] == []
    with database.connect("survey_owner") as connection:
        denied = "SELECT actor_id FROM audit_events WHERE actor_kind = 'record_system' AND outcome = 'denied'"
        assert connection.execute(denied).fetchall() == [(system_id,)] * 4


def test_a_registers_token_is_none_here_and_a_record_systems_is_none_there(
    client: FlaskClient, world: World, bearer: dict[str, str], register_key: ECKey
) -> None:
    """B1: a register never comes near what is not released."""
    answered(world)
    register = header(ask_for_token(client, "first", register_key))
    assert client.get(WAITING, headers=register, base_url=BASE_URL).status_code == 401
    feed = {"purpose": ACCEPTED_PURPOSE}
    path = "/api/v1/registers/me/results"
    assert client.get(path, query_string=feed, headers=register, base_url=BASE_URL).status_code == 200
    assert client.get(path, query_string=feed, headers=bearer, base_url=BASE_URL).status_code == 401


@pytest.mark.parametrize("scope", ["system/Observation.read", "system/*.*", "openid"])
def test_a_record_system_gets_no_token_for_anything_else(
    client: FlaskClient, system_id: UUID, journal_key: ECKey, scope: str
) -> None:
    answer = ask_for_token(client, f"record-system-{system_id}", journal_key, scope=scope)
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_scope"


def test_a_paused_record_system_gets_no_token_and_loses_the_one_it_has(
    client: FlaskClient, world: World, bearer: dict[str, str], system_id: UUID, journal_key: ECKey
) -> None:
    pause(world.services, system_id, as_=world.bob)
    assert client.get(WAITING, headers=bearer, base_url=BASE_URL).status_code == 401
    assert ask_for_token(client, f"record-system-{system_id}", journal_key).status_code in {400, 401}


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": "x" * 301}, {"id": 7}, {"id": "a\u0000b"}, {"id": "  "}])
def test_an_id_that_cannot_be_one_is_refused(
    client: FlaskClient, world: World, bearer: dict[str, str], body: dict[str, Any]
) -> None:
    """B12"""
    response_id = answered(world)
    answer = client.post(f"{WAITING}/{response_id}/receipt", json=body, headers=bearer, base_url=BASE_URL)
    assert answer.status_code in {400, 422}
    assert answer.content_type == "application/problem+json"


def test_what_the_description_allows_never_fails_and_always_answers_as_described(
    app: Flask, world: World, bearer: dict[str, str]
) -> None:
    """B12"""
    from hypothesis import given, strategies
    from schemathesis import GenerationMode

    answered(world)
    document = app.test_client().get("/api/v1/openapi.json", base_url=BASE_URL).get_json()
    schema = schemathesis.openapi.from_dict(document).include(path_regex="deliveries")
    schema.app = app
    checks = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
    few = bounds(
        max_examples=30, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
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
