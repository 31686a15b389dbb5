"""Applying a change to what is planned for one enrolment: what `replanning` found, written in one transaction."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from survey_service.answering.queries import begun_occasions
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import AtUnit, Staff, SystemAtUnit
from survey_service.foundation.services import Services
from survey_service.scheduling.collecting import collect_once
from survey_service.scheduling.records import enrolment_events, occasions, tasks
from survey_service.scheduling.replanning import Replan, StandingOccasion
from survey_service.scheduling.rules import SEND_JOB, CareProtocol
from survey_service.scheduling.use_cases import insert_occasion


class Why(StrEnum):
    """Why an occasion was withdrawn. The database knows the same."""

    PROTOCOL_CHANGED = "protocol_changed"
    EVENT_MOVED = "event_moved"
    PAUSED = "paused"
    ENDED = "ended"
    TRANSFERRED = "transferred"
    DIED = "died"
    WRONG_PATIENT = "wrong_patient"
    EXCLUDED = "excluded"


class EventKind(StrEnum):
    """What became of an enrolment. The database knows the same."""

    EVENT_MOVED = "event_moved"
    PROTOCOL_CHANGED = "protocol_changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    ENDED = "ended"
    TRANSFERRED = "transferred"
    DIED = "died"
    VOIDED = "voided"
    DEATH_WITHDRAWN = "death_withdrawn"


def standing_occasions(connection: Connection, enrolment_id: UUID) -> list[StandingOccasion]:
    """What is kept of an enrolment, withdrawn or not, in the order of falling due."""
    asked: dict[UUID, list[tuple[str, str, str]]] = {}
    of_enrolment = sa.select(occasions.c.id).where(occasions.c.enrolment_id == enrolment_id)
    for row in connection.execute(
        sa.select(tasks).where(tasks.c.occasion_id.in_(of_enrolment)).order_by(tasks.c.position)
    ).all():
        asked.setdefault(row.occasion_id, []).append((row.instrument, row.instrument_version, row.form))
    # Locked first: whoever begins one waits, and who has begun is seen by the statement that follows.
    rows = connection.execute(
        sa.select(occasions)
        .where(occasions.c.enrolment_id == enrolment_id)
        .order_by(occasions.c.due_at, occasions.c.code)
        .with_for_update()
    ).all()
    begun = begun_occasions(connection, [row.id for row in rows])
    return [
        StandingOccasion(
            id=row.id,
            code=row.code,
            opens_at=row.opens_at,
            due_at=row.due_at,
            closes_at=row.closes_at,
            reminds_at=tuple(row.reminds_at),
            asked=tuple(asked.get(row.id, ())),
            is_begun=row.id in begun,
            is_withdrawn=row.withdrawn_at is not None,
        )
        for row in rows
    ]


def apply_replan(
    connection: Connection,
    services: Services,
    found: Replan,
    protocol: CareProtocol,
    *,
    enrolment_id: UUID,
    person_id: UUID,
    why: Why,
    as_: AtUnit,
) -> None:
    """Add, move and withdraw. The database refuses what was begun meanwhile (``occasions_begun``): look again then.

    What is added or moved may be asked by another order too: then it is asked once (`collecting`).
    """
    for planned in found.added:
        insert_occasion(connection, planned, protocol, enrolment_id=enrolment_id, person_id=person_id, as_=as_)
    for move in found.moved:
        planned = move.planned
        connection.execute(
            sa.update(occasions)
            .where(occasions.c.id == move.standing.id)
            .values(
                titles=dict(planned.plan.titles),
                reasons=dict(protocol.reasons),
                opens_at=planned.opens_at,
                due_at=planned.due_at,
                closes_at=planned.closes_at,
                reminds_at=list(planned.reminds_at),
                withdrawn_at=None,
                withdrawn_reason=None,
            )
        )
    if found.withdrawn:
        connection.execute(
            sa.update(occasions)
            .where(occasions.c.id.in_([one.id for one in found.withdrawn]))
            .values(withdrawn_at=services.clock(), withdrawn_reason=why)
        )
    if found.added or found.moved:
        collect_once(connection, services.clock, enrolment_id, person_id=person_id, as_=as_)
    now = services.clock()
    if any(one.opens_at <= now for one in (*found.added, *(move.planned for move in found.moved))):
        enqueue(connection, SEND_JOB)


def record_event(
    connection: Connection,
    services: Services,
    kind: EventKind,
    *,
    enrolment_id: UUID,
    person_id: UUID,
    as_: Staff | SystemAtUnit,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append what happened to an enrolment. ``detail`` holds codes, dates and ids, never words about a person."""
    connection.execute(
        insert(enrolment_events).values(
            id=new_id(),
            provider_id=as_.provider_id,
            person_id=person_id,
            enrolment_id=enrolment_id,
            kind=kind,
            reason=reason,
            detail=dict(detail or {}),
            staff_id=as_.staff_id if isinstance(as_, Staff) else None,
            record_system_id=as_.system.record_system_id if isinstance(as_, SystemAtUnit) else None,
            at=services.clock(),
        )
    )
