"""Figures over time as a picture: values in, SVG out. Pure, and without words of its own.

Shapes, dashes and letters carry the meaning, so that it prints in black and white; colours are the style sheet's, and
what stands in the attributes is for where there is none (the document for the record). Time runs from left to right,
whatever the direction of the page: so do the figures of a scale.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 400, 270
_LEFT, _BOTTOM = 40, 226
# With the numbers of what happened above the plot, and without.
_TOP_BELOW_FLAGS, _TOP = 52, 16
# With the names of the parts of the scale beside the plot, and without.
_RIGHT_OF_NAMES, _RIGHT = 306, 388
# Of a letter, as a part of the size of the text: so that a long name is written smaller and not cut off.
_WIDTH_OF_LETTER = 0.6
_SHAPES = ("circle", "square", "triangle", "diamond")
_DASHES = ("", "7 4", "2 3", "9 3 2 3")
_IMPORTED_DASH = "1 4"
_MOST_LARGE_MARKS = 60
_ROWS_OF_FLAGS = 3
_HALO = 'paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round"'


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure at a moment; ``error``: its standard error, where it has one."""

    at: datetime
    value: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """Figures that may be compared. ``letter``: its name in the picture, empty where it is the only one."""

    letter: str
    dots: Sequence[Dot]
    is_hollow: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the scale with a name; None is no bound. The usual one is shaded."""

    low: float | None
    high: float | None
    words: str
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that happened, by its number in the list beside the picture."""

    at: datetime
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn. ``span`` of the axis and ``scale`` of the figures are from and to; ``name`` is for ids."""

    name: str
    title: str
    description: str
    span: tuple[datetime, datetime]
    scale: tuple[float, float]
    strokes: Sequence[Stroke]
    fields: Sequence[Field] = ()
    reference: float | None = None
    flags: Sequence[Flag] = ()
    starts: Sequence[tuple[datetime, str]] = ()


def draw(chart: Chart, *, write: Callable[[float], str]) -> str:
    """The picture; ``write`` says how a figure is written in the reader's language."""
    body = "".join(_parts(chart, _Place(chart), write))
    title, description = f"{chart.name}-title", f"{chart.name}-words"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="course" viewBox="0 0 {WIDTH} {HEIGHT}" direction="ltr"'
        f' role="img" aria-labelledby="{title}" aria-describedby="{description}" font-family="DejaVu Sans, sans-serif"'
        f' font-size="12"><title id="{title}">{escape(chart.title)}</title>'
        f'<desc id="{description}">{escape(chart.description)}</desc>{body}</svg>'
    )


def round_scale(values: Sequence[float]) -> tuple[float, float]:
    """Bounds for figures without bounds of their own: a little wider than they are, at round numbers."""
    low, high = min(values), max(values)
    step = _round_step((high - low) or abs(high) or 1, 4)
    return floor(low / step) * step, (floor(high / step) + 1) * step


def days_of_axis(span: tuple[datetime, datetime]) -> list[tuple[date, str]]:
    """Where the axis is marked, and how: by years, months or days, never more than five marks."""
    first, last = (moment.date() for moment in span)
    for months in (0, 1, 2, 3, 6, 12, 24, 60, 120):
        marks = list(_months(first, last, months)) if months else list(_days(first, last))
        if 2 <= len(marks) <= 5:
            return marks
    return [(first, first.isoformat()), (last, last.isoformat())]


class _Place:
    """Where a moment and a figure are in the picture."""

    def __init__(self, chart: Chart) -> None:
        self._from, to = chart.span
        self._seconds = max((to - self._from).total_seconds(), 1)
        self._low, high = chart.scale
        self._height = (high - self._low) or 1
        self._top = _TOP_BELOW_FLAGS if chart.flags else _TOP
        self.right = _RIGHT_OF_NAMES if chart.fields else _RIGHT

    def x(self, at: datetime) -> float:
        share = min(max((at - self._from).total_seconds() / self._seconds, 0), 1)
        return round(_LEFT + share * (self.right - _LEFT), 1)

    def y(self, value: float) -> float:
        share = min(max((value - self._low) / self._height, 0), 1)
        return round(_BOTTOM - share * (_BOTTOM - self._top), 1)


def _parts(chart: Chart, place: _Place, write: Callable[[float], str]) -> Iterator[str]:
    yield from _fields(chart, place)
    yield from _axes(chart, place, write)
    yield from _flags(chart, place)
    for number, stroke in enumerate(chart.strokes):
        yield from _stroke(stroke, number, place)
    yield from _names(chart, place)
    yield from _starts(chart, place)


