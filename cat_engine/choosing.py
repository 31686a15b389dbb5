"""The choice of the next item, from everything that bears on it: criterion, first item, steering, content, exposure.

For composing those decisions, each of which has its module. Not for estimates, nor for when to stop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cat_engine.answers import Given
from cat_engine.bank import ItemBank
from cat_engine.constraints import Blueprint, ShadowTest
from cat_engine.draws import Keys, Purpose, item_keys, uniform
from cat_engine.estimation import NormalPrior, expected_a_posteriori, posterior
from cat_engine.exposure import Eligibility, Exposure, Randomesque, eligible_items
from cat_engine.graded_response import Array
from cat_engine.selection import Criterion, Selection, criteria, select
from cat_engine.stacks import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a session stands: answers, posterior of shape (Q,), reported theta, and the session's seed."""

    given: Given
    weights: Array
    theta: float
    seed: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The selection, and the reason in words."""

    selection: Selection
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chooser:
    """Chooses items of one bank in one way."""

    bank: ItemBank
    criterion: Criterion
    first: int | None
    steering: Array | None
    shadow_test: ShadowTest | None
    exposure: Exposure | None
    eligibility: Array | None
    keys: Keys

    @classmethod
    def prepare(
        cls,
        bank: ItemBank,
        *,
        criterion: Criterion,
        first_item: str | None,
        steering: NormalPrior | None,
        blueprint: Blueprint | None,
        exposure: Exposure | None,
    ) -> "Chooser":
        """Check what can be checked before the first session."""
        if first_item is not None and first_item not in bank.index:
            raise ValueError(f"the first item {first_item!r} is not in the bank")
        return cls(
            bank=bank,
            criterion=criterion,
            first=None if first_item is None else bank.index[first_item],
            steering=None if steering is None else steering.log_density(bank.points),
            shadow_test=None if blueprint is None else ShadowTest.prepare(blueprint, bank),
            exposure=exposure,
            eligibility=exposure.of(bank) if isinstance(exposure, Eligibility) else None,
            keys=item_keys(bank.item_ids),
        )

    def choose(self, state: State, candidates: Rows, *, first: bool) -> Choice | None:
        """The next item among the candidates; ``first`` before anything was asked. None without a candidate."""
        if first and self.first is not None and self.first in candidates:
            return self._first_item(state, candidates)
        narrowed = self._eligible(candidates, state.seed)
        if self.shadow_test is None:
            selection, note = self.rank(state, narrowed), ""
        else:
            selection, note = self._by_shadow_test(state, candidates, narrowed, self.shadow_test)
        return None if selection is None else Choice(selection, self._reason(selection) + note)

    def rank(self, state: State, candidates: Sequence[int] | Rows) -> Selection | None:
        """The best candidate by the criterion alone, or by chance among the best."""
        return self._pick(self._values(state), candidates, state)

    def last_asked(
        self, given: Given, seed: int, weights: Callable[[Given], Array], theta: Callable[[Given], float]
    ) -> int:
        """Which of the answered items was asked last, as a position in the bank.

        At each step the item that was asked ranked above all others, so above those answered later too: ranking the
        answered items alone finds the order again, whatever the container's order, as long as the same items were
        available throughout.
        """
        left = [position for position, _ in given.codes]
        done: set[int] = set()
        while len(left) > 1:
            if not done and self.first in left:
                position = self.first
            else:
                known = given.only(done)
                state = State(given=known, weights=weights(known), theta=theta(known), seed=seed)
                selection = self.rank(state, left)
                assert selection is not None
                position = selection.item
            left.remove(position)
            done.add(position)
        return left[0]

    def _values(self, state: State) -> Array:
        """The criterion of every item, from the steering prior's posterior where there is one."""
        weights, theta = state.weights, state.theta
        if self.steering is not None:
            rows = np.array(state.given.rows, dtype=np.intp)
            weights = posterior(self.steering, self.bank.log_likelihoods.take(rows, axis=0))
            theta = expected_a_posteriori(self.bank.points, weights).theta
        return criteria(
            self.criterion,
            self.bank,
            weights=weights,
            theta=theta,
            draws=lambda: self._draws(state, Purpose.RANDOM_SELECTION),
        )

    def _pick(self, values: Array, candidates: Sequence[int] | Rows, state: State) -> Selection | None:
        merit = -values if self.criterion.smaller_is_better else values
        selection = select(merit, candidates, self.bank.item_ids)
        if selection is None:
            return None
        if isinstance(self.exposure, Randomesque):
            selection = self._among_best(self.exposure.among, merit, candidates, state)
        if not self.criterion.smaller_is_better:
            return selection
        runner_up = selection.runner_up_criterion
        return Selection(
            selection.item, -selection.criterion, selection.runner_up, None if runner_up is None else -runner_up
        )

    def _among_best(self, among: int, merit: Array, candidates: Sequence[int] | Rows, state: State) -> Selection:
        left = [int(position) for position in candidates]
        best: list[int] = []
        while left and len(best) < among:
            selection = select(merit, left, self.bank.item_ids)
            assert selection is not None
            best.append(selection.item)
            left.remove(selection.item)
        chosen = max(best, key=self._draws(state, Purpose.RANDOMESQUE).__getitem__)
        others = select(merit, [position for position in candidates if position != chosen], self.bank.item_ids)
        if others is None:
            return Selection(chosen, float(merit[chosen]), None, None)
        return Selection(chosen, float(merit[chosen]), others.item, others.criterion)

    def _first_item(self, state: State, candidates: Rows) -> Choice:
        assert self.first is not None
        values = self._values(state)
        others = [position for position in candidates if position != self.first]
        second = self._pick(values, others, state)
        runner_up = (None, None) if second is None else (second.item, second.criterion)
        return Choice(Selection(self.first, float(values[self.first]), *runner_up), "the test's fixed first item")

    def _by_shadow_test(
        self, state: State, candidates: Rows, narrowed: Rows, shadow_test: ShadowTest
    ) -> tuple[Selection | None, str]:
        values = self._values(state)
        merit = -values if self.criterion.smaller_is_better else values
        answered = [position for position, _ in state.given.codes]
        shadow = shadow_test.solve(merit, answered, narrowed.tolist())
        if shadow.relaxed and len(narrowed) < len(candidates):
            shadow = shadow_test.solve(merit, answered, candidates.tolist())
        note = ", in the best test under the constraints"
        if shadow.relaxed:
            note = ", with minimums given up that can no longer be met"
        return self._pick(values, shadow.next_items, state), note

    def _eligible(self, candidates: Rows, seed: int) -> Rows:
        if self.eligibility is None:
            return candidates
        eligible = eligible_items(self.eligibility, uniform(seed, int(Purpose.ELIGIBILITY), self.keys))
        # Where nobody is eligible, an item asked too often is better than a test broken off.
        narrowed = candidates[eligible[candidates]]
        return narrowed if len(narrowed) else candidates

    def _draws(self, state: State, purpose: Purpose) -> Array:
        return uniform(state.seed, int(purpose) + len(state.given.rows), self.keys)

    def _reason(self, selection: Selection) -> str:
        if selection.runner_up is None:
            return "the only item left that may be asked"
        rival = self.bank.item_ids[selection.runner_up]
        if isinstance(self.exposure, Randomesque):
            return f"drawn among the {self.exposure.among} items with the {self.criterion.title}; next to {rival}"
        return f"{self.criterion.title}, ahead of {rival}"
