"""An EQ-5D-5L health state: five levels in fixed order, any of which may be missing.

For the state itself: not for its value to a population.
"""

from dataclasses import dataclass

# EuroQol's order; the digits of a profile mean nothing in any other.
DIMENSIONS = ("mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression")
LEVELS = 5
# EuroQol's code for a missing level.
MISSING_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Profile:
    """Levels 1 to 5 in the order of `DIMENSIONS`; None where there is no answer."""

    levels: tuple[int | None, ...]

    def __post_init__(self) -> None:
        if len(self.levels) != len(DIMENSIONS):
            raise ValueError(f"a profile has {len(DIMENSIONS)} dimensions")
        if any(level is not None and not 1 <= level <= LEVELS for level in self.levels):
            raise ValueError(f"a level is from 1 to {LEVELS}")

    @property
    def complete(self) -> tuple[int, ...] | None:
        """The five levels, or None when one is missing."""
        levels = tuple(level for level in self.levels if level is not None)
        return levels if len(levels) == len(DIMENSIONS) else None

    @property
    def level_sum(self) -> int | None:
        """Level sum score, 5 (best) to 25; None when a level is missing."""
        return None if self.complete is None else sum(self.complete)

    def __str__(self) -> str:
        """Five digits, such as 11232, with 9 for a missing level."""
        return "".join(str(MISSING_LEVEL if level is None else level) for level in self.levels)
