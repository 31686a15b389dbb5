"""Reading a register's own feed, and logging what is read of it. As that register; its rows are all it can see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.registers.records import (
    agreement_variables,
    agreements,
    erasure_orders,
    feed_entries,
    register_feeds,
    registers,
    releases,
)
from survey_service.registers.rules import Cursor


@dataclass(frozen=True, slots=True)
class Places:
    """Entries after one position up to another of an epoch of a feed."""

    epoch: int
    after: int
    up_to: int


def is_active(connection: Connection, register_id: UUID) -> bool:
    state = connection.execute(sa.select(registers.c.state).where(registers.c.id == register_id)).scalar_one_or_none()
    return state == "active"


def feed_end(connection: Connection) -> Cursor:
    """Where the register's own feed ends."""
    row = connection.execute(sa.select(register_feeds.c.epoch, register_feeds.c.last)).one()
    return Cursor(row.epoch, row.last)


def raw_entries(connection: Connection, places: Places, *, completed_from: datetime | None) -> Sequence[Row[Any]]:
    """The entries in order; ``payload`` is None where the release is gone, or answered before ``completed_from``."""
    released = releases.c.id == feed_entries.c.release_id
    if completed_from is not None:
        completed_at = sa.cast(releases.c.payload["completed_at"].astext, sa.DateTime(timezone=True))
        released = sa.and_(released, completed_at >= completed_from)
    query: sa.Select[Any] = (
        sa.select(
            feed_entries.c.kind,
            feed_entries.c.release_id,
            feed_entries.c.replaces,
            feed_entries.c.erasure_id,
            releases.c.payload,
            releases.c.sealed,
            releases.c.person_id,
            erasure_orders.c.releases.label("to_erase"),
        )
        .outerjoin(releases, released)
        .outerjoin(erasure_orders, erasure_orders.c.id == feed_entries.c.erasure_id)
        .where(
            feed_entries.c.epoch == places.epoch,
            feed_entries.c.position > places.after,
            feed_entries.c.position <= places.up_to,
        )
        .order_by(feed_entries.c.position)
    )
    return connection.execute(query).all()


def log_results(
    connection: Connection, pull_id: UUID, release_ids: Sequence[UUID], *, purpose: str, at: datetime
) -> frozenset[UUID]:
    """Log each result for provider and patient to see; those that were still there to be logged, and may be sent."""
    if not release_ids:
        return frozenset()
    logged: list[UUID] | None = connection.execute(
        sa.text("SELECT log_register_pull(:pull, :purpose, :events, :releases, :at)"),
        {
            "pull": pull_id,
            "purpose": purpose,
            "events": [new_id() for _ in release_ids],
            "releases": list(release_ids),
            "at": at,
        },
    ).scalar_one()
    return frozenset(logged or ())


def released_from(connection: Connection, register_id: UUID, now: datetime) -> date | None:
    """The earliest day of answering that an agreement in force lets through to the register."""
    rows = connection.execute(
        sa.select(agreements.c.look_back, agreements.c.valid_from).where(
            agreements.c.register_id == register_id,
            agreements.c.valid_from <= now,
            sa.or_(agreements.c.valid_until.is_(None), agreements.c.valid_until > now),
        )
    ).all()
    return min((row.look_back or local_day(row.valid_from) for row in rows), default=None)


def agreed_variables(connection: Connection, register_id: UUID) -> frozenset[str]:
    """Every variable that any of the register's agreements has named, ended ones too: their results are in the feed."""
    names = connection.execute(
        sa.select(agreement_variables.c.variable)
        .join(agreements, agreements.c.id == agreement_variables.c.agreement_id)
        .where(agreements.c.register_id == register_id)
    ).scalars()
    return frozenset(names)
