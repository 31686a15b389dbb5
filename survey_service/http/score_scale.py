"""One figure on its scale as a picture: values in, SVG out. Pure, and without words of its own.

Shapes and dashes carry the meaning, so that it prints in black and white; colours are the style sheet's. The scale runs
from left to right, whatever the direction of the page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 360, 104
_LEFT, _RIGHT = 14, 346
_VALUE, _TOP, _MIDDLE, _AXIS = 16, 24, 40, 60
_HALO = 'paint-order="stroke" stroke="#fff" stroke-width="3" stroke-linejoin="round"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalePicture:
    """``likely`` and ``group`` are from and to; ``ends`` are the words below the lower and the higher end."""

    name: str
    title: str
    description: str
    scale: tuple[float, float]
    value: float
    shown: str
    likely: tuple[float, float] | None
    group: tuple[float, float] | None
    average: float | None
    ends: tuple[str, str]


def draw(picture: ScalePicture, *, write: Callable[[float], str]) -> str:
    """``write`` says how a figure is written in the reader's language."""
    title, words = f"{picture.name}-title", f"{picture.name}-words"
    return (
        f'<svg class="course own" viewBox="0 0 {WIDTH} {HEIGHT}" direction="ltr" role="img" aria-labelledby="{title}"'
        f' aria-describedby="{words}" font-size="15"><title id="{title}">{escape(picture.title)}</title>'
        f'<desc id="{words}">{escape(picture.description)}</desc>{"".join(_parts(picture, write))}</svg>'
    )


def _parts(picture: ScalePicture, write: Callable[[float], str]) -> Iterator[str]:
    def x(value: float) -> float:
        low, high = picture.scale
        share = min(max((value - low) / ((high - low) or 1), 0), 1)
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)

    if picture.group is not None:
        left, right = map(x, picture.group)
        yield (
            f'<rect class="course-usual" x="{left}" y="{_TOP}" width="{right - left:.1f}" height="{_AXIS - _TOP}"'
            ' fill="#000" fill-opacity=".1"/>'
            f'<path class="course-edge" d="M{left} {_TOP}V{_AXIS}M{right} {_TOP}V{_AXIS}" stroke="#000"'
            ' stroke-width=".8"/>'
        )
    if picture.average is not None:
        yield (
            f'<path class="course-reference" d="M{x(picture.average)} {_TOP}V{_AXIS}" stroke="#000"'
            ' stroke-width="1.4" stroke-dasharray="4 4"/>'
        )
    yield f'<path class="course-axis" d="M{_LEFT} {_AXIS}H{_RIGHT}" stroke="#000"/>'
    for tick in _ticks(*picture.scale):
        yield f'<path class="course-axis" d="M{x(tick)} {_AXIS}v5" stroke="#000"/>'
        yield f'<text x="{x(tick)}" y="{_AXIS + 19}" text-anchor="middle">{escape(write(tick))}</text>'
    yield from _own(picture, x)
    for place, anchor, words in ((2, "start", picture.ends[0]), (WIDTH - 2, "end", picture.ends[1])):
        yield f'<text x="{place}" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(words)}</text>'


def _own(picture: ScalePicture, x: Callable[[float], float]) -> Iterator[str]:
    if picture.likely is not None:
        low, high = map(x, picture.likely)
        yield (
            f'<path class="course-whisker" d="M{low} {_MIDDLE}H{high}M{low} {_MIDDLE - 7}v14M{high} {_MIDDLE - 7}v14"'
            ' fill="none" stroke="#000" stroke-width="2.5"/>'
        )
    at = x(picture.value)
    yield (
        f'<circle class="course-point" cx="{at}" cy="{_MIDDLE}" r="6.5" fill="#000" stroke="#fff" stroke-width="1.4"/>'
        f'<text x="{min(max(at, 24), WIDTH - 24)}" y="{_VALUE}" text-anchor="middle" font-size="17" font-weight="700"'
        f" {_HALO}>{escape(picture.shown)}</text>"
    )


def _ticks(low: float, high: float) -> Iterator[float]:
    """At most seven, at 1, 2 or 5 times a power of ten."""
    width = high - low
    magnitude: float = 10.0 ** floor(log10(width / 6))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if width / (factor * magnitude) <= 6 + 1e-9)
    first = floor(low / step + 1e-9)
    for count in range(first, floor(high / step + 1e-9) + 1):
        if count * step >= low - 1e-9:
            yield round(count * step, 6)
