"""Reading what has become of responses: the unit's worklist, and the patient's view of the same facts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select

from instruments import Score
from survey_service.delivery.records import (
    assessments,
    corrected_answers,
    corrected_scores,
    deliveries,
    delivery_alarms,
    delivery_attempts,
    readings,
    receipts,
    record_systems,
    response_flags,
    response_versions,
    shared_deliveries,
    worklist_entries,
)
from survey_service.delivery.rules import Alarm, Attempt, Outcome, SystemRoute, SystemState
from survey_service.foundation.crypto import PersonCipher


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
    record_system_id: UUID | None


@dataclass(frozen=True, slots=True)
class Unreceived:
    """A response that nobody has received."""

    response_id: UUID
    delivered_at: datetime
    alarm_at: datetime


@dataclass(frozen=True, slots=True)
class RecordSystemClient:
    """A record system that comes to fetch, as an OAuth client."""

    record_system_id: UUID
    provider_id: UUID
    client_id: str
    jwks: Mapping[str, Any]
    active: bool


@dataclass(frozen=True, slots=True)
class UnreceivedOfUnit:
    """For the operator: how much nobody at a unit has received, and since when."""

    provider_id: UUID
    unit_id: UUID
    waiting: int
    alarmed: int
    oldest: datetime


def whereabouts(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, Whereabouts]:
    """By response, for those the principal may see."""
    rows = connection.execute(_whereabouts().where(deliveries.c.response_id.in_(response_ids))).all()
    return {row.response_id: Whereabouts(*row) for row in rows}


# Which responses of a unit somebody may see: a select of ids, or None for all. ``answering`` makes it.
Scope = Select[tuple[UUID]] | None


def _at(unit_id: UUID, scope: Scope) -> sa.ColumnElement[bool]:
    own = deliveries.c.unit_id == unit_id
    return own if scope is None else sa.and_(own, deliveries.c.response_id.in_(scope))


def worklist(
    connection: Connection, unit_id: UUID, *, only_unread: bool, limit: int, scope: Scope = None
) -> list[Whereabouts]:
    """What has been delivered to the unit, what nobody has received at the top, then newest first."""
    query = _whereabouts().where(_delivered_to(connection, unit_id, scope, limit=limit))
    if only_unread:
        query = query.where(receipts.c.received_at.is_(None))
    ordered = query.order_by(receipts.c.received_at.is_not(None), deliveries.c.delivered_at.desc()).limit(limit)
    return [Whereabouts(*row) for row in connection.execute(ordered).all()]


def units_sharing(connection: Connection, response_id: UUID) -> frozenset[UUID]:
    """The units of the provider, beside the one it was given to, whose orders the response answers [B6]."""
    query = sa.select(shared_deliveries.c.unit_id).where(shared_deliveries.c.response_id == response_id)
    return frozenset(connection.execute(query).scalars())


def tasks_sharing(connection: Connection, response_id: UUID, unit_id: UUID) -> list[UUID]:
    """The tasks of the unit that the response, which was given to another, answers too."""
    query = sa.select(shared_deliveries.c.task_id).where(
        shared_deliveries.c.response_id == response_id, shared_deliveries.c.unit_id == unit_id
    )
    return list(connection.execute(query).scalars())


def delivered_about(connection: Connection, person_id: UUID) -> list[tuple[UUID, UUID]]:
    """Every response of the person at the provider with the unit that it was given to, the newest first."""
    rows = connection.execute(
        sa.select(deliveries.c.response_id, deliveries.c.unit_id)
        .where(deliveries.c.person_id == person_id)
        .order_by(deliveries.c.delivered_at.desc())
    ).all()
    return [(row.response_id, row.unit_id) for row in rows]


def shared_with_unit(connection: Connection, unit_id: UUID, *, limit: int) -> list[tuple[UUID, datetime]]:
    """Responses given to another unit that answer this unit's orders too, with their delivery, the newest first."""
    rows = connection.execute(
        sa.select(shared_deliveries.c.response_id, shared_deliveries.c.delivered_at)
        .where(shared_deliveries.c.unit_id == unit_id)
        .order_by(shared_deliveries.c.delivered_at.desc())
        .limit(limit)
    ).all()
    return [(row.response_id, row.delivered_at) for row in rows]


