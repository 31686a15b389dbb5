"""Content constraints, held by a shadow test: at each step the best whole test that contains what was asked.

For which items may come next under content bounds, enemies, item sets and order. Not for ranking the items, and not
for exposure. The test is found by SciPy's HiGHS, a mixed-integer solver; without constraints it is never loaded.

References
----------
van der Linden, W. J., & Reese, L. M. (1998). A model for optimal constrained adaptive testing. *Applied Psychological
Measurement*, 22(3), 259-270. doi:10.1177/01466216980223006
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cat_engine.bank import ItemBank
from cat_engine.graded_response import Array


class Infeasible(ValueError):
    """No test of this length meets the constraints; ``conflict`` names a smallest set that cannot be met together."""

    def __init__(self, conflict: Sequence[str]) -> None:
        self.conflict = tuple(conflict)
        super().__init__("the constraints cannot be met together: " + "; ".join(self.conflict))


@dataclass(frozen=True, slots=True)
class Bounds:
    """At least ``minimum`` and at most ``maximum`` of these items; None for no maximum."""

    name: str
    items: frozenset[str]
    minimum: int = 0
    maximum: int | None = None

    def __post_init__(self) -> None:
        if self.minimum < 0 or (self.maximum is not None and self.maximum < self.minimum):
            raise ValueError(f"constraint {self.name}: needs 0 <= minimum <= maximum")


@dataclass(frozen=True, slots=True)
class Enemies:
    """At most one of these items: each gives the others away, or repeats them."""

    name: str
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class ItemSet:
    """All of these items or none of them, and one straight after the other."""

    name: str
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class Order:
    """Items are asked by rising rank, each rank before the next; an item without a rank may come at any time."""

    name: str
    ranks: Mapping[str, float]

    @property
    def items(self) -> frozenset[str]:
        """Those that have a rank."""
        return frozenset(self.ranks)


Constraint = Bounds | Enemies | ItemSet | Order


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a whole test of ``length`` items must consist of.

    A rule that stops a session before that length may leave a minimum unmet: hold such content with a rule whose
    minimum is its maximum.
    """

    length: int
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if self.length < 1:
            raise ValueError("a blueprint is for at least one item")
        names = [constraint.name for constraint in self.constraints]
        if len(set(names)) != len(names):
            raise ValueError("two constraints have the same name")


