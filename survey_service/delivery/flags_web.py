"""The unit's flags in the browser: for its manager."""

from collections.abc import Mapping
from math import isfinite
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.answering.rules import read_whole
from survey_service.delivery import flags_page
from survey_service.delivery.flag_setting import (
    NewRule,
    retire_rule,
    set_flag_hours,
    set_late_paper_days,
    set_letters_carry_codes,
    set_rule,
)
from survey_service.delivery.flagging import Bound, Criterion, GivenAnswer, Threshold, Worsening
from survey_service.errors import BadInput, Conflict, mark
from survey_service.http.context import services, staff

blueprint = Blueprint("flags", __name__)

_WORSENING = "worsening"


@blueprint.get("/staff/flags")
def rules() -> ResponseReturnValue:
    return _page()


@blueprint.post("/staff/flags", endpoint="add")
def add_rule() -> ResponseReturnValue:
    """Add a rule, or show the form again with everything that was written in it."""
    try:
        set_rule(services(), _new_rule(request.form), as_=staff())
    except BadInput as refused:
        return _page(values=request.form, refused=refused), 400
    return _back()


@blueprint.post("/staff/flags/<uuid:rule_id>/end", endpoint="end")
def end_rule(rule_id: UUID) -> ResponseReturnValue:
    try:
        reason, request_id = request.form.get("reason", ""), _request_id(request.form)
        retire_rule(services(), rule_id, reason=reason, request_id=request_id, as_=staff())
    except BadInput as refused:
        return _page(refused=refused), 400
    return _back()


@blueprint.post("/staff/flags/hours")
def hours() -> ResponseReturnValue:
    try:
        set_flag_hours(services(), read_whole(request.form.get("hours", "")), as_=staff())
    except BadInput as refused:
        return _page(values=request.form, refused=refused), 400
    return _back()


@blueprint.post("/staff/flags/paper")
def paper() -> ResponseReturnValue:
    try:
        set_late_paper_days(services(), read_whole(request.form.get("days", "")), as_=staff())
    except BadInput as refused:
        return _page(values=request.form, refused=refused), 400
    return _back()


@blueprint.post("/staff/flags/letters")
def letters() -> ResponseReturnValue:
    set_letters_carry_codes(services(), "carry" in request.form, as_=staff())
    return _back()


def _new_rule(form: Mapping[str, str]) -> NewRule:
    kind, _, rest = form.get("what", "").partition(":")
    instrument, _, name = rest.partition(":")
    if kind not in {"v", "i"} or not instrument or not name:
        sentence = mark("Choose what the rule looks at.")
        raise BadInput("Choose what the rule looks at.", fields={"what": sentence})
    return NewRule(instrument, _criterion(kind, name, form), form.get("reason", ""), _request_id(form))


def _criterion(kind: str, name: str, form: Mapping[str, str]) -> Criterion:
    how = form.get("how", "")
    if how == _WORSENING:
        if kind == "i":
            raise BadInput(
                "An answer has no worsening.", fields={"how": mark("Choose at least or at most for an answer.")}
            )
        return Worsening(name)
    if how not in set(Bound):
        raise BadInput("Choose when it is flagged.", fields={"how": mark("Choose when it is flagged.")})
    limit = _limit(form.get("limit", ""))
    return Threshold(name, Bound(how), limit) if kind == "v" else GivenAnswer(name, Bound(how), limit)


def _limit(text: str) -> float:
    try:
        limit = float(text.strip().replace(",", ".").replace("−", "-"))  # because people write it
    except ValueError:
        limit = float("nan")
    if not isfinite(limit):
        raise BadInput("Write a number.", fields={"limit": mark("Write a number.")})
    return limit


def _request_id(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("request_id", ""))
    except ValueError:
        raise Conflict("This page had been open for too long. Go back, load it again and send once more.") from None


def _page(*, values: Mapping[str, str] | None = None, refused: BadInput | None = None) -> str:
    errors = {name: gettext(sentence) for name, sentence in refused.fields.items()} if refused else {}
    if refused and not errors:
        errors = {"form": gettext(refused.sentence)}
    context = flags_page.flag_rules(services(), values=values or {}, errors=errors, as_=staff())
    return render_template("staff/flags.html", **context)


def _back() -> ResponseReturnValue:
    return redirect(url_for("flags.rules"), code=303)
