"""Proxies: a unit enters who may answer for a patient, until when and on what ground; it or the patient ends it.

A mandate is never changed and never deleted: a new one for the same holder ends the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from survey_service.access.queries import MandateRow, mandates_about
from survey_service.access.records import mandates
from survey_service.access.rules import MandateGround, MandateKind, last_day_of_proxy
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, BadInput, mark
from survey_service.foundation.clock import at_local_time
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.foundation.services import Services
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.people.rules import age_on, parse_identity_number, parse_name
from survey_service.people.use_cases import ensure_person
from survey_service.scheduling.use_cases import own_enrolment

_ADULT = 18
_LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who is to answer for a patient. ``last_day`` is the last on which they may."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    last_day: date
    may_read: bool
    ground: MandateGround
    note: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProxyPage:
    """What the unit sees of a patient's proxies, newest first, and who the patient is."""

    patient_name: str = field(repr=False)
    rows: list[MandateRow]
    names: Mapping[UUID, str] = field(repr=False)
    notes: Mapping[UUID, str] = field(repr=False)


def read_proxy(form: Mapping[str, str], today: date) -> Proxy:
    """What staff wrote. Raises ``BadInput`` that names each field."""
    fields: dict[str, str] = {}
    number = name = ""
    try:
        number = parse_identity_number(form.get("personal_number", ""))
        if age_on(number, today) < _ADULT:
            fields["personal_number"] = mark("Only an adult can answer for somebody else.")
    except BadInput as refused:
        fields |= refused.fields
    try:
        name = parse_name(form.get("name", ""))
    except BadInput:
        fields["name"] = mark("Write the name of whoever is to answer.")
    last_day = _last_day(form.get("last_day", ""), today)
    if last_day is None:
        fields["last_day"] = mark("Choose a day from today on, at most two years ahead.")
    ground = form.get("ground", "")
    if ground not in set(MandateGround):
        fields["ground"] = mark("Choose what the mandate rests on.")
    note = " ".join(form.get("note", "").split())
    if len(note) > _LONGEST_NOTE:
        fields["note"] = mark("Write at most 200 characters.")
    if fields or last_day is None:
        raise BadInput("Something is missing, or cannot be right.", fields=fields)
    return Proxy(number, name, last_day, form.get("may_read") == "1", MandateGround(ground), note)


def _last_day(text: str, today: date) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if today <= day <= last_day_of_proxy(today) else None


def enter_proxy(services: Services, enrolment_id: UUID, proxy: Proxy, *, as_: Staff) -> UUID:
    """Let somebody answer for the patient of an enrolment of the unit. Raises ``AccessDenied`` for another unit's."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        person_id = own_enrolment(connection, enrolment_id, as_=as_, now=now).person_id
    holder_id = ensure_person(services, proxy.number, as_=as_)
    if holder_id == person_id:
        sentence = mark("That is the patient's own number.")
        raise BadInput("Something is missing, or cannot be right.", fields={"personal_number": sentence})
    cipher, mandate_id = services.keys.cipher(person_id), new_id()

    def sealed(text: str, column: str) -> bytes | None:
        return cipher.seal(text, table="mandates", column=column, row=str(mandate_id)) if text else None

    with services.db.transaction(as_=as_) as connection:
        own_enrolment(connection, enrolment_id, as_=as_, now=now, lock=True)
        same = (mandates.c.person_id == person_id, mandates.c.holder_id == holder_id)
        _end(connection, *same, at=now, by=as_.staff_id)
        connection.execute(
            insert(mandates).values(
                id=mandate_id,
                kind=MandateKind.PROXY.value,
                provider_id=as_.provider_id,
                person_id=person_id,
                holder_id=holder_id,
                may_read=proxy.may_read,
                valid_from=now,
                valid_until=at_local_time(proxy.last_day + timedelta(days=1), time()),
                unit_id=as_.unit_id,
                entered_by=as_.staff_id,
                ground=proxy.ground.value,
                note_sealed=sealed(proxy.note, "note"),
                holder_name_sealed=sealed(proxy.name, "holder_name"),
            )
        )
        _log(services, connection, mandate_id, person_id, "entered", as_=as_)
    return mandate_id


def end_proxy(services: Services, enrolment_id: UUID, mandate_id: UUID, *, as_: Staff) -> None:
    """End a mandate at once, as the unit. Harmless when repeated. Raises ``AccessDenied`` for another patient's."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=now)
        if mandate_id not in {one.id for one in mandates_about(connection, found.person_id)}:
            raise AccessDenied
        _end(connection, mandates.c.id == mandate_id, at=now, by=as_.staff_id)
        _log(services, connection, mandate_id, found.person_id, "ended", as_=as_)


def end_own_proxy(services: Services, mandate_id: UUID, *, as_: Patient) -> None:
    """End a mandate at once, as the patient. Raises ``AccessDenied`` for any other, and for a guardian's."""
    with services.db.transaction(as_=as_) as connection:
        held = {one.id for one in mandates_about(connection, as_.person_id) if one.kind is MandateKind.PROXY}
        if mandate_id not in held:
            raise AccessDenied
        _end(connection, mandates.c.id == mandate_id, at=services.clock(), by=as_.person_id)
        _log(services, connection, mandate_id, as_.person_id, "ended", as_=as_)


def proxies(services: Services, enrolment_id: UUID, *, as_: Staff) -> ProxyPage:
    """Who may answer for the patient by this provider, and might before. The reading is logged."""
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock())
        rows = mandates_about(connection, found.person_id)
        sealed = sealed_patients(connection, [found.person_id])
        access = Access(Activity.READ, Purpose.CARE, "mandate", enrolment_id, found.person_id)
        record_access(connection, services.clock, [access], by=as_)
    identity = open_patients(services.keys, sealed).get(found.person_id)
    cipher = services.keys.ciphers([found.person_id]).get(found.person_id)
    texts: dict[str, dict[UUID, str]] = {"holder_name": {}, "note": {}}
    for one in rows:
        for column, value in (("holder_name", one.holder_name), ("note", one.note)):
            if cipher is not None and value is not None:
                texts[column][one.id] = cipher.open(value, table="mandates", column=column, row=str(one.id))
    return ProxyPage(identity.name if identity else NAME_IS_ERASED, rows, texts["holder_name"], texts["note"])


def _end(connection: Connection, *which: sa.ColumnElement[bool], at: datetime, by: UUID) -> None:
    standing = (mandates.c.kind == MandateKind.PROXY.value, mandates.c.ended_at.is_(None))
    connection.execute(sa.update(mandates).where(*which, *standing).values(ended_at=at, ended_by=by))


def _log(
    services: Services, connection: Connection, mandate_id: UUID, person_id: UUID, what: str, *, as_: Staff | Patient
) -> None:
    purpose = Purpose.CARE if isinstance(as_, Staff) else Purpose.OWN_ACCESS
    access = Access(Activity.WRITE, purpose, "mandate", mandate_id, person_id, reason=what)
    record_access(connection, services.clock, [access], by=as_)
