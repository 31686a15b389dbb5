"""The answers of a session, checked against the bank and put in the bank's order.

For the border between callers and the engine: inside, answers are valid. The order makes any container's order add
up to the same bits.
"""

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from cat_engine.bank import ItemBank
from cat_engine.stacks import Rows


class AnswerError(ValueError):
    """An answer or an item id does not belong to the bank. The message never holds the answer itself."""


@dataclass(frozen=True, slots=True)
class Given:
    """The answers that say something, skipped items left out.

    Attributes
    ----------
    codes : list of (int, int)
        Position in the bank and category counted from 1, in the order of the bank.
    rows : list of int
        Row of each answer in the bank's table of log-likelihoods, in the same order.
    """

    codes: list[tuple[int, int]]
    rows: list[int]

    def all_are(self, bank: ItemBank, *, highest: bool) -> bool:
        """Whether every answer is the highest, or the lowest, category of its item; False without answers."""
        return bool(self.codes) and all(
            code == (bank.categories[position] if highest else 1) for position, code in self.codes
        )

    def without(self, last: int) -> "Given":
        """The answers to all items but the one at this position."""
        return self.only({position for position, _ in self.codes if position != last})

    def only(self, positions: Collection[int]) -> "Given":
        """The answers to the items at these positions."""
        kept = [index for index, (position, _) in enumerate(self.codes) if position in positions]
        return Given([self.codes[index] for index in kept], [self.rows[index] for index in kept])


def read_answers(bank: ItemBank, answers: Mapping[str, int | None]) -> Given:
    """The answers, in the bank's order.

    Raises
    ------
    AnswerError
        If an id is not in the bank or a category is not one of the item's.

    Examples
    --------
    >>> from cat_engine import GradedItem
    >>> bank = ItemBank((GradedItem("worry", 2.0, (-0.5, 1.0)), GradedItem("rest", 1.5, (0.0,))))
    >>> read_answers(bank, {"rest": 2, "worry": 3})
    Given(codes=[(0, 3), (1, 2)], rows=[2, 4])
    """
    codes = []
    index, categories = bank.index, bank.categories
    for item_id, value in answers.items():
        position = index.get(item_id)
        if position is None:
            raise AnswerError(f"item {item_id!r} is not in the bank")
        if value is None:
            continue
        if type(value) is not int:
            value = _whole_number(item_id, value)
        if not 1 <= value <= categories[position]:
            raise AnswerError(f"item {item_id}: the answer is not one of 1 to {categories[position]}")
        codes.append((position, value))
    codes.sort()
    first_rows = bank.first_rows
    return Given(codes, [first_rows[position] + value - 1 for position, value in codes])


def candidates(bank: ItemBank, answers: Collection[str], available: Collection[str] | None) -> Rows:
    """Positions of the items that may be asked: available, and not asked before. Rising.

    Raises
    ------
    AnswerError
        If an available item is not in the bank.
    """
    index = bank.index
    allowed = bank.no_items.copy()
    if available is None:
        allowed.fill(True)
    else:
        try:
            allowed[[index[item_id] for item_id in available]] = True
        except KeyError:
            unknown = min(item_id for item_id in available if item_id not in index)
            raise AnswerError(f"item {unknown!r} is not in the bank") from None
    allowed[[index[item_id] for item_id in answers]] = False
    return allowed.nonzero()[0]


def _whole_number(item_id: str, value: object) -> int:
    """Whole numbers of other types, such as numpy's, are welcome; truth values and fractions are not."""
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise AnswerError(f"item {item_id}: the answer is not a whole number")
    return operator.index(value)
