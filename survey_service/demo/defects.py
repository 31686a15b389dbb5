"""What a real population is like: an operation is moved, somebody dies, somebody is the wrong patient, one is ordered
twice, two knees.

Beside the missing and late answers, the patients in two protocols and the unread responses of `population`. The same
ones every time.
"""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from survey_service.demo.people import made_up_patients
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.changing import EventKind, Why, apply_replan, record_event, standing_occasions
from survey_service.scheduling.queries import protocol_of_enrolment
from survey_service.scheduling.records import enrolments
from survey_service.scheduling.replanning import replan
from survey_service.scheduling.rules import BodySide, EnrolmentState, all_occasions
from survey_service.scheduling.use_cases import Order, enrol_patient

# What record systems show in place of a name that is protected.
PROTECTED_NAME = "Skyddade personuppgifter"
LANGUAGES = ("fi", "ar", "sv_simple")


def add_defects(services: Services, staff: Staff, protocol_id: UUID, *, after: int) -> None:
    """Enrol eight more, of whom something is out of the ordinary; ``after`` are in the population already."""
    people = made_up_patients(after + 8)[after:]
    moved, deceased, wrong, protected, duplicated, *others = people
    for _ in range(2):  # two lists had the same patient
        _enrol(services, staff, duplicated, protocol_id)
    _move(services, staff, moved, _enrol(services, staff, moved, protocol_id))
    _end(services, staff, deceased, _enrol(services, staff, deceased, protocol_id), why=Why.DIED)
    _end(services, staff, wrong, _enrol(services, staff, wrong, protocol_id), why=Why.WRONG_PATIENT)
    hidden = Identity(protected.number, PROTECTED_NAME, None, None, protected.locale)
    _enrol(services, staff, hidden, protocol_id)
    for identity, language in zip(others, LANGUAGES, strict=True):
        reader = Identity(identity.number, identity.name, identity.email, None, language)
        for side in (BodySide.LEFT, BodySide.RIGHT) if language == LANGUAGES[0] else (BodySide.RIGHT,):
            _enrol(services, staff, reader, protocol_id, side=side)


def _enrol(
    services: Services, staff: Staff, identity: Identity, protocol_id: UUID, *, side: BodySide | None = None
) -> UUID:
    order = Order(
        identity=identity,
        protocol_id=protocol_id,
        anchor_date=local_day(services.clock()) + timedelta(days=6),
        care_contact="Operation",
        request_id=new_id(),
        side=side,
    )
    return enrol_patient(services, order, as_=staff)


def _move(services: Services, staff: Staff, identity: Identity, enrolment_id: UUID) -> None:
    """The operation is put off by three weeks."""
    anchor = local_day(services.clock()) + timedelta(days=27)
    _change(
        services, staff, identity, enrolment_id, why=Why.EVENT_MOVED, kind=EventKind.EVENT_MOVED, anchor_date=anchor
    )


def _end(services: Services, staff: Staff, identity: Identity, enrolment_id: UUID, *, why: Why) -> None:
    if why is Why.DIED:
        _change(services, staff, identity, enrolment_id, why=why, kind=EventKind.DIED, state=EnrolmentState.ENDED)
    else:
        _change(services, staff, identity, enrolment_id, why=why, kind=EventKind.VOIDED, state=EnrolmentState.VOIDED)


def _change(
    services: Services,
    staff: Staff,
    identity: Identity,
    enrolment_id: UUID,
    *,
    why: Why,
    kind: EventKind,
    anchor_date: date | None = None,
    state: EnrolmentState = EnrolmentState.ACTIVE,
) -> None:
    person_id = find_person(services, identity.number)
    assert person_id is not None
    reason = "Fel person valdes i listan." if kind is EventKind.VOIDED else None
    with services.db.transaction(as_=staff) as connection:
        protocol = protocol_of_enrolment(connection, enrolment_id)
        assert protocol is not None
        planned = () if anchor_date is None else all_occasions(protocol, anchor_date)
        values = {"state": state} if anchor_date is None else {"anchor_date": anchor_date}
        found = replan(planned, standing_occasions(connection, enrolment_id), services.clock())
        apply_replan(
            connection, services, found, protocol, enrolment_id=enrolment_id, person_id=person_id, why=why, as_=staff
        )
        connection.execute(sa.update(enrolments).where(enrolments.c.id == enrolment_id).values(**values))
        record_event(
            connection, services, kind, enrolment_id=enrolment_id, person_id=person_id, as_=staff, reason=reason
        )
