"""Reading what has become of responses: the unit's worklist, and the patient's view of the same facts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from instruments import Score
from survey_service.delivery.records import (
    assessments,
    corrected_answers,
    corrected_scores,
    deliveries,
    readings,
    receipts,
    response_flags,
    response_versions,
)
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


def counts(connection: Connection, unit_id: UUID) -> Mapping[str, int]:
    """How many responses the unit has, and how many of them nobody has received."""
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.count().filter(receipts.c.response_id.is_(None)))
        .select_from(deliveries.outerjoin(receipts, receipts.c.response_id == deliveries.c.response_id))
        .where(deliveries.c.unit_id == unit_id)
    ).one()
    return {"all": row[0], "unread": row[1]}


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


def sealed_corrections(connection: Connection, response_id: UUID, *, up_to: int) -> Sequence[Row[Any]]:
    """The corrected answers of the versions up to a number, in their order: a later one of an item stands."""
    table = corrected_answers.c
    return connection.execute(
        sa.select(corrected_answers)
        .where(table.response_id == response_id, table.version <= up_to)
        .order_by(table.version)
    ).all()


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
    stands = current_version(connection, response_ids)
    rows = connection.execute(
        sa.select(response_flags.c.response_id, response_flags.c.version, response_flags.c.rule)
        .where(response_flags.c.response_id.in_(response_ids))
        .order_by(response_flags.c.rule)
    ).all()
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        if row.version == stands[row.response_id].number:
            found[row.response_id].append(row.rule)
    return {response_id: tuple(found[response_id]) for response_id in response_ids}


def needs_a_look(connection: Connection, response_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those that a person has to look at one by one: they are never received or assessed in bulk [A3]."""
    return frozenset(response_id for response_id, rules in flags_of(connection, response_ids).items() if rules)


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
