"""Calling a provider's record system: one HTTP request at a time, never inside a transaction.

Short timeouts, no redirects, TLS verified, little read back. What goes wrong is an outcome or one of our own sentences:
never the other side's words, an address or a body, for these could hold a person.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import requests

from survey_service.delivery.rules import (
    Authentication,
    Outcome,
    Reply,
    SystemRoute,
    may_be_called,
    read_reply,
)
from survey_service.delivery.signing import SigningKey
from survey_service.errors import Unavailable, mark
from survey_service.foundation.clock import Clock
from survey_service.settings import Settings

_CONNECT_SECONDS, _READ_SECONDS, _WHOLE_SECONDS = 3.05, 10, 20
_LARGEST_ANSWER = 256 * 1024
_FHIR = "application/fhir+json"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# A token that is about to end might end on the way.
_TOKEN_MARGIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a provider's record system is, and how it knows us."""

    id: UUID
    route: SystemRoute
    base_url: str
    authentication: Authentication
    token_url: str | None
    client_id: str | None
    scope: str | None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    location: str | None
    body: Any


class _NotAllowed(Exception):
    """The address is not one of those that the operator lets the service call."""


class _TooMuch(Exception):
    """The answer is larger, or slower, than any that means something to us."""


class _NoToken(Exception):
    """There is no token to be had. ``reply`` is what that means for what was to be sent."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class RecordSystemGateway:
    """The way to record systems, with the tokens that are still good."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tokens: dict[Destination, tuple[str, datetime]] = {}

    def send(self, destination: Destination, bundle: Mapping[str, Any], *, key: UUID) -> Reply:
        """Post the transaction. Never raises for anything the other side does."""
        content = json.dumps(bundle, ensure_ascii=False).encode()
        headers = {
            "Content-Type": _FHIR,
            "Accept": _FHIR,
            "Idempotency-Key": str(key),
            "Prefer": "return=minimal",
        }
        try:
            answer = self._with_token(destination, "POST", destination.base_url, headers=headers, content=content)
        except _NoToken as refused:
            return refused.reply
        except _NotAllowed:
            return Reply(Outcome.REFUSED)
        except (requests.RequestException, _TooMuch, OSError):
            return Reply(Outcome.TEMPORARY)
        return read_reply(answer.status, answer.location, answer.body)

    def why_not(self, destination: Destination) -> str | None:
        """One sentence that says what is wrong with the connection, or None: a token, and what the system can do."""
        try:
            address = destination.base_url.rstrip("/") + "/metadata"
            answer = self._with_token(destination, "GET", address, headers={"Accept": _FHIR})
        except _NotAllowed:
            return mark("The operator does not let the service call that address.")
        except _NoToken:
            return mark("The record system's token service did not give us a token.")
        except Unavailable as missing:
            return missing.sentence
        except requests.exceptions.SSLError:
            return mark("The certificate of the record system, or ours, was not accepted.")
        except (requests.Timeout, _TooMuch):
            return mark("The record system did not answer in time.")
        except (requests.RequestException, OSError):
            return mark("The record system cannot be reached at that address.")
        return _what_is_missing(answer)

    def _with_token(
        self,
        destination: Destination,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> _Answer:
        """Asked once more with a new token, where the one we kept is no longer good."""
        is_kept = destination in self._tokens
        answer = self._call(method, address, headers={**headers, **self._authorization(destination)}, content=content)
        if answer.status == requests.codes.unauthorized and self._tokens.pop(destination, None) and is_kept:
            again = {**headers, **self._authorization(destination)}
            answer = self._call(method, address, headers=again, content=content)
        return answer

    def _authorization(self, destination: Destination) -> Mapping[str, str]:
        """Nothing for mutual TLS, which says in the connection who we are."""
        if destination.authentication is Authentication.MUTUAL_TLS:
            return {}
        kept = self._tokens.get(destination)
        if kept is None or kept[1] <= self._clock():
            kept = self._tokens[destination] = self._new_token(destination)
        return {"Authorization": f"Bearer {kept[0]}"}

    def _new_token(self, destination: Destination) -> tuple[str, datetime]:
        assert destination.token_url is not None
        assert destination.client_id is not None
        now = self._clock()
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": SigningKey.of(self._settings).assertion(
                client_id=destination.client_id, audience=destination.token_url, at=now
            ),
            **({"scope": destination.scope} if destination.scope else {}),
        }
        answer = self._call("POST", destination.token_url, headers={"Accept": "application/json"}, form=form)
        token = clean_token(answer.body)
        if answer.status != requests.codes.ok or token is None:
            outcome = Outcome.REFUSED if 400 <= answer.status < 500 and answer.status != 429 else Outcome.TEMPORARY
            raise _NoToken(Reply(outcome, answer.status))
        seconds = answer.body.get("expires_in")
        lifetime = timedelta(seconds=seconds) if type(seconds) is int and 0 < seconds < 86_400 else timedelta(0)
        return token, now + lifetime - _TOKEN_MARGIN

    def _call(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
    ) -> _Answer:
        known = self._settings.record_systems
        if not may_be_called(address, hosts=known.hosts, is_demonstration=self._settings.demonstration):
            raise _NotAllowed
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a password from somebody's home folder
            with session.request(
                method,
                address,
                headers=dict(headers),
                data=content if content is not None else form,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
                verify=str(known.authorities) if known.authorities else True,
                cert=_certificate(self._settings),
            ) as answer:
                body = _read(answer)
                return _Answer(answer.status_code, answer.headers.get("Location"), body)


def clean_token(body: Any) -> str | None:
    """A bearer token, if it is one that can be sent in a header."""
    token = body.get("access_token") if isinstance(body, Mapping) else None
    return token if isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token else None


def _certificate(settings: Settings) -> tuple[str, str] | str | None:
    known = settings.record_systems
    if known.certificate is None:
        return None
    return (str(known.certificate), str(known.certificate_key)) if known.certificate_key else str(known.certificate)


def _read(answer: requests.Response) -> Any:
    """The answer's JSON, or None for anything else. Raises ``_TooMuch``."""
    content, ends = b"", monotonic() + _WHOLE_SECONDS
    for piece in answer.iter_content(16 * 1024):
        content += piece
        if len(content) > _LARGEST_ANSWER or monotonic() > ends:
            raise _TooMuch
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _what_is_missing(answer: _Answer) -> str | None:
    if answer.status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return mark("The record system does not let us in.")
    if answer.status >= 500:
        return mark("The record system answers, but with a failure of its own.")
    body = answer.body if isinstance(answer.body, Mapping) else {}
    if answer.status != requests.codes.ok or body.get("resourceType") != "CapabilityStatement":
        return mark("There is no FHIR server at that address.")
    if not str(body.get("fhirVersion", "")).startswith("4."):
        return mark("The record system speaks another version of FHIR than R4.")
    return None if _takes_transactions(body) else mark("The record system does not say that it takes transactions.")


def _takes_transactions(statement: Mapping[str, Any]) -> bool:
    rests = statement.get("rest")
    return isinstance(rests, list) and any(
        isinstance(interaction, Mapping) and interaction.get("code") == "transaction"
        for rest in rests
        if isinstance(rest, Mapping) and isinstance(rest.get("interaction"), list)
        for interaction in rest["interaction"]
    )
