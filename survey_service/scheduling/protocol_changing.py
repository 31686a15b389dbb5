"""Giving a protocol's next version to those enrolled: looked at first, then published and applied by portions.

A preview and the change are the same computation (``replanning``). The change is done by the worker, each enrolment in
a transaction of its own and on behalf of the manager who ordered it; done twice, it is done once.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import Conflict
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff, System
from survey_service.foundation.services import Services
from survey_service.scheduling.changing import EventKind, Why, apply_replan, record_event, standing_occasions
from survey_service.scheduling.next_version import fingerprint
from survey_service.scheduling.protocol_previewing import (
    check_next,
    forget_look,
    refuse_unseen,
    refuse_who_manages_nothing,
)
from survey_service.scheduling.protocol_queries import (
    Enrolled,
    change_to,
    enrolled_in,
    published_version,
    versions_of,
)
from survey_service.scheduling.records import (
    care_protocol_versions,
    enrolments,
    occasions,
    protocol_changes,
    protocol_drafts,
)
from survey_service.scheduling.replanning import Replan, replan
from survey_service.scheduling.rules import (
    CareProtocol,
    EnrolmentState,
    all_occasions,
    parse_protocol,
)
from survey_service.scheduling.use_cases import warn_of_what_may_not_be_asked

CHANGE_JOB = "scheduling.change_protocol"
# Some seconds of work for one job.
_PORTION = 100
# An order that was read before the version was published and written after it is found by a second look.
_SECOND_LOOK = timedelta(minutes=5)


def publish_and_apply(
    services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, seen: str, as_: Staff
) -> UUID:
    """Publish what was previewed as ``seen``, and order that those enrolled get it; returns the version.

    Sent twice it is published once. Raises ``Conflict`` when the draft or the version below it is another by now, and
    what ``preview_change`` raises.
    """
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        if (already := _published_as(connection, protocol_id, seen)) is not None:
            return already
        protocol, after = check_next(connection, services, protocol_id, definition)
        if fingerprint(definition, after=after) != seen:
            raise Conflict("The plan has been changed since you looked at it. Look at the preview again.")
        refuse_unseen(connection, services, protocol_id, seen=seen, as_=as_)
        warn_of_what_may_not_be_asked(connection, services, protocol, provider_id=as_.provider_id)
        version_id = _insert_version(connection, services, protocol_id, definition, after=after, as_=as_)
        _order_change(connection, services, protocol_id, version_id, as_=as_)
        connection.execute(sa.delete(protocol_drafts).where(protocol_drafts.c.protocol_id == protocol_id))
        forget_look(connection, protocol_id)
        access = Access(Activity.WRITE, Purpose.ADMINISTRATION, "care_protocol", protocol_id)
        record_access(connection, services.clock, [access], by=as_)
    return version_id


def _published_as(connection: Connection, protocol_id: UUID, seen: str) -> UUID | None:
    for one in versions_of(connection, protocol_id)[:1]:
        if fingerprint(one.definition, after=one.version - 1) == seen:
            return one.id
    return None


def _insert_version(
    connection: Connection,
    services: Services,
    protocol_id: UUID,
    definition: Mapping[str, Any],
    *,
    after: int,
    as_: Staff,
) -> UUID:
    version_id = new_id()
    is_new = insert_if_new(
        connection,
        upsert(care_protocol_versions)
        .values(
            id=version_id,
            protocol_id=protocol_id,
            provider_id=as_.provider_id,
            version=after + 1,
            definition=dict(definition),
            published_at=services.clock(),
            published_by=as_.staff_id,
        )
        .on_conflict_do_nothing(index_elements=["protocol_id", "version"]),
    )
    if not is_new:
        raise Conflict("Somebody else has just published a version. Look at the preview again.")
    return version_id


def _order_change(
    connection: Connection, services: Services, protocol_id: UUID, version_id: UUID, *, as_: Staff
) -> None:
    ids = [one.id for one in enrolled_in(connection, protocol_id)]
    now = services.clock()
    connection.execute(
        insert(protocol_changes).values(
            version_id=version_id,
            provider_id=as_.provider_id,
            staff_id=as_.staff_id,
            enrolled=len(ids),
            begun_at=now,
        )
    )
    order = partial(enqueue, connection, CHANGE_JOB, provider_id=as_.provider_id, version_id=version_id)
    for start in range(0, len(ids), _PORTION):
        portion = ids[start : start + _PORTION]
        order(first=portion[0], last=portion[-1])
    order(at=now + _SECOND_LOOK, first=UUID(int=0), last=UUID(int=2**128 - 1))


def change_portion(services: Services, *, version_id: UUID, first: UUID, last: UUID, as_: System) -> int:
    """Give the version to the enrolments from ``first`` to ``last`` that do not have it; returns how many.

    One that fails is left for the repetition of the job, after all the others.
    """
    with services.db.transaction(as_=as_) as connection:
        change = change_to(connection, version_id)
        protocol_id, version = published_version(connection, version_id)
        waiting = [
            one for one in enrolled_in(connection, protocol_id, first=first, last=last) if one.version < version.version
        ]
    if change is None:
        return 0
    protocol = parse_protocol(version.definition)
    changed, failed = 0, None
    for one in waiting:
        manager = Staff(change.staff_id, as_.provider_id, one.unit_id)
        work = partial(_change_one, services=services, enrolled=one, to=version_id, protocol=protocol, as_=manager)
        try:
            changed += services.db.run(work, as_=manager)
        except Exception as error:  # because one enrolment must not keep the others waiting; it is raised below
            failed = error
    if failed is not None:
        raise failed
    return changed


def _change_one(
    connection: Connection, *, services: Services, enrolled: Enrolled, to: UUID, protocol: CareProtocol, as_: Staff
) -> bool:
    """Nothing where the enrolment ended meanwhile, moved to another unit, or has the version already."""
    row = connection.execute(
        sa.select(enrolments.c.state, enrolments.c.protocol_version_id, enrolments.c.anchor_date, enrolments.c.unit_id)
        .where(enrolments.c.id == enrolled.id)
        .with_for_update()
    ).one()
    older = sa.select(care_protocol_versions.c.version).where(care_protocol_versions.c.id == row.protocol_version_id)
    newer = sa.select(care_protocol_versions.c.version).where(care_protocol_versions.c.id == to)
    before, after = connection.execute(older).scalar_one(), connection.execute(newer).scalar_one()
    is_under_way = row.state in (EnrolmentState.ACTIVE, EnrolmentState.PAUSED)
    if not is_under_way or before >= after or row.unit_id != enrolled.unit_id:
        return False
    connection.execute(sa.update(enrolments).where(enrolments.c.id == enrolled.id).values(protocol_version_id=to))
    counts = {}
    if row.state == EnrolmentState.ACTIVE:
        standing = standing_occasions(connection, enrolled.id)
        found = replan(all_occasions(protocol, row.anchor_date), standing, services.clock())
        apply_replan(
            connection,
            services,
            found,
            protocol,
            enrolment_id=enrolled.id,
            person_id=enrolled.person_id,
            why=Why.PROTOCOL_CHANGED,
            as_=as_,
        )
        _renew_words(connection, services, found, protocol)
        counts = {"added": len(found.added), "moved": len(found.moved), "withdrawn": len(found.withdrawn)}
    record_event(
        connection,
        services,
        EventKind.PROTOCOL_CHANGED,
        enrolment_id=enrolled.id,
        person_id=enrolled.person_id,
        as_=as_,
        detail={"from": before, "to": after, **counts},
    )
    access = Access(Activity.WRITE, Purpose.CARE, "enrolment", enrolled.id, enrolled.person_id)
    record_access(connection, services.clock, [access], by=as_)
    return True


def _renew_words(connection: Connection, services: Services, found: Replan, protocol: CareProtocol) -> None:
    """Titles and reasons of what is kept and not begun: those added and moved have theirs already."""
    now = services.clock()
    for plan in protocol.occasions:
        kept = [
            one.id
            for one in found.kept
            if one.code.partition(".")[0] == plan.code
            and not (one.is_begun or one.is_withdrawn)
            and one.closes_at > now
        ]
        if kept:
            connection.execute(
                sa.update(occasions)
                .where(occasions.c.id.in_(kept))
                .values(titles=dict(plan.titles), reasons=dict(protocol.reasons))
            )


def progress(connection: Connection, protocol_id: UUID, version: int) -> int:
    """How many under way do not have the version yet."""
    query = (
        sa.select(sa.func.count())
        .select_from(enrolments)
        .join(care_protocol_versions, care_protocol_versions.c.id == enrolments.c.protocol_version_id)
        .where(
            care_protocol_versions.c.protocol_id == protocol_id,
            care_protocol_versions.c.version < version,
            enrolments.c.state.in_([EnrolmentState.ACTIVE, EnrolmentState.PAUSED]),
        )
    )
    return int(connection.execute(query).scalar_one())
