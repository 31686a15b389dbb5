"""One step of an adaptive test: what the answers say, and whether and what to ask next.

For the decision itself. Stateless: the state is the answers, so any device can go on and any session can be
replayed. Not for storing answers, nor for wording.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cat_engine.answers import AnswerError, Given, candidates, read_answers
from cat_engine.bank import AppliedOverlay, ItemBank
from cat_engine.choosing import Choice, Chooser, State
from cat_engine.constraints import Blueprint
from cat_engine.estimation import STANDARD_NORMAL, Estimate, NormalPrior, expected_a_posteriori, posterior
from cat_engine.estimators import EAP, Estimator, ExpectedAPosteriori
from cat_engine.exposure import Exposure, Randomesque
from cat_engine.graded_response import Array
from cat_engine.selection import Criterion, expected_posterior_variance
from cat_engine.stopping import Progress, StoppingRule, StopReason

__all__ = ["AdaptiveTest", "AnswerError", "Ask", "Stop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """What an `Ask` and a `Stop` have in common: the estimate, and the parameters that it rests on."""

    estimate: Estimate
    bank_hash: str
    overlay: AppliedOverlay | None

    @property
    def theta(self) -> float:
        """In standard deviations of the reference population."""
        return self.estimate.theta

    @property
    def se(self) -> float:
        """Standard error of theta."""
        return self.estimate.se

    @property
    def t(self) -> float:
        """T = 50 + 10 theta."""
        return self.estimate.t

    @property
    def t_se(self) -> float:
        """Standard error in T points."""
        return self.estimate.t_se


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(_Decision):
    """Ask this item next, for this reason.

    ``criterion`` is the test's criterion for the item, posterior-weighted information unless it says otherwise, and
    ``runner_up_criterion`` that of the next best item, None when there is no other.
    """

    item_id: str
    criterion: float
    runner_up: str | None
    runner_up_criterion: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(_Decision):
    """Ask no more, for this reason.

    ``next_best`` is the item that would have been asked, with its criterion and the runner-up's; None when no item
    was left.
    """

    reason: StopReason
    next_best: str | None = None
    criterion: float | None = None
    runner_up: str | None = None
    runner_up_criterion: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdaptiveTest:
    """A bank run under a stopping rule, from a prior.

    Answers map an item id to its 1-based category, or to None when the item was asked and skipped or does not
    apply: such an item says nothing about theta, does not count towards the rule's minimum and maximum, and
    is not asked again. The container's order never matters.

    Parameters
    ----------
    bank, rule
        What is asked from, and when it is enough.
    prior
        Of the reported estimate.
    estimator
        Of the reported estimate.
    criterion
        By which items are ranked.
    first_item
        Asked first if it may be asked; None for the criterion's choice.
    steering
        A prior carried over from an earlier occasion (see `cat_engine.estimation.carried_over`). It steers which items
        are chosen and never touches the estimate or the decision to stop.
    blueprint
        Content constraints, held by a shadow test; None for none.
    exposure
        How the choice is randomised or narrowed; None for not at all.

    Raises
    ------
    cat_engine.constraints.Infeasible
        If no test can be made of the bank under the blueprint, with the constraints that conflict.

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

    bank: ItemBank = field(kw_only=False)
    rule: StoppingRule = field(kw_only=False)
    prior: NormalPrior = STANDARD_NORMAL
    estimator: Estimator = EAP
    criterion: Criterion = Criterion.MPWI
    first_item: str | None = None
    steering: NormalPrior | None = None
    blueprint: Blueprint | None = None
    exposure: Exposure | None = None
    _log_prior: Array = field(init=False, repr=False)
    _chooser: Chooser = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.blueprint is not None and self.blueprint.length != self.rule.maximum_items:
            raise ValueError(
                f"the blueprint is for {self.blueprint.length} items and the rule {self.rule.name} "
                f"for at most {self.rule.maximum_items}"
            )
        chooser = Chooser.prepare(
            self.bank,
            criterion=self.criterion,
            first_item=self.first_item,
            steering=self.steering,
            blueprint=self.blueprint,
            exposure=self.exposure,
        )
        object.__setattr__(self, "_chooser", chooser)
        object.__setattr__(self, "_log_prior", self.prior.log_density(self.bank.points))

    @property
    def order_is_determined(self) -> bool:
        """Whether the answers alone tell their order: not with a blueprint, nor by chance among the best."""
        return self.blueprint is None and not isinstance(self.exposure, Randomesque)

    @property
    def depends_on_seed(self) -> bool:
        """Whether two sessions with the same answers may be asked different items."""
        return self.exposure is not None or self.criterion is Criterion.RANDOM

    def next(
        self,
        answers: Mapping[str, int | None],
        available: Collection[str] | None = None,
        *,
        seed: int = 0,
        asked: Sequence[str] | None = None,
    ) -> Ask | Stop:
        """Decide what follows these answers.

        Parameters
        ----------
        answers
            What was asked so far.
        available
            Items that may be asked; None for all. Answers to other items still count.
        seed
            The session's own, for random selection and exposure control; a session keeps it to its end.
        asked
            The items in the order they were asked. Needed only by a rule on SE change where the order does not
            follow from the answers (`order_is_determined`).

        Raises
        ------
        AnswerError
            If an id is not in the bank or a category is not one of the item's.
        """
        given = read_answers(self.bank, answers)
        may_be_asked = candidates(self.bank, answers, available)
        weights = self._weights(given)
        estimate = self._estimate(given, weights)
        state = State(given=given, weights=weights, theta=estimate.theta, seed=seed)
        choice = self._chooser.choose(state, may_be_asked, first=not answers)

        def promise() -> float:
            assert choice is not None
            return self._promise(weights, choice.selection.item)

        progress = self._progress(given, estimate, seed, asked)
        reason = self.rule.reason(progress, None if choice is None else promise)
        if reason is None and choice is not None:
            return self._ask(choice, estimate)
        return self._stop(reason or StopReason.EXHAUSTED, choice, estimate)

    def estimate(self, answers: Mapping[str, int | None]) -> Estimate:
        """The estimate from the answered items: the full-bank score when all are given.

        Raises
        ------
        AnswerError
            As in `next`.
        """
        given = read_answers(self.bank, answers)
        return self._estimate(given, None)

    def _estimate(self, given: Given, weights: Array | None) -> Estimate:
        if not isinstance(self.estimator, ExpectedAPosteriori):
            return self.estimator.estimate(self.bank, given.codes, self.prior)
        if weights is None:
            weights = self._weights(given)
        return expected_a_posteriori(self.bank.points, weights)

    def _weights(self, given: Given) -> Array:
        rows = np.array(given.rows, dtype=np.intp)
        return posterior(self._log_prior, self.bank.log_likelihoods.take(rows, axis=0))

    def _progress(self, given: Given, estimate: Estimate, seed: int, asked: Sequence[str] | None) -> Progress:
        rule = self.rule
        if rule.looks_at_precision_only:
            return Progress(answered=len(given.rows), se=estimate.se)
        extremes = rule.screen or rule.floor_after or rule.ceiling_after
        changes = rule.se_change_below is not None and len(given.rows) >= rule.minimum_items
        return Progress(
            answered=len(given.rows),
            se=estimate.se,
            previous_se=self._previous_se(given, seed, asked) if changes else None,
            all_lowest=bool(extremes) and given.all_are(self.bank, highest=False),
            all_highest=bool(extremes) and given.all_are(self.bank, highest=True),
        )

    def _previous_se(self, given: Given, seed: int, asked: Sequence[str] | None) -> float | None:
        last = self._last(given, seed, asked)
        before = given.without(last)
        return self._estimate(before, None).se if before.rows else None

    def _last(self, given: Given, seed: int, asked: Sequence[str] | None) -> int:
        if asked is None:
            if not self.order_is_determined:
                raise AnswerError("this rule needs the order in which the items were asked")
            return self._chooser.last_asked(given, seed, self._weights, lambda some: self._estimate(some, None).theta)
        positions = {position for position, _ in given.codes}
        order = [self.bank.index[item_id] for item_id in asked if self.bank.index.get(item_id) in positions]
        if sorted(order) != sorted(positions):
            raise AnswerError("the order of asking does not name every answered item once")
        return order[-1]

    def _promise(self, weights: Array, position: int) -> float:
        """By how much the standard error is predicted to fall with the next item."""
        now = expected_a_posteriori(self.bank.points, weights).se
        return now - math.sqrt(float(expected_posterior_variance(self.bank, weights)[position]))

    def _ask(self, choice: Choice, estimate: Estimate) -> Ask:
        selection, ids = choice.selection, self.bank.item_ids
        return Ask(
            item_id=ids[selection.item],
            estimate=estimate,
            bank_hash=self.bank.content_hash,
            overlay=self.bank.overlay,
            criterion=selection.criterion,
            runner_up=None if selection.runner_up is None else ids[selection.runner_up],
            runner_up_criterion=selection.runner_up_criterion,
            reason=choice.reason,
        )

    def _stop(self, reason: StopReason, choice: Choice | None, estimate: Estimate) -> Stop:
        if choice is None:
            return Stop(reason=reason, estimate=estimate, bank_hash=self.bank.content_hash, overlay=self.bank.overlay)
        spared = self._ask(choice, estimate)
        return Stop(
            reason=reason,
            estimate=estimate,
            bank_hash=spared.bank_hash,
            overlay=spared.overlay,
            next_best=spared.item_id,
            criterion=spared.criterion,
            runner_up=spared.runner_up,
            runner_up_criterion=spared.runner_up_criterion,
        )
