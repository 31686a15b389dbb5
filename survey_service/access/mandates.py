"""Answering for somebody else: who may, for whom, and choosing whom a sign-in is used for.

Guardians are told by the person directory whenever somebody signs in; a unit enters proxies (``proxies``). What the
database lets a holder reach is in ``migrations/main/0024_mandates.py``.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.access.records import sign_ins
from survey_service.access.rules import MandateKind, handed_over_at
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import PersonErased, digest_identity, digest_token
from survey_service.foundation.db import new_id
from survey_service.foundation.person_directory import DirectoryDown, PersonFacts
from survey_service.foundation.principals import Gate, Patient
from survey_service.foundation.services import Services
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import age_on, born_on
from survey_service.people.use_cases import find_person


@dataclass(frozen=True, slots=True)
class Mandate:
    """That somebody may answer for somebody, now."""

    id: UUID
    person_id: UUID
    provider_id: UUID | None
    kind: MandateKind
    may_read: bool
    is_protected: bool
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Ward:
    """Somebody who can be answered for. Of who is protected there is no name."""

    mandate_id: UUID
    person_id: UUID
    kind: MandateKind
    name: str | None = field(repr=False)
    age: int = field(repr=False)
    born: int = field(repr=False)


def learn_guardian(services: Services, number: str) -> UUID | None:
    """Keep what the directory says of somebody's children; returns who it is, None for who is unknown here.

    When it gives no answer, what it said during the last day stands.
    """
    try:
        told = services.directory.children_of(number)
    except DirectoryDown:
        return find_person(services, number)
    now = services.clock()
    children = [one for one in told if one.deceased_on is None and handed_over_at(one.number) > now]
    person_id = _keep(services, number, children, now)
    if person_id is not None and children:
        with suppress(PersonErased):  # who is erased can still answer for a child
            services.keys.create(person_id)
    return person_id


def _keep(services: Services, number: str, children: Collection[PersonFacts], now: datetime) -> UUID | None:
    key = services.settings.identity_key
    with services.db.transaction(as_=Gate()) as connection:
        found: UUID | None = connection.execute(
            sa.text(
                "SELECT keep_guardian(:holder, :new_id, CAST(:children AS bytea[]), CAST(:ids AS uuid[]),"
                " CAST(:until AS timestamptz[]), CAST(:protected AS boolean[]), :at)"
            ),
            {
                "holder": digest_identity(number, key=key),
                "new_id": new_id(),
                "children": [digest_identity(one.number, key=key) for one in children],
                "ids": [new_id() for _ in children],
                "until": [handed_over_at(one.number) for one in children],
                "protected": [one.is_protected for one in children],
                "at": now,
            },
        ).scalar_one()
    return found


def mandates_of(connection: Connection, holder_id: UUID, at: datetime) -> list[Mandate]:
    """As the gate: what somebody holds that is in force."""
    query = sa.text("SELECT * FROM mandates_in_force(:holder, :at) ORDER BY id")
    return [
        Mandate(
            id=row.id,
            person_id=row.person_id,
            provider_id=row.provider_id,
            kind=MandateKind(row.kind),
            may_read=row.may_read,
            is_protected=row.is_protected,
            valid_until=row.valid_until,
        )
        for row in connection.execute(query, {"holder": holder_id, "at": at})
    ]


def acting(held: Collection[Mandate], holder_id: UUID, person_id: UUID | None) -> Patient | None:
    """The principal that somebody is for somebody else; None without a mandate.

    Who holds several about the same person reads only where all of them say so.
    """
    mine = [one for one in held if one.person_id == person_id]
    if person_id is None or not mine:
        return None
    return Patient(person_id, actor_id=holder_id, may_read=all(one.may_read for one in mine))


def wards_of(services: Services, holder_id: UUID, *, only: UUID | None = None) -> list[Ward]:
    """Those whom somebody can answer for, the youngest first; one of them with ``only``."""
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        held = mandates_of(connection, holder_id, now)
    people = {one.person_id: one for one in held if only in (None, one.person_id)}
    protected = {one.person_id for one in held if one.is_protected}
    found = [_ward(services, one, holder_id, is_protected=one.person_id in protected) for one in people.values()]
    return sorted((one for one in found if one), key=lambda one: one.age)


def _ward(services: Services, mandate: Mandate, holder_id: UUID, *, is_protected: bool) -> Ward | None:
    """None for who is known to no provider of the mandate, or has been erased."""
    with services.db.transaction(as_=Patient(mandate.person_id, actor_id=holder_id)) as connection:
        sealed = sealed_patients(connection, [mandate.person_id])
    identity = open_patients(services.keys, sealed).get(mandate.person_id)
    if identity is None:
        return None
    return Ward(
        mandate_id=mandate.id,
        person_id=mandate.person_id,
        kind=mandate.kind,
        name=None if is_protected else identity.name,
        age=age_on(identity.number, local_day(services.clock())),
        born=born_on(identity.number).year,
    )


def act_for(services: Services, token: str, mandate_id: UUID) -> None:
    """Use the sign-in for whom the mandate is about, from now on. Raises ``AccessDenied`` for any not in force."""
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        holder_id = _turn(connection, token, None)
        mandate = next((one for one in mandates_of(connection, holder_id, now) if one.id == mandate_id), None)
        if mandate is None:
            raise AccessDenied
        _turn(connection, token, mandate.person_id)
    _log(services, mandate_id, Patient(mandate.person_id, actor_id=holder_id), "begun")


def act_for_oneself(services: Services, token: str, *, was: Patient) -> None:
    """Use the sign-in for its owner again. Harmless when repeated."""
    with services.db.transaction(as_=Gate()) as connection:
        _turn(connection, token, None)
    if was.actor_id is not None:
        _log(services, None, was, "over")


def _turn(connection: Connection, token: str, person_id: UUID | None) -> UUID:
    """Whose sign-in it is, which is now used for somebody. A tablet's or a letter's is none of these."""
    holder: UUID | None = connection.execute(
        sa.update(sign_ins)
        .where(
            sign_ins.c.token_digest == digest_token(token),
            sign_ins.c.kind == "patient",
            sign_ins.c.ended_at.is_(None),
        )
        .values(acting_for=person_id)
        .returning(sign_ins.c.person_id)
    ).scalar_one_or_none()
    if holder is None:
        raise AccessDenied
    return holder


def _log(services: Services, mandate_id: UUID | None, who: Patient, what: str) -> None:
    access = Access(Activity.SIGN_IN, Purpose.OWN_ACCESS, "mandate", mandate_id, who.person_id, reason=what)
    with services.db.transaction(as_=who) as connection:
        record_access(connection, services.clock, [access], by=who)
