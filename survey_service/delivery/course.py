"""A patient's course: which figures may stand in one line over time, and what has to be said between them. Pure.

Two figures are compared only within one instrument, respondent, side and scoring version; what was answered here and
what was brought from elsewhere never share a line. Not for reading responses, nor for drawing them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from string import ascii_uppercase
from uuid import UUID

from instruments import Score


class Standing(StrEnum):
    """Whether a response is a point of the course."""

    STANDS = "stands"
    VOIDED = "voided"
    UNOPENED = "unopened"
    """Answered, and nobody at the unit has opened it: the course is no way past the receipt."""


class Change(StrEnum):
    """Why a line begins where another one was."""

    SCORING = "scoring"
    RESPONDENT = "respondent"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A response with the scores of the version that stands. ``source``: where it was imported from, or None.

    ``corrected_at``: when the version that stands was made, None where that is the patient's own.
    """

    id: UUID
    instrument: str
    instrument_version: str
    form: str
    respondent: str
    side: str | None
    at: datetime
    standing: Standing
    scores: Sequence[Score] = field(repr=False)
    source: str | None = None
    corrected_at: datetime | None = None

    def score(self, variable: str) -> Score | None:
        return next((score for score in self.scores if score.variable == variable), None)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LineKey:
    """What all figures of a line have in common."""

    variable: str
    respondent: str
    method_hash: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Figures that may be compared, in time. ``letter`` names the line among those of its variable."""

    key: LineKey
    letter: str
    method: str
    points: tuple[Point, ...]

    @property
    def is_imported(self) -> bool:
        return bool(self.key.source)

    def value(self, point: Point) -> Score:
        found = point.score(self.key.variable)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """That ``line`` begins at ``at``, and how it differs from the one that stood before it."""

    at: datetime
    line: Line
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One variable over time: a line for each set of comparable figures, in the order they begin."""

    variable: str
    lines: tuple[Line, ...]

    @property
    def breaks(self) -> tuple[Break, ...]:
        return tuple(
            Break(at=later.points[0].at, line=later, changes=_changes(earlier.key, later.key))
            for earlier, later in pairwise(self.lines)
        )

    def line_of(self, point: Point) -> Line | None:
        """The line that has the point's figure; None for a response that stands in none."""
        score = point.score(self.variable)
        if score is None or score.value is None or point.standing is not Standing.STANDS:
            return None
        key = line_key(point, score)
        return next(line for line in self.lines if line.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One instrument about one side: every response in time, and its variables."""

    instrument: str
    side: str | None
    points: tuple[Point, ...]
    series: tuple[Series, ...]

    @property
    def newest(self) -> Point:
        return self.points[-1]


def lay_out(points: Iterable[Point]) -> tuple[Panel, ...]:
    """The panels of a course, by instrument and side, the one that was answered last at the top."""
    panels: dict[tuple[str, str | None], list[Point]] = defaultdict(list)
    for point in sorted(points, key=lambda one: (one.at, one.id)):
        panels[point.instrument, point.side].append(point)
    laid = [
        Panel(instrument=instrument, side=side, points=tuple(own), series=_series(own))
        for (instrument, side), own in panels.items()
    ]
    return tuple(sorted(laid, key=lambda panel: (panel.newest.at, panel.instrument, panel.side or ""), reverse=True))


def line_key(point: Point, score: Score) -> LineKey:
    """With a method of the source's own, which has no hash, the method's name stands for it."""
    return LineKey(
        variable=score.variable,
        respondent=point.respondent,
        method_hash=score.method_hash or score.method,
        source=point.source or "",
    )


def letter(number: int) -> str:
    """A, B … Z, AA, AB … for 0, 1 …"""
    rest, last = divmod(number, len(ascii_uppercase))
    return (letter(rest - 1) if rest else "") + ascii_uppercase[last]


def _series(points: Sequence[Point]) -> tuple[Series, ...]:
    gathered: dict[str, dict[LineKey, list[Point]]] = defaultdict(lambda: defaultdict(list))
    for point in points:
        if point.standing is not Standing.STANDS:
            continue
        for score in point.scores:
            if score.value is not None:
                gathered[score.variable][line_key(point, score)].append(point)
    return tuple(Series(variable=variable, lines=_lines(lines)) for variable, lines in sorted(gathered.items()))


def _lines(gathered: Mapping[LineKey, Sequence[Point]]) -> tuple[Line, ...]:
    ordered = sorted(gathered.items(), key=lambda entry: (entry[1][0].at, entry[1][0].id))
    return tuple(
        Line(key=key, letter=letter(number), method=_method(key, own[-1]), points=tuple(own))
        for number, (key, own) in enumerate(ordered)
    )


def _method(key: LineKey, point: Point) -> str:
    score = point.score(key.variable)
    return score.method if score else ""


def _changes(earlier: LineKey, later: LineKey) -> tuple[Change, ...]:
    found = []
    if earlier.source != later.source:
        found.append(Change.IMPORTED)
    if earlier.respondent != later.respondent:
        found.append(Change.RESPONDENT)
    if earlier.method_hash != later.method_hash:
        found.append(Change.SCORING)
    return tuple(found)
