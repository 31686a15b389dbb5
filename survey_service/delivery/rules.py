"""Routes of receipt, what a record system's answer means, and when to try again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit


class Route(StrEnum):
    """How a response was received."""

    OPENED_BY_PERSON = "opened_by_person"
    CONFIRMED_IN_BULK = "confirmed_in_bulk"
    ACKNOWLEDGED_BY_RECORD_SYSTEM = "acknowledged_by_record_system"
    TAKEN_INTO_ARCHIVE = "taken_into_archive"


class Outcome(StrEnum):
    """What became of one attempt to hand a response to a record system."""

    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_AGAIN = "acknowledged_again"
    ACCEPTED = "accepted"
    """Taken, but not acknowledged: the record system says later, through the interface, what it calls it."""
    TEMPORARY = "temporary"
    REFUSED = "refused"
    """Trying again changes nothing until somebody mends the other side."""


class Alarm(StrEnum):
    """Why somebody is called."""

    NOT_RECEIVED = "not_received"
    PUSH_FAILED = "push_failed"
    FLAG_NOT_ASSESSED = "flag_not_assessed"
    """Nobody has assessed in time what the unit's own rules flagged."""


class ContactWay(StrEnum):
    """How the unit was in touch with a patient."""

    TELEPHONE = "telephone"
    VISIT = "visit"
    VIDEO = "video"
    LETTER = "letter"
    MESSAGE = "message"


class Show(StrEnum):
    """Which responses the worklist shows."""

    ALL = "all"
    UNREAD = "unread"
    FLAGGED = "flagged"
    MINE = "mine"
    TODAY = "today"


class Ground(StrEnum):
    """Why somebody of another unit opens a patient's answers."""

    CARE = "care"
    """Takes part in the patient's care. Opens nothing that the patient has blocked."""
    CONSENT = "consent"
    EMERGENCY = "emergency"


class NamingReason(StrEnum):
    """Why a data protection officer looks who a patient is."""

    PATIENT_ASKS = "patient_asks"
    REVIEW = "review"
    SUSPICION = "suspicion"


class SystemState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class SystemRoute(StrEnum):
    """Who goes to whom."""

    PUSH = "push"
    FETCH = "fetch"


class Authentication(StrEnum):
    OAUTH = "oauth"
    MUTUAL_TLS = "mutual_tls"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a record system answered, as far as it concerns us. ``http_status`` None: it did not answer."""

    outcome: Outcome
    http_status: int | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was made."""

    at: datetime
    outcome: Outcome
    http_status: int | None


_LONGEST_ID = 300
_WAIT_FOR = frozenset({408, 425, 429})
# As the national contracts tell their clients to wait; the first attempt is at once.
_WAITS = (timedelta(seconds=4), timedelta(seconds=20), timedelta(minutes=5), timedelta(minutes=30))
_HOUR = timedelta(hours=1)
_AFTER_THE_DEADLINE = timedelta(hours=6)
# By then somebody has been called many times; a connection that is made anew starts afresh.
_GIVEN_UP_AFTER = timedelta(days=30)
# Two machines' clocks.
_TOLERANCE = timedelta(seconds=30)


def read_reply(status: int, location: str | None, body: Any) -> Reply:
    """What an answer to a Bundle means. A success that names no id is not yet an acknowledgement."""
    if 200 <= status < 300:
        external_id = _own_id(location, body)
        if external_id is None or status == 202:
            return Reply(Outcome.ACCEPTED, status)
        return Reply(Outcome.ACKNOWLEDGED, status, external_id)
    is_temporary = status >= 500 or status in _WAIT_FOR
    return Reply(Outcome.TEMPORARY if is_temporary else Outcome.REFUSED, status)


def clean_id(text: object) -> str | None:
    """Another system's id, if it is one that can be kept and shown."""
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST_ID or not text.isprintable():
        return None
    return text.strip()


def next_attempt(attempts: Sequence[Attempt], *, begun_at: datetime, deadline_at: datetime) -> datetime | None:
    """When to try (again), or None for never: at once, after 4 s, 20 s, 5 min, 30 min, then hourly to the deadline.

    Every six hours from then on, for somebody may mend the other side before a person opens the response. What was
    refused, or taken without an acknowledgement, waits an hour at least.
    """
    if not attempts:
        return begun_at
    last = attempts[-1]
    if last.outcome in {Outcome.ACKNOWLEDGED, Outcome.ACKNOWLEDGED_AGAIN}:
        return None
    wait = _WAITS[len(attempts) - 1] if len(attempts) <= len(_WAITS) else _HOUR
    if last.outcome is not Outcome.TEMPORARY:
        wait = max(wait, _HOUR)
    if last.at + wait > deadline_at:
        wait = max(wait, _AFTER_THE_DEADLINE)
    due = last.at + wait
    return due if due - begun_at <= _GIVEN_UP_AFTER else None


def is_due(due: datetime | None, now: datetime) -> bool:
    return due is not None and due <= now + _TOLERANCE


def may_be_called(address: str, *, hosts: frozenset[str], is_demonstration: bool) -> bool:
    """Whether the service may call the address: one of the operator's hosts, by TLS, with nothing secret in it."""
    try:
        parts = urlsplit(address)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment) and address.isprintable()
    if is_demonstration and host in {"localhost", "127.0.0.1"}:
        return port_is_a_number and is_plain and parts.scheme in {"http", "https"}
    return port_is_a_number and is_plain and parts.scheme == "https" and host in hosts


def _own_id(location: str | None, body: Any) -> str | None:
    """What the other side calls the response: the header, or the first entry of a transaction's answer."""
    if found := clean_id(location):
        return found
    entries = body.get("entry") if isinstance(body, Mapping) else None
    first = entries[0] if isinstance(entries, list) and entries else None
    response = first.get("response") if isinstance(first, Mapping) else None
    if isinstance(response, Mapping) and (found := clean_id(response.get("location"))):
        return found
    identifier = body.get("identifier") if isinstance(body, Mapping) else None
    return clean_id(identifier.get("value")) if isinstance(identifier, Mapping) else None
