"""Scores of an adaptive item bank on the T metric: expected a posteriori on N(0, 1), by response pattern.

For PROMIS and banks calibrated likewise. Not for summed-score tables.

The bank's metric has mean 0 and standard deviation 1 in its reference population; T = 50 + 10 theta, and a
higher score means more of the concept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cat_engine import AdaptiveTest, Stop
from instruments.answers import Answered, AnswerKind, MissingReason, Score
from instruments.form import engine_answers

ALGORITHM = "pattern-eap/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveBank:
    """A bank under its stopping rule, and how its scores are named."""

    test: AdaptiveTest
    prefix: str
    method: str

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(f"{self.prefix}.{name}" for name in ("theta", "t", "n_items", "stop_reason"))

    def score(self, answers: Mapping[str, Answered], eligible: frozenset[str] | None) -> tuple[Score, ...]:
        """Theta and T with their standard errors, the number of answered items, and why the test stopped.

        The stop reason is found by playing the decision again. When the engine would still ask, it is
        missing: the form was not complete, or ``eligible`` was not given and the bank ran out of items.
        """
        given = engine_answers(answers)
        count = sum(answer.kind is AnswerKind.VALUE for answer in answers.values())
        decision = self.test.next(given, available=eligible)
        estimate = decision.estimate
        n_items = self._score("n_items", value=count)
        stopped = isinstance(decision, Stop)
        stop_reason = self._score(
            "stop_reason",
            text=decision.reason.value if isinstance(decision, Stop) else None,
            missing_reason=None if stopped else MissingReason.NOT_STOPPED,
        )
        if not count:
            # Without an answer the estimate is the prior, which says nothing about this person.
            missing = MissingReason.NO_ANSWERS
            theta, t = (self._score(name, missing_reason=missing) for name in ("theta", "t"))
        else:
            theta = self._score("theta", value=estimate.theta, standard_error=estimate.se)
            t = self._score("t", value=estimate.t, standard_error=estimate.t_se)
        return theta, t, n_items, stop_reason

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
            method_hash=self.test.bank.content_hash,
            algorithm=ALGORITHM,
        )
