"""Reading the patient's inbox."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.notifying.records import messages, non_responses, reminders


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
