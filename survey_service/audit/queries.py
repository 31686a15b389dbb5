"""Reading the access log, for the person it is about."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.audit.records import audit_events


@dataclass(frozen=True, slots=True)
class LoggedAccess:
    at: datetime
    actor_kind: str
    actor_id: UUID
    unit_id: UUID | None
    activity: str
    purpose: str
    object_kind: str
    reason: str | None


def accesses_to_me(connection: Connection, *, limit: int = 200) -> list[LoggedAccess]:
    """What others did with the principal's own data, newest first."""
    logged = audit_events.c
    rows = connection.execute(
        sa.select(
            logged.at,
            logged.actor_kind,
            logged.actor_id,
            logged.unit_id,
            logged.activity,
            logged.purpose,
            logged.object_kind,
            logged.reason,
        )
        .where(logged.outcome == "allowed", logged.actor_kind.in_(["staff", "register", "record_system", "system"]))
        .order_by(logged.at.desc())
        .limit(limit)
    ).all()
    return [LoggedAccess(*row) for row in rows]
