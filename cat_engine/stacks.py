"""Items of one model and one number of categories, side by side, so that a formula runs once for all of them.

For turning ragged items into arrays: not for formulas, which are in `graded_response` and `partial_credit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine import graded_response, partial_credit
from cat_engine.graded_response import Array
from cat_engine.items import Item, Model

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Formulas:
    """The three functions that a model consists of, each over a stack of items."""

    log_probabilities: Callable[[Array, Array, Array], Array]
    derivatives: Callable[[Array, Array, Array], tuple[Array, Array]]
    information: Callable[[Array, Array, Array], Array]


_GRADED = Formulas(graded_response.log_probabilities, graded_response.derivatives, graded_response.information)
_PARTIAL_CREDIT = Formulas(partial_credit.log_probabilities, partial_credit.derivatives, partial_credit.information)


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Items of one model with equally many categories.

    Attributes
    ----------
    positions : Rows
        Shape (n,): where the items stand in the bank.
    slopes : Array
        Shape (n,).
    thresholds : Array
        Shape (n, K - 1).
    """

    formulas: Formulas
    positions: Rows
    slopes: Array
    thresholds: Array

    @property
    def categories(self) -> int:
        """K."""
        return int(self.thresholds.shape[1]) + 1

    def log_probabilities(self, points: Array) -> Array:
        """Shape (n, K, Q)."""
        return self.formulas.log_probabilities(self.slopes, self.thresholds, points)

    def derivatives(self, points: Array) -> tuple[Array, Array]:
        """Of the log-probabilities, first and second; both of shape (n, K, Q)."""
        return self.formulas.derivatives(self.slopes, self.thresholds, points)

    def information(self, points: Array) -> Array:
        """Shape (n, Q)."""
        return self.formulas.information(self.slopes, self.thresholds, points)

    def take(self, rows: Rows) -> "Stack":
        """The stack of only these rows of it; a row may come more than once."""
        return Stack(self.formulas, self.positions[rows], self.slopes[rows], self.thresholds[rows])


def stack(items: Sequence[Item]) -> tuple[Stack, ...]:
    """The items in as few stacks as their models and numbers of categories allow."""
    kinds: dict[tuple[Model, int], list[int]] = {}
    for position, item in enumerate(items):
        kinds.setdefault((item.model, item.categories), []).append(position)
    return tuple(
        Stack(
            formulas=_GRADED if model is Model.GRADED_RESPONSE else _PARTIAL_CREDIT,
            positions=np.array(positions, dtype=np.intp),
            slopes=np.array([items[position].slope for position in positions]),
            thresholds=np.array([items[position].thresholds for position in positions]),
        )
        for (model, _), positions in kinds.items()
    )
