"""Opening a patient's answers at another unit of the same provider, with a reason.

It takes one of three grounds, words, and a row that is never changed; it lasts twelve hours, and everything read under
it is logged as an emergency opening. It is reading and nothing else: no receipt is made by it, so no register gets
anything by it either.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.answering.queries import Response, response
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.records import emergency_accesses
from survey_service.delivery.rules import Ground
from survey_service.delivery.use_cases import caring, own_response
from survey_service.errors import AccessDenied, BadInput, OtherUnits
from survey_service.foundation.db import insert_if_new
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.privacy.queries import is_blocked

LASTS = timedelta(hours=12)
LONGEST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a code and in words. ``request_id`` is made with the form: sent twice it opens once."""

    request_id: UUID
    ground: Ground
    words: str = field(repr=False)


def readable_response(
    connection: Connection, services: Services, response_id: UUID, *, as_: Staff
) -> tuple[Response, Ground | None]:
    """The response, and the ground on which it is open where it is another unit's.

    Raises ``OtherUnits`` for one that a reason would open, ``AccessDenied`` for any else.
    """
    now = services.clock()
    try:
        return own_response(connection, response_id, as_=as_, now=now), None
    except OtherUnits:
        found = response(connection, response_id)
        ground = None if found is None else _ground_in_force(connection, found, as_=as_, now=now)
        if found is None or ground is None:
            raise
        return found, ground


def look_before_opening(services: Services, response_id: UUID, *, as_: Staff) -> bool | None:
    """Whether the patient has blocked the response; None where no reason is needed. Logged. Raises ``AccessDenied``."""
    with services.db.transaction(as_=as_) as connection:
        try:
            readable_response(connection, services, response_id, as_=as_)
        except OtherUnits:
            found = _there(connection, services, response_id, as_=as_)
            seen = Access(Activity.READ, Purpose.CARE, "block", found.id, found.person_id)
            record_access(connection, services.clock, [seen], by=as_)
            return is_blocked(connection, response_id)
    return None


def open_with_reason(services: Services, response_id: UUID, reason: Reason, *, as_: Staff) -> None:
    """Open the patient's responses to this member of staff for twelve hours. Harmless when repeated.

    Raises ``AccessDenied`` for another provider's and for who is not in care, ``BadInput`` for what opens nothing.
    """
    words = reason.words.strip()
    if not words or len(words) > LONGEST_WORDS:
        sentence = "Write in a few words why."
        raise BadInput("Write in a few words why.", fields={"words": sentence})
    with services.db.transaction(as_=as_) as connection:
        found = _there(connection, services, response_id, as_=as_)
    cipher = services.keys.cipher(found.person_id)
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        blocked = is_blocked(connection, found.id)
        if blocked and reason.ground is Ground.CARE:
            sentence = "The patient has blocked these answers. It takes the patient's consent, or an emergency."
            raise BadInput(
                "The patient has blocked these answers. It takes the patient's consent, or an emergency.",
                fields={"ground": sentence},
            )
        row = {
            "id": reason.request_id,
            "provider_id": found.provider_id,
            "person_id": found.person_id,
            "response_id": found.id,
            "unit_id": as_.unit_id,
            "staff_id": as_.staff_id,
            "ground": reason.ground.value,
            "was_blocked": blocked,
            "reason_sealed": cipher.seal(
                words, table="emergency_accesses", column="reason", row=str(reason.request_id)
            ),
            "granted_at": now,
            "expires_at": now + LASTS,
        }
        if insert_if_new(connection, upsert(emergency_accesses).values(row).on_conflict_do_nothing()):
            opened = Access(
                Activity.EMERGENCY, Purpose.CARE, "emergency_access", found.id, found.person_id, reason=reason.ground
            )
            record_access(connection, services.clock, [opened], by=as_)


def _there(connection: Connection, services: Services, response_id: UUID, *, as_: Staff) -> Response:
    """Any response of the provider, for somebody in care."""
    caring(connection, as_, services.clock())
    found = response(connection, response_id)
    if found is None:
        raise AccessDenied
    return found


def ground_about(connection: Connection, person_id: UUID, *, as_: Staff, now: datetime) -> Ground | None:
    """The strongest ground on which this member of staff, at this unit, reads the patient's answers elsewhere now."""
    one = emergency_accesses.c
    grounds = set(
        connection.execute(
            sa.select(one.ground).where(
                one.staff_id == as_.staff_id,
                one.unit_id == as_.unit_id,
                one.person_id == person_id,
                one.granted_at <= now,
                one.expires_at > now,
            )
        ).scalars()
    )
    return next((ground for ground in (Ground.CONSENT, Ground.EMERGENCY, Ground.CARE) if ground in grounds), None)


def _ground_in_force(connection: Connection, found: Response, *, as_: Staff, now: datetime) -> Ground | None:
    """The ground that opens it now: taking part in care opens nothing that is blocked meanwhile."""
    ground = ground_about(connection, found.person_id, as_=as_, now=now)
    return None if ground is Ground.CARE and is_blocked(connection, found.id) else ground
