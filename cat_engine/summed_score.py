"""Tables from summed score to T, for forms that are given whole (Lord-Wingersky recursion).

For complete answers only: a sum with a missing answer means nothing, and pattern EAP (`fixed_form`) takes its place.

References
----------
Lord, F. M., & Wingersky, M. S. (1984). Comparison of IRT true-score and equipercentile observed-score "equatings".
*Applied Psychological Measurement*, 8(4), 453-461. doi:10.1177/014662168400800409

Thissen, D., Pommerich, M., Billeaud, K., & Williams, V. S. L. (1995). Item response theory for scores on tests
including polytomous items with ordered responses. *Applied Psychological Measurement*, 19(1), 39-49.
doi:10.1177/014662169501900105
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cat_engine.bank import BankError, ItemBank
from cat_engine.estimation import STANDARD_NORMAL, Estimate, Grid, NormalPrior, expected_a_posteriori
from cat_engine.graded_response import Array

# The grid on which the published PROMIS tables are reproduced to the printed decimal.
SUMMED_SCORE_GRID = Grid(-4.5, 4.5, 91)


@dataclass(frozen=True, slots=True)
class SummedScore:
    """One line of a table: the raw sum of 1-based answers, the estimate, and the share of people who have it."""

    raw: int
    estimate: Estimate
    proportion: float


def summed_score_likelihoods(tables: Sequence[Array]) -> Array:
    """Probability of each sum at each theta.

    With :math:`L_j(s)` the probability of sum ``s`` on the first ``j`` items,

    .. math:: L_{j}(s \\mid \\theta) = \\sum_k P_{jk}(\\theta) L_{j-1}(s - k \\mid \\theta)

    Parameters
    ----------
    tables
        For each item its category probabilities, shape (K, Q).

    Returns
    -------
    Array
        Shape (sums, Q), from every answer the lowest to every answer the highest; columns sum to one.

    Examples
    --------
    >>> even = np.array([[0.5], [0.5]])
    >>> summed_score_likelihoods([even, even]).tolist()
    [[0.25], [0.5], [0.25]]
    """
    sums = np.ones((1, tables[0].shape[1]))
    for table in tables:
        longer = np.zeros((len(sums) + len(table) - 1, sums.shape[1]))
        for category, probability in enumerate(table):
            longer[category : category + len(sums)] += probability * sums
        sums = longer
    return sums


def summed_score_table(
    bank: ItemBank,
    item_ids: Sequence[str],
    *,
    prior: NormalPrior = STANDARD_NORMAL,
    grid: Grid = SUMMED_SCORE_GRID,
) -> tuple[SummedScore, ...]:
    """EAP for each summed score of a form.

    Parameters
    ----------
    bank, item_ids
        The form: items of the bank, each once.
    prior, grid
        Of the estimate; the bank's own grid plays no part.

    Raises
    ------
    BankError
        If the form is empty, names an unknown item or an item twice.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("x", 2.0, (0.0,)), GradedItem("y", 2.0, (0.0,))))
    >>> [(line.raw, round(line.estimate.t, 1)) for line in summed_score_table(bank, ["x", "y"])]
    [(2, 41.3), (3, 50.0), (4, 58.7)]
    """
    if not item_ids or len(set(item_ids)) != len(item_ids):
        raise BankError("a form needs items, each of them once")
    if unknown := set(item_ids).difference(bank.index):
        raise BankError(f"item {min(unknown)!r} is not in the bank")
    form = ItemBank(tuple(bank.items[bank.index[item_id]] for item_id in item_ids), grid)
    tables = np.split(form.probabilities, form.first_rows[1:])
    density = np.exp(prior.log_density(form.points))
    joint = summed_score_likelihoods(tables) * (density / density.sum())
    return tuple(
        SummedScore(raw, expected_a_posteriori(form.points, row / row.sum()), float(row.sum()))
        for raw, row in enumerate(joint, start=len(item_ids))
    )
