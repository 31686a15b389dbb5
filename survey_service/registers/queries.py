"""Reading registers, agreements and choices. Feeds: ``feed_queries``."""

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
    erasure_orders,
    register_choices,
    register_messages,
    registers,
)
from survey_service.registers.rules import Agreement


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


def register_client(connection: Connection, *, client_id: str) -> RegisterClient | None:
    if not client_id.isprintable():
        return None  # no client is called so, and PostgreSQL refuses a zero byte
    row = connection.execute(sa.select(registers).where(registers.c.client_id == client_id)).first()
    if row is None:
        return None
    return RegisterClient(row.id, row.client_id, row.jwks, row.state == "active")


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


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a register was told to erase, and when it said that it had; None is "not yet"."""

    register_id: UUID
    ordered_at: datetime
    confirmed_at: datetime | None


def my_erasures(connection: Connection) -> list[Erasure]:
    """The patient's own, newest first."""
    rows = connection.execute(
        sa.select(erasure_orders.c.register_id, erasure_orders.c.ordered_at, register_messages.c.sent_at)
        .outerjoin(register_messages, register_messages.c.erasure_id == erasure_orders.c.id)
        .order_by(erasure_orders.c.ordered_at.desc())
    ).all()
    return [Erasure(*row) for row in rows]


def _in_force(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        agreements.c.valid_from <= now,
        sa.or_(agreements.c.valid_until.is_(None), agreements.c.valid_until > now),
    )
