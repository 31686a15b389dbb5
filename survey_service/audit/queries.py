"""Reading the access log: for the person it is about, and in part for the data protection officer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.audit.records import audit_events
from survey_service.foundation.db import among


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
        .where(
            logged.outcome == "allowed",
            sa.or_(
                logged.actor_kind.in_(["staff", "register", "record_system", "system"]),
                # Somebody who answers for the person.
                sa.and_(logged.actor_kind == "patient", logged.actor_id != logged.person_id),
            ),
        )
        .order_by(logged.at.desc())
        .limit(limit)
    ).all()
    return [LoggedAccess(*row) for row in rows]


def fetched_by_registers(
    connection: Connection, response_ids: Collection[UUID]
) -> Mapping[UUID, Mapping[UUID, datetime]]:
    """By response of the principal's own, which registers have fetched it, and when first."""
    logged = audit_events.c
    found: dict[UUID, dict[UUID, datetime]] = {response_id: {} for response_id in response_ids}
    rows = connection.execute(
        sa.select(logged.object_id, logged.actor_id, sa.func.min(logged.at).label("at"))
        .where(
            logged.actor_kind == "register",
            logged.outcome == "allowed",
            logged.object_kind == "response",
            among(logged.object_id, response_ids),
        )
        .group_by(logged.object_id, logged.actor_id)
        .order_by(sa.func.min(logged.at))
    ).all()
    for row in rows:
        found[row.object_id][row.actor_id] = row.at
    return found


@dataclass(frozen=True, slots=True)
class Denials:
    """How often somebody was refused a page (by the name that the code has for it)."""

    staff_id: UUID
    unit_id: UUID | None
    page: str
    times: int


@dataclass(frozen=True, slots=True)
class RightsChange:
    """That a commission was given or ended. ``staff_id`` None is an operator."""

    at: datetime
    commission_id: UUID
    what: str
    staff_id: UUID | None


def denials(connection: Connection, at: datetime, *, since: datetime) -> list[Denials]:
    """For a data protection officer in force ``at`` that moment: the provider's staff, most refused first."""
    rows = connection.execute(sa.text("SELECT * FROM denial_report(:at, :since)"), {"at": at, "since": since}).all()
    return [Denials(*row) for row in rows]


def rights_changes(connection: Connection, at: datetime, *, since: datetime, limit: int) -> list[RightsChange]:
    """For the same, newest first."""
    query = sa.text("SELECT * FROM rights_report(:at, :since, :limit)")
    rows = connection.execute(query, {"at": at, "since": since, "limit": limit}).all()
    return [RightsChange(*row) for row in rows]
