"""Ordering: enrolling a patient in a care protocol. Only a care unit can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Respondent, UnknownInstrument
from survey_service.access.queries import all_units, provider, rights_of
from survey_service.access.rules import Right
from survey_service.answering.queries import recent_scores
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, BadInput, Conflict, mark
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import insert_if_new, new_id, refused_by
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import AtUnit, Operator, Principal, RecordSystem, Staff, SystemAtUnit
from survey_service.foundation.services import Services
from survey_service.languages.queries import has_interface, why_not_offered
from survey_service.licensing.rules import Mode, Refusal, Use
from survey_service.people.rules import Identity, age_on
from survey_service.people.use_cases import ensure_person, enter_care_relation, find_person
from survey_service.scheduling.collecting import collect_once
from survey_service.scheduling.inclusion import Candidate, why_excluded
from survey_service.scheduling.next_version import check_definition, refuse_other_instruments
from survey_service.scheduling.protocol_queries import versions_of
from survey_service.scheduling.queries import (
    Enrolment,
    Occasion,
    PublishedProtocol,
    enrolment,
    enrolment_of_request,
    has_died,
    occasion,
    protocol_id_of_enrolment,
    published_protocols,
)
from survey_service.scheduling.records import (
    care_protocol_versions,
    care_protocols,
    enrolments,
    occasions,
    tasks,
)
from survey_service.scheduling.rules import (
    SEND_JOB,
    BodySide,
    CareProtocol,
    PlannedOccasion,
    parse_protocol,
    plan_occasions,
    refuse_wrong_event,
)

# An anchor date further away than this is a slip of the finger.
_FURTHEST_ANCHOR = timedelta(days=366 * 3)


@dataclass(frozen=True, slots=True)
class Order:
    """What a unit asks for: whom, in which protocol, counted from when, in which care contact.

    ``request_id`` is made with the form: the same form sent twice is one order. ``procedure_id`` and ``side`` say what
    was done, and where; registers are told. ``diagnoses`` are for the protocol's rules, and are not kept.
    """

    identity: Identity
    protocol_id: UUID
    anchor_date: date
    care_contact: str
    request_id: UUID
    procedure_id: str | None = None
    side: BodySide | None = None
    diagnoses: tuple[str, ...] = ()


def enrol_patient(services: Services, order: Order, *, as_: Principal | SystemAtUnit) -> UUID:
    """Enrol a patient; returns the enrolment. Sent twice, it returns the first.

    Raises ``AccessDenied`` for anybody but a care unit [A1], ``BadInput`` for what cannot be ordered, ``Conflict``
    for a form that was sent before for somebody else.
    """
    if not isinstance(as_, Staff | SystemAtUnit):
        raise AccessDenied("Only a care unit can order a survey.")
    published, planned = look_at_order(services, order, as_=as_)
    # Only now is anything written: not even a person is left behind by an order that cannot be made.
    who = principal_of(as_)
    person_id = ensure_person(services, order.identity.number, as_=who)
    cipher = services.keys.cipher(person_id)
    with services.db.transaction(as_=who) as connection:
        enter_care_relation(
            connection,
            provider_id=as_.provider_id,
            person_id=person_id,
            identity=order.identity,
            cipher=cipher,
            at=services.clock(),
        )
        try:
            enrolment_id = _insert_enrolment(connection, services, order, published, person_id=person_id, as_=as_)
        except sa.exc.IntegrityError as refused:
            if refused_by(refused) == "enrolments_of_the_dead":  # recorded meanwhile
                raise _dead() from None
            raise
        if enrolment_id is None:
            return _enrolment_of_request(connection, order.request_id, person_id=person_id)
        for one in planned:
            insert_occasion(
                connection, one, published.protocol, enrolment_id=enrolment_id, person_id=person_id, as_=as_
            )
        collect_once(connection, services.clock, enrolment_id, person_id=person_id, as_=as_)
        if any(one.opens_at <= services.clock() for one in planned):
            enqueue(connection, SEND_JOB)
        record_access(
            connection,
            services.clock,
            [Access(Activity.WRITE, Purpose.CARE, "enrolment", enrolment_id, person_id)],
            by=who,
        )
    return enrolment_id


def principal_of(as_: Staff | SystemAtUnit) -> Staff | RecordSystem:
    """On whose behalf the database is asked."""
    return as_.system if isinstance(as_, SystemAtUnit) else as_


def look_at_order(
    services: Services, order: Order, *, as_: Staff | SystemAtUnit
) -> tuple[PublishedProtocol, tuple[PlannedOccasion, ...]]:
    """What the order would plan, by which version of the protocol. Writes nothing; raises as ``enrol_patient`` does."""
    if not order.care_contact.strip() or not order.care_contact.isprintable():
        raise BadInput(
            "The care contact is missing.", fields={"care_contact": mark("Write which care contact this is for.")}
        )
    if abs(order.anchor_date - local_day(services.clock())) > _FURTHEST_ANCHOR:
        raise BadInput(
            "The date is too far away.",
            fields={"anchor_date": mark("Choose a date within three years from today.")},
        )
    with services.db.transaction(as_=principal_of(as_)) as connection:
        published = _published(connection, order.protocol_id)
        _refuse_unwritable(connection, order.identity.locale)
        if isinstance(as_, Staff):
            rights = rights_of(connection, as_, services.clock())
            rights.require(Right.CARE)
            if not rights.covers(published.id):
                raise BadInput("That protocol is not one of yours.", fields={"protocol": mark("Choose a protocol.")})
        _refuse_what_may_not_be_asked(connection, services, published.protocol, unit=as_)
    planned = plan_occasions(published.protocol, anchor=order.anchor_date, now=services.clock())
    refuse_wrong_event(published.protocol, side=order.side, procedure_id=order.procedure_id)
    _refuse_at_wrong_age(services, planned, order.identity.number)
    _refuse_the_dead(services, order, as_=as_)
    _refuse_excluded(services, published.protocol, order, as_=as_)
    return published, planned


def own_enrolment(
    connection: Connection, enrolment_id: UUID, *, as_: Staff | SystemAtUnit, now: datetime, lock: bool = False
) -> Enrolment:
    """The enrolment, if it is with the unit, and of a protocol that the rights of a member of staff cover.

    ``lock`` holds it to the end. Raises ``AccessDenied`` for any else, and for who is not in care.
    """
    found = enrolment(connection, enrolment_id, lock=lock)
    if found is None or found.unit_id != as_.unit_id:
        raise AccessDenied
    if isinstance(as_, Staff):
        _require_covered(connection, found.id, as_=as_, now=now)
    return found


def own_occasion(connection: Connection, occasion_id: UUID, *, as_: Staff, now: datetime) -> Occasion:
    """The occasion, by the same rule as ``own_enrolment``."""
    found = occasion(connection, occasion_id)
    if found is None or found.unit_id != as_.unit_id:
        raise AccessDenied
    _require_covered(connection, found.enrolment_id, as_=as_, now=now)
    return found


def _require_covered(connection: Connection, enrolment_id: UUID, *, as_: Staff, now: datetime) -> None:
    rights = rights_of(connection, as_, now)
    rights.require(Right.CARE)
    protocol_id = protocol_id_of_enrolment(connection, enrolment_id)
    if protocol_id is None or not rights.covers(protocol_id):
        raise AccessDenied


def publish_protocol(services: Services, *, provider_id: UUID, definition: Mapping[str, Any]) -> UUID:
    """Publish a protocol, or its next version. Those enrolled before keep the version they have.

    One that no unit of the provider may order today is published all the same, with a warning in the log: its licence
    may be on its way.
    """
    protocol = check_definition(definition)
    check_instruments(services, protocol)
    with services.db.transaction(as_=Operator()) as connection:
        warn_of_what_may_not_be_asked(connection, services, protocol, provider_id=provider_id)
        connection.execute(
            upsert(care_protocols)
            .values(id=new_id(), provider_id=provider_id, code=protocol.code)
            .on_conflict_do_nothing()
        )
        protocol_id: UUID = connection.execute(
            sa.select(care_protocols.c.id).where(
                care_protocols.c.provider_id == provider_id, care_protocols.c.code == protocol.code
            )
        ).scalar_one()
        latest = refuse_reused_codes(connection, protocol_id, protocol)
        connection.execute(
            insert(care_protocol_versions).values(
                id=new_id(),
                protocol_id=protocol_id,
                provider_id=provider_id,
                version=latest + 1,
                definition=dict(definition),
                published_at=services.clock(),
            )
        )
    return protocol_id


def refuse_reused_codes(connection: Connection, protocol_id: UUID, protocol: CareProtocol) -> int:
    """Raise ``BadInput`` where a code that any version had asks something else; returns the newest version, or 0."""
    earlier = versions_of(connection, protocol_id)
    for one in earlier:
        refuse_other_instruments(parse_protocol(one.definition), protocol)
    return earlier[0].version if earlier else 0


def check_instruments(services: Services, protocol: CareProtocol) -> None:
    """Raise ``BadInput`` for an instrument that is not here."""
    for one in protocol.occasions:
        for planned in one.instruments:
            try:
                services.library.get(planned.id, planned.version, planned.form)
            except UnknownInstrument:
                named = " ".join(part for part in (planned.id, planned.version, planned.form) if part)
                raise BadInput("There is no instrument %(named)s.", values={"named": named}) from None


def _refuse_what_may_not_be_asked(
    connection: Connection, services: Services, protocol: CareProtocol, *, unit: AtUnit
) -> None:
    """What no patient could be shown today cannot be ordered; the sentence says of which instrument, and why [D1]."""
    use = Use(unit.provider_id, unit.unit_id, protocol.purpose, Mode.WEB, local_day(services.clock()))
    refusal = _first_refusal(connection, services, protocol, use)
    if refusal is not None:
        raise BadInput(refusal.why.value, fields={"protocol": refusal.why.value}, values=refusal.values)


def warn_of_what_may_not_be_asked(
    connection: Connection, services: Services, protocol: CareProtocol, *, provider_id: UUID
) -> None:
    day = local_day(services.clock())
    units = [one.id for one in all_units(connection).values() if one.provider_id == provider_id]
    uses = [Use(provider_id, unit_id, protocol.purpose, Mode.WEB, day) for unit_id in units]
    if uses and all(_first_refusal(connection, services, protocol, use) for use in uses):
        get_logger().warning("protocol.cannot_be_ordered", provider_id=str(provider_id), code=protocol.code)


def _first_refusal(connection: Connection, services: Services, protocol: CareProtocol, use: Use) -> Refusal | None:
    for one in protocol.occasions:
        asked = [(planned.id, planned.version, planned.form) for planned in one.instruments]
        refusal = why_not_offered(connection, services, asked, use)
        if refusal is not None:
            return refusal
    return None


def _refuse_at_wrong_age(services: Services, planned: Sequence[PlannedOccasion], number: str) -> None:
    """A form for children is not given to an adult, nor one for adults to a child, at any of the occasions."""
    for at in planned:
        age = age_on(number, local_day(at.due_at))
        for one in at.plan.instruments:
            asked = services.library.get(one.id, one.version)
            # Of who is too young to answer alone, somebody else can be asked.
            if not any(asked.covers(who, age) for who in Respondent):
                raise BadInput(
                    "This protocol asks something that is not meant for somebody of the patient's age.",
                    fields={"protocol": mark("Choose a protocol that is meant for the patient's age.")},
                )


def _refuse_the_dead(services: Services, order: Order, *, as_: Staff | SystemAtUnit) -> None:
    """Nobody orders for the dead. What was ordered before stays what it is when it is sent again."""
    person_id = find_person(services, order.identity.number)
    if person_id is None:
        return
    with services.db.transaction(as_=principal_of(as_)) as connection:
        is_new = enrolment_of_request(connection, order.request_id) is None
        if is_new and has_died(connection, person_id):
            raise _dead()


def _refuse_unwritable(connection: Connection, locale: str) -> None:
    """Nothing is planned for somebody to whom no notice could be written [E2]."""
    if not has_interface(connection, locale):
        raise BadInput(
            "There is no such language here.", fields={"language": mark("Choose a language that we can write in.")}
        )


def _dead() -> BadInput:
    sentence = mark("The patient is recorded as dead.")
    return BadInput("The patient is recorded as dead.", fields={"personal_number": sentence})


def _refuse_excluded(services: Services, protocol: CareProtocol, order: Order, *, as_: Staff | SystemAtUnit) -> None:
    """Somebody whom the protocol's rules leave out is not enrolled; the sentence says which rule."""
    number = order.identity.number
    person_id = find_person(services, number) if protocol.rules.variables else None
    scores: dict[str, list[tuple[float, int]]] = {}
    if person_id is not None:
        now = services.clock()
        since = now - timedelta(days=protocol.rules.longest_memory)
        who = principal_of(as_)
        with services.db.transaction(as_=who) as connection:
            for variable, value, at in recent_scores(connection, person_id, unit_id=as_.unit_id, since=since):
                scores.setdefault(variable, []).append((value, (now - at).days))
            looked = Access(Activity.READ, Purpose.CARE, "earlier_scores", None, person_id)
            record_access(connection, services.clock, [looked], by=who)
    candidate = Candidate(
        age=age_on(number, order.anchor_date),
        language=order.identity.locale,
        diagnoses=order.diagnoses,
        scores={variable: tuple(known) for variable, known in scores.items()},
    )
    refused = why_excluded(protocol.rules, candidate)
    if refused is not None:
        raise BadInput(refused.sentence, fields={refused.at: refused.sentence}, values=refused.values)


