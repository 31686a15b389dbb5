"""Typing in the code of a letter, in the browser."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.access.letter_codes import take_letter_code
from survey_service.access.use_cases import sign_out
from survey_service.access.web import COOKIE, signed_in
from survey_service.errors import BadInput
from survey_service.http.context import services
from survey_service.http.locale import gettext
from survey_service.http.security import limiter

blueprint = Blueprint("letter", __name__)


@blueprint.get("/letter")
def enter() -> ResponseReturnValue:
    return _page({})


@blueprint.post("/letter")
@limiter.limit("60 per minute")
def take() -> ResponseReturnValue:
    """Begin. Whoever was signed in on this device is signed out first, as with a tablet."""
    try:
        token, occasion_id = take_letter_code(
            services(), request.form.get("code", ""), source=request.remote_addr or ""
        )
    except BadInput as refused:
        return _page({name: gettext(sentence) for name, sentence in refused.fields.items()}), 400
    if before := request.cookies.get(COOKIE):
        sign_out(services(), before)
    return signed_in(token, url_for("answering.survey", survey_id=occasion_id))


@blueprint.get("/letter/done")
def done() -> ResponseReturnValue:
    """Thanks. Whatever was signed in here with a code has ended."""
    if token := request.cookies.get(COOKIE):
        sign_out(services(), token)
    response = redirect(url_for(".thanks"), code=303)
    response.delete_cookie(COOKIE)
    return response


@blueprint.get("/letter/thanks")
def thanks() -> ResponseReturnValue:
    return _page({}, done=True)


def _page(errors: dict[str, str], *, done: bool = False) -> str:
    # What was typed is not shown again: it would stay in the page of a shared computer.
    return render_template("letter.html", errors=errors, values={}, done=done)
