"""When an item is asked: comparisons with the answers to earlier items.

Pure rules, no deeper than FHIR R4's ``enableWhen``, so that a definition can be told there and back. An item that was
not asked, or was answered with no value, meets no comparison but "not answered".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from instruments.answers import Answered, AnswerKind


class Operator(StrEnum):
    """How an answer is compared. For several choices, IS means "among them"."""

    IS = "is"
    IS_NOT = "is_not"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ANSWERED = "answered"


class Joined(StrEnum):
    """How many of the comparisons must hold."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer to ``item`` compared with ``value``; for ANSWERED, whether it has one."""

    item: str
    operator: Operator
    value: int | Decimal | date | bool

    def holds(self, answers: Mapping[str, Answered]) -> bool:
        answer = answers.get(self.item)
        has_value = answer is not None and answer.kind is AnswerKind.VALUE
        if self.operator is Operator.ANSWERED:
            return has_value is self.value
        return has_value and answer is not None and _compare(answer, self.operator, self.value)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison or several. Never empty."""

    comparisons: tuple[Comparison, ...]
    joined: Joined

    def holds(self, answers: Mapping[str, Answered]) -> bool:
        outcomes = (comparison.holds(answers) for comparison in self.comparisons)
        return all(outcomes) if self.joined is Joined.ALL else any(outcomes)

    @property
    def items(self) -> frozenset[str]:
        """The items that it looks at."""
        return frozenset(comparison.item for comparison in self.comparisons)


def cycle(looks_at: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """A circle among items that look at each other, beginning and ending with the same; empty without one."""
    try:
        TopologicalSorter(looks_at).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return ()


def _compare(answer: Answered, operator: Operator, wanted: int | Decimal | date | bool) -> bool:
    given = answer.value
    match operator:
        case Operator.IS:
            return wanted in given if isinstance(given, tuple) else given == wanted
        case Operator.IS_NOT:
            return wanted not in given if isinstance(given, tuple) else given != wanted
        case _:
            return _orders(given, operator, wanted)


def _orders(given: object, operator: Operator, wanted: object) -> bool:
    if isinstance(given, date) and isinstance(wanted, date):
        distance = (given - wanted).days
    elif isinstance(given, int | Decimal) and isinstance(wanted, int | Decimal):
        distance = (given > wanted) - (given < wanted)
    else:
        return False
    return {
        Operator.MORE_THAN: distance > 0,
        Operator.LESS_THAN: distance < 0,
        Operator.AT_LEAST: distance >= 0,
        Operator.AT_MOST: distance <= 0,
    }[operator]
