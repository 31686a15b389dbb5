"""What becomes of an enrolment: its event moves, it pauses, ends, goes to another unit, or was for the wrong patient.

Only the unit that the enrolment is with changes it, or the provider's record system. Every change leaves an event that
says who and why; the database lets none pass without one. What is begun stays and can be finished.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.access.queries import all_units
from survey_service.answering.queries import Response, begun_occasions, responses_of_tasks
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.corrections import void_of_wrong_patient
from survey_service.delivery.queries import units_sharing
from survey_service.errors import BadInput, Conflict, mark
from survey_service.foundation.clock import local_day
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff, SystemAtUnit
from survey_service.foundation.services import Services
from survey_service.people.use_cases import change_addresses
from survey_service.scheduling.changing import EventKind, Why, apply_replan, record_event, standing_occasions
from survey_service.scheduling.queries import (
    Enrolment,
    enrolment,
    has_died,
    occasions_of_enrolment,
    protocol_of_enrolment,
    tasks_of,
)
from survey_service.scheduling.records import enrolments, occasions
from survey_service.scheduling.replanning import Replan, replan
from survey_service.scheduling.rules import SEND_JOB, BodySide, CareProtocol, EnrolmentState, all_occasions
from survey_service.scheduling.use_cases import own_enrolment, principal_of

LONGEST_REASON = 500
# As for an order: a date further away than this is a slip of the finger.
_FURTHEST = timedelta(days=366 * 3)

Changer = Staff | SystemAtUnit


@dataclass(frozen=True, slots=True)
class NewEvent:
    """The event that the plan is counted from, as it is to be: its date, and what is done where."""

    anchor_date: date
    procedure_id: str | None = None
    side: BodySide | None = None


@dataclass(frozen=True, slots=True)
class Voided:
    """What came of voiding: how many responses were voided, and those given to other units, which have to void them."""

    here: int
    elsewhere: Sequence[Response]


def preview_move(services: Services, enrolment_id: UUID, event: NewEvent, *, as_: Changer) -> Replan:
    """What ``move_event`` would do, which writes nothing. Raises as it does."""
    with services.db.transaction(as_=principal_of(as_)) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        _refuse_move(connection, services, found, event)
        return _replanned(connection, services, found, event.anchor_date)[1]


def move_event(services: Services, enrolment_id: UUID, event: NewEvent, *, as_: Changer) -> bool:
    """Count from another date, for what is not begun; returns whether anything changed. The same again changes nothing.

    Raises ``AccessDenied`` for another unit's, ``Conflict`` for one that is over, ``BadInput`` for a date too far away,
    or another side when answers have been given about the one that is named.
    """
    with services.db.transaction(as_=principal_of(as_)) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        _refuse_move(connection, services, found, event)
        now = (found.anchor_date, found.procedure_id, found.side)
        if now == (event.anchor_date, event.procedure_id, event.side):
            return False
        protocol, change = _replanned(connection, services, found, event.anchor_date)
        values = {"anchor_date": event.anchor_date, "procedure_id": event.procedure_id, "side": event.side}
        _update(connection, found, **values)
        apply_replan(
            connection,
            services,
            change,
            protocol,
            enrolment_id=found.id,
            person_id=found.person_id,
            why=Why.EVENT_MOVED,
            as_=as_,
        )
        detail = {
            "from": {"date": found.anchor_date.isoformat(), "procedure": found.procedure_id, "side": found.side},
            "to": {"date": event.anchor_date.isoformat(), "procedure": event.procedure_id, "side": event.side},
        }
        _tell(connection, services, found, EventKind.EVENT_MOVED, as_=as_, detail=detail)
    return True


def enter_addresses(
    services: Services, enrolment_id: UUID, *, email: str | None, phone: str | None, as_: Staff
) -> None:
    """Where the provider writes to the patient, in place of what it knew."""
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock())
        _refuse_over(found)
    cipher = services.keys.cipher(found.person_id)
    with services.db.transaction(as_=as_) as connection:
        change_addresses(connection, found.provider_id, found.person_id, cipher, email=email, phone=phone)
        access = Access(Activity.WRITE, Purpose.CARE, "addresses", enrolment_id, found.person_id)
        record_access(connection, services.clock, [access], by=as_)


def pause(services: Services, enrolment_id: UUID, *, as_: Changer) -> None:
    """Ask nothing new until it is resumed. What is begun can be finished. Harmless when repeated."""
    with services.db.transaction(as_=principal_of(as_)) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        if found.state is EnrolmentState.PAUSED:
            return
        _refuse_over(found)
        _update(connection, found, state=EnrolmentState.PAUSED)
        _tell(connection, services, found, EventKind.PAUSED, as_=as_)


def resume(services: Services, enrolment_id: UUID, *, as_: Changer) -> None:
    """Go on asking; who is to be asked now is told. What closed meanwhile stays unasked. Harmless when repeated."""
    now = services.clock()
    with services.db.transaction(as_=principal_of(as_)) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        if found.state is EnrolmentState.ACTIVE:
            return
        _refuse_over(found)
        _update(connection, found, state=EnrolmentState.ACTIVE)
        _tell(connection, services, found, EventKind.RESUMED, as_=as_)
        if any(one.is_open(now) for one in occasions_of_enrolment(connection, found.id)):
            enqueue(connection, SEND_JOB)


def end(services: Services, enrolment_id: UUID, reason: str, *, as_: Changer) -> None:
    """Ask nothing more but what is begun. Raises ``BadInput`` without a reason. Harmless when repeated."""
    written = _checked_reason(reason)
    with services.db.transaction(as_=principal_of(as_)) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        if found.state is EnrolmentState.ENDED:
            return
        _refuse_over(found)
        _close(connection, services, found, EnrolmentState.ENDED, EventKind.ENDED, Why.ENDED, as_=as_, reason=written)


def transfer(services: Services, enrolment_id: UUID, unit_id: UUID, *, as_: Staff) -> None:
    """Hand the enrolment to another unit of the provider. What is begun or answered stays where it was asked.

    Raises ``BadInput`` for a unit that is not the provider's, or the one that it is with already.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        _refuse_over(found)
        unit = all_units(connection).get(unit_id)
        if unit is None or unit.provider_id != found.provider_id or unit_id == found.unit_id:
            sentence = "Choose another unit of your care provider."
            raise BadInput("Choose another unit of your care provider.", fields={"unit": sentence})
        own = sa.select(occasions.c.id).where(occasions.c.enrolment_id == found.id).with_for_update()
        every = list(connection.execute(own).scalars())
        waiting = set(every) - begun_occasions(connection, every)
        connection.execute(sa.update(occasions).where(occasions.c.id.in_(waiting)).values(unit_id=unit_id))
        _update(connection, found, unit_id=unit_id)
        detail = {"from": str(found.unit_id), "to": str(unit_id), "begun": len(every) - len(waiting)}
        _tell(connection, services, found, EventKind.TRANSFERRED, as_=as_, detail=detail)


