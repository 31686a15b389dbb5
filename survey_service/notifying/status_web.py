"""The unit's messages in the browser."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.answering.rules import read_whole
from survey_service.http.context import services, staff
from survey_service.http.references import read_reference
from survey_service.notifying.reviving import send_again
from survey_service.notifying.rules import Filter
from survey_service.notifying.status_page import MOST_PAGES, Asked, notices

blueprint = Blueprint("notices", __name__)


@blueprint.get("/staff/notices")
def status() -> ResponseReturnValue:
    return render_template("staff/notices.html", **notices(services(), _asked(), as_=staff()))


@blueprint.post("/staff/notices/<uuid:dispatch_id>/again")
def again(dispatch_id: UUID) -> ResponseReturnValue:
    """Send once more what was given up, and back to the list that it was in."""
    send_again(services(), dispatch_id, as_=staff())
    show = request.form.get("filter", "")
    return redirect(url_for(".status", filter=show if show in set(Filter) else None), code=303)


def _asked() -> Asked:
    """What the address asks for; what it does not say as it should is left out."""
    show = request.args.get("filter", "")
    page = min(max(read_whole(request.args.get("page", "")) or 1, 1), MOST_PAGES)
    patient = read_reference(request.args.get("patient", ""))
    return Asked(Filter(show) if show in set(Filter) else Filter.ALL, patient, page)
