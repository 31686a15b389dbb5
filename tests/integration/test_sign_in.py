"""Signing in at a real OpenID Connect provider over HTTP, and everything a browser can bring back from it wrongly."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from survey_service.access.rules import CARE_PURPOSE, PERSONAL_NUMBER_CLAIM
from survey_service.access.use_cases import sign_in_patient
from survey_service.app import create_app
from survey_service.demo.identity_provider import identity_provider
from survey_service.demo.people import LOA3, SINGLE_FACTOR
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.settings import Settings
from tests.browsing import Visitor
from tests.conftest import BASE_URL
from tests.world import ALICE_HSA, BOB_HSA, OTHER_UNIT_HSA, UNIT_HSA, World

# The local provider signs its tokens in a way that Authlib will drop; that is for its next version to change.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

SIGN_INS = {"patient": "/sign-in", "staff": "/staff/sign-in"}
HOMES = {"patient": "/inbox", "staff": "/staff"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The local provider, which believes whatever a test says of a person."""
    port = free_port()
    with identity_provider(port, []):
        yield f"http://localhost:{port}"


@pytest.fixture(autouse=True)
def over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    identity = replace(settings.patient_identity, issuer=issuer)
    return replace(settings, patient_identity=identity, staff_identity=identity)


@pytest.fixture
def known(issuer: str) -> Callable[..., str]:
    """Make somebody known to the provider; returns the subject to choose there."""

    def introduce(subject: str, **claims: Any) -> str:
        given = {name: value for name, value in claims.items() if value is not None}
        requests.put(f"{issuer}/users/{subject}", json=given, timeout=10).raise_for_status()
        return subject

    return introduce


@pytest.fixture
def patient(world: World, known: Callable[..., str]) -> Identity:
    identity = world.new_identity()
    world.enrol(identity)
    known("patient", **{PERSONAL_NUMBER_CLAIM: identity.number, "acr": LOA3})
    return identity


def staff_claims(**changes: Any) -> dict[str, Any]:
    return {
        "employeeHsaId": ALICE_HSA,
        "healthCareUnitHsaId": UNIT_HSA,
        "commissionPurpose": CARE_PURPOSE,
        "acr": LOA3,
    } | changes


@pytest.fixture
def clinician(world: World, known: Callable[..., str]) -> str:
    return known("staff", **staff_claims())


def leave_for_provider(visitor: Visitor, kind: str) -> str:
    """Press the button; returns the provider's address that the browser is sent to."""
    if kind == "patient":
        sent = visitor.submit("/sign-in", "/sign-in", method="bankid")
    else:
        sent = visitor.get("/staff/sign-in")
    assert sent.status_code == 302
    return sent.headers["Location"]


