"""Scoring by the words of a data file: version, type, set and state in, a value or one clear sentence out.

For many rows. It never raises for what a row says: a bad row is told, and the next one scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from instruments.eq5d.catalogue import Catalogue, catalogue
from instruments.eq5d.errors import Eq5dError, NoSuchSet
from instruments.eq5d.profile import Levels, Profile, Version, digits
from instruments.eq5d.valuation import Valuation, plain
from instruments.eq5d.value_set import Kind

COLUMNS = ("version", "type", "set", "state")
# As many different rows as are remembered: every state of every set and crosswalk (302,000), and then some.
MOST_REMEMBERED = 400_000

# EQ-VT is the valuation protocol's own name for what data files call VT.
_KINDS = {**{kind.value: kind for kind in Kind}, "EQ-VT": Kind.EQ_VT}
_VERSIONS = {"3L": Version.THREE_LEVEL, "5L": Version.FIVE_LEVEL, "Y3L": Version.YOUTH_THREE_LEVEL}

Outcome = tuple[str, str]
"""A value and no problem, or no value and the problem."""
Cells = tuple[str, str, str, str]
"""Version, type, set and state, as the file has them."""


@dataclass(slots=True)
class RowScorer:
    """Scores rows, and remembers what it has seen: files repeat themselves."""

    sets: Catalogue = field(default_factory=catalogue)
    known: dict[Cells, Outcome] = field(default_factory=dict)
    """For a fast look-up before `score` is asked."""
    _found: dict[tuple[str, str, str], Valuation] = field(default_factory=dict)

    def score(self, cells: Cells) -> Outcome:
        """The index as text, exact, without trailing zeros; or why there is none."""
        outcome = self._outcome(*(cell.strip() for cell in cells))
        if len(self.known) < MOST_REMEMBERED:
            self.known[cells] = outcome
        return outcome

    def _outcome(self, version: str, kind: str, name: str, state: str) -> Outcome:
        try:
            valuation = self._valuation(version, kind, name)
            levels = _complete_states(valuation.version).get(state)
            if levels is not None:
                return plain(valuation.index(levels)), ""
            missing = Profile.parse(state, valuation.version).missing
        except Eq5dError as problem:
            return "", str(problem)
        return "", f"an index needs all five dimensions, and {_and(missing)} missing (9)"

    def _valuation(self, version: str, kind: str, name: str) -> Valuation:
        found = self._found.get((version, kind, name))
        if found is None:
            found = self.sets.find(_version(version), _kind(kind), name)
            self._found[version, kind, name] = found
        return found


@cache
def _complete_states(version: Version) -> Mapping[str, Levels]:
    return {digits(levels): levels for levels in version.states}


def _version(text: str) -> Version:
    version = _VERSIONS.get(text.upper().removeprefix("EQ-5D-").replace("Y-", "Y"))
    if version is None:
        raise NoSuchSet(f"version {text[:20]!r} is none of {', '.join(_VERSIONS)}")
    return version


def _kind(text: str) -> Kind:
    kind = _KINDS.get(text.upper())
    if kind is None:
        raise NoSuchSet(f"type {text[:20]!r} is none of {', '.join(Kind)}")
    return kind


def _and(dimensions: tuple[str, ...]) -> str:
    *first, last = dimensions
    return f"{', '.join(first)} and {last} are" if first else f"{last} is"
