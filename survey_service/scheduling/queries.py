"""Reading protocols, enrolments, occasions and tasks. Row-level security decides whose."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Select
from sqlalchemy.dialects.postgresql import distinct_on

from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.db import among
from survey_service.licensing.rules import Mode, Use, UseOfAnswers
from survey_service.scheduling.records import (
    care_protocol_versions,
    care_protocols,
    enrolment_events,
    enrolments,
    occasions,
    task_links,
    tasks,
)
from survey_service.scheduling.rules import (
    CareProtocol,
    EnrolmentState,
    NoticePlan,
    ReceiptPlan,
    ReceiptPolicy,
    parse_notices,
    parse_protocol,
)


@dataclass(frozen=True, slots=True)
class PublishedProtocol:
    """The version of a protocol that new enrolments get."""

    id: UUID
    version_id: UUID
    version: int
    protocol: CareProtocol
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """When somebody is asked, by which unit, and why."""

    id: UUID
    provider_id: UUID
    person_id: UUID
    enrolment_id: UUID
    unit_id: UUID
    legal_regime: str
    purpose: UseOfAnswers
    code: str
    titles: Mapping[str, str]
    reasons: Mapping[str, str]
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    anchor_kind: str
    anchor_date: date
    procedure_id: str | None
    side: str | None
    receipt: ReceiptPlan
    reminds_at: tuple[datetime, ...]
    is_withdrawn: bool
    state: EnrolmentState

    def is_open(self, now: datetime) -> bool:
        """Whether it can be begun. What has been begun can be finished while ``is_answerable``."""
        return self.is_answerable(now) and not self.is_withdrawn and self.state is EnrolmentState.ACTIVE

    def is_answerable(self, now: datetime) -> bool:
        return self.covers(now) and self.state is not EnrolmentState.VOIDED

    def is_enterable(self, now: datetime) -> bool:
        """Whether a form on paper can be typed in: it may arrive when the window is over."""
        return self.opens_at <= now and not self.is_withdrawn and self.state is EnrolmentState.ACTIVE

    def covers(self, at: datetime) -> bool:
        """Whether the moment lies in the window."""
        return self.opens_at <= at < self.closes_at

    def use(self, now: datetime, mode: Mode = Mode.WEB) -> Use:
        """Asking it now, as a licence sees it."""
        return Use(self.provider_id, self.unit_id, self.purpose, mode, local_day(now))

    @property
    def last_moment(self) -> datetime:
        """The last minute in which it can be answered: "closes at midnight" as people read it, on the day before."""
        return self.closes_at - timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The event that an enrolment counts from."""

    enrolment_id: UUID
    kind: str
    on: date
    side: str | None
    procedure_id: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """One instrument to be answered at an occasion."""

    id: UUID
    occasion_id: UUID
    position: int
    instrument: str
    instrument_version: str
    form: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A patient in a protocol, as ordered and as it stands."""

    id: UUID
    provider_id: UUID
    person_id: UUID
    unit_id: UUID
    protocol_version_id: UUID
    request_id: UUID
    care_contact: str
    purpose: UseOfAnswers
    anchor_kind: str
    anchor_date: date
    procedure_id: str | None
    side: str | None
    state: EnrolmentState
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentEvent:
    """Something that happened to an enrolment."""

    kind: str
    reason: str | None
    detail: Mapping[str, Any]
    staff_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Together:
    """A task that another order's task answers: the unit and the window of that one."""

    task_id: UUID
    served_by: UUID
    instrument: str
    unit_id: UUID
    opens_at: datetime
    closes_at: datetime
    occasion_id: UUID


def published_protocols(connection: Connection) -> list[PublishedProtocol]:
    """The newest version of each protocol of the provider."""
    versions = care_protocol_versions.c
    newest = (
        sa.select(care_protocol_versions)
        .ext(distinct_on(versions.protocol_id))
        .order_by(versions.protocol_id, versions.version.desc())
        .subquery()
    )
    rows = connection.execute(
        sa.select(newest)
        .join(care_protocols, care_protocols.c.id == newest.c.protocol_id)
        .order_by(care_protocols.c.code)
    ).all()
    return [
        PublishedProtocol(row.protocol_id, row.id, row.version, parse_protocol(row.definition), row.definition)
        for row in rows
    ]


