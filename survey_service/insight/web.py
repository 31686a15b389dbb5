"""The follow-up of a unit in the browser: a page, and the same figures in a file."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from survey_service.foundation.clock import local_day
from survey_service.http.context import services, staff
from survey_service.insight import pages
from survey_service.insight.formats import as_csv
from survey_service.insight.reporting import report

blueprint = Blueprint("insight", __name__)


@blueprint.get("/staff/follow-up")
def follow_up() -> ResponseReturnValue:
    asked = {"first": request.args.get("from"), "last": request.args.get("to")}
    return render_template("staff/follow_up.html", **pages.follow_up(services(), **asked, as_=staff()))


@blueprint.get("/staff/follow-up/figures.csv")
def figures() -> ResponseReturnValue:
    today = local_day(services().clock())
    first, last = pages.period(request.args.get("from"), request.args.get("to"), today)
    found = report(services(), first=first, last=last, as_=staff())
    name = f"follow-up-{first:%Y-%m}-{last:%Y-%m}.csv"
    return Response(
        as_csv(found), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
