"""Reading registers, agreements, choices and feeds."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.registers.records import (
    agreement_variables,
    agreements,
    feed_entries,
    register_choices,
    register_feeds,
    registers,
    releases,
)
from survey_service.registers.rules import Agreement, Cursor


@dataclass(frozen=True, slots=True)
class Register:
    id: UUID
    name: str
    cpua_authority: str


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """A register as an OAuth client."""

    register_id: UUID
    client_id: str
    jwks: Mapping[str, Any]
    active: bool


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """``payload`` is None for a withdrawal, and for a result that has been withdrawn since."""

    position: int
    kind: str
    release_id: UUID
    payload: Mapping[str, Any] | None


def register_client(connection: Connection, *, client_id: str) -> RegisterClient | None:
    if not client_id.isprintable():
        return None  # no client is called so, and PostgreSQL refuses a zero byte
    row = connection.execute(sa.select(registers).where(registers.c.client_id == client_id)).first()
    if row is None:
        return None
    return RegisterClient(row.id, row.client_id, row.jwks, row.state == "active")


def register_with_code(connection: Connection, code: str) -> UUID | None:
    found: UUID | None = connection.execute(
        sa.select(registers.c.id).where(registers.c.code == code)
    ).scalar_one_or_none()
    return found


def register_names(connection: Connection) -> Mapping[UUID, str]:
    rows = connection.execute(sa.select(registers.c.id, registers.c.name)).all()
    return {row.id: row.name for row in rows}


def registers_served_by(connection: Connection, provider_ids: list[UUID], now: datetime) -> list[Register]:
    """The active registers that have an agreement in force with any of the providers."""
    rows = connection.execute(
        sa.select(registers.c.id, registers.c.name, registers.c.cpua_authority)
        .where(
            registers.c.state == "active",
            registers.c.id.in_(
                sa.select(agreements.c.register_id).where(agreements.c.provider_id.in_(provider_ids), _in_force(now))
            ),
        )
        .order_by(registers.c.name)
    ).all()
    return [Register(*row) for row in rows]


def agreements_in_force(connection: Connection, provider_id: UUID, now: datetime) -> list[Agreement]:
    """The provider's agreements with active registers, with their variables."""
    rows = connection.execute(
        sa.select(agreements.c.id, agreements.c.register_id, agreements.c.version)
        .join(registers, registers.c.id == agreements.c.register_id)
        .where(agreements.c.provider_id == provider_id, registers.c.state == "active", _in_force(now))
    ).all()
    variables: dict[UUID, set[str]] = defaultdict(set)
    for row in connection.execute(
        sa.select(agreement_variables).where(agreement_variables.c.agreement_id.in_([row.id for row in rows]))
    ).all():
        variables[row.agreement_id].add(row.variable)
    return [Agreement(row.id, row.register_id, row.version, frozenset(variables[row.id])) for row in rows]


def my_objections(connection: Connection) -> frozenset[UUID]:
    """The registers that the patient has said no to."""
    rows = connection.execute(sa.select(register_choices.c.register_id).where(register_choices.c.objected)).scalars()
    return frozenset(rows)


def feed_end(connection: Connection) -> Cursor:
    """Where the register's own feed ends."""
    row = connection.execute(sa.select(register_feeds.c.epoch, register_feeds.c.last)).one()
    return Cursor(row.epoch, row.last)


def feed_page(connection: Connection, after: Cursor, *, limit: int) -> list[FeedEntry]:
    """The entries of the register's own feed that follow ``after``, in order."""
    rows = connection.execute(
        sa.select(feed_entries.c.position, feed_entries.c.kind, feed_entries.c.release_id, releases.c.payload)
        .outerjoin(releases, releases.c.id == feed_entries.c.release_id)
        .where(feed_entries.c.epoch == after.epoch, feed_entries.c.position > after.position)
        .order_by(feed_entries.c.position)
        .limit(limit)
    ).all()
    return [FeedEntry(*row) for row in rows]


def _in_force(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        agreements.c.valid_from <= now,
        sa.or_(agreements.c.valid_until.is_(None), agreements.c.valid_until > now),
    )
