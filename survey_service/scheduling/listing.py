"""Enrolling from a list, row by row: first looked at, then applied; and again, without anybody twice.

Each row is a use case of its own, in its own transaction: one that is refused stops no other. The request of a row is
derived from what it says, so a file that comes again, or was broken off, finds what is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from survey_service.errors import BadInput, Conflict, SurveyServiceError, mark
from survey_service.foundation.crypto import digest_identity
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.people.use_cases import find_person
from survey_service.scheduling.enrolling import NewEvent, end, move_event, preview_move
from survey_service.scheduling.lists import EventState, Line, ListedPatient, request_of_row
from survey_service.scheduling.queries import (
    Enrolment,
    PublishedProtocol,
    enrolments_of_requests,
    published_protocols,
)
from survey_service.scheduling.rules import EnrolmentState
from survey_service.scheduling.use_cases import Order, enrol_patient, look_at_order

# What a list says when an event is cancelled; a person writes reasons of their own.
CANCELLED = "Inställd enligt listan"


class RowOutcome(StrEnum):
    """What becomes of a row."""

    ACCEPTED = "accepted"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ALREADY_THERE = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowReport:
    """A row's number in the file, what becomes of it, and why where it is refused. It names nobody."""

    line: int
    outcome: RowOutcome
    why: str = ""
    values: Mapping[str, str] | None = None
    enrolment_id: UUID | None = None


def protocol_called(services: Services, code: str, *, as_: Staff) -> PublishedProtocol:
    """The provider's protocol of that code. Raises ``BadInput``."""
    with services.db.transaction(as_=as_) as connection:
        for one in published_protocols(connection):
            if one.protocol.code == code:
                return one
    raise BadInput("That protocol is not one of yours.", fields={"protocol": mark("Choose a protocol.")})


def enrol_list(
    services: Services, lines: list[Line], protocol: PublishedProtocol, *, apply: bool, as_: Staff
) -> Iterator[RowReport]:
    """Say of each row what becomes of it, and, with ``apply``, do it. Read to its end, or what follows is not done."""
    known = _known(services, lines, protocol, as_=as_)
    for line in lines:
        if line.patient is None:
            yield RowReport(line.number, RowOutcome.REFUSED, line.why)
            continue
        request_id = _request(services, line.patient, protocol, as_=as_)
        try:
            yield _row(services, line, protocol, request_id, known.get(request_id), apply=apply, as_=as_)
        except SurveyServiceError as refused:
            fields = refused.fields if isinstance(refused, BadInput) else {}
            why = next(iter(fields.values()), refused.sentence)
            yield RowReport(line.number, RowOutcome.REFUSED, why, refused.values)


def _row(
    services: Services,
    line: Line,
    protocol: PublishedProtocol,
    request_id: UUID,
    there: Enrolment | None,
    *,
    apply: bool,
    as_: Staff,
) -> RowReport:
    row = line.patient
    assert row is not None  # those that could not be read were refused before
    person_id = find_person(services, row.identity.number)
    if there is not None:
        if there.person_id != person_id:
            raise Conflict("This event is another patient's here. Nothing was changed.")
        return _again(services, line, row, there, apply=apply, as_=as_)
    if row.state is EventState.CANCELLED:
        return RowReport(line.number, RowOutcome.ALREADY_THERE)  # nothing was ever ordered for it
    order = Order(
        identity=row.identity,
        protocol_id=protocol.id,
        anchor_date=row.anchor_date,
        care_contact=row.care_contact,
        request_id=request_id,
        procedure_id=row.procedure_id,
        side=row.side,
    )
    if apply:
        return RowReport(line.number, RowOutcome.ACCEPTED, enrolment_id=enrol_patient(services, order, as_=as_))
    look_at_order(services, order, as_=as_)
    return RowReport(line.number, RowOutcome.ACCEPTED)


def _again(
    services: Services, line: Line, row: ListedPatient, there: Enrolment, *, apply: bool, as_: Staff
) -> RowReport:
    """A row whose order is there: it stands, it moves with its event, or it is cancelled."""
    if there.unit_id != as_.unit_id:
        raise Conflict("Another unit has taken this enrolment over.")
    if row.state is EventState.CANCELLED:
        if there.state in (EnrolmentState.ENDED, EnrolmentState.VOIDED):
            return RowReport(line.number, RowOutcome.ALREADY_THERE, enrolment_id=there.id)
        if apply:
            end(services, there.id, CANCELLED, as_=as_)
        return RowReport(line.number, RowOutcome.CANCELLED, enrolment_id=there.id)
    event = NewEvent(row.anchor_date, row.procedure_id, row.side)
    if (there.anchor_date, there.procedure_id, there.side) == (event.anchor_date, event.procedure_id, event.side):
        return RowReport(line.number, RowOutcome.ALREADY_THERE, enrolment_id=there.id)
    if not row.event_id:
        raise Conflict("The patient is enrolled already, with another date or side. Move it there.")
    if apply:
        move_event(services, there.id, event, as_=as_)
    else:
        preview_move(services, there.id, event, as_=as_)
    return RowReport(line.number, RowOutcome.MOVED, enrolment_id=there.id)


def _known(
    services: Services, lines: list[Line], protocol: PublishedProtocol, *, as_: Staff
) -> Mapping[UUID, Enrolment]:
    requests = [_request(services, line.patient, protocol, as_=as_) for line in lines if line.patient is not None]
    with services.db.transaction(as_=as_) as connection:
        return enrolments_of_requests(connection, requests)


def _request(services: Services, row: ListedPatient, protocol: PublishedProtocol, *, as_: Staff) -> UUID:
    digest = digest_identity(row.identity.number, key=services.settings.identity_key).hex()
    return request_of_row(as_.provider_id, protocol.protocol.code, row, digest)
