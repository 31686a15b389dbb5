"""Reading what was brought in. Row-level security decides whose."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.history.records import history_imports, imported_responses, imported_scores


@dataclass(frozen=True, slots=True)
class ImportedScore:
    """``origin``: 'computed' here from the item answers, or 'source' as the file had it."""

    variable: str
    origin: str
    value: float | None
    text: str | None
    standard_error: float | None
    missing_reason: str | None
    method: str
    method_hash: str | None
    """None where the source computed it."""


@dataclass(frozen=True, slots=True)
class ImportedResponse:
    """An earlier result, and how it came here."""

    id: UUID
    source: str
    instrument: str
    instrument_version: str
    form: str
    completed_on: date
    completed_at: datetime | None
    imported_at: datetime
    staff_id: UUID


def digests(connection: Connection, provider_id: UUID, source: str, keys: Collection[str]) -> Mapping[str, bytes]:
    """Of the rows that the source calls so, those that are there: the digest of what was in each."""
    found = imported_responses.c
    rows = connection.execute(
        sa.select(found.source_key, found.content_digest).where(
            found.provider_id == provider_id, found.source == source, found.source_key.in_(keys)
        )
    ).all()
    return {row.source_key: row.content_digest for row in rows}


def has_history(connection: Connection, person_id: UUID, unit_id: UUID) -> bool:
    """Whether the unit has earlier results of the person."""
    return (
        connection.execute(
            sa.select(imported_responses.c.id)
            .where(imported_responses.c.person_id == person_id, imported_responses.c.unit_id == unit_id)
            .limit(1)
        ).first()
        is not None
    )


def units_with_history(connection: Connection, person_id: UUID) -> frozenset[UUID]:
    """The provider's units that have earlier results of the person."""
    one = imported_responses.c
    return frozenset(connection.execute(sa.select(one.unit_id).where(one.person_id == person_id).distinct()).scalars())


def history_of(connection: Connection, person_id: UUID, unit_id: UUID) -> list[ImportedResponse]:
    """The person's earlier results at the unit, newest first."""
    one = imported_responses.c
    rows = connection.execute(
        sa.select(
            one.id,
            one.source,
            one.instrument,
            one.instrument_version,
            one.form,
            one.completed_on,
            one.completed_at,
            history_imports.c.imported_at,
            history_imports.c.staff_id,
        )
        .join(history_imports, history_imports.c.id == one.import_id)
        .where(one.person_id == person_id, one.unit_id == unit_id)
        .order_by(one.completed_on.desc(), one.id)
    ).all()
    return [ImportedResponse(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class EarlierResponse:
    """An earlier result as the course of a patient has it."""

    id: UUID
    source: str
    instrument: str
    instrument_version: str
    form: str
    respondent: str
    completed_on: date
    completed_at: datetime | None


def earlier_responses(
    connection: Connection,
    person_id: UUID,
    unit_id: UUID | None,
    *,
    limit: int,
    without_units: Collection[UUID] = (),
) -> list[EarlierResponse]:
    """The person's earlier results at the unit, or (None) at every unit but ``without_units``, newest first."""
    one = imported_responses.c
    query = sa.select(
        one.id,
        one.source,
        one.instrument,
        one.instrument_version,
        one.form,
        one.respondent,
        one.completed_on,
        one.completed_at,
    ).where(one.person_id == person_id, one.unit_id.not_in(list(without_units)))
    if unit_id is not None:
        query = query.where(one.unit_id == unit_id)
    rows = connection.execute(query.order_by(one.completed_on.desc(), one.id).limit(limit)).all()
    return [EarlierResponse(*row) for row in rows]


def imported_scores_of(
    connection: Connection, response_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[ImportedScore]]:
    score = imported_scores.c
    rows = connection.execute(
        sa.select(imported_scores)
        .where(score.response_id.in_(response_ids))
        .order_by(score.response_id, score.variable, score.origin)
    ).all()
    found: dict[UUID, list[ImportedScore]] = defaultdict(list)
    for row in rows:
        found[row.response_id].append(
            ImportedScore(
                variable=row.variable,
                origin=row.origin,
                value=row.value,
                text=row.text,
                standard_error=row.standard_error,
                missing_reason=row.missing_reason,
                method=row.method,
                method_hash=row.method_hash,
            )
        )
    return found
