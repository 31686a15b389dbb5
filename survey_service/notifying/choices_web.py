"""How a patient wants to be written to, in the browser."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.errors import BadInput
from survey_service.http.context import patient, services
from survey_service.notifying import contact_page
from survey_service.notifying.choosing import choose

blueprint = Blueprint("contact", __name__)


@blueprint.get("/contact")
def choices() -> ResponseReturnValue:
    return render_template(
        "contact.html", **contact_page.page(services(), as_=patient()), is_saved="saved" in request.args
    )


@blueprint.post("/contact")
def save() -> ResponseReturnValue:
    """Take the choices in, or show the form again with everything that was written in it."""
    try:
        choose(services(), contact_page.read_form(services(), request.form, as_=patient()), as_=patient())
    except BadInput as refused:
        shown = contact_page.page(services(), as_=patient(), sent=request.form, refused=refused)
        return render_template("contact.html", **shown, is_saved=False, return_to=url_for("contact.choices")), 400
    return redirect(url_for("contact.choices", saved=1), code=303)