def record_death(services: Services, enrolment_id: UUID, *, as_: Staff) -> int:
    """End every enrolment of the patient at the provider, at every unit; returns how many. Nobody is asked any more."""
    with services.db.transaction(as_=as_) as connection:
        return end_at_death(connection, services, enrolment_id, as_=as_)


def end_at_death(connection: Connection, services: Services, enrolment_id: UUID, *, as_: Staff) -> int:
    """``record_death`` as a part of the caller's transaction."""
    known = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
    # Whoever is enrolling the patient at this moment is waited for, or waits (``refuse_enrolling_the_dead``).
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtextextended('death' || CAST(:person AS text), 0))"),
        {"person": str(known.person_id)},
    )
    query = sa.select(enrolments.c.id).where(
        enrolments.c.person_id == known.person_id,
        enrolments.c.state.in_([EnrolmentState.ACTIVE, EnrolmentState.PAUSED]),
    )
    ended = 0
    for one in connection.execute(query.order_by(enrolments.c.id)).scalars().all():
        found = enrolment(connection, one, lock=True)
        assert found is not None  # seen a moment ago, and enrolments are never removed
        if found.state in (EnrolmentState.ACTIVE, EnrolmentState.PAUSED):
            _close(connection, services, found, EnrolmentState.ENDED, EventKind.DIED, Why.DIED, as_=as_)
            ended += 1
    if not ended and not has_died(connection, known.person_id):
        _tell(connection, services, known, EventKind.DIED, as_=as_)
    return ended


def withdraw_death(services: Services, enrolment_id: UUID, reason: str, *, as_: Staff) -> None:
    """Say that a death was recorded by mistake: the patient can be enrolled again. What ended stays ended.

    Harmless when repeated. Raises ``BadInput`` without a reason.
    """
    written = _checked_reason(reason)
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        if has_died(connection, found.person_id):
            _tell(connection, services, found, EventKind.DEATH_WITHDRAWN, as_=as_, reason=written)


