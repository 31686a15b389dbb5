"""Giving a protocol's next version to those enrolled: looked at first, then published and applied by portions.

A preview and the change are the same computation (``replanning``). The change is done by the worker, each enrolment in
a transaction of its own and on behalf of the manager who ordered it; done twice, it is done once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import manages_unit
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff, System
from survey_service.foundation.services import Services
from survey_service.scheduling.changing import EventKind, Why, apply_replan, record_event, standing_occasions
from survey_service.scheduling.next_version import check_definition, fingerprint
from survey_service.scheduling.protocol_queries import (
    Enrolled,
    change_to,
    enrolled_in,
    protocol_code,
    published_version,
    standing_of,
    versions_of,
)
from survey_service.scheduling.records import (
    care_protocol_versions,
    enrolments,
    occasions,
    protocol_changes,
    protocol_drafts,
)
from survey_service.scheduling.replanning import Replan, StandingOccasion, replan
from survey_service.scheduling.rules import (
    CareProtocol,
    EnrolmentState,
    PlannedOccasion,
    all_occasions,
    parse_protocol,
)
from survey_service.scheduling.use_cases import check_instruments, refuse_reused_codes, warn_of_what_may_not_be_asked

CHANGE_JOB = "scheduling.change_protocol"
# Some seconds of work for one job.
_PORTION = 100
# An order that was read before the version was published and written after it is found by a second look.
_SECOND_LOOK = timedelta(minutes=5)


class ChangeKind(StrEnum):
    ADDED = "added"
    MOVED = "moved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class OccasionChange:
    """What becomes of one occasion of one enrolment. ``before`` and ``after`` are when it opens and closes."""

    enrolled: Enrolled
    kind: ChangeKind
    code: str
    before: tuple[datetime, datetime] | None
    after: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do now. ``fingerprint`` says what was looked at: it is what is applied, or nothing."""

    protocol: CareProtocol
    after: int
    fingerprint: str
    enrolled: tuple[Enrolled, ...]
    changes: tuple[OccasionChange, ...]

    def count(self, kind: ChangeKind) -> int:
        return sum(change.kind is kind for change in self.changes)

    @property
    def paused(self) -> int:
        return sum(one.state is EnrolmentState.PAUSED for one in self.enrolled)


def refuse_who_manages_nothing(connection: Connection, services: Services, who: Staff) -> None:
    """Protocols are for managers of units. Raises ``AccessDenied``."""
    if not manages_unit(connection, who, services.clock()):
        raise AccessDenied


def preview_change(services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, as_: Staff) -> Preview:
    """All that ``publish_and_apply`` would do, done to nothing. Raises ``BadInput`` for what is refused there."""
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        protocol, after = _checked(connection, services, protocol_id, definition)
        enrolled = enrolled_in(connection, protocol_id)
        active = [one for one in enrolled if one.state is EnrolmentState.ACTIVE]
        standing = standing_of(connection, [one.id for one in active])
    now, planned = services.clock(), _PlansByAnchor(protocol)
    changes = [
        change
        for one in active
        for change in _changes(one, replan(planned[one.anchor_date], standing.get(one.id, ()), now))
    ]
    return Preview(protocol, after, fingerprint(definition, after=after), tuple(enrolled), tuple(changes))


class _PlansByAnchor(dict[date, tuple[PlannedOccasion, ...]]):
    """The plan of each anchor date, made once: many are operated on the same day."""

    def __init__(self, protocol: CareProtocol) -> None:
        self._protocol = protocol

    def __missing__(self, anchor: date) -> tuple[PlannedOccasion, ...]:
        self[anchor] = all_occasions(self._protocol, anchor)
        return self[anchor]


def _changes(enrolled: Enrolled, found: Replan) -> list[OccasionChange]:
    added = [OccasionChange(enrolled, ChangeKind.ADDED, one.code, None, _window(one)) for one in found.added]
    moved = [
        OccasionChange(
            enrolled,
            ChangeKind.MOVED,
            move.standing.code,
            None if move.standing.is_withdrawn else _window(move.standing),
            _window(move.planned),
        )
        for move in found.moved
    ]
    withdrawn = [
        OccasionChange(enrolled, ChangeKind.WITHDRAWN, one.code, _window(one), None) for one in found.withdrawn
    ]
    return [*added, *moved, *withdrawn]


def _window(one: PlannedOccasion | StandingOccasion) -> tuple[datetime, datetime]:
    return one.opens_at, one.closes_at


def _checked(
    connection: Connection, services: Services, protocol_id: UUID, definition: Mapping[str, Any]
) -> tuple[CareProtocol, int]:
    """The protocol that would be published, and the version it would follow."""
    code = protocol_code(connection, protocol_id)
    if code is None:
        raise AccessDenied
    protocol = check_definition(definition)
    if protocol.code != code:
        raise BadInput("A protocol keeps its code. Make a new protocol for another.")
    check_instruments(services, protocol)
    return protocol, refuse_reused_codes(connection, protocol_id, protocol)


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
        protocol, after = _checked(connection, services, protocol_id, definition)
        if fingerprint(definition, after=after) != seen:
            raise Conflict("The plan has been changed since you looked at it. Look at the preview again.")
        warn_of_what_may_not_be_asked(connection, services, protocol, provider_id=as_.provider_id)
        version_id = _insert_version(connection, services, protocol_id, definition, after=after, as_=as_)
        _order_change(connection, services, protocol_id, version_id, as_=as_)
        connection.execute(sa.delete(protocol_drafts).where(protocol_drafts.c.protocol_id == protocol_id))
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
            one
            for one in enrolled_in(connection, protocol_id)
            if first <= one.id <= last and one.version < version.version
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
