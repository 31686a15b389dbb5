"""How the profiles of a group are spread: over few states or many, evenly or not.

For what a form can tell apart in a group. Only complete profiles count; nothing here values them.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import log2

from instruments.eq5d.profile import DIMENSIONS, Levels, Profile, Version


@dataclass(frozen=True, slots=True)
class Diversity:
    """Shannon's index, what it could be at most, and their ratio."""

    h: float
    h_max: float

    @property
    def evenness(self) -> float | None:
        """J' = H' / H'max, from 0 to 1; None when there is but one class, so that nothing could differ."""
        return self.h / self.h_max if self.h_max else None


def shannon(profiles: Iterable[Profile], version: Version, *, of_observed: bool = False) -> Diversity | None:
    r"""Shannon's index H' and evenness J' over the whole states of a group; None when no profile is complete.

    .. math:: H' = -\sum_i p_i \log_2 p_i, \quad J' = H' / H'_{max}

    H'max is the logarithm of the number of states that the version has (243 or 3,125), or with ``of_observed`` of those
    that occur. (The R package eq5d takes 125 instead of 243 for three levels.)

    References
    ----------
    Janssen MF, Birnie E, Bonsel GJ. Evaluating the discriminatory power of EQ-5D, HUI2 and HUI3 in a US general
    population survey using Shannon's indices. Qual Life Res 2007;16(5):895-904. doi:10.1007/s11136-006-9160-6

    Examples
    --------
    Four patients in two states, half in each: one bit.

    >>> states = [Profile.parse(s, Version.THREE_LEVEL) for s in ("11111", "11111", "11112", "11112")]
    >>> shannon(states, Version.THREE_LEVEL).h
    1.0
    """
    possible = version.levels ** len(DIMENSIONS)
    return _diversity(Counter(_complete(profiles, version)), None if of_observed else possible)


def shannon_by_dimension(
    profiles: Iterable[Profile], version: Version, *, of_observed: bool = False
) -> Mapping[str, Diversity] | None:
    """The same for each dimension on its own, where H'max is the logarithm of the number of levels."""
    states = _complete(profiles, version)
    found = {}
    for place, dimension in enumerate(DIMENSIONS):
        diversity = _diversity(Counter(state[place] for state in states), None if of_observed else version.levels)
        if diversity is None:
            return None
        found[dimension] = diversity
    return found


def health_state_density_curve(profiles: Iterable[Profile], version: Version) -> tuple[tuple[float, float], ...]:
    """Cumulative share of people against cumulative share of observed states, the most frequent states first.

    The points run from (0, 0) to (1, 1). Everybody in a state of their own, or equally many in each, is the diagonal;
    the more people share few states, the more the curve sags. Only (0, 0) when no profile is complete.

    References
    ----------
    Zamora B, Parkin D, Feng Y, Bateman A, Herdman M, Devlin N. New methods for analysing the distribution of EQ-5D
    observations. OHE Research Paper. London: Office of Health Economics; 2018.
    """
    frequencies = sorted(Counter(_complete(profiles, version)).values(), reverse=True)
    people = sum(frequencies)
    cumulative = accumulate(frequencies)
    return (
        (0.0, 0.0),
        *((count / people, rank / len(frequencies)) for rank, count in enumerate(cumulative, start=1)),
    )


def health_state_density_index(profiles: Iterable[Profile], version: Version) -> float | None:
    r"""Twice the area under the health state density curve: 1 is an even spread, towards 0 all share few states.

    .. math:: HSDI = \sum_k (x_k - x_{k-1}) (y_k + y_{k-1})

    None when no profile is complete. One single state counts as even: there is but one to share.

    References
    ----------
    As for `health_state_density_curve`.

    Examples
    --------
    Three of four patients in one of two states: the curve runs through (0.75, 0.5), and 0.75 x 0.5 + 0.25 x 1.5 = 0.75.

    >>> states = [Profile.parse(s, Version.THREE_LEVEL) for s in ("11111", "11111", "11111", "11112")]
    >>> health_state_density_index(states, Version.THREE_LEVEL)
    0.75
    """
    curve = health_state_density_curve(profiles, version)
    if len(curve) == 1:
        return None
    return sum((x - x_before) * (y + y_before) for (x_before, y_before), (x, y) in pairwise(curve))


def _complete(profiles: Iterable[Profile], version: Version) -> list[Levels]:
    states = []
    for profile in profiles:
        if profile.version is not version:
            raise ValueError(f"an EQ-5D-{profile.version} profile among those of EQ-5D-{version}")
        if profile.complete is not None:
            states.append(profile.complete)
    return states


def _diversity(frequencies: Counter[Hashable], possible: int | None) -> Diversity | None:
    total = sum(frequencies.values())
    if not total:
        return None
    h = -sum(count / total * log2(count / total) for count in frequencies.values())
    return Diversity(h=abs(h), h_max=log2(len(frequencies) if possible is None else possible))
