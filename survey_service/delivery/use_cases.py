"""Delivery to the one responsible provider, and what the provider does with it.

The receipt is what a register's release points at. It is made by four routes, each with its own maker, and all of them
end in ``_receive``: the receipt, its line in the access log, and the job that releases.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import rights_of
from survey_service.access.rules import Right, Rights
from survey_service.answering.queries import (
    Response,
    response,
    responses_of_tasks,
    responses_with_ids,
)
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import Scope, is_acknowledged, is_for_unit, needs_a_look, whereabouts
from survey_service.delivery.records import (
    assessments,
    deliveries,
    delivery_attempts,
    readings,
    receipts,
    response_flags,
    shared_deliveries,
)
from survey_service.delivery.rules import Outcome, Reply, Route
from survey_service.errors import AccessDenied, BadInput, OtherUnits
from survey_service.foundation.clock import Clock
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Principal, RecordSystem, Staff, System
from survey_service.foundation.services import Services
from survey_service.scheduling.queries import occasion_of_task, tasks_served_by
from survey_service.scheduling.rules import ReceiptPlan, ReceiptPolicy

RELEASE_JOB = "registers.release"
PUSH_JOB = "delivery.push"
ARCHIVE_JOB = "delivery.archive"
FLAG_JOB = "delivery.flag"


def deliver(
    connection: Connection,
    *,
    response_id: UUID,
    provider_id: UUID,
    person_id: UUID,
    unit_id: UUID,
    at: datetime,
    receipt: ReceiptPlan,
) -> None:
    """Put a completed response in the unit's worklist, and on its way. Part of the commit that completes it."""
    connection.execute(
        insert(deliveries).values(
            response_id=response_id,
            provider_id=provider_id,
            person_id=person_id,
            unit_id=unit_id,
            delivered_at=at,
            alarm_at=at + timedelta(hours=receipt.within_hours),
        )
    )
    # One that is connected in this very moment catches up a minute later (``record_systems.activate``).
    goes_on = select(func.pushes_to_record_system(provider_id), func.unit_has_flag_rules(unit_id))
    is_pushed, is_judged = connection.execute(goes_on).one()
    if is_pushed:
        enqueue(connection, PUSH_JOB, provider_id=provider_id, response_id=response_id)
    if is_judged:
        enqueue(connection, FLAG_JOB, provider_id=provider_id, response_id=response_id, unit_id=unit_id)
    if receipt.policy is ReceiptPolicy.ARCHIVE:
        enqueue(connection, ARCHIVE_JOB, provider_id=provider_id, response_id=response_id)


def share_response(connection: Connection, clock: Clock, *, task_id: UUID) -> None:
    """Deliver the answer to a task, if there is one, to the other units of the provider whose orders it answers [B6].

    One response, and a delivery of its own for each unit that asked. Part of the caller's transaction.
    """
    served = tasks_served_by(connection, task_id)
    if not served:
        return
    answered = responses_of_tasks(connection, [task_id]).get(task_id)
    if answered is None:
        return
    for later, asked_at in served.items():
        if asked_at.covers(answered.completed_at) and not asked_at.is_withdrawn:
            _share(connection, clock, answered, later, asked_at.unit_id)


def _share(connection: Connection, clock: Clock, answered: Response, task_id: UUID, unit_id: UUID) -> None:
    is_new = insert_if_new(
        connection,
        upsert(shared_deliveries)
        .values(
            task_id=task_id,
            response_id=answered.id,
            provider_id=answered.provider_id,
            person_id=answered.person_id,
            unit_id=unit_id,
            delivered_at=clock(),
        )
        .on_conflict_do_nothing(index_elements=["task_id"]),
    )
    # By the rules of that unit; the unit it was given to has judged it, or is about to.
    if (
        is_new
        and unit_id != answered.unit_id
        and connection.execute(select(func.unit_has_flag_rules(unit_id))).scalar()
    ):
        enqueue(connection, FLAG_JOB, provider_id=answered.provider_id, response_id=answered.id, unit_id=unit_id)


