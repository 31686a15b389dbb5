"""What the unit does about a response: hands it over, writes about it, gets in touch; and the day's list."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import colleagues
from survey_service.answering.queries import Response
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import whereabouts
from survey_service.delivery.records import clinic_lists, hand_overs, staff_notes
from survey_service.delivery.rules import ContactWay
from survey_service.delivery.use_cases import caring, own_response
from survey_service.errors import BadInput, mark
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.people.rules import parse_identity_number
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import followed_people

LONGEST_NOTE = 2000
# A clinic's day; more is a file that was pasted by mistake.
MOST_ON_LIST = 200


@dataclass(frozen=True, slots=True)
class Contact:
    """How the patient was reached, and when."""

    way: ContactWay
    at: datetime


def hand_over(services: Services, response_id: UUID, *, to_staff_id: UUID | None, request_id: UUID, as_: Staff) -> None:
    """Let a colleague at the unit take care of the response, or (None) give it back to the unit.

    The same form twice is one. Raises ``AccessDenied`` for another unit's, ``BadInput`` for who does not work there.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_, now=services.clock())
        if to_staff_id is not None and to_staff_id not in colleagues(connection, as_.unit_id, services.clock()):
            raise BadInput("Choose somebody who works at the unit.")
        is_new = insert_if_new(
            connection,
            upsert(hand_overs)
            .values(to_staff_id=to_staff_id, **_owned(services, found, request_id, as_))
            .on_conflict_do_nothing(index_elements=["request_id"]),
        )
        if is_new:
            _log(connection, services, "hand_over", found, as_)


def write_note(
    services: Services, response_id: UUID, text: str, contact: Contact | None, *, request_id: UUID, as_: Staff
) -> None:
    """Write about the response to colleagues, or (with ``contact``) that the patient was reached; then text may lack.

    Sealed under the person's key, and for staff only. Raises ``AccessDenied`` for another unit's, ``BadInput`` for
    what nobody has opened, for an empty or too long note, and for a contact that is yet to come.
    """
    written = text.strip()
    if len(written) > LONGEST_NOTE or (contact is None and not written):
        sentence = mark("Write something, and at most 2,000 characters.")
        raise BadInput("Write something, and at most 2,000 characters.", fields={"note": sentence})
    if contact is not None and contact.at > services.clock() + timedelta(minutes=5):
        raise BadInput("Write when it was.", fields={"contact_at": mark("Write when it was.")})
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_, now=services.clock())
        if whereabouts(connection, [found.id], at_unit=as_.unit_id)[found.id].read_at is None:
            raise BadInput("Open the response before you write about it.")
    owned = _owned(services, found, request_id, as_)
    cipher = services.keys.cipher(found.person_id)
    sealed = cipher.seal(written, table="staff_notes", column="text", row=str(owned["id"])) if written else None
    with services.db.transaction(as_=as_) as connection:
        is_new = insert_if_new(
            connection,
            upsert(staff_notes)
            .values(
                kind="contact" if contact else "comment",
                way=contact.way if contact else None,
                contact_at=contact.at if contact else None,
                text_sealed=sealed,
                **owned,
            )
            .on_conflict_do_nothing(index_elements=["request_id"]),
        )
        if is_new:
            _log(connection, services, "note", found, as_)


def put_on_todays_list(services: Services, numbers: Collection[str], *, as_: Staff) -> int:
    """Put the unit's patients with these personal numbers on its list for today.

    Returns how many of the numbers were left out: they cannot be read, or are of nobody whom the unit follows. That
    another unit does is not told.
    """
    if len(numbers) > MOST_ON_LIST:
        raise BadInput("At most 200 numbers at a time.", fields={"numbers": mark("At most 200 numbers at a time.")})
    found = {person_id for text in numbers if (person_id := _person(services, text))}
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights = caring(connection, as_, now)
        known = sorted(followed_people(connection, found, as_.unit_id, protocols=rights.protocols))
        rows = [
            {
                "unit_id": as_.unit_id,
                "day": local_day(now),
                "person_id": person_id,
                "provider_id": as_.provider_id,
                "staff_id": as_.staff_id,
                "at": now,
            }
            for person_id in known
        ]
        if rows:
            connection.execute(upsert(clinic_lists).on_conflict_do_nothing(), rows)
            accesses = [Access(Activity.WRITE, Purpose.CARE, "clinic_list", None, one) for one in known]
            record_access(connection, services.clock, accesses, by=as_)
    return len(numbers) - len(known)


def _person(services: Services, text: str) -> UUID | None:
    try:
        return find_person(services, parse_identity_number(text))
    except BadInput:
        return None


def _owned(services: Services, found: Response, request_id: UUID, as_: Staff) -> dict[str, object]:
    return {
        "id": new_id(),
        "response_id": found.id,
        "provider_id": found.provider_id,
        "person_id": found.person_id,
        "unit_id": as_.unit_id,
        "staff_id": as_.staff_id,
        "request_id": request_id,
        "at": services.clock(),
    }


def _log(connection: Connection, services: Services, what: str, found: Response, as_: Staff) -> None:
    access = Access(Activity.WRITE, Purpose.CARE, what, found.id, found.person_id)
    record_access(connection, services.clock, [access], by=as_)
