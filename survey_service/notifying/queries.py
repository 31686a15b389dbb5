"""Reading the patient's inbox, and what was sent outside it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Select

from notifications.ladder import Kind, Unreached
from survey_service.foundation.db import among
from survey_service.notifying.records import (
    dispatch_attempts,
    dispatch_receipts,
    dispatches,
    messages,
    non_responses,
    notices,
    reminders,
)
from survey_service.notifying.rules import Seen, seen


@dataclass(frozen=True, slots=True)
class InboxMessage:
    sent_at: datetime
    provider_id: UUID
    occasion_id: UUID
    kind: str


def inbox(connection: Connection, *, limit: int = 50) -> list[InboxMessage]:
    """The patient's messages, newest first."""
    rows = connection.execute(
        sa.select(messages.c.sent_at, messages.c.provider_id, messages.c.occasion_id, messages.c.kind)
        .order_by(messages.c.sent_at.desc())
        .limit(limit)
    ).all()
    return [InboxMessage(*row) for row in rows]


def reminded_at(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """By occasion, when staff last asked for a reminder."""
    rows = connection.execute(
        sa.select(reminders.c.occasion_id, sa.func.max(reminders.c.at).label("at"))
        .where(reminders.c.occasion_id.in_(occasion_ids))
        .group_by(reminders.c.occasion_id)
    ).all()
    return {row.occasion_id: row.at for row in rows}


def why_not_answered(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """By occasion, the latest reason that the unit has noted (``NonResponse``)."""
    rows = connection.execute(
        sa.select(non_responses.c.occasion_id, non_responses.c.reason)
        .where(non_responses.c.occasion_id.in_(occasion_ids))
        .order_by(non_responses.c.at, non_responses.c.id)
    ).all()
    return {row.occasion_id: row.reason for row in rows}


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message about an occasion, and what became of it. ``at`` is when it last changed."""

    id: UUID
    occasion_id: UUID
    kind: Kind
    channel: str
    at: datetime
    seen: Seen


def messages_about(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, list[SentMessage]]:
    """By occasion, every message in order."""
    d, a, r = dispatches.c, dispatch_attempts.c, dispatch_receipts.c
    rows = connection.execute(
        sa.select(d.id, d.occasion_id, d.kind, d.channel, d.created_at)
        .where(among(d.occasion_id, occasion_ids))
        .order_by(d.created_at, d.id)
    ).all()
    ids = [row.id for row in rows]
    attempts: dict[UUID, list[Any]] = defaultdict(list)
    tried = sa.select(a.dispatch_id, a.outcome, a.attempted_at).where(among(a.dispatch_id, ids)).order_by(a.id)
    for one in connection.execute(tried):
        attempts[one.dispatch_id].append(one)
    heard: dict[UUID, list[Any]] = defaultdict(list)
    for one in connection.execute(sa.select(r.dispatch_id, r.outcome, r.at).where(among(r.dispatch_id, ids))):
        heard[one.dispatch_id].append(one)
    found: dict[UUID, list[SentMessage]] = defaultdict(list)
    for row in rows:
        tries, receipts = attempts[row.id], heard[row.id]
        last = max([row.created_at, *(one.attempted_at for one in tries), *(one.at for one in receipts)])
        stands = seen(row.channel, [one.outcome for one in tries], {one.outcome for one in receipts})
        found[row.occasion_id].append(SentMessage(row.id, row.occasion_id, Kind(row.kind), row.channel, last, stands))
    return found


def why_unreached(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, Unreached]:
    """By occasion, why the patient has not been told. Those whose patient has been are not there."""
    query = sa.select(notices.c.occasion_id, notices.c.unreached).where(
        among(notices.c.occasion_id, occasion_ids), notices.c.unreached.is_not(None)
    )
    return {row.occasion_id: Unreached(row.unreached) for row in connection.execute(query)}


def unreached_occasions() -> Select[tuple[UUID]]:
    """A select of the occasions that the patient has not been told of, with a reason."""
    return sa.select(notices.c.occasion_id).where(notices.c.unreached.is_not(None))


def failed_occasions() -> Select[tuple[UUID]]:
    """A select of the occasions of which a message did not arrive, or was given up."""
    heard = sa.select(dispatch_receipts.c.dispatch_id).where(dispatch_receipts.c.outcome != "delivered")
    tried = sa.select(dispatch_attempts.c.dispatch_id).where(dispatch_attempts.c.outcome.in_(["permanent", "given_up"]))
    return sa.select(dispatches.c.occasion_id).where(dispatches.c.id.in_(heard.union(tried)))


def given_up_occasions() -> Select[tuple[UUID]]:
    """A select of the occasions of which a message is given up, and nobody has sent it again."""
    later = dispatch_attempts.alias("later")
    newer = sa.exists().where(
        later.c.dispatch_id == dispatch_attempts.c.dispatch_id, later.c.id > dispatch_attempts.c.id
    )
    return (
        sa.select(dispatches.c.occasion_id)
        .join(dispatch_attempts, dispatch_attempts.c.dispatch_id == dispatches.c.id)
        .where(dispatch_attempts.c.outcome == "given_up", ~newer)
    )


def occasion_of_dispatch(connection: Connection, dispatch_id: UUID) -> UUID | None:
    """What a message is about."""
    query = sa.select(dispatches.c.occasion_id).where(dispatches.c.id == dispatch_id)
    return connection.execute(query).scalar_one_or_none()
