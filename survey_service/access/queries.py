"""Reading organisations and people: names for pages, units for choices, what a translator may do."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.access.records import (
    commission_protocols,
    commissions,
    mandates,
    providers,
    staff_members,
    translators,
    units,
)
from survey_service.access.rules import Held, MandateGround, MandateKind, Right, Rights, Role, gives
from survey_service.foundation.principals import Staff


@dataclass(frozen=True, slots=True)
class Provider:
    id: UUID
    hsa_id: str
    name: str
    sender_name: str
    legal_regime: str


@dataclass(frozen=True, slots=True)
class Unit:
    id: UUID
    provider_id: UUID
    hsa_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatorRecord:
    """Who may translate what. ``locales`` None is every language, ``valid_until`` None no end."""

    id: UUID
    hsa_id: str
    name: str
    may_review: bool
    may_approve: bool
    locales: frozenset[str] | None
    valid_from: datetime
    valid_until: datetime | None

    def works_in(self, locale: str) -> bool:
        return self.locales is None or locale in self.locales

    def is_in_force(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or self.valid_until > now)


_PROVIDERS = sa.select(
    providers.c.id, providers.c.hsa_id, providers.c.name, providers.c.sender_name, providers.c.legal_regime
)


def provider(connection: Connection, provider_id: UUID) -> Provider:
    return Provider(*connection.execute(_PROVIDERS.where(providers.c.id == provider_id)).one())


def all_providers(connection: Connection) -> Mapping[UUID, Provider]:
    return {row.id: Provider(*row) for row in connection.execute(_PROVIDERS).all()}


def all_units(connection: Connection) -> Mapping[UUID, Unit]:
    rows = connection.execute(sa.select(units.c.id, units.c.provider_id, units.c.hsa_id, units.c.name)).all()
    return {row.id: Unit(*row) for row in rows}


def staff_names(connection: Connection) -> Mapping[UUID, str]:
    """Names of the provider's staff, by id."""
    rows = connection.execute(sa.select(staff_members.c.id, staff_members.c.name)).all()
    return {row.id: row.name for row in rows}


def rights_of(connection: Connection, who: Staff, now: datetime) -> Rights:
    """What the commissions give that somebody has at the unit that they signed in for."""
    limits = sa.func.array_agg(commission_protocols.c.protocol_id)
    rows = connection.execute(
        sa.select(commissions.c.role, limits)
        .outerjoin(commission_protocols, commission_protocols.c.commission_id == commissions.c.id)
        .where(commissions.c.staff_id == who.staff_id, commissions.c.unit_id == who.unit_id, in_force(now))
        .group_by(commissions.c.id)
    ).all()
    # A commission without a row joins to one NULL.
    return Rights(tuple(Held(Role(role), None if None in only else frozenset(only)) for role, only in rows))


def in_force(now: datetime) -> sa.ColumnElement[bool]:
    """The condition on a commission."""
    return sa.and_(
        commissions.c.valid_from <= now, sa.or_(commissions.c.valid_until.is_(None), commissions.c.valid_until > now)
    )