def shared_tasks(connection: Connection, task_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the tasks that a response to another order has answered."""
    query = sa.select(shared_deliveries.c.task_id).where(shared_deliveries.c.task_id.in_(task_ids))
    return frozenset(connection.execute(query).scalars())


def all_shared_tasks() -> sa.Select[tuple[UUID]]:
    """A select of the tasks that a response to another order has answered, for others' queries to build on."""
    return sa.select(shared_deliveries.c.task_id)


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


def counts(connection: Connection, unit_id: UUID, *, scope: Scope = None) -> Mapping[str, int]:
    """How many responses the unit has, and how many of them nobody has received."""
    own = sa.select(sa.func.count()).select_from(worklist_entries).where(worklist_entries.c.unit_id == unit_id)
    if scope is not None:
        own = own.where(worklist_entries.c.response_id.in_(scope))
    unread = own.where(~worklist_entries.c.received)
    row = connection.execute(sa.select(own.scalar_subquery(), unread.scalar_subquery())).one()
    return {"all": row[0], "unread": row[1]}


def unreceived(connection: Connection, unit_id: UUID, *, limit: int, scope: Scope = None) -> list[Unreceived]:
    """What nobody at the unit has received, oldest first."""
    rows = connection.execute(
        sa.select(deliveries.c.response_id, deliveries.c.delivered_at, deliveries.c.alarm_at)
        .outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id)
        .where(_at(unit_id, scope), receipts.c.response_id.is_(None))
        .order_by(deliveries.c.delivered_at)
        .limit(limit)
    ).all()
    return [Unreceived(*row) for row in rows]


def alarmed(connection: Connection, unit_id: UUID, *, scope: Scope = None) -> int:
    """How many responses of the unit have an alarm that no receipt has ended."""
    within = sa.true() if scope is None else delivery_alarms.c.response_id.in_(scope)
    count: int = connection.execute(
        sa.select(sa.func.count(delivery_alarms.c.response_id.distinct()))
        .outerjoin(receipts, receipts.c.response_id == delivery_alarms.c.response_id)
        .where(
            delivery_alarms.c.unit_id == unit_id,
            within,
            delivery_alarms.c.kind != Alarm.FLAG_NOT_ASSESSED,
            receipts.c.response_id.is_(None),
        )
    ).scalar_one()
    return count


def attempts_of(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Attempt]]:
    """Every attempt to hand the responses to a record system, in order."""
    rows = connection.execute(
        sa.select(delivery_attempts)
        .where(delivery_attempts.c.response_id.in_(response_ids))
        .order_by(delivery_attempts.c.at, delivery_attempts.c.id)
    ).all()
    found: dict[UUID, list[Attempt]] = {response_id: [] for response_id in response_ids}
    for row in rows:
        found[row.response_id].append(Attempt(row.at, Outcome(row.outcome), row.http_status))
    return found


def is_acknowledged(connection: Connection, response_id: UUID) -> bool:
    """Whether a record system has said what it calls the response."""
    return connection.execute(sa.select(_acknowledged(response_id))).scalar_one() is True


def unacknowledged(connection: Connection, *, only_unreceived: bool = False, limit: int) -> list[tuple[UUID, datetime]]:
    """The provider's responses that no record system has acknowledged, with their delivery, oldest first."""
    query = sa.select(deliveries.c.response_id, deliveries.c.delivered_at).where(
        ~_acknowledged(deliveries.c.response_id)
    )
    if only_unreceived:
        query = query.where(~sa.exists().where(receipts.c.response_id == deliveries.c.response_id))
    rows = connection.execute(query.order_by(deliveries.c.delivered_at, deliveries.c.response_id).limit(limit)).all()
    return [(row.response_id, row.delivered_at) for row in rows]


def record_system_client(connection: Connection, *, client_id: str) -> RecordSystemClient | None:
    if not client_id.isprintable():
        return None  # no client is called so, and PostgreSQL refuses a zero byte
    row = connection.execute(
        sa.select(record_systems).where(
            record_systems.c.client_id == client_id, record_systems.c.route == SystemRoute.FETCH
        )
    ).first()
    if row is None:
        return None
    return RecordSystemClient(row.id, row.provider_id, row.client_id, row.jwks, row.state == SystemState.ACTIVE)


def record_system_names(connection: Connection) -> Mapping[UUID, str]:
    """Names of the provider's record systems, also of those it had before."""
    rows = connection.execute(sa.select(record_systems.c.id, record_systems.c.name)).all()
    return {row.id: row.name for row in rows}


def unreceived_by_unit(connection: Connection, now: datetime) -> list[UnreceivedOfUnit]:
    """The units where something waits, the one that has waited longest first."""
    rows = connection.execute(
        sa.text("SELECT provider_id, unit_id, waiting, alarmed, oldest FROM unreceived_by_unit(:now) ORDER BY oldest"),
        {"now": now},
    ).all()
    return [UnreceivedOfUnit(*row) for row in rows]


def _acknowledged(response_id: UUID | sa.ColumnElement[UUID]) -> sa.Exists:
    return sa.exists().where(
        delivery_attempts.c.response_id == response_id, delivery_attempts.c.outcome == Outcome.ACKNOWLEDGED
    )


class VersionKind(StrEnum):
    """What made a version of a response. The first is the patient's own, and always readable."""

    ANSWERED = "answered"
    CORRECTED = "corrected"
    VOIDED = "voided"


