"""The catalogue of what an instrument yields: each variable's meaning, scale, bands and important change.

For what a figure means. Not for computing it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class VariableType(StrEnum):
    """What the values of a scored variable are."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"


class Direction(StrEnum):
    """What a higher value means for the person."""

    BETTER = "better"
    WORSE = "worse"


class BandName(StrEnum):
    """Plain-language bands, from no to great difficulty."""

    USUAL = "usual"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class Band:
    """Values between ``low`` and ``high``; None is no bound."""

    name: BandName
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Bands:
    """All bands of a variable from its lowest value up, and who drew the lines; a line is in the healthier band."""

    bands: tuple[Band, ...]
    higher_is: Direction
    source: str
    doi: str

    def of(self, value: float) -> BandName:
        """The band of a value as it is printed, with one decimal."""
        printed = round(value, 1)
        for band in self.bands:
            within = self.higher_is is Direction.WORSE and printed == band.high
            if band.high is None or printed < band.high or within:
                return band.name
        raise AssertionError("the last band has no upper bound")


@dataclass(frozen=True, slots=True)
class ImportantChange:
    """The smallest change that people notice, in the variable's unit, with the range of published estimates."""

    value: float
    low: float
    high: float
    source: str
    doi: str


@dataclass(frozen=True, slots=True)
class ReferencePopulation:
    """Whom a figure is compared with."""

    name: str
    mean: float
    standard_deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry of the catalogue that registers order from."""

    name: str
    definition: str
    type: VariableType
    unit: str
    minimum: float | None = None
    maximum: float | None = None
    higher_is: Direction | None = None
    bands: Bands | None = None
    important_change: ImportantChange | None = None
    reference: ReferencePopulation | None = None


def bands_between(edges: Sequence[float], names: Sequence[BandName]) -> tuple[Band, ...]:
    """Bands with these edges between them: one more name than there are edges, both ascending by value."""
    lows, highs = (None, *edges), (*edges, None)
    return tuple(Band(name, low, high) for name, low, high in zip(names, lows, highs, strict=True))
