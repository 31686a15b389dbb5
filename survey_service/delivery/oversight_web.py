"""The data protection officer's page and file."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.delivery import oversight
from survey_service.delivery.rules import NamingReason
from survey_service.errors import BadInput
from survey_service.http.context import services, staff

blueprint = Blueprint("oversight", __name__)


@blueprint.get("/staff/oversight")
def report() -> ResponseReturnValue:
    return render_template("staff/oversight.html", **oversight.report(services(), before=_before(), as_=staff()))


@blueprint.get("/staff/oversight.csv")
def download() -> ResponseReturnValue:
    return Response(
        oversight.as_csv(services(), as_=staff()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=oversight.csv"},
    )


@blueprint.post("/staff/oversight/openings/<uuid:opening_id>/patient", endpoint="patient")
def name_patient(opening_id: UUID) -> ResponseReturnValue:
    """Who it was, for a reason that is logged. It takes a button, and no address that could be opened again."""
    as_, reason = staff(), request.form.get("reason")
    if reason not in set(NamingReason):
        raise BadInput("Choose a reason.")
    named = oversight.name_of_patient(services(), opening_id, NamingReason(reason), as_=as_)
    return render_template("staff/oversight_patient.html", **named, return_to=url_for(".report"))


def _before() -> datetime | None:
    if not (text := request.args.get("before")):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput("Something in the request cannot be accepted.")
    return moment