def choose(address: str, subject: str, **fields: str) -> str:
    """Choose somebody at the provider; returns the path, with code and state, that it sends the browser back to."""
    answer = requests.post(address, data={"sub": subject, **fields}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.status_code
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == BASE_URL
    return urlunsplit(("", "", back.path, back.query, ""))


def sign_in(visitor: Visitor, subject: str, kind: str | None = None) -> TestResponse:
    kind = kind or ("patient" if subject.startswith("patient") else "staff")
    return visitor.get(choose(leave_for_provider(visitor, kind), subject))


def cookie_of(response: TestResponse) -> str | None:
    for header in response.headers.getlist("Set-Cookie"):
        found = SimpleCookie(header).get("sign_in")
        if found is not None and found.value:
            return found.value
    return None


def refused(response: TestResponse, sentence: str, status: int = 403) -> bool:
    page = response.get_data(as_text=True)
    return response.status_code == status and sentence in page and cookie_of(response) is None


# ---- the way in


def test_a_patient_signs_in_and_comes_to_the_inbox(app: Flask, patient: Identity) -> None:
    """G1"""
    visitor = Visitor(app)
    answer = sign_in(visitor, "patient")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox")
    assert "Inför besöket" in visitor.get("/inbox").get_data(as_text=True)


def test_a_clinician_signs_in_and_comes_to_the_worklist(app: Flask, clinician: str) -> None:
    """G1"""
    visitor = Visitor(app)
    answer = sign_in(visitor, clinician)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff")
    page = visitor.get("/staff").get_data(as_text=True)
    assert "Alice Ask" in page
    assert "Enhet Ett" in page


def test_both_ways_of_e_identification_lead_to_the_provider(app: Flask, world: World, issuer: str) -> None:
    visitor = Visitor(app)
    for method in ("bankid", "freja"):
        sent = visitor.submit("/sign-in", "/sign-in", method=method)
        assert sent.headers["Location"].startswith(f"{issuer}/oauth2/authorize?")


@pytest.mark.parametrize("method", ["", "password", "BankID"])
def test_another_way_is_refused_in_one_sentence(app: Flask, world: World, method: str) -> None:
    answer = Visitor(app).submit("/sign-in", "/sign-in", method=method)
    assert refused(answer, "Välj ett av sätten att logga in.", 400)


@pytest.mark.parametrize("kind", ["patient", "staff"])
def test_what_is_asked_of_the_provider_is_bound_to_this_browser(app: Flask, world: World, kind: str) -> None:
    """PKCE, state, nonce and the level of assurance; and nothing about anybody."""
    query = parse_qs(urlsplit(leave_for_provider(Visitor(app), kind)).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert all(len(query[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))
    assert query["acr_values"] == [LOA3]
    assert query["redirect_uri"] == [BASE_URL + SIGN_INS[kind] + "/callback"]


def test_the_sign_in_is_logged(app: Flask, patient: Identity, clinician: str, database) -> None:
    """G2"""
    sign_in(Visitor(app), "patient")
    sign_in(Visitor(app), "staff")
    with database.connect("postgres") as connection:
        rows = connection.execute("SELECT actor_kind, outcome FROM audit_events WHERE activity = 'Logga in'").fetchall()
    assert sorted(rows) == [("patient", "allowed"), ("staff", "allowed")]


# ---- what the provider's word has to hold


@pytest.mark.parametrize("acr", [None, "", SINGLE_FACTOR, "http://id.elegnamnden.se/loa/1.0/loa2", LOA3 + "x", [LOA3]])
@pytest.mark.parametrize("kind", ["patient", "staff"])
def test_a_level_of_assurance_that_is_not_enough_is_refused_and_says_so(
    app: Flask, world: World, known: Callable[..., str], kind: str, acr: object
) -> None:
    """G1"""
    identity = world.new_identity()
    world.enrol(identity)
    claims = {PERSONAL_NUMBER_CLAIM: identity.number} if kind == "patient" else staff_claims()
    visitor = Visitor(app)
    answer = sign_in(visitor, known(kind, **(claims | {"acr": acr})))
    assert refused(answer, {"patient": "Använd BankID eller Freja+", "staff": "Använd två faktorer"}[kind])
    assert visitor.get(HOMES[kind]).status_code == 303


def test_a_single_factor_is_refused_for_staff_and_logged(
    app: Flask, world: World, known: Callable[..., str], database
) -> None:
    """G1, G2"""
    assert refused(sign_in(Visitor(app), known("staff", **staff_claims(acr=SINGLE_FACTOR))), "Använd två faktorer")
    with database.connect("postgres") as connection:
        rows = connection.execute("SELECT actor_kind FROM audit_events WHERE outcome = 'denied'").fetchall()
    assert rows == [("gate",)]


@pytest.mark.parametrize("number", [None, "", "17", "19121212-1213", 191212121212, ["191212121212"]])
def test_a_token_without_a_personal_number_names_nobody(
    app: Flask, world: World, known: Callable[..., str], number: object
) -> None:
    answer = sign_in(Visitor(app), known("patient", **{PERSONAL_NUMBER_CLAIM: number, "acr": LOA3}))
    assert answer.status_code == 403
    assert cookie_of(answer) is None


def test_a_stranger_is_told_that_nothing_waits(app: Flask, world: World, known: Callable[..., str]) -> None:
    stranger = world.new_identity()
    answer = sign_in(Visitor(app), known("patient", **{PERSONAL_NUMBER_CLAIM: stranger.number, "acr": LOA3}))
    assert refused(answer, "Det finns inget för dig här")
    assert stranger.number not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"commissionPurpose": "Administration"}, "vård och behandling"),
        ({"commissionPurpose": None}, "vem du är"),
        ({"employeeHsaId": None}, "vem du är"),
        ({"healthCareUnitHsaId": ""}, "vem du är"),
        ({"employeeHsaId": [ALICE_HSA]}, "vem du är"),
        ({"employeeHsaId": "SE2321000016-nobody"}, "inget giltigt medarbetaruppdrag"),
        ({"employeeHsaId": BOB_HSA}, "inget giltigt medarbetaruppdrag"),
        ({"healthCareUnitHsaId": OTHER_UNIT_HSA}, "inget giltigt medarbetaruppdrag"),
        ({"employeeHsaId": ALICE_HSA + "\x00"}, "vem du är"),
    ],
    ids=repr,
)
def test_without_a_commission_for_care_at_the_unit_staff_are_refused(
    app: Flask, world: World, known: Callable[..., str], changes: dict[str, Any], sentence: str
) -> None:
    """A6, G1"""
    assert refused(sign_in(Visitor(app), known("staff", **staff_claims(**changes))), sentence)


