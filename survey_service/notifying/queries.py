"""Reading the patient's inbox."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.notifying.records import messages


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
