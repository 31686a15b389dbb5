"""Samejima's graded response model: category probabilities, their derivatives, and item information.

For the model's formulas only: not for reading banks, choosing items or estimating anybody.

The logistic metric is used without the constant 1.7, as in the PROMIS calibrations. With slope ``a`` and
thresholds ``b_1 < ... < b_{K-1}``, the probability of answering in category ``k + 1`` or above is

.. math:: P^*_k(\\theta) = 1 / (1 + \\exp(-a (\\theta - b_k))), \\quad P^*_0 = 1, \\; P^*_K = 0

and that of category ``k`` (1-based) is :math:`P_k = P^*_{k-1} - P^*_k`.

Every function takes one item or a stack of items with equally many categories: ``slope`` of shape (...),
``thresholds`` of shape (..., K - 1), and ``points`` of shape (Q,).

References
----------
Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. *Psychometrika*,
34 (Suppl. 1), 1-97. doi:10.1007/BF03372160
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_probabilities(slope: Array | float, thresholds: Array, points: Array) -> Array:
    """Natural logarithm of each category's probability.

    A difference of two logistic curves loses every digit far out. It is therefore factorised, which stays
    exact for any slope and distance: with :math:`x_k = a(\\theta - b_k)`,

    .. math:: \\log P_k = \\log \\sigma(x_{k-1}) + \\log \\sigma(-x_k) + \\log(1 - e^{-a (b_k - b_{k-1})})

    Parameters
    ----------
    slope
        Discrimination ``a``, positive, per theta unit; shape (...).
    thresholds
        Strictly increasing along the last axis, shape (..., K - 1), in theta units.
    points
        Values of theta, shape (Q,).

    Returns
    -------
    Array
        Shape (..., K, Q); ``exp`` sums to one over the categories.

    Examples
    --------
    >>> log_probabilities(1.0, np.array([0.0]), np.array([0.0])).round(6).tolist()
    [[-0.693147], [-0.693147]]
    """
    a = np.asarray(slope, dtype=float)[..., np.newaxis, np.newaxis]
    x = a * (points - thresholds[..., :, np.newaxis])
    log_p = np.zeros((*x.shape[:-2], x.shape[-2] + 1, x.shape[-1]))
    log_p[..., 1:, :] -= np.logaddexp(0.0, -x)
    log_p[..., :-1, :] -= np.logaddexp(0.0, x)
    log_p[..., 1:-1, :] += np.log(-np.expm1(-a * np.diff(thresholds)[..., np.newaxis]))
    return log_p


def derivatives(slope: Array | float, thresholds: Array, points: Array) -> tuple[Array, Array]:
    """First and second derivative of each category's log-probability by theta.

    Since :math:`P'_k = a P_k (1 - P^*_{k-1} - P^*_k)`, with :math:`W = P^*(1 - P^*)`,

    .. math:: (\\log P_k)' = a (1 - P^*_{k-1} - P^*_k), \\quad (\\log P_k)'' = -a^2 (W_{k-1} + W_k) \\le 0

    Parameters
    ----------
    slope, thresholds, points
        As in `log_probabilities`.

    Returns
    -------
    tuple of Array
        Two arrays of shape (..., K, Q), per theta unit and per squared theta unit.

    Examples
    --------
    >>> first, second = derivatives(2.0, np.array([0.0]), np.array([0.0]))
    >>> first.tolist(), second.tolist()
    ([[-1.0], [1.0]], [[-1.0], [-1.0]])
    """
    a = np.asarray(slope, dtype=float)[..., np.newaxis, np.newaxis]
    above = _at_or_above(a, thresholds, points)
    spread = above * (1.0 - above)
    first = a * (1.0 - above[..., :-1, :] - above[..., 1:, :])
    second = -a * a * (spread[..., :-1, :] + spread[..., 1:, :])
    return first, second


def information(slope: Array | float, thresholds: Array, points: Array) -> Array:
    """Fisher information of an item about theta.

    The usual :math:`\\sum_k P_k'^2 / P_k` becomes a sum without a division, which cannot be negative or
    undefined:

    .. math:: I(\\theta) = a^2 \\sum_k P_k (1 - P^*_{k-1} - P^*_k)^2

    Parameters
    ----------
    slope, thresholds, points
        As in `log_probabilities`.

    Returns
    -------
    Array
        Shape (..., Q), per squared theta unit, never negative.

    Examples
    --------
    A two-category item has :math:`a^2 P (1 - P)`:

    >>> information(2.0, np.array([0.0]), np.array([0.0])).tolist()
    [1.0]
    """
    probabilities = np.exp(log_probabilities(slope, thresholds, points))
    first, _ = derivatives(slope, thresholds, points)
    total: Array = (probabilities * first**2).sum(axis=-2)
    return total


def _at_or_above(slope: Array, thresholds: Array, points: Array) -> Array:
    """P* from the certain first to the impossible one after the last: shape (..., K + 1, Q)."""
    x = slope * (points - thresholds[..., :, np.newaxis])
    above = np.zeros((*x.shape[:-2], x.shape[-2] + 2, x.shape[-1]))
    above[..., 0, :] = 1.0
    above[..., 1:-1, :] = np.exp(-np.logaddexp(0.0, -x))
    return above
