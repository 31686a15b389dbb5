"""What a register's client can ask over HTTP, and what it is refused: the token, the feed, the problems."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, RSAKey
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import TestResponse

from survey_service.delivery.use_cases import open_response
from survey_service.foundation.services import Services
from survey_service.registers.oauth import SCOPE, TOKEN_PATH
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE, Cursor, write_cursor
from survey_service.registers.tenants import add_register, agree
from tests.browsing import Visitor
from tests.conftest import BASE_URL, TestDatabase
from tests.integration.pulling import CATALOGUE, FEED, INBOX, ask, claims, feed, references, signed
from tests.world import AGREED, World

# Those of record systems, which have tests of their own.
COVERAGE = "/api/v1/registers/me/coverage"
AGREEMENTS = ("/api/v1/registers/me/agreements", "/api/v1/registers/me/agreements/{agreement_id}/approval")
ENROLMENTS = (
    "/api/v1/enrolments",
    "/api/v1/enrolments/{enrolment_id}",
    "/api/v1/enrolments/{enrolment_id}/cancellation",
)
DELIVERIES = ("/api/v1/deliveries", "/api/v1/deliveries/{response_id}", "/api/v1/deliveries/{response_id}/receipt")
GATEWAYS = "/api/v1/gateways/{name}/receipts"
PATHS = {TOKEN_PATH, GATEWAYS, FEED, INBOX, CATALOGUE, COVERAGE, *AGREEMENTS, *DELIVERIES, *ENROLMENTS}

pytestmark = pytest.mark.usefixtures("over_plain_http")


@pytest.fixture(scope="session")
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def stranger_key() -> ECKey:
    return ECKey.generate_key("P-384", auto_kid=True)


def unsigned(stated: dict[str, Any]) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(stated)}."


def encoded(part: bytes | dict[str, Any]) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refuses(answer: TestResponse, error: str = "invalid_client") -> bool:
    """As RFC 6749, section 5.2, has it: 400 (or 401) and the name of the error."""
    return answer.status_code in {400, 401} and answer.get_json()["error"] == error


def is_problem(response: TestResponse, status: int, code: str) -> bool:
    body = response.get_json()
    return (
        response.content_type == "application/problem+json"
        and (response.status_code, body["status"], body["code"]) == (status, status, code)
        and body["title"].endswith(".")
    )


# ---- the token


def test_a_register_gets_a_token_for_five_minutes(client: FlaskClient, register_key: ECKey) -> None:
    """B1"""
    answer = ask(client, signed(register_key, claims()))
    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_register_with_an_rsa_key_gets_its_token_too(
    world: World, services: Services, client: FlaskClient, rsa_key: RSAKey
) -> None:
    """B7"""
    add_register(
        services,
        code="third",
        name="Register third",
        cpua_authority="Region Ett",
        client_id="third",
        jwks=KeySet([rsa_key]).as_dict(private=False),
    )
    answer = ask(client, signed(rsa_key, claims(iss="third", sub="third"), alg="RS384"))
    assert answer.status_code == 200
    token = answer.get_json()["access_token"]
    assert feed(client, {"Authorization": f"Bearer {token}"}).get_json()["entries"] == []


NOW = int(time.time())
WRONG_CLAIMS = {
    "another audience": {"aud": "https://elsewhere.example/token"},
    "no audience": {"aud": None},
    "the feed as audience": {"aud": BASE_URL + FEED},
    "expired": {"exp": NOW - 3600},
    "no expiry": {"exp": None},
    "an expiry too far away": {"exp": NOW + 7200},
    "an expiry that is a word": {"exp": "tomorrow"},
    "an endless expiry": {"exp": 10**30},
    "an expiry that is no number": {"exp": True},
    "no jti": {"jti": None},
    "an unknown client": {"iss": "fourth", "sub": "fourth"},
    "another issuer": {"iss": "second"},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "a subject of bytes": {"iss": "\x00", "sub": "\x00"},
    "a subject that is a list": {"iss": ["first"], "sub": ["first"]},
    "a subject that is a number": {"iss": 1, "sub": 1},
    "half a character as subject": {"iss": "\ud800", "sub": "\ud800"},
    "a huge subject": {"iss": "x" * 9000, "sub": "x" * 9000},
    "not valid yet": {"nbf": NOW + 3600},
    "issued in the future": {"iat": NOW + 3600},
}


@pytest.mark.parametrize("changes", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
def test_an_assertion_that_states_the_wrong_thing_is_refused(
    client: FlaskClient, register_key: ECKey, changes: dict[str, Any]
) -> None:
    assert refuses(ask(client, signed(register_key, claims(**changes))))


@pytest.mark.parametrize("jti", [17, ["a"], {"a": 1}, "", "\x00", "\ud800", "x" * 9000], ids=lambda one: repr(one)[:12])
def test_an_odd_jti_is_taken_once_or_not_at_all(client: FlaskClient, register_key: ECKey, jti: object) -> None:
    assertion = signed(register_key, claims(jti=jti))
    first, second = ask(client, assertion), ask(client, assertion)
    assert first.status_code in {200, 400, 401}
    assert second.status_code in {400, 401}


def test_an_assertion_is_for_one_use(client: FlaskClient, register_key: ECKey) -> None:
    assertion = signed(register_key, claims())
    assert ask(client, assertion).status_code == 200
    assert refuses(ask(client, assertion))


def test_of_the_same_assertion_at_once_one_gets_the_token(app: Flask, world: World, register_key: ECKey) -> None:
    assertion = signed(register_key, claims())
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: ask(app.test_client(), assertion).status_code, range(4)))
    assert sorted(statuses) == [200, 400, 400, 400]


def test_a_jti_of_another_register_is_no_hindrance(client: FlaskClient, register_key: ECKey) -> None:
    stated = claims()
    assert ask(client, signed(register_key, stated)).status_code == 200
    assert ask(client, signed(register_key, stated | {"iss": "second", "sub": "second"})).status_code == 200


def test_a_key_that_is_not_the_clients_is_refused(client: FlaskClient, stranger_key: ECKey) -> None:
    assert refuses(ask(client, signed(stranger_key, claims())))


def test_a_strangers_key_under_the_clients_key_id_is_refused(
    client: FlaskClient, stranger_key: ECKey, register_key: ECKey
) -> None:
    header = {"alg": "ES384", "kid": register_key.kid}
    assert refuses(ask(client, jws.serialize_compact(header, json.dumps(claims()), stranger_key, algorithms=["ES384"])))


def test_an_assertion_without_a_signature_is_refused(client: FlaskClient) -> None:
    assert refuses(ask(client, unsigned(claims())))


def test_an_assertion_signed_with_the_public_key_as_a_secret_is_refused(
    client: FlaskClient, register_key: ECKey
) -> None:
    head = f"{encoded({'alg': 'HS256', 'kid': register_key.kid})}.{encoded(claims())}"
    for public in (register_key.as_pem(private=False), json.dumps(register_key.as_dict(private=False)).encode()):
        forged = f"{head}.{encoded(hmac.digest(public, head.encode(), 'sha256'))}"
        assert refuses(ask(client, forged))


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_an_algorithm_that_is_not_agreed_is_refused(
    client: FlaskClient, services: Services, rsa_key: RSAKey, alg: str
) -> None:
    key = rsa_key if alg == "RS256" else ECKey.generate_key("P-256", auto_kid=True)
    add_register(
        services,
        code="weak",
        name="Register weak",
        cpua_authority="Region Ett",
        client_id="weak",
        jwks=KeySet([key]).as_dict(private=False),
    )
    assert refuses(ask(client, signed(key, claims(iss="weak", sub="weak"), alg=alg)))


MALFORMED = ["", ".", "..", "a.b.c", "e30.e30.", "\x00", "é.é.é", "x" * 20000, "{}", "e30.bnVsbA.e30", "W10.W10.W10"]


@pytest.mark.parametrize("assertion", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_assertion_at_all_is_refused(client: FlaskClient, assertion: str) -> None:
    answer = ask(client, assertion)
    assert answer.status_code in {400, 401}
    assert answer.get_json()["error"]


@pytest.mark.parametrize("payload", [b"null", b"[]", b"17", b'"first"', b"\xff\xfe", b"", b"{", b'{"sub": {}}'])
def test_an_assertion_whose_payload_is_no_set_of_claims_is_refused(client: FlaskClient, payload: bytes) -> None:
    assert refuses(ask(client, ".".join(map(encoded, (b'{"alg":"ES384"}', payload, b"signature")))))


@pytest.mark.parametrize("header", [b"null", b"[]", b"{}", b'{"alg":17}', b'{"alg":"ES384","kid":17}', b"\xff",
                                    b'{"alg":"ES384","crit":["b64"],"b64":false}',
                                    b'{"alg":"ES384","kid":"no"}'])  # fmt: skip
def test_an_assertion_with_an_odd_header_is_refused(client: FlaskClient, header: bytes) -> None:
    assert refuses(ask(client, ".".join(map(encoded, (header, claims(), b"signature")))))


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "", "client_credentials "])
def test_only_client_credentials_are_granted(client: FlaskClient, register_key: ECKey, grant: str) -> None:
    answer = ask(client, signed(register_key, claims()), grant_type=grant)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_assertion_type": "urn:else"}, "invalid_client"),
        ({"client_assertion_type": ""}, "invalid_client"),
        ({"scope": "system/*.write"}, "invalid_scope"),
    ],
)
def test_another_way_of_asking_is_refused(
    client: FlaskClient, register_key: ECKey, changes: dict[str, str], error: str
) -> None:
    assert refuses(ask(client, signed(register_key, claims()), **changes), error)


def test_a_client_secret_opens_nothing(client: FlaskClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": "first", "client_secret": "guess"}
    answer = client.post(TOKEN_PATH, data=form, base_url=BASE_URL)
    assert refuses(answer)


def test_an_empty_request_for_a_token_is_refused(client: FlaskClient) -> None:
    assert client.post(TOKEN_PATH, base_url=BASE_URL).status_code == 400


def test_a_token_asked_for_in_json_is_refused(client: FlaskClient, register_key: ECKey) -> None:
    answer = client.post(
        TOKEN_PATH,
        json={"grant_type": "client_credentials", "client_assertion": signed(register_key, claims())},
        base_url=BASE_URL,
    )
    assert answer.status_code == 400


def test_a_suspended_register_gets_no_token_and_loses_the_one_it_has(
    client: FlaskClient, register_key: ECKey, bearer: dict[str, str], database
) -> None:
    """B7"""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE registers SET state = 'suspended' WHERE client_id = 'first'")
    assert refuses(ask(client, signed(register_key, claims())))
    assert is_problem(feed(client, bearer), 401, "not-signed-in")


# ---- the bearer token


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic Zmlyc3Q6c2VjcmV0", "Bearer a.b.c", "bearer x", "Bearer " + "x" * 4000, "Bearer é"],
)
def test_without_a_token_of_ours_there_is_no_feed(client: FlaskClient, header: str) -> None:
    answer = feed(client, {"Authorization": header} if header else {})
    assert is_problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def token_key(services: Services) -> ECKey:
    return ECKey.import_key(dict(services.settings.token_key))


def our_claims(**changes: Any) -> dict[str, Any]:
    stated = {
        "iss": BASE_URL,
        "aud": BASE_URL,
        "exp": int(time.time()) + 60,
        "client_id": "first",
        "scope": SCOPE,
    } | changes
    return {name: value for name, value in stated.items() if value is not None}


def test_a_token_like_ours_is_taken(client: FlaskClient, services: Services) -> None:
    """The control of the tests that follow: what they change is what is refused."""
    token = signed(token_key(services), our_claims(), alg="ES256")
    assert feed(client, {"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"client_id": "fourth"},
        {"client_id": None},
        {"client_id": ["first"]},
        {"client_id": "\x00"},
        {"scope": None},
        {"scope": ""},
        {"scope": "system/*.write"},
        {"nbf": 4_102_444_800},
    ],
    ids=repr,
)
def test_a_token_of_ours_for_something_else_is_refused(
    client: FlaskClient, services: Services, changes: dict[str, Any]
) -> None:
    token = signed(token_key(services), our_claims(**changes), alg="ES256")
    assert is_problem(feed(client, {"Authorization": f"Bearer {token}"}), 401, "not-signed-in")


def test_a_token_signed_by_another_key_is_refused(client: FlaskClient) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    token = signed(key, our_claims(), alg="ES256")
    assert is_problem(feed(client, {"Authorization": f"Bearer {token}"}), 401, "not-signed-in")


def test_an_unsigned_token_is_refused(client: FlaskClient) -> None:
    assert is_problem(feed(client, {"Authorization": f"Bearer {unsigned(our_claims())}"}), 401, "not-signed-in")


def test_an_assertion_is_not_a_token(client: FlaskClient, register_key: ECKey) -> None:
    assertion = signed(register_key, claims(aud=BASE_URL, iss=BASE_URL, client_id="first"))
    assert is_problem(feed(client, {"Authorization": f"Bearer {assertion}"}), 401, "not-signed-in")


def test_a_token_tampered_with_is_refused(client: FlaskClient, bearer: dict[str, str]) -> None:
    head, _payload, tail = bearer["Authorization"].split(".")
    other = encoded(our_claims(client_id="second"))
    assert is_problem(feed(client, {"Authorization": f"{head}.{other}.{tail}"}), 401, "not-signed-in")


def test_a_token_ends_after_five_minutes(client: FlaskClient, bearer: dict[str, str]) -> None:
    import time_machine

    assert feed(client, bearer).status_code == 200
    with time_machine.travel(time.time() + 301, tick=True):
        assert is_problem(feed(client, bearer), 401, "not-signed-in")


@pytest.mark.parametrize("who", ["patient", "alice"])
def test_a_signed_in_person_is_not_a_register(world: World, app: Flask, who: str) -> None:
    """B1"""
    identity = world.new_identity()
    world.enrol(identity)
    cookie = world.patient_cookie(identity) if who == "patient" else world.staff_cookie(world.alice)
    answer = Visitor(app, cookie).get(FEED, query_string={"purpose": ACCEPTED_PURPOSE})
    assert is_problem(answer, 403, "access-denied")


def test_a_register_sees_no_page(world: World, client: FlaskClient, bearer: dict[str, str]) -> None:
    """A5, B1"""
    for path in ("/staff", "/inbox", "/my-data"):
        assert client.get(path, headers=bearer, base_url=BASE_URL).headers["Location"] == "/sign-in"


# ---- the feed


def test_an_empty_feed_says_so_and_gives_a_cursor_to_come_back_with(
    client: FlaskClient, bearer: dict[str, str], released
) -> None:
    page = feed(client, bearer).get_json()
    assert (page["entries"], page["more"]) == ([], False)
    reference = released()
    (entry,) = feed(client, bearer, cursor=page["next_cursor"]).get_json()["entries"]
    assert entry["result"]["response"] == reference


def test_pages_by_cursor_leave_no_gap_and_repeat_nothing(client: FlaskClient, bearer: dict[str, str], released) -> None:
    """B9"""
    expected = [released() for _ in range(5)]
    for limit in (1, 2, 5, 1000):
        got, cursor, more = [], None, True
        while more:
            page = feed(client, bearer, limit=limit, **({"cursor": cursor} if cursor else {})).get_json()
            assert len(page["entries"]) <= limit
            got += [entry["result"]["response"] for entry in page["entries"]]
            cursor, more = page["next_cursor"], page["more"]
        assert got == expected


def test_asking_again_with_the_same_cursor_gives_the_same_page(
    client: FlaskClient, bearer: dict[str, str], released
) -> None:
    for _ in range(3):
        released()
    cursor = feed(client, bearer, limit=1).get_json()["next_cursor"]
    assert feed(client, bearer, cursor=cursor).get_json() == feed(client, bearer, cursor=cursor).get_json()


def test_a_result_holds_what_was_agreed_and_no_identity(
    client: FlaskClient, bearer: dict[str, str], world: World, released
) -> None:
    """B2, B3"""
    identity = world.new_identity(name="Tyra Hemlig", email="tyra.hemlig@example.se")
    patient, occasion = world.enrol(identity, protocol="both")
    for response_id in world.answer(patient, occasion):
        open_response(world.services, response_id, as_=world.alice)
        release_batch(world.services, [response_id], as_=world.system)
    answer = feed(client, bearer)
    text = answer.get_data(as_text=True)
    for secret in (identity.number, identity.number[2:], "Tyra", "tyra.hemlig", str(patient.person_id), "mobility"):
        assert secret not in text
    variables = {score["variable"] for entry in answer.get_json()["entries"] for score in entry["result"]["scores"]}
    assert variables == set(AGREED)


def test_two_registers_know_the_same_person_by_different_names(
    client: FlaskClient, world: World, register_key: ECKey, released, bearer: dict[str, str]
) -> None:
    """B3"""
    agree(
        world.services,
        provider_id=world.alice.provider_id,
        register_id=world.other_register.register_id,
        variables=AGREED[2:],
    )
    released()
    other = ask(client, signed(register_key, claims(iss="second", sub="second"))).get_json()["access_token"]
    one, two = (
        feed(client, headers).get_json()["entries"][0]["result"]
        for headers in (bearer, {"Authorization": f"Bearer {other}"})
    )
    assert one["response"] != two["response"]
    assert one["subject"] != two["subject"]


def test_a_withdrawal_is_an_entry_that_names_the_result_to_forget(
    client: FlaskClient, bearer: dict[str, str], world: World
) -> None:
    """B4, B9"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    before = feed(client, bearer).get_json()
    object_to_register(world.services, world.register.register_id, as_=patient)
    after = feed(client, bearer, cursor=before["next_cursor"]).get_json()
    forgotten = before["entries"][0]["id"]
    withdrawn, erasure = after["entries"]
    assert withdrawn == {"kind": "withdrawn", "id": forgotten}
    assert (erasure["kind"], erasure["releases"]) == ("erasure", [forgotten])
    from_the_start = feed(client, bearer).get_json()
    assert [entry["kind"] for entry in from_the_start["entries"]] == ["withdrawn", "erasure"]


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "ten", "1.5", "", "9" * 400, "\u0661\x00"])
def test_a_limit_out_of_range_is_refused(client: FlaskClient, bearer: dict[str, str], limit: str) -> None:
    """B12"""
    answer = feed(client, bearer, limit=limit)
    assert is_problem(answer, 422, "bad-input")
    assert "limit" in answer.get_json()["fields"]