def void_enrolment(services: Services, enrolment_id: UUID, reason: str, *, as_: Staff) -> Voided:
    """Say that it was for the wrong patient. Nothing of it is asked again, and nothing is moved to anybody else.

    The responses that the unit has are voided with it; those that another unit has are named, for that unit to void.
    Harmless when repeated. Raises ``BadInput`` without a reason.
    """
    written = _checked_reason(reason)
    with services.db.transaction(as_=as_) as connection:
        person_id = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True).person_id
    ciphers = services.keys.ciphers([person_id])

    def work(connection: Connection) -> Voided:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=services.clock(), lock=True)
        every = [one.id for one in occasions_of_enrolment(connection, found.id)]
        given = responses_of_tasks(connection, [task.id for task in tasks_of(connection, every)]).values()
        elsewhere = [one for one in given if one.unit_id != as_.unit_id]
        if found.state is EnrolmentState.VOIDED:
            return Voided(0, elsewhere)
        # What answers another order too is that patient's own, and stays.
        own = [one for one in given if one.unit_id == as_.unit_id and not units_sharing(connection, one.id)]
        here = void_of_wrong_patient(connection, services, own, written, ciphers=ciphers, as_=as_)
        detail = {"voided": here, "elsewhere": sorted({str(one.unit_id) for one in elsewhere})}
        _close(
            connection,
            services,
            found,
            EnrolmentState.VOIDED,
            EventKind.VOIDED,
            Why.WRONG_PATIENT,
            as_=as_,
            reason=written,
            detail=detail,
        )
        return Voided(here, elsewhere)

    return services.db.run(work, as_=as_)


def _refuse_over(found: Enrolment) -> None:
    if found.state in (EnrolmentState.ENDED, EnrolmentState.VOIDED):
        raise Conflict("This enrolment is over. Make a new one if the patient is to be asked again.")


def _refuse_move(connection: Connection, services: Services, found: Enrolment, event: NewEvent) -> None:
    _refuse_over(found)
    if abs(event.anchor_date - local_day(services.clock())) > _FURTHEST:
        sentence = mark("Choose a date within three years from today.")
        raise BadInput("The date is too far away.", fields={"anchor_date": sentence})
    if event.side == found.side:
        return
    every = [one.id for one in occasions_of_enrolment(connection, found.id)]
    if begun_occasions(connection, every):
        raise BadInput(
            "Answers have been given about the side that is named.",
            fields={"side": mark("Answers have been given about this side. End the enrolment, and make a new one.")},
        )


def _replanned(
    connection: Connection, services: Services, found: Enrolment, anchor: date
) -> tuple[CareProtocol, Replan]:
    protocol = protocol_of_enrolment(connection, found.id)
    assert protocol is not None  # its key says that the version is there
    standing = standing_occasions(connection, found.id)
    return protocol, replan(all_occasions(protocol, anchor), standing, services.clock())


def _close(
    connection: Connection,
    services: Services,
    found: Enrolment,
    state: EnrolmentState,
    kind: EventKind,
    why: Why,
    *,
    as_: Changer,
    reason: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Withdraw what is not begun, and say that it is over."""
    protocol = protocol_of_enrolment(connection, found.id)
    assert protocol is not None
    nothing = replan([], standing_occasions(connection, found.id), services.clock())
    apply_replan(
        connection, services, nothing, protocol, enrolment_id=found.id, person_id=found.person_id, why=why, as_=as_
    )
    _update(connection, found, state=state)
    _tell(connection, services, found, kind, as_=as_, reason=reason, detail=detail)


def _update(connection: Connection, found: Enrolment, **values: object) -> None:
    connection.execute(sa.update(enrolments).where(enrolments.c.id == found.id).values(**values))


def _tell(
    connection: Connection,
    services: Services,
    found: Enrolment,
    kind: EventKind,
    *,
    as_: Changer,
    reason: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    record_event(
        connection,
        services,
        kind,
        enrolment_id=found.id,
        person_id=found.person_id,
        as_=as_,
        reason=reason,
        detail=detail,
    )
    changed = Access(Activity.WRITE, Purpose.CARE, "enrolment", found.id, found.person_id)
    record_access(connection, services.clock, [changed], by=principal_of(as_))


def _checked_reason(reason: str) -> str:
    written = " ".join(reason.split())
    if not written or len(written) > LONGEST_REASON or not written.isprintable():
        raise BadInput("Write in a few words why.", fields={"reason": "Write in a few words why."})
    return written
