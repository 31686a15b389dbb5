"""Item banks: validated parameters, and the tables that make an adaptive step cheap.

For graded-response parameters from a file or from code. Not for wording, which the engine never sees, and not
for calibration.

A bank file is CSV in UTF-8 with the columns ``item_id,a,b1..bk`` and optionally ``ncat``. Items may have 2 to
6 categories; the thresholds an item does not have are left empty at the end of its row.
"""

import csv
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cat_engine.estimation import PROMIS_GRID, Grid
from cat_engine.graded_response import Array, information, log_probabilities

MINIMUM_CATEGORIES = 2
MAXIMUM_CATEGORIES = 6


class BankError(ValueError):
    """A bank cannot be used; the message names the file, line, item and column where they are known."""


@dataclass(frozen=True, slots=True)
class GradedItem:
    """Parameters of one item of the graded response model.

    Parameters
    ----------
    slope
        Discrimination, positive, per theta unit.
    thresholds
        One fewer than there are categories, strictly increasing, in theta units.
    """

    id: str
    slope: float
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.id.strip():
            raise BankError("an item has no id")
        if not all(math.isfinite(number) for number in (self.slope, *self.thresholds)):
            raise BankError(f"item {self.id}: a parameter is not a finite number")
        if self.slope <= 0:
            raise BankError(f"item {self.id}: the slope must be positive")
        if not MINIMUM_CATEGORIES <= self.categories <= MAXIMUM_CATEGORIES:
            raise BankError(
                f"item {self.id}: {self.categories} categories; "
                f"{MINIMUM_CATEGORIES} to {MAXIMUM_CATEGORIES} are supported"
            )
        if any(low >= high for low, high in zip(self.thresholds, self.thresholds[1:], strict=False)):
            raise BankError(f"item {self.id}: the thresholds are disordered; each must exceed the one before")

    @property
    def categories(self) -> int:
        """Number of response categories; answers are coded 1 to this number."""
        return len(self.thresholds) + 1


@dataclass(frozen=True, slots=True, eq=False)
class ItemBank:
    """Items on one metric, with their model tabulated over the grid.

    Parameters
    ----------
    items
        In file order; ids are unique.
    grid
        Values of theta at which everything is computed.

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
    first_rows : tuple of int
        Row of each item's first category in ``log_likelihoods``.
    index : mapping
        Item id to its position in ``items``.
    """

    items: tuple[GradedItem, ...]
    grid: Grid = PROMIS_GRID
    item_ids: tuple[str, ...] = field(init=False)
    categories: tuple[int, ...] = field(init=False)
    index: Mapping[str, int] = field(init=False, repr=False)
    content_hash: str = field(init=False)
    points: Array = field(init=False, repr=False)
    information: Array = field(init=False, repr=False)
    log_likelihoods: Array = field(init=False, repr=False)
    first_rows: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.items:
            raise BankError("a bank needs at least one item")
        index: dict[str, int] = {}
        for position, item in enumerate(self.items):
            if index.setdefault(item.id, position) != position:
                raise BankError(f"item {item.id}: the id occurs twice")
        categories = tuple(item.categories for item in self.items)
        first_rows = tuple(int(row) for row in np.cumsum((0, *categories[:-1])))
        points = self.grid.points()
        for name, value in (
            ("item_ids", tuple(index)),
            ("categories", categories),
            ("index", index),
            ("content_hash", _content_hash(self.items)),
            ("points", _read_only(points)),
            ("information", _information_table(self.items, points)),
            ("log_likelihoods", _log_likelihood_table(self.items, points)),
            ("first_rows", first_rows),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_csv(cls, path: Path | str, *, grid: Grid = PROMIS_GRID) -> "ItemBank":
        """Read a bank file.

        Raises
        ------
        BankError
            If anything is wrong with the file; nothing is half-loaded.
        """
        path = Path(path)
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                items = tuple(_read_items(csv.reader(lines, strict=True)))
            return cls(items, grid)
        except (BankError, csv.Error, UnicodeDecodeError) as error:
            raise BankError(f"{path.name}: {error}") from error


def _read_items(rows: Iterable[list[str]]) -> Iterable[GradedItem]:
    header: list[str] | None = None
    for line, row in enumerate(rows, start=1):
        if header is None:
            header = _checked_header([column.strip() for column in row])
        elif any(cell.strip() for cell in row):
            yield _read_item(header, row, line)
    if header is None:
        raise BankError("the file is empty")


def _checked_header(columns: list[str]) -> list[str]:
    for column in columns:
        if not re.fullmatch(r"item_id|a|b[1-5]|ncat", column):
            raise BankError(f"line 1: unknown column {column!r}; known are item_id, a, b1 to b5 and ncat")
    if len(set(columns)) != len(columns):
        raise BankError("line 1: a column occurs twice")
    thresholds = sorted(column for column in columns if column.startswith("b"))
    if thresholds != [f"b{number}" for number in range(1, len(thresholds) + 1)]:
        raise BankError("line 1: the columns b1, b2, ... must be without a gap")
    if missing := {"item_id", "a", "b1"} - set(columns):
        raise BankError(f"line 1: the column {min(missing)} is missing")
    return columns


def _read_item(header: list[str], row: list[str], line: int) -> GradedItem:
    if len(row) != len(header):
        raise BankError(f"line {line}: {len(row)} cells where the header has {len(header)}")
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    try:
        item = GradedItem(id=cells["item_id"], slope=_number(cells, "a"), thresholds=tuple(_thresholds(cells)))
        if cells.get("ncat") and _number(cells, "ncat") != item.categories:
            raise BankError(f"column ncat: does not agree with the {item.categories} categories of the thresholds")
    except BankError as error:
        raise BankError(f"line {line}: {error}") from error
    return item


def _thresholds(cells: Mapping[str, str]) -> Iterable[float]:
    columns = sorted(column for column in cells if column.startswith("b"))
    present = [column for column in columns if cells[column]]
    if present != columns[: len(present)]:
        raise BankError(f"item {cells['item_id']}: a threshold is missing between others")
    return [_number(cells, column) for column in present]


def _number(cells: Mapping[str, str], column: str) -> float:
    try:
        return float(cells[column])
    except ValueError:
        raise BankError(f"column {column}: {cells[column]!r} is not a number") from None


def _content_hash(items: Sequence[GradedItem]) -> str:
    # repr gives the shortest digits that read back to the same float, alike on every platform.
    parameters = sorted([item.id, repr(item.slope), [repr(b) for b in item.thresholds]] for item in items)
    text = json.dumps({"model": "graded-response", "items": parameters}, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _information_table(items: Sequence[GradedItem], points: Array) -> Array:
    return _read_only(np.stack([_finite(information, item, points) for item in items]))


def _log_likelihood_table(items: Sequence[GradedItem], points: Array) -> Array:
    return _read_only(np.concatenate([_finite(log_probabilities, item, points) for item in items]))


def _finite(formula: Callable[[float, Array, Array], Array], item: GradedItem, points: Array) -> Array:
    with np.errstate(all="ignore"):
        table = formula(item.slope, np.array(item.thresholds), points)
    if not np.isfinite(table).all():
        raise BankError(f"item {item.id}: the parameters are too extreme to compute with")
    return table


def _read_only(array: Array) -> Array:
    array.setflags(write=False)
    return array
