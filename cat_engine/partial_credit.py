"""Muraki's generalised partial credit model, and Masters' partial credit model as the case of equal slopes.

For the model's formulas only: not for reading banks, choosing items or estimating anybody.

With slope ``a`` and steps ``b_1, ..., b_{K-1}``, which may come in any order, the probability of category ``k``
(1-based) is

.. math:: P_k(\\theta) = \\frac{\\exp z_k}{\\sum_m \\exp z_m}, \\quad z_k = \\sum_{v=1}^{k-1} a (\\theta - b_v)

in the logistic metric without the constant 1.7. Shapes are as in `cat_engine.graded_response`.

References
----------
Masters, G. N. (1982). A Rasch model for partial credit scoring. *Psychometrika*, 47(2), 149-174.
doi:10.1007/BF02296272

Muraki, E. (1992). A generalized partial credit model: Application of an EM algorithm. *Applied Psychological
Measurement*, 16(2), 159-176. doi:10.1177/014662169201600206
"""

import numpy as np

from cat_engine.graded_response import Array


def log_probabilities(slope: Array | float, steps: Array, points: Array) -> Array:
    """Natural logarithm of each category's probability.

    Parameters
    ----------
    slope
        Discrimination ``a``, positive, per theta unit; shape (...).
    steps
        Shape (..., K - 1), in theta units: where a category and the next are equally likely.
    points
        Values of theta, shape (Q,).

    Returns
    -------
    Array
        Shape (..., K, Q); ``exp`` sums to one over the categories.

    Examples
    --------
    Where two steps coincide, the three categories are equally likely there:

    >>> np.exp(log_probabilities(1.5, np.array([0.0, 0.0]), np.array([0.0]))).round(6).tolist()
    [[0.333333], [0.333333], [0.333333]]
    """
    a = np.asarray(slope, dtype=float)[..., np.newaxis, np.newaxis]
    x = a * (points - steps[..., :, np.newaxis])
    z = np.zeros((*x.shape[:-2], x.shape[-2] + 1, x.shape[-1]))
    np.cumsum(x, axis=-2, out=z[..., 1:, :])
    z -= z.max(axis=-2, keepdims=True)
    log_p: Array = z - np.log(np.exp(z).sum(axis=-2, keepdims=True))
    return log_p


def derivatives(slope: Array | float, steps: Array, points: Array) -> tuple[Array, Array]:
    """First and second derivative of each category's log-probability by theta.

    .. math:: (\\log P_k)' = a (k - E), \\quad (\\log P_k)'' = -a^2 V

    with mean ``E`` and variance ``V`` of the category number at theta; the second is alike for all categories.

    Parameters
    ----------
    slope, steps, points
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
    probabilities = np.exp(log_probabilities(slope, steps, points))
    number = np.arange(probabilities.shape[-2], dtype=float)[:, np.newaxis]
    deviation = number - (number * probabilities).sum(axis=-2, keepdims=True)
    variance = (deviation**2 * probabilities).sum(axis=-2, keepdims=True)
    return a * deviation, np.broadcast_to(-a * a * variance, deviation.shape)


def information(slope: Array | float, steps: Array, points: Array) -> Array:
    """Fisher information of an item about theta: the slope squared times the variance of the category number.

    .. math:: I(\\theta) = a^2 \\sum_k P_k (k - E)^2

    Parameters
    ----------
    slope, steps, points
        As in `log_probabilities`.

    Returns
    -------
    Array
        Shape (..., Q), per squared theta unit, never negative.

    Examples
    --------
    >>> information(2.0, np.array([0.0]), np.array([0.0])).tolist()
    [1.0]
    """
    _, second = derivatives(slope, steps, points)
    total: Array = -second[..., 0, :]
    return total