FORGED = ["x", "AAAA", "=", "....", "MS4x!", "é", "\x00", write_cursor(Cursor(0, 0)), write_cursor(Cursor(1, -1)),
          write_cursor(Cursor(1, 2**62)), write_cursor(Cursor(1, 0)) + "\n", "MS4wLjA",
          base64.urlsafe_b64encode("1.\u0661".encode()).decode(),
          base64.urlsafe_b64encode(b" 1.0").decode()]  # fmt: skip


@pytest.mark.parametrize("cursor", FORGED, ids=range(len(FORGED)))
def test_a_cursor_that_we_did_not_give_is_refused(client: FlaskClient, bearer: dict[str, str], cursor: str) -> None:
    """B12"""
    answer = feed(client, bearer, cursor=cursor)
    assert is_problem(answer, 400, "bad-input")
    assert "cursor" in answer.get_json()["fields"]


@pytest.mark.parametrize("cursor", [Cursor(2, 0), Cursor(1, 1)], ids=["another epoch", "beyond the end"])
def test_a_cursor_that_the_feed_never_reached_is_a_conflict(
    client: FlaskClient, bearer: dict[str, str], cursor: Cursor
) -> None:
    """B9, H2"""
    assert is_problem(feed(client, bearer, cursor=write_cursor(cursor)), 409, "conflict")


