"""Short forms: a fixed set of a bank's items, scored by response pattern, with or without missing answers.

For scoring. Not for the order of questions, which belongs to the form's own definition.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cat_engine.answers import AnswerError, read_answers
from cat_engine.bank import BankError, ItemBank
from cat_engine.estimation import STANDARD_NORMAL, Estimate, NormalPrior
from cat_engine.estimators import EAP, Estimator
from cat_engine.summed_score import SummedScore, summed_score_table


class NotScored(ValueError):
    """Too few answers to score; nothing is guessed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedForm:
    """Items of a bank, given whole.

    Parameters
    ----------
    items
        Ids in the order of the form, each once.
    minimum_answers
        Fewer than these are not scored.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)), GradedItem("y", 2.0, (0.0,)), GradedItem("z", 1.0, (1.0,))))
    >>> form = FixedForm(bank=bank, items=("x", "y"))
    >>> round(form.score({"x": 2, "y": 2}).t, 1), round(form.score({"x": 2, "y": None}).t, 1)
    (58.7, 56.1)
    """

    bank: ItemBank
    items: tuple[str, ...]
    minimum_answers: int = 1
    prior: NormalPrior = STANDARD_NORMAL
    estimator: Estimator = EAP

    def __post_init__(self) -> None:
        if not self.items or len(set(self.items)) != len(self.items):
            raise BankError("a form needs items, each of them once")
        if unknown := set(self.items).difference(self.bank.index):
            raise BankError(f"item {min(unknown)!r} is not in the bank")
        if not 1 <= self.minimum_answers <= len(self.items):
            raise ValueError("a form is scored from at least 1 answer, and at most all")

    def score(self, answers: Mapping[str, int | None]) -> Estimate:
        """The estimate from the form's answers; None and absent are missing.

        Raises
        ------
        AnswerError
            If an answer is not to an item of the form, or not one of its categories.
        NotScored
            If there are fewer than ``minimum_answers``.
        """
        if foreign := set(answers).difference(self.items):
            raise AnswerError(f"item {min(foreign)!r} is not in the form")
        given = read_answers(self.bank, answers)
        if len(given.codes) < self.minimum_answers:
            raise NotScored(f"{len(given.codes)} answers; at least {self.minimum_answers} are needed")
        return self.estimator.estimate(self.bank, given.codes, self.prior)

    def summed_score_table(self) -> tuple[SummedScore, ...]:
        """From raw sum to T; valid for complete answers only (see `cat_engine.summed_score`)."""
        return summed_score_table(self.bank, self.items, prior=self.prior)
