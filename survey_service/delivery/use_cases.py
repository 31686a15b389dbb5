"""Delivery to the one responsible provider, and what the provider does with it.

The receipt is what a register's release points at: it is written here, by the provider, and nowhere else.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.answering.queries import Response, response
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import whereabouts
from survey_service.delivery.records import assessments, deliveries, readings, receipts, response_flags
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import insert_if_new
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services

RELEASE_JOB = "registers.release"


def deliver(
    connection: Connection,
    *,
    response_id: UUID,
    provider_id: UUID,
    person_id: UUID,
    unit_id: UUID,
    at: datetime,
    alarm_after: timedelta = timedelta(hours=72),
) -> None:
    """Put a completed response in the unit's worklist. Part of the commit that completes it."""
    connection.execute(
        insert(deliveries).values(
            response_id=response_id,
            provider_id=provider_id,
            person_id=person_id,
            unit_id=unit_id,
            delivered_at=at,
            alarm_at=at + alarm_after,
        )
    )


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
    """Open a response: that is the receipt, the first time, and a reading, every time.

    Opening it twice at once gives one receipt. Raises ``AccessDenied`` for another unit's.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_)
        now = services.clock()
        owner = {"provider_id": found.provider_id, "person_id": found.person_id}
        is_first = insert_if_new(
            connection,
            upsert(receipts)
            .values(
                response_id=found.id,
                unit_id=as_.unit_id,
                staff_id=as_.staff_id,
                route="opened_by_person",
                received_at=now,
                **owner,
            )
            .on_conflict_do_nothing(index_elements=["response_id"]),
        )
        connection.execute(
            upsert(readings)
            .values(response_id=found.id, staff_id=as_.staff_id, read_at=now, **owner)
            .on_conflict_do_nothing()  # the same click twice, in the same instant
        )
        if is_first:
            # The page that follows logs that the response was read.
            receipt = Access(Activity.SIGN, Purpose.CARE, "receipt", found.id, found.person_id)
            record_access(connection, services.clock, [receipt], by=as_)
            enqueue(connection, RELEASE_JOB, provider_id=found.provider_id, response_id=found.id)


def assess_response(services: Services, response_id: UUID, *, as_: Staff) -> None:
    """Say that a clinician has judged the response. Only what has been received can be assessed; once is enough."""
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_)
        if whereabouts(connection, [found.id])[found.id].received_at is None:
            raise BadInput("Open the response before you mark it as assessed.")
        connection.execute(
            upsert(assessments)
            .values(
                response_id=found.id,
                provider_id=found.provider_id,
                person_id=found.person_id,
                staff_id=as_.staff_id,
                assessed_at=services.clock(),
            )
            .on_conflict_do_nothing(index_elements=["response_id"])
        )
        accesses = [Access(Activity.SIGN, Purpose.CARE, "assessment", found.id, found.person_id)]
        record_access(connection, services.clock, accesses, by=as_)


def own_response(connection: Connection, response_id: UUID, *, as_: Staff) -> Response:
    """The response, if it was delivered to the unit of the commission. Raises ``AccessDenied``."""
    found = response(connection, response_id)
    if found is None or found.unit_id != as_.unit_id:
        raise AccessDenied
    return found
