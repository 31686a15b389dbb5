"""Which item to ask next: the criteria by which items are ranked, and the choice by rank.

For ranking items only: not for estimation, and not for deciding whether to ask at all. Every criterion works on one
session (weights of shape (Q,)) or on many (shape (sessions, Q)), so a simulation ranks as a single step does.

References
----------
Chang, H.-H., & Ying, Z. (1996). A global information approach to computerized adaptive testing. *Applied
Psychological Measurement*, 20(3), 213-229. doi:10.1177/014662169602000303

van der Linden, W. J. (1998). Bayesian item selection criteria for adaptive testing. *Psychometrika*, 63(2),
201-216. doi:10.1007/BF02294775

Choi, S. W., & Swartz, R. J. (2009). Comparison of CAT item selection criteria for polytomous items. *Applied
Psychological Measurement*, 33(6), 419-440. doi:10.1177/0146621608327801
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from cat_engine.bank import ItemBank
from cat_engine.graded_response import Array

# Processors differ in the last bits of a sum, and a tie must fall the same way on every machine.
TIE = 1e-9

# The best two, and the one that shows whether the second is tied.
_TOP = 3

Positions = npt.NDArray[np.intp]


class Criterion(Enum):
    """What an item is ranked by. The value is how the command line calls it."""

    MPWI = "mpwi"
    """Maximum posterior-weighted information, the criterion of PROMIS."""
    MFI = "mfi"
    """Maximum Fisher information at the estimate."""
    MEPV = "mepv"
    """Minimum expected posterior variance."""
    KL = "kl"
    """Maximum posterior-weighted Kullback-Leibler information."""
    RANDOM = "random"
    """A draw from the session's seed: the baseline that others are compared with."""

    @property
    def smaller_is_better(self) -> bool:
        """True where the criterion is to be minimised."""
        return self is Criterion.MEPV

    @property
    def title(self) -> str:
        """As it reads after 'the most' or 'the least', in an explanation."""
        return _TITLES[self]


