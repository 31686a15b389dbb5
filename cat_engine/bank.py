"""Item banks: validated items on one metric, and the tables that make an adaptive step cheap.

For parameters from a file or from code. Not for wording, which the engine never sees, and not for calibration.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cat_engine.bank_file import read_bank_file
from cat_engine.estimation import PROMIS_GRID, Grid
from cat_engine.graded_response import Array
from cat_engine.items import BankError, GradedItem, Item, Model
from cat_engine.stacks import Stack, stack

__all__ = ["AppliedOverlay", "BankError", "GradedItem", "ItemBank"]


@dataclass(frozen=True, slots=True)
class AppliedOverlay:
    """Which overlay a bank's parameters come from, and the content hash of the bank it was laid over."""

    name: str
    base_hash: str


@dataclass(frozen=True, slots=True, eq=False)
class ItemBank:
    """Items on one metric, with their model tabulated over the grid.

    Parameters
    ----------
    items
        In file order; ids are unique.
    grid
        Values of theta at which everything is computed.
    overlay
        Set by `cat_engine.overlays` where parameters of a language or group replace some of the reference.

    Attributes
    ----------
    content_hash : str
        ``sha256:<hex>`` of the parameters, independent of the order of the items.
    points : Array
        Shape (Q,): the grid.
    information : Array
        Shape (items, Q): item information, per squared theta unit.
    log_likelihoods : Array
        Shape (sum of categories, Q): log-probabilities, category after category, item after item.
    probabilities : Array
        Shape (sum of categories, Q): their exponentials.
    first_rows : tuple of int
        Row of each item's first category in ``log_likelihoods``.
    index : mapping
        Item id to its position in ``items``.
    by_id : Array of int
        Positions in the order of the item ids, by which ties are broken.
    no_items : Mask
        Shape (items,), False throughout: to copy and fill, which is quicker than to make.
    stacks : tuple of Stack
        The items as arrays, for values of theta outside the grid.

    Examples
    --------
    >>> bank = ItemBank((GradedItem("worry", 2.0, (-0.5, 1.0)), GradedItem("rest", 1.5, (0.0,))))
    >>> bank.categories, bank.log_likelihoods.shape
    ((3, 2), (5, 81))
    """

    items: tuple[Item, ...]
    grid: Grid = PROMIS_GRID
    overlay: AppliedOverlay | None = None
    item_ids: tuple[str, ...] = field(init=False)
    categories: tuple[int, ...] = field(init=False)
    index: Mapping[str, int] = field(init=False, repr=False)
    content_hash: str = field(init=False)
    points: Array = field(init=False, repr=False)
    information: Array = field(init=False, repr=False)
    log_likelihoods: Array = field(init=False, repr=False)
    probabilities: Array = field(init=False, repr=False)
    first_rows: tuple[int, ...] = field(init=False, repr=False)
    by_id: tuple[int, ...] = field(init=False, repr=False)
    no_items: npt.NDArray[np.bool_] = field(init=False, repr=False)
    stacks: tuple[Stack, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.items:
            raise BankError("a bank needs at least one item")
        index: dict[str, int] = {}
        for position, item in enumerate(self.items):
            if index.setdefault(item.id, position) != position:
                raise BankError(f"item {item.id}: the id occurs twice")
        categories = tuple(item.categories for item in self.items)
        for name, value in (
            ("item_ids", tuple(index)),
            ("categories", categories),
            ("index", index),
            ("content_hash", _content_hash(self.items)),
            ("points", _read_only(self.grid.points())),
            ("first_rows", tuple(int(row) for row in np.cumsum((0, *categories[:-1])))),
            ("by_id", tuple(index[item_id] for item_id in sorted(index))),
            ("no_items", np.zeros(len(index), dtype=np.bool_)),
            ("stacks", stack(self.items)),
        ):
            object.__setattr__(self, name, value)
        with np.errstate(all="ignore"):
            information, log_likelihoods = self.information_at(self.points), self.log_likelihoods_at(self.points)
        self._refuse_extremes(information, log_likelihoods)
        object.__setattr__(self, "information", _read_only(information))
        object.__setattr__(self, "log_likelihoods", _read_only(log_likelihoods))
        object.__setattr__(self, "probabilities", _read_only(np.exp(log_likelihoods)))

    @classmethod
    def from_csv(
        cls, path: Path | str, *, grid: Grid = PROMIS_GRID, model: Model = Model.GRADED_RESPONSE
    ) -> "ItemBank":
        """Read a bank file (see `cat_engine.bank_file`); ``model`` is that of items whose row does not say.

        Raises
        ------
        BankError
            If anything is wrong with the file; nothing is half-loaded.
        """
        path = Path(path)
        items = read_bank_file(path, model=model)
        try:
            return cls(items, grid)
        except BankError as error:
            raise BankError(f"{path.name}: {error}") from error

    def log_likelihoods_at(self, points: Array) -> Array:
        """The table of log-probabilities at any values of theta: shape (sum of categories, points)."""
        table = np.empty((sum(self.categories), len(points)))
        first_rows = np.array(self.first_rows)
        for group in self.stacks:
            rows = first_rows[group.positions][:, np.newaxis] + np.arange(group.categories)
            table[rows] = group.log_probabilities(points)
        return table

    def information_at(self, points: Array) -> Array:
        """Item information at any values of theta: shape (items, points)."""
        table = np.empty((len(self.items), len(points)))
        for group in self.stacks:
            table[group.positions] = group.information(points)
        return table

    def _refuse_extremes(self, information: Array, log_likelihoods: Array) -> None:
        for position, item in enumerate(self.items):
            first = self.first_rows[position]
            rows = log_likelihoods[first : first + item.categories]
            if not (np.isfinite(information[position]).all() and np.isfinite(rows).all()):
                raise BankError(f"item {item.id}: the parameters are too extreme to compute with")


def _content_hash(items: Sequence[Item]) -> str:
    # repr gives the shortest digits that read back to the same float, alike on every platform. A bank that is
    # graded throughout has the hash it always had; other models are named item by item.
    graded = all(item.model is Model.GRADED_RESPONSE for item in items)
    parameters = sorted(
        [item.id, repr(item.slope), [repr(b) for b in item.thresholds], *([] if graded else [item.model.value])]
        for item in items
    )
    text = json.dumps({"model": "graded-response" if graded else "mixed", "items": parameters}, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array
