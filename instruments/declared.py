"""Scoring that a definition declares: sums and means of items, reversal, scaling, look-up, top boxes, bank scales.

For the rules as values and for carrying them out. Not for reading them (`definition_file`).

Arithmetic is exact (fractions of the declared decimals); a rule that says ``decimals`` rounds half away from zero, as
printed scoring manuals do. Missing is never zero: a score with fewer answers than its rule wants has no value, and says
why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from cat_engine.fixed_form import FixedForm
from instruments.answers import Answered, AnswerKind, MissingReason, Score

ALGORITHM = "declared/1"
BANK_ALGORITHM = "pattern-eap/1"


class Aggregate(StrEnum):
    """What is made of several values."""

    SUM = "sum"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Line:
    """A linear transformation: ``low`` becomes ``to_low``, ``high`` becomes ``to_high``."""

    low: Decimal
    high: Decimal
    to_low: Decimal
    to_high: Decimal

    def at(self, value: Fraction) -> Fraction:
        slope = Fraction(self.to_high - self.to_low) / Fraction(self.high - self.low)
        return Fraction(self.to_low) + (value - Fraction(self.low)) * slope


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsRule:
    """A sum or a mean of items.

    ``reversed`` items count from the other end: the lowest point plus the highest, less the answer's own.
    ``minimum_answered`` fewer answers give no score. A sum with answers missing is the mean of those given times the
    number of items. Then ``line``, then ``lookup`` (a file beside the definition), then rounding to ``decimals``.
    """

    variable: str
    items: tuple[str, ...]
    reversed: frozenset[str]
    aggregate: Aggregate
    minimum_answered: int
    line: Line | None
    lookup: str
    decimals: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresRule:
    """A sum or a mean of scores that come before it, such as a summary of subscales."""

    variable: str
    scores: tuple[str, ...]
    aggregate: Aggregate
    minimum_answered: int
    line: Line | None
    lookup: str
    decimals: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopBoxRule:
    """100 for an answer of ``at_least`` the code, 0 for any other: the mean over people is a percentage."""

    variable: str
    item: str
    at_least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRule:
    """A T-score from some items of another instrument's bank, by response pattern (expected a posteriori)."""

    variable: str
    items: tuple[str, ...]
    instrument: str
    version: str
    bank_hash: str


