"""An EQ-5D health state: five levels in fixed order, any of which may be missing, and EQ VAS beside it.

For the state itself: not for its value to a population.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Self

from instruments.eq5d.errors import NotAProfile

# EuroQol's order; the digits of a profile mean nothing in any other.
DIMENSIONS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
# The field's two letters for each, in the same order.
CODES = ("MO", "SC", "UA", "PD", "AD")
# EuroQol's codes for what is missing.
MISSING_LEVEL = 9
MISSING_VAS = 999
BEST_VAS = 100

Levels = tuple[int, ...]
"""Five levels, none missing, in the order of `DIMENSIONS`."""


class Version(StrEnum):
    """Which EQ-5D; profiles of different versions never mix."""

    THREE_LEVEL = "3L"
    FIVE_LEVEL = "5L"
    YOUTH_THREE_LEVEL = "Y-3L"

    @classmethod
    def _missing_(cls, value: object) -> "Version | None":
        """Data files leave the hyphen out."""
        return cls.YOUTH_THREE_LEVEL if value == "Y3L" else None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The same five in the same order, in every version."""
        return DIMENSIONS

    @property
    def levels(self) -> int:
        """The worst level."""
        return 5 if self is Version.FIVE_LEVEL else 3

    @property
    def states(self) -> Iterator[Levels]:
        """Every state from 11111 to the worst, in ascending order."""
        return product(range(1, self.levels + 1), repeat=len(DIMENSIONS))


@dataclass(frozen=True, slots=True)
class Profile:
    """Levels in the order of `DIMENSIONS`, 1 is best; None where there is no answer."""

    version: Version
    levels: tuple[int | None, ...]

    def __post_init__(self) -> None:
        if len(self.levels) != len(DIMENSIONS):
            raise NotAProfile(f"a profile has {len(DIMENSIONS)} dimensions, this has {len(self.levels)}")
        for dimension, level in zip(DIMENSIONS, self.levels, strict=True):
            if level is not None and not 1 <= level <= self.version.levels:
                raise NotAProfile(
                    f"{dimension} is {level}: EQ-5D-{self.version} has levels 1 to {self.version.levels}, 9 for missing"
                )

    @classmethod
    def parse(cls, state: str | int, version: Version) -> Self:
        """A profile from its five digits, such as ``"11223"`` or ``11223``; 9 is a missing level.

        Raises
        ------
        NotAProfile
            If it has not five digits, or a digit is no level of the version.
        """
        digits = str(state)
        if len(digits) != len(DIMENSIONS) or not (digits.isascii() and digits.isdigit()):
            raise NotAProfile(f"{digits[:20]!r} is not a profile: it has five digits, one for each dimension")
        return cls.of([int(digit) for digit in digits], version)

    @classmethod
    def of(cls, levels: Sequence[int | None], version: Version) -> Self:
        """A profile from its levels; 9, like None, is a missing one."""
        return cls(version, tuple(None if level == MISSING_LEVEL else level for level in levels))

    @property
    def complete(self) -> Levels | None:
        """The five levels, or None when one is missing."""
        levels = tuple(level for level in self.levels if level is not None)
        return levels if len(levels) == len(DIMENSIONS) else None

    @property
    def missing(self) -> tuple[str, ...]:
        """The dimensions without a level."""
        return tuple(name for name, level in zip(DIMENSIONS, self.levels, strict=True) if level is None)

    @property
    def level_sum(self) -> int | None:
        """Level sum score, 5 (best) to 15 or 25; None when a level is missing.

        A plain count of severity, without values: states of the same sum need not be equally bad.
        """
        return None if self.complete is None else sum(self.complete)

    @property
    def level_frequency(self) -> str | None:
        """Level frequency score: how many dimensions are at each level, from 1 up; None when a level is missing.

        Examples
        --------
        >>> Profile.parse("11232", Version.FIVE_LEVEL).level_frequency
        '22100'
        """
        levels = self.complete
        if levels is None:
            return None
        return "".join(str(levels.count(level)) for level in range(1, self.version.levels + 1))

    def __str__(self) -> str:
        """Five digits, such as 11232, with 9 for a missing level."""
        return "".join(str(MISSING_LEVEL if level is None else level) for level in self.levels)


def digits(levels: Levels) -> str:
    """The five digits of a complete state."""
    return "".join(map(str, levels))


def parse_vas(value: str | int) -> int | None:
    """EQ VAS from text or a whole number: 0 (worst) to 100; None for the code 999.

    Raises
    ------
    NotAProfile
        If it is neither.
    """
    text = str(value).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MISSING_VAS)) else -1
    if number == MISSING_VAS:
        return None
    if not 0 <= number <= BEST_VAS:
        raise NotAProfile(f"{text[:20]!r} is not an EQ VAS: it is a whole number from 0 to 100, 999 for missing")
    return number


def vas_code(vas: int | None) -> int:
    """EQ VAS as EuroQol writes it: 999 when it is missing."""
    return MISSING_VAS if vas is None else vas