def test_a_cursor_that_is_too_long_is_refused(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert is_problem(feed(client, bearer, cursor="A" * 101), 422, "bad-input")


@pytest.mark.parametrize("purpose", ["", "PDL-7:5", "pdl-7:4", "research", "\x00", "x" * 100])
def test_another_purpose_is_refused_and_logged(
    client: FlaskClient, bearer: dict[str, str], database, world: World, purpose: str
) -> None:
    """B2, G2"""
    answer = feed(client, bearer, purpose=purpose)
    assert is_problem(answer, 400, "bad-input")
    with database.connect("postgres") as connection:
        denied = connection.execute("SELECT actor_kind, actor_id, reason FROM audit_events WHERE outcome = 'denied'")
        assert denied.fetchall() == [("register", world.register.register_id, "purpose")]


def test_a_pull_without_a_purpose_is_refused(client: FlaskClient, bearer: dict[str, str]) -> None:
    """B2"""
    answer = client.get(FEED, headers=bearer, base_url=BASE_URL)
    assert is_problem(answer, 400, "bad-input")
    assert "purpose" in answer.get_json()["fields"]


def test_each_result_pulled_is_logged_and_the_patient_sees_it(
    client: FlaskClient, bearer: dict[str, str], world: World, app: Flask, database, released
) -> None:
    """B10, G2"""
    identity = world.new_identity()
    patient, occasion = world.enrol(identity, protocol="both")
    for response_id in world.answer(patient, occasion):
        open_response(world.services, response_id, as_=world.alice)
        release_batch(world.services, [response_id], as_=world.system)
    released()
    before = Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True)
    assert "Inget register har hämtat" in before
    assert len(feed(client, bearer).get_json()["entries"]) == 3
    with database.connect("postgres") as connection:
        logged = connection.execute(
            "SELECT person_id = %s, provider_id FROM audit_events WHERE actor_kind = 'register'", [patient.person_id]
        ).fetchall()
    assert sorted(mine for mine, _ in logged) == [False, True, True]
    assert {provider for _, provider in logged} == {world.alice.provider_id}
    page = Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True)
    assert "Inget register har hämtat" not in page
    assert page.count("<strong>Register first</strong>") == 2


