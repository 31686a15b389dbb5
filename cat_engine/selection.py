"""Which item to ask next: the one that promises most information where the person seems to be.

For ranking items only: not for estimation, and not for deciding whether to ask at all.

References
----------
van der Linden, W. J. (1998). Bayesian item selection criteria for adaptive testing. *Psychometrika*, 63(2),
201-216. doi:10.1007/BF02294775
Choi, S. W., & Swartz, R. J. (2009). Comparison of CAT item selection criteria for polytomous items. *Applied
Psychological Measurement*, 33(6), 419-440. doi:10.1177/0146621608327801
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.graded_response import Array

# Processors differ in the last bits of a sum, and a tie must fall the same way on every machine.
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen item and the next best, as row numbers of the bank, with the criterion of each."""

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
        Posterior, shape (Q,), sum one.

    Returns
    -------
    Array
        Shape (items,), per squared theta unit.
    """
    criteria: Array = information @ weights
    return criteria


def select(criteria: Array, candidates: Sequence[int], item_ids: Sequence[str]) -> Selection | None:
    """The candidate with the largest criterion, or None when there is no candidate.

    Criteria within 1e-9 of the largest are a tie, and the item id that sorts first wins.

    Parameters
    ----------
    criteria
        Shape (items,).
    candidates
        Row numbers that may be chosen, without repetition.
    item_ids
        Identifier of each row, for ties.
    """
    if not candidates:
        return None
    rows = np.array(candidates)
    values = criteria[rows]
    first = _best(values, rows, item_ids)
    item, criterion = int(rows[first]), float(values[first])
    if len(rows) == 1:
        return Selection(item, criterion, None, None)
    values[first] = -np.inf
    second = _best(values, rows, item_ids)
    return Selection(item, criterion, int(rows[second]), float(values[second]))


def _best(values: Array, rows: npt.NDArray[np.int_], item_ids: Sequence[str]) -> int:
    tied = (values >= np.maximum.reduce(values) - TIE).nonzero()[0]
    if len(tied) == 1:
        return int(tied[0])
    return min((int(index) for index in tied), key=lambda index: item_ids[int(rows[index])])