def protocol_id_of_enrolment(connection: Connection, enrolment_id: UUID) -> UUID | None:
    found: UUID | None = connection.execute(
        sa.select(care_protocol_versions.c.protocol_id)
        .join(enrolments, enrolments.c.protocol_version_id == care_protocol_versions.c.id)
        .where(enrolments.c.id == enrolment_id)
    ).scalar_one_or_none()
    return found


def protocol_of_enrolment(connection: Connection, enrolment_id: UUID) -> CareProtocol | None:
    """The version of the protocol that the patient was enrolled in."""
    definition = connection.execute(
        sa.select(care_protocol_versions.c.definition)
        .join(enrolments, enrolments.c.protocol_version_id == care_protocol_versions.c.id)
        .where(enrolments.c.id == enrolment_id)
    ).scalar_one_or_none()
    return None if definition is None else parse_protocol(definition)


def occasion(connection: Connection, occasion_id: UUID) -> Occasion | None:
    """The occasion, or None when there is none that the principal may see."""
    found = _read_occasions(connection, _occasions().where(occasions.c.id == occasion_id))
    return found[0] if found else None


def occasions_with_ids(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, Occasion]:
    """By id, those that the principal may see, in one query for a list."""
    found = _read_occasions(connection, _occasions().where(among(occasions.c.id, occasion_ids)))
    return {one.id: one for one in found}


def next_opening(connection: Connection, now: datetime) -> datetime | None:
    """When the next of the provider's occasions opens."""
    opens = sa.select(sa.func.min(occasions.c.opens_at)).where(
        occasions.c.opens_at > now, occasions.c.withdrawn_at.is_(None)
    )
    found: datetime | None = connection.execute(opens).scalar_one()
    return found


def notice_plans(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, NoticePlan]:
    """By occasion, what its protocol says of messages, in the version that the enrolment has now."""
    said = care_protocol_versions.c.definition["notices"].label("said")
    query = (
        sa.select(occasions.c.id, said)
        .join(enrolments, enrolments.c.id == occasions.c.enrolment_id)
        .join(care_protocol_versions, care_protocol_versions.c.id == enrolments.c.protocol_version_id)
        .where(among(occasions.c.id, occasion_ids), said.is_not(None))
    )
    said_of = {row.id: parse_notices(row.said) for row in connection.execute(query)}
    return {occasion_id: said_of.get(occasion_id, NoticePlan()) for occasion_id in occasion_ids}


def occasion_of_task(connection: Connection, task_id: UUID) -> Occasion | None:
    """The occasion that a task belongs to."""
    of_task = sa.select(tasks.c.occasion_id).where(tasks.c.id == task_id).scalar_subquery()
    found = _read_occasions(connection, _occasions().where(occasions.c.id == of_task))
    return found[0] if found else None


def occasions_of_tasks(connection: Connection, task_ids: Collection[UUID]) -> Mapping[UUID, Occasion]:
    """By task, in two queries for a list."""
    rows = connection.execute(sa.select(tasks.c.id, tasks.c.occasion_id).where(among(tasks.c.id, task_ids))).all()
    found = _read_occasions(connection, _occasions().where(among(occasions.c.id, {row.occasion_id for row in rows})))
    by_id = {one.id: one for one in found}
    return {row.id: by_id[row.occasion_id] for row in rows}


def occasions_of_patient(connection: Connection, now: datetime) -> list[Occasion]:
    """The patient's occasions that have opened and stand, those that close first at the top."""
    return _read_occasions(
        connection,
        _occasions()
        .where(occasions.c.opens_at <= now, occasions.c.withdrawn_at.is_(None))
        .order_by(occasions.c.closes_at),
    )


def enrolment(connection: Connection, enrolment_id: UUID, *, lock: bool = False) -> Enrolment | None:
    """The enrolment, or None when there is none that the principal may see. ``lock`` holds it to the end."""
    return _enrolment(connection, enrolments.c.id == enrolment_id, lock=lock)


def enrolment_of_request(connection: Connection, request_id: UUID) -> Enrolment | None:
    """What was ordered under a request's id."""
    return _enrolment(connection, enrolments.c.request_id == request_id)


def enrolments_of_requests(connection: Connection, request_ids: Collection[UUID]) -> Mapping[UUID, Enrolment]:
    """By request, in one query for a list."""
    rows = connection.execute(_enrolments().where(enrolments.c.request_id.in_(request_ids))).all()
    return {row.request_id: _read_enrolment(row) for row in rows}


