"""What registers ask the unit, in the browser."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from survey_service.http.context import services, staff
from survey_service.registers import inbox_page

blueprint = Blueprint("registers_inbox", __name__)


@blueprint.get("/staff/queries")
def questions() -> ResponseReturnValue:
    return render_template("staff/queries.html", **inbox_page.questions(services(), as_=staff()))