@pytest.mark.parametrize("column", ["valid_until", "valid_from"])
def test_a_commission_that_is_not_in_force_is_refused_and_logged(
    app: Flask, clinician: str, services: Services, database, column: str
) -> None:
    """A6, G2"""
    step = timedelta(hours=-1 if column == "valid_until" else 1)
    with database.connect("postgres") as connection:
        connection.execute("UPDATE commissions SET valid_from = valid_from - interval '1 day'")
        connection.execute(f"UPDATE commissions SET {column} = %s", [services.clock() + step])
    assert refused(sign_in(Visitor(app), clinician), "inget giltigt medarbetaruppdrag")
    with database.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM audit_events WHERE outcome = 'denied'").fetchall() == [(1,)]
        assert connection.execute("SELECT 1 FROM sign_ins").fetchall() == []


# ---- what a browser can bring back wrongly

FAILED = "Inloggningen gick inte igenom."


def changed(path: str, **changes: str | None) -> str:
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


@pytest.mark.parametrize("kind", ["patient", "staff"])
@pytest.mark.parametrize(
    "changes",
    [
        {"state": "forged"},
        {"state": None},
        {"state": ""},
        {"state": "\x00"},
        {"code": "forged"},
        {"code": None},
        {"code": ""},
        {"code": None, "state": None},
        {"code": None, "error": "access_denied"},
        {"code": None, "error": "access_denied", "error_description": "<script>alert(1)</script>"},
        {"code": None, "error": "server_error"},
    ],
    ids=repr,
)
def test_a_callback_that_was_tampered_with_signs_nobody_in(
    app: Flask, patient: Identity, clinician: str, kind: str, changes: dict[str, str | None]
) -> None:
    visitor = Visitor(app)
    back = choose(leave_for_provider(visitor, kind), kind)
    answer = visitor.get(changed(back, **changes))
    assert refused(answer, FAILED)
    assert "alert(1)" not in answer.get_data(as_text=True)
    assert visitor.get(HOMES[kind]).status_code == 303


def test_who_says_no_at_the_provider_comes_back_without_a_session(app: Flask, patient: Identity) -> None:
    visitor = Visitor(app)
    back = choose(leave_for_provider(visitor, "patient"), "patient", action="deny")
    assert refused(visitor.get(back), FAILED)


