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
from survey_service.foundation.db import among


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What has happened to a response: delivered, received, read, assessed. None is "not yet".

    ``unit_id`` is the unit it was given to, ``received_at_unit`` where the provider's one receipt was made.
    """

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


def whereabouts(
    connection: Connection, response_ids: Collection[UUID], *, at_unit: UUID | None = None
) -> Mapping[UUID, Whereabouts]:
    """By response, for those the principal may see.

    What is read and assessed is that of one unit, or (None) of whichever was the first.
    """
    rows = connection.execute(_whereabouts(at_unit).where(among(deliveries.c.response_id, response_ids))).all()
    return {row.response_id: Whereabouts(*row) for row in rows}


_ENTRY = worklist_entries.c
# Of which protocols somebody may see a unit's responses; None is all.
Scope = Collection[UUID] | None


def in_reach() -> sa.ColumnElement[bool]:
    """For staff: of worklist entries, those that stand and that the patient has not closed to the unit [F2].

    The block on the unit that answers were given to holds for the others whose orders they answer.
    """
    open_to_others = sa.or_(~_ENTRY.is_shared, ~sa.func.is_blocked(_ENTRY.response_id))
    return sa.and_(~_ENTRY.is_void, open_to_others)


def _at(unit_id: UUID, scope: Scope) -> sa.ColumnElement[bool]:
    own = sa.and_(_ENTRY.unit_id == unit_id, in_reach())
    return own if scope is None else sa.and_(own, _ENTRY.protocol_ids.overlap(list(scope)))


def worklist(
    connection: Connection, unit_id: UUID, *, only_unread: bool, limit: int, scope: Scope = None
) -> list[Whereabouts]:
    """What has been delivered to the unit, what it has not received at the top, then newest first."""
    query = _whereabouts(unit_id).join(worklist_entries, _ENTRY.response_id == deliveries.c.response_id)
    query = query.where(_at(unit_id, scope))
    if only_unread:
        query = query.where(~_ENTRY.received)
    ordered = query.order_by(_ENTRY.received, _ENTRY.delivered_at.desc()).limit(limit)
    return [Whereabouts(*row) for row in connection.execute(ordered).all()]


def units_sharing(connection: Connection, response_id: UUID) -> frozenset[UUID]:
    """The units of the provider, beside the one it was given to, whose orders the response answers [B6]."""
    query = sa.select(shared_deliveries.c.unit_id).where(shared_deliveries.c.response_id == response_id)
    return frozenset(connection.execute(query).scalars())


def units_served(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """By response, every unit that has it: the one it was given to, and those whose orders it answers too [B6]."""
    query = sa.select(_ENTRY.response_id, _ENTRY.unit_id).where(_ENTRY.response_id.in_(response_ids), ~_ENTRY.is_void)
    found: dict[UUID, set[UUID]] = {response_id: set() for response_id in response_ids}
    for row in connection.execute(query).all():
        found[row.response_id].add(row.unit_id)
    return {response_id: frozenset(units) for response_id, units in found.items()}


def is_for_unit(connection: Connection, response_id: UUID, unit_id: UUID, *, scope: Scope) -> bool:
    """Whether the response was delivered to the unit, for an order of these protocols."""
    query = sa.select(_ENTRY.response_id).where(_ENTRY.response_id == response_id, _at(unit_id, scope))
    return connection.execute(query).first() is not None


def responses_shared_with(unit_id: UUID) -> Select[tuple[UUID]]:
    """A select of the responses given to another unit that answer this unit's orders too, for others' queries."""
    return sa.select(shared_deliveries.c.response_id).where(shared_deliveries.c.unit_id == unit_id)


def responses_sharing_tasks(task_ids: Select[tuple[UUID]]) -> Select[tuple[UUID]]:
    """A select of the responses to other orders that answer these tasks, for others' queries."""
    return sa.select(shared_deliveries.c.response_id).where(shared_deliveries.c.task_id.in_(task_ids))