class Reason(StrEnum):
    """Why the unit corrected or voided a response."""

    SLIP = "slip"
    WRONG_PATIENT = "wrong_patient"
    ANSWERED_BY_ANOTHER = "answered_by_another"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a response; of the first one only its number and kind. The explanation is sealed for the person."""

    response_id: UUID
    number: int = 1
    kind: VersionKind = VersionKind.ANSWERED
    reason: Reason | None = None
    explanation_sealed: bytes | None = None
    staff_id: UUID | None = None
    at: datetime | None = None


def current_version(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, Version]:
    """By response, the version that stands."""
    stands = {response_id: Version(response_id) for response_id in response_ids}
    for version in _versions(connection, response_versions.c.response_id.in_(response_ids)):
        stands[version.response_id] = version
    return stands


def versions_of(connection: Connection, response_id: UUID) -> list[Version]:
    """Every version, the patient's own first."""
    return [Version(response_id), *_versions(connection, response_versions.c.response_id == response_id)]


def version_of_request(connection: Connection, response_id: UUID, request_id: UUID) -> Version | None:
    """The version that a form has already made."""
    same_form = sa.and_(response_versions.c.response_id == response_id, response_versions.c.request_id == request_id)
    return next(iter(_versions(connection, same_form)), None)


def read_explanation(cipher: PersonCipher, version: Version) -> str:
    """What the unit wrote beside the reason, for the unit and the patient; empty where it wrote nothing."""
    if version.explanation_sealed is None:
        return ""
    place = version_row(version.response_id, version.number)
    return cipher.open(version.explanation_sealed, table="response_versions", column="explanation", row=place)


def version_row(response_id: UUID, number: int) -> str:
    """The version's name in the associated data of what is sealed in it."""
    return f"{response_id}/{number}"


def _versions(connection: Connection, condition: sa.ColumnElement[bool]) -> list[Version]:
    rows = connection.execute(sa.select(response_versions).where(condition).order_by(response_versions.c.version)).all()
    return [
        Version(
            response_id=row.response_id,
            number=row.version,
            kind=VersionKind(row.kind),
            reason=Reason(row.reason),
            explanation_sealed=row.explanation_sealed,
            staff_id=row.staff_id,
            at=row.at,
        )
        for row in rows
    ]


def corrected_scores_of(connection: Connection, versions: Collection[Version]) -> Mapping[UUID, tuple[Score, ...]]:
    """Scores of corrected versions, by response, in the order of their variables' names."""
    if not versions:
        return {}
    table = corrected_scores.c
    wanted = [(one.response_id, one.number) for one in versions]
    rows = connection.execute(
        sa.select(corrected_scores)
        .where(sa.tuple_(table.response_id, table.version).in_(wanted))
        .order_by(table.variable)
    ).all()
    found: dict[UUID, list[Score]] = defaultdict(list)
    for row in rows:
        found[row.response_id].append(read_score(row))
    return {one.response_id: tuple(found[one.response_id]) for one in versions}


def sealed_corrections(connection: Connection, response_id: UUID, *, up_to: int | None = None) -> Sequence[Row[Any]]:
    """The corrected answers of every version, or of those up to a number; a later one of an item stands."""
    table = corrected_answers.c
    query = sa.select(corrected_answers).where(table.response_id == response_id)
    if up_to is not None:
        query = query.where(table.version <= up_to)
    return connection.execute(query.order_by(table.version)).all()


def read_score(row: Row[Any]) -> Score:
    """A score as it is stored, of the first version or of a corrected one."""
    return Score(
        variable=row.variable,
        value=row.value,
        text=row.text,
        standard_error=row.standard_error,
        missing_reason=row.missing_reason,
        method=row.method,
        method_hash=row.method_hash,
        algorithm=row.algorithm,
    )


def flags_of(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    """By response, the rules by which the version that stands seemed implausible when it was made."""
    return flags_of_versions(connection, current_version(connection, response_ids).values())


def flags_of_versions(connection: Connection, versions: Collection[Version]) -> Mapping[UUID, tuple[str, ...]]:
    """The same of one version of each response, whether or not it stands."""
    stands = {one.response_id: one.number for one in versions}
    rows = connection.execute(
        sa.select(response_flags.c.response_id, response_flags.c.version, response_flags.c.rule)
        .where(response_flags.c.response_id.in_(stands))
        .order_by(response_flags.c.rule)
    ).all()
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        if row.version == stands[row.response_id]:
            found[row.response_id].append(row.rule)
    return {response_id: tuple(found[response_id]) for response_id in stands}


def needs_a_look(connection: Connection, response_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those that a person has to look at one by one: they are never received or assessed in bulk [A3]."""
    return frozenset(response_id for response_id, rules in flags_of(connection, response_ids).items() if rules)


def _delivered_to(connection: Connection, unit_id: UUID, scope: Scope, *, limit: int) -> sa.ColumnElement[bool]:
    """Given to the unit, or to another and shared with it; as ids, so that both are found by their indexes."""
    shared = [response_id for response_id, _ in shared_with_unit(connection, unit_id, limit=limit)]
    own = _at(unit_id, scope)
    return sa.or_(own, deliveries.c.response_id.in_(shared)) if shared else own


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
            receipts.c.record_system_id,
        )
        .outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id)
        .outerjoin(assessments, assessments.c.response_id == deliveries.c.response_id)
    )