def _published(connection: Connection, protocol_id: UUID) -> PublishedProtocol:
    for published in published_protocols(connection):
        if published.id == protocol_id:
            return published
    raise BadInput("That protocol is not one of yours.", fields={"protocol": mark("Choose a protocol.")})


def _insert_enrolment(
    connection: Connection,
    services: Services,
    order: Order,
    published: PublishedProtocol,
    *,
    person_id: UUID,
    as_: Staff | SystemAtUnit,
) -> UUID | None:
    enrolment_id = new_id()
    is_new = insert_if_new(
        connection,
        upsert(enrolments)
        .values(
            id=enrolment_id,
            provider_id=as_.provider_id,
            person_id=person_id,
            unit_id=as_.unit_id,
            protocol_version_id=published.version_id,
            legal_regime=provider(connection, as_.provider_id).legal_regime,
            purpose=published.protocol.purpose,
            care_contact=order.care_contact.strip(),
            anchor_kind=published.protocol.anchor_kind,
            anchor_date=order.anchor_date,
            procedure_id=order.procedure_id,
            side=order.side,
            request_id=order.request_id,
            ordered_by=as_.staff_id if isinstance(as_, Staff) else None,
            ordered_by_system=as_.system.record_system_id if isinstance(as_, SystemAtUnit) else None,
            ordered_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["provider_id", "request_id"]),
    )
    return enrolment_id if is_new else None