def test_a_reader_who_pages_while_others_release_misses_nothing(
    app: Flask, world: World, bearer: dict[str, str], database: TestDatabase
) -> None:
    """B9"""
    waiting = []
    for _ in range(24):
        patient, occasion = world.enrol()
        waiting += world.answer(patient, occasion)
    for response_id in waiting:
        open_response(world.services, response_id, as_=world.alice)
    seen: list[str] = []

    def read_until_all_is_seen() -> None:
        reader, cursor = app.test_client(), None
        for _attempt in range(2000):
            page = feed(reader, bearer, limit=3, **({"cursor": cursor} if cursor else {})).get_json()
            seen.extend(entry["result"]["response"] for entry in page["entries"])
            cursor = page["next_cursor"]
            if all(one.done() for one in releases) and not page["more"]:
                return

    with ThreadPoolExecutor(5) as pool:
        releases = [pool.submit(release_batch, world.services, [one], as_=world.system) for one in waiting]
        pool.submit(read_until_all_is_seen).result()
    assert [one.result() for one in releases] == [1] * len(waiting)
    assert sorted(seen) == sorted(references(database, waiting))


# ---- problems, and the description of the interface


def test_what_is_not_there_is_a_problem(client: FlaskClient) -> None:
    assert is_problem(client.get("/api/v1/nothing", base_url=BASE_URL), 404, "not-found")
    assert is_problem(client.post("/api/", base_url=BASE_URL), 404, "not-found")


