"""The vocabulary of value sets: how often a term beside the main effects applies to a state.

For counting, under the names that the papers use. What a count is worth is in the set's file.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from instruments.eq5d.profile import CODES, Levels

Count = Callable[[Levels], int]


def _any_from(worst: int) -> Count:
    return lambda levels: int(max(levels) >= worst)


def _beyond_first(level: int) -> Count:
    """How many dimensions beyond the first are at this level."""
    return lambda levels: max(levels.count(level) - 1, 0)


def _squared(count: Count) -> Count:
    return lambda levels: count(levels) ** 2


def _number_at(level: int) -> Count:
    return lambda levels: levels.count(level)


def _moved_beyond_first(levels: Levels) -> int:
    return max(sum(level > 1 for level in levels) - 1, 0)


def _severe_beyond_first(levels: Levels) -> int:
    return max(sum(level >= 4 for level in levels) - 1, 0)


def _only_with(level: int) -> Count:
    """Whether every dimension is at level 1 or at this one, and some at this one."""
    return lambda levels: int(level in levels and set(levels) <= {1, level})


COUNTS: Mapping[str, Count] = MappingProxyType(
    {
        "N2": _any_from(2),  # any dimension above level 1; many papers call it the constant
        "N3": _any_from(3),  # any at level 3 or worse
        "N4": _any_from(4),
        "N5": _any_from(5),
        "D1": _moved_beyond_first,  # dimensions above level 1, beyond the first (Shaw 2005)
        "I2": _beyond_first(2),  # dimensions at level 2, beyond the first
        "I2_squared": _squared(_beyond_first(2)),
        "I3": _beyond_first(3),
        "I3_squared": _squared(_beyond_first(3)),
        "C2_squared": _squared(_number_at(2)),  # dimensions at level 2, squared
        "C3_squared": _squared(_number_at(3)),
        "O2": _only_with(2),  # all dimensions at level 1 or 2, some at 2 (Augustovski 2009)
        "O3": _only_with(3),
        "Z2": lambda levels: int(2 in levels and 3 in levels),
        "Z3": lambda levels: levels.count(2) if 3 in levels else 0,  # dimensions at level 2 when any is at 3
        "X5": lambda levels: int(min(levels) > 1),  # all five above level 1 (Zarate 2011)
        "I45_squared": _squared(_severe_beyond_first),  # dimensions at 4 or 5, beyond the first, squared (Xie 2016)
    }
)

_SEVERE = re.compile(r"([A-Z]{2})45")
_PAIR = re.compile(r"([A-Z]{2})(\d)\*([A-Z]{2})(\d)")
_PRODUCT = re.compile(r"([A-Z]{2})\*([A-Z]{2})")


@cache
def count_of(name: str) -> Count | None:
    """The count of that name, or None when there is none.

    Beside `COUNTS`: ``MO45`` is 1 when mobility is at level 4 or 5; ``MO3*SC3`` is 1 when both dimensions are at
    these levels; ``MO*AD`` is (mobility - 1) x (anxiety/depression - 1).

    Examples
    --------
    >>> count_of("MO*AD")((3, 1, 1, 1, 5))
    8
    """
    if name in COUNTS:
        return COUNTS[name]
    found = _SEVERE.fullmatch(name) or _PAIR.fullmatch(name) or _PRODUCT.fullmatch(name)
    if found is None or not all(part in CODES for part in found.groups() if part.isalpha()):
        return None
    places = [CODES.index(part) for part in found.groups() if part.isalpha()]
    at = [int(part) for part in found.groups() if part.isdigit()]
    if found.re is _SEVERE:
        return lambda levels: int(levels[places[0]] >= 4)
    if found.re is _PAIR:
        return lambda levels: int(all(levels[place] == level for place, level in zip(places, at, strict=True)))
    return lambda levels: (levels[places[0]] - 1) * (levels[places[1]] - 1)
