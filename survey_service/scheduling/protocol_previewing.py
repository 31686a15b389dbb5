"""What the next version of a protocol would do to those enrolled: computed as the change itself, and done to nothing.

For a few at once (``preview_change``). For many the worker looks at them portion by portion, and what it found is kept
until the manager looks at something else; ``look`` gives the same of both.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import manages_unit
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff, System
from survey_service.foundation.services import Services
from survey_service.scheduling.next_version import check_definition, fingerprint
from survey_service.scheduling.protocol_queries import (
    Enrolled,
    KeptPreview,
    count_enrolled,
    enrolled_as,
    enrolled_in,
    enrolled_with_ids,
    kept_changes,
    kept_preview,
    kept_units,
    preview_to_make,
    protocol_code,
    standing_of,
)
from survey_service.scheduling.records import protocol_preview_portions, protocol_previews
from survey_service.scheduling.replanning import Replan, StandingOccasion, replan
from survey_service.scheduling.rules import (
    CareProtocol,
    EnrolmentState,
    PlannedOccasion,
    all_occasions,
    parse_protocol,
)
from survey_service.scheduling.use_cases import check_instruments, refuse_reused_codes

PREVIEW_JOB = "scheduling.preview_protocol"
# So many are looked at in the request, at about two milliseconds each.
AT_ONCE = 50
# Half a second of work for one job.
_PORTION = 250
# What was looked at longer ago is looked at again: windows open and close, and patients begin.
_LASTS = timedelta(hours=1)


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
        protocol, after = check_next(connection, services, protocol_id, definition)
        enrolled = enrolled_in(connection, protocol_id)
        standing = standing_of(connection, [one.id for one in enrolled if one.state is EnrolmentState.ACTIVE])
    changes = _changes_of(protocol, enrolled, standing, services.clock())
    return Preview(protocol, after, fingerprint(definition, after=after), tuple(enrolled), tuple(changes))


def _changes_of(
    protocol: CareProtocol,
    enrolled: Sequence[Enrolled],
    standing: Mapping[UUID, Sequence[StandingOccasion]],
    now: datetime,
) -> list[OccasionChange]:
    planned = _PlansByAnchor(protocol)
    return [
        change
        for one in enrolled
        if one.state is EnrolmentState.ACTIVE
        for change in _changes(one, replan(planned[one.anchor_date], standing.get(one.id, ()), now))
    ]


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


def check_next(
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


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """What would happen at a unit. ``changes`` are counted by occasion of the plan and kind."""

    enrolled: int
    paused: int
    changes: Counter[tuple[str, ChangeKind]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What publishing would do, in counts, with the first rows of one's own unit.

    ``done`` of ``portions`` have been looked at: before that the counts are of those only. ``at`` is when it was begun.
    """

    protocol: CareProtocol
    after: int
    fingerprint: str
    at: datetime
    done: int
    portions: int
    units: Mapping[UUID, UnitCounts]
    own: Sequence[OccasionChange]

    @property
    def is_done(self) -> bool:
        return self.done >= self.portions


def look(services: Services, protocol_id: UUID, definition: Mapping[str, Any], *, most: int | None, as_: Staff) -> Look:
    """What publishing would do; where many are enrolled, as far as the worker has come with it, which this begins.

    ``most``: so many rows of one's own unit, None is all of them. Raises what ``preview_change`` raises.
    """
    with services.db.transaction(as_=as_) as connection:
        refuse_who_manages_nothing(connection, services, as_)
        protocol, after = check_next(connection, services, protocol_id, definition)
        seen = fingerprint(definition, after=after)
        if count_enrolled(connection, protocol_id) > AT_ONCE:
            kept = _kept(connection, services, protocol_id, definition, seen=seen, as_=as_)
            done, counts = kept_units(connection, kept.id)
            return Look(
                protocol=protocol, after=after, fingerprint=seen, at=kept.begun_at, done=done, portions=kept.portions,
                units=_read_units(counts), own=_read_changes(connection, kept, as_.unit_id, most),
            )  # fmt: skip
    found = preview_change(services, protocol_id, definition, as_=as_)
    counted = _units(found.enrolled, found.changes)
    own = [one for one in found.changes if one.enrolled.unit_id == as_.unit_id][:most]
    return Look(
        protocol=found.protocol, after=found.after, fingerprint=found.fingerprint, at=services.clock(), done=1,
        portions=1, units=_read_units([counted]), own=own,
    )  # fmt: skip


def refuse_unseen(connection: Connection, services: Services, protocol_id: UUID, *, seen: str, as_: Staff) -> None:
    """Raise ``Conflict`` where many are enrolled, and the manager has not seen what would happen to just these."""
    if count_enrolled(connection, protocol_id) <= AT_ONCE:
        return
    kept = kept_preview(connection, protocol_id, as_.staff_id)
    if (
        kept is None
        or not _still_holds(connection, services, protocol_id, kept, seen=seen)
        or not _is_done(connection, kept)
    ):
        raise Conflict("The plan has been changed since you looked at it. Look at the preview again.")


def forget_look(connection: Connection, protocol_id: UUID) -> None:
    """Delete what one has looked at."""
    connection.execute(sa.delete(protocol_previews).where(protocol_previews.c.protocol_id == protocol_id))


