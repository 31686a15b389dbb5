"""The printed form, and typing in what came back, twice: where the two differ, the paper is looked at once more."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from instruments import Item, QuestionKind
from survey_service.answering import paper_page
from survey_service.answering.paper import (
    Given,
    PaperForm,
    Part,
    differing,
    enter_paper,
    filled_at,
    look_at_paper,
    read_part,
)
from survey_service.answering.rules import read_whole
from survey_service.errors import BadInput
from survey_service.http.context import services, staff

blueprint = Blueprint("paper", __name__)

_DAY = ("year", "month", "day")
_FIRST, _SECOND, _RESOLVED = "first", "second", "resolved"


@blueprint.get("/staff/occasions/<uuid:occasion_id>/paper")
def form(occasion_id: UUID) -> ResponseReturnValue:
    return render_template("staff/paper.html", **paper_page.form(services(), occasion_id, as_=staff()))


@blueprint.get("/staff/occasions/<uuid:occasion_id>/entry")
def entry(occasion_id: UUID) -> ResponseReturnValue:
    return _page(look_at_paper(services(), occasion_id, to_enter=True, as_=staff()), _FIRST)


@blueprint.post("/staff/occasions/<uuid:occasion_id>/entry", endpoint="enter")
def enter(occasion_id: UUID) -> ResponseReturnValue:
    """First, second, and where they differ a third look; then the response is complete."""
    as_ = staff()
    found = look_at_paper(services(), occasion_id, to_enter=True, as_=as_)
    stage = request.form.get("stage", _FIRST)
    given, errors = _read(found, "")
    errors = _day_refused(found) | errors
    if errors:
        return _page(found, stage, typed_in=_typed(found), errors=errors, sent=_sent()), 400
    if stage == _FIRST:
        sent = [(f"first-{name}", text) for name, text in request.form.items(multi=True) if name.startswith("value-")]
        return _page(found, _SECOND, sent=sent)
    differences = read_whole(request.form.get("differences", "")) or 0
    if stage == _SECOND:
        first, _ = _read(found, "first-")
        differ = _differ(found, first, given)
        if differ:
            agreed = _agreed(found, first, given)
            return _page(found, _RESOLVED, typed_in=agreed, differ=differ)
        differences = 0
    try:
        enter_paper(services(), occasion_id, given, filled_on=_filled_on(), differences=differences, as_=as_)
    except BadInput as refused:
        sentences = {name: gettext(refused.sentence) for name in refused.fields}
        return _page(found, stage, typed_in=_typed(found), errors=sentences, sent=_sent()), 400
    return redirect(url_for("delivery.worklist"), code=303)


def _filled_on() -> date | None:
    try:
        return date.fromisoformat(request.form.get("filled_on", "").strip())
    except ValueError:
        return None


def _day_refused(found: PaperForm) -> dict[str, str]:
    """At every step, so that nobody types everything before the day is found to be wrong."""
    try:
        filled_at(found, _filled_on(), services().clock())
    except BadInput as refused:
        return {name: gettext(sentence) for name, sentence in refused.fields.items()}
    return {}


def _read(found: PaperForm, prefix: str) -> tuple[dict[UUID, Given], dict[str, str]]:
    """What was typed, by task, and a sentence for each field that holds no answer."""
    given: dict[UUID, Given] = {}
    errors: dict[str, str] = {}
    for part in found.parts:
        texts = {item.id: _texts(part, item, prefix) for item in part.instrument.items.values()}
        given[part.task.id], refused = read_part(part, texts)
        errors |= dict.fromkeys(refused, gettext("That answer is not one of those that can be given."))
    return given, errors


def _texts(part: Part, item: Item, prefix: str) -> tuple[str, ...]:
    name = prefix + part.field(item)
    written = [text for text in request.form.getlist(name) if text]
    if item.kind is QuestionKind.DATE:
        year, month, day = (request.form.get(f"{name}-{one}", "").strip() for one in _DAY)
        written += [f"{year}-{month:0>2}-{day:0>2}"] if year or month or day else []
    return tuple(written)


def _typed(found: PaperForm) -> dict[UUID, Mapping[str, Sequence[str]]]:
    """What was typed, to be shown again as it was."""
    return {
        part.task.id: {item.id: _raw(part, item) for item in part.instrument.items.values()} for part in found.parts
    }


def _raw(part: Part, item: Item) -> list[str]:
    name = part.field(item)
    days = [request.form.get(f"{name}-{one}", "") for one in _DAY] if item.kind is QuestionKind.DATE else []
    return [*days, *request.form.getlist(name)]


def _sent() -> list[tuple[str, str]]:
    """What went along with the form, to go along once more."""
    return [(name, text) for name, text in request.form.items(multi=True) if name.startswith("first-")]


def _differ(found: PaperForm, first: Mapping[UUID, Given], second: Mapping[UUID, Given]) -> dict[str, str]:
    """By field, how an answer was typed the one time and the other."""
    told = {}
    for part in found.parts:
        one, other = first[part.task.id], second[part.task.id]
        for item_id in differing(part, one, other):
            item = part.instrument.items[item_id]
            told[part.field(item)] = paper_page.both_typings(part, item, one.get(item_id), other.get(item_id))
    return told


def _agreed(
    found: PaperForm, first: Mapping[UUID, Given], second: Mapping[UUID, Given]
) -> dict[UUID, Mapping[str, Sequence[str]]]:
    """The fields that were typed the same twice."""
    agreed = {}
    for part in found.parts:
        apart = set(differing(part, first[part.task.id], second[part.task.id]))
        same = {item_id: one for item_id, one in second[part.task.id].items() if item_id not in apart}
        agreed[part.task.id] = paper_page.fields_of(part, same)
    return agreed


def _page(
    found: PaperForm,
    stage: str,
    *,
    typed_in: paper_page.Typed | None = None,
    sent: Sequence[tuple[str, str]] = (),
    differ: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    context = paper_page.entry(
        services(),
        found,
        stage=stage,
        typed_in=typed_in or {},
        sent=sent,
        differ=differ or {},
        errors=errors or {},
        as_=staff(),
    )
    context["values"] = {"filled_on": request.form.get("filled_on", "")}
    if stage == _RESOLVED and not differ:
        context["differences"] = read_whole(request.form.get("differences", "")) or 0
    return render_template("staff/entry.html", **context)
