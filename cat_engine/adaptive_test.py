"""One step of an adaptive test: what the answers say, and whether and what to ask next.

For the decision itself. Stateless: the state is the answers, so any device can go on and any session can be
replayed. Not for storing answers, nor for wording.
"""

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from cat_engine.bank import ItemBank
from cat_engine.estimation import STANDARD_NORMAL, Estimate, NormalPrior, expected_a_posteriori, posterior
from cat_engine.graded_response import Array
from cat_engine.selection import Selection, posterior_weighted_information, select
from cat_engine.stopping import StoppingRule, StopReason


class AnswerError(ValueError):
    """An answer or an item id does not belong to the bank. The message never holds the answer itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask this item next, for this reason.

    ``criterion`` is the posterior-weighted information of the item and ``runner_up_criterion`` that of the
    next best item, None when there is no other.
    """

    item_id: str
    estimate: Estimate
    criterion: float
    runner_up: str | None
    runner_up_criterion: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Ask no more, for this reason."""

    reason: StopReason
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptiveTest:
    """A bank run under a stopping rule, from a prior.

    Answers map an item id to its 1-based category, or to None when the item was asked and skipped or does not
    apply: such an item says nothing about theta, does not count towards the rule's minimum and maximum, and
    is not asked again. The container's order never matters.

    Examples
    --------
    >>> from cat_engine import AdaptiveTest, GradedItem, ItemBank, PROMIS_ADULT
    >>> bank = ItemBank((GradedItem("worry", 2.0, (-0.5, 1.0)), GradedItem("rest", 1.5, (0.0,))))
    >>> test = AdaptiveTest(bank=bank, rule=PROMIS_ADULT)
    >>> test.next({}).item_id
    'worry'
    >>> test.next({"worry": 3, "rest": None}).reason
    <StopReason.EXHAUSTED: 'exhausted'>
    """

    bank: ItemBank
    rule: StoppingRule
    prior: NormalPrior = STANDARD_NORMAL
    _log_prior: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_log_prior", self.prior.log_density(self.bank.points))

    def next(self, answers: Mapping[str, int | None], available: Collection[str] | None = None) -> Ask | Stop:
        """Decide what follows these answers.

        Parameters
        ----------
        answers
            What was asked so far.
        available
            Items that may be asked; None for all. Answers to other items still count.

        Raises
        ------
        AnswerError
            If an id is not in the bank or a category is not one of the item's.
        """
        rows = self._rows(answers)
        weights = self._posterior(rows)
        estimate = expected_a_posteriori(self.bank.points, weights)
        if reason := self.rule.reason_to_stop(answered=len(rows), se=estimate.se):
            return Stop(reason=reason, estimate=estimate)
        criteria = posterior_weighted_information(self.bank.information, weights)
        selection = select(criteria, self._candidates(answers, available), self.bank.item_ids)
        if selection is None:
            return Stop(reason=StopReason.EXHAUSTED, estimate=estimate)
        return self._ask(selection, estimate)

    def estimate(self, answers: Mapping[str, int | None]) -> Estimate:
        """EAP of the answered items: the full-bank score when all are given, the prior when none is.

        Raises
        ------
        AnswerError
            As in `next`.
        """
        return expected_a_posteriori(self.bank.points, self._posterior(self._rows(answers)))

    def _posterior(self, rows: list[int]) -> Array:
        return posterior(self._log_prior, self.bank.log_likelihoods.take(np.array(rows, dtype=np.intp), axis=0))

    def _rows(self, answers: Mapping[str, int | None]) -> list[int]:
        """Rows of the likelihood table, sorted so that any order of the answers adds up to the same bits."""
        bank = self.bank
        rows = []
        for item_id, value in answers.items():
            position = bank.index.get(item_id)
            if position is None:
                raise AnswerError(f"item {item_id!r} is not in the bank")
            if value is None:
                continue
            if type(value) is not int:
                value = _whole_number(item_id, value)
            if not 1 <= value <= bank.categories[position]:
                raise AnswerError(f"item {item_id}: the answer is not one of 1 to {bank.categories[position]}")
            rows.append(bank.first_rows[position] + value - 1)
        rows.sort()
        return rows

    def _candidates(self, answers: Mapping[str, int | None], available: Collection[str] | None) -> list[int]:
        if available is None:
            return [row for row, item_id in enumerate(self.bank.item_ids) if item_id not in answers]
        allowed = frozenset(available)
        if unknown := allowed.difference(self.bank.index):
            raise AnswerError(f"item {min(unknown)!r} is not in the bank")
        return [row for row, item_id in enumerate(self.bank.item_ids) if item_id in allowed and item_id not in answers]

    def _ask(self, selection: Selection, estimate: Estimate) -> Ask:
        ids = self.bank.item_ids
        runner_up = None if selection.runner_up is None else ids[selection.runner_up]
        reason = "the only item left that may be asked"
        if runner_up is not None:
            reason = f"most posterior-weighted information, ahead of {runner_up}"
        return Ask(
            item_id=ids[selection.item],
            estimate=estimate,
            criterion=selection.criterion,
            runner_up=runner_up,
            runner_up_criterion=selection.runner_up_criterion,
            reason=reason,
        )


def _whole_number(item_id: str, value: object) -> int:
    """Whole numbers of other types, such as numpy's, are welcome; truth values and fractions are not."""
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise AnswerError(f"item {item_id}: the answer is not a whole number")
    return operator.index(value)
