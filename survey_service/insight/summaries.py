"""From sums to what is told of them: means with their intervals, quartiles, rates, and the classes of change. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from instruments.eq5d import Change, Profile, Version, paretian_change
from survey_service.insight.rules import LEAST, Figure, Sums

# Half a 95 % interval in standard errors, of a mean of many.
_WIDTH = 1.96
# Longer than two hours is told as two hours: somebody went away and came back.
LONGEST = 120


class Kind(StrEnum):
    """What a figure is of. The database knows the same."""

    RESPONSE = "response"
    REASON = "reason"
    WITHDRAWN = "withdrawn"
    MINUTES = "minutes"
    SCORE = "score"
    CHANGE = "change"
    IMPORTANT = "important"
    RELIABLE = "reliable"
    PARETIAN = "paretian"


ANSWERED, UNANSWERED = "answered", "unanswered"
COURSES = ("better", "same", "worse")
PARETIAN = tuple(change.name.lower() for change in Change)

# The cells that others may be told of, by kind: minutes and reasons are the unit's own.
CELLS: Mapping[Kind, tuple[str, ...]] = {
    Kind.RESPONSE: (ANSWERED, UNANSWERED),
    Kind.SCORE: ("",),
    Kind.CHANGE: ("",),
    Kind.IMPORTANT: COURSES,
    Kind.RELIABLE: COURSES,
    Kind.PARETIAN: PARETIAN,
}


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and half the width of its 95 % interval."""

    mean: float
    half_width: float


def mean_of(sums: Sums) -> Mean | None:
    """None of fewer than five: a mean of few tells what each of them said.

    Examples
    --------
    >>> mean_of(Sums(5, 250.0, 12540.0))
    Mean(mean=50.0, half_width=2.771859303065028)
    """
    if sums.n < LEAST:
        return None
    variance = max(sums.squares - sums.total**2 / sums.n, 0.0) / (sums.n - 1)
    return Mean(sums.total / sums.n, _WIDTH * sqrt(variance / sums.n))


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Whole minutes."""

    lower: int
    median: int
    upper: int


def quartiles_of(minutes: Mapping[int, int]) -> Quartiles | None:
    """The least number of minutes within which a quarter, half and three quarters were ready; None of fewer than five.

    Examples
    --------
    >>> quartiles_of({2: 3, 5: 4, 60: 1})
    Quartiles(lower=2, median=5, upper=5)
    """
    n = sum(minutes.values())
    if n < LEAST:
        return None
    return Quartiles(*(_reached(minutes, quarters * n) for quarters in (1, 2, 3)))


def _reached(minutes: Mapping[int, int], quarters: int) -> int:
    ready = 0
    for minute in sorted(minutes):
        ready += 4 * minutes[minute]
        if ready >= quarters:
            return minute
    raise AssertionError("all are ready in the end")


@dataclass(frozen=True, slots=True)
class Percent:
    """A share in whole per cent, lowest and highest where it is not told exactly."""

    low: int
    high: int


def percent(part: Figure, whole: Figure) -> Percent | None:
    """``part`` of ``whole``; None of fewer than five."""
    if whole.low < LEAST:
        return None
    return Percent(round(100 * part.low / whole.high), min(100, round(100 * part.high / whole.low)))


def paretian_cell(pair: str, version: Version) -> str | None:
    """The class of two profiles with a space between them; None where a level is missing."""
    before, after = (Profile.parse(state, version) for state in pair.split(" "))
    change = paretian_change(before, after)
    return None if change is None else change.name.lower()