def preview_portion(services: Services, *, preview_id: UUID, first: UUID, last: UUID, as_: System) -> bool:
    """Find what would happen to the enrolments from ``first`` to ``last``; whether it was not known yet.

    Nothing where the manager has looked at something else meanwhile.
    """
    with services.db.transaction(as_=as_) as connection:
        order = preview_to_make(connection, preview_id)
        if order is None:
            return False
        enrolled = enrolled_in(connection, order.protocol_id, first=first, last=last)
        standing = standing_of(connection, [one.id for one in enrolled if one.state is EnrolmentState.ACTIVE])
    changes = _changes_of(parse_protocol(order.definition), enrolled, standing, services.clock())
    with services.db.transaction(as_=as_) as connection:
        return insert_if_new(
            connection,
            upsert(protocol_preview_portions)
            .values(
                preview_id=preview_id, first_id=first, provider_id=as_.provider_id, staff_id=order.staff_id,
                units=_units(enrolled, changes), changes=_written(changes),
            )
            .on_conflict_do_nothing(index_elements=["preview_id", "first_id"]),
        )  # fmt: skip


def _kept(
    connection: Connection,
    services: Services,
    protocol_id: UUID,
    definition: Mapping[str, Any],
    *,
    seen: str,
    as_: Staff,
) -> KeptPreview:
    """What has been looked at, if it holds still; or a new one, and the jobs that make it."""
    kept = kept_preview(connection, protocol_id, as_.staff_id)
    if kept is not None and _still_holds(connection, services, protocol_id, kept, seen=seen):
        return kept
    forget_look(connection, protocol_id)
    ids = [one.id for one in enrolled_in(connection, protocol_id)]
    portions = [ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION)]
    preview_id = new_id()
    is_new = insert_if_new(
        connection,
        upsert(protocol_previews)
        .values(
            id=preview_id, protocol_id=protocol_id, provider_id=as_.provider_id, staff_id=as_.staff_id, seen=seen,
            definition=dict(definition), enrolled_as=enrolled_as(connection, protocol_id), portions=len(portions),
            begun_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["protocol_id", "staff_id"]),
    )  # fmt: skip
    for portion in portions if is_new else ():
        enqueue(
            connection, PREVIEW_JOB, provider_id=as_.provider_id, preview_id=preview_id, first=portion[0],
            last=portion[-1],
        )  # fmt: skip
    found = kept_preview(connection, protocol_id, as_.staff_id)
    if found is None:  # because another request of theirs threw the other away
        raise Conflict("The plan has been changed since you looked at it. Look at the preview again.")
    return found


def _still_holds(
    connection: Connection, services: Services, protocol_id: UUID, kept: KeptPreview, *, seen: str
) -> bool:
    """Whether it is of this definition, lately, and of just those who are enrolled now. Not who has begun since: at a
    busy unit somebody does every minute."""
    return (
        kept.seen == seen
        and services.clock() - kept.begun_at < _LASTS
        and kept.enrolled_as == enrolled_as(connection, protocol_id)
    )


def _is_done(connection: Connection, kept: KeptPreview) -> bool:
    return kept_units(connection, kept.id)[0] >= kept.portions


# ---- as it is kept


def _units(enrolled: Sequence[Enrolled], changes: Sequence[OccasionChange]) -> dict[str, Any]:
    """Counts by unit, and there by occasion of the plan."""
    units: dict[str, Any] = defaultdict(lambda: {"enrolled": 0, "paused": 0, "changes": defaultdict(Counter)})
    for one in enrolled:
        unit = units[str(one.unit_id)]
        unit["enrolled"] += 1
        unit["paused"] += one.state is EnrolmentState.PAUSED
    for change in changes:
        units[str(change.enrolled.unit_id)]["changes"][change.code.partition(".")[0]][change.kind.value] += 1
    return units


def _read_units(portions: Sequence[Mapping[str, Any]]) -> Mapping[UUID, UnitCounts]:
    found: dict[UUID, UnitCounts] = {}
    for portion in portions:
        for unit_id, counts in portion.items():
            known = found.get(UUID(unit_id), UnitCounts(0, 0, Counter()))
            changes = {
                (code, ChangeKind(kind)): count
                for code, kinds in counts["changes"].items()
                for kind, count in kinds.items()
            }
            found[UUID(unit_id)] = UnitCounts(
                known.enrolled + counts["enrolled"], known.paused + counts["paused"], known.changes + Counter(changes)
            )
    return found


def _written(changes: Sequence[OccasionChange]) -> dict[str, list[list[str | None]]]:
    """Rows by unit: enrolment, occasion, kind, and when it opened and closed, opens and closes."""
    found: dict[str, list[list[str | None]]] = defaultdict(list)
    for one in changes:
        moments = [*(one.before or (None, None)), *(one.after or (None, None))]
        row = [str(one.enrolled.id), one.code, one.kind.value, *(at.isoformat() if at else None for at in moments)]
        found[str(one.enrolled.unit_id)].append(row)
    return found


def _read_changes(connection: Connection, kept: KeptPreview, unit_id: UUID, most: int | None) -> list[OccasionChange]:
    rows = kept_changes(connection, kept.id, unit_id, most=most)
    known = enrolled_with_ids(connection, {UUID(row[0]) for row in rows})
    return [
        OccasionChange(known[id_], ChangeKind(row[2]), row[1], _moments(row[3], row[4]), _moments(row[5], row[6]))
        for row in rows
        if (id_ := UUID(row[0])) in known
    ]


def _moments(first: str | None, last: str | None) -> tuple[datetime, datetime] | None:
    return None if first is None or last is None else (datetime.fromisoformat(first), datetime.fromisoformat(last))
