"""A patient's earlier results, in the browser."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from survey_service.history import pages
from survey_service.http.context import services, staff
from survey_service.http.references import person_of

blueprint = Blueprint("history", __name__)


@blueprint.get("/staff/patients/<patient>/history")
def earlier_results(patient: str) -> ResponseReturnValue:
    return render_template("staff/history.html", **pages.earlier_results(services(), person_of(patient), as_=staff()))
