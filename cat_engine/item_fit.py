"""Item fit: whether people with the same score on the other items answer an item as its parameters say.

For checking a calibration. The statistic is S-X2 for polytomous items.

References
----------
Orlando, M., & Thissen, D. (2000). Likelihood-based item-fit indices for dichotomous item response theory models.
*Applied Psychological Measurement*, 24(1), 50-64. doi:10.1177/01466216000241003

Kang, T., & Chen, T. T. (2008). Performance of the generalized S-X2 item fit index for polytomous IRT models. *Journal
of Educational Measurement*, 45(4), 391-406. doi:10.1111/j.1745-3984.2008.00071.x
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.bank import ItemBank
from cat_engine.estimation import STANDARD_NORMAL
from cat_engine.graded_response import Array
from cat_engine.summed_score import summed_score_likelihoods

# Cells expected to hold fewer people than this are joined with their neighbours (Orlando & Thissen 2000 use 1).
_SMALLEST_CELL = 1.0
_TERMS = 10_000
_SMALL = 1e-300


@dataclass(frozen=True, slots=True)
class ItemFit:
    """S-X2 of one item; a small p says that the item does not behave as its parameters say."""

    item_id: str
    statistic: float
    degrees_of_freedom: int
    p: float


def item_fit(bank: ItemBank, responses: npt.NDArray[np.integer]) -> tuple[ItemFit, ...]:
    """S-X2 of every item, from the people who answered all.

    Parameters
    ----------
    bank
        The calibrated items, at least two, on a metric where the people are standard normal.
    responses
        Shape (people, items) in the bank's order, categories counted from 1, 0 for missing.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> from cat_engine.simulation import made_up_answers
    >>> bank = ItemBank(tuple(GradedItem(f"i{n}", 1.5, (-1.0, 0.2 * n)) for n in range(6)))
    >>> people = np.random.default_rng(5).standard_normal(2000)
    >>> all(fit.p > 0.001 for fit in item_fit(bank, made_up_answers(bank, people, seed=3)))
    True
    """
    complete = responses[(responses > 0).all(axis=1)] - 1
    if len(bank.items) < 2 or not len(complete):
        raise ValueError("item fit needs at least two items, and people who answered all of them")
    tables = np.split(bank.probabilities, bank.first_rows[1:])
    density = np.exp(STANDARD_NORMAL.log_density(bank.points))
    density /= density.sum()
    return tuple(_fit(bank.item_ids[item], item, tables, density, complete) for item in range(len(tables)))


def _fit(item_id: str, item: int, tables: list[Array], density: Array, codes: npt.NDArray[np.integer]) -> ItemFit:
    others = summed_score_likelihoods([table for index, table in enumerate(tables) if index != item])
    # Expected share of each category among people with the same sum on the other items: shape (sums, K).
    joint = (others * density) @ tables[item].T
    rest = codes.sum(axis=1) - codes[:, item]
    observed = np.zeros(joint.shape)
    np.add.at(observed, (rest, codes[:, item]), 1.0)
    shares = joint / np.maximum(joint.sum(axis=1, keepdims=True), _SMALL)
    expected = shares * observed.sum(axis=1, keepdims=True)
    statistic, cells = 0.0, 0
    for seen, wanted in _joined_rows(observed, expected):
        seen, wanted = _joined_cells(seen, wanted)
        statistic += float((((seen - wanted) ** 2) / wanted).sum())
        cells += len(wanted) - 1
    freedom = max(cells - tables[item].shape[0], 1)
    return ItemFit(item_id, statistic, freedom, chi_square_tail(statistic, freedom))


def _joined_rows(observed: Array, expected: Array) -> list[tuple[Array, Array]]:
    """Neighbouring sums joined until at least two categories are expected often enough, as far as there are people."""
    joined: list[tuple[Array, Array]] = []
    seen, wanted = np.zeros(observed.shape[1]), np.zeros(observed.shape[1])
    for one, other in zip(observed, expected, strict=True):
        seen, wanted = seen + one, wanted + other
        if np.sort(wanted)[-2] >= _SMALLEST_CELL:
            joined.append((seen, wanted))
            seen, wanted = np.zeros_like(seen), np.zeros_like(wanted)
    if joined and wanted.sum() > 0:
        last = joined.pop()
        return [*joined, (last[0] + seen, last[1] + wanted)]
    return joined or [(seen, wanted)]


def _joined_cells(seen: Array, wanted: Array) -> tuple[Array, Array]:
    """Neighbouring categories joined until each is expected often enough."""
    groups: list[list[float]] = []
    for one, other in zip(seen.tolist(), wanted.tolist(), strict=True):
        if groups and (groups[-1][1] < _SMALLEST_CELL or other < _SMALLEST_CELL):
            groups[-1] = [groups[-1][0] + one, groups[-1][1] + other]
        else:
            groups.append([one, other])
    return np.array([group[0] for group in groups]), np.maximum([group[1] for group in groups], _SMALL)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Probability that a chi-square variable is larger: the upper incomplete gamma function, by series or fraction.

    Examples
    --------
    The 95 % points for 1 and 10 degrees of freedom are 3.841 and 18.307:

    >>> round(chi_square_tail(3.841459, 1), 6), round(chi_square_tail(18.307038, 10), 6)
    (0.05, 0.05)
    """
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        return 1.0 - scale * _series(a, x)
    return scale * _fraction(a, x)


def _series(a: float, x: float) -> float:
    term = total = 1.0 / a
    for n in range(1, _TERMS):
        term *= x / (a + n)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(a: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction."""
    b = x + 1.0 - a
    c, d = 1.0 / _SMALL, 1.0 / b
    total = d
    for n in range(1, _TERMS):
        numerator = -n * (n - a)
        b += 2.0
        d = 1.0 / ((numerator * d + b) or _SMALL)
        c = (b + numerator / c) or _SMALL
        total *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return total