@pytest.mark.parametrize("kind", ["patient", "staff"])
def test_a_callback_is_for_one_use(app: Flask, patient: Identity, clinician: str, kind: str) -> None:
    visitor = Visitor(app)
    back = choose(leave_for_provider(visitor, kind), kind)
    assert visitor.get(back).status_code == 303
    assert refused(visitor.get(back), FAILED)


def test_another_browser_cannot_use_the_callback(app: Flask, patient: Identity) -> None:
    """Against sign-in by a link that somebody else prepared."""
    mine, theirs = Visitor(app), Visitor(app)
    back = choose(leave_for_provider(mine, "patient"), "patient")
    assert refused(theirs.get(back), FAILED)
    leave_for_provider(theirs, "patient")
    assert refused(theirs.get(back), FAILED)
    assert theirs.get("/inbox").status_code == 303


def test_a_patients_callback_is_not_one_for_staff(app: Flask, patient: Identity, clinician: str) -> None:
    """G1"""
    visitor = Visitor(app)
    back = choose(leave_for_provider(visitor, "patient"), "staff")
    assert refused(visitor.get(back.replace("/sign-in/callback", "/staff/sign-in/callback")), FAILED)


def test_a_callback_that_comes_too_late_is_refused(app: Flask, patient: Identity, clock) -> None:
    visitor = Visitor(app)
    back = choose(leave_for_provider(visitor, "patient"), "patient")
    clock.advance(timedelta(hours=2))
    assert refused(visitor.get(back), FAILED)


def test_two_tabs_on_their_way_at_once_both_come_in(app: Flask, patient: Identity) -> None:
    visitor = Visitor(app)
    first, second = (leave_for_provider(visitor, "patient") for _ in range(2))
    assert visitor.get(choose(second, "patient")).status_code == 303
    late = visitor.get(choose(first, "patient"))
    assert late.status_code in {303, 403}
    assert visitor.get("/inbox").status_code == 200


class Impostor:
    """A provider that answers the code with a token of the test's making."""

    def __init__(self, issuer: str, make_token: Callable[[str, RSAKey], str]) -> None:
        from threading import Thread

        from flask import request
        from werkzeug.serving import make_server

        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.nonce = ""
        port = free_port()
        self.issuer = f"http://localhost:{port}"
        app = Flask("impostor")

        @app.get("/.well-known/openid-configuration")
        def configuration() -> dict[str, Any]:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256"],
            }

        @app.get("/jwks")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        def token() -> dict[str, Any]:
            assert request.form["code_verifier"]
            return {"access_token": "x", "token_type": "Bearer", "id_token": make_token(self.nonce, self.key)}

        self._server = make_server("localhost", port, app)
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> "Impostor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def id_token(made_for: str, key: RSAKey, issuer: str, number: str, **changes: Any) -> str:
    import time

    now = int(time.time())
    claims = {
        "iss": issuer, "aud": "client", "sub": "x", "nonce": made_for, "iat": now, "exp": now + 60,
        "acr": LOA3, PERSONAL_NUMBER_CLAIM: number,
    } | changes  # fmt: skip
    stated = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, stated, key, algorithms=["RS256"])


TOKENS = {
    "as it should be": {},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody-else"},
    "another issuer": {"iss": "http://elsewhere.example"},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "not issued yet": {"iat": 10**11},
}


@pytest.mark.parametrize(("name", "changes"), TOKENS.items(), ids=TOKENS.keys())
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(
    world: World, services: Services, settings: Settings, name: str, changes: dict[str, Any]
) -> None:
    """G1"""
    identity = world.new_identity()
    world.enrol(identity)
    with Impostor("", lambda nonce, key: id_token(nonce, key, impostor.issuer, identity.number, **changes)) as impostor:
        provider = replace(settings.patient_identity, issuer=impostor.issuer)
        app = create_app(replace(services, settings=replace(settings, patient_identity=provider)))
        visitor = Visitor(app)
        sent = parse_qs(urlsplit(leave_for_provider(visitor, "patient")).query)
        impostor.nonce = sent["nonce"][0]
        answer = visitor.get(f"/sign-in/callback?{urlencode({'code': 'x', 'state': sent['state'][0]})}")
    assert answer.status_code == 303 if name == "as it should be" else refused(answer, FAILED)


