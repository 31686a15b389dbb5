"""Alarms for what nobody has received, or has assessed though it is flagged: raised once each, told to the unit and the
operator in a message that says nothing but that something waits.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import alarm_email
from survey_service.answering.queries import Response, responses_with_ids
from survey_service.delivery.records import deliveries, delivery_alarms, receipts, unit_flags, worklist_entries
from survey_service.delivery.rules import Alarm
from survey_service.foundation.db import insert_if_new
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services

TELL_JOB = "delivery.tell_of_alarm"
# A record system that is down alarms for every response: its unit is told once an hour, and sees them all here.
_QUIET = timedelta(hours=1)
# No worker is away for longer; and what is older need not be gone through every minute.
_LONGEST_SILENCE = timedelta(days=60)
_MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """Whom to tell that something waits."""

    unit_id: UUID
    addresses: tuple[str, ...]


def watch(services: Services, *, as_: System) -> int:
    """Raise the alarm for what the provider has not received in time; returns for how many. Harmless when repeated.

    A look at what is overdue, and not a job for each response: those put off for days would lie in the way of every
    job that is due now.
    """
    now = services.clock()
    d, has = deliveries.c, sa.exists
    overdue = (
        sa.select(d.response_id)
        .where(
            d.alarm_at <= now,
            d.alarm_at > now - _LONGEST_SILENCE,
            ~has().where(receipts.c.response_id == d.response_id),
            ~has().where(delivery_alarms.c.response_id == d.response_id, delivery_alarms.c.kind == Alarm.NOT_RECEIVED),
        )
        .order_by(d.alarm_at)
        .limit(_MOST_AT_ONCE)
    )
    with services.db.transaction(as_=as_) as connection:
        waiting = responses_with_ids(connection, connection.execute(overdue).scalars().all())
        return sum(raise_alarm(connection, services, found, Alarm.NOT_RECEIVED) for found in waiting)


def watch_flags(services: Services, *, as_: System) -> int:
    """Raise the alarm for flagged responses that a unit has not assessed within its hours. As ``watch``."""
    now = services.clock()
    f, entry, has = unit_flags.c, worklist_entries.c, sa.exists
    overdue = (
        sa.select(f.response_id, f.unit_id)
        .join(worklist_entries, sa.and_(entry.response_id == f.response_id, entry.unit_id == f.unit_id))
        .where(
            f.assess_by <= now,
            f.assess_by > now - _LONGEST_SILENCE,
            entry.flagged,
            ~entry.assessed,
            ~entry.is_void,
            ~has().where(
                delivery_alarms.c.response_id == f.response_id,
                delivery_alarms.c.unit_id == f.unit_id,
                delivery_alarms.c.kind == Alarm.FLAG_NOT_ASSESSED,
            ),
        )
        .distinct()
        .limit(_MOST_AT_ONCE)
    )
    with services.db.transaction(as_=as_) as connection:
        rows = connection.execute(overdue).all()
        found = {one.id: one for one in responses_with_ids(connection, {row.response_id for row in rows})}
        return sum(
            raise_alarm(connection, services, found[row.response_id], Alarm.FLAG_NOT_ASSESSED, unit_id=row.unit_id)
            for row in rows
        )


def raise_alarm(
    connection: Connection, services: Services, found: Response, kind: Alarm, *, unit_id: UUID | None = None
) -> bool:
    """Once for a response, a unit (None is the one it was given to) and a kind.

    Somebody is told, unless the unit was told a short while ago.
    """
    now, unit_id = services.clock(), unit_id or found.unit_id
    told_lately = connection.execute(
        sa.select(delivery_alarms.c.response_id)
        .where(delivery_alarms.c.unit_id == unit_id, delivery_alarms.c.raised_at > now - _QUIET)
        .limit(1)
    ).first()
    is_new = insert_if_new(
        connection,
        upsert(delivery_alarms)
        .values(
            response_id=found.id,
            kind=kind,
            provider_id=found.provider_id,
            person_id=found.person_id,
            unit_id=unit_id,
            raised_at=now,
        )
        .on_conflict_do_nothing(index_elements=["response_id", "unit_id", "kind"]),
    )
    if is_new and told_lately is None:
        enqueue(connection, TELL_JOB, provider_id=found.provider_id, unit_id=unit_id, alarm_id=found.id)
    return is_new


def whom_to_tell(services: Services, unit_id: UUID, *, as_: System) -> Told:
    """The unit's address for alarms and the operator's, where there are any."""
    with services.db.transaction(as_=as_) as connection:
        of_unit = alarm_email(connection, unit_id)
    return Told(unit_id, tuple(one for one in (of_unit, services.settings.operator_email) if one))
