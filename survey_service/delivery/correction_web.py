"""Correcting and voiding in the browser: fill in, look at what it makes of the scores, confirm."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from instruments import Item, QuestionKind
from survey_service.delivery import correction_page as page
from survey_service.delivery.corrections import (
    Grounds,
    check_grounds,
    correct_response,
    refuse_unless_it_stands,
    void_response,
)
from survey_service.delivery.queries import Reason, VersionKind
from survey_service.delivery.versions import Standing, look_at_version, read_fields, weigh_correction
from survey_service.errors import BadInput, Conflict
from survey_service.foundation.db import new_id
from survey_service.http.context import services, staff

blueprint = Blueprint("corrections", __name__)

_DAY = ("year", "month", "day")


@blueprint.get("/staff/responses/<uuid:response_id>/correction")
def correction(response_id: UUID) -> ResponseReturnValue:
    standing = look_at_version(services(), response_id, as_=staff(), to_correct=True)
    if standing.version.kind is VersionKind.VOIDED:
        return _to_response(response_id)
    context = page.correction(standing, request_id=str(new_id()), typed=None, values={}, errors={})
    return render_template("staff/correct.html", **context)


@blueprint.post("/staff/responses/<uuid:response_id>/correction", endpoint="correct")
def correct(response_id: UUID) -> ResponseReturnValue:
    """First what it would make of the scores; once that is confirmed, the correction."""
    as_ = staff()
    standing = look_at_version(services(), response_id, as_=as_, to_correct=True)
    values = _values()
    typed = {item.id: _texts(item) for item in page.questions_asked(standing)}
    errors: Mapping[str, str] = {}
    try:
        grounds = _grounds(values)
        check_grounds(grounds)
        given = read_fields(standing, typed)
        if "confirmed" in request.form:
            correct_response(services(), response_id, given, grounds, as_=as_)
            return _to_response(response_id)
        refuse_unless_it_stands(standing.version, grounds)
        outcome = weigh_correction(standing, given)
    except BadInput as refused:
        errors = _errors(refused, standing)
    if errors or "edit" in request.form:
        shown = page.correction(
            standing, request_id=values["request_id"], typed=_typed(standing), values=values, errors=errors
        )
        return render_template("staff/correct.html", **shown), 400 if errors else 200
    sent = [(name, text) for name, text in request.form.items(multi=True) if name.startswith("value-")]
    shown = page.preview(standing, outcome, request_id=values["request_id"], sent=sent, values=values)
    return render_template("staff/correction_preview.html", **shown)


@blueprint.get("/staff/responses/<uuid:response_id>/voiding")
def voiding(response_id: UUID) -> ResponseReturnValue:
    standing = look_at_version(services(), response_id, as_=staff(), to_correct=True)
    if standing.version.kind is VersionKind.VOIDED:
        return _to_response(response_id)
    context = page.voiding(standing, request_id=str(new_id()), values={}, errors={})
    return render_template("staff/void.html", **context)


@blueprint.post("/staff/responses/<uuid:response_id>/voiding", endpoint="void")
def void(response_id: UUID) -> ResponseReturnValue:
    as_ = staff()
    values = _values()
    try:
        void_response(services(), response_id, _grounds(values), as_=as_)
    except BadInput as refused:
        standing = look_at_version(services(), response_id, as_=as_, to_correct=True)
        errors = _errors(refused, standing)
        context = page.voiding(standing, request_id=values["request_id"], values=values, errors=errors)
        return render_template("staff/void.html", **context), refused.status
    return _to_response(response_id)


@blueprint.get("/staff/responses/<uuid:response_id>/versions/<int:number>")
def version(response_id: UUID, number: int) -> ResponseReturnValue:
    """An earlier version, on request."""
    as_ = staff()
    standing = look_at_version(services(), response_id, as_=as_, number=number)
    return render_template("staff/version.html", **page.earlier(services(), standing, as_=as_))


def _to_response(response_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("delivery.response", response_id=response_id), code=303)


def _values() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ("reason", "explanation", "request_id", "based_on")}


def _grounds(values: Mapping[str, str]) -> Grounds:
    if values["reason"] not in set(Reason):
        raise BadInput("Choose a reason.", fields={"reason": "Choose a reason."})
    try:
        request_id, based_on = UUID(values["request_id"]), int(values["based_on"])
    except ValueError:
        raise Conflict("This page had been open for too long. Go back, load it again and send once more.") from None
    return Grounds(based_on, Reason(values["reason"]), values["explanation"], request_id)


def _texts(item: Item) -> tuple[str, ...]:
    """A question's answer as its kind reads it: what was left empty is no text, and a day is one (2026-11-22)."""
    name = page.field_of(item.id)
    written = [text for text in request.form.getlist(name) if text]
    if item.kind is QuestionKind.DATE:
        year, month, day = (request.form.get(f"{name}-{part}", "").strip() for part in _DAY)
        written += [f"{year}-{month:0>2}-{day:0>2}"] if year or month or day else []
    return tuple(written)


def _typed(standing: Standing) -> dict[str, list[str]]:
    """What was chosen or written, to be shown again as it was; a day's three fields each by itself."""
    typed = {}
    for item in page.questions_asked(standing):
        name = page.field_of(item.id)
        parts = [request.form.get(f"{name}-{part}", "") for part in _DAY] if item.kind is QuestionKind.DATE else []
        typed[item.id] = [*parts, *request.form.getlist(name)]
    return typed


def _errors(refused: BadInput, standing: Standing) -> dict[str, str]:
    """Sentences by field of the page; one that belongs to no field is the form's."""
    found = {
        page.field_of(name) if name in standing.instrument.items else name: gettext(sentence or refused.sentence)
        for name, sentence in refused.fields.items()
    }
    return found or {"form": gettext(refused.sentence)}
