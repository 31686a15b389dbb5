"""Reading the unit's worklist: entries by filter and page, its flags and rules, hand-overs, notes, the day's list."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import distinct_on

from survey_service.delivery.flagging import Bound, Criterion, FlagKind, GivenAnswer, Rule, Threshold, Worsening
from survey_service.delivery.queries import Version, in_reach
from survey_service.delivery.records import (
    clinic_lists,
    delivery_alarms,
    hand_overs,
    staff_notes,
    unit_flag_rules,
    unit_flags,
    worklist_entries,
)
from survey_service.delivery.rules import Alarm, ContactWay, Show

_ENTRY = worklist_entries.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries of the unit's worklist: by filter, and by protocol or patient where one is named."""

    unit_id: UUID
    staff_id: UUID
    show: Show = Show.ALL
    protocol_id: UUID | None = None
    person_id: UUID | None = None
    protocols: Collection[UUID] | None = None
    """Those that the commission covers; None is all of them."""
    today: Collection[UUID] = ()
    """Whom the unit meets today, for that filter."""


class RuleState(StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """A version of a unit's rule, and who made it, when and why."""

    id: UUID
    rule_id: UUID
    number: int
    state: RuleState
    rule: Rule
    reason: str
    staff_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFlag:
    """A rule that the version that stands met, with the figures it was judged by."""

    response_id: UUID
    rule: Rule
    value: float | None
    standard_error: float | None
    earlier_id: UUID | None
    earlier_value: float | None
    earlier_error: float | None
    important_change: float | None
    reliable_change: float | None
    assess_by: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether the unit has received the response itself, and who at the unit takes care of it."""

    received: bool
    assigned_to: UUID | None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody of the staff wrote, sealed for the person, or that they were in touch: how and when."""

    id: UUID
    way: ContactWay | None
    contact_at: datetime | None
    text_sealed: bytes | None
    staff_id: UUID
    at: datetime


def entry_ids(connection: Connection, wanted: Wanted, *, limit: int, offset: int = 0) -> list[UUID]:
    """A page of entries: what the unit has not received at the top, then newest first."""
    unread = [] if wanted.show is Show.FLAGGED else _page(connection, wanted, limit, offset, received=False)
    if wanted.show is Show.UNREAD or len(unread) == limit:
        return unread
    if wanted.show is Show.FLAGGED:
        return _page(connection, wanted, limit, offset, received=None)
    before = offset + len(unread) if unread else _count_unread(connection, wanted)
    return unread + _page(connection, wanted, limit - len(unread), max(0, offset - before), received=True)


def entries_since(connection: Connection, unit_id: UUID, since: datetime, *, protocols: Collection[UUID] | None) -> int:
    """How many responses have come to the unit after a moment, counted up to a hundred."""
    newer = (
        sa.select(_ENTRY.response_id)
        .where(_ENTRY.unit_id == unit_id, _covered(protocols), _ENTRY.delivered_at > since)
        .limit(100)
    )
    return int(connection.execute(sa.select(sa.func.count()).select_from(newer.subquery())).scalar_one())


def flagged_count(connection: Connection, unit_id: UUID, *, protocols: Collection[UUID] | None) -> int:
    """How many flagged responses nobody has assessed."""
    query = sa.select(sa.func.count()).where(
        _ENTRY.unit_id == unit_id, _covered(protocols), _ENTRY.flagged, ~_ENTRY.assessed
    )
    return int(connection.execute(query).scalar_one())


def mine_count(connection: Connection, unit_id: UUID, staff_id: UUID, *, protocols: Collection[UUID] | None) -> int:
    """How many responses somebody has been handed and not assessed."""
    query = sa.select(sa.func.count()).where(
        _ENTRY.unit_id == unit_id, _covered(protocols), _ENTRY.assigned_to == staff_id, ~_ENTRY.assessed
    )
    return int(connection.execute(query).scalar_one())


def escalated(connection: Connection, unit_id: UUID, *, protocols: Collection[UUID] | None) -> int:
    """How many flagged responses have an alarm, and nobody has assessed them yet."""
    query = sa.select(sa.func.count()).where(
        _ENTRY.unit_id == unit_id,
        _covered(protocols),
        _ENTRY.flagged,
        ~_ENTRY.assessed,
        sa.exists().where(
            delivery_alarms.c.response_id == _ENTRY.response_id,
            delivery_alarms.c.unit_id == _ENTRY.unit_id,
            delivery_alarms.c.kind == Alarm.FLAG_NOT_ASSESSED,
        ),
    )
    return int(connection.execute(query).scalar_one())


def entries_of(connection: Connection, unit_id: UUID, response_ids: Collection[UUID]) -> Mapping[UUID, Entry]:
    """By response, how it stands at the unit."""
    rows = connection.execute(
        sa.select(_ENTRY.response_id, _ENTRY.received, _ENTRY.assigned_to).where(
            _ENTRY.response_id.in_(response_ids), _ENTRY.unit_id == unit_id
        )
    ).all()
    return {row.response_id: Entry(row.received, row.assigned_to) for row in rows}


def hand_over_of_request(connection: Connection, request_id: UUID) -> bool:
    query = sa.select(hand_overs.c.id).where(hand_overs.c.request_id == request_id)
    return connection.execute(query).first() is not None


def notes_of(connection: Connection, response_id: UUID, unit_id: UUID) -> list[Note]:
    """The unit's own, newest first."""
    rows = connection.execute(
        sa.select(staff_notes)
        .where(staff_notes.c.response_id == response_id, staff_notes.c.unit_id == unit_id)
        .order_by(staff_notes.c.at.desc())
    ).all()
    return [
        Note(
            row.id, None if row.way is None else ContactWay(row.way), row.contact_at, row.text_sealed, row.staff_id,
            row.at,
        )
        for row in rows
    ]  # fmt: skip


def clinic_list(connection: Connection, unit_id: UUID, day: date) -> frozenset[UUID]:
    """Whom somebody has put on the unit's list for the day."""
    query = sa.select(clinic_lists.c.person_id).where(clinic_lists.c.unit_id == unit_id, clinic_lists.c.day == day)
    return frozenset(connection.execute(query).scalars())


def rules_of(connection: Connection, unit_id: UUID) -> list[RuleVersion]:
    """The newest version of every rule of the unit, those in force first."""
    rule = unit_flag_rules.c
    newest = (
        sa.select(unit_flag_rules)
        .ext(distinct_on(rule.rule_id))
        .where(rule.unit_id == unit_id)
        .order_by(rule.rule_id, rule.version.desc())
        .subquery()
    )
    ordered = sa.select(newest).order_by(newest.c.state, newest.c.instrument, newest.c.rule_id)
    return [_rule_version(row) for row in connection.execute(ordered).all()]


def rule_of_request(connection: Connection, request_id: UUID) -> UUID | None:
    """The version of a rule that a form has already made."""
    query = sa.select(unit_flag_rules.c.id).where(unit_flag_rules.c.request_id == request_id)
    return connection.execute(query).scalar_one_or_none()


def unit_flags_of(
    connection: Connection, stands: Mapping[UUID, Version], unit_id: UUID
) -> Mapping[UUID, Sequence[UnitFlag]]:
    """By response, the unit's own flags of the version that ``stands``."""
    rows = connection.execute(
        sa.select(unit_flags, *(unit_flag_rules.c[name] for name in _OF_RULE))
        .join(unit_flag_rules, unit_flag_rules.c.id == unit_flags.c.rule_version_id)
        .where(unit_flags.c.response_id.in_(list(stands)), unit_flags.c.unit_id == unit_id)
        .order_by(unit_flags.c.rule_version_id)
    ).all()
    found: dict[UUID, list[UnitFlag]] = defaultdict(list)
    for row in rows:
        if row.version == stands[row.response_id].number:
            found[row.response_id].append(_flag(row))
    return {response_id: tuple(found[response_id]) for response_id in stands}


_OF_RULE = ("kind", "instrument", "variable", "item_id", "bound", "limit_value")


def _page(connection: Connection, wanted: Wanted, limit: int, offset: int, *, received: bool | None) -> list[UUID]:
    query = _matching(wanted).order_by(_ENTRY.delivered_at.desc()).limit(limit).offset(offset)
    if received is not None:
        query = query.where(_ENTRY.received if received else ~_ENTRY.received)
    return list(connection.execute(query).scalars())


def _count_unread(connection: Connection, wanted: Wanted) -> int:
    unread = _matching(wanted).where(~_ENTRY.received).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(unread)).scalar_one())


