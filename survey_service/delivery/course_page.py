"""A patient's course as pages and the document for the record show it: pictures, tables and words of the same figures.

Words for what `course_reading` has read; which figures may stand together is `course`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext

from instruments import BandName, Instrument, Respondent, Score, Variable, VariableType
from instruments.eq5d import Eq5d
from survey_service.delivery.course import Break, Change, Line, Panel, Point, Series, Standing, lay_out
from survey_service.delivery.course_reading import Course, Texts
from survey_service.delivery.course_svg import Chart, Dot, Field, Flag, Stroke, axis_of, draw, round_scale
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, day, number
from survey_service.http.own_results import LIKELY, OwnResult, likely, own_results
from survey_service.http.results import (
    dimension_names,
    direction,
    figure,
    important_change,
    label,
    of_groups,
    why_missing,
)
from survey_service.people.queries import NAME_IS_ERASED
from survey_service.scheduling.rules import OPENING_TIME, BodySide, in_language

Context = dict[str, Any]

# What says how an answer came about, not how somebody is.
_NOT_FIGURES = frozenset({"theta", "n_items", "stop_reason", "lfs", "profile"})
# In the table only: a sum of levels says less than the levels beside it.
_NOT_DRAWN = frozenset({"lss"})
# As on the page after the last question: figures that mean nothing to who is no specialist.
_NOT_FOR_PATIENTS = frozenset({"index", "lss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What a panel is described with. ``name`` begins the ids of its elements."""

    name: str
    panel: Panel
    course: Course
    instrument: Instrument | None
    texts: Texts
    plain: bool

    def variable(self, name: str) -> Variable:
        known = self.instrument.variables if self.instrument else ()
        unknown = Variable(name=name, definition="", type=VariableType.NUMBER, unit="")
        return next((variable for variable in known if variable.name == name), unknown)

    @property
    def series(self) -> list[Series]:
        """In the order of the catalogue; for a patient without what is no figure about one person."""
        order = [variable.name for variable in self.instrument.variables] if self.instrument else []
        hidden = _NOT_FIGURES | (_NOT_FOR_PATIENTS if self.plain else frozenset())
        percentages = of_groups(self.instrument.scoring) if self.instrument and self.plain else frozenset()
        shown = [
            one
            for one in self.panel.series
            if one.variable.rpartition(".")[2] not in hidden and one.variable not in percentages
        ]
        return sorted(shown, key=lambda one: order.index(one.variable) if one.variable in order else len(order))


def describe(services: Services, course: Course, *, plain: bool = False) -> Context:
    """Everything of the course in words and pictures; ``plain`` for the patient."""
    panels = lay_out(course.points)
    settings = [
        _Setting(
            name=f"course-{count}",
            panel=panel,
            course=course,
            instrument=services.library.installed(
                panel.newest.instrument, panel.newest.instrument_version, panel.newest.form
            ),
            texts=course.texts.get((panel.instrument, panel.newest.instrument_version), {}),
            plain=plain,
        )
        for count, panel in enumerate(panels, start=1)
    ]
    return {"panels": [_panel(one) for one in settings], "is_cut": course.is_cut, "is_blocked": course.is_blocked}


def patient_of(course: Course) -> Context:
    """Whose course it is."""
    identity = course.identity
    if identity is None:
        return {"name": NAME_IS_ERASED, "personal_number": NAME_IS_ERASED}
    return {"name": identity.name, "personal_number": f"{identity.number[:8]}-{identity.number[8:]}"}


def _panel(setting: _Setting) -> Context:
    panel, series = setting.panel, setting.series
    events = _events(setting)
    drawn = [one for one in series if one.variable.rpartition(".")[2] not in _NOT_DRAWN]
    return {
        "id": setting.name,
        "title": setting.texts.get("title", panel.instrument),
        "side": _side(panel.side),
        "newest": _newest(setting) if setting.plain else [],
        "charts": [_chart(setting, one, events, count) for count, one in enumerate(drawn, start=1)],
        "events": [words for _, words in events],
        "columns": [label(one.variable, setting.texts) for one in series],
        "dimensions": dimension_names() if _eq5d(setting) else [],
        "rows": [_row(setting, series, point) for point in reversed(panel.points)],
    }


def _newest(setting: _Setting) -> list[OwnResult]:
    """The newest figures in plain words, beside the group."""
    standing = [point for point in setting.panel.points if point.standing is Standing.STANDS and point.source is None]
    if not standing:
        return []
    return own_results(setting.instrument, standing[-1].scores, setting.texts, name=f"{setting.name}-newest")


