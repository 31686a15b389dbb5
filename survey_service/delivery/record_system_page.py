"""The provider's record system in the browser: entered, tested, activated, paused. For managers of its units."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, json, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.delivery import pages, record_systems
from survey_service.delivery.record_systems import Entered
from survey_service.delivery.rules import Authentication, SystemRoute
from survey_service.errors import BadInput
from survey_service.http.context import services, staff

blueprint = Blueprint("record_systems", __name__)

_FIELDS = ("name", "base_url", "token_url", "client_id", "scope")


@blueprint.get("/staff/settings/record-system")
def settings() -> ResponseReturnValue:
    return _page()


@blueprint.post("/staff/settings/record-system")
def enter() -> ResponseReturnValue:
    """Write the draft, or show the form again with everything that was written in it."""
    try:
        record_systems.enter(services(), _entered(), as_=staff())
    except BadInput as refused:
        return _page(values=request.form, errors=_translated(refused)), 400
    return _back()


@blueprint.post("/staff/settings/record-system/<uuid:system_id>/test")
def test(system_id: UUID) -> ResponseReturnValue:
    problem = record_systems.test_connection(services(), system_id, as_=staff())
    return _page(tested={"id": system_id, "problem": gettext(problem) if problem else None})


@blueprint.post("/staff/settings/record-system/<uuid:system_id>/activate")
def activate(system_id: UUID) -> ResponseReturnValue:
    try:
        record_systems.activate(services(), system_id, as_=staff())
    except BadInput as refused:
        return _page(tested={"id": system_id, "problem": gettext(refused.sentence)}), 400
    return _back()


@blueprint.post("/staff/settings/record-system/<uuid:system_id>/pause")
def pause(system_id: UUID) -> ResponseReturnValue:
    record_systems.pause(services(), system_id, as_=staff())
    return _back()


@blueprint.post("/staff/settings/alarms")
def alarms() -> ResponseReturnValue:
    try:
        record_systems.set_alarm_email(services(), request.form.get("alarm_email", ""), as_=staff())
    except BadInput as refused:
        return _page(values=request.form, errors=_translated(refused)), 400
    return _back()


def _entered() -> Entered:
    way = request.form.get("way")
    if way not in {"oauth", "mutual_tls", "fetch"}:
        raise BadInput("Say who goes to whom.")
    written = {name: request.form.get(name, "").strip() for name in _FIELDS}
    return Entered(
        **written,
        route=SystemRoute.FETCH if way == "fetch" else SystemRoute.PUSH,
        authentication=Authentication.OAUTH if way == "fetch" else Authentication(way),
        jwks=_json(request.form.get("jwks", "")),
    )


def _json(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _translated(refused: BadInput) -> dict[str, str]:
    return {name: gettext(sentence) for name, sentence in refused.fields.items()} or {"form": gettext(refused.sentence)}


def _page(
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    tested: Mapping[str, object] | None = None,
) -> str:
    return render_template(
        "staff/record_system.html",
        **pages.record_system(services(), as_=staff()),
        values=values or {},
        errors=errors or {},
        tested=tested,
    )


def _back() -> ResponseReturnValue:
    return redirect(url_for("record_systems.settings"), code=303)
