"""Reading figures of follow-up. Row-level security and the functions of the database decide whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.insight.records import comparison_grounds, follow_up_figures, follow_up_runs
from survey_service.insight.rules import Sums
from survey_service.insight.summaries import Kind

_OTHERS = sa.text(
    "SELECT protocol, occasion, kind, subject, cell, n, mean, half_width, share"
    " FROM follow_up_of_others(:scope, :unit, :first, :last)"
)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A unit's sums over some months."""

    protocol: str
    occasion: str
    kind: Kind
    subject: str
    cell: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class OtherRow:
    """What may be told of others: of 'response' the count, else a mean or a share, of at least ``n``."""

    protocol: str
    occasion: str
    kind: Kind
    subject: str
    cell: str
    n: int
    mean: float | None
    half_width: float | None
    share: int | None


@dataclass(frozen=True, slots=True)
class Ground:
    """Why somebody may be compared, as the operator has recorded it."""

    id: UUID
    provider_id: UUID
    scope: str
    ground: str
    recorded_by: str
    valid_from: date
    valid_until: date | None


def figures_of_unit(connection: Connection, unit_id: UUID, *, first: date, last: date) -> list[FigureRow]:
    """The months from ``first`` to ``last`` added up."""
    of = follow_up_figures.c
    key = (of.protocol, of.occasion, of.kind, of.subject, of.cell)
    rows = connection.execute(
        sa.select(*key, sa.func.sum(of.n).label("n"), sa.func.sum(of.total), sa.func.sum(of.squares))
        .where(of.unit_id == unit_id, of.month.between(first, last))
        .group_by(*key)
        .order_by(*key)
    ).all()
    return [FigureRow(row[0], row[1], Kind(row[2]), row[3], row[4], Sums(int(row[5]), row[6], row[7])) for row in rows]


def others(connection: Connection, scope: str, unit_id: UUID, *, first: date, last: date) -> list[OtherRow]:
    """Nothing where no ground to compare is in force."""
    given = {"scope": scope, "unit": unit_id, "first": first, "last": last}
    return [_other(row) for row in connection.execute(_OTHERS, given).all()]


def made_at(connection: Connection, provider_id: UUID) -> datetime | None:
    """When the figures were made; None before the first night."""
    found: datetime | None = connection.execute(
        sa.select(follow_up_runs.c.made_at).where(follow_up_runs.c.provider_id == provider_id)
    ).scalar_one_or_none()
    return found


def recorded_grounds(connection: Connection) -> Sequence[Ground]:
    """Those that the principal may see, the newest last."""
    rows = connection.execute(
        sa.select(comparison_grounds).order_by(comparison_grounds.c.recorded_at, comparison_grounds.c.id)
    ).all()
    return [
        Ground(row.id, row.provider_id, row.scope, row.ground, row.recorded_by, row.valid_from, row.valid_until)
        for row in rows
    ]


def _other(row: sa.Row[Any]) -> OtherRow:
    return OtherRow(
        row.protocol,
        row.occasion,
        Kind(row.kind),
        row.subject,
        row.cell,
        row.n,
        row.mean,
        row.half_width,
        row.share,
    )


def may_be_compared(connection: Connection, provider_id: UUID, scope: str) -> bool:
    """Whether the provider has a ground in force today, as the database decides it."""
    found: bool = connection.execute(sa.select(sa.func.may_compare(provider_id, scope))).scalar_one()
    return found
