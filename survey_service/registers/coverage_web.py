"""What registers do with a provider's results, in the browser: what they pulled, and how far they are covered."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from survey_service.http.context import services, staff
from survey_service.registers import coverage_page

blueprint = Blueprint("register_use", __name__)


@blueprint.get("/staff/registers/pulls")
def pulls() -> ResponseReturnValue:
    return render_template("staff/register_pulls.html", **coverage_page.pulls(services(), as_=staff()))


@blueprint.get("/staff/registers/coverage")
def coverage() -> ResponseReturnValue:
    context = coverage_page.coverage(services(), request.args.get("month", ""), as_=staff())
    return render_template("staff/register_coverage.html", **context)
