"""Reminding a patient at the unit's wish, noting why somebody did not answer, and in which language to write."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.message import Format
from survey_service.answering.queries import unanswered_tasks
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Patient, Staff
from survey_service.foundation.services import Services
from survey_service.languages.queries import has_interface
from survey_service.notifying.records import contact_choices, non_responses, reminders
from survey_service.scheduling.enrolling import end_at_death
from survey_service.scheduling.queries import Occasion
from survey_service.scheduling.rules import SEND_JOB
from survey_service.scheduling.use_cases import own_occasion


class NonResponse(StrEnum):
    """Why somebody did not answer, as far as the unit knows."""

    DECLINED = "declined"
    TOO_ILL = "too_ill"
    DIED = "died"
    MOVED = "moved"
    LANGUAGE = "language"
    OTHER = "other"


def remind(services: Services, occasion_id: UUID, *, as_: Staff) -> bool:
    """Send the invitation once more; False when it has been done today. What is then due is looked at again.

    Raises ``AccessDenied`` for another unit's, ``BadInput`` for what is answered or not open.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = own_occasion(connection, occasion_id, as_=as_, now=services.clock())
        if not found.is_open(now) or not unanswered_tasks(connection, found.id):
            raise BadInput("There is nothing left to answer, or the time for it is over.")
        is_new = insert_if_new(
            connection,
            upsert(reminders)
            .values(
                id=new_id(),
                provider_id=found.provider_id,
                person_id=found.person_id,
                occasion_id=found.id,
                day=local_day(now),
                staff_id=as_.staff_id,
                at=now,
            )
            .on_conflict_do_nothing(index_elements=["occasion_id", "day"]),
        )
        if is_new:
            enqueue(connection, SEND_JOB)
            _log(connection, services, "reminder", found, as_)
    return is_new


def note_non_response(
    services: Services, occasion_id: UUID, reason: NonResponse, request_id: UUID, *, as_: Staff
) -> None:
    """Note why it is not answered. The latest counts; the same form twice is one note.

    That the patient has died is recorded as a death: nothing more is asked by any unit.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_occasion(connection, occasion_id, as_=as_, now=services.clock())
        is_new = insert_if_new(
            connection,
            upsert(non_responses)
            .values(
                id=new_id(),
                provider_id=found.provider_id,
                person_id=found.person_id,
                occasion_id=found.id,
                reason=reason,
                staff_id=as_.staff_id,
                request_id=request_id,
                at=services.clock(),
            )
            .on_conflict_do_nothing(index_elements=["request_id"]),
        )
        if is_new:
            _log(connection, services, "non_response", found, as_)
            if reason is NonResponse.DIED:
                end_at_death(connection, services, found.enrolment_id, as_=as_)


def offered_ways(services: Services) -> dict[str, Format]:
    """The channels on offer, by name, with what costs paper last."""
    found = {one.kind: one.channel.format for one in services.gateways}
    return dict(sorted(found.items(), key=lambda pair: pair[1] is Format.LETTER))


def write_in_language(services: Services, locale: str, *, as_: Patient) -> None:
    """From now on the patient is written to in this language, in the ways that stand. Harmless when repeated.

    Raises ``BadInput`` for a language that nobody can write in.
    """
    with services.db.transaction(as_=as_) as connection:
        if not has_interface(connection, locale):
            raise BadInput("There are no messages in that language.")
        row = {"locale": locale, "chosen_at": services.clock()}
        connection.execute(
            upsert(contact_choices)
            # Who has chosen nothing is written to in every way that there is.
            .values(person_id=as_.person_id, channels=list(offered_ways(services)), **row)
            .on_conflict_do_update(index_elements=["person_id"], set_=row)
        )
        access = Access(Activity.WRITE, Purpose.OWN_ACCESS, "contact_choices", as_.person_id, as_.person_id)
        record_access(connection, services.clock, [access], by=as_)


def _log(connection: Connection, services: Services, what: str, found: Occasion, as_: Staff) -> None:
    access = Access(Activity.WRITE, Purpose.CARE, what, found.id, found.person_id)
    record_access(connection, services.clock, [access], by=as_)
