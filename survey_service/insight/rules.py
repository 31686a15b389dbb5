"""How figures are told without telling on anybody. Pure.

Every figure is a cell, told exactly or as "fewer than five", or a total of cells that stand beside it. Where it can be
compared with that of another period, only whole blocks of months are told: nothing below five is in them, so nothing
below five is left when one answer is subtracted from another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

# Fewer people than these are not told [B11].
LEAST = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A count as told: exactly, or as a range with both ends included."""

    low: int
    high: int

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.low + other.low, self.high + other.high)

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def shown(self) -> str:
        if self.is_exact:
            return str(self.low)
        return f"<{LEAST}" if self == SMALL else f"{self.low}-{self.high}"


SMALL = Figure(0, LEAST - 1)
NONE = Figure(0, 0)


def told(count: int) -> Figure:
    return Figure(count, count) if count >= LEAST else SMALL


def together(cells: Sequence[int]) -> Figure:
    """The sum of cells that stand beside it, so that each small one could still be any number from 1 to 4."""
    small = [cell for cell in cells if cell < LEAST]
    large = sum(cells) - sum(small)
    return Figure(large, large) + _small_ones(len(small), sum(small))


def _small_ones(how_many: int, sum_: int) -> Figure:
    highest = (LEAST - 1) * how_many
    if how_many == 0:
        return NONE
    if sum_ < LEAST:
        return SMALL
    # Exactly, where one of them may be none and the others still make the sum.
    return Figure(sum_, sum_) if sum_ <= highest - (LEAST - 1) else Figure(LEAST, highest)


def sum_of(figures: Iterable[Figure]) -> Figure:
    return reduce(add, figures, NONE)


def pooled(cells: Mapping[str, int], name: str) -> Mapping[str, int]:
    """Parts of a total that is told elsewhere: the small ones as one of that name, with the next where it is small too.

    Examples
    --------
    >>> pooled({"declined": 9, "moved": 2, "died": 1, "other": 6}, "several")
    {'declined': 9, 'several': 9}
    """
    if len(cells) < 2 or min(cells.values()) >= LEAST:
        return cells
    pool, left = 0, dict(cells)
    for cell in sorted(cells, key=lambda one: cells[one]):
        if pool >= LEAST and cells[cell] >= LEAST:
            break
        pool += left.pop(cell)
    return {**left, name: pool}


def within(part: int, whole: Figure) -> Figure:
    """A part told beside the whole that it is of, so that what is left of the whole is not told where it is small."""
    if part < LEAST:
        return SMALL
    if whole.is_exact and 0 <= whole.low - part < LEAST:
        return Figure(max(LEAST, whole.low - LEAST + 1), whole.low)
    return Figure(part, part)


@dataclass(frozen=True, slots=True)
class Sums:
    """What can be added up and still gives a mean and a spread."""

    n: int
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.n + other.n, self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class Block:
    """Months on end that may be told to others: no cell is small."""

    first: date
    last: date
    cells: Mapping[str, Sums]


def blocks(months: Mapping[date, Mapping[str, Sums]], cells: Sequence[str]) -> list[Block]:
    """The months in their order, taken together until each of the ``cells`` is at least five; the rest is not told.

    Each month is in one block at most, so any two periods differ by whole blocks.
    """
    found: list[Block] = []
    first, summed = None, dict.fromkeys(cells, Sums(0))
    for month in sorted(months):
        first = first or month
        summed = {cell: summed[cell] + months[month].get(cell, Sums(0)) for cell in cells}
        if all(one.n >= LEAST for one in summed.values()):
            found.append(Block(first, month, summed))
            first, summed = None, dict.fromkeys(cells, Sums(0))
    return found
