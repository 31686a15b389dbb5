"""What a row of an earlier register's file says, and whether it can be believed. Pure.

A refusal names the column and the rule, never what stood there.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from instruments import (
    Answered,
    AnswerKind,
    AnswerNotAccepted,
    Instrument,
    Library,
    Respondent,
    Score,
    UnknownInstrument,
    Variable,
    VariableType,
)
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.people.rules import age_on, parse_identity_number, parse_name

REQUIRED = ("personal_number", "source_key", "instrument", "version", "completed", "mode", "language")
OPTIONAL = ("form", "respondent", "name", "method")
ITEM, SCORE = "item:", "score:"
MODES = frozenset({"web", "tablet", "paper", "telephone", "unknown"})

_LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
_NUMBER = re.compile(r"-?[0-9]{1,9}([.,]([0-9]{1,9}))?")
_LONGEST_KEY = 200


class Outcome(StrEnum):
    """What becomes of a row."""

    TAKEN = "taken"
    ALREADY_THERE = "already there"
    DIFFERS = "differs from what is there"
    REFUSED = "refused"


class RowRefused(Exception):
    """The row cannot be taken: why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in the file; ``problem`` where it could not even be told apart into fields."""

    number: int
    fields: Mapping[str, str] = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenScore:
    """A score as the file has it. ``tolerance``: half a unit of its last decimal, which is all that it says."""

    variable: str
    value: float | None = field(repr=False)
    text: str | None = field(repr=False)
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierResult:
    """A row that can be taken. ``computed`` are the scores of its item answers, where it has any."""

    line: int
    number: str = field(repr=False)
    name: str | None = field(repr=False)
    source_key: str
    instrument: Instrument
    respondent: Respondent
    mode: str
    locale: str
    completed_on: date
    completed_at: datetime | None
    method: str
    answers: Sequence[Answered] = field(repr=False)
    given: Sequence[GivenScore] = field(repr=False)
    computed: Sequence[Score] = field(repr=False)

    @property
    def differences(self) -> list[str]:
        """Where the file's score is not what its item answers are worth."""
        if not self.answers:
            return []
        ours = {score.variable: score for score in self.computed}
        return [said for one in self.given if (said := _difference(one, ours.get(one.variable)))]


def read_result(line: Line, library: Library, now: datetime) -> EarlierResult:
    """The row as values. Raises ``RowRefused``."""
    if line.problem:
        raise RowRefused(line.problem)
    fields = {name: value.strip() for name, value in line.fields.items()}
    for column in REQUIRED:
        if not fields[column]:
            raise RowRefused(f"{column} is empty")
    number = _identity_number(fields["personal_number"])
    instrument = _instrument(fields, library)
    completed_on, completed_at = _completed(fields["completed"], now)
    respondent = _respondent(fields.get("respondent", ""), instrument, number, completed_on)
    answers = _answers(fields, instrument)
    given = _given(fields, instrument)
    method = fields.get("method", "")
    if not answers and not given:
        raise RowRefused("it has neither item answers nor scores")
    if given and not method:
        raise RowRefused("method is empty: a score without its method is no score")
    return EarlierResult(
        line=line.number,
        number=number,
        name=_name(fields.get("name", "")),
        source_key=_source_key(fields["source_key"]),
        instrument=instrument,
        respondent=respondent,
        mode=_one_of("mode", fields["mode"], MODES),
        locale=_language(fields["language"]),
        completed_on=completed_on,
        completed_at=completed_at,
        method=method,
        answers=answers,
        given=given,
        computed=_computed(answers, instrument),
    )


def _identity_number(text: str) -> str:
    try:
        return parse_identity_number(text)
    except BadInput:
        raise RowRefused("personal_number is not a Swedish personal identity number") from None


def _source_key(text: str) -> str:
    if len(text) > _LONGEST_KEY or not text.isprintable():
        raise RowRefused(f"source_key is longer than {_LONGEST_KEY} characters, or has unprintable ones")
    try:
        parse_identity_number(text)
    except BadInput:
        return text
    raise RowRefused("source_key is a personal identity number: give the row a key that names nobody")


def _instrument(fields: Mapping[str, str], library: Library) -> Instrument:
    try:
        return library.get(fields["instrument"], fields["version"], fields.get("form", ""))
    except UnknownInstrument:
        raise RowRefused("instrument, version or form is not one that is here") from None