def _fields(chart: Chart, place: _Place) -> Iterator[str]:
    low, high = chart.scale
    for field in chart.fields:
        bottom = place.y(low if field.low is None else field.low)
        top = place.y(high if field.high is None else field.high)
        if field.is_usual:
            yield (
                f'<rect class="course-usual" x="{_LEFT}" y="{top}" width="{place.right - _LEFT}"'
                f' height="{round(bottom - top, 1)}" fill="#000" fill-opacity=".07"/>'
            )
        if field.high is not None:
            yield f'<path class="course-edge" d="M{_LEFT} {top}H{place.right}" stroke="#000" stroke-width=".6"/>'
        if bottom - top >= 10:
            y = round((top + bottom) / 2 + 4, 1)
            room = WIDTH - place.right - 5
            size = round(min(10, room / (_WIDTH_OF_LETTER * max(len(field.words), 1))), 1)
            yield f'<text x="{place.right + 5}" y="{y}" font-size="{size}">{escape(field.words)}</text>'


def _axes(chart: Chart, place: _Place, write: Callable[[float], str]) -> Iterator[str]:
    yield (
        f'<path class="course-axis" d="M{_LEFT} {place.y(chart.scale[1])}V{_BOTTOM}H{place.right}" fill="none"'
        ' stroke="#000"/>'
    )
    for value in _ticks(*chart.scale):
        y = place.y(value)
        yield f'<path class="course-axis" d="M{_LEFT - 4} {y}h4" stroke="#000"/>'
        yield f'<text x="{_LEFT - 7}" y="{y + 4}" text-anchor="end">{escape(write(value))}</text>'
    for day, words in days_of_axis(chart.span):
        x = place.x(datetime(day.year, day.month, day.day, tzinfo=UTC))
        yield f'<path class="course-axis" d="M{x} {_BOTTOM}v5" stroke="#000"/>'
        yield f'<text x="{_within(x, words)}" y="{_BOTTOM + 34}" text-anchor="middle" font-size="11">{words}</text>'
    if chart.reference is not None:
        y = place.y(chart.reference)
        yield (
            f'<path class="course-reference" d="M{_LEFT} {y}H{place.right}" stroke="#000" stroke-width="1.2"'
            ' stroke-dasharray="4 4"/>'
        )


def _flags(chart: Chart, place: _Place) -> Iterator[str]:
    ends = [float("-inf")] * _ROWS_OF_FLAGS
    boxes = []
    for flag in sorted(chart.flags, key=lambda one: one.at):
        x = place.x(flag.at)
        free = [row for row in range(_ROWS_OF_FLAGS) if ends[row] <= x]
        row = free[0] if free else _ROWS_OF_FLAGS - 1
        ends[row] = x + 18
        y = 42 - 14 * row
        yield f'<path class="course-event" d="M{x} {y + 3}V{_BOTTOM}" stroke="#000" stroke-dasharray="1 3"/>'
        boxes.append(
            f'<rect class="course-event-box" x="{round(x - 8, 1)}" y="{y - 10}" width="16" height="13" rx="2"'
            ' fill="#fff" stroke="#000"/>'
            f'<text x="{x}" y="{y}" text-anchor="middle" font-size="10">{flag.number}</text>'
        )
    yield from boxes


def _stroke(stroke: Stroke, number: int, place: _Place) -> Iterator[str]:
    spots = [(place.x(dot.at), place.y(dot.value)) for dot in stroke.dots]
    dash = _IMPORTED_DASH if stroke.is_hollow else _DASHES[number % len(_DASHES)]
    spread = [
        (place.x(dot.at), place.y(dot.value - dot.error), place.y(dot.value + dot.error))
        for dot in stroke.dots
        if dot.error is not None
    ]
    if len(spread) == len(spots) > 1:
        outline = [f"{x} {top}" for x, _, top in spread] + [f"{x} {bottom}" for x, bottom, _ in reversed(spread)]
        yield f'<path class="course-spread" d="M{"L".join(outline)}Z" fill="#000" fill-opacity=".12"/>'
    if len(spots) > 1:
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        along = "L".join(f"{x} {y}" for x, y in spots)
        yield f'<path class="course-line" d="M{along}" fill="none" stroke="#000" stroke-width="2"{dashes}/>'
    if len(spots) <= _MOST_LARGE_MARKS:
        for x, bottom, top in spread:
            yield (
                f'<path class="course-whisker" d="M{x} {bottom}V{top}M{x - 3:.1f} {bottom}h6M{x - 3:.1f} {top}h6"'
                ' fill="none" stroke="#000"/>'
            )
    radius = 4.5 if len(spots) <= _MOST_LARGE_MARKS else 2
    shape = _SHAPES[number % len(_SHAPES)]
    yield from (_mark(shape, x, y, radius, is_hollow=stroke.is_hollow) for x, y in spots)


