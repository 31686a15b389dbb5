"""Which figures of a patient may stand in one line: by properties, on courses of every kind."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from instruments import Score
from survey_service.delivery.course import Change, Panel, Point, Standing, lay_out, letter, line_key

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
VARIABLES = ("tiny.sum", "tiny.t")


def a_score(variable: str = "tiny.t", method: str = "m1", value: float | None = 50.0) -> Score:
    missing = None if value is not None else "skipped"
    return Score(
        variable=variable, method=method, method_hash=method, algorithm="a", value=value, missing_reason=missing
    )


def a_point(number: int = 1, **changes: Any) -> Point:
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "instrument": "tiny",
        "instrument_version": "1.0",
        "form": "",
        "respondent": "self",
        "side": None,
        "at": BEGINNING + timedelta(days=number),
        "standing": Standing.STANDS,
        "scores": (a_score(),),
    }
    return Point(**(values | changes))


@st.composite
def courses(draw: st.DrawFn) -> list[Point]:
    """Responses of two instruments, sides, respondents, scoring versions and sources, in any order."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        scores = tuple(
            a_score(variable, draw(st.sampled_from(("m1", "m2"))), draw(st.sampled_from((50.0, None))))
            for variable in draw(st.sets(st.sampled_from(VARIABLES)))
        )
        found.append(
            a_point(
                number,
                instrument=draw(st.sampled_from(("tiny", "other"))),
                respondent=draw(st.sampled_from(("self", "proxy"))),
                side=draw(st.sampled_from((None, "left", "right"))),
                at=BEGINNING + timedelta(days=draw(st.integers(0, 5))),
                standing=draw(st.sampled_from(tuple(Standing))),
                source=draw(st.sampled_from((None, "R"))),
                scores=scores,
            )
        )
    return found


def one_panel(*points: Point) -> Panel:
    (panel,) = lay_out(points)
    return panel


@given(courses())
def test_no_two_figures_of_different_kinds_share_a_line(points: list[Point]) -> None:
    """C4: one instrument, respondent, side, scoring version and source."""
    for panel in lay_out(points):
        for series in panel.series:
            for line in series.lines:
                assert {line_key(point, line.value(point)) for point in line.points} == {line.key}
                assert {(point.instrument, point.side) for point in line.points} == {(panel.instrument, panel.side)}


@given(courses())
def test_every_response_has_one_row(points: list[Point]) -> None:
    rows = [point.id for panel in lay_out(points) for point in panel.points]
    assert sorted(rows) == sorted(point.id for point in points)


@given(courses())
def test_every_figure_that_stands_is_a_point_of_exactly_one_line(points: list[Point]) -> None:
    drawn = [
        (point.id, line.key.variable)
        for panel in lay_out(points)
        for series in panel.series
        for line in series.lines
        for point in line.points
    ]
    stands = [
        (point.id, score.variable)
        for point in points
        if point.standing is Standing.STANDS
        for score in point.scores
        if score.value is not None
    ]
    assert sorted(drawn) == sorted(stands)


@given(courses())
def test_time_never_runs_backwards_in_a_panel_or_a_line(points: list[Point]) -> None:
    for panel in lay_out(points):
        sequences = [panel.points, *(line.points for series in panel.series for line in series.lines)]
        for own in sequences:
            assert all(earlier.at <= later.at for earlier, later in pairwise(own))


@given(courses())
def test_every_line_after_the_first_is_announced_with_its_reason(points: list[Point]) -> None:
    for panel in lay_out(points):
        for series in panel.series:
            assert [one.line for one in series.breaks] == list(series.lines[1:])
            assert all(one.changes for one in series.breaks)
            assert len({line.letter for line in series.lines}) == len(series.lines)


def test_another_scoring_version_begins_a_line_and_says_so() -> None:
    (series,) = one_panel(a_point(1), a_point(2, scores=(a_score(method="m2"),))).series
    (told,) = series.breaks
    assert (told.line.letter, told.changes) == ("B", (Change.SCORING,))


def test_somebody_else_who_answers_begins_a_line_and_it_says_so() -> None:
    (series,) = one_panel(a_point(1), a_point(2, respondent="proxy")).series
    assert series.breaks[0].changes == (Change.RESPONDENT,)


def test_the_left_knee_and_the_right_are_two_panels() -> None:
    panels = lay_out([a_point(1, side="left"), a_point(2, side="right")])
    assert [(panel.side, len(panel.points)) for panel in panels] == [("right", 1), ("left", 1)]


def test_what_is_voided_or_unopened_has_a_row_and_no_point() -> None:
    panel = one_panel(a_point(1, standing=Standing.VOIDED), a_point(2, standing=Standing.UNOPENED))
    assert (len(panel.points), panel.series) == (2, ())


def test_letters_go_on_after_the_last_of_the_alphabet() -> None:
    assert [letter(number) for number in (0, 1, 25, 26, 27, 51, 52)] == ["A", "B", "Z", "AA", "AB", "AZ", "BA"]
