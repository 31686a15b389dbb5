"""A value set: what each EQ-5D-5L state is worth, on a scale where dead is 0 and full health at most 1.

For main-effects sets with an optional term for any dimension at the worst level. Not for choosing a set: the
definition names it, and its id travels with every index.

The file is TOML: ``full_health`` is the value of 11111, ``[decrements]`` holds one list of five numbers for
each dimension (levels 1 to 5), ``any_level_5`` is added once when any dimension is at level 5.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from instruments.eq5d.profile import DIMENSIONS, LEVELS
from instruments.reading import Table

FIRST_YEAR, LAST_YEAR = 1987, 2100


@dataclass(frozen=True, slots=True)
class Term:
    """One addend of an index: what it is for, and its worth."""

    name: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """Coefficients of one published set, in exact decimals, and where they come from."""

    id: str
    country: str
    year: int
    method: str
    doi: str
    citation: str
    note: str
    full_health: Decimal
    decrements: Mapping[str, tuple[Decimal, ...]]
    any_level_5: Decimal
    content_hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_hash", _content_hash(self))

    def terms(self, levels: tuple[int, ...]) -> tuple[Term, ...]:
        """What the index of a complete profile is made of; the sum of the values is the index.

        Parameters
        ----------
        levels
            Five levels from 1 to 5 in the order of `DIMENSIONS`.
        """
        terms = [Term("full_health", self.full_health)]
        for dimension, level in zip(DIMENSIONS, levels, strict=True):
            terms.append(Term(f"{dimension}:{level}", self.decrements[dimension][level - 1]))
        if LEVELS in levels:
            terms.append(Term("any_level_5", self.any_level_5))
        return tuple(terms)

    def index(self, levels: tuple[int, ...]) -> Decimal:
        """The value of a complete profile, exact: the sum of published decimals, without rounding."""
        return sum((term.value for term in self.terms(levels)), start=Decimal(0))


def read_value_set(path: Path, *, file: str) -> ValueSet:
    """A value set file; ``file`` is its name in errors.

    Raises
    ------
    DefinitionError
        Naming the file and the field.
    """
    table = Table.read(path, file=file)
    value_set = ValueSet(
        id=table.text("id"),
        country=table.text("country"),
        year=table.whole("year", minimum=FIRST_YEAR, maximum=LAST_YEAR),
        method=table.text("method"),
        doi=table.text("doi"),
        citation=table.text("citation"),
        note=table.text("note"),
        full_health=table.decimal("full_health"),
        any_level_5=table.decimal("any_level_5"),
        decrements=_decrements(table.table("decrements")),
    )
    table.finish()
    return value_set


def _decrements(table: Table) -> Mapping[str, tuple[Decimal, ...]]:
    decrements = {}
    for dimension in DIMENSIONS:
        values = table.decimals(dimension)
        if len(values) != LEVELS:
            raise table.error(dimension, f"needs {LEVELS} numbers, for levels 1 to {LEVELS}")
        decrements[dimension] = values
    table.finish()
    return MappingProxyType(decrements)


def _content_hash(value_set: ValueSet) -> str:
    numbers = {
        "id": value_set.id,
        "full_health": str(value_set.full_health),
        "any_level_5": str(value_set.any_level_5),
        "decrements": {name: [str(value) for value in row] for name, row in value_set.decrements.items()},
    }
    return "sha256:" + hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
