"""A patient's earlier results, in the browser."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from survey_service.history import pages
from survey_service.http.context import services, staff

blueprint = Blueprint("history", __name__)


@blueprint.get("/staff/patients/<uuid:person_id>/history")
def earlier_results(person_id: UUID) -> ResponseReturnValue:
    return render_template("staff/history.html", **pages.earlier_results(services(), person_id, as_=staff()))
