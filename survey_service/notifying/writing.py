"""Writing what is about to be sent, and what became of it. The dispatch is there before anything is handed over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.burden import deferred_until
from notifications.ladder import Unreached
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.notifying.addressing import Addressee, LastFacts
from survey_service.notifying.claiming import Rest
from survey_service.notifying.deciding import INBOX, Attempt, Case, Tell
from survey_service.notifying.records import dispatch_attempts, dispatches, messages, person_facts
from survey_service.scheduling.queries import Occasion

# What the directory says again is written down again so often.
_FACTS_LAST = timedelta(days=1)
# One statement for all, and each person's lock taken in the order of the ids.
_IN_THE_WAY = sa.text("""
    SELECT asked.occasion_id, invitation_in_the_way(asked.person_id, asked.occasion_id, :since, :most) AS sent_at
    FROM (SELECT * FROM unnest(CAST(:people AS uuid[]), CAST(:occasions AS uuid[])) AS a (person_id, occasion_id)
          ORDER BY person_id) asked
""")


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of handing one message over."""

    outcome: str
    at: datetime
    gateway: str
    message_id: str | None = None

    @property
    def as_attempt(self) -> Attempt:
        return Attempt(self.outcome, self.at)


def announce(connection: Connection, services: Services, cases: Collection[Case]) -> Mapping[UUID, Rest]:
    """Tell of these in the inbox, each once; returns those, by occasion, that wait because so much is asked already.

    Of several for one person only the first is told now: the next is looked at when that one counts.
    """
    new = [one for one in cases if not any(sent.channel == INBOX for sent in one.sent)]
    first: dict[UUID, Occasion] = {}
    for one in sorted(new, key=lambda one: (one.occasion.closes_at, one.occasion.id)):
        first.setdefault(one.occasion.person_id, one.occasion)
    waiting = _deferred(connection, services, first.values())
    told = [one for one in first.values() if one.id not in waiting]
    _write_to_inbox(connection, services.clock(), told)
    chosen = {one.id for one in first.values()}
    again = {one.occasion.id: Rest(services.clock()) for one in new if one.occasion.id not in chosen}
    return {**waiting, **again}


def _deferred(connection: Connection, services: Services, asked: Collection[Occasion]) -> Mapping[UUID, Rest]:
    if not asked:
        return {}
    now, limit = services.clock(), services.settings.notices
    period = timedelta(days=limit.period_days)
    values = {
        "since": now - period,
        "most": limit.most_invitations,
        "people": [one.person_id for one in asked],
        "occasions": [one.id for one in asked],
    }
    in_the_way = {row.occasion_id: row.sent_at for row in connection.execute(_IN_THE_WAY, values)}
    found = {}
    for one in asked:
        sent_at = in_the_way[one.id]
        if sent_at is not None:
            until = deferred_until(sent_at + period, opens_at=one.opens_at, closes_at=one.closes_at, now=now)
            if until is not None:
                found[one.id] = Rest(until, Unreached.DEFERRED)
    return found


def _write_to_inbox(connection: Connection, now: datetime, told: Sequence[Occasion]) -> None:
    if not told:
        return
    rows = [_owned(one) | {"id": new_id(), "kind": "invitation", "channel": INBOX, "created_at": now} for one in told]
    made = connection.execute(
        upsert(dispatches)
        .values(rows)
        .on_conflict_do_nothing(constraint="dispatches_once")
        .returning(dispatches.c.occasion_id)
    )
    new = set(made.scalars())
    letters = [_owned(one) | {"id": new_id(), "sent_at": now, "kind": "invitation"} for one in told if one.id in new]
    if letters:
        connection.execute(insert(messages), letters)


def write_dispatches(connection: Connection, now: datetime, tells: Sequence[tuple[Case, Tell]]) -> Mapping[UUID, UUID]:
    """By occasion, the dispatch to hand over: there before it is. None for what somebody else has just made."""
    found = {case.occasion.id: tell.dispatch_id for case, tell in tells if tell.dispatch_id is not None}
    new = [(case, tell) for case, tell in tells if tell.dispatch_id is None]
    if not new:
        return found
    rows = [
        _owned(case.occasion)
        | {
            "id": new_id(),
            "kind": tell.step.kind,
            "channel": tell.step.channel,
            "created_at": now,
            "rung": tell.step.rung,
            "reminder_id": UUID(tell.step.reminder_id) if tell.step.reminder_id else None,
            "address_digest": tell.address_digest,
        }
        for case, tell in new
    ]
    made = connection.execute(
        upsert(dispatches)
        .values(rows)
        .on_conflict_do_nothing(constraint="dispatches_once")
        .returning(dispatches.c.occasion_id, dispatches.c.id)
    ).all()
    return found | {row.occasion_id: row.id for row in made}


def record_attempts(
    services: Services, occasion: Occasion, dispatch_id: UUID, tried: Tried, *, is_given_up: bool
) -> list[Attempt]:
    """Keep what became of it, at once and for itself: a worker that dies next repeats nothing."""
    outcomes = [tried.outcome, *(["given_up"] if is_given_up else [])]
    rows = [
        {
            "id": new_id(),
            "dispatch_id": dispatch_id,
            "provider_id": occasion.provider_id,
            "person_id": occasion.person_id,
            "outcome": outcome,
            "attempted_at": tried.at,
            "gateway": tried.gateway,
            "gateway_message_id": tried.message_id if outcome == tried.outcome else None,
        }
        for outcome in outcomes
    ]
    with services.db.transaction(as_=System(occasion.provider_id)) as connection:
        for row in rows:
            once = upsert(dispatch_attempts).values(row).on_conflict_do_nothing(constraint="dispatch_attempts_message")
            if not insert_if_new(connection, once):
                # Its id is another message's already: then it names neither. What was sent is kept all the same.
                get_logger().warning("notice.message_id_used_twice", gateway=tried.gateway)
                connection.execute(insert(dispatch_attempts).values(row | {"gateway_message_id": None}))
    return [Attempt(outcome, tried.at) for outcome in outcomes]


def keep_facts(connection: Connection, now: datetime, provider_id: UUID, addressees: Collection[Addressee]) -> None:
    """What the directory has said just now, for when it cannot be asked."""
    rows = [
        {
            "provider_id": provider_id,
            "person_id": one.person_id,
            "is_protected": said.is_protected,
            "deceased_on": said.deceased_on,
            "checked_at": now,
        }
        for one in sorted(addressees, key=lambda one: one.person_id)
        if (said := one.facts) is not None
        and not _is_known(one.last, LastFacts(said.is_protected, said.deceased_on, now))
    ]
    if rows:
        statement = upsert(person_facts).values(rows)
        said_now = {name: statement.excluded[name] for name in ("is_protected", "deceased_on", "checked_at")}
        connection.execute(statement.on_conflict_do_update(index_elements=["provider_id", "person_id"], set_=said_now))


def _is_known(last: LastFacts | None, said: LastFacts) -> bool:
    return (
        last is not None
        and (last.is_protected, last.deceased_on) == (said.is_protected, said.deceased_on)
        and last.checked_at > said.checked_at - _FACTS_LAST
    )


def _owned(occasion: Occasion) -> dict[str, object]:
    return {"provider_id": occasion.provider_id, "person_id": occasion.person_id, "occasion_id": occasion.id}
