"""Rights in the browser: an administrator gives and ends commissions, the data protection officer looks on."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.access import rights_page
from survey_service.access.rights import NewCommission, end_commission, give_commission
from survey_service.access.rules import Role
from survey_service.errors import BadInput
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.db import new_id
from survey_service.http.context import services, staff

blueprint = Blueprint("rights", __name__)

_MIDNIGHT = time()


@blueprint.get("/staff/rights")
def overview() -> ResponseReturnValue:
    today = local_day(services().clock()).isoformat()
    return _page(values={"valid_from": today}, errors={}, request_id=str(new_id()))


@blueprint.get("/staff/rights.csv")
def download() -> ResponseReturnValue:
    """Every commission of the provider."""
    return Response(
        rights_page.as_csv(services(), as_=staff()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=rights.csv"},
    )


@blueprint.post("/staff/rights")
def give() -> ResponseReturnValue:
    """Give a commission, or show the form again with everything that was written in it."""
    errors = _missing()
    if not errors:
        try:
            give_commission(services(), _commission(), as_=staff())
            return redirect(url_for("rights.overview"), code=303)
        except BadInput as refused:
            errors = {"form": gettext(refused.sentence)}
    return _page(values=request.form, errors=errors, request_id=request.form.get("request_id", str(new_id()))), 400


@blueprint.post("/staff/rights/<uuid:commission_id>/end")
def end(commission_id: UUID) -> ResponseReturnValue:
    end_commission(services(), commission_id, as_=staff())
    return redirect(url_for("rights.overview"), code=303)


def _page(*, values: Mapping[str, str], errors: Mapping[str, str], request_id: str) -> str:
    context = rights_page.overview(services(), unit_id=_uuid(request.args.get("unit")), as_=staff())
    ticked = request.form.getlist("protocol")
    return render_template(
        "staff/rights.html", values=values, errors=errors, request_id=request_id, ticked=ticked, **context
    )


def _missing() -> dict[str, str]:
    """One sentence for each field that has to be put right."""
    found = {}
    if not request.form.get("hsa_id", "").strip():
        found["hsa_id"] = gettext("Write the HSA id.")
    if not request.form.get("name", "").strip():
        found["name"] = gettext("Write the name.")
    if _uuid(request.form.get("unit")) is None:
        found["unit"] = gettext("Choose a unit.")
    if request.form.get("role") not in {role.value for role in Role}:
        found["role"] = gettext("Choose a role.")
    if _day("valid_from") is None:
        found["valid_from"] = gettext("Write a date, for example 2026-12-24.")
    if request.form.get("valid_until") and _day("valid_until") is None:
        found["valid_until"] = gettext("Write a date, for example 2026-12-24.")
    return found


def _commission() -> NewCommission:
    """What a form without anything missing asks for."""
    unit_id, first, last = _uuid(request.form.get("unit")), _day("valid_from"), _day("valid_until")
    assert unit_id is not None
    assert first is not None
    if first < local_day(services().clock()):
        raise BadInput("A commission begins today at the earliest, and ends after it begins.")
    return NewCommission(
        id=_uuid(request.form.get("request_id")) or new_id(),
        hsa_id=request.form["hsa_id"],
        name=request.form["name"],
        unit_id=unit_id,
        role=Role(request.form["role"]),
        valid_from=at_local_time(first, _MIDNIGHT),
        valid_until=None if last is None else at_local_time(last + timedelta(days=1), _MIDNIGHT),
        protocols=[found for text in request.form.getlist("protocol") if (found := _uuid(text))],
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        return None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
