"""Change between two occasions, from the profiles alone: no value set, and so no country's preferences.

For pairs of complete profiles of one version; a pair with a missing level is left out and counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from instruments.eq5d.errors import NotAProfile
from instruments.eq5d.profile import DIMENSIONS, Levels, Profile

Pair = tuple[Profile, Profile]
"""Before and after."""


class Change(StrEnum):
    """The classes of the Paretian Classification of Health Change."""

    NO_CHANGE = "No change"
    IMPROVE = "Improve"
    WORSEN = "Worsen"
    MIXED = "Mixed change"
    NO_PROBLEMS = "No problems"


@dataclass(frozen=True, slots=True)
class ChangeTable:
    """How many pairs fell in each class, and how many could not be classified."""

    counts: Mapping[Change, int]
    left_out: int

    @property
    def classified(self) -> int:
        return sum(self.counts.values())

    def share(self, change: Change) -> float | None:
        """Of those classified; None when there are none."""
        return self.counts[change] / self.classified if self.classified else None


@dataclass(frozen=True, slots=True)
class Superiority:
    """Probability of superiority, and the pairs behind it."""

    probability: float | None
    """None when no pair could be compared."""
    improved: int
    unchanged: int
    worsened: int
    left_out: int


def paretian_change(before: Profile, after: Profile, *, separate_no_problems: bool = True) -> Change | None:
    """The class of one pair; None when either profile lacks a level.

    Better in at least one dimension and worse in none is *Improve*, the reverse *Worsen*, both *Mixed change*; the same
    in all is *No change*, or *No problems* where both are 11111 and these are kept apart: nothing could improve.

    References
    ----------
    Devlin NJ, Parkin D, Browne J. Patient-reported outcome measures in the NHS: new methods for analysing and reporting
    EQ-5D data. Health Econ 2010;19(8):886-905. doi:10.1002/hec.1608

    Examples
    --------
    >>> from instruments.eq5d import Profile, Version
    >>> def profile(state): return Profile.parse(state, Version.FIVE_LEVEL)
    >>> print(paretian_change(profile("22311"), profile("21311")))
    Improve
    >>> print(paretian_change(profile("22311"), profile("21321")))
    Mixed change
    """
    first, second = _levels(before, after)
    if first is None or second is None:
        return None
    better = any(then > now for then, now in zip(first, second, strict=True))
    worse = any(then < now for then, now in zip(first, second, strict=True))
    if better and worse:
        return Change.MIXED
    if better or worse:
        return Change.IMPROVE if better else Change.WORSEN
    return Change.NO_PROBLEMS if separate_no_problems and max(first) == 1 else Change.NO_CHANGE


def change_table(pairs: Iterable[Pair], *, separate_no_problems: bool = True) -> ChangeTable:
    """The Paretian classification of a group: every class has its count, none is left out for being empty."""
    found = Counter(paretian_change(*pair, separate_no_problems=separate_no_problems) for pair in pairs)
    classes = [change for change in Change if separate_no_problems or change is not Change.NO_PROBLEMS]
    return ChangeTable({change: found[change] for change in classes}, left_out=found[None])


def probability_of_superiority(pairs: Iterable[Pair]) -> Mapping[str, Superiority]:
    r"""For each dimension, the chance that a randomly chosen patient is better after than before, ties counting half.

    .. math:: PS = (n_{improved} + n_{unchanged} / 2) / n

    Above 0.5 more patients got better than worse. A pair with a missing level is left out of every dimension.

    References
    ----------
    Janssen MF, Buchholz I, Golicki D, Bonsel GJ. Is EQ-5D-5L better than EQ-5D-3L over time? PharmacoEconomics
    2022;40(11):1081-1093. doi:10.1007/s40273-022-01172-4

    Examples
    --------
    Two patients, one better in mobility and one unchanged: (1 + 1/2) / 2.

    >>> from instruments.eq5d import Profile, Version
    >>> def profile(state): return Profile.parse(state, Version.FIVE_LEVEL)
    >>> pairs = [(profile("21111"), profile("11111")), (profile("31111"), profile("31111"))]
    >>> probability_of_superiority(pairs)["mobility"].probability
    0.75
    """
    comparable: list[tuple[Levels, Levels]] = []
    left_out = 0
    for before, after in pairs:
        first, second = _levels(before, after)
        if first is None or second is None:
            left_out += 1
        else:
            comparable.append((first, second))
    return {
        dimension: _superiority([(first[place], second[place]) for first, second in comparable], left_out)
        for place, dimension in enumerate(DIMENSIONS)
    }


def _superiority(pairs: list[tuple[int, int]], left_out: int) -> Superiority:
    improved = sum(then > now for then, now in pairs)
    worsened = sum(then < now for then, now in pairs)
    unchanged = len(pairs) - improved - worsened
    return Superiority(
        probability=(improved + unchanged / 2) / len(pairs) if pairs else None,
        improved=improved,
        unchanged=unchanged,
        worsened=worsened,
        left_out=left_out,
    )


def _levels(before: Profile, after: Profile) -> tuple[Levels | None, Levels | None]:
    if before.version is not after.version:
        raise NotAProfile(f"EQ-5D-{before.version} and EQ-5D-{after.version} are not compared: their levels differ")
    return before.complete, after.complete