def manages_unit(connection: Connection, who: Staff, now: datetime) -> bool:
    """Whether the commission that somebody has signed in under is that of the unit's manager."""
    return rights_of(connection, who, now).may(Right.MANAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """Somebody's role at a unit, from when until when. ``granted_by`` and ``ended_by`` None is an operator."""

    id: UUID
    staff_id: UUID
    unit_id: UUID
    role: Role
    valid_from: datetime
    valid_until: datetime | None
    granted_by: UUID | None
    ended_by: UUID | None
    protocols: frozenset[UUID]

    def is_over(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now


def commissions_of(connection: Connection, *, unit_id: UUID | None = None, limit: int) -> list[Commission]:
    """The provider's commissions, or a unit's, newest first; those that have ended too."""
    listed = sa.select(commissions).order_by(commissions.c.valid_from.desc(), commissions.c.id.desc()).limit(limit)
    if unit_id is not None:
        listed = listed.where(commissions.c.unit_id == unit_id)
    rows = connection.execute(listed).all()
    limited = connection.execute(
        sa.select(commission_protocols).where(commission_protocols.c.commission_id.in_([row.id for row in rows]))
    ).all()
    only: dict[UUID, set[UUID]] = defaultdict(set)
    for one in limited:
        only[one.commission_id].add(one.protocol_id)
    return [
        Commission(
            id=row.id,
            staff_id=row.staff_id,
            unit_id=row.unit_id,
            role=Role(row.role),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            granted_by=row.granted_by,
            ended_by=row.ended_by,
            protocols=frozenset(only[row.id]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Member:
    """One of the provider's staff."""

    id: UUID
    hsa_id: str
    name: str


def members(connection: Connection) -> Mapping[UUID, Member]:
    """The provider's staff, by id."""
    rows = connection.execute(sa.select(staff_members.c.id, staff_members.c.hsa_id, staff_members.c.name)).all()
    return {row.id: Member(*row) for row in rows}


def alarm_email(connection: Connection, unit_id: UUID) -> str | None:
    """Where the unit wants to be told that something waits for somebody."""
    found: str | None = connection.execute(
        sa.select(units.c.alarm_email).where(units.c.id == unit_id)
    ).scalar_one_or_none()
    return found


def flag_hours(connection: Connection, unit_id: UUID) -> int:
    """Within how many hours the unit wants what its rules flag to be assessed."""
    return int(connection.execute(sa.select(units.c.flag_hours).where(units.c.id == unit_id)).scalar_one())


def late_paper_days(connection: Connection, unit_id: UUID) -> int:
    """How many days after the window a form on paper may have been filled in, for the unit to take it."""
    return int(connection.execute(sa.select(units.c.late_paper_days).where(units.c.id == unit_id)).scalar_one())


def letters_carry_codes(connection: Connection, unit_id: UUID) -> bool:
    """Whether a letter of the unit may carry a code that opens its questions without e-identification."""
    return bool(connection.execute(sa.select(units.c.letters_carry_codes).where(units.c.id == unit_id)).scalar_one())


def colleagues(connection: Connection, unit_id: UUID, now: datetime) -> Mapping[UUID, str]:
    """Who cares for the unit's patients now, by id."""
    rows = connection.execute(
        sa.select(staff_members.c.id, staff_members.c.name)
        .join(commissions, commissions.c.staff_id == staff_members.c.id)
        .where(
            commissions.c.unit_id == unit_id,
            commissions.c.role.in_([role for role in Role if gives(role, Right.CARE)]),
            in_force(now),
        )
    ).all()
    return {row.id: row.name for row in rows}


def commission_in_force(connection: Connection, *, staff_hsa_id: str, unit_hsa_id: str, now: datetime) -> Staff | None:
    """The member of staff under the commission at the unit, if the provider has recorded one that is in force."""
    found = connection.execute(
        sa.select(commissions.c.staff_id, commissions.c.provider_id, commissions.c.unit_id)
        .join(staff_members, staff_members.c.id == commissions.c.staff_id)
        .join(units, units.c.id == commissions.c.unit_id)
        .where(
            staff_members.c.hsa_id == staff_hsa_id,
            units.c.hsa_id == unit_hsa_id,
            in_force(now),
        )
    ).first()
    return None if found is None else Staff(found.staff_id, found.provider_id, found.unit_id)


def all_translators(connection: Connection) -> Mapping[UUID, TranslatorRecord]:
    """Everybody who translates or has translated, by id."""
    rows = connection.execute(sa.select(translators).order_by(translators.c.name, translators.c.id)).all()
    return {
        row.id: TranslatorRecord(
            id=row.id,
            hsa_id=row.hsa_id,
            name=row.name,
            may_review=row.may_review,
            may_approve=row.may_approve,
            locales=None if row.locales is None else frozenset(row.locales),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRow:
    """That somebody may answer for a patient, or might before. Name and note are sealed under the patient's key."""

    id: UUID
    kind: MandateKind
    unit_id: UUID | None
    entered_by: UUID | None
    may_read: bool
    ground: MandateGround | None
    valid_from: datetime
    valid_until: datetime
    ended_at: datetime | None
    holder_name: bytes | None = field(repr=False)
    note: bytes | None = field(repr=False)

    def is_in_force(self, now: datetime) -> bool:
        return self.ended_at is None and self.valid_from <= now < self.valid_until


def mandates_about(connection: Connection, person_id: UUID) -> list[MandateRow]:
    """Newest first: for a patient all, for staff those that their provider has entered."""
    rows = connection.execute(
        sa.select(mandates).where(mandates.c.person_id == person_id).order_by(mandates.c.id.desc())
    ).all()
    return [
        MandateRow(
            id=row.id,
            kind=MandateKind(row.kind),
            unit_id=row.unit_id,
            entered_by=row.entered_by,
            may_read=row.may_read,
            ground=MandateGround(row.ground) if row.ground else None,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            ended_at=row.ended_at,
            holder_name=row.holder_name_sealed,
            note=row.note_sealed,
        )
        for row in rows
    ]