def _eq5d(setting: _Setting) -> Eq5d | None:
    scoring = setting.instrument.scoring if setting.instrument else None
    return scoring if isinstance(scoring, Eq5d) else None


# ---- the events


def _events(setting: _Setting) -> list[tuple[datetime, str]]:
    """What happened, in time: the events that enrolments count from, and corrections. Its place is its number.

    An event about one side stands with the forms about that side, and with those about none.
    """
    panel = setting.panel
    anchors = [
        (at_local_time(one.on, OPENING_TIME), _anchor(one.kind, one.side, one.procedure_id))
        for one in setting.course.anchors
        if panel.side is None or one.side in {None, panel.side}
    ]
    corrections = [
        (point.corrected_at, gettext("The answers of %(day)s were corrected", day=day(local_day(point.at))))
        for point in panel.points
        if point.corrected_at is not None and not setting.plain
    ]
    # Two enrolments may count from the same event.
    together = sorted({*anchors, *corrections})
    return [(at, f"{day(local_day(at))}: {words}") for at, words in together]


def _anchor(kind: str, side: str | None, procedure: str | None) -> str:
    words = {
        "surgery": gettext("Surgery"),
        "diagnosis": gettext("Diagnosis"),
        "visit": gettext("Visit"),
        "enrolment": gettext("Enrolment"),
    }
    return ", ".join(part for part in (words.get(kind, kind), _side(side), procedure) if part)


def _side(side: str | None) -> str | None:
    words = {BodySide.LEFT: gettext("Left"), BodySide.RIGHT: gettext("Right"), BodySide.BOTH: gettext("Both sides")}
    return None if side is None else str(words[BodySide(side)])


# ---- the pictures


def _chart(setting: _Setting, series: Series, events: Sequence[tuple[datetime, str]], count: int) -> Context:
    variable = setting.variable(series.variable)
    title = label(series.variable, setting.texts)
    moments = [point.at for line in series.lines for point in line.points]
    chart = Chart(
        name=f"{setting.name}-{count}",
        title=title,
        description=_described(setting, series, variable),
        span=axis_of([*moments, *(at for at, _ in events)]),
        scale=_scale(series, variable),
        strokes=[_stroke(series, line, widths=LIKELY if setting.plain else 1) for line in series.lines],
        fields=_fields(variable),
        reference=variable.reference.mean if variable.reference else None,
        flags=[Flag(at, place) for place, (at, _) in enumerate(events, start=1)],
        starts=[(one.at, one.line.letter) for one in series.breaks],
    )
    return {
        "id": chart.name,
        "title": title,
        "svg": draw(chart, write=number),
        "alt": chart.description,
        "direction": direction(variable),
        "important_change": None if setting.plain else important_change(variable),
        "has_error": any(dot.error is not None for stroke in chart.strokes for dot in stroke.dots),
        "has_reference": chart.reference is not None,
        "lines": _legend(setting, series),
        "breaks": [_break(one) for one in series.breaks],
    }


def _stroke(series: Series, line: Line, *, widths: float) -> Stroke:
    """``widths``: how many standard errors there are on each side."""
    dots = [
        Dot(point.at, score.value, None if score.standard_error is None else widths * score.standard_error)
        for point in line.points
        for score in [line.value(point)]
        if score.value is not None
    ]
    return Stroke(_letter(series, line), dots, is_hollow=line.is_imported)


def _letter(series: Series, line: Line) -> str:
    return line.letter if len(series.lines) > 1 else ""


def _scale(series: Series, variable: Variable) -> tuple[float, float]:
    """That of the variable; 20 to 80 for a T-score, and as wide as needed where there is none."""
    values = [value for line in series.lines for point in line.points if (value := line.value(point).value) is not None]
    if variable.name.endswith(".t"):
        return min(20, *values, 20), max(80, *values, 80)
    if variable.minimum is not None and variable.maximum is not None:
        return variable.minimum, variable.maximum
    return round_scale(values)


def _fields(variable: Variable) -> list[Field]:
    if variable.bands is None:
        return []
    names = {
        BandName.USUAL: gettext("usual"),
        BandName.MILD: gettext("mild"),
        BandName.MODERATE: gettext("moderate"),
        BandName.SEVERE: gettext("severe"),
    }
    return [
        Field(band.low, band.high, names[band.name], is_usual=band.name is BandName.USUAL)
        for band in variable.bands.bands
    ]


