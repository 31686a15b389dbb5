"""The unit's worklist in the browser. Opening a response is the receipt, so it takes a button, not a link."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.delivery import pages, use_cases
from survey_service.http.context import services, staff

blueprint = Blueprint("delivery", __name__)


@blueprint.get("/staff")
def worklist() -> ResponseReturnValue:
    only_unread = request.args.get("filter") == "unread"
    return render_template("staff/worklist.html", **pages.worklist(services(), only_unread=only_unread, as_=staff()))


@blueprint.get("/staff/responses/<uuid:response_id>")
def response(response_id: UUID) -> ResponseReturnValue:
    template, context = pages.response(services(), response_id, as_=staff())
    return render_template(template, **context)


@blueprint.post("/staff/responses/<uuid:response_id>")
def open_response(response_id: UUID) -> ResponseReturnValue:
    use_cases.open_response(services(), response_id, as_=staff())
    return redirect(url_for("delivery.response", response_id=response_id), code=303)


@blueprint.post("/staff/responses/<uuid:response_id>/assessment")
def assess_response(response_id: UUID) -> ResponseReturnValue:
    use_cases.assess_response(services(), response_id, as_=staff())
    return redirect(url_for("delivery.response", response_id=response_id), code=303)
