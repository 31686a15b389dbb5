"""Whether a response is one that the unit wants to be shown first: its own rules, on its own patients' figures. Pure.

For thresholds, answers and worsening. Not for what seems implausible (`plausibility`): that is the service's own
remark, the same for everybody, and registers see it. What is flagged here never leaves the provider.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot
from uuid import UUID

from instruments import Answered, Direction, Score, Variable

# The change that noise alone exceeds in one direction in one of twenty: 90 % two-sided. Jacobson & Truax 1991 (J
# Consult Clin Psychol 59:12-19, doi 10.1037/0022-006X.59.1.12) have the quotient, and 1.96; here a worsening that is
# real and missed costs more than a look in vain, and only worsening is flagged.
RELIABLE_AT = 1.645


class FlagKind(StrEnum):
    """What a rule looks at."""

    THRESHOLD = "threshold"
    ANSWER = "answer"
    WORSENING = "worsening"


class Bound(StrEnum):
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The variable's value is at most, or at least, the limit."""

    variable: str
    bound: Bound
    limit: float


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The item was asked, and answered at or beyond the code."""

    item_id: str
    bound: Bound
    limit: float


@dataclass(frozen=True, slots=True)
class Worsening:
    """The variable is worse than at the patient's previous response, by more than is noticed and more than is noise."""

    variable: str


Criterion = Threshold | GivenAnswer | Worsening


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a unit's rule, for the responses to one instrument."""

    id: UUID
    instrument: str
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class Earlier:
    """The patient's previous response of the same series: same instrument, respondent and scoring."""

    response_id: UUID
    score: Score


@dataclass(frozen=True, slots=True)
class Change:
    """How much it changed, and the two changes that it exceeded."""

    earlier: Earlier
    important: float
    reliable: float


@dataclass(frozen=True, slots=True)
class Raised:
    """A rule that was met, with the figures it was judged by; an answer is not among them."""

    rule_id: UUID
    value: float | None = None
    standard_error: float | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A version of a response as the rules see it. ``earlier`` is by variable, where there is one to compare with."""

    instrument: str
    variables: Mapping[str, Variable]
    scores: Mapping[str, Score]
    answers: Sequence[Answered]
    earlier: Mapping[str, Earlier]


def flags(rules: Sequence[Rule], judged: Judged) -> list[Raised]:
    """The rules that the response meets, in their order."""
    own = [rule for rule in rules if rule.instrument == judged.instrument]
    return [raised for rule in own if (raised := _raised(rule, judged))]


def reliable_change(standard_error: float, earlier_error: float) -> float:
    """The change that measurement error alone exceeds, in one direction, in one of twenty.

    Parameters
    ----------
    standard_error, earlier_error
        Standard errors of the two scores, on the variable's own scale.

    Returns
    -------
    float
        1.645 · √(SE₁² + SE₂²): Jacobson & Truax 1991 at 90 %, with each score's own standard error in place of one
        from the scale's reliability.

    Examples
    --------
    >>> round(reliable_change(3.0, 4.0), 3)
    8.225
    """
    return RELIABLE_AT * hypot(standard_error, earlier_error)


def worsened_by(variable: Variable, now: float, before: float) -> float:
    """How much worse it is, in the variable's unit; negative where it is better. Zero where no way is worse."""
    match variable.higher_is:
        case Direction.WORSE:
            return now - before
        case Direction.BETTER:
            return before - now
        case None:
            return 0.0


def can_worsen(variable: Variable) -> bool:
    """Whether a rule on worsening says anything of the variable: a way that is worse, and a change that is noticed."""
    return variable.higher_is is not None and variable.important_change is not None


def _raised(rule: Rule, judged: Judged) -> Raised | None:
    match rule.criterion:
        case Threshold(variable, bound, limit):
            score = judged.scores.get(variable)
            if score is None or score.value is None or not _beyond(score.value, bound, limit):
                return None
            return Raised(rule.id, score.value, score.standard_error)
        case GivenAnswer(item_id, bound, limit):
            codes = [one.code for one in judged.answers if one.item_id == item_id]
            met = any(code is not None and _beyond(code, bound, limit) for code in codes)
            return Raised(rule.id) if met else None
        case Worsening(variable):
            return _worsening(rule, variable, judged)


def _worsening(rule: Rule, name: str, judged: Judged) -> Raised | None:
    variable, score, earlier = judged.variables.get(name), judged.scores.get(name), judged.earlier.get(name)
    if variable is None or score is None or earlier is None or variable.important_change is None:
        return None
    then = earlier.score
    if score.value is None or then.value is None or score.standard_error is None or then.standard_error is None:
        return None
    important = variable.important_change.value
    reliable = reliable_change(score.standard_error, then.standard_error)
    if worsened_by(variable, score.value, then.value) <= max(important, reliable):
        return None
    return Raised(rule.id, score.value, score.standard_error, Change(earlier, important, reliable))


def _beyond(value: float, bound: Bound, limit: float) -> bool:
    return value <= limit if bound is Bound.AT_MOST else value >= limit
