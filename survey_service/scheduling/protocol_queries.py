"""Reading protocols as their managers see them: versions, drafts, how many are enrolled, and what stands for them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import aggregate_order_by

from survey_service.answering.queries import begun_occasions
from survey_service.scheduling.records import (
    care_protocol_versions,
    care_protocols,
    enrolments,
    occasions,
    protocol_changes,
    protocol_drafts,
    protocol_preview_portions,
    protocol_previews,
)
from survey_service.scheduling.replanning import StandingOccasion
from survey_service.scheduling.rules import EnrolmentState

# PostgreSQL takes 65,535 parameters; a list of ids is one each.
_AT_A_TIME = 5000
_UNDER_WAY = (EnrolmentState.ACTIVE, EnrolmentState.PAUSED)


@dataclass(frozen=True, slots=True)
class ListedProtocol:
    """A protocol of the provider, and how many have it. ``version`` 0 has not been published; ``names`` is empty then.

    ``behind`` are those under way on an older version.
    """

    id: UUID
    code: str
    version: int
    names: Mapping[str, str]
    since: datetime | None
    enrolled: int
    behind: int


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """A published version, as it was written. ``published_by`` None is an operator."""

    id: UUID
    version: int
    definition: Mapping[str, Any]
    published_at: datetime
    published_by: UUID | None


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is writing: the fields of the form as they stand. ``after`` is the version it was begun from."""

    after: int
    fields: Mapping[str, str]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment under way, as far as a change of its protocol concerns it."""

    id: UUID
    person_id: UUID
    unit_id: UUID
    anchor_date: date
    state: EnrolmentState
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """A version that is given to those enrolled before it."""

    version_id: UUID
    staff_id: UUID
    enrolled: int
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class KeptPreview:
    """A look at what publishing would do: of what (``seen``), to whom, in how many portions."""

    id: UUID
    seen: str
    enrolled_as: str
    portions: int
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """What the worker is to look at, and for whom."""

    protocol_id: UUID
    staff_id: UUID
    definition: Mapping[str, Any]


def listed_protocols(connection: Connection) -> list[ListedProtocol]:
    """Every protocol of the provider by code, in three queries."""
    versions, newest = care_protocol_versions.c, sa.func.max(care_protocol_versions.c.version)
    latest: dict[UUID, int] = {
        row[0]: row[1]
        for row in connection.execute(sa.select(versions.protocol_id, newest).group_by(versions.protocol_id)).all()
    }
    counted: dict[UUID, dict[int, int]] = defaultdict(dict)
    for protocol_id, version, count in connection.execute(
        sa.select(versions.protocol_id, versions.version, sa.func.count())
        .join(enrolments, enrolments.c.protocol_version_id == versions.id)
        .where(enrolments.c.state.in_(_UNDER_WAY))
        .group_by(versions.protocol_id, versions.version)
    ).all():
        counted[protocol_id][version] = count
    rows = connection.execute(
        sa.select(
            care_protocols.c.id, care_protocols.c.code, versions.version, versions.definition, versions.published_at
        )
        .outerjoin(
            care_protocol_versions,
            sa.and_(
                versions.protocol_id == care_protocols.c.id,
                sa.tuple_(versions.protocol_id, versions.version).in_(
                    sa.select(versions.protocol_id, newest).group_by(versions.protocol_id)
                ),
            ),
        )
        .order_by(care_protocols.c.code)
    ).all()
    return [
        ListedProtocol(
            id=row.id,
            code=row.code,
            version=row.version or 0,
            names=row.definition["names"] if row.definition else {},
            since=row.published_at,
            enrolled=sum(counted[row.id].values()),
            behind=sum(count for version, count in counted[row.id].items() if version < latest.get(row.id, 0)),
        )
        for row in rows
    ]


def protocol_code(connection: Connection, protocol_id: UUID) -> str | None:
    """The protocol's code; None where the principal has no such protocol."""
    found: str | None = connection.execute(
        sa.select(care_protocols.c.code).where(care_protocols.c.id == protocol_id)
    ).scalar_one_or_none()
    return found


