"""Samejima's graded response model: category probabilities and item information.

For the model's formulas only: not for reading banks, choosing items or estimating anybody.

The logistic metric is used without the constant 1.7, as in the PROMIS calibrations. With slope ``a`` and
thresholds ``b_1 < ... < b_{K-1}``, the probability of answering in category ``k + 1`` or above is

.. math:: P^*_k(\\theta) = 1 / (1 + \\exp(-a (\\theta - b_k))), \\quad P^*_0 = 1, \\; P^*_K = 0

and that of category ``k`` (1-based) is :math:`P_k = P^*_{k-1} - P^*_k`.

References
----------
Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. *Psychometrika*,
34 (Suppl. 1), 1-97. doi:10.1007/BF03372160
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_probabilities(slope: float, thresholds: Array, points: Array) -> Array:
    """Natural logarithm of each category's probability.

    A difference of two logistic curves loses every digit far out. It is therefore factorised, which stays
    exact for any slope and distance: with :math:`x_k = a(\\theta - b_k)`,

    .. math:: \\log P_k = \\log \\sigma(x_{k-1}) + \\log \\sigma(-x_k) + \\log(1 - e^{-a (b_k - b_{k-1})})

    Parameters
    ----------
    slope
        Discrimination ``a``, positive, per theta unit.
    thresholds
        Strictly increasing, shape (K - 1,), in theta units.
    points
        Values of theta, shape (Q,).

    Returns
    -------
    Array
        Shape (K, Q); ``exp`` of each column sums to one.

    Examples
    --------
    >>> log_probabilities(1.0, np.array([0.0]), np.array([0.0])).round(6).tolist()
    [[-0.693147], [-0.693147]]
    """
    x = slope * (points - thresholds[:, np.newaxis])
    log_p = np.zeros((len(thresholds) + 1, len(points)))
    log_p[1:] -= np.logaddexp(0.0, -x)
    log_p[:-1] -= np.logaddexp(0.0, x)
    log_p[1:-1] += np.log(-np.expm1(-slope * np.diff(thresholds)))[:, np.newaxis]
    return log_p


def information(slope: float, thresholds: Array, points: Array) -> Array:
    """Fisher information of one item about theta.

    Since :math:`P'_k = a P_k (1 - P^*_{k-1} - P^*_k)`, the usual :math:`\\sum_k P_k'^2 / P_k` becomes a sum
    without a division, which cannot be negative or undefined:

    .. math:: I(\\theta) = a^2 \\sum_k P_k (1 - P^*_{k-1} - P^*_k)^2

    Parameters
    ----------
    slope, thresholds, points
        As in `log_probabilities`.

    Returns
    -------
    Array
        Shape (Q,), per squared theta unit, never negative.

    Examples
    --------
    A two-category item has :math:`a^2 P (1 - P)`:

    >>> information(2.0, np.array([0.0]), np.array([0.0])).tolist()
    [1.0]
    """
    at_or_above = np.zeros((len(thresholds) + 2, len(points)))
    at_or_above[0] = 1.0
    at_or_above[1:-1] = np.exp(-np.logaddexp(0.0, -slope * (points - thresholds[:, np.newaxis])))
    balance = 1.0 - at_or_above[:-1] - at_or_above[1:]
    probabilities = np.exp(log_probabilities(slope, thresholds, points))
    total: Array = slope * slope * (probabilities * balance**2).sum(axis=0)
    return total
