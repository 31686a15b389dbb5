"""Pictures of a course: well formed, said in words, told apart without colour, and inside their frame."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.delivery.course_svg import (
    HEIGHT,
    WIDTH,
    Chart,
    Dot,
    Field,
    Flag,
    Stroke,
    axis_of,
    days_of_axis,
    draw,
    round_scale,
)

BEGINNING = datetime(2026, 1, 1, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def after(days: float) -> datetime:
    return BEGINNING + timedelta(days=days)


def a_chart(**changes: Any) -> Chart:
    values: dict[str, Any] = {
        "name": "c",
        "title": "T",
        "description": "D",
        "span": (BEGINNING, after(300)),
        "scale": (20, 80),
        "strokes": [Stroke("", [Dot(after(10), 50, 3), Dot(after(100), 45, 3)])],
    }
    return Chart(**(values | changes))


def drawn(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(draw(chart, write=lambda value: f"{value:g}"))


def said(chart: Chart) -> list[str]:
    return [text.text or "" for text in drawn(chart).iter(f"{SVG}text")]


def test_a_picture_is_an_image_with_a_title_and_a_description() -> None:
    """C6"""
    picture = drawn(a_chart())
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title[@id='{picture.get('aria-labelledby')}']") is not None
    assert picture.find(f"{SVG}desc[@id='{picture.get('aria-describedby')}']") is not None


def test_time_runs_left_to_right_whatever_the_page() -> None:
    picture = drawn(a_chart())
    marks = [float(mark.get("cx", "")) for mark in picture.iter(f"{SVG}circle")]
    assert picture.get("direction") == "ltr"
    assert marks == sorted(marks)
    assert len(set(marks)) == 2


def test_lines_differ_in_shape_dash_and_letter() -> None:
    """C6: never by colour alone."""
    strokes = [Stroke(letter, [Dot(after(day), 50), Dot(after(day + 5), 51)]) for day, letter in ((1, "A"), (20, "B"))]
    picture = drawn(a_chart(strokes=strokes))
    dashes = {line.get("stroke-dasharray") for line in picture.iter() if line.get("class") == "course-line"}
    shapes = [mark.tag for mark in picture.iter() if mark.get("class") == "course-point"]
    assert len(dashes) == 2
    assert len(set(shapes)) == 2
    assert {"A", "B"} <= {text.text for text in picture.iter(f"{SVG}text")}


def test_what_was_imported_is_hollow() -> None:
    picture = drawn(a_chart(strokes=[Stroke("A", [Dot(after(1), 50)], is_hollow=True)]))
    assert [mark.get("class") for mark in picture.iter(f"{SVG}circle")] == ["course-hollow"]


def test_there_is_nothing_that_the_security_policy_would_drop() -> None:
    picture = draw(a_chart(flags=[Flag(after(3), 1)], starts=[(after(9), "B")]), write=str)
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href", picture)


def test_a_text_cannot_become_markup() -> None:
    chart = a_chart(title="<b>&", description="</desc>", fields=[Field(None, None, "<i>", is_usual=True)])
    assert drawn(chart).findtext(f"{SVG}title") == "<b>&"
    assert "<i>" in said(chart)


def test_events_close_to_one_another_do_not_cover_each_other() -> None:
    boxes = [
        (float(box.get("x", "")), float(box.get("y", "")))
        for box in drawn(a_chart(flags=[Flag(after(day), day) for day in (1, 2, 3)])).iter(f"{SVG}rect")
    ]
    assert len({height for _, height in boxes}) == 3


@given(
    st.lists(
        st.tuples(st.integers(0, 9000), st.floats(-50, 150), st.one_of(st.none(), st.floats(0, 20))),
        min_size=1,
        max_size=8,
    )
)
def test_every_mark_is_inside_the_frame(figures: list[tuple[int, float, float | None]]) -> None:
    dots = [Dot(after(day), value, error) for day, value, error in sorted(figures, key=lambda one: one[0])]
    chart = a_chart(span=axis_of([dot.at for dot in dots]), strokes=[Stroke("A", dots)])
    for mark in drawn(chart).iter(f"{SVG}circle"):
        assert 0 <= float(mark.get("cx", "")) <= WIDTH
        assert 0 <= float(mark.get("cy", "")) <= HEIGHT


def test_a_long_name_of_a_part_of_the_scale_is_written_smaller_and_not_cut_off() -> None:
    parts = [Field(50, None, "kort", is_usual=False), Field(None, 50, "ett mycket långt namn", is_usual=True)]
    short, long = (
        float(text.get("font-size", ""))
        for text in drawn(a_chart(fields=parts)).iter(f"{SVG}text")
        if text.text in {"kort", "ett mycket långt namn"}
    )
    assert (short, long < 10) == (10, True)


@given(st.integers(0, 20000))
def test_an_axis_of_any_length_has_a_few_marks(days: int) -> None:
    assert 2 <= len(days_of_axis(axis_of([BEGINNING, after(days)]))) <= 6


@pytest.mark.parametrize(
    ("days", "marks"),
    [
        (4, ["12-31", "01-02", "01-04"]),
        (200, ["2026-01", "2026-03", "2026-05", "2026-07"]),
        (1500, ["2026", "2027", "2028", "2029", "2030"]),
    ],
)
def test_the_axis_is_marked_by_days_months_or_years(days: int, marks: list[str]) -> None:
    assert [words for _, words in days_of_axis((after(-1), after(days)))] == marks


@given(st.lists(st.floats(-1000, 1000), min_size=1))
def test_a_scale_of_its_own_holds_every_figure(values: list[float]) -> None:
    low, high = round_scale(values)
    assert low <= min(values)
    assert max(values) <= high
    assert low < high