def _described(setting: _Setting, series: Series, variable: Variable) -> str:
    """What a listener hears instead of the picture."""
    points = sorted(
        (point.at, point.id, figure(line.value(point)) or "") for line in series.lines for point in line.points
    )
    first, last = points[0], points[-1]
    sentences = [
        ngettext("%(num)s figure.", "%(num)s figures.", len(points)),
        gettext("The first, %(day)s: %(value)s.", day=day(local_day(first[0])), value=first[2]),
    ]
    if len(points) > 1:
        sentences.append(gettext("The last, %(day)s: %(value)s.", day=day(local_day(last[0])), value=last[2]))
    sentences += [direction(variable) or "", *(_break(one) for one in series.breaks)]
    sentences.append(gettext("The table has every figure."))
    return " ".join(str(sentence) for sentence in sentences if sentence)


def _legend(setting: _Setting, series: Series) -> list[Context]:
    """What each line is; empty for the patient where there is but one."""
    if setting.plain and len(series.lines) == 1:
        return []
    return [{"letter": _letter(series, line), "words": _line(setting, line)} for line in series.lines]


def _line(setting: _Setting, line: Line) -> str:
    parts = [_respondent(line.key.respondent, plain=setting.plain)]
    if line.is_imported:
        parts.append(gettext("imported from %(source)s", source=line.key.source))
    if not setting.plain:
        parts.append(gettext("method: %(method)s", method=line.method))
    return ", ".join(parts)


def _respondent(code: str, *, plain: bool) -> str:
    if code == Respondent.SELF:
        return str(gettext("You answered") if plain else gettext("The patient answered"))
    return str(gettext("Somebody close answered"))


def _break(one: Break) -> str:
    words = {
        Change.SCORING: gettext("the figures are computed in another way"),
        Change.RESPONDENT: gettext("somebody else answers"),
        Change.IMPORTED: gettext("the figures come from another place"),
    }
    why = ", ".join(words[change] for change in one.changes)
    return str(
        gettext(
            "From %(day)s a new line, %(letter)s: %(why)s. Do not compare it with the others.",
            day=day(local_day(one.at)),
            letter=one.line.letter,
            why=why,
        )
    )


# ---- the table


def _row(setting: _Setting, series: Sequence[Series], point: Point) -> Context:
    course = setting.course
    occasion = course.occasions.get(point.id)
    return {
        "response_id": point.id if point.id in course.may_open else None,
        "day": day(local_day(point.at)),
        "occasion": in_language(occasion.titles, current_locale()) if occasion else None,
        "unit": course.units.get(point.id) if setting.plain else None,
        "levels": _levels(setting, point),
        "cells": [_cell(one, point, plain=setting.plain) for one in series],
        "stands": point.standing is Standing.STANDS,
        "notes": _notes(point, plain=setting.plain),
    }


def _cell(series: Series, point: Point, *, plain: bool) -> Context:
    """A figure as it is in the picture: for the patient with ``span``, between which figures it most likely is.

    ``letter`` says in which line, where there are several.
    """
    line, score = series.line_of(point), point.score(series.variable)
    if line is None or score is None:
        return {"shown": None, "error": None, "span": None, "letter": "", "missing": _missing(score)}
    error, span = (None, likely(score)) if plain else (score.standard_error, None)
    return {
        "shown": figure(score),
        "error": None if error is None else number(round(error, 1)),
        "span": "–".join(number(round(end, 1)) for end in span) if span else None,
        "letter": _letter(series, line),
        "missing": None,
    }


def _missing(score: Score | None) -> str | None:
    return why_missing(score.missing_reason) if score and score.missing_reason else None


def _levels(setting: _Setting, point: Point) -> list[str]:
    """The five levels of an EQ-5D profile; a dash where there is none."""
    scoring = _eq5d(setting)
    if scoring is None:
        return []
    profile = point.score(f"{scoring.prefix}.profile")
    digits = profile.text if profile and profile.text else "9" * len(dimension_names())
    return ["–" if digit == "9" else digit for digit in digits]


def _notes(point: Point, *, plain: bool) -> list[str]:
    notes: Mapping[Standing, str] = {
        Standing.VOIDED: gettext("Put aside: not to be used"),
        Standing.UNOPENED: gettext("Not opened yet"),
    }
    found = [notes[point.standing]] if point.standing in notes else []
    if point.corrected_at is not None:
        found.append(gettext("Corrected"))
    if point.source is not None:
        found.append(gettext("Imported from %(source)s", source=point.source))
    if point.respondent != Respondent.SELF:
        found.append(_respondent(point.respondent, plain=plain))
    return [str(note) for note in found]
