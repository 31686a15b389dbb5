"""Care protocols, and when their occasions open, fall due and close. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from survey_service.errors import BadInput, mark
from survey_service.foundation.clock import at_local_time
from survey_service.licensing.rules import UseOfAnswers
from survey_service.people.rules import looks_like_identity_number
from survey_service.scheduling.inclusion import EVERYBODY, Rules, parse_rules
from survey_service.scheduling.working_days import next_working_day

# The job that tells patients of what is due (`notifying.jobs`): for those who make something due now.
SEND_JOB = "notifying.send_due"
# Nobody is woken by a survey: an occasion opens in the morning and closes at midnight, Swedish time.
OPENING_TIME = time(8, 0)
MIDNIGHT = time(0, 0)
# A year: the database keeps to it too.
_MOST_HOURS = 8760
# Who has not come by then is told of the next occasion.
MOST_NOTICE_DAYS = 90
# Daily for two years.
_LONGEST_SERIES = 731
# Of a protocol and of an occasion.
CODE = re.compile(r"[a-z0-9-]{1,40}")
# It is told to registers, so it is a code and never words.
_PROCEDURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,39}")


class BodySide(StrEnum):
    """Which side an event concerns: forms about one knee are no series with forms about the other."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


class AnchorKind(StrEnum):
    """What the days of a protocol are counted from."""

    SURGERY = "surgery"
    DIAGNOSIS = "diagnosis"
    VISIT = "visit"
    ENROLMENT = "enrolment"


class Asked(StrEnum):
    """Whether an order says something: the side, or what was done."""

    NEVER = "never"
    OPTIONAL = "optional"
    REQUIRED = "required"


class EnrolmentState(StrEnum):
    """Where an enrolment stands. Only what is active is asked; what is void was for the wrong patient."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class PlannedInstrument:
    """What is asked: an instrument version, whole or (of an adaptive bank) as one of its short forms."""

    id: str
    version: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class OccasionPlan:
    """One occasion of a protocol, or a series of them. Days are counted from the anchor date; negative is before it.

    A series falls due ``times`` times, ``every_days`` days apart. ``reminders`` are days from the one it opens on.
    ``not_on_holidays``: neither opens nor falls due on a weekend or a holiday, but on the next working day.
    """

    code: str
    titles: Mapping[str, str]
    due_day: int
    opens_days_before: int
    closes_days_after: int
    instruments: tuple[PlannedInstrument, ...]
    every_days: int = 0
    times: int = 1
    reminders: tuple[int, ...] = ()
    not_on_holidays: bool = False

    @property
    def is_series(self) -> bool:
        return self.times > 1


class ReceiptPolicy(StrEnum):
    """What counts as received, besides that a person of the unit opens the answers."""

    PERSON = "person"
    """Nothing else."""
    RECORD_SYSTEM = "record_system"
    """The record system of the provider acknowledges them with an id of its own."""
    ARCHIVE = "archive"
    """The archive of the provider in this service takes them in."""


@dataclass(frozen=True, slots=True)
class ReceiptPlan:
    """What counts as received, when its absence is an alarm, and what patients are told about reading.

    ``within_hours``: from the last answer to the alarm that nobody has received it. ``read_within_hours``: until
    somebody has read the answers; None is nobody reads them.
    """

    policy: ReceiptPolicy = ReceiptPolicy.PERSON
    within_hours: int = 72
    read_within_hours: int | None = 168


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """How soon somebody who does not come is written to in another way, and at last by letter: in days from the first
    message."""

    other_way_after_days: int = 3
    letter_after_days: int = 7


@dataclass(frozen=True, slots=True)
class CareProtocol:
    """What is asked, of whom, when, and why. The texts are the unit's own, by language.

    ``anchor_kind`` is one of ``AnchorKind`` in all that is published now, and free words in what is older.
    ``registers`` names the registers that it is meant for: for people to read, since agreements decide.
    """

    code: str
    names: Mapping[str, str]
    reasons: Mapping[str, str]
    anchor_kind: str
    purpose: UseOfAnswers
    occasions: tuple[OccasionPlan, ...]
    receipt: ReceiptPlan = ReceiptPlan()
    side: Asked = Asked.OPTIONAL
    procedure: Asked = Asked.OPTIONAL
    rules: Rules = EVERYBODY
    registers: tuple[str, ...] = ()
    notices: NoticePlan = NoticePlan()

    def has_side(self, side: BodySide | None) -> bool:
        """Whether an order with this side is one for this protocol: a side-specific series is of one side."""
        return _fits(self.side, side) and (self.side is not Asked.REQUIRED or side is not BodySide.BOTH)


@dataclass(frozen=True, slots=True)
class PlannedOccasion:
    """An occasion with its moments in UTC. ``closes_at`` is the first moment that is too late.

    ``code`` is that of the plan; in a series with its number, as in "diary.3".
    """

    plan: OccasionPlan
    code: str
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    reminds_at: tuple[datetime, ...] = ()


def parse_procedure(text: str) -> str | None:
    """The id of what was done, as the unit's own system has it; None for an empty field. Raises ``BadInput``."""
    procedure = text.strip()
    if not procedure:
        return None
    if not _PROCEDURE.fullmatch(procedure) or looks_like_identity_number(procedure):
        raise BadInput(
            "The procedure's id cannot be right.",
            fields={
                "procedure_id": mark("Write an id of at most 40 letters, digits and dashes, and no personal number.")
            },
        )
    return procedure


