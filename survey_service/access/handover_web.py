"""Handing a tablet over in the browser: staff make a code, the tablet takes it, and gives the place up when done."""

from uuid import UUID

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from survey_service.access.handovers import make_code, take_code
from survey_service.access.use_cases import sign_out
from survey_service.access.web import COOKIE, signed_in
from survey_service.http.context import services, staff
from survey_service.http.security import limiter

blueprint = Blueprint("handover", __name__)


@blueprint.get("/staff/occasions/<uuid:occasion_id>/hand-over")
def prepare(occasion_id: UUID) -> ResponseReturnValue:
    """What staff attest before a code is made. It shows nothing of the patient, so anybody of staff may look at it."""
    staff()
    return render_template("staff/hand_over.html", occasion_id=occasion_id, link=None, code=None)


@blueprint.post("/staff/occasions/<uuid:occasion_id>/hand-over")
def make(occasion_id: UUID) -> ResponseReturnValue:
    """The code, as a picture for the tablet's camera and as a link for this device."""
    code = make_code(services(), occasion_id, attested="attested" in request.form, as_=staff())
    link = services().settings.base_url + url_for(".open_code", code=code)
    # Ours from end to end: the library draws digits of our own link.
    picture = Markup(segno.make(link, error="m").svg_inline(scale=6, dark="#000", light="#fff"))  # noqa: S704
    return render_template("staff/hand_over.html", occasion_id=occasion_id, link=link, code=picture)


@blueprint.get("/h/<code>")
def open_code(code: str) -> ResponseReturnValue:
    """Looking at the link uses nothing up: a button does."""
    return render_template("handover.html", code=code, done=False)


@blueprint.post("/h/<code>")
@limiter.limit("60 per minute")
def take(code: str) -> ResponseReturnValue:
    """Begin. Whoever was signed in on this device is signed out first: it is the patient's now."""
    token, occasion_id = take_code(services(), code)
    if before := request.cookies.get(COOKIE):
        sign_out(services(), before)
    return signed_in(token, url_for("answering.survey", survey_id=occasion_id))


@blueprint.get("/h/done")
def done() -> ResponseReturnValue:
    """Thanks, and give the tablet back. Whatever was signed in here with a code has ended."""
    if token := request.cookies.get(COOKIE):
        sign_out(services(), token)
    response = redirect(url_for(".thanks"), code=303)
    response.delete_cookie(COOKIE)
    return response


@blueprint.get("/h/thanks")
def thanks() -> ResponseReturnValue:
    return render_template("handover.html", code=None, done=True)