def test_a_method_that_is_not_there_is_a_problem_that_names_those_that_are(client: FlaskClient) -> None:
    answer = client.delete(FEED, base_url=BASE_URL)
    assert is_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_request_that_is_too_large_is_a_problem(client: FlaskClient) -> None:
    answer = ask(client, "x" * 70_000)
    assert is_problem(answer, 413, "too-large")


def test_a_failure_of_ours_is_a_problem_that_tells_nothing(
    client: FlaskClient, bearer: dict[str, str], database, released
) -> None:
    released()
    with database.connect("survey_owner") as connection:
        connection.execute("DROP FUNCTION log_register_pull CASCADE")
    answer = feed(client, bearer)
    assert is_problem(answer, 500, "internal-error")
    assert "log_register_pull" not in answer.get_data(as_text=True)


def test_too_many_requests_are_a_problem_that_says_when_to_come_back(client: FlaskClient) -> None:
    from survey_service.http.security import limiter

    try:
        statuses = [client.post(TOKEN_PATH, base_url=BASE_URL).status_code for _ in range(600)]
        answer = client.post(TOKEN_PATH, base_url=BASE_URL)
    finally:
        limiter.reset()
    assert set(statuses) <= {400, 429}
    assert is_problem(answer, 429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) <= 60


def test_the_description_of_the_interface_is_served_and_names_its_endpoints(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json", base_url=BASE_URL).get_json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == PATHS
    schemathesis.openapi.from_dict(document).validate()


def test_what_the_description_allows_never_fails_and_always_answers_as_described(
    app: Flask, bearer: dict[str, str], released
) -> None:
    """B12"""
    released()
    document = app.test_client().get("/api/v1/openapi.json", base_url=BASE_URL).get_json()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    checks = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)

    statuses: dict[str, set[int]] = {}

    for operation in (result.ok() for result in schema.get_all_operations()):

        @bounds(
            max_examples=40,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @operation_cases(operation)
        def answers_as_described(case: schemathesis.Case) -> None:
            if case.path in {FEED, INBOX, COVERAGE}:
                case.headers = {**(case.headers or {}), **bearer}
            answer = case.call_and_validate(base_url=BASE_URL, checks=checks)
            statuses.setdefault(case.path, set()).add(answer.status_code)

        answers_as_described()
    assert statuses[FEED] >= {400, 422}
    assert set(statuses) == PATHS


def operation_cases(operation: Any) -> Callable[..., Any]:
    """Cases of one operation, right and wrong ones, for hypothesis to draw."""
    from hypothesis import given, strategies
    from schemathesis import GenerationMode

    modes = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    return given(case=strategies.one_of(*modes))