def refuse_wrong_event(protocol: CareProtocol, *, side: BodySide | None, procedure_id: str | None) -> None:
    """Raise ``BadInput`` for an order whose event is not told as the protocol asks."""
    if not protocol.has_side(side):
        sentence = (
            mark("This protocol is not about one side: choose none.")
            if protocol.side is Asked.NEVER
            else mark("This protocol is about one side: choose left or right, and order once for each.")
        )
        raise BadInput("The side does not fit the protocol.", fields={"side": sentence})
    if not _fits(protocol.procedure, procedure_id):
        sentence = (
            mark("This protocol is not about a procedure: leave it empty.")
            if protocol.procedure is Asked.NEVER
            else mark("This protocol is about a procedure: write its id.")
        )
        raise BadInput("The procedure does not fit the protocol.", fields={"procedure_id": sentence})


def _fits(asked: Asked, given: object) -> bool:
    return asked is Asked.OPTIONAL or (given is not None) == (asked is Asked.REQUIRED)


def parse_protocol(data: Mapping[str, Any]) -> CareProtocol:
    """Read a protocol definition. Raises ``BadInput`` naming the field."""
    try:
        protocol = CareProtocol(
            code=data["code"],
            names=dict(data["names"]),
            reasons=dict(data["reasons"]),
            anchor_kind=data["anchor_kind"],
            purpose=_parse_purpose(data["purpose"]),
            occasions=tuple(_parse_occasion(occasion) for occasion in data["occasions"]),
            receipt=_parse_receipt(data.get("receipt", {})),
            side=_parse_asked(data, "side"),
            procedure=_parse_asked(data, "procedure"),
            rules=parse_rules(data.get("inclusion"), data.get("exclusion")),
            registers=tuple(data.get("registers", ())),
            notices=parse_notices(data.get("notices", {})),
        )
    except KeyError as missing:
        raise BadInput(f"The protocol lacks the field {missing}.") from None
    if not protocol.occasions:
        raise BadInput("The protocol has no occasions.")
    codes = [occasion.code for occasion in protocol.occasions]
    if len(set(codes)) < len(codes):
        raise BadInput("Two occasions of the protocol have the same code.")
    return protocol


def _parse_purpose(text: str) -> UseOfAnswers:
    try:
        return UseOfAnswers(text)
    except ValueError:
        raise BadInput(f"The protocol's purpose is none of {', '.join(UseOfAnswers)}.") from None


def _parse_asked(data: Mapping[str, Any], name: str) -> Asked:
    try:
        return Asked(data.get(name, Asked.OPTIONAL))
    except ValueError:
        raise BadInput(f"The protocol's {name} is none of {', '.join(Asked)}.") from None


def _parse_receipt(data: Mapping[str, Any]) -> ReceiptPlan:
    """What a protocol leaves out has its default; ``read_within_hours = 0`` says that nobody reads."""
    if not isinstance(data, Mapping):
        raise BadInput("The protocol's receipt must be a table.")
    if unknown := sorted(set(data) - {"policy", "within_hours", "read_within_hours"}):
        raise BadInput(f"The protocol's receipt has no field {unknown[0]}.")
    usual = ReceiptPlan()
    try:
        policy = ReceiptPolicy(data.get("policy", usual.policy))
    except ValueError:
        raise BadInput(f"The protocol's receipt policy is none of {', '.join(ReceiptPolicy)}.") from None
    read = _hours(data, "read_within_hours", usual.read_within_hours or 0, fewest=0)
    if read and policy is ReceiptPolicy.ARCHIVE and "read_within_hours" not in data:
        raise BadInput("The protocol's receipt is by archive: say in read_within_hours when answers are read, or 0.")
    return ReceiptPlan(policy, _hours(data, "within_hours", usual.within_hours, fewest=1), read or None)