ScoreRule = ItemsRule | ScoresRule | TopBoxRule | BankRule
Lookup = Mapping[Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What the codes of an item are worth, and the lowest and highest of that, for reversal."""

    worth: Mapping[int, Decimal] | None
    low: Decimal
    high: Decimal

    def of(self, answer: Answered, *, is_reversed: bool) -> Fraction | None:
        value = answer.value
        if isinstance(value, int) and self.worth is not None:
            value = self.worth[value]
        if not isinstance(value, int | Decimal):
            return None
        return Fraction(self.low + self.high - value) if is_reversed else Fraction(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredScoring:
    """Rules with the tables, points and banks that they name."""

    rules: tuple[ScoreRule, ...]
    points: Mapping[str, Points]
    lookups: Mapping[str, Lookup]
    banks: Mapping[str, FixedForm]
    method: str
    method_hash: str

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(rule.variable for rule in self.rules)

    def score(self, answers: Mapping[str, Answered]) -> tuple[Score, ...]:
        """Every rule in order; a rule may build on the scores before it, as they were before rounding."""
        exact: dict[str, Fraction | None] = {}
        scores = []
        for rule in self.rules:
            if isinstance(rule, BankRule):
                score = self._bank_score(rule, answers)
                exact[rule.variable] = None if score.value is None else Fraction(str(score.value))
                scores.append(score)
                continue
            outcome = self._apply(rule, answers, exact)
            exact[rule.variable] = None if isinstance(outcome, MissingReason) else outcome
            scores.append(self._score(rule, outcome))
        return tuple(scores)

    def _apply(
        self,
        rule: ItemsRule | ScoresRule | TopBoxRule,
        answers: Mapping[str, Answered],
        exact: Mapping[str, Fraction | None],
    ) -> Fraction | MissingReason:
        match rule:
            case TopBoxRule():
                code = answers[rule.item].code if rule.item in answers else None
                return why_missing(answers, (rule.item,)) if code is None else Fraction(100 * (code >= rule.at_least))
            case ItemsRule():
                given = [value for item in rule.items if (value := self._value(rule, item, answers)) is not None]
                if len(given) < rule.minimum_answered:
                    return _too_few(answers, rule)
                return self._finish(rule, given, of=len(rule.items))
            case ScoresRule():
                known = [value for name in rule.scores if (value := exact[name]) is not None]
                if len(known) < rule.minimum_answered:
                    return MissingReason.TOO_FEW_ANSWERED
                return self._finish(rule, known, of=len(rule.scores))

    def _value(self, rule: ItemsRule, item: str, answers: Mapping[str, Answered]) -> Fraction | None:
        return self.points[item].of(answers[item], is_reversed=item in rule.reversed) if item in answers else None

    def _finish(self, rule: ItemsRule | ScoresRule, given: Sequence[Fraction], *, of: int) -> Fraction | MissingReason:
        value = sum(given, start=Fraction(0)) / len(given)
        if rule.aggregate is Aggregate.SUM:
            value *= of
        if rule.line is not None:
            value = rule.line.at(value)
        if rule.lookup:
            found = self.lookups[rule.lookup].get(_decimal(value))
            if found is None:
                return MissingReason.NOT_IN_TABLE
            value = Fraction(found)
        return value

    def _bank_score(self, rule: BankRule, answers: Mapping[str, Answered]) -> Score:
        form = self.banks[rule.variable]
        given = {item: answers[item].code for item in rule.items if item in answers}
        answered = any(code is not None for code in given.values())
        estimate = form.score(given) if answered else None
        return Score(
            variable=rule.variable,
            value=estimate.t if estimate else None,
            standard_error=estimate.t_se if estimate else None,
            missing_reason=None if estimate else why_missing(answers, rule.items),
            method=f"{rule.instrument} bank {rule.version}",
            method_hash=form.bank.content_hash,
            algorithm=BANK_ALGORITHM,
        )

    def _score(self, rule: ItemsRule | ScoresRule | TopBoxRule, outcome: Fraction | MissingReason) -> Score:
        missing = outcome if isinstance(outcome, MissingReason) else None
        decimals = None if isinstance(rule, TopBoxRule) else rule.decimals
        return Score(
            variable=rule.variable,
            value=None if isinstance(outcome, MissingReason) else float(_rounded(outcome, decimals)),
            missing_reason=missing,
            method=self.method,
            method_hash=self.method_hash,
            algorithm=ALGORITHM,
        )


def why_missing(answers: Mapping[str, Answered], items: Sequence[str]) -> MissingReason:
    """Why the first of the items that lacks a value lacks it. At least one must lack it."""
    for item in items:
        if item not in answers:
            return MissingReason.UNANSWERED
        if answers[item].kind is not AnswerKind.VALUE:
            return MissingReason(answers[item].kind.value)
    raise ValueError("every item has a value")


def _too_few(answers: Mapping[str, Answered], rule: ItemsRule) -> MissingReason:
    if not any(item in answers and answers[item].kind is AnswerKind.VALUE for item in rule.items):
        return why_missing(answers, rule.items) if len(rule.items) == 1 else MissingReason.NO_ANSWERS
    if rule.minimum_answered == len(rule.items):
        return why_missing(answers, rule.items)
    return MissingReason.TOO_FEW_ANSWERED


def _decimal(value: Fraction) -> Decimal:
    """For looking up: a table holds whole numbers or a few decimals, never a repeating fraction."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def _rounded(value: Fraction, decimals: int | None) -> Fraction:
    """Half away from zero, to so many decimals; as it is for None."""
    if decimals is None:
        return value
    units = int(abs(value) * 10**decimals + Fraction(1, 2))
    return Fraction(units if value >= 0 else -units, 10**decimals)