def _completed(text: str, now: datetime) -> tuple[date, datetime | None]:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            day, moment = date.fromisoformat(text), None
        else:
            moment = datetime.fromisoformat(text)
            day = local_day(moment) if moment.tzinfo else date.max
    except (ValueError, OverflowError):
        raise RowRefused("completed is not a date such as 2019-05-03, nor a time such as 2019-05-03T10:15+02:00") from (
            None
        )
    if moment is not None and moment.tzinfo is None:
        raise RowRefused("completed is a time without its offset, such as +02:00")
    if day > local_day(now) or (moment is not None and moment > now):
        raise RowRefused("completed is in the future")
    return day, moment


def _respondent(text: str, instrument: Instrument, number: str, day: date) -> Respondent:
    respondent = Respondent(_one_of("respondent", text or Respondent.SELF.value, frozenset(Respondent)))
    age = age_on(number, day)
    if age < 0:
        raise RowRefused("completed is before the person was born")
    if not instrument.covers(respondent, age):
        raise RowRefused("the instrument is not for this respondent about a patient of that age")
    return respondent


def _answers(fields: Mapping[str, str], instrument: Instrument) -> list[Answered]:
    """What was answered; an empty cell is no answer that is known, and is told apart from a skipped question."""
    found = []
    for column, text in fields.items():
        if not column.startswith(ITEM) or not text:
            continue
        item = instrument.items.get(column.removeprefix(ITEM))
        if item is None:
            raise RowRefused(f"{column} is not an item of the instrument")
        value = item.question.read([text])
        if value is None or not item.question.accepts(value):
            raise RowRefused(f"{column} holds a value that the item does not take")
        found.append(Answered(item_id=item.id, value=value, kind=AnswerKind.VALUE))
    return found


def _computed(answers: Sequence[Answered], instrument: Instrument) -> tuple[Score, ...]:
    try:
        return instrument.score(answers) if answers else ()
    except AnswerNotAccepted:
        raise RowRefused("the item answers cannot stand together") from None


def _given(fields: Mapping[str, str], instrument: Instrument) -> list[GivenScore]:
    declared = {variable.name: variable for variable in instrument.variables}
    found = []
    for column, text in fields.items():
        if not column.startswith(SCORE) or not text:
            continue
        variable = declared.get(column.removeprefix(SCORE))
        if variable is None:
            raise RowRefused(f"{column} is not a variable of the instrument")
        found.append(_given_score(column, text, variable))
    return found


def _given_score(column: str, text: str, variable: Variable) -> GivenScore:
    if variable.type is VariableType.TEXT:
        if len(text) > _LONGEST_KEY or not text.isprintable():
            raise RowRefused(f"{column} is longer than {_LONGEST_KEY} characters, or has unprintable ones")
        return GivenScore(variable=variable.name, value=None, text=text, tolerance=0)
    matched = _NUMBER.fullmatch(text)
    if matched is None:
        raise RowRefused(f"{column} is not a number")
    value = float(text.replace(",", "."))
    lowest = -math.inf if variable.minimum is None else variable.minimum
    highest = math.inf if variable.maximum is None else variable.maximum
    if not lowest <= value <= highest:
        raise RowRefused(f"{column} is outside the variable's range")
    return GivenScore(
        variable=variable.name, value=value, text=None, tolerance=0.5 * 10.0 ** -len(matched.group(2) or "")
    )


def _difference(given: GivenScore, ours: Score | None) -> str:
    if ours is None or (ours.value is None and ours.text is None):
        return f"{given.variable} cannot be computed from the item answers"
    if given.value is None or ours.value is None:
        return "" if given.text == ours.text else f"{given.variable} is not what the item answers make"
    apart = abs(given.value - ours.value)
    # A billionth for what binary fractions do to a half.
    return "" if apart <= given.tolerance + 1e-9 else f"{given.variable} differs by {apart:.6g}"


def _name(text: str) -> str | None:
    try:
        return parse_name(text) if text else None
    except BadInput:
        raise RowRefused("name is too long, or has unprintable characters") from None


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise RowRefused("language is not a code such as sv")
    return text.replace("-", "_")


def _one_of(column: str, text: str, known: frozenset[str]) -> str:
    if text not in known:
        raise RowRefused(f"{column} is not one of {', '.join(sorted(known))}")
    return text