def parse_notices(data: Mapping[str, Any]) -> NoticePlan:
    """What a protocol says of its messages; what it leaves out has its default. Raises ``BadInput``."""
    if not isinstance(data, Mapping):
        raise BadInput("The protocol's notices must be a table.")
    if unknown := sorted(set(data) - set(NoticePlan.__dataclass_fields__)):
        raise BadInput(f"The protocol's notices have no field {unknown[0]}.")
    for name, days in data.items():
        if type(days) is not int or not 1 <= days <= MOST_NOTICE_DAYS:
            raise BadInput(f"The protocol's {name} must be a whole number of days from 1 to {MOST_NOTICE_DAYS}.")
    return NoticePlan(**data)


def _hours(data: Mapping[str, Any], name: str, usual: int, *, fewest: int) -> int:
    hours = data.get(name, usual)
    if type(hours) is not int or not fewest <= hours <= _MOST_HOURS:
        raise BadInput(f"The protocol's {name} must be a whole number of hours from {fewest} to {_MOST_HOURS}.")
    return hours


def _parse_occasion(data: Mapping[str, Any]) -> OccasionPlan:
    plan = OccasionPlan(
        code=data["code"],
        titles=dict(data["titles"]),
        due_day=data["due_day"],
        opens_days_before=data["opens_days_before"],
        closes_days_after=data["closes_days_after"],
        instruments=tuple(
            PlannedInstrument(one["id"], one["version"], one.get("form", "")) for one in data["instruments"]
        ),
        not_on_holidays=bool(data.get("not_on_holidays", False)),
        **_parse_series(data),
    )
    if not CODE.fullmatch(plan.code):
        raise BadInput(f"The occasion's code {plan.code} must be small letters, digits and dashes.")
    if not plan.instruments:
        raise BadInput(f"The occasion {plan.code} asks nothing.")
    if plan.opens_days_before < 0 or plan.closes_days_after < 0:
        raise BadInput(f"The window of the occasion {plan.code} is turned round.")
    return plan


def _parse_series(data: Mapping[str, Any]) -> dict[str, Any]:
    series, reminders = data.get("series"), data.get("reminders", [])
    if len(set(reminders)) < len(reminders) or not all(type(one) is int and one >= 0 for one in reminders):
        raise BadInput(f"The reminders of the occasion {data['code']} must be different days, 0 or later.")
    if series is None:
        return {"reminders": tuple(sorted(reminders))}
    every, times = series["every_days"], series["times"]
    if not (type(every) is int and type(times) is int and every >= 1 and 2 <= times <= _LONGEST_SERIES):
        raise BadInput(
            f"The series {data['code']} must come 2 to {_LONGEST_SERIES} times, a whole number of days apart."
        )
    return {"every_days": every, "times": times, "reminders": tuple(sorted(reminders))}


def plan_occasions(protocol: CareProtocol, *, anchor: date, now: datetime) -> tuple[PlannedOccasion, ...]:
    """The occasions still ahead. One whose window has closed is left out: it cannot be answered.

    Raises ``BadInput`` when none is left.
    """
    ahead = tuple(occasion for occasion in all_occasions(protocol, anchor) if occasion.closes_at > now)
    if not ahead:
        raise BadInput(
            "With that date, every occasion would already be over.",
            fields={"anchor_date": mark("Choose a later date.")},
        )
    return ahead


def all_occasions(protocol: CareProtocol, anchor: date) -> tuple[PlannedOccasion, ...]:
    """Everything that the protocol asks of somebody with that anchor date, also what is long past."""
    return tuple(
        _plan(occasion, anchor, number) for occasion in protocol.occasions for number in range(1, occasion.times + 1)
    )


def _plan(occasion: OccasionPlan, anchor: date, number: int) -> PlannedOccasion:
    due = anchor + timedelta(days=occasion.due_day + occasion.every_days * (number - 1))
    opens = due - timedelta(days=occasion.opens_days_before)
    if occasion.not_on_holidays:
        opens, due = next_working_day(opens), next_working_day(due)
    closes_at = at_local_time(due + timedelta(days=occasion.closes_days_after + 1), MIDNIGHT)
    reminds_at = [at_local_time(opens + timedelta(days=days), OPENING_TIME) for days in occasion.reminders]
    return PlannedOccasion(
        plan=occasion,
        code=f"{occasion.code}.{number}" if occasion.is_series else occasion.code,
        opens_at=at_local_time(opens, OPENING_TIME),
        due_at=at_local_time(due, OPENING_TIME),
        closes_at=closes_at,
        reminds_at=tuple(one for one in reminds_at if one < closes_at),
    )


def in_language(texts: Mapping[str, str], locale: str) -> str:
    """The unit's own text in a language; Swedish, the unit's language, where the unit wrote no other."""
    return texts.get(locale) or texts["sv"]