def _covered(protocols: Collection[UUID] | None) -> sa.ColumnElement[bool]:
    stands = in_reach()
    return stands if protocols is None else sa.and_(stands, _ENTRY.protocol_ids.overlap(list(protocols)))


def _matching(wanted: Wanted) -> sa.Select[UUID]:
    query = sa.select(_ENTRY.response_id).where(_ENTRY.unit_id == wanted.unit_id, _covered(wanted.protocols))
    if wanted.protocol_id is not None:
        query = query.where(_ENTRY.protocol_ids.contains([wanted.protocol_id]))
    if wanted.person_id is not None:
        query = query.where(_ENTRY.person_id == wanted.person_id)
    match wanted.show:
        case Show.FLAGGED:
            return query.where(_ENTRY.flagged, ~_ENTRY.assessed)
        case Show.MINE:
            return query.where(_ENTRY.assigned_to == wanted.staff_id, ~_ENTRY.assessed)
        case Show.TODAY:
            return query.where(_ENTRY.person_id.in_(list(wanted.today)))
        case Show.ALL | Show.UNREAD:
            return query


def _rule_version(row: Row[Any]) -> RuleVersion:
    return RuleVersion(
        id=row.id,
        rule_id=row.rule_id,
        number=row.version,
        state=RuleState(row.state),
        rule=_rule(row.id, row),
        reason=row.reason,
        staff_id=row.staff_id,
        at=row.at,
    )


def _rule(rule_version_id: UUID, row: Row[Any]) -> Rule:
    return Rule(rule_version_id, row.instrument, _criterion(row))


def _criterion(row: Row[Any]) -> Criterion:
    match FlagKind(row.kind):
        case FlagKind.THRESHOLD:
            return Threshold(row.variable, Bound(row.bound), row.limit_value)
        case FlagKind.ANSWER:
            return GivenAnswer(row.item_id, Bound(row.bound), row.limit_value)
        case FlagKind.WORSENING:
            return Worsening(row.variable)


def _flag(row: Row[Any]) -> UnitFlag:
    return UnitFlag(
        response_id=row.response_id,
        rule=_rule(row.rule_version_id, row),
        value=row.value,
        standard_error=row.standard_error,
        earlier_id=row.earlier_id,
        earlier_value=row.earlier_value,
        earlier_error=row.earlier_error,
        important_change=row.important_change,
        reliable_change=row.reliable_change,
        assess_by=row.assess_by,
    )
