"""Simulation: many sessions of one adaptive test at once, from true thetas or from a matrix of answers (post-hoc).

For trying a test before people meet it. The decisions are those of `AdaptiveTest.next`, answer by answer.

Respondents who have answered alike stand at the same node of the response tree and are asked the same next item. So
the engine decides once for each node, in batches, and not once for each respondent.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.adaptive_test import AdaptiveTest
from cat_engine.bank import ItemBank
from cat_engine.draws import Purpose, item_keys, uniform
from cat_engine.graded_response import Array
from cat_engine.simulation_nodes import REASONS, Decisions, Nodes, decide
from cat_engine.stopping import StopReason

Codes = npt.NDArray[np.int8]
"""Categories counted from 1; 0 is missing."""

_CHUNK = 4096
_MOST_CODES = 7


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """What came of a simulation.

    Attributes
    ----------
    test : AdaptiveTest
        The test that was run.
    reference : Array
        Shape (people,): true theta, or the estimate from all answers in a post-hoc simulation.
    reference_is_true : bool
        Which of the two it is.
    theta, se : Array
        Shape (people,): the reported estimate.
    answered : Array of int
        Shape (people,): number of answers.
    items : Array of int
        Shape (people, most asked): positions in the bank in the order of asking, -1 after the last.
    codes : Array of int
        The answers, of the same shape; 0 where the answer was missing.
    reason_codes : Array of int
        Shape (people,): index into `REASONS`.
    """

    test: AdaptiveTest
    reference: Array
    reference_is_true: bool
    theta: Array
    se: Array
    answered: npt.NDArray[np.int16]
    items: npt.NDArray[np.int16]
    codes: Codes
    reason_codes: Codes

    def reason(self, person: int) -> StopReason:
        """Why this person's session ended."""
        return REASONS[int(self.reason_codes[person])]

    def path(self, person: int) -> tuple[str, ...]:
        """Ids of the items this person answered, in order."""
        asked = zip(self.items[person].tolist(), self.codes[person].tolist(), strict=True)
        return tuple(self.test.bank.item_ids[position] for position, code in asked if position >= 0 and code)


