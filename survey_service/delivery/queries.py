"""Reading what has become of responses: the unit's worklist, and the patient's view of the same facts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.delivery.records import assessments, deliveries, readings, receipts


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What has happened to a response: delivered, received, read, assessed. None is "not yet"."""

    response_id: UUID
    person_id: UUID
    unit_id: UUID
    delivered_at: datetime
    received_at: datetime | None
    received_at_unit: UUID | None
    received_by: UUID | None
    route: str | None
    read_at: datetime | None
    assessed_at: datetime | None
    assessed_by: UUID | None


def whereabouts(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, Whereabouts]:
    """By response, for those the principal may see."""
    rows = connection.execute(_whereabouts().where(deliveries.c.response_id.in_(response_ids))).all()
    return {row.response_id: Whereabouts(*row) for row in rows}


def worklist(connection: Connection, unit_id: UUID, *, only_unread: bool, limit: int) -> list[Whereabouts]:
    """What has been delivered to the unit, what nobody has received at the top, then newest first."""
    query = _whereabouts().where(deliveries.c.unit_id == unit_id)
    if only_unread:
        query = query.where(receipts.c.received_at.is_(None))
    ordered = query.order_by(receipts.c.received_at.is_not(None), deliveries.c.delivered_at.desc()).limit(limit)
    return [Whereabouts(*row) for row in connection.execute(ordered).all()]


def received_since(connection: Connection, since: datetime, *, after: UUID | None, limit: int) -> list[UUID]:
    """Responses of the provider that have been received and were delivered at ``since`` or later, by id, after one."""
    query = (
        sa.select(deliveries.c.response_id)
        .join(receipts, receipts.c.response_id == deliveries.c.response_id)
        .where(deliveries.c.delivered_at >= since)
    )
    if after is not None:
        query = query.where(deliveries.c.response_id > after)
    return list(connection.execute(query.order_by(deliveries.c.response_id).limit(limit)).scalars())


def counts(connection: Connection, unit_id: UUID) -> Mapping[str, int]:
    """How many responses the unit has, and how many of them nobody has received."""
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.count().filter(receipts.c.response_id.is_(None)))
        .select_from(deliveries.outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id))
        .where(deliveries.c.unit_id == unit_id)
    ).one()
    return {"all": row[0], "unread": row[1]}


def _whereabouts() -> sa.Select[Any]:
    first_read = (
        sa.select(sa.func.min(readings.c.read_at))
        .where(readings.c.response_id == deliveries.c.response_id)
        .scalar_subquery()
    )
    return (
        sa.select(
            deliveries.c.response_id,
            deliveries.c.person_id,
            deliveries.c.unit_id,
            deliveries.c.delivered_at,
            receipts.c.received_at,
            receipts.c.unit_id.label("received_at_unit"),
            receipts.c.staff_id,
            receipts.c.route,
            first_read.label("read_at"),
            assessments.c.assessed_at,
            assessments.c.staff_id.label("assessed_by"),
        )
        .outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id)
        .outerjoin(assessments, assessments.c.response_id == deliveries.c.response_id)
    )