def _enrolment_of_request(connection: Connection, request_id: UUID, *, person_id: UUID) -> UUID:
    """What the form was sent for before. Raises ``Conflict`` when it comes back filled in for somebody else."""
    found = connection.execute(
        sa.select(enrolments.c.id, enrolments.c.person_id).where(enrolments.c.request_id == request_id)
    ).one()
    if found.person_id != person_id:
        raise Conflict("This form has already been sent, for another patient. Open a new one.")
    return UUID(str(found.id))


def insert_occasion(
    connection: Connection,
    planned: PlannedOccasion,
    protocol: CareProtocol,
    *,
    enrolment_id: UUID,
    person_id: UUID,
    as_: AtUnit,
) -> None:
    """One occasion with its tasks. The patient is told of it when it opens: its notice comes with it."""
    occasion_id = new_id()
    owner = {"provider_id": as_.provider_id, "person_id": person_id}
    connection.execute(
        insert(occasions).values(
            id=occasion_id,
            enrolment_id=enrolment_id,
            unit_id=as_.unit_id,
            code=planned.code,
            titles=dict(planned.plan.titles),
            reasons=dict(protocol.reasons),
            opens_at=planned.opens_at,
            due_at=planned.due_at,
            closes_at=planned.closes_at,
            reminds_at=list(planned.reminds_at),
            receipt_policy=protocol.receipt.policy,
            receipt_within_hours=protocol.receipt.within_hours,
            read_within_hours=protocol.receipt.read_within_hours,
            **owner,
        )
    )
    connection.execute(
        insert(tasks),
        [
            {
                "id": new_id(),
                "occasion_id": occasion_id,
                "position": position,
                "instrument": instrument.id,
                "instrument_version": instrument.version,
                "form": instrument.form,
                **owner,
            }
            for position, instrument in enumerate(planned.plan.instruments, start=1)
        ],
    )
