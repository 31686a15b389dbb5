"""What the page of an enrolment shows: the plan, what happened, and what a move would do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from survey_service.access.queries import all_units, staff_names
from survey_service.answering.queries import begun_occasions, completed_occasions
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, day, gettext
from survey_service.notifying.queries import messages_about, why_unreached
from survey_service.notifying.rules import UNREACHED_IN_WORDS
from survey_service.notifying.status_page import message_in_words
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.scheduling.changing import EventKind
from survey_service.scheduling.queries import (
    EnrolmentEvent,
    Occasion,
    Together,
    answered_together,
    events_of_enrolment,
    has_died,
    occasions_of_enrolment,
    protocol_of_enrolment,
)
from survey_service.scheduling.replanning import Replan
from survey_service.scheduling.rules import BodySide, EnrolmentState, in_language
from survey_service.scheduling.use_cases import own_enrolment

Context = dict[str, Any]


def enrolment_page(
    services: Services, enrolment_id: UUID, *, values: Mapping[str, str], errors: Mapping[str, str], as_: Staff
) -> Context:
    """Raises ``AccessDenied`` for another unit's. The reading is logged."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = own_enrolment(connection, enrolment_id, as_=as_, now=now)
        protocol = protocol_of_enrolment(connection, enrolment_id)
        assert protocol is not None  # its key says that the version is there
        occasions = occasions_of_enrolment(connection, enrolment_id)
        ids = [one.id for one in occasions]
        begun, completed = begun_occasions(connection, ids), completed_occasions(connection, ids)
        messages, unreached = messages_about(connection, ids), why_unreached(connection, ids)
        is_dead = has_died(connection, found.person_id)
        together = answered_together(connection, ids)
        events, names, units = (
            events_of_enrolment(connection, enrolment_id),
            staff_names(connection),
            all_units(connection),
        )
        sealed = sealed_patients(connection, [found.person_id])
        accesses = [Access(Activity.READ, Purpose.CARE, "enrolment", enrolment_id, found.person_id)]
        record_access(connection, services.clock, accesses, by=as_)
    identity = open_patients(services.keys, sealed).get(found.person_id)
    locale = current_locale()
    usual = {"anchor_date": found.anchor_date.isoformat(), "procedure_id": found.procedure_id or "", "side": found.side}
    usual |= {"email": identity.email, "phone": identity.phone} if identity else {}
    return {
        "enrolment_id": enrolment_id,
        "person_id": found.person_id,
        "patient_name": identity.name if identity else NAME_IS_ERASED,
        "protocol_name": in_language(protocol.names, locale),
        "care_contact": found.care_contact,
        "state": found.state.value,
        "is_over": found.state in (EnrolmentState.ENDED, EnrolmentState.VOIDED),
        "is_dead": is_dead,
        "event": {
            "date": day(found.anchor_date),
            "procedure": found.procedure_id,
            "side": side_in_words(found.side),
        },
        "occasions": [
            {
                "id": one.id,
                "title": in_language(one.titles, locale),
                "opens_at": one.opens_at,
                "due_at": one.due_at,
                "closes_at": one.last_moment,
                "status": _status(one, begun, completed),
                "can_be_handed_over": one.id not in completed
                and (one.is_open(now) or (one.id in begun and one.is_answerable(now))),
                "can_be_entered": one.id not in begun and one.is_enterable(now) and one.unit_id == as_.unit_id,
            }
            for one in occasions
        ],
        "told": [
            {
                "title": in_language(one.titles, locale),
                "unreached": gettext(UNREACHED_IN_WORDS[unreached[one.id]]) if one.id in unreached else None,
                "messages": [message_in_words(sent, may_send=False) for sent in messages.get(one.id, ())],
            }
            for one in occasions
            if one.id in messages or one.id in unreached
        ],
        "together": sorted({_told(one, units[one.unit_id].name) for one in together}),
        "events": [_event(one, names, {str(unit.id): unit.name for unit in units.values()}) for one in events],
        "units": sorted(
            (
                (unit.id, unit.name)
                for unit in units.values()
                if unit.provider_id == as_.provider_id and unit.id != as_.unit_id
            ),
            key=lambda unit: unit[1],
        ),
        "sides": sides(),
        "values": {**usual, **values},
        "errors": errors,
    }


def describe_move(change: Replan) -> Context:
    """The move as it would be applied."""
    locale = current_locale()
    return {
        "added": [{"title": in_language(one.plan.titles, locale), "due_at": one.due_at} for one in change.added],
        "moved": [
            {
                "title": in_language(one.planned.plan.titles, locale),
                "from": one.standing.due_at,
                "due_at": one.planned.due_at,
            }
            for one in change.moved
        ],
        "withdrawn": [{"title": one.code, "due_at": one.due_at} for one in change.withdrawn],
        "kept": len(change.kept),
    }


def side_in_words(side: str | None) -> str | None:
    """In the language of the page; None where no side was named."""
    words = {BodySide.LEFT: gettext("Left"), BodySide.RIGHT: gettext("Right"), BodySide.BOTH: gettext("Both sides")}
    return None if side is None else words[BodySide(side)]


def sides() -> list[tuple[str, str | None]]:
    return [("", gettext("Not stated")), *((side.value, side_in_words(side)) for side in BodySide)]


def _status(one: Occasion, begun: frozenset[UUID], completed: frozenset[UUID]) -> str:
    if one.id in completed:
        return gettext("Answered")
    if one.is_withdrawn:
        return gettext("Withdrawn")
    return gettext("Begun") if one.id in begun else gettext("Planned")


def _told(one: Together, unit_name: str) -> str:
    """Where the patient answers what two orders ask."""
    return gettext(
        "%(instrument)s is answered together with the order of %(unit)s.", instrument=one.instrument, unit=unit_name
    )


def _event(one: EnrolmentEvent, names: Mapping[UUID, str], units: Mapping[str, str]) -> Context:
    words = {
        EventKind.EVENT_MOVED: gettext("The event was moved"),
        EventKind.PROTOCOL_CHANGED: gettext("The protocol was changed"),
        EventKind.PAUSED: gettext("Paused"),
        EventKind.RESUMED: gettext("Resumed"),
        EventKind.ENDED: gettext("Ended"),
        EventKind.TRANSFERRED: gettext("Handed over to another unit"),
        EventKind.DIED: gettext("Ended: the patient has died"),
        EventKind.DEATH_WITHDRAWN: gettext("The patient has not died: that was a mistake"),
        EventKind.VOIDED: gettext("Void: the wrong patient"),
    }
    return {
        "words": words[EventKind(one.kind)],
        "at": one.at,
        "by": names.get(one.staff_id, "") if one.staff_id else gettext("The record system"),
        "reason": one.reason,
        "notes": _notes(one, units),
    }


def _notes(one: EnrolmentEvent, units: Mapping[str, str]) -> Sequence[str]:
    if one.kind == EventKind.EVENT_MOVED:
        return [f"{one.detail['from']['date']} → {one.detail['to']['date']}"]
    if one.kind == EventKind.TRANSFERRED:
        return [units.get(one.detail["to"], "")]
    if one.kind == EventKind.VOIDED and one.detail.get("elsewhere"):
        names = ", ".join(units.get(unit, "") for unit in one.detail["elsewhere"])
        return [gettext("Answers were given to %(units)s, which has to void them: tell them.", units=names)]
    return []