def versions_of(connection: Connection, protocol_id: UUID) -> list[ProtocolVersion]:
    """The newest first."""
    version = care_protocol_versions.c
    rows = connection.execute(
        sa.select(version.id, version.version, version.definition, version.published_at, version.published_by)
        .where(version.protocol_id == protocol_id)
        .order_by(version.version.desc())
    ).all()
    return [ProtocolVersion(*row) for row in rows]


def draft_of(connection: Connection, protocol_id: UUID) -> Draft | None:
    """The principal's own draft: nobody sees another's."""
    row = connection.execute(
        sa.select(protocol_drafts.c.after, protocol_drafts.c.fields, protocol_drafts.c.saved_at).where(
            protocol_drafts.c.protocol_id == protocol_id
        )
    ).one_or_none()
    return None if row is None else Draft(*row)


def own_drafts(connection: Connection) -> frozenset[UUID]:
    """Protocols that the principal has a draft of."""
    return frozenset(connection.execute(sa.select(protocol_drafts.c.protocol_id)).scalars())


def enrolled_in(
    connection: Connection, protocol_id: UUID, *, first: UUID | None = None, last: UUID | None = None
) -> list[Enrolled]:
    """Everybody under way in any version of the protocol (from ``first`` to ``last``), in the order of enrolment."""
    query = _enrolled().where(care_protocol_versions.c.protocol_id == protocol_id, enrolments.c.state.in_(_UNDER_WAY))
    if first is not None and last is not None:
        query = query.where(enrolments.c.id.between(first, last))
    return [_read_enrolled(row) for row in connection.execute(query.order_by(enrolments.c.id)).all()]


def enrolled_with_ids(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, Enrolled]:
    """By id, whatever has become of them."""
    chosen = enrolments.c.id == sa.func.any(sa.cast(list(ids), sa.ARRAY(sa.Uuid)))
    return {row.id: _read_enrolled(row) for row in connection.execute(_enrolled().where(chosen)).all()}


def count_enrolled(connection: Connection, protocol_id: UUID) -> int:
    """How many are under way in any version of the protocol."""
    return int(connection.execute(_of_everybody(protocol_id, sa.func.count())).scalar_one())


def enrolled_as(connection: Connection, protocol_id: UUID) -> str:
    """Who is under way, where and from which day, as one code: another when anybody comes, goes or is moved."""
    enrolment = enrolments.c
    line = sa.func.concat_ws(" ", enrolment.id, enrolment.unit_id, enrolment.anchor_date, enrolment.state)
    together = sa.func.md5(sa.func.string_agg(line, aggregate_order_by(sa.literal(","), enrolment.id)))
    return str(connection.execute(_of_everybody(protocol_id, together)).scalar_one())


def _of_everybody(protocol_id: UUID, told: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(told)
        .select_from(enrolments)
        .join(care_protocol_versions, care_protocol_versions.c.id == enrolments.c.protocol_version_id)
        .where(care_protocol_versions.c.protocol_id == protocol_id, enrolments.c.state.in_(_UNDER_WAY))
    )


def _enrolled() -> sa.Select[Any]:
    return sa.select(
        enrolments.c.id,
        enrolments.c.person_id,
        enrolments.c.unit_id,
        enrolments.c.anchor_date,
        enrolments.c.state,
        care_protocol_versions.c.version,
    ).join(care_protocol_versions, care_protocol_versions.c.id == enrolments.c.protocol_version_id)


def _read_enrolled(row: sa.Row[Any]) -> Enrolled:
    return Enrolled(row.id, row.person_id, row.unit_id, row.anchor_date, EnrolmentState(row.state), row.version)