@dataclass(frozen=True, slots=True)
class Shadow:
    """The items of the best test that may come next; ``relaxed`` where minimums had to be given up."""

    next_items: list[int]
    relaxed: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the programme: low <= sum of coefficient x item <= high."""

    name: str
    coefficients: Array
    low: float
    high: float
    # What is still held when a session can no longer be completed: that nothing comes too often.
    low_when_relaxed: float
    high_when_relaxed: float
    pair: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ShadowTest:
    """A blueprint written as a mixed-integer programme over one bank.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank(tuple(GradedItem(name, 1.0, (0.0,)) for name in "abc"))
    >>> test = ShadowTest.prepare(Blueprint(2, (Enemies("a or b", frozenset("ab")),)), bank)
    >>> test.solve(np.array([3.0, 2.0, 1.0]), [], [0, 1, 2])
    Shadow(next_items=[0, 2], relaxed=False)
    """

    rows: tuple[_Row, ...]
    sets: tuple[frozenset[int], ...]
    orders: tuple[Array, ...]

    @classmethod
    def prepare(cls, blueprint: Blueprint, bank: ItemBank) -> "ShadowTest":
        """Write the programme.

        Raises
        ------
        Infeasible
            If no test can meet it.
        ValueError
            If a constraint names an item that is not in the bank.
        """
        for constraint in blueprint.constraints:
            if unknown := constraint.items.difference(bank.index):
                raise ValueError(f"constraint {constraint.name}: item {min(unknown)!r} is not in the bank")
        length = Bounds("length of the test", frozenset(bank.index), blueprint.length, blueprint.length)
        rows = [row for constraint in (length, *blueprint.constraints) for row in _rows(constraint, bank)]
        test = cls(
            rows=tuple(rows),
            sets=tuple(_positions(c, bank) for c in blueprint.constraints if isinstance(c, ItemSet)),
            orders=tuple(_ranks(c, bank) for c in blueprint.constraints if isinstance(c, Order)),
        )
        everything = np.ones(len(bank.items))
        if _solve(rows, np.zeros(len(bank.items)), lower=0 * everything, upper=everything) is None:
            raise Infeasible(_conflict(rows, len(bank.items)))
        return test

    def solve(self, merit: Array, answered: Sequence[int], candidates: Sequence[int]) -> Shadow:
        """Which candidates may come next.

        Parameters
        ----------
        merit
            What each item is worth, more being better: shape (items,).
        answered
            Positions of the items that count as asked.
        candidates
            Positions of those that may still be asked.
        """
        lower, upper = np.zeros(len(merit)), np.zeros(len(merit))
        upper[self._in_order(answered, candidates)] = 1.0
        lower[list(answered)] = upper[list(answered)] = 1.0
        worth = merit - merit.min() + 1.0
        # A set that was begun goes on without a member that was skipped.
        broken = {position for members in self.sets if members.intersection(answered) for position in members}
        broken = {position for position in broken if not upper[position]}
        rows = [row for row in self.rows if not broken.intersection(row.pair)]
        chosen = _solve(rows, worth, lower=lower, upper=upper)
        relaxed = chosen is None
        if chosen is None:
            chosen = _solve(rows, worth, lower=lower, upper=upper, relaxed=True)
        free = [] if chosen is None else [position for position in candidates if chosen[position]]
        return Shadow(self._first_in_order(answered, free), relaxed)

    def _in_order(self, answered: Sequence[int], candidates: Sequence[int]) -> list[int]:
        """Those whose rank has not been passed."""
        kept = list(candidates)
        for ranks in self.orders:
            reached = max((ranks[position] for position in answered if not np.isnan(ranks[position])), default=-np.inf)
            kept = [position for position in kept if not ranks[position] < reached]
        return kept

    def _first_in_order(self, answered: Sequence[int], free: list[int]) -> list[int]:
        for members in self.sets:
            if members.intersection(answered) and (begun := [item for item in free if item in members]):
                return begun
        for ranks in self.orders:
            lowest = min((ranks[position] for position in free if not np.isnan(ranks[position])), default=np.inf)
            free = [position for position in free if not ranks[position] > lowest]
        return free


def _positions(constraint: Constraint, bank: ItemBank) -> frozenset[int]:
    return frozenset(bank.index[item_id] for item_id in constraint.items)


def _ranks(order: Order, bank: ItemBank) -> Array:
    return np.array([order.ranks.get(item_id, np.nan) for item_id in bank.item_ids])


def _rows(constraint: Constraint, bank: ItemBank) -> Iterable[_Row]:
    positions = sorted(_positions(constraint, bank))
    among = np.zeros(len(bank.items))
    among[positions] = 1.0
    match constraint:
        case Bounds(name=name, minimum=minimum, maximum=maximum):
            high = np.inf if maximum is None else maximum
            yield _Row(name, among, minimum, high, 0, high)
        case Enemies(name=name):
            yield _Row(name, among, 0, 1, 0, 1)
        case ItemSet(name=name):
            for one, other in combinations(positions, 2):
                pair = np.zeros(len(bank.items))
                pair[one], pair[other] = 1.0, -1.0
                yield _Row(name, pair, 0, 0, -np.inf, np.inf, pair=(one, other))
        case Order():
            return


def _solve(
    rows: Sequence[_Row], worth: Array, *, lower: Array, upper: Array, relaxed: bool = False
) -> npt.NDArray[np.bool_] | None:
    """The items of the test with most worth, or None where there is no test."""
    # Loaded here, so that whoever has no constraints never waits for SciPy.
    from scipy.optimize import Bounds as Between  # type: ignore[import-untyped]  # because SciPy ships no types
    from scipy.optimize import LinearConstraint, milp

    low = [row.low_when_relaxed if relaxed else row.low for row in rows]
    high = [row.high_when_relaxed if relaxed else row.high for row in rows]
    outcome = milp(
        -worth,
        integrality=np.ones(len(worth)),
        bounds=Between(lower, upper),
        constraints=LinearConstraint(np.stack([row.coefficients for row in rows]), low, high),
        options={"mip_rel_gap": 0.0},
    )
    if outcome.x is None:
        return None
    chosen: npt.NDArray[np.bool_] = outcome.x > 0.5
    return chosen


def _conflict(rows: Sequence[_Row], items: int) -> list[str]:
    """A smallest set of constraints that cannot be met: each is left out in turn, and back in if it is needed."""
    names = list(dict.fromkeys(row.name for row in rows))
    for name in list(names):
        kept = [row for row in rows if row.name in names and row.name != name]
        if kept and _solve(kept, np.zeros(items), lower=np.zeros(items), upper=np.ones(items)) is None:
            names.remove(name)
    return names