@pytest.mark.parametrize("kind", ["unsigned", "another key", "no token", "nonsense"])
def test_a_token_that_the_provider_did_not_sign_is_refused(
    world: World, services: Services, settings: Settings, kind: str
) -> None:
    """G1"""
    identity = world.new_identity()
    world.enrol(identity)
    other = RSAKey.generate_key(2048, auto_kid=True)

    def make(nonce: str, key: RSAKey) -> str:
        genuine = id_token(nonce, key, impostor.issuer, identity.number)
        return {
            "unsigned": genuine.rpartition(".")[0] + ".",
            "another key": id_token(nonce, other, impostor.issuer, identity.number),
            "no token": "",
            "nonsense": "a.b.c",
        }[kind]

    with Impostor("", make) as impostor:
        provider = replace(settings.patient_identity, issuer=impostor.issuer)
        app = create_app(replace(services, settings=replace(settings, patient_identity=provider)))
        visitor = Visitor(app)
        sent = parse_qs(urlsplit(leave_for_provider(visitor, "patient")).query)
        impostor.nonce = sent["nonce"][0]
        answer = visitor.get(f"/sign-in/callback?{urlencode({'code': 'x', 'state': sent['state'][0]})}")
    assert refused(answer, FAILED)


@pytest.mark.parametrize("kind", ["patient", "staff"])
def test_when_the_provider_is_down_the_way_in_says_so(
    world: World, services: Services, settings: Settings, kind: str
) -> None:
    away = replace(settings.patient_identity, issuer=f"http://localhost:{free_port()}")
    app = create_app(replace(services, settings=replace(settings, patient_identity=away, staff_identity=away)))
    visitor = Visitor(app)
    answer = (
        visitor.get("/staff/sign-in") if kind == "staff" else visitor.submit("/sign-in", "/sign-in", method="bankid")
    )
    assert refused(answer, "Inloggningstjänsten svarar inte just nu.", 503)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '{"issuer": 17}'])
def test_when_the_provider_talks_nonsense_the_way_in_says_so(
    world: World, services: Services, settings: Settings, body: str
) -> None:
    from threading import Thread

    from werkzeug.serving import make_server

    nonsense = Flask("nonsense")
    nonsense.add_url_rule("/<path:any>", view_func=lambda any: body)
    server = make_server("localhost", 0, nonsense)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        away = replace(settings.patient_identity, issuer=f"http://localhost:{server.port}")
        app = create_app(replace(services, settings=replace(settings, patient_identity=away)))
        answer = Visitor(app).submit("/sign-in", "/sign-in", method="bankid")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert refused(answer, "Inloggningstjänsten svarar inte just nu.", 503)


# ---- the session that follows


def signed_in(app: Flask, cookie: str | None, path: str = "/inbox") -> bool:
    return Visitor(app, cookie).get(path).status_code == 200


@pytest.fixture
def cookie(world: World, app: Flask) -> str:
    identity = world.new_identity()
    world.enrol(identity)
    return world.patient_cookie(identity)


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask, patient: Identity) -> None:
    answer = sign_in(Visitor(app), "patient")
    (header,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("sign_in=")]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Expires" not in header
    assert "Domain" not in header


def test_over_https_every_cookie_is_for_https_only(world: World, services: Services, settings: Settings) -> None:
    """G4"""
    secure = replace(settings, base_url="https://survey.test")
    client = create_app(replace(services, settings=secure)).test_client()
    page = client.get("/sign-in", base_url="https://survey.test")
    cookies = page.headers.getlist("Set-Cookie")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))
    assert token is not None
    chosen = client.post(
        "/language",
        base_url="https://survey.test",
        data={"csrf_token": token[1], "language": "en", "next": "/"},
        headers={"Referer": "https://survey.test/sign-in"},
    )
    cookies += chosen.headers.getlist("Set-Cookie")
    assert len(cookies) >= 2
    assert all("Secure" in one and "HttpOnly" in one for one in cookies)
    assert "max-age=" in page.headers["Strict-Transport-Security"]


