"""The nodes of a simulation's response tree: what is known at each, and what the test decides there.

For `cat_engine.simulation`. The arithmetic of a single step, over many nodes at once where the posterior on the grid is
all that is needed, and node by node through `AdaptiveTest.next` where a blueprint or a maximum is sought.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.adaptive_test import AdaptiveTest, Ask
from cat_engine.answers import candidates
from cat_engine.draws import Purpose, item_keys, uniform
from cat_engine.estimators import ExpectedAPosteriori
from cat_engine.exposure import Eligibility, Mask, Randomesque, eligible_items
from cat_engine.graded_response import Array
from cat_engine.selection import Positions, criteria, expected_posterior_variance, select_many
from cat_engine.stopping import Progress, StopReason

REASONS = tuple(StopReason)
_EXHAUSTED = REASONS.index(StopReason.EXHAUSTED)

# Batches that stay in the processor's cache while they are worked on.
_BATCH = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """What is known at each node; every array's first axis is the node.

    Attributes
    ----------
    log_weights : Array
        Shape (nodes, Q): logarithm of the posterior, up to a constant.
    may_be_asked : Mask
        Shape (nodes, items).
    steps : Array of int
        Shape (nodes, asked so far): item and code of each step, as item * 8 + code.
    answered : Array of int
        Number of answers, skipped items left out.
    previous_se : Array
        Standard error before the last answer; NaN before the first.
    lowest, highest : Mask
        Whether every answer is the lowest (highest) category; False without answers.
    seeds : Array of int
        Of the sessions; alike everywhere where chance plays no part.
    """

    log_weights: Array
    may_be_asked: Mask
    steps: npt.NDArray[np.int32]
    answered: npt.NDArray[np.int16]
    previous_se: Array
    lowest: Mask
    highest: Mask
    seeds: npt.NDArray[np.int64]

    @classmethod
    def root(
        cls, test: AdaptiveTest, count: npt.NDArray[np.intp], *, seed: int, available: Collection[str] | None
    ) -> "Nodes":
        """The node before the first answer, as many times as sessions must be kept apart."""
        size = int(count[0])
        allowed = np.zeros(len(test.bank.items), dtype=np.bool_)
        allowed[candidates(test.bank, (), available)] = True
        return cls(
            log_weights=np.tile(test.prior.log_density(test.bank.points), (size, 1)),
            may_be_asked=np.tile(allowed, (size, 1)),
            steps=np.zeros((size, 0), dtype=np.int32),
            answered=np.zeros(size, dtype=np.int16),
            previous_se=np.full(size, np.nan),
            lowest=np.zeros(size, dtype=np.bool_),
            highest=np.zeros(size, dtype=np.bool_),
            seeds=np.arange(size, dtype=np.int64) + seed,
        )

    def branch(
        self, test: AdaptiveTest, decisions: "Decisions", *, parents: Positions, codes: npt.NDArray[np.intp]
    ) -> "Nodes":
        """The nodes after one more step from these parents, with these codes; 0 is a skipped item."""
        bank = test.bank
        items = decisions.items[parents]
        said = codes > 0
        rows = np.array(bank.first_rows)[items] + codes - 1
        log_weights = self.log_weights[parents]
        log_weights[said] += bank.log_likelihoods[rows[said]]
        may_be_asked = self.may_be_asked[parents]
        may_be_asked[np.arange(len(parents)), items] = False
        first = self.answered[parents] == 0
        top = codes == np.array(bank.categories)[items]
        return Nodes(
            log_weights=log_weights,
            may_be_asked=may_be_asked,
            steps=np.column_stack([self.steps[parents], items * 8 + codes]).astype(np.int32),
            answered=self.answered[parents] + said,
            previous_se=np.where(said, decisions.se[parents], self.previous_se[parents]),
            lowest=np.where(said, (self.lowest[parents] | first) & (codes == 1), self.lowest[parents]),
            highest=np.where(said, (self.highest[parents] | first) & top, self.highest[parents]),
            seeds=self.seeds[parents],
        )

    def part(self, rows: slice) -> "Nodes":
        """Some of the nodes."""
        return Nodes(
            self.log_weights[rows],
            self.may_be_asked[rows],
            self.steps[rows],
            self.answered[rows],
            self.previous_se[rows],
            self.lowest[rows],
            self.highest[rows],
            self.seeds[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """At each node: the next item or -1, why none (index into `REASONS`), and the estimate."""

    items: Positions
    reasons: npt.NDArray[np.int8]
    theta: Array
    se: Array


def decide(test: AdaptiveTest, nodes: Nodes) -> Decisions:
    """What the test decides at every node."""
    on_the_grid = isinstance(test.estimator, ExpectedAPosteriori) and test.blueprint is None
    if not on_the_grid:
        return _decide_one_by_one(test, nodes)
    count = len(nodes.answered)
    parts = [_decide_batch(test, nodes.part(slice(start, start + _BATCH))) for start in range(0, count, _BATCH)]
    return Decisions(
        np.concatenate([part.items for part in parts]) if parts else np.zeros(0, dtype=np.intp),
        np.concatenate([part.reasons for part in parts]) if parts else np.zeros(0, dtype=np.int8),
        np.concatenate([part.theta for part in parts]) if parts else np.zeros(0),
        np.concatenate([part.se for part in parts]) if parts else np.zeros(0),
    )


def _decide_one_by_one(test: AdaptiveTest, nodes: Nodes) -> Decisions:
    ids = test.bank.item_ids
    items, reasons = np.full(len(nodes.answered), -1, dtype=np.intp), np.zeros(len(nodes.answered), dtype=np.int8)
    theta, se = np.empty(len(items)), np.empty(len(items))
    for node, steps in enumerate(nodes.steps.tolist()):
        answers = {ids[step // 8]: step % 8 or None for step in steps}
        available = [ids[position] for position in nodes.may_be_asked[node].nonzero()[0].tolist()]
        decision = test.next(answers, available, seed=int(nodes.seeds[node]), asked=list(answers))
        theta[node], se[node] = decision.theta, decision.se
        if isinstance(decision, Ask):
            items[node] = test.bank.index[decision.item_id]
        else:
            reasons[node] = REASONS.index(decision.reason)
    return Decisions(items, reasons, theta, se)


def _decide_batch(test: AdaptiveTest, nodes: Nodes) -> Decisions:
    points = test.bank.points
    weights = _weights(nodes.log_weights)
    theta = weights @ points
    se = np.sqrt((weights * (points - theta[:, np.newaxis]) ** 2).sum(axis=1))
    items = _choose(test, nodes, weights, theta)
    reasons = _reasons(test, nodes, weights, se, items)
    stops = reasons >= 0
    reasons[~stops & (items < 0)] = _EXHAUSTED
    return Decisions(np.where(stops, -1, items), reasons, theta, se)


def _weights(log_weights: Array) -> Array:
    weights: Array = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _choose(test: AdaptiveTest, nodes: Nodes, weights: Array, theta: Array) -> Positions:
    bank = test.bank
    if test.steering is not None:
        moved = test.steering.log_density(bank.points) - test.prior.log_density(bank.points)
        weights = _weights(nodes.log_weights + moved)
        theta = weights @ bank.points
    values = criteria(
        test.criterion, bank, weights=weights, theta=theta, draws=lambda: _draws(test, nodes, Purpose.RANDOM_SELECTION)
    )
    merit = -values if test.criterion.smaller_is_better else values
    chosen = _pick(test, nodes, merit, _eligible(test, nodes))
    if test.first_item is not None and nodes.steps.shape[1] == 0:
        first = bank.index[test.first_item]
        chosen = np.where(nodes.may_be_asked[:, first], first, chosen)
    return chosen


def _eligible(test: AdaptiveTest, nodes: Nodes) -> Mask:
    if not isinstance(test.exposure, Eligibility):
        return nodes.may_be_asked
    draws = uniform(nodes.seeds, int(Purpose.ELIGIBILITY), item_keys(test.bank.item_ids))
    eligible = nodes.may_be_asked & eligible_items(test.exposure.of(test.bank), draws)
    return np.where(eligible.any(axis=1, keepdims=True), eligible, nodes.may_be_asked)


def _pick(test: AdaptiveTest, nodes: Nodes, merit: Array, allowed: Mask) -> Positions:
    chosen = select_many(merit, allowed, test.bank.by_id)
    if not isinstance(test.exposure, Randomesque):
        return chosen
    left, every = allowed.copy(), np.arange(len(merit))
    among = np.full((len(merit), len(test.bank.items)), -1.0)
    draws = _draws(test, nodes, Purpose.RANDOMESQUE)
    for _ in range(test.exposure.among):
        best = select_many(merit, left, test.bank.by_id)
        some = best >= 0
        among[every[some], best[some]] = draws[every[some], best[some]]
        left[every[some], best[some]] = False
    return np.where(chosen < 0, -1, among.argmax(axis=1))


def _draws(test: AdaptiveTest, nodes: Nodes, purpose: Purpose) -> Array:
    return uniform(nodes.seeds, nodes.answered.astype(np.int64) + int(purpose), item_keys(test.bank.item_ids))


def _reasons(test: AdaptiveTest, nodes: Nodes, weights: Array, se: Array, items: Positions) -> npt.NDArray[np.int8]:
    rule = test.rule
    reasons = np.full(len(se), -1, dtype=np.int8)
    promises = _promises(test, weights, se, items) if rule.predicted is not None else None
    for node in (nodes.answered >= (1 if rule.screen else rule.minimum_items)).nonzero()[0].tolist():
        previous = float(nodes.previous_se[node])
        progress = Progress(
            answered=int(nodes.answered[node]),
            se=float(se[node]),
            # The prior's standard error is no answer's.
            previous_se=None if nodes.answered[node] < 2 else previous,
            all_lowest=bool(nodes.lowest[node]),
            all_highest=bool(nodes.highest[node]),
        )
        promise = None if promises is None or items[node] < 0 else lambda node=node: float(promises[node])
        if reason := rule.reason(progress, promise):
            reasons[node] = REASONS.index(reason)
    return reasons


def _promises(test: AdaptiveTest, weights: Array, se: Array, items: Positions) -> Array:
    expected = expected_posterior_variance(test.bank, weights)[np.arange(len(items)), np.maximum(items, 0)]
    promises: Array = se - np.sqrt(expected)
    return promises
