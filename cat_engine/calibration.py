"""Calibration of graded items from answers: a safe wrapper on girth, and the link to a reference metric.

For estimating parameters. It is the only module that imports girth, and only when it calibrates.

girth 0.8 fails on NaN, takes fractions for categories, shifts the thresholds of an item whose middle category nobody
used, and searches slopes between 0.2 and 5 only. Here each of these is refused or told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cat_engine.bank import ItemBank
from cat_engine.item_fit import ItemFit, item_fit
from cat_engine.items import MAXIMUM_CATEGORIES, BankError, GradedItem
from cat_engine.linking import IDENTITY, Link, mean_sigma, stocking_lord

# girth's own bounds for a slope; an estimate at one of them is where the search ended, not where the data point.
_SLOPE_BOUNDS = (0.2, 5.0)
_NEAR_BOUND = 1e-3
_FEWEST_PEOPLE = 50

Responses = npt.NDArray[np.integer]


class CalibrationError(ValueError):
    """The answers cannot be calibrated; the message names the item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Calibrated items.

    Attributes
    ----------
    bank : ItemBank
        On the reference metric where there was a link, else on one where the people are standard normal.
    link : Link
        From the people's metric to the bank's.
    fit : tuple of ItemFit
        On the people's metric; empty where nobody answered every item.
    at_bound : tuple of str
        Items whose slope is where girth's search ended: not to be trusted.
    people : int
        How many answered at least one item.
    """

    bank: ItemBank
    link: Link
    fit: tuple[ItemFit, ...]
    at_bound: tuple[str, ...]
    people: int


def calibrate(
    responses: npt.ArrayLike,
    item_ids: Sequence[str],
    categories: Mapping[str, int],
    *,
    reference: ItemBank | None = None,
    anchors: Sequence[str] = (),
    method: str = "stocking-lord",
) -> Calibration:
    """Graded response parameters by marginal maximum likelihood.

    Parameters
    ----------
    responses
        Shape (people, items): whole numbers, categories counted from 1, 0 for missing.
    item_ids
        Of the columns.
    categories
        How many categories each item has as it was shown. All must have been used: a category that nobody chose has no
        threshold to estimate, and is not quietly closed up.
    reference, anchors
        The reference bank, and the items whose parameters there fix the metric; None for the people's own metric.
    method
        ``stocking-lord`` or ``mean-sigma``.

    Raises
    ------
    CalibrationError
        If the answers are not such a matrix, or an item's categories were not all used.
    """
    matrix = _checked(responses, item_ids, categories)
    items, at_bound = _by_girth(matrix, item_ids, categories)
    link = _link(items, reference, anchors, method)
    try:
        own = ItemBank(items)
        linked = own if link == IDENTITY else ItemBank(tuple(link.item(item) for item in items))
    except BankError as error:
        raise CalibrationError(str(error)) from error
    complete = bool((matrix > 0).all(axis=1).any()) and len(items) > 1
    return Calibration(
        bank=linked,
        link=link,
        fit=item_fit(own, matrix) if complete else (),
        at_bound=at_bound,
        people=len(matrix),
    )


def _checked(responses: npt.ArrayLike, item_ids: Sequence[str], categories: Mapping[str, int]) -> Responses:
    matrix = np.asarray(responses)
    if not np.issubdtype(matrix.dtype, np.integer):
        raise CalibrationError(
            "the responses are not whole numbers: categories are counted from 1, and a missing answer is 0, not NaN"
        )
    if matrix.ndim != 2 or matrix.shape[1] != len(item_ids) or len(set(item_ids)) != len(item_ids):
        raise CalibrationError("the responses must have one column for each item id")
    matrix = matrix[(matrix > 0).any(axis=1)]
    if len(matrix) < _FEWEST_PEOPLE:
        raise CalibrationError(f"{len(matrix)} people answered; at least {_FEWEST_PEOPLE} are needed")
    for column, item_id in enumerate(item_ids):
        _check_categories(item_id, matrix[:, column], categories)
    return matrix


def _check_categories(item_id: str, column: Responses, categories: Mapping[str, int]) -> None:
    count = categories.get(item_id)
    if count is None or not 2 <= count <= MAXIMUM_CATEGORIES:
        raise CalibrationError(f"item {item_id}: its number of categories must be given, from 2 to 6")
    if ((column < 0) | (column > count)).any():
        raise CalibrationError(f"item {item_id}: a response is not one of 1 to {count}, nor 0 for missing")
    used = set(np.unique(column).tolist())
    if unused := [code for code in range(1, count + 1) if code not in used]:
        raise CalibrationError(
            f"item {item_id}: nobody used category {unused[0]}; join it with a neighbour, or leave the item out"
        )


def _by_girth(
    matrix: Responses, item_ids: Sequence[str], categories: Mapping[str, int]
) -> tuple[tuple[GradedItem, ...], tuple[str, ...]]:
    from girth import INVALID_RESPONSE, grm_mml

    # girth counts from 0 within an item, wants items as rows, and has a number of its own for a missing answer.
    answers = matrix.T.astype(int)
    answers[answers == 0] = INVALID_RESPONSE
    # Its search tries slopes at which some pattern's likelihood underflows; those lose against finite ones.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = grm_mml(answers)
    items, at_bound = [], []
    for row, item_id in enumerate(item_ids):
        slope = float(found["Discrimination"][row])
        thresholds = tuple(float(b) for b in found["Difficulty"][row][: categories[item_id] - 1])
        try:
            items.append(GradedItem(item_id, slope, thresholds))
        except BankError as error:
            raise CalibrationError(str(error)) from error
        if min(abs(slope - bound) for bound in _SLOPE_BOUNDS) < _NEAR_BOUND:
            at_bound.append(item_id)
    return tuple(items), tuple(at_bound)


def _link(items: Sequence[GradedItem], reference: ItemBank | None, anchors: Sequence[str], method: str) -> Link:
    if reference is None:
        if anchors:
            raise CalibrationError("anchors need a reference bank")
        return IDENTITY
    here = {item.id: item for item in items}
    for item_id in anchors:
        if item_id not in here or item_id not in reference.index:
            raise CalibrationError(f"anchor {item_id!r} must be among the responses and in the reference bank")
    methods = {"stocking-lord": stocking_lord, "mean-sigma": mean_sigma}
    if method not in methods:
        raise CalibrationError(f"the linking method must be one of {', '.join(methods)}")
    if not anchors:
        raise CalibrationError("linking to a reference bank needs anchors")
    try:
        return methods[method](
            [here[item_id] for item_id in anchors], [reference.items[reference.index[item_id]] for item_id in anchors]
        )
    except ValueError as error:
        raise CalibrationError(str(error)) from error
