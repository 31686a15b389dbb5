"""What the data protection officer sees: who opened another unit's answers, when, on which ground, and which ones;
which rights were changed; how often staff were refused.

No answer is in it, and no patient is named, but for one at a time, with a reason that is logged; the words are the
staff's own.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy import Connection

from survey_service.access.queries import all_units, commissions_of, rights_of, staff_names
from survey_service.access.rules import Right
from survey_service.audit.queries import denials, rights_changes
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.rules import Ground, NamingReason
from survey_service.errors import AccessDenied
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.csv_cells import no_formula
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients

Context = dict[str, Any]

_PAGE = 50
_LATE = timedelta(days=30)
_MOST_IN_FILE = 5000
_REPORT = sa.text("SELECT * FROM emergency_report(:at, :before, :limit)")


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening with a reason. ``words`` is None once the patient has been erased."""

    id: UUID
    staff_name: str
    unit_name: str
    ground: Ground
    was_blocked: bool
    granted_at: datetime
    words: str | None
    opened: Sequence[UUID]


def report(services: Services, *, before: datetime | None, as_: Staff) -> Context:
    """A page of the openings, the newest first. Raises ``AccessDenied`` for who is no data protection officer."""
    found = _openings(services, before=before, limit=_PAGE + 1, as_=as_)
    shown = found[:_PAGE]
    return {
        **_of_late(services, as_=as_),
        "reasons": [(reason.value, naming_reason_in_words(reason)) for reason in NamingReason],
        "openings": [
            {
                "id": one.id,
                "at": one.granted_at,
                "who": one.staff_name,
                "unit": one.unit_name,
                "ground": ground_in_words(one.ground),
                "was_blocked": one.was_blocked,
                "words": one.words,
                "opened": one.opened,
            }
            for one in shown
        ],
        "earlier": shown[-1].granted_at.isoformat() if len(found) > _PAGE else None,
    }


def name_of_patient(services: Services, opening_id: UUID, reason: NamingReason, *, as_: Staff) -> Context:
    """Who the patient of an opening is. Logged with the reason, and seen by the patient.

    Raises ``AccessDenied`` for what is no opening of the provider, and who is no data protection officer.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.OVERSEE)
        rows = _rows(connection, now, before=None, limit=_MOST_IN_FILE)
        person_id = next((row.person_id for row in rows if row.id == opening_id), None)
        if person_id is None:
            raise AccessDenied
        sealed = sealed_patients(connection, [person_id])
        named = Access(Activity.READ, Purpose.ADMINISTRATION, "identity", opening_id, person_id, reason=reason)
        record_access(connection, services.clock, [named], by=as_)
    identity = open_patients(services.keys, sealed).get(person_id)
    return {
        "name": identity.name if identity else NAME_IS_ERASED,
        "personal_number": f"{identity.number[:8]}-{identity.number[8:]}" if identity else NAME_IS_ERASED,
        "reason": naming_reason_in_words(reason),
    }


def naming_reason_in_words(reason: NamingReason) -> str:
    """In the language of the page."""
    words = {
        NamingReason.PATIENT_ASKS: gettext("The patient has asked"),
        NamingReason.REVIEW: gettext("A regular review"),
        NamingReason.SUSPICION: gettext("A suspicion that it was not lawful"),
    }
    return str(words[reason])


def _of_late(services: Services, *, as_: Staff) -> Context:
    """What became of rights, and what was refused, in the last thirty days."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.OVERSEE)
        changes = rights_changes(connection, now, since=now - _LATE, limit=_PAGE)
        refused = denials(connection, now, since=now - _LATE)
        given = {one.id: one for one in commissions_of(connection, limit=_MOST_IN_FILE)}
        names, units = staff_names(connection), all_units(connection)
    return {
        "changes": [
            {
                "at": one.at,
                "is_ended": one.what == "ended",
                "who": names[given[one.commission_id].staff_id],
                "unit": units[given[one.commission_id].unit_id].name,
                "role": given[one.commission_id].role.value,
                "by": names.get(one.staff_id) if one.staff_id else None,
            }
            for one in changes
            if one.commission_id in given
        ],
        "denied": sum(one.times for one in refused),
        "denials": [
            {
                "who": names.get(one.staff_id, ""),
                "unit": units[one.unit_id].name if one.unit_id else "",
                "page": one.page,
                "times": one.times,
            }
            for one in refused[:_PAGE]
        ],
    }


def as_csv(services: Services, *, as_: Staff) -> str:
    """The same as a file, the newest first. Codes, not words, so that it can be counted."""
    written = StringIO()
    rows = csv.writer(written)
    rows.writerow(["granted_at", "staff", "unit", "ground", "was_blocked", "words", "responses"])
    for one in _openings(services, before=None, limit=_MOST_IN_FILE, as_=as_):
        opened = " ".join(map(str, one.opened))
        texts = [one.staff_name, one.unit_name, one.ground.value, str(one.was_blocked).lower(), one.words or "", opened]
        rows.writerow([one.granted_at.isoformat(timespec="seconds"), *map(no_formula, texts)])
    return written.getvalue()


def ground_in_words(ground: Ground) -> str:
    """In the language of the page."""
    words = {
        Ground.CARE: gettext("I take part in the patient's care"),
        Ground.CONSENT: gettext("The patient has consented now"),
        Ground.EMERGENCY: gettext("It is an emergency, and the patient cannot be asked"),
    }
    return str(words[ground])


def _openings(services: Services, *, before: datetime | None, limit: int, as_: Staff) -> list[Opening]:
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights_of(connection, as_, now).require(Right.OVERSEE)
        rows = _rows(connection, now, before=before, limit=limit)
        names, units = staff_names(connection), all_units(connection)
        seen = Access(Activity.READ, Purpose.ADMINISTRATION, "oversight")
        record_access(connection, services.clock, [seen], by=as_)
    ciphers = services.keys.ciphers({row.person_id for row in rows})
    return [
        Opening(
            id=row.id,
            staff_name=names[row.staff_id],
            unit_name=units[row.unit_id].name,
            ground=Ground(row.ground),
            was_blocked=row.was_blocked,
            granted_at=row.granted_at,
            words=_words(ciphers, row),
            opened=row.opened,
        )
        for row in rows
    ]


def _rows(connection: Connection, now: datetime, *, before: datetime | None, limit: int) -> Sequence[sa.Row[Any]]:
    until = before or now + timedelta(seconds=1)
    return connection.execute(_REPORT, {"at": now, "before": until, "limit": limit}).all()


def _words(ciphers: Mapping[UUID, PersonCipher], row: sa.Row[Any]) -> str | None:
    cipher = ciphers.get(row.person_id)
    if cipher is None:
        return None
    return cipher.open(bytes(row.reason_sealed), table="emergency_accesses", column="reason", row=str(row.id))