def delivered_about(connection: Connection, person_id: UUID) -> list[tuple[UUID, UUID]]:
    """Every response of the person at the provider with the unit that it was given to, the newest first."""
    rows = connection.execute(
        sa.select(deliveries.c.response_id, deliveries.c.unit_id)
        .where(deliveries.c.person_id == person_id)
        .order_by(deliveries.c.delivered_at.desc())
    ).all()
    return [(row.response_id, row.unit_id) for row in rows]


def shared_tasks(connection: Connection, task_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the tasks that a response to another order has answered."""
    query = sa.select(shared_deliveries.c.task_id).where(among(shared_deliveries.c.task_id, task_ids))
    return frozenset(connection.execute(query).scalars())


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
    """How many responses the unit has, and how many of them it has not received itself."""
    own = sa.select(sa.func.count()).select_from(worklist_entries).where(_at(unit_id, scope))
    unread = own.where(~_ENTRY.received)
    row = connection.execute(sa.select(own.scalar_subquery(), unread.scalar_subquery())).one()
    return {"all": row[0], "unread": row[1]}


def unreceived_count(connection: Connection, unit_id: UUID, *, scope: Scope = None) -> int:
    """How many responses ``unreceived`` has, however many it shows."""
    query = _unreceived(unit_id, scope).with_only_columns(sa.func.count())
    return int(connection.execute(query).scalar_one())


def unreceived(connection: Connection, unit_id: UUID, *, limit: int, scope: Scope = None) -> list[Unreceived]:
    """What was given to the unit and nobody at the provider has received, oldest first.

    What another unit shares waits there, once: to receive it is not this unit's to answer for.
    """
    rows = connection.execute(_unreceived(unit_id, scope).order_by(deliveries.c.delivered_at).limit(limit)).all()
    return [Unreceived(row.response_id, row.delivered_at, row.alarm_at) for row in rows]


def alarmed(connection: Connection, unit_id: UUID, *, scope: Scope = None) -> int:
    """How many responses given to the unit have an alarm that no receipt has ended."""
    covered = sa.select(_ENTRY.response_id).where(_at(unit_id, scope))
    within = sa.true() if scope is None else delivery_alarms.c.response_id.in_(covered)
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
    for version in _versions(connection, among(response_versions.c.response_id, response_ids)):
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


def _unreceived(unit_id: UUID, scope: Scope) -> Select[tuple[UUID, datetime, datetime]]:
    here = sa.and_(_ENTRY.response_id == deliveries.c.response_id, _ENTRY.unit_id == deliveries.c.unit_id)
    return (
        sa.select(deliveries.c.response_id, deliveries.c.delivered_at, deliveries.c.alarm_at)
        .join(worklist_entries, here)
        .where(
            _at(unit_id, scope),
            ~_ENTRY.received,  # by which the index finds them
            ~sa.exists().where(receipts.c.response_id == deliveries.c.response_id),
        )
    )


def _whereabouts(at_unit: UUID | None) -> sa.Select[Any]:
    read, assessed = readings.c, assessments.c
    first_read = sa.select(sa.func.min(read.read_at)).where(read.response_id == deliveries.c.response_id)
    first_assessed = sa.select(assessments).where(assessed.response_id == deliveries.c.response_id)
    if at_unit is not None:
        first_read = first_read.where(read.unit_id == at_unit)
        first_assessed = first_assessed.where(assessed.unit_id == at_unit)
    assessment = first_assessed.order_by(assessed.assessed_at).limit(1).lateral("assessment")
    return (
        sa.select(
            deliveries.c.response_id,
            deliveries.c.person_id,
            deliveries.c.unit_id,
            deliveries.c.delivered_at,
            receipts.c.received_at,
            sa.func.coalesce(receipts.c.at_unit_id, receipts.c.unit_id).label("received_at_unit"),
            receipts.c.staff_id,
            receipts.c.route,
            first_read.scalar_subquery().label("read_at"),
            assessment.c.assessed_at,
            assessment.c.staff_id.label("assessed_by"),
            receipts.c.record_system_id,
        )
        .outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id)
        .outerjoin(assessment, sa.true())
    )
