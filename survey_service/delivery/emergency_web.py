"""Opening another unit's answers in the browser: what the patient has decided, and the reason that is asked for."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.delivery.elsewhere import look_elsewhere
from survey_service.delivery.emergency import Reason, look_before_opening, open_with_reason
from survey_service.delivery.oversight import ground_in_words
from survey_service.delivery.rules import Ground
from survey_service.errors import BadInput
from survey_service.foundation.db import new_id
from survey_service.http.context import services, staff
from survey_service.http.references import person_of

blueprint = Blueprint("emergency", __name__)


@blueprint.get("/staff/responses/<uuid:response_id>/emergency")
def ask(response_id: UUID) -> ResponseReturnValue:
    return _page(response_id, values={}, errors={}, request_id=str(new_id())) or _to_response(response_id)


@blueprint.post("/staff/responses/<uuid:response_id>/emergency", endpoint="open")
def open_(response_id: UUID) -> ResponseReturnValue:
    """Open, or show the form again with everything that was written in it."""
    try:
        open_with_reason(services(), response_id, _reason(), as_=staff())
    except BadInput as refused:
        errors = {name: gettext(sentence) for name, sentence in refused.fields.items()}
        request_id = request.form.get("request_id") or str(new_id())
        page = _page(response_id, values=request.form, errors=errors, request_id=request_id)
        return (page, 400) if page else _to_response(response_id)
    return _to_response(response_id)


@blueprint.get("/staff/patients/<patient>/units")
def elsewhere(patient: str) -> ResponseReturnValue:
    """Where the provider has something of a patient, for who chooses to look."""
    person_id = person_of(patient)
    found = look_elsewhere(services(), person_id, as_=staff())
    return render_template("staff/elsewhere.html", person_id=person_id, found=found)


def _to_response(response_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("delivery.response", response_id=response_id), code=303)


def _reason() -> Reason:
    try:
        ground = Ground(request.form.get("ground", ""))
    except ValueError:
        raise BadInput("Choose a reason.", fields={"ground": "Choose a reason."}) from None
    try:
        request_id = UUID(request.form.get("request_id", ""))
    except ValueError:
        request_id = new_id()
    return Reason(request_id, ground, request.form.get("words", ""))


def _page(response_id: UUID, *, values: Mapping[str, str], errors: Mapping[str, str], request_id: str) -> str | None:
    """None where no reason is needed."""
    is_blocked = look_before_opening(services(), response_id, as_=staff())
    if is_blocked is None:
        return None
    offered = [ground for ground in Ground if not (is_blocked and ground is Ground.CARE)]
    return render_template(
        "staff/emergency.html",
        response_id=response_id,
        is_blocked=is_blocked,
        grounds=[(ground.value, ground_in_words(ground)) for ground in offered],
        request_id=request_id,
        values=values,
        errors=errors,
    )
