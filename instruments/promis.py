"""Scores of an item bank on the T metric: expected a posteriori on N(0, 1), by response pattern.

For PROMIS and banks calibrated likewise, given adaptively or as one of the bank's short forms. Not for summed-score
tables, which are not valid when an answer is missing.

The bank's metric has mean 0 and standard deviation 1 in its reference population; T = 50 + 10 theta, and a
higher score means more of the concept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cat_engine import AdaptiveTest, Estimate, Stop
from cat_engine.fixed_form import FixedForm
from instruments.answers import Answered, AnswerKind, MissingReason, Score
from instruments.form import engine_answers

ALGORITHM = "pattern-eap/1"
# The stop reason of a form that was given whole.
FIXED_FORM = "fixed_form"
VARIABLES = ("theta", "t", "n_items", "stop_reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class _BankScores:
    """How the scores of one bank are named, and what made them."""

    prefix: str
    method: str
    bank_hash: str

    def of(
        self, answers: Mapping[str, Answered], estimate: Estimate | None, *, stop_reason: str | None
    ) -> tuple[Score, ...]:
        """Theta and T with their standard errors, the number of answered items, and why the test stopped."""
        count = sum(answer.kind is AnswerKind.VALUE for answer in answers.values())
        if estimate is None or not count:
            # Without an answer the estimate is the prior, which says nothing about this person.
            theta, t = (self._score(name, missing_reason=MissingReason.NO_ANSWERS) for name in ("theta", "t"))
        else:
            theta = self._score("theta", value=estimate.theta, standard_error=estimate.se)
            t = self._score("t", value=estimate.t, standard_error=estimate.t_se)
        not_stopped = MissingReason.NOT_STOPPED if stop_reason is None else None
        return (
            theta,
            t,
            self._score("n_items", value=count),
            self._score("stop_reason", text=stop_reason, missing_reason=not_stopped),
        )

    def _score(
        self,
        name: str,
        *,
        value: float | None = None,
        text: str | None = None,
        standard_error: float | None = None,
        missing_reason: MissingReason | None = None,
    ) -> Score:
        return Score(
            variable=f"{self.prefix}.{name}",
            value=value,
            text=text,
            standard_error=standard_error,
            missing_reason=missing_reason,
            method=self.method,
            method_hash=self.bank_hash,
            algorithm=ALGORITHM,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveBank:
    """A bank under its stopping rule."""

    test: AdaptiveTest
    prefix: str
    method: str

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}.{name}" for name in VARIABLES)

    def score(self, answers: Mapping[str, Answered], eligible: frozenset[str] | None) -> tuple[Score, ...]:
        """The stop reason is found by playing the decision again. When the engine would still ask, it is
        missing: the form was not complete, or ``eligible`` was not given and the bank ran out of items.
        """
        decision = self.test.next(engine_answers(answers), available=eligible)
        stop_reason = decision.reason.value if isinstance(decision, Stop) else None
        scores = _BankScores(prefix=self.prefix, method=self.method, bank_hash=self.test.bank.content_hash)
        return scores.of(answers, decision.estimate, stop_reason=stop_reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankForm:
    """A short form of a bank: the same variables on the same metric, so the two make one series."""

    form: FixedForm
    prefix: str
    method: str

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}.{name}" for name in VARIABLES)

    def score(self, answers: Mapping[str, Answered]) -> tuple[Score, ...]:
        """By pattern, so that answers may be missing; the stop reason is ``fixed_form``."""
        given = {item: answer.code for item, answer in answers.items()}
        estimate = self.form.score(given) if any(code is not None for code in given.values()) else None
        scores = _BankScores(prefix=self.prefix, method=self.method, bank_hash=self.form.bank.content_hash)
        return scores.of(answers, estimate, stop_reason=FIXED_FORM)