def keep_flags(
    connection: Connection,
    rules: Collection[str],
    *,
    response_id: UUID,
    version: int,
    provider_id: UUID,
    person_id: UUID,
) -> None:
    """Keep what seemed implausible of a version (`plausibility`). Part of the commit that makes the version."""
    if not rules:
        return
    owner = {"response_id": response_id, "version": version, "provider_id": provider_id, "person_id": person_id}
    connection.execute(insert(response_flags), [{"rule": rule, **owner} for rule in rules])


def open_response(services: Services, response_id: UUID, *, as_: Staff) -> None:
    """Open a response: that is the provider's receipt, the first time, and a reading of the unit's, every time.

    Opening it twice at once gives one receipt. Raises ``AccessDenied`` for another unit's.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_, now=services.clock())
        _receive(connection, services, found, Route.OPENED_BY_PERSON, staff_id=as_.staff_id, by=as_)
        connection.execute(
            upsert(readings)
            .values(
                response_id=found.id,
                provider_id=found.provider_id,
                person_id=found.person_id,
                unit_id=as_.unit_id,
                staff_id=as_.staff_id,
                read_at=services.clock(),
            )
            .on_conflict_do_nothing()  # the same click twice, in the same instant
        )


def confirm_receipts(services: Services, response_ids: Collection[UUID], *, as_: Staff) -> int:
    """Confirm that the unit has received the responses, unread; returns how many are new.

    Nothing is read or assessed by it. What is flagged is left as it is: somebody has to open it. Raises
    ``AccessDenied``, for all of them, when one is another unit's.
    """
    with services.db.transaction(as_=as_) as connection:
        chosen = sorted(set(response_ids))
        found = {one.id: one for one in responses_with_ids(connection, chosen)}
        rights = caring(connection, as_, services.clock())
        if any(one not in found or not _is_own(connection, found[one], rights, as_=as_) for one in chosen):
            raise AccessDenied
        flagged = needs_a_look(connection, chosen)
        return sum(
            _receive(connection, services, found[one], Route.CONFIRMED_IN_BULK, staff_id=as_.staff_id, by=as_)
            for one in chosen
            if one not in flagged
        )


def receive_to_void(connection: Connection, services: Services, found: Response, *, as_: Staff) -> None:
    """Receive a response that is voided in the same commit, so that nothing of it is released in between."""
    _receive(connection, services, found, Route.CONFIRMED_IN_BULK, staff_id=as_.staff_id, by=as_)


def take_into_archive(services: Services, response_id: UUID, *, as_: System) -> bool:
    """Take a response into the provider's archive here, where the protocol says so. Harmless when repeated."""
    with services.db.transaction(as_=as_) as connection:
        found = response(connection, response_id)
        if found is None or _policy(connection, found) is not ReceiptPolicy.ARCHIVE:
            return False
        return _receive(connection, services, found, Route.TAKEN_INTO_ARCHIVE, by=as_)


def acknowledge(
    connection: Connection,
    services: Services,
    response_id: UUID,
    reply: Reply,
    *,
    record_system_id: UUID,
    as_: System | RecordSystem,
) -> Outcome:
    """Record what a record system calls the response: the receipt, where the protocol says so. Once is enough.

    Raises ``AccessDenied`` for another provider's.
    """
    found = response(connection, response_id)
    if found is None or reply.external_id is None:
        raise AccessDenied
    known = is_acknowledged(connection, found.id)
    outcome = Outcome.ACKNOWLEDGED_AGAIN if known else Outcome.ACKNOWLEDGED
    record_attempt(
        connection,
        services,
        found,
        Reply(outcome, reply.http_status, reply.external_id),
        record_system_id=record_system_id,
    )
    if _policy(connection, found) is ReceiptPolicy.RECORD_SYSTEM:
        _receive(
            connection,
            services,
            found,
            Route.ACKNOWLEDGED_BY_RECORD_SYSTEM,
            record_system_id=record_system_id,
            external_id=reply.external_id,
            by=as_,
        )
    return outcome


def record_attempt(
    connection: Connection, services: Services, found: Response, reply: Reply, *, record_system_id: UUID
) -> None:
    """Write down what became of an attempt."""
    connection.execute(
        insert(delivery_attempts).values(
            id=new_id(),
            response_id=found.id,
            provider_id=found.provider_id,
            person_id=found.person_id,
            record_system_id=record_system_id,
            at=services.clock(),
            outcome=reply.outcome,
            http_status=reply.http_status,
            external_id=reply.external_id,
        )
    )


