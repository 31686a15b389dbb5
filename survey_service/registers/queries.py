"""Reading registers, agreements and choices. Feeds: ``feed_queries``."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.foundation.clock import local_day
from survey_service.registers.records import (
    agreement_approvals,
    agreement_item_answers,
    agreement_variables,
    agreements,
    erasure_orders,
    register_choices,
    register_decisions,
    register_messages,
    register_pseudonym_keys,
    registers,
    releases,
)
from survey_service.registers.rules import (
    Agreement,
    AgreementState,
    Identifier,
    RegisterState,
    Side,
    agreement_state,
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRecord:
    """A register as a tenant: who answers for it, on which ground, and where it stands."""

    id: UUID
    code: str
    name: str
    cpua_authority: str
    legal_ground: str
    contact: str
    state: RegisterState
    client_id: str
    key_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approval:
    """Who said yes, for which side, when, and by which document where it was on paper."""

    side: Side
    at: datetime
    by: str
    document: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRecord:
    """A version of an agreement, as it was proposed, and what has become of it."""

    id: UUID
    provider_id: UUID
    register_id: UUID
    register_state: RegisterState
    version: int
    valid_from: datetime
    valid_until: datetime | None
    identifier: Identifier
    identifier_reason: str | None
    look_back: date
    review_hold_hours: int
    proposed_at: datetime
    variables: tuple[str, ...]
    item_answers: tuple[str, ...]
    approvals: tuple[Approval, ...]
    state: AgreementState

    def approval_of(self, side: Side) -> Approval | None:
        return next((one for one in self.approvals if one.side is side), None)


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
    """The registers that have an agreement in force with any of the providers.

    A suspended one too: what it misses it is given once it is active again.
    """
    rows = connection.execute(
        sa.select(registers.c.id, registers.c.name, registers.c.cpua_authority)
        .where(
            registers.c.state.in_(("active", "suspended")),
            registers.c.id.in_(
                sa.select(agreements.c.register_id).where(
                    agreements.c.provider_id.in_(provider_ids),
                    _has_begun(now),
                    sa.or_(agreements.c.valid_until.is_(None), agreements.c.valid_until > now),
                )
            ),
        )
        .order_by(registers.c.name)
    ).all()
    return [Register(*row) for row in rows]


def agreements_in_force(connection: Connection, provider_id: UUID, now: datetime) -> list[Agreement]:
    """The provider's agreements with active registers that both sides have approved, with what they name.

    One for each register at most: the newest version that has begun, unless that one has ended.
    """
    begun = connection.execute(
        sa.select(agreements, registers.c.state)
        .join(registers, registers.c.id == agreements.c.register_id)
        .where(agreements.c.provider_id == provider_id, _has_begun(now))
        .order_by(agreements.c.version)
    ).all()
    newest = {row.register_id: row for row in begun}
    rows = [
        row
        for row in newest.values()
        if row.state == RegisterState.ACTIVE and (row.valid_until is None or row.valid_until > now)
    ]
    ids = [row.id for row in rows]
    variables = _by_agreement(connection, agreement_variables.c.agreement_id, agreement_variables.c.variable, ids)
    answers = _by_agreement(connection, agreement_item_answers.c.agreement_id, agreement_item_answers.c.instrument, ids)
    return [
        Agreement(
            id=row.id,
            register_id=row.register_id,
            version=row.version,
            variables=variables[row.id],
            item_answers=answers[row.id],
            identifier=Identifier(row.identifier),
            look_back=row.look_back or local_day(row.valid_from),
            review_hold=timedelta(hours=row.review_hold_hours),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """A result that a register has been given, and what it calls the response."""

    register_id: UUID
    reference: UUID
    released_at: datetime


def given_of(connection: Connection, response_id: UUID) -> list[Given]:
    """Which registers have been given the response, the first one first."""
    rows = connection.execute(
        sa.select(releases.c.register_id, releases.c.reference, releases.c.released_at)
        .where(releases.c.response_id == response_id)
        .order_by(releases.c.released_at, releases.c.register_id)
    ).all()
    return [Given(*row) for row in rows]


def released_already(connection: Connection, register_id: UUID, response_ids: Collection[UUID]) -> set[UUID]:
    """Those of the responses that the register has been given."""
    query = sa.select(releases.c.response_id).where(
        releases.c.register_id == register_id, releases.c.response_id.in_(response_ids)
    )
    return set(connection.execute(query).scalars())


def pseudonym_keys(connection: Connection) -> Mapping[UUID, bytes]:
    """The sealed keys that keyed pseudonyms are made with, by register."""
    return {row.register_id: row.sealed for row in connection.execute(sa.select(register_pseudonym_keys)).all()}


def all_registers(connection: Connection) -> list[RegisterRecord]:
    """Every register, by its code."""
    rows = connection.execute(sa.select(registers).order_by(registers.c.code)).all()
    return [
        RegisterRecord(
            id=row.id,
            code=row.code,
            name=row.name,
            cpua_authority=row.cpua_authority,
            legal_ground=row.legal_ground,
            contact=row.contact,
            state=RegisterState(row.state),
            client_id=row.client_id,
            key_ids=tuple(str(key.get("kid", "?")) for key in row.jwks.get("keys", ())),
        )
        for row in rows
    ]


def decisions_on(connection: Connection, register_id: UUID) -> list[tuple[datetime, str, str]]:
    """When what was decided about a register, and why, oldest first."""
    rows = connection.execute(
        sa.select(register_decisions)
        .where(register_decisions.c.register_id == register_id)
        .order_by(register_decisions.c.id)
    ).all()
    return [(row.decided_at, row.decision, row.note) for row in rows]


def recorded_agreements(
    connection: Connection,
    now: datetime,
    *,
    provider_id: UUID | None = None,
    register_id: UUID | None = None,
    agreement_id: UUID | None = None,
) -> list[AgreementRecord]:
    """Agreements with where they stand: by register, the newest version of each first. None is every one."""
    query = sa.select(agreements, registers.c.code, registers.c.state).join(
        registers, registers.c.id == agreements.c.register_id
    )
    for column, wanted in (
        (agreements.c.provider_id, provider_id),
        (agreements.c.register_id, register_id),
        (agreements.c.id, agreement_id),
    ):
        query = query if wanted is None else query.where(column == wanted)
    rows = connection.execute(
        query.order_by(registers.c.code, agreements.c.provider_id, agreements.c.version.desc())
    ).all()
    ids = [row.id for row in rows]
    variables = _by_agreement(connection, agreement_variables.c.agreement_id, agreement_variables.c.variable, ids)
    answers = _by_agreement(connection, agreement_item_answers.c.agreement_id, agreement_item_answers.c.instrument, ids)
    approvals = _approvals(connection, ids)
    found = [
        AgreementRecord(
            id=row.id,
            provider_id=row.provider_id,
            register_id=row.register_id,
            register_state=RegisterState(row.state),
            version=row.version,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            identifier=Identifier(row.identifier),
            identifier_reason=row.identifier_reason,
            look_back=row.look_back or local_day(row.valid_from),
            review_hold_hours=row.review_hold_hours,
            proposed_at=row.proposed_at,
            variables=tuple(sorted(variables[row.id])),
            item_answers=tuple(sorted(answers[row.id])),
            approvals=approvals[row.id],
            state=agreement_state(
                approved={one.side for one in approvals[row.id]},
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                now=now,
            ),
        )
        for row in rows
    ]
    return [replace(one, state=AgreementState.SUPERSEDED) if _is_superseded(one, found, now) else one for one in found]


def _is_superseded(one: AgreementRecord, among: Collection[AgreementRecord], now: datetime) -> bool:
    return one.state is not AgreementState.ENDED and any(
        (other.provider_id, other.register_id) == (one.provider_id, one.register_id)
        and other.version > one.version
        and other.valid_from <= now
        and other.valid_until != other.valid_from
        and len(other.approvals) == len(Side)
        for other in among
    )


def _approvals(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, tuple[Approval, ...]]:
    found: dict[UUID, tuple[Approval, ...]] = defaultdict(tuple)
    for row in connection.execute(
        sa.select(agreement_approvals)
        .where(agreement_approvals.c.agreement_id.in_(ids))
        .order_by(agreement_approvals.c.side)
    ).all():
        found[row.agreement_id] += (Approval(Side(row.side), row.approved_at, row.approved_by, row.document),)
    return found


def _by_agreement(
    connection: Connection, key: sa.Column[UUID], value: sa.Column[str], ids: Collection[UUID]
) -> Mapping[UUID, frozenset[str]]:
    found: dict[UUID, frozenset[str]] = defaultdict(frozenset)
    for agreement_id, one in connection.execute(sa.select(key, value).where(key.in_(ids))).all():
        found[agreement_id] |= {one}
    return found


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


def _has_begun(now: datetime) -> sa.ColumnElement[bool]:
    """Both sides have said yes, and the time has come; it may be over."""
    approvals = (
        sa.select(sa.func.count())
        .where(agreement_approvals.c.agreement_id == agreements.c.id, agreement_approvals.c.approved_at <= now)
        .scalar_subquery()
    )
    return sa.and_(
        agreements.c.valid_from <= now,
        # One that ended before it began never has.
        sa.or_(agreements.c.valid_until.is_(None), agreements.c.valid_until > agreements.c.valid_from),
        approvals == len(Side),
    )
