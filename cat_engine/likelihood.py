"""The likelihood of a set of answers at any theta, by its derivatives.

For the estimators that seek a maximum (MAP, MLE, WLE) and for person fit. Not for the grid, where the bank's tables
are quicker.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cat_engine.bank import ItemBank
from cat_engine.graded_response import Array
from cat_engine.stacks import Rows, Stack


@dataclass(frozen=True, slots=True)
class Slopes:
    """What the answers say around a theta, each of shape (Q,).

    Attributes
    ----------
    score : Array
        First derivative of the log-likelihood.
    curvature : Array
        Second derivative; never positive.
    information : Array
        Fisher information of the answered items.
    bias : Array
        Warm's J: the sum over items and categories of P' P'' / P.
    """

    score: Array
    curvature: Array
    information: Array
    bias: Array


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """The answered items, stacked, and the category (0-based) that was chosen of each."""

    answered: tuple[tuple[Stack, Rows], ...]

    @classmethod
    def of(cls, bank: ItemBank, answers: Sequence[tuple[int, int]]) -> "Likelihood":
        """Of answers as pairs: position in the bank, category counted from 1."""
        chosen = dict(answers)
        answered = []
        for group in bank.stacks:
            rows = np.array([row for row, position in enumerate(group.positions.tolist()) if position in chosen])
            if len(rows):
                part = group.take(rows)
                codes = np.array([chosen[position] - 1 for position in part.positions.tolist()], dtype=np.intp)
                answered.append((part, codes))
        return cls(tuple(answered))

    def slopes(self, points: Array) -> Slopes:
        """Derivatives, information and bias at the points.

        With :math:`u_k = (\\log P_k)'`: :math:`I = \\sum P_k u_k^2` and :math:`J = \\sum P_k u_k (u_k^2 + u_k')`.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
        >>> at_zero = Likelihood.of(bank, [(0, 2)]).slopes(np.array([0.0]))
        >>> at_zero.score.tolist(), at_zero.information.tolist(), at_zero.bias.tolist()
        ([1.0], [1.0], [0.0])
        """
        score, curvature, information, bias = np.zeros((4, len(points)))
        for part, codes in self.answered:
            probabilities = np.exp(part.log_probabilities(points))
            first, second = part.derivatives(points)
            chosen = np.arange(len(codes))
            score += first[chosen, codes].sum(axis=0)
            curvature += second[chosen, codes].sum(axis=0)
            squared = first**2
            information += (probabilities * squared).sum(axis=(0, 1))
            bias += (probabilities * first * (squared + second)).sum(axis=(0, 1))
        return Slopes(score, curvature, information, bias)