def test_the_cookie_before_signing_in_is_not_the_one_after(app: Flask, patient: Identity) -> None:
    """Session fixation: what somebody planted in the browser is worth nothing afterwards."""
    visitor = Visitor(app, "planted")
    first = cookie_of(sign_in(visitor, "patient"))
    second = cookie_of(sign_in(visitor, "patient"))
    assert first is not None
    assert second is not None
    assert len({"planted", first, second}) == 3
    assert not signed_in(app, "planted")


def test_signing_in_makes_earlier_pages_forms_worthless(app: Flask, patient: Identity) -> None:
    visitor = Visitor(app)
    old = visitor.token("/sign-in")
    sign_in(visitor, "patient")
    assert visitor.raw_post("/sign-out", data={"csrf_token": old}).status_code == 400


@pytest.mark.parametrize(
    "cookie", ["", "x", "a" * 43, "A" * 3000, "ÅÄÖ", "\u2603", "%00", "' OR 1=1 --", "../../etc", "null", "None"]
)
def test_a_made_up_cookie_is_nobody(app: Flask, world: World, cookie: str) -> None:
    assert not signed_in(app, cookie)


def test_a_cookie_changed_in_one_character_is_nobody(app: Flask, cookie: str) -> None:
    other = "A" if cookie[0] != "A" else "B"
    assert signed_in(app, cookie)
    assert not signed_in(app, other + cookie[1:])
    assert not signed_in(app, cookie + "A")
    assert not signed_in(app, cookie[:-1])


def test_what_is_stored_of_a_cookie_is_not_the_cookie(app: Flask, cookie: str, database) -> None:
    with database.connect("postgres") as connection:
        ((stored,),) = connection.execute("SELECT token_digest FROM sign_ins").fetchall()
    assert cookie.encode() not in bytes(stored)
    assert not signed_in(app, bytes(stored).hex())


def test_signing_out_ends_the_session_on_the_server(app: Flask, cookie: str) -> None:
    visitor = Visitor(app, cookie)
    left = visitor.submit("/inbox", "/sign-out")
    assert (left.status_code, left.headers["Location"]) == (303, "/")
    assert visitor.get("/inbox").status_code == 303
    assert not signed_in(app, cookie)


def test_signing_out_on_one_device_leaves_the_other(world: World, app: Flask) -> None:
    identity = world.new_identity()
    world.enrol(identity)
    one, other = (world.patient_cookie(identity) for _ in range(2))
    Visitor(app, one).submit("/inbox", "/sign-out")
    assert not signed_in(app, one)
    assert signed_in(app, other)


def test_signing_out_twice_or_as_nobody_is_harmless(app: Flask, cookie: str) -> None:
    visitor = Visitor(app, cookie)
    token = visitor.token("/inbox")
    assert visitor.raw_post("/sign-out", data={"csrf_token": token}).status_code == 303
    assert Visitor(app).post("/sign-out", page="/sign-in").status_code == 303


def test_another_site_cannot_sign_anybody_out(app: Flask, cookie: str) -> None:
    assert Visitor(app, cookie).raw_post("/sign-out").status_code == 400
    assert Visitor(app, cookie).get("/sign-out").status_code == 405
    assert signed_in(app, cookie)


def test_who_does_nothing_for_half_an_hour_is_signed_out(app: Flask, cookie: str, clock) -> None:
    clock.advance(timedelta(minutes=29, seconds=59))
    assert signed_in(app, cookie)
    clock.advance(timedelta(minutes=29, seconds=59))
    assert signed_in(app, cookie)
    clock.advance(timedelta(minutes=30))
    assert not signed_in(app, cookie)