def _mark(shape: str, x: float, y: float, radius: float, *, is_hollow: bool) -> str:
    name, fill = ("course-hollow", "#fff") if is_hollow else ("course-point", "#000")
    paint = f'class="{name}" fill="{fill}" stroke="#000" stroke-width="1.4"'
    if shape == "circle":
        return f'<circle {paint} cx="{x}" cy="{y}" r="{radius}"/>'
    wide = radius * 1.2
    outlines = {
        "square": f"M{x - radius:.1f} {y - radius:.1f}h{2 * radius}v{2 * radius}h-{2 * radius}Z",
        "triangle": f"M{x} {y - wide:.1f}L{x + wide:.1f} {y + radius:.1f}H{x - wide:.1f}Z",
        "diamond": f"M{x} {y - wide:.1f}L{x + wide:.1f} {y}L{x} {y + wide:.1f}L{x - wide:.1f} {y}Z",
    }
    return f'<path {paint} d="{outlines[shape]}"/>'


def _names(chart: Chart, place: _Place) -> Iterator[str]:
    """Each line's letter beside its last point, moved down where it would cover another's."""
    taken: list[tuple[float, float]] = []
    for stroke in chart.strokes:
        if not stroke.letter:
            continue
        last = stroke.dots[-1]
        x, y = place.x(last.at), place.y(last.value) - 8
        x = x - 9 if x > place.right - 6 else x + 9
        while any(abs(x - other) < 12 and abs(y - height) < 12 for other, height in taken):
            y += 12
        taken.append((x, y))
        yield (
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="13" font-weight="700" {_HALO}>'
            f"{escape(stroke.letter)}</text>"
        )


def _starts(chart: Chart, place: _Place) -> Iterator[str]:
    """On the axis, that another line begins here."""
    for at, letter in chart.starts:
        x = place.x(at)
        yield f'<path class="course-start" d="M{x} {_BOTTOM - 7}l5 8h-10Z" fill="#000" stroke="#fff"/>'
        yield (
            f'<text x="{x}" y="{_BOTTOM + 17}" text-anchor="middle" font-size="11" font-weight="700" {_HALO}>'
            f"{escape(letter)}</text>"
        )


def _within(x: float, words: str) -> float:
    """So far from the border that the words are not cut off."""
    half = len(words) * 3.4
    return round(min(max(x, half), WIDTH - half), 1)


def _ticks(low: float, high: float) -> list[float]:
    step = _round_step(high - low, 6)
    first = floor(low / step + 1e-9) * step
    if first < low - 1e-9:
        first += step
    count = floor((high - first) / step + 1e-9) + 1
    return [round(first + step * number, 6) for number in range(count)]


def _round_step(width: float, most: int) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that makes no more than ``most`` parts."""
    magnitude: float = 10.0 ** floor(log10(width / most))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if width / (factor * magnitude) <= most + 1e-9)


def _months(first: date, last: date, every: int) -> Iterator[tuple[date, str]]:
    month = first.year * 12 + first.month - 1
    month += -month % every
    while (day := date(month // 12, month % 12 + 1, 1)) <= last:
        if day >= first:
            yield day, str(day.year) if every >= 12 else f"{day:%Y-%m}"
        month += every


def _days(first: date, last: date) -> Iterator[tuple[date, str]]:
    length = (last - first).days
    if length > 42:
        return
    every = max(1, -(-length // 4))
    for number in range(0, length + 1, every):
        day = first + timedelta(days=number)
        yield day, f"{day:%m-%d}"


def axis_of(moments: Sequence[datetime]) -> tuple[datetime, datetime]:
    """From the first to the last, with room at the ends so that no mark stands on the border."""
    first, last = min(moments), max(moments)
    room = max((last - first) * 0.04, timedelta(days=2))
    return first - room, last + room