_TITLES = {
    Criterion.MPWI: "most posterior-weighted information",
    Criterion.MFI: "most information at the estimate",
    Criterion.MEPV: "least expected posterior variance",
    Criterion.KL: "most posterior-weighted Kullback-Leibler information",
    Criterion.RANDOM: "highest random draw",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen item and the next best, as positions in the bank, with the criterion of each."""

    item: int
    criterion: float
    runner_up: int | None
    runner_up_criterion: float | None


def posterior_weighted_information(information: Array, weights: Array) -> Array:
    """Maximum posterior-weighted information (MPWI), the criterion of PROMIS.

    .. math:: c_i = \\sum_q w_q I_i(\\theta_q)

    Parameters
    ----------
    information
        Item information over the grid, shape (items, Q).
    weights
        Posterior, shape (..., Q), sum one.

    Returns
    -------
    Array
        Shape (..., items), per squared theta unit.

    Examples
    --------
    >>> posterior_weighted_information(np.array([[1.0, 3.0]]), np.array([0.5, 0.5])).tolist()
    [2.0]
    """
    criteria: Array = weights @ information.T
    return criteria


def expected_posterior_variance(bank: ItemBank, weights: Array) -> Array:
    """Posterior variance of theta to be expected after one more answer, for each item (MEPV).

    .. math:: c_i = \\sum_k p_{ik} \\operatorname{Var}(\\theta \\mid x, x_i = k), \\quad
        p_{ik} = \\sum_q w_q P_{ik}(\\theta_q)

    Parameters
    ----------
    bank
        Whose items are ranked.
    weights
        Posterior, shape (..., Q), sum one.

    Returns
    -------
    Array
        Shape (..., items), in squared theta units; never more than the present variance.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("sharp", 4.0, (0.0,)), GradedItem("blunt", 0.5, (0.0,))))
    >>> weights = np.exp(-(bank.points**2) / 2)
    >>> sharp, blunt = expected_posterior_variance(bank, weights / weights.sum())
    >>> bool(sharp < blunt)
    True
    """
    probabilities = bank.probabilities.T
    # Around the mean, or the difference of squares would lose digits.
    deviations = bank.points - (weights @ bank.points)[..., np.newaxis]
    mass = weights @ probabilities
    first = (weights * deviations) @ probabilities
    second = (weights * deviations**2) @ probabilities
    # A category that cannot occur adds nothing.
    shift = np.divide(first**2, mass, out=np.zeros_like(mass), where=mass > 0)
    expected: Array = np.add.reduceat(second - shift, bank.first_rows, axis=-1)
    return expected


def kullback_leibler_information(bank: ItemBank, weights: Array, theta: npt.ArrayLike) -> Array:
    """How far the item's answers at the estimate differ from those elsewhere, weighted by the posterior (KL).

    .. math:: c_i = \\sum_q w_q \\sum_k P_{ik}(\\hat\\theta) \\log \\frac{P_{ik}(\\hat\\theta)}{P_{ik}(\\theta_q)}

    Parameters
    ----------
    bank
        Whose items are ranked.
    weights
        Posterior, shape (..., Q), sum one.
    theta
        Estimate, shape (...).

    Returns
    -------
    Array
        Shape (..., items), never negative but for rounding.

    Examples
    --------
    A posterior that is a single point leaves nothing to tell apart:

    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)),))
    >>> weights = (np.abs(bank.points) < 1e-9).astype(float)
    >>> bool(abs(kullback_leibler_information(bank, weights, 0.0)[0]) < 1e-12)
    True
    """
    thetas = np.asarray(theta, dtype=float)
    here = bank.log_likelihoods_at(thetas.reshape(-1)).T.reshape(*thetas.shape, -1)
    difference = np.exp(here) * (here - weights @ bank.log_likelihoods.T)
    total: Array = np.add.reduceat(difference, bank.first_rows, axis=-1)
    return total


def fisher_information(bank: ItemBank, theta: npt.ArrayLike) -> Array:
    """Information at the estimate itself, not at the nearest grid point (MFI): shape (..., items).

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> fisher_information(ItemBank((GradedItem("x", 2.0, (0.05,)),)), 0.05).tolist()
    [1.0]
    """
    thetas = np.asarray(theta, dtype=float)
    table: Array = bank.information_at(thetas.reshape(-1)).T.reshape(*thetas.shape, -1)
    return table


def criteria(
    criterion: Criterion, bank: ItemBank, *, weights: Array, theta: npt.ArrayLike, draws: Callable[[], Array]
) -> Array:
    """The criterion of every item.

    Parameters
    ----------
    weights, theta
        Posterior of shape (..., Q) and estimate of shape (...).
    draws
        Gives uniform numbers of shape (..., items); called for random selection only.

    Returns
    -------
    Array
        Shape (..., items), in the criterion's own unit.
    """
    match criterion:
        case Criterion.MPWI:
            return posterior_weighted_information(bank.information, weights)
        case Criterion.MFI:
            return fisher_information(bank, theta)
        case Criterion.MEPV:
            return expected_posterior_variance(bank, weights)
        case Criterion.KL:
            return kullback_leibler_information(bank, weights, theta)
        case Criterion.RANDOM:
            return draws()


def select(criteria: Array, candidates: Sequence[int] | Positions, item_ids: Sequence[str]) -> Selection | None:
    """The candidate with the largest criterion, or None when there is no candidate.

    Criteria within 1e-9 of the largest are a tie, and the item id that sorts first wins.

    Parameters
    ----------
    criteria
        Shape (items,).
    candidates
        Positions that may be chosen, without repetition.
    item_ids
        Identifier of each position, for ties.

    Examples
    --------
    >>> select(np.array([1.0, 2.0, 2.0]), [0, 1, 2], ["c", "b", "a"])
    Selection(item=2, criterion=2.0, runner_up=1, runner_up_criterion=2.0)
    """
    rows = np.asarray(candidates, dtype=np.intp)
    if not len(rows):
        return None
    values = criteria[rows]
    if len(rows) > _TOP and (clear := _without_ties(values, rows)):
        return clear
    first = _best(values, rows, item_ids)
    item, criterion = int(rows[first]), float(values[first])
    if len(rows) == 1:
        return Selection(item, criterion, None, None)
    values[first] = -np.inf
    second = _best(values, rows, item_ids)
    return Selection(item, criterion, int(rows[second]), float(values[second]))


def select_many(criteria: Array, may_be_asked: npt.NDArray[np.bool_], by_id: Sequence[int]) -> Positions:
    """As `select`, for many sessions at once.

    Parameters
    ----------
    criteria, may_be_asked
        Both of shape (sessions, items).
    by_id
        Positions in the order of the item ids.

    Returns
    -------
    Positions
        Shape (sessions,): the chosen item, or -1 where there is none.

    Examples
    --------
    >>> criteria = np.array([[1.0, 2.0, 2.0], [3.0, 1.0, 1.0]])
    >>> select_many(criteria, np.array([[True, True, True], [False, False, False]]), [2, 1, 0]).tolist()
    [2, -1]
    """
    order = np.array(by_id)
    values = np.where(may_be_asked, criteria, -np.inf)[:, order]
    best = values.max(axis=1, keepdims=True)
    chosen: Positions = order[(values >= best - TIE).argmax(axis=1)]
    return np.where(np.isneginf(best[:, 0]), -1, chosen)


def _without_ties(values: Array, rows: Positions) -> Selection | None:
    """The usual case, found at half the cost: the best three are further apart than a tie; else None."""
    top = values.argpartition(-_TOP)[-_TOP:]
    (third, _), (second, runner_up), (first, item) = sorted(zip(values[top].tolist(), rows[top].tolist(), strict=True))
    if first - second > TIE and second - third > TIE:
        return Selection(item, first, runner_up, second)
    return None


def _best(values: Array, rows: Positions, item_ids: Sequence[str]) -> int:
    tied = (values >= np.maximum.reduce(values) - TIE).nonzero()[0]
    if len(tied) == 1:
        return int(tied[0])
    return min((int(index) for index in tied), key=lambda index: item_ids[int(rows[index])])
