"""Bank files: CSV in UTF-8 with the columns ``item_id,a,b1..bk`` and optionally ``ncat`` and ``model``.

For reading, with the place of every error. Items may have 2 to 6 categories; the thresholds an item does not
have are left empty at the end of its row. ``model`` is ``grm``, ``gpcm`` or ``pcm``; in a file of the partial
credit model the column ``a`` may be left out, and is then 1.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from cat_engine.items import BankError, GradedItem, Item, Model, PartialCreditItem

_COLUMNS = re.compile(r"item_id|a|b[1-5]|ncat|model")


def read_bank_file(path: Path, *, model: Model = Model.GRADED_RESPONSE) -> tuple[Item, ...]:
    """The items of a file, in its order; ``model`` is that of items whose row does not say.

    Raises
    ------
    BankError
        If anything is wrong with the file; nothing is half-read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            read = list(_read_rows(csv.reader(lines, strict=True), model))
        _check_equal_slopes(read)
    except (BankError, csv.Error, UnicodeDecodeError) as error:
        raise BankError(f"{path.name}: {error}") from error
    return tuple(item for item, _ in read)


def _read_rows(rows: Iterable[list[str]], model: Model) -> Iterable[tuple[Item, Model]]:
    header: list[str] | None = None
    for line, row in enumerate(rows, start=1):
        if header is None:
            header = _checked_header([column.strip() for column in row], model)
        elif any(cell.strip() for cell in row):
            yield _read_row(header, row, line, model)
    if header is None:
        raise BankError("the file is empty")


def _checked_header(columns: list[str], model: Model) -> list[str]:
    for column in columns:
        if not _COLUMNS.fullmatch(column):
            raise BankError(f"line 1: unknown column {column!r}; known are item_id, a, b1 to b5, ncat and model")
    if len(set(columns)) != len(columns):
        raise BankError("line 1: a column occurs twice")
    thresholds = sorted(column for column in columns if column.startswith("b"))
    if thresholds != [f"b{number}" for number in range(1, len(thresholds) + 1)]:
        raise BankError("line 1: the columns b1, b2, ... must be without a gap")
    needed = {"item_id", "b1"} if model is Model.PARTIAL_CREDIT else {"item_id", "a", "b1"}
    if missing := needed - set(columns):
        raise BankError(f"line 1: the column {min(missing)} is missing")
    return columns


def _read_row(header: list[str], row: list[str], line: int, model: Model) -> tuple[Item, Model]:
    if len(row) != len(header):
        raise BankError(f"line {line}: {len(row)} cells where the header has {len(header)}")
    cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
    try:
        model = _model(cells, model)
        item = _item(cells, model)
        if cells.get("ncat") and _number(cells, "ncat") != item.categories:
            raise BankError(f"column ncat: does not agree with the {item.categories} categories of the thresholds")
    except BankError as error:
        raise BankError(f"line {line}: {error}") from error
    return item, model


def _model(cells: Mapping[str, str], otherwise: Model) -> Model:
    name = cells.get("model")
    if not name:
        return otherwise
    try:
        return Model(name)
    except ValueError:
        known = ", ".join(model.value for model in Model)
        raise BankError(f"column model: {name!r} is not one of {known}") from None


def _item(cells: Mapping[str, str], model: Model) -> Item:
    slope = 1.0 if model is Model.PARTIAL_CREDIT and not cells.get("a") else _number(cells, "a")
    kind = GradedItem if model is Model.GRADED_RESPONSE else PartialCreditItem
    return kind(id=cells["item_id"], slope=slope, thresholds=tuple(_thresholds(cells)))


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


def _check_equal_slopes(read: Iterable[tuple[Item, Model]]) -> None:
    slopes = {item.slope: item.id for item, model in read if model is Model.PARTIAL_CREDIT}
    if len(slopes) > 1:
        odd = list(slopes.values())[1]
        raise BankError(f"item {odd}: the partial credit model has one slope for all items; this one differs")