def assess_response(services: Services, response_id: UUID, *, as_: Staff) -> None:
    """Say that a clinician of the unit has judged the response. Only what the unit has opened; once is enough."""
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_, now=services.clock())
        if whereabouts(connection, [found.id], at_unit=as_.unit_id)[found.id].read_at is None:
            raise BadInput("Open the response before you mark it as assessed.")
        connection.execute(
            upsert(assessments)
            .values(
                response_id=found.id,
                provider_id=found.provider_id,
                person_id=found.person_id,
                unit_id=as_.unit_id,
                staff_id=as_.staff_id,
                assessed_at=services.clock(),
            )
            .on_conflict_do_nothing(index_elements=["response_id", "unit_id"])
        )
        accesses = [Access(Activity.SIGN, Purpose.CARE, "assessment", found.id, found.person_id)]
        record_access(connection, services.clock, accesses, by=as_)


def caring(connection: Connection, as_: Staff, now: datetime) -> Rights:
    """Their rights, if these give them patients of the unit. Raises ``AccessDenied``."""
    rights = rights_of(connection, as_, now)
    rights.require(Right.CARE)
    return rights


def scope_of(rights: Rights) -> Scope:
    """Of which protocols these rights open the unit's responses, for lists."""
    return rights.protocols


def own_response(connection: Connection, response_id: UUID, *, as_: Staff, now: datetime) -> Response:
    """The response, if it was delivered to the unit of the commission and is of a protocol that this covers.

    To a unit whose order it answers too, it was delivered.

    Raises ``OtherUnits`` for another of the same provider, ``AccessDenied`` for any else and who is not in care.
    """
    rights = caring(connection, as_, now)
    found = response(connection, response_id)
    if found is None:
        raise AccessDenied
    if not _is_own(connection, found, rights, as_=as_):
        raise OtherUnits(found.id)
    return found


def _is_own(connection: Connection, found: Response, rights: Rights, *, as_: Staff) -> bool:
    """Whether it was given to the unit, or answers an order of it, in a protocol that the rights cover.

    The patient's block on the unit that it was given to holds for the others whose orders it answers too.
    """
    if found.unit_id == as_.unit_id and rights.protocols is None:
        return True
    return is_for_unit(connection, found.id, as_.unit_id, scope=scope_of(rights))


def responsible_response(connection: Connection, response_id: UUID, *, as_: Staff, now: datetime) -> Response:
    """The response, for the unit that it was given to: what others share they read, and do not correct [B6].

    Raises as ``own_response``, and ``BadInput`` for a unit whose order it answers too.
    """
    found = own_response(connection, response_id, as_=as_, now=now)
    if found.unit_id != as_.unit_id:
        raise BadInput("Only the unit that the answers were given to can correct or void them.")
    return found


def _receive(
    connection: Connection,
    services: Services,
    found: Response,
    route: Route,
    *,
    by: Principal,
    staff_id: UUID | None = None,
    record_system_id: UUID | None = None,
    external_id: str | None = None,
) -> bool:
    """The receipt, if it is the first: with its line in the log, and the release that may follow."""
    is_first = insert_if_new(
        connection,
        upsert(receipts)
        .values(
            response_id=found.id,
            provider_id=found.provider_id,
            person_id=found.person_id,
            unit_id=found.unit_id,
            at_unit_id=by.unit_id if isinstance(by, Staff) and by.unit_id != found.unit_id else None,
            staff_id=staff_id,
            record_system_id=record_system_id,
            external_id=external_id,
            route=route,
            received_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["response_id"]),
    )
    if is_first:
        # That a response was read is logged by the page that shows it.
        signed = Access(Activity.SIGN, Purpose.CARE, "receipt", found.id, found.person_id)
        record_access(connection, services.clock, [signed], by=by)
        enqueue(connection, RELEASE_JOB, provider_id=found.provider_id, response_id=found.id)
    return is_first


def _policy(connection: Connection, found: Response) -> ReceiptPolicy:
    asked_at = occasion_of_task(connection, found.session.task_id)
    return ReceiptPolicy.PERSON if asked_at is None else asked_at.receipt.policy
