"""Response files: CSV in UTF-8, first a column ``person``, then a column for each item; 1-based, empty for missing.

For reading, with the place of every error. A message never holds an answer that was one.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cat_engine.bank import ItemBank

_MOST_CATEGORIES = 127


class ResponseError(ValueError):
    """A response file cannot be used; the message names the file, line and column."""


@dataclass(frozen=True, slots=True, eq=False)
class ResponseMatrix:
    """Answers of people to items.

    Attributes
    ----------
    people, item_ids : tuple of str
        Rows and columns.
    codes : Array of int
        Shape (people, items): categories counted from 1, 0 for missing.
    """

    people: tuple[str, ...]
    item_ids: tuple[str, ...]
    codes: npt.NDArray[np.int8]

    def in_order_of(self, bank: ItemBank) -> npt.NDArray[np.int8]:
        """The answers with a column for each of the bank's items; one that the file has not is missing throughout.

        Raises
        ------
        ResponseError
            If a column is not in the bank, or an answer is not one of its item's categories.
        """
        if unknown := [item_id for item_id in self.item_ids if item_id not in bank.index]:
            raise ResponseError(f"column {unknown[0]!r}: no such item in the bank")
        ordered = np.zeros((len(self.people), len(bank.items)), dtype=np.int8)
        ordered[:, [bank.index[item_id] for item_id in self.item_ids]] = self.codes
        outside = ordered > np.array(bank.categories)
        if outside.any():
            person, item = (int(index[0]) for index in outside.nonzero())
            raise ResponseError(
                f"line {person + 2}, column {bank.item_ids[item]}: not one of 1 to {bank.categories[item]}"
            )
        return ordered


def read_response_file(path: Path) -> ResponseMatrix:
    """The whole file.

    Raises
    ------
    ResponseError
        If anything is wrong with it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, strict=True))
        return _matrix(rows)
    except (ResponseError, csv.Error, UnicodeDecodeError) as error:
        raise ResponseError(f"{path.name}: {error}") from error


def _matrix(rows: list[list[str]]) -> ResponseMatrix:
    header = [column.strip() for column in rows[0]] if rows else []
    if header[:1] != ["person"] or len(header) < 2:
        raise ResponseError("the first line must be person and the items")
    if len(set(header)) != len(header):
        raise ResponseError("line 1: a column occurs twice")
    people, codes = [], []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise ResponseError(f"line {line}: {len(row)} cells where the first line has {len(header)}")
        people.append(row[0].strip())
        codes.append([_code(cell, line, column) for cell, column in zip(row[1:], header[1:], strict=True)])
    matrix = np.array(codes, dtype=np.int8).reshape(len(people), len(header) - 1)
    return ResponseMatrix(tuple(people), tuple(header[1:]), matrix)


def _code(cell: str, line: int, column: str) -> int:
    text = cell.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_CATEGORIES):
        raise ResponseError(f"line {line}, column {column}: not a whole number from 1")
    return int(text)
