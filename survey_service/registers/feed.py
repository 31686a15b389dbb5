"""A register's pull of its own feed, for the one purpose that disclosure rests on, logged result by result.

A pull is a range of positions, fixed as it begins: the same cursor and limit are the same range for ever, and what is
released meanwhile comes after it. It is read in short transactions, each of which logs what it reads, so that a client
that reads slowly holds nothing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access, record_denial
from survey_service.errors import BadInput, Conflict, NotSignedIn
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Register
from survey_service.foundation.services import Services
from survey_service.registers.entries import Ending, EntryKind, FeedEntry
from survey_service.registers.feed_queries import (
    Places,
    agreed_variables,
    feed_end,
    is_active,
    log_results,
    raw_entries,
    released_from,
)
from survey_service.registers.rules import ACCEPTED_PURPOSE, Cursor, read_cursor, write_cursor

# What is read, logged and sent at a time: large enough that a round trip costs little, small enough to hold in memory.
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull under way: which positions, for which register."""

    id: UUID
    by: Register
    places: Places
    feed_end: int
    completed_from: date | None
    ending: Ending
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """A pull that is small enough to be told at once."""

    entries: Sequence[FeedEntry]
    next_cursor: str
    more: bool


def pull(services: Services, *, cursor: str | None, limit: int, purpose: str | None, as_: Register) -> Page:
    """At most ``limit`` entries of the register's feed. Raises as ``begin_pull``."""
    begun = begin_pull(services, cursor=cursor, limit=limit, purpose=purpose, as_=as_)
    entries = [entry for page in pages(services, begun) for entry in page]
    return Page(entries=entries, next_cursor=begun.ending.next_cursor, more=begun.ending.truncated)


def begin_pull(
    services: Services,
    *,
    cursor: str | None,
    limit: int,
    purpose: str | None,
    completed_from: date | None = None,
    as_: Register,
) -> Pull:
    """Decide what is pulled: the ``limit`` places that follow the cursor, as far as the feed goes now.

    Raises ``BadInput`` without the one purpose that disclosure rests on (and logs that), ``Conflict`` for a cursor of
    an earlier epoch, or beyond the end of the feed.
    """
    if purpose != ACCEPTED_PURPOSE:
        record_denial(services, Access(Activity.READ, Purpose.REGISTER, "feed"), by=as_, reason="purpose")
        raise BadInput(
            f"State the purpose of the pull. Results are disclosed for {ACCEPTED_PURPOSE} only.",
            fields={"purpose": f"Must be {ACCEPTED_PURPOSE}."},
        )
    with services.db.transaction(as_=as_) as connection:
        end = feed_end(connection)
        earliest = released_from(connection, as_.register_id, services.clock())
        variables = agreed_variables(connection, as_.register_id)
    after = read_cursor(cursor) if cursor else Cursor(end.epoch, 0)
    if after.epoch != end.epoch or after.position > end.position:
        raise Conflict("The feed has been restored since that cursor was given. Start again without a cursor.")
    up_to = min(after.position + limit, end.position)
    pull_id = new_id()
    ending = Ending(
        pull_id=pull_id,
        next_cursor=write_cursor(Cursor(end.epoch, up_to)),
        truncated=up_to < end.position,
        completed_from=completed_from,
        released_from=earliest,
    )
    places = Places(end.epoch, after.position, up_to)
    return Pull(pull_id, as_, places, end.position, completed_from, ending, variables)


def pages(services: Services, pull: Pull) -> Iterator[list[FeedEntry]]:
    """The entries of a pull, page by page; each page is logged and committed before it is handed over.

    Raises ``NotSignedIn`` when the register has been suspended meanwhile.
    """
    if pull.places.after == pull.places.up_to:
        log_nothing_pulled(services, pull)
    for after in range(pull.places.after, pull.places.up_to, _PAGE):
        up_to = min(after + _PAGE, pull.places.up_to)
        yield _page(services, pull, Places(pull.places.epoch, after, up_to))


def log_nothing_pulled(services: Services, pull: Pull) -> None:
    """Log that the register asked and was told that there is nothing new."""
    with services.db.transaction(as_=pull.by) as connection:
        asked = Access(Activity.READ, Purpose.REGISTER, "feed_unchanged")
        record_access(connection, services.clock, [asked], by=pull.by)


def _page(services: Services, pull: Pull, places: Places) -> list[FeedEntry]:
    since = at_local_time(pull.completed_from, time()) if pull.completed_from else None
    with services.db.transaction(as_=pull.by) as connection:
        if not is_active(connection, pull.by.register_id):
            raise NotSignedIn("The access token is missing, forged or expired. Ask for a new one.")
        rows = raw_entries(connection, places, completed_from=since)
        logged = log_results(
            connection,
            pull.id,
            [row.release_id for row in rows if row.payload is not None],
            purpose=f"{Purpose.REGISTER.value} {ACCEPTED_PURPOSE}",
            at=services.clock(),
        )
    sealed = {row.person_id for row in rows if row.sealed is not None}
    ciphers = services.keys.ciphers(sealed) if sealed else {}
    return [_entry(row, ciphers, is_there=row.release_id in logged) for row in rows]


def _entry(row: Row[Any], ciphers: Mapping[UUID, PersonCipher], *, is_there: bool) -> FeedEntry:
    match EntryKind(row.kind):
        case EntryKind.ERASURE:
            return FeedEntry(EntryKind.ERASURE, None, order=row.erasure_id, releases=tuple(row.to_erase))
        case EntryKind.WITHDRAWN:
            return FeedEntry(EntryKind.WITHDRAWN, row.release_id)
        case EntryKind.CORRECTED if not is_there:
            # What stood in for it is gone as well, but whoever has the first must still forget it.
            return FeedEntry(EntryKind.WITHDRAWN, row.replaces)
        case kind:
            payload = _opened(row, ciphers) if is_there else None
            return FeedEntry(kind, row.release_id, payload=payload, replaces=row.replaces)


def _opened(row: Row[Any], ciphers: Mapping[UUID, PersonCipher]) -> dict[str, Any]:
    """What was released, with what is sealed of it; of an erased person only that it has been erased."""
    payload: dict[str, Any] = row.payload
    if row.sealed is None:
        return payload
    cipher = ciphers.get(row.person_id)
    if cipher is None:
        return payload | {"erased": True}
    text = cipher.open(row.sealed, table="releases", column="sealed", row=str(row.release_id))
    return payload | dict(json.loads(text))
