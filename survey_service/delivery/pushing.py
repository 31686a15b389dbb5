"""Handing responses to record systems: pushed by the worker, or fetched by the system itself.

A push reads and commits, closes, sends, and records in a second transaction. A worker that dies in between sends again
under the same key, and the record system takes it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.gateway import Destination, RecordSystemGateway
from survey_service.delivery.parcels import SealedParcel, open_parcel, sealed_parcel
from survey_service.delivery.queries import attempts_of, is_acknowledged, unacknowledged
from survey_service.delivery.records import deliveries, pushes, record_systems
from survey_service.delivery.rules import (
    Alarm,
    Authentication,
    Outcome,
    Reply,
    SystemRoute,
    SystemState,
    clean_id,
    is_due,
    next_attempt,
)
from survey_service.delivery.use_cases import PUSH_JOB, acknowledge, record_attempt
from survey_service.delivery.watching import raise_alarm
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import RecordSystem, System
from survey_service.foundation.services import Services

PUSH_NOW_JOB = "delivery.push_now"
CATCH_UP_JOB = "delivery.catch_up"
# More than any provider leaves unreceived; the oldest first, and the page of what is undelivered shows the rest.
_MOST_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class _Errand:
    """What the first transaction found out: everything the sending needs, so that none is open meanwhile."""

    parcel: SealedParcel
    destination: Destination
    key: UUID


def push(
    services: Services, gateway: RecordSystemGateway, response_id: UUID, *, as_: System, at_once: bool = False
) -> Outcome | None:
    """Hand the response to the provider's record system, if there is one to take it and it is time.

    Harmless when repeated. ``at_once`` does not wait for its time. Returns None when nothing was sent.
    """
    with services.db.transaction(as_=as_) as connection:
        errand = _prepare(connection, services, response_id, at_once=at_once, as_=as_)
    if errand is None:
        return None
    bundle = open_parcel(services, errand.parcel)
    if bundle is None:
        return None
    reply = gateway.send(errand.destination, bundle, key=errand.key)
    return _record(services, errand, reply, as_=as_)


def catch_up(services: Services, *, as_: System) -> int:
    """Put on its way what nobody has received: a record system has been connected, or is back."""
    with services.db.transaction(as_=as_) as connection:
        waiting = unacknowledged(connection, only_unreceived=True, limit=_MOST_AT_ONCE)
        for response_id, _ in waiting:
            enqueue(connection, PUSH_NOW_JOB, provider_id=as_.provider_id, response_id=response_id)
    return len(waiting)


def waiting(services: Services, *, limit: int, as_: RecordSystem) -> list[tuple[UUID, datetime]]:
    """What the record system has not acknowledged, with its delivery, the oldest first."""
    with services.db.transaction(as_=as_) as connection:
        return unacknowledged(connection, limit=limit)


def fetch(services: Services, response_id: UUID, *, as_: RecordSystem) -> Mapping[str, Any]:
    """The Bundle of a response, for a record system that comes for it. It has received nothing until it says so.

    Raises ``AccessDenied`` for another provider's.
    """
    with services.db.transaction(as_=as_) as connection:
        sealed = sealed_parcel(connection, response_id)
        if sealed is None:
            raise AccessDenied
        read = Access(Activity.READ, Purpose.CARE, "response", response_id, sealed.response.person_id)
        record_access(connection, services.clock, [read], by=as_)
    bundle = open_parcel(services, sealed)
    if bundle is None:
        raise AccessDenied
    return bundle


def acknowledge_fetched(services: Services, response_id: UUID, external_id: str, *, as_: RecordSystem) -> Outcome:
    """The record system's word that it has the response, and what it calls it. Once is enough.

    Raises ``AccessDenied`` for another provider's, ``BadInput`` for an id that cannot be one.
    """
    cleaned = clean_id(external_id)
    if cleaned is None:
        raise BadInput("That is not an id.", fields={"id": "At most 300 printable characters."})
    reply = Reply(Outcome.ACKNOWLEDGED, external_id=cleaned)
    with services.db.transaction(as_=as_) as connection:
        return acknowledge(connection, services, response_id, reply, record_system_id=as_.record_system_id, as_=as_)


def _prepare(
    connection: Connection, services: Services, response_id: UUID, *, at_once: bool, as_: System
) -> _Errand | None:
    destination = _destination(connection)
    if destination is None or is_acknowledged(connection, response_id):
        return None
    parcel = sealed_parcel(connection, response_id)
    if parcel is None:
        return None
    begun = _begin(connection, services, parcel, destination)
    attempts = attempts_of(connection, [response_id])[response_id]
    due = next_attempt(attempts, begun_at=begun.begun_at, deadline_at=begun.deadline_at)
    if not at_once and not is_due(due, services.clock()):
        return None  # another chain of attempts is under way
    sent = Access(Activity.READ, Purpose.CARE, "push", response_id, parcel.response.person_id)
    record_access(connection, services.clock, [sent], by=as_)
    return _Errand(parcel, destination, begun.idempotency_key)


def _begin(connection: Connection, services: Services, parcel: SealedParcel, destination: Destination) -> sa.Row[Any]:
    """The push, made at the first call: every attempt has its key."""
    found, now = parcel.response, services.clock()
    alarm_at = connection.execute(
        sa.select(deliveries.c.alarm_at).where(deliveries.c.response_id == found.id)
    ).scalar_one()
    connection.execute(
        upsert(pushes)
        .values(
            response_id=found.id,
            provider_id=found.provider_id,
            person_id=found.person_id,
            record_system_id=destination.id,
            idempotency_key=new_id(),
            begun_at=now,
            # Connected after the alarm: a day of trying hourly, as if it had just been answered.
            deadline_at=alarm_at if alarm_at > now else now + timedelta(days=1),
        )
        .on_conflict_do_nothing(index_elements=["response_id"])
    )
    return connection.execute(sa.select(pushes).where(pushes.c.response_id == found.id)).one()


def _destination(connection: Connection) -> Destination | None:
    """The provider's active record system, if it is one to push to."""
    row = connection.execute(
        sa.select(record_systems).where(
            record_systems.c.state == SystemState.ACTIVE, record_systems.c.route == SystemRoute.PUSH
        )
    ).first()
    return None if row is None else destination_of(row)


def destination_of(row: sa.Row[Any]) -> Destination:
    """A record system's row, as the gateway wants it."""
    return Destination(
        id=row.id,
        route=SystemRoute(row.route),
        base_url=row.base_url,
        authentication=Authentication(row.authentication),
        token_url=row.token_url,
        client_id=row.client_id,
        scope=row.scope,
    )


def _record(services: Services, errand: _Errand, reply: Reply, *, as_: System) -> Outcome:
    """What became of it; and when to try again, or whom to call."""
    found, system_id = errand.parcel.response, errand.destination.id
    with services.db.transaction(as_=as_) as connection:
        if reply.outcome is Outcome.ACKNOWLEDGED:
            return acknowledge(connection, services, found.id, reply, record_system_id=system_id, as_=as_)
        record_attempt(connection, services, found, reply, record_system_id=system_id)
        if reply.outcome is Outcome.REFUSED:
            raise_alarm(connection, services, found, Alarm.PUSH_FAILED)
        begun = connection.execute(sa.select(pushes).where(pushes.c.response_id == found.id)).one()
        attempts = attempts_of(connection, [found.id])[found.id]
        due = next_attempt(attempts, begun_at=begun.begun_at, deadline_at=begun.deadline_at)
        if due is not None:
            enqueue(connection, PUSH_JOB, at=due, provider_id=found.provider_id, response_id=found.id)
    return reply.outcome
