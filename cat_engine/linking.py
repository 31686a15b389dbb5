"""Linking: bringing parameters from their own metric to the reference metric, by anchor items known on both.

For the linear transformation only: not for calibration, and not for choosing anchors.

References
----------
Marco, G. L. (1977). Item characteristic curve solutions to three intractable testing problems. *Journal of
Educational Measurement*, 14(2), 139-160. doi:10.1111/j.1745-3984.1977.tb00033.x

Stocking, M. L., & Lord, F. M. (1983). Developing a common metric in item response theory. *Applied Psychological
Measurement*, 7(2), 201-210. doi:10.1177/014662168300700208
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cat_engine.bank import ItemBank
from cat_engine.estimation import Grid
from cat_engine.graded_response import Array
from cat_engine.items import Item

_GRID = Grid(-4.0, 4.0, 81)
_ITERATIONS = 100
_STEP = 1e-6
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Link:
    """theta on the reference metric = ``slope`` times theta on the other metric + ``intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope > 0):
            raise ValueError("a link needs a finite, positive slope and a finite intercept")

    def item(self, item: Item) -> Item:
        """The item on the reference metric: a / A, and A b + B.

        Examples
        --------
        >>> from cat_engine import GradedItem
        >>> Link(2.0, 1.0).item(GradedItem("x", 3.0, (0.0, 0.5)))
        GradedItem(id='x', slope=1.5, thresholds=(1.0, 2.0))
        """
        thresholds = tuple(self.slope * threshold + self.intercept for threshold in item.thresholds)
        return replace(item, slope=item.slope / self.slope, thresholds=thresholds)


IDENTITY = Link()


def mean_sigma(anchors: Sequence[Item], reference: Sequence[Item]) -> Link:
    """The link that gives the anchors' thresholds the mean and standard deviation of the reference's (Marco 1977).

    Parameters
    ----------
    anchors, reference
        The same items in the same order, on the metric to be linked and on the reference metric.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> known = [GradedItem("x", 1.0, (-1.0, 1.0)), GradedItem("y", 2.0, (0.0,))]
    >>> back = Link(0.5, -0.25)
    >>> mean_sigma([back.item(item) for item in known], known)
    Link(slope=2.0, intercept=0.5)
    """
    _check(anchors, reference)
    here = np.array([threshold for item in anchors for threshold in item.thresholds])
    there = np.array([threshold for item in reference for threshold in item.thresholds])
    if len(here) < 2 or not here.std() > 0:
        raise ValueError("mean-sigma linking needs anchors with at least two different thresholds")
    slope = float(there.std() / here.std())
    return Link(slope, float(there.mean() - slope * here.mean()))


def stocking_lord(anchors: Sequence[Item], reference: Sequence[Item]) -> Link:
    """The link that brings the anchors' test characteristic curve closest to the reference's (Stocking & Lord 1983).

    .. math:: \\min_{A, B} \\sum_q w_q (\\tau_{ref}(\\theta_q) - \\tau_{link}(\\theta_q))^2

    with standard normal weights on 81 points from -4 to 4 of the reference metric, by damped Gauss-Newton steps from
    the mean-sigma link.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> known = [GradedItem("x", 1.0, (-1.0, 1.0)), GradedItem("y", 2.0, (0.0,))]
    >>> back = Link(0.5, -0.25)
    >>> found = stocking_lord([back.item(item) for item in known], known)
    >>> round(found.slope, 6), round(found.intercept, 6)
    (2.0, 0.5)
    """
    start = mean_sigma(anchors, reference)
    target = expected_scores(reference)
    points = _GRID.points()
    weight = np.exp(-(points**2) / 4)

    def residuals(parameters: Array) -> Array:
        link = Link(math.exp(parameters[0]), parameters[1])
        return (expected_scores([link.item(item) for item in anchors]) - target) * weight

    # The slope is sought by its logarithm, so that it stays positive.
    now = np.array([math.log(start.slope), start.intercept])
    damping = 1e-3
    error = residuals(now)
    for _ in range(_ITERATIONS):
        jacobian = np.stack([(residuals(now + step) - error) / _STEP for step in np.eye(2) * _STEP], axis=1)
        normal = jacobian.T @ jacobian
        change = -np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ error)
        tried = residuals(now + change)
        if tried @ tried < error @ error:
            now, error, damping = now + change, tried, damping / 10
        else:
            damping *= 10
        if np.abs(change).max() < _TOLERANCE:
            break
    return Link(math.exp(now[0]), float(now[1]))


def expected_scores(items: Sequence[Item]) -> Array:
    """The test characteristic curve over 81 points from -4 to 4: the expected sum of 0-based answers."""
    bank = ItemBank(tuple(items), _GRID)
    codes = np.concatenate([np.arange(count) for count in bank.categories])
    curve: Array = codes @ bank.probabilities
    return curve


def _check(anchors: Sequence[Item], reference: Sequence[Item]) -> None:
    if [item.id for item in anchors] != [item.id for item in reference]:
        raise ValueError("anchors and reference must be the same items in the same order")
    for one, other in zip(anchors, reference, strict=True):
        if one.categories != other.categories or one.model is not other.model:
            raise ValueError(f"anchor {one.id}: the model or the number of categories differs from the reference")
