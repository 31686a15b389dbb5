"""What gives a state an index: the shape that value sets and crosswalks share, and how an index is explained.

Not for any one way of valuing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce
from typing import Protocol

from instruments.eq5d.errors import NotAProfile
from instruments.eq5d.profile import DIMENSIONS, Levels, Version, digits

# Sums of published decimals are exact. What is not a sum (a crosswalk, a product, a power) is computed with 28
# digits and rounded once to nine decimals, half to even: well beyond what anybody publishes, so that rounding on to
# six or three decimals gives what rounding once would.
DERIVED_DECIMALS = 9
ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_EVEN)
_STEP = Decimal(1).scaleb(-DERIVED_DECIMALS)


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of an index: what it is for, and its worth."""

    name: str
    value: Decimal


class Valuation(Protocol):
    """A value set, or a crosswalk to one."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> Version:
        """Of the states that it values."""
        ...

    @property
    def reference(self) -> str:
        """Where it is published."""
        ...

    @property
    def content_hash(self) -> str: ...

    def __hash__(self) -> int:
        """By content, so that what is computed from it can be kept."""
        ...

    def index(self, levels: Levels) -> Decimal:
        """The value of a complete state: 1 is full health, 0 is dead."""
        ...

    def terms(self, levels: Levels) -> tuple[Term, ...]:
        """What the index is made of; the values add up to it exactly."""
        ...


def check_levels(levels: Levels, version: Version) -> None:
    """Refuse what is not a complete state of the version.

    Raises
    ------
    NotAProfile
        Naming what is wrong.
    """
    if len(levels) != len(DIMENSIONS) or not all(1 <= level <= version.levels for level in levels):
        raise NotAProfile(f"{digits(levels)} is not a complete EQ-5D-{version} state")


def rounded(value: Decimal) -> Decimal:
    """To the nine decimals of what is not a sum of published decimals."""
    return value.quantize(_STEP, rounding=ROUND_HALF_EVEN, context=ARITHMETIC)


def total(values: Iterable[Decimal]) -> Decimal:
    return reduce(ARITHMETIC.add, values, Decimal(0))


def with_rounding(terms: tuple[Term, ...], index: Decimal) -> tuple[Term, ...]:
    """The terms, and what rounding did to their sum where it did anything."""
    difference = index - sum((term.value for term in terms), start=Decimal(0))
    return (*terms, Term("rounding", difference)) if difference else terms


def plain(value: Decimal) -> str:
    """An index as text: no exponent, no trailing zeros.

    Examples
    --------
    >>> plain(Decimal("0.500000000"))
    '0.5'
    """
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