def events_of_enrolment(connection: Connection, enrolment_id: UUID) -> list[EnrolmentEvent]:
    """What happened, the first at the top."""
    table = enrolment_events.c
    rows = connection.execute(
        sa.select(table.kind, table.reason, table.detail, table.staff_id, table.at)
        .where(table.enrolment_id == enrolment_id)
        .order_by(table.at, table.id)
    ).all()
    return [EnrolmentEvent(*row) for row in rows]


def has_died(connection: Connection, person_id: UUID) -> bool:
    """Whether the provider has recorded that the patient is dead, and has not taken it back."""
    table = enrolment_events.c
    query = (
        sa.select(table.kind)
        .where(table.person_id == person_id, table.kind.in_(["died", "death_withdrawn"]))
        .order_by(table.at.desc(), table.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none() == "died"


def answered_together(connection: Connection, occasion_ids: Collection[UUID]) -> list[Together]:
    """The tasks of these occasions that another order's task answers, for staff to be told."""
    mine, theirs = tasks.alias("mine"), tasks.alias("theirs")
    rows = connection.execute(
        sa.select(
            mine.c.id,
            theirs.c.id,
            mine.c.instrument,
            occasions.c.unit_id,
            occasions.c.opens_at,
            occasions.c.closes_at,
            mine.c.occasion_id,
        )
        .join(task_links, task_links.c.task_id == mine.c.id)
        .join(theirs, theirs.c.id == task_links.c.served_by)
        .join(occasions, occasions.c.id == theirs.c.occasion_id)
        .where(among(mine.c.occasion_id, occasion_ids))
        .order_by(mine.c.position)
    ).all()
    return [Together(*row) for row in rows]


def tasks_served_by(connection: Connection, task_id: UUID) -> Mapping[UUID, Occasion]:
    """The tasks of other orders that an answer to this one answers too, each with its occasion."""
    found = connection.execute(sa.select(task_links.c.task_id).where(task_links.c.served_by == task_id)).scalars().all()
    return occasions_of_tasks(connection, found) if found else {}


def links_of(connection: Connection, task_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """By task, the task of another order that was to answer it."""
    if not task_ids:
        return {}
    rows = connection.execute(
        sa.select(task_links.c.task_id, task_links.c.served_by).where(among(task_links.c.task_id, task_ids))
    ).all()
    return {row.task_id: row.served_by for row in rows}


def occasions_of_enrolment(connection: Connection, enrolment_id: UUID) -> list[Occasion]:
    return _read_occasions(
        connection,
        _occasions().where(occasions.c.enrolment_id == enrolment_id).order_by(occasions.c.opens_at),
    )


def tasks_at(of_occasions: Select[tuple[UUID]]) -> Select[tuple[UUID]]:
    """A select of the tasks of occasions, for others' queries to build on."""
    return sa.select(tasks.c.id).where(tasks.c.occasion_id.in_(of_occasions))


def enrolment_count(connection: Connection) -> int:
    """How many there are that the principal may see."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(enrolments)).scalar_one())


def occasions_of_unit(
    connection: Connection, unit_id: UUID, *, opens_before: datetime, closes_after: datetime
) -> list[Occasion]:
    """The unit's occasions that stand and are open at some time in between, those that open first at the top."""
    return _read_occasions(
        connection,
        _occasions()
        .where(
            occasions.c.unit_id == unit_id,
            occasions.c.withdrawn_at.is_(None),
            occasions.c.opens_at <= opens_before,
            occasions.c.closes_at > closes_after,
        )
        .order_by(occasions.c.opens_at, occasions.c.id),
    )


def followed_occasions(
    person_id: UUID,
    unit_id: UUID | None,
    *,
    protocols: Collection[UUID] | None = None,
    without_units: Collection[UUID] = (),
) -> Select[tuple[UUID]]:
    """A select of the person's occasions that a unit follows: it asked, or the enrolment is with it now.

    None is every unit, and every protocol; what one of ``without_units`` asked is not among them.
    Without those of an enrolment that is void: it was for another patient.
    """
    query = (
        sa.select(occasions.c.id)
        .join(enrolments, enrolments.c.id == occasions.c.enrolment_id)
        .where(
            occasions.c.person_id == person_id,
            enrolments.c.state != EnrolmentState.VOIDED,
            occasions.c.unit_id.not_in(list(without_units)),
            _of(protocols),
        )
    )
    if unit_id is None:
        return query
    return query.where(sa.or_(occasions.c.unit_id == unit_id, enrolments.c.unit_id == unit_id))


def followed_people(
    connection: Connection, people: Collection[UUID], unit_id: UUID, *, protocols: Collection[UUID] | None
) -> frozenset[UUID]:
    """Those of the people whom the unit follows, or has followed, in these protocols (None is all)."""
    query = (
        sa.select(occasions.c.person_id)
        .join(enrolments, enrolments.c.id == occasions.c.enrolment_id)
        .where(
            occasions.c.person_id.in_(people),
            enrolments.c.state != EnrolmentState.VOIDED,
            sa.or_(occasions.c.unit_id == unit_id, enrolments.c.unit_id == unit_id),
            _of(protocols),
        )
    )
    return frozenset(connection.execute(query).scalars())


def units_following(connection: Connection, person_id: UUID) -> frozenset[UUID]:
    """The provider's units that follow the person, or have."""
    query = (
        sa.select(occasions.c.unit_id, enrolments.c.unit_id.label("with_unit"))
        .join(enrolments, enrolments.c.id == occasions.c.enrolment_id)
        .where(occasions.c.person_id == person_id, enrolments.c.state != EnrolmentState.VOIDED)
        .distinct()
    )
    return frozenset(unit_id for row in connection.execute(query).all() for unit_id in row)


def anchors_of(
    connection: Connection,
    person_id: UUID,
    unit_id: UUID | None,
    *,
    protocols: Collection[UUID] | None = None,
    without_units: Collection[UUID] = (),
) -> list[Anchor]:
    """The events of the person's enrolments that the unit has or had (None is every unit), in time.

    Of these protocols (None is all), and without the enrolments that are with ``without_units``.
    """
    query = (
        sa.select(
            enrolments.c.id,
            enrolments.c.anchor_kind,
            enrolments.c.anchor_date,
            enrolments.c.side,
            enrolments.c.procedure_id,
        )
        .where(
            enrolments.c.person_id == person_id,
            enrolments.c.state != EnrolmentState.VOIDED,
            enrolments.c.unit_id.not_in(list(without_units)),
            _of(protocols),
        )
        .order_by(enrolments.c.anchor_date, enrolments.c.id)
    )
    if unit_id is not None:
        asked = sa.exists().where(occasions.c.enrolment_id == enrolments.c.id, occasions.c.unit_id == unit_id)
        query = query.where(sa.or_(enrolments.c.unit_id == unit_id, asked))
    return [Anchor(*row) for row in connection.execute(query).all()]


def waiting_occasions_of_unit(
    connection: Connection,
    unit_id: UUID,
    now: datetime,
    *,
    limit: int,
    person_id: UUID | None = None,
    protocols: Collection[UUID] | None = None,
) -> list[Occasion]:
    """Open occasions with something left to answer, the most urgent first. ``protocols`` None is all of them."""
    return _read_occasions(
        connection,
        _occasions()
        .where(
            _of(protocols),
            occasions.c.unit_id == unit_id,
            occasions.c.opens_at <= now,
            occasions.c.closes_at > now,
            occasions.c.withdrawn_at.is_(None),
            enrolments.c.state == EnrolmentState.ACTIVE,
            ~occasions.c.is_answered,
            sa.true() if person_id is None else occasions.c.person_id == person_id,
        )
        .order_by(occasions.c.closes_at)
        .limit(limit),
    )


def opened_occasions_of_unit(
    connection: Connection,
    unit_id: UUID,
    now: datetime,
    *,
    limit: int,
    offset: int = 0,
    chosen: Select[tuple[UUID]] | None = None,
    waiting: bool = False,
    person_id: UUID | None = None,
    protocols: Collection[UUID] | None = None,
) -> list[Occasion]:
    """What the unit has asked, the latest first. ``chosen`` None is all of it, as is ``protocols``.

    ``waiting``: only what can still be answered, and is not.
    """
    still = (occasions.c.closes_at > now, occasions.c.withdrawn_at.is_(None), ~occasions.c.is_answered)
    query = _occasions().where(
        _of(protocols),
        occasions.c.unit_id == unit_id,
        occasions.c.opens_at <= now,
        enrolments.c.state != EnrolmentState.VOIDED,
        # An array, so that those few are looked up: as a join it was looked for in all that waits (0.9 s at 100,000).
        sa.true() if chosen is None else occasions.c.id == sa.func.any(sa.func.array(chosen.scalar_subquery())),
        sa.true() if person_id is None else occasions.c.person_id == person_id,
        *(still if waiting else ()),
    )
    ordered = query.order_by(occasions.c.opens_at.desc(), occasions.c.id)
    return _read_occasions(connection, ordered.limit(limit).offset(offset))


def protocol_of_task(connection: Connection, task_id: UUID) -> UUID:
    """The protocol in which it was asked."""
    found: UUID = connection.execute(
        sa.select(care_protocol_versions.c.protocol_id)
        .join(enrolments, enrolments.c.protocol_version_id == care_protocol_versions.c.id)
        .join(occasions, occasions.c.enrolment_id == enrolments.c.id)
        .join(tasks, tasks.c.occasion_id == occasions.c.id)
        .where(tasks.c.id == task_id)
    ).scalar_one()
    return found


def _of(protocols: Collection[UUID] | None) -> sa.ColumnElement[bool]:
    """The condition on an enrolment; None is every protocol."""
    return sa.true() if protocols is None else enrolments.c.protocol_version_id.in_(_versions_of(protocols))


def _versions_of(protocols: Collection[UUID]) -> Select[tuple[UUID]]:
    return sa.select(care_protocol_versions.c.id).where(care_protocol_versions.c.protocol_id.in_(protocols))


def people_due(connection: Connection, unit_id: UUID, day: date) -> frozenset[UUID]:
    """Whom the unit's occasions are due for on the day."""
    begins = at_local_time(day, time())
    ends = at_local_time(day + timedelta(days=1), time())
    query = sa.select(occasions.c.person_id).where(
        occasions.c.unit_id == unit_id,
        occasions.c.due_at >= begins,
        occasions.c.due_at < ends,
        occasions.c.withdrawn_at.is_(None),
    )
    return frozenset(connection.execute(query).scalars())


def tasks_of(connection: Connection, occasion_ids: Sequence[UUID]) -> list[Task]:
    rows = connection.execute(
        sa.select(
            tasks.c.id,
            tasks.c.occasion_id,
            tasks.c.position,
            tasks.c.instrument,
            tasks.c.instrument_version,
            tasks.c.form,
        )
        .where(among(tasks.c.occasion_id, occasion_ids))
        .order_by(tasks.c.occasion_id, tasks.c.position)
    ).all()
    return [Task(*row) for row in rows]


def _enrolments() -> Select[Any]:
    named = [enrolments.c[name] for name in Enrolment.__dataclass_fields__]
    return sa.select(*named)


def _enrolment(connection: Connection, condition: sa.ColumnElement[bool], *, lock: bool = False) -> Enrolment | None:
    query = _enrolments().where(condition)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _read_enrolment(row)


def _read_enrolment(row: sa.Row[Any]) -> Enrolment:
    values = dict(row._mapping)
    return Enrolment(
        **(values | {"purpose": UseOfAnswers(row.purpose), "state": EnrolmentState(row.state)}),
    )


def _occasions() -> Select[Any]:
    return sa.select(
        occasions,
        enrolments.c.legal_regime,
        enrolments.c.purpose,
        enrolments.c.anchor_kind,
        enrolments.c.anchor_date,
        enrolments.c.procedure_id,
        enrolments.c.side,
        enrolments.c.state,
    ).join(enrolments, enrolments.c.id == occasions.c.enrolment_id)


def _read_occasions(connection: Connection, query: Select[Any]) -> list[Occasion]:
    return [
        Occasion(
            id=row.id,
            provider_id=row.provider_id,
            person_id=row.person_id,
            enrolment_id=row.enrolment_id,
            unit_id=row.unit_id,
            legal_regime=row.legal_regime,
            purpose=UseOfAnswers(row.purpose),
            code=row.code,
            titles=row.titles,
            reasons=row.reasons,
            opens_at=row.opens_at,
            due_at=row.due_at,
            closes_at=row.closes_at,
            anchor_kind=row.anchor_kind,
            anchor_date=row.anchor_date,
            procedure_id=row.procedure_id,
            side=row.side,
            receipt=ReceiptPlan(ReceiptPolicy(row.receipt_policy), row.receipt_within_hours, row.read_within_hours),
            reminds_at=tuple(row.reminds_at),
            is_withdrawn=row.withdrawn_at is not None,
            state=EnrolmentState(row.state),
        )
        for row in connection.execute(query).all()
    ]
