"""Samples of a patient's results over time: a T-score with its bands, and an EQ-5D with what was imported."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from survey_service.delivery.course_svg import Chart, Dot, Field, Flag, Stroke, axis_of, draw
from survey_service.http.own_results import OwnResult
from survey_service.http.score_scale import ScalePicture
from survey_service.http.score_scale import draw as draw_scale

Say = Callable[[str, str], str]
SURGERY = datetime(2026, 2, 2, 7, tzinfo=UTC)
DAYS = [datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC), datetime(2026, 8, 3, tzinfo=UTC)]
LATER = [datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)]
EARLIER = datetime(2025, 10, 3, tzinfo=UTC)


def course_page(say: Say) -> dict[str, Any]:
    """For staff."""
    return {
        "person_id": "7",
        "patient": {"name": "Bertil Öberg", "personal_number": "19560312-2391"},
        "panels": [_pain(say), _health(say)],
        "is_cut": True,
        "is_blocked": True,
    }


def own_results_page(say: Say) -> dict[str, Any]:
    """For the patient."""
    panel = _pain(say) | {"newest": [own_result(say, name="newest")]}
    for row in panel["rows"]:
        row["response_id"] = None
        for cell in row["cells"]:
            cell |= {"error": None, "span": say("45,1–54,9", "45.1–54.9") if cell["shown"] else None}
        row["unit"] = say("Knämottagningen i Sjövik", "The knee clinic in Sjövik")
    return {"panels": [panel], "is_cut": False}


def own_result(say: Say, *, name: str) -> OwnResult:
    """A figure beside a group, as it is told to the patient."""
    sentences = [
        say("Ditt resultat är 61,2.", "Your result is 61.2."),
        say("Det ligger troligen mellan 56,1 och 66,3.", "It is most likely between 56.1 and 66.3."),
    ]
    picture = ScalePicture(
        name=name,
        title=say("Ork, T-värde", "Energy, T-score"),
        description=" ".join(sentences),
        scale=(20, 80),
        value=61.2,
        shown=say("61,2", "61.2"),
        likely=(56.1, 66.3),
        group=(40, 60),
        average=50,
        ends=(say("bättre", "better"), say("sämre", "worse")),
    )
    svg = draw_scale(picture, write=lambda value: f"{value:g}")
    caption = say("Punkten är ditt resultat.", "The dot is your result.")
    return OwnResult(title=picture.title, sentences=sentences, svg=svg, caption=caption)


def own_profile(say: Say) -> OwnResult:
    """Levels, part by part."""
    levels = [
        (say(f"Del {part}", f"Part {part}"), say(f"nivå {level} av 5", f"level {level} of 5"))
        for part, level in enumerate((2, 1, 2, 3, 1), start=1)
    ]
    return OwnResult(
        title=say("Din hälsa i dag, del för del", "Your health today, part by part"),
        sentences=[say("Nivå 1 betyder inga besvär.", "Level 1 means no problems.")],
        levels=levels,
    )


def _pain(say: Say) -> dict[str, Any]:
    title = say("Ork, T-värde", "Energy, T-score")
    names = [say("det vanliga", "usual"), say("lindriga", "mild"), say("måttliga", "moderate"), say("svåra", "severe")]
    edges = [None, 55.0, 60.0, 70.0, None]
    chart = Chart(
        name="course-1-1",
        title=title,
        description=say("Fem siffror, från 61,2 till 50,0.", "Five figures, from 61.2 to 50.0."),
        span=axis_of([*DAYS, *LATER, SURGERY]),
        scale=(20, 80),
        strokes=[
            Stroke("A", [Dot(DAYS[0], 61.2, 3), Dot(DAYS[1], 55.3, 2.6), Dot(DAYS[2], 48.4, 2.8)]),
            Stroke("B", [Dot(LATER[0], 51.2, 3), Dot(LATER[1], 50, 2.5)]),
        ],
        fields=[Field(edges[place], edges[place + 1], name, place == 0) for place, name in enumerate(names)],
        reference=50,
        flags=[Flag(SURGERY, 1)],
        starts=[(LATER[0], "B")],
    )
    break_ = say(
        "Från den 30 september en ny linje, B: siffrorna räknas på ett annat sätt.",
        "From 30 September a new line, B: the figures are computed in another way.",
    )
    cells = [("50,0", "2,5", "B"), ("51,2", "3", "B"), ("48,4", "2,8", "A"), ("55,3", "2,6", "A"), ("61,2", "3", "A")]
    rows = [
        _row(say, day, [{"shown": shown, "error": error, "span": None, "letter": letter, "missing": None}])
        for day, (shown, error, letter) in zip([*reversed(LATER), *reversed(DAYS)], cells, strict=True)
    ]
    rows[1]["notes"] = [say("Rättad", "Corrected")]
    none = {"shown": None, "error": None, "span": None, "letter": "", "missing": None}
    unopened = _row(say, LATER[1], [none]) | {"notes": [say("Inte öppnat än", "Not opened yet")], "stands": False}
    return {
        "id": "course-1",
        "title": say("Ork i vardagen", "Energy in everyday life"),
        "side": say("Vänster", "Left"),
        "newest": [],
        "charts": [
            _chart(chart, say("En lägre siffra är bättre.", "A lower figure is better."))
            | {
                "has_error": True,
                "has_reference": True,
                "lines": [
                    {"letter": letter, "words": say(f"Metod {letter}", f"Method {letter}")} for letter in ("A", "B")
                ],
                "breaks": [break_],
            }
        ],
        "events": [say("2 februari 2026: Operation, vänster", "2 February 2026: Surgery, left")],
        "columns": [title],
        "dimensions": [],
        "rows": [unopened, *rows],
    }


def _health(say: Say) -> dict[str, Any]:
    title = say("Hälsa i dag (0–100)", "Health today (0–100)")
    chart = Chart(
        name="course-2-1",
        title=title,
        description=say("Tre siffror.", "Three figures."),
        span=axis_of([EARLIER, *DAYS]),
        scale=(0, 100),
        strokes=[
            Stroke("A", [Dot(EARLIER, 40)], is_hollow=True),
            Stroke("B", [Dot(DAYS[0], 52), Dot(DAYS[1], 71)]),
        ],
        starts=[(DAYS[0], "B")],
    )
    figures = [(DAYS[1], "71", "B"), (DAYS[0], "52", "B"), (EARLIER, "40", "A")]
    rows = [
        _row(say, day, [{"shown": shown, "error": None, "span": None, "letter": letter, "missing": None}])
        | {"levels": ["2", "1", "2", "3", "–"]}
        for day, shown, letter in figures
    ]
    rows[2] |= {
        "notes": [say("Inläst från Knäregistret", "Imported from The knee register")],
        "response_id": None,
        "occasion": None,
    }
    return {
        "id": "course-2",
        "title": say("Hälsa i fem delar", "Health in five parts"),
        "side": None,
        "newest": [],
        "charts": [_chart(chart, say("En högre siffra är bättre.", "A higher figure is better."))],
        "events": [],
        "columns": [title],
        "dimensions": [say(f"Del {number}", f"Part {number}") for number in range(1, 6)],
        "rows": rows,
    }


def _chart(chart: Chart, direction: str) -> dict[str, Any]:
    return {
        "id": chart.name,
        "title": chart.title,
        "svg": draw(chart, write=lambda value: f"{value:g}"),
        "alt": chart.description,
        "direction": direction,
        "important_change": None,
        "has_error": False,
        "has_reference": False,
        "lines": [],
        "breaks": [],
    }


def _row(say: Say, at: datetime, cells: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "response_id": "8",
        "day": say(f"{at.day}.{at.month} {at.year}", f"{at.day}/{at.month} {at.year}"),
        "occasion": say("Uppföljning", "Follow-up"),
        "unit": None,
        "levels": [],
        "cells": cells,
        "stands": True,
        "notes": [],
    }