def standing_of(connection: Connection, enrolment_ids: Collection[UUID]) -> Mapping[UUID, list[StandingOccasion]]:
    """What is kept of many enrolments, to look at: nothing is locked. As ``changing.standing_occasions`` for one."""
    found: dict[UUID, list[StandingOccasion]] = defaultdict(list)
    ids = list(enrolment_ids)
    for start in range(0, len(ids), _AT_A_TIME):
        part = ids[start : start + _AT_A_TIME]
        occasion = occasions.c
        rows = connection.execute(
            sa.select(
                occasion.enrolment_id,
                occasion.id,
                occasion.code,
                occasion.opens_at,
                occasion.due_at,
                occasion.closes_at,
                occasion.reminds_at,
                occasion.withdrawn_at,
            )
            .where(occasion.enrolment_id == sa.func.any(sa.cast(part, sa.ARRAY(sa.Uuid))))
            .order_by(occasion.due_at, occasion.code)
        ).all()
        begun = _begun(connection, [row.id for row in rows])
        for row in rows:
            found[row.enrolment_id].append(
                StandingOccasion(
                    id=row.id,
                    code=row.code,
                    opens_at=row.opens_at,
                    due_at=row.due_at,
                    closes_at=row.closes_at,
                    reminds_at=tuple(row.reminds_at),
                    asked=(),
                    is_begun=row.id in begun,
                    is_withdrawn=row.withdrawn_at is not None,
                )
            )
    return found


def _begun(connection: Connection, ids: list[UUID]) -> frozenset[UUID]:
    parts = (ids[start : start + _AT_A_TIME] for start in range(0, len(ids), _AT_A_TIME))
    return frozenset[UUID]().union(*(begun_occasions(connection, part) for part in parts))


def change_to(connection: Connection, version_id: UUID) -> Change | None:
    row = connection.execute(
        sa.select(
            protocol_changes.c.version_id,
            protocol_changes.c.staff_id,
            protocol_changes.c.enrolled,
            protocol_changes.c.begun_at,
        ).where(protocol_changes.c.version_id == version_id)
    ).one_or_none()
    return None if row is None else Change(*row)


def published_version(connection: Connection, version_id: UUID) -> tuple[UUID, ProtocolVersion]:
    """A version and the protocol it is one of."""
    row = connection.execute(sa.select(care_protocol_versions).where(care_protocol_versions.c.id == version_id)).one()
    return row.protocol_id, ProtocolVersion(row.id, row.version, row.definition, row.published_at, row.published_by)


# ---- what somebody has looked at


def kept_preview(connection: Connection, protocol_id: UUID, staff_id: UUID) -> KeptPreview | None:
    """The principal's own last look at the protocol, without what was found."""
    preview = protocol_previews.c
    row = connection.execute(
        sa.select(preview.id, preview.seen, preview.enrolled_as, preview.portions, preview.begun_at).where(
            preview.protocol_id == protocol_id, preview.staff_id == staff_id
        )
    ).one_or_none()
    return None if row is None else KeptPreview(*row)


def preview_to_make(connection: Connection, preview_id: UUID) -> PreviewOrder | None:
    """None where it has been thrown away."""
    preview = protocol_previews.c
    row = connection.execute(
        sa.select(preview.protocol_id, preview.staff_id, preview.definition).where(preview.id == preview_id)
    ).one_or_none()
    return None if row is None else PreviewOrder(*row)


def kept_units(connection: Connection, preview_id: UUID) -> tuple[int, list[Mapping[str, Any]]]:
    """How many portions have been looked at, and the counts of each by unit."""
    portion = protocol_preview_portions.c
    found = connection.execute(sa.select(portion.units).where(portion.preview_id == preview_id)).scalars().all()
    return len(found), list(found)


def kept_changes(connection: Connection, preview_id: UUID, unit_id: UUID, *, most: int | None) -> list[list[Any]]:
    """Rows of a unit, as they are kept, in the order of enrolment."""
    portion = protocol_preview_portions.c
    own = portion.changes[str(unit_id)]
    found: list[list[Any]] = []
    rows = connection.execute(
        sa.select(own).where(portion.preview_id == preview_id, own.is_not(None)).order_by(portion.first_id),
        # Portion by portion, until there are enough: one has thousands of rows.
        execution_options={"yield_per": 1},
    ).scalars()
    for part in rows:
        found += part
        if most is not None and len(found) >= most:
            rows.close()
            break
    return found[:most]
