"""The unit's worklist in the browser. Opening a response is the receipt, so it takes a button, not a link."""

from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.answering.rules import read_whole
from survey_service.delivery import pages, use_cases, worklist_page
from survey_service.delivery.rules import Show
from survey_service.delivery.signing import public_keys
from survey_service.delivery.worklist_page import Asked
from survey_service.errors import BadInput
from survey_service.http.context import services, staff
from survey_service.http.references import read_reference

blueprint = Blueprint("delivery", __name__)


@blueprint.get("/staff")
def worklist() -> ResponseReturnValue:
    context = worklist_page.worklist(services(), _asked(), as_=staff())
    return render_template("staff/worklist.html", **context, left_out=read_whole(request.args.get("left_out", "")) or 0)


def _asked() -> Asked:
    """What the address asks for; what it does not say as it should is left out."""
    arguments = request.args
    show = arguments.get("filter", "")
    page = min(max(read_whole(arguments.get("page", "")) or 1, 1), worklist_page.MOST_PAGES)
    searched = read_reference(arguments.get("patient", ""))
    return Asked(Show(show) if show in set(Show) else Show.ALL, arguments.get("protocol", type=UUID), searched, page)


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


@blueprint.post("/staff/receipts")
def confirm_receipts() -> ResponseReturnValue:
    """Several at once, unread. Nothing is assessed by it."""
    try:
        chosen = [UUID(text) for text in request.form.getlist("response")]
    except ValueError:
        raise BadInput("Choose responses from the list.") from None
    use_cases.confirm_receipts(services(), chosen, as_=staff())
    return redirect(url_for("delivery.worklist"), code=303)


@blueprint.get("/staff/undelivered")
def undelivered() -> ResponseReturnValue:
    return render_template("staff/undelivered.html", **pages.undelivered(services(), as_=staff()))


@blueprint.get("/.well-known/jwks.json")
def signing_keys() -> ResponseReturnValue:
    """The public half of what we sign with, for record systems to check."""
    return jsonify(public_keys(services().settings))