def test_who_was_signed_out_in_their_absence_is_told_so_once(app: Flask, cookie: str, clock) -> None:
    visitor = Visitor(app, cookie)
    clock.advance(timedelta(minutes=31))
    assert visitor.get("/inbox").headers["Location"] == "/sign-in"
    assert "Du har loggats ut" in visitor.get("/sign-in").get_data(as_text=True)
    assert "Du har loggats ut" not in visitor.get("/sign-in").get_data(as_text=True)


def test_the_way_in_shows_every_way_and_remembers_nobody(app: Flask, cookie: str) -> None:
    """C1, C6, G1"""
    visitor = Visitor(app, cookie)
    visitor.submit("/inbox", "/sign-out")
    answer = visitor.get("/sign-in")
    page = answer.get_data(as_text=True)
    for way in ('value="bankid"', 'value="freja"', 'href="/letter"', "tillitsnivå 3"):
        assert way in page
    assert "Du har loggats ut" not in page
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_accessibility_statement_says_what_the_law_asks_for(
    world: World, services: Services, settings: Settings
) -> None:
    """C6"""
    written = replace(services, settings=replace(settings, accessibility_email="skriv@example.se"))
    page = Visitor(create_app(written)).get("/accessibility").get_data(as_text=True)
    told = (
        "WCAG 2.2, nivå AA",
        "delvis",
        "mailto:skriv@example.se",
        "https://www.digg.se/tdosanmalan",
        "23 november 2026",
    )
    assert [one for one in told if one not in page] == []
    assert 'href="/accessibility"' in Visitor(create_app(written)).get("/").get_data(as_text=True)


def test_nobody_is_signed_in_for_longer_than_eight_hours(app: Flask, cookie: str, clock) -> None:
    for _ in range(23):
        clock.advance(timedelta(minutes=20))
        assert signed_in(app, cookie)
    clock.advance(timedelta(minutes=20))
    assert not signed_in(app, cookie)


def test_an_ended_commission_ends_the_sessions_under_it(world: World, app: Flask, database, clock) -> None:
    """A6"""
    cookie, other = world.staff_cookie(world.alice), world.staff_cookie(world.bob)
    assert signed_in(app, cookie, "/staff")
    with database.connect("postgres") as connection:
        connection.execute(
            "UPDATE commissions SET valid_until = %s WHERE staff_id = %s",
            [clock() + timedelta(seconds=1), world.alice.staff_id],
        )
    clock.advance(timedelta(minutes=1))
    assert not signed_in(app, cookie, "/staff")
    assert signed_in(app, other, "/staff")


def test_a_patient_is_not_staff_and_staff_is_not_a_patient(world: World, app: Flask, cookie: str, database) -> None:
    """A6, G2"""
    assert Visitor(app, cookie).get("/staff").status_code == 403
    assert Visitor(app, world.staff_cookie(world.alice)).get("/inbox").status_code == 403
    with database.connect("postgres") as connection:
        rows = connection.execute("SELECT actor_kind FROM audit_events WHERE outcome = 'denied'").fetchall()
    assert sorted(rows) == [("patient",), ("staff",)]


def test_signing_in_as_another_replaces_the_first(world: World, app: Flask, patient: Identity, clinician: str) -> None:
    visitor = Visitor(app)
    sign_in(visitor, "patient")
    sign_in(visitor, "staff")
    assert visitor.get("/staff").status_code == 200
    assert visitor.get("/inbox").status_code == 403


def test_a_person_erased_after_signing_in_meets_one_sentence(world: World, app: Flask, services: Services) -> None:
    """G3"""
    from survey_service.access.rules import PatientClaims

    identity = world.new_identity()
    person, _occasion = world.enrol(identity)
    cookie = sign_in_patient(services, PatientClaims(number=identity.number, acr=LOA3))
    services.keys.destroy(person.person_id)
    answer = Visitor(app, cookie).get("/inbox")
    assert answer.status_code in {200, 410}