def simulate(
    test: AdaptiveTest,
    thetas: npt.ArrayLike,
    *,
    seed: int = 0,
    available: Collection[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sessions:
    """Sessions of people with these true thetas, who answer as the bank's model says.

    Parameters
    ----------
    thetas
        Shape (people,).
    seed
        Person ``p`` has the session seed ``seed + p``; the same seed gives the same sessions.
    available
        Items that may be asked; None for all.
    progress
        Told the number of people whose sessions have ended since it was told last.

    Examples
    --------
    >>> from cat_engine import GradedItem, PROMIS_ADULT
    >>> bank = ItemBank(tuple(GradedItem(f"i{n}", 3.0, (-1.0, 0.0, 1.0)) for n in range(12)))
    >>> sessions = simulate(AdaptiveTest(bank, PROMIS_ADULT), np.zeros(100))
    >>> sessions.theta.shape, bool(abs(sessions.theta.mean()) < 0.1)
    ((100,), True)
    """
    true = np.asarray(thetas, dtype=float)
    if true.ndim != 1 or not np.isfinite(true).all():
        raise ValueError("true thetas must be finite numbers in one row")
    codes = _made_up(test.bank, true, seed)
    return _run(test, codes, true, is_true=True, seed=seed, available=available, progress=progress)


def simulate_post_hoc(
    test: AdaptiveTest,
    responses: npt.ArrayLike,
    *,
    seed: int = 0,
    available: Collection[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sessions:
    """Sessions in which each person gives the answers of a matrix; a missing one is a skipped item.

    Parameters
    ----------
    responses
        Shape (people, items) in the bank's order: whole numbers, categories counted from 1, 0 for missing.

    Examples
    --------
    >>> from cat_engine import GradedItem, PROMIS_ADULT
    >>> bank = ItemBank(tuple(GradedItem(f"i{n}", 3.0, (-1.0, 0.0, 1.0)) for n in range(6)))
    >>> sessions = simulate_post_hoc(AdaptiveTest(bank, PROMIS_ADULT), [[1, 1, 1, 1, 1, 1], [3, 3, 0, 3, 3, 3]])
    >>> sessions.path(1)
    ('i0', 'i1', 'i3', 'i4')
    """
    codes = _checked(test.bank, responses)
    reference = full_bank_theta(test, codes)
    return _run(test, codes, reference, is_true=False, seed=seed, available=available, progress=progress)


def made_up_answers(bank: ItemBank, thetas: npt.ArrayLike, *, seed: int = 0) -> Codes:
    """A matrix of answers to every item, shape (people, items), as people with these thetas would give."""
    return _made_up(bank, np.asarray(thetas, dtype=float), seed)


def full_bank_theta(test: AdaptiveTest, codes: Codes) -> Array:
    """EAP from all answers, shape (people,)."""
    return full_bank_estimates(test, codes)[0]


def full_bank_estimates(test: AdaptiveTest, codes: Codes) -> tuple[Array, Array]:
    """EAP and its standard error from all answers, both of shape (people,)."""
    bank = test.bank
    estimates = np.empty((2, len(codes)))
    log_prior = test.prior.log_density(bank.points)
    first_rows = np.array(bank.first_rows)
    for start in range(0, len(codes), _CHUNK):
        part = codes[start : start + _CHUNK]
        # Which row of the table each answer is, as zeros and ones: one product is quicker than many lookups.
        chosen = np.zeros((len(part), len(bank.log_likelihoods)))
        person, item = part.nonzero()
        chosen[person, first_rows[item] + part[person, item] - 1] = 1.0
        nodes = chosen @ bank.log_likelihoods + log_prior
        weights = np.exp(nodes - nodes.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        theta = weights @ bank.points
        spread = (weights * (bank.points - theta[:, np.newaxis]) ** 2).sum(axis=1)
        estimates[:, start : start + len(part)] = theta, np.sqrt(spread)
    return estimates[0], estimates[1]


def _checked(bank: ItemBank, responses: npt.ArrayLike) -> Codes:
    matrix = np.asarray(responses)
    if matrix.ndim != 2 or matrix.shape[1] != len(bank.items):
        raise ValueError(f"the responses must have a column for each of the bank's {len(bank.items)} items")
    if not np.issubdtype(matrix.dtype, np.integer):
        raise ValueError("the responses must be whole numbers, with 0 for a missing one")
    if ((matrix < 0) | (matrix > np.array(bank.categories))).any():
        column = int(((matrix < 0) | (matrix > np.array(bank.categories))).any(axis=0).argmax())
        raise ValueError(f"item {bank.item_ids[column]}: a response is not one of its categories")
    return matrix.astype(np.int8)


def _made_up(bank: ItemBank, thetas: Array, seed: int) -> Codes:
    keys = item_keys(bank.item_ids)
    codes = np.ones((len(thetas), len(bank.items)), dtype=np.int8)
    for start in range(0, len(thetas), _CHUNK):
        part = thetas[start : start + _CHUNK]
        people = np.arange(start, start + len(part)) + seed
        draws = uniform(people, int(Purpose.RESPONSE), keys)
        table = np.exp(bank.log_likelihoods_at(part))
        for position, first in enumerate(bank.first_rows):
            below = np.cumsum(table[first : first + bank.categories[position] - 1], axis=0)
            codes[start : start + len(part), position] += (draws[:, position] >= below).sum(axis=0).astype(np.int8)
    return codes


def _run(
    test: AdaptiveTest,
    codes: Codes,
    reference: Array,
    *,
    is_true: bool,
    seed: int,
    available: Collection[str] | None,
    progress: Callable[[int], None] | None,
) -> Sessions:
    people = len(codes)
    record = _Record.empty(people)
    active = np.arange(people)
    # With chance, people who answered alike may be asked different items: then everybody has a node alone.
    node = active.copy() if test.depends_on_seed else np.zeros(people, dtype=np.intp)
    nodes = Nodes.root(test, node[-1:] + 1, seed=seed, available=available) if people else None
    while nodes is not None and len(active):
        decisions = decide(test, nodes)
        goes_on = decisions.items[node] >= 0
        record.end(active[~goes_on], node[~goes_on], decisions, nodes)
        if progress is not None and not goes_on.all():
            progress(int((~goes_on).sum()))
        active, node = active[goes_on], node[goes_on]
        items = decisions.items[node]
        given = codes[active, items]
        record.step(active, items, given)
        branches, node = np.unique(node * _MOST_CODES + given, return_inverse=True)
        nodes = nodes.branch(test, decisions, parents=branches // _MOST_CODES, codes=branches % _MOST_CODES)
    return Sessions(
        test=test,
        reference=reference,
        reference_is_true=is_true,
        theta=record.theta,
        se=record.se,
        answered=record.answered,
        items=record.matrix(record.items, -1).astype(np.int16),
        codes=record.matrix(record.codes, 0).astype(np.int8),
        reason_codes=record.reasons,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Record:
    """The outcome as it grows: one column of items and codes for each step."""

    theta: Array
    se: Array
    answered: npt.NDArray[np.int16]
    reasons: Codes
    items: list[npt.NDArray[np.int16]]
    codes: list[Codes]

    @classmethod
    def empty(cls, people: int) -> "_Record":
        return cls(
            np.empty(people),
            np.empty(people),
            np.zeros(people, dtype=np.int16),
            np.zeros(people, dtype=np.int8),
            [],
            [],
        )

    def end(self, people: npt.NDArray[np.intp], node: npt.NDArray[np.intp], decisions: Decisions, nodes: Nodes) -> None:
        self.theta[people] = decisions.theta[node]
        self.se[people] = decisions.se[node]
        self.answered[people] = nodes.answered[node]
        self.reasons[people] = decisions.reasons[node]

    def step(self, people: npt.NDArray[np.intp], items: npt.NDArray[np.intp], codes: Codes) -> None:
        if len(people):
            self.items.append(np.full(len(self.theta), -1, dtype=np.int16))
            self.codes.append(np.zeros(len(self.theta), dtype=np.int8))
            self.items[-1][people] = items
            self.codes[-1][people] = codes

    def matrix(self, columns: list[npt.NDArray[np.int16]] | list[Codes], empty: int) -> npt.NDArray[np.signedinteger]:
        if not columns:
            return np.full((len(self.theta), 0), empty, dtype=np.int16)
        return np.stack(columns, axis=1)
