"""What the unit does from its worklist, in the browser: search, today's list, reminders, hand-overs, notes."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from survey_service.delivery.caring import Contact, hand_over, put_on_todays_list, write_note
from survey_service.delivery.rules import ContactWay
from survey_service.delivery.use_cases import caring
from survey_service.delivery.worklist_queries import entries_since
from survey_service.errors import BadInput, Conflict
from survey_service.foundation.clock import at_local_time
from survey_service.http.context import services, staff
from survey_service.http.references import reference
from survey_service.notifying.use_cases import NonResponse, note_non_response, remind
from survey_service.people.queries import sealed_patients
from survey_service.people.rules import parse_identity_number
from survey_service.people.use_cases import find_person

blueprint = Blueprint("worklist", __name__)

_NOBODY = UUID(int=0)


@blueprint.get("/staff/new")
def new() -> ResponseReturnValue:
    """How many have come since the page was made, and how to say it: the script asks every ten seconds."""
    as_ = staff()
    try:
        since = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        raise BadInput("Load the page again.") from None
    if since.tzinfo is None:
        raise BadInput("Load the page again.")
    with services().db.transaction(as_=as_) as connection:
        rights = caring(connection, as_, services().clock())
        count = entries_since(connection, as_.unit_id, since, protocols=rights.protocols)
    said = ngettext("%(num)s new response: show", "%(num)s new responses: show", count)
    return jsonify({"count": count, "text": said})


@blueprint.post("/staff/search")
def search() -> ResponseReturnValue:
    """By personal number, which stays out of every address. Of another provider's patients it knows nothing."""
    as_ = staff()
    try:
        found = find_person(services(), parse_identity_number(request.form.get("personal_number", "")))
    except BadInput:
        found = None
    with services().db.transaction(as_=as_) as connection:
        if found is not None and not sealed_patients(connection, [found]):
            found = None
    return redirect(url_for("delivery.worklist", patient=reference(found or _NOBODY)), code=303)


@blueprint.post("/staff/today")
def today() -> ResponseReturnValue:
    """Pasted, or from a file: one personal number a line, or in the first column."""
    uploaded = request.files.get("file")
    lines = request.form.get("numbers", "").splitlines()
    if uploaded is not None:
        lines += uploaded.stream.read(100_000).decode("utf-8", errors="replace").splitlines()
    numbers = [line.replace(",", ";").split(";")[0].strip().strip('"') for line in lines if line.strip()]
    left_out = put_on_todays_list(services(), numbers, as_=staff())
    return redirect(url_for("delivery.worklist", filter="today", left_out=left_out or None), code=303)


@blueprint.post("/staff/occasions/<uuid:occasion_id>/reminder", endpoint="remind")
def ask_again(occasion_id: UUID) -> ResponseReturnValue:
    remind(services(), occasion_id, as_=staff())
    return redirect(url_for("delivery.worklist") + "#outstanding", code=303)


@blueprint.post("/staff/occasions/<uuid:occasion_id>/non-response")
def non_response(occasion_id: UUID) -> ResponseReturnValue:
    if request.form.get("reason") not in set(NonResponse):
        raise BadInput("Choose a reason.", fields={"reason": "Choose a reason."})
    reason = NonResponse(request.form["reason"])
    note_non_response(services(), occasion_id, reason, _request_id(), as_=staff())
    return redirect(url_for("delivery.worklist") + "#outstanding", code=303)


@blueprint.post("/staff/responses/<uuid:response_id>/hand-over", endpoint="hand_over")
def give(response_id: UUID) -> ResponseReturnValue:
    as_ = staff()
    text = request.form.get("to", "")
    try:
        to_staff_id = UUID(text) if text else None
    except ValueError:
        raise BadInput("Choose somebody who works at the unit.") from None
    hand_over(services(), response_id, to_staff_id=to_staff_id, request_id=_request_id(), as_=as_)
    return _to_response(response_id)


@blueprint.post("/staff/responses/<uuid:response_id>/notes")
def note(response_id: UUID) -> ResponseReturnValue:
    """A comment; or, with a way, that the patient was reached."""
    as_ = staff()
    write_note(services(), response_id, request.form.get("note", ""), _contact(), request_id=_request_id(), as_=as_)
    return _to_response(response_id)


def _contact() -> Contact | None:
    way = request.form.get("way")
    if not way:
        return None
    if way not in set(ContactWay):
        raise BadInput("Choose how the patient was reached.")
    try:
        moment = datetime.fromisoformat(request.form.get("contact_at", ""))
        at = at_local_time(moment.date(), moment.time())
    except ValueError:
        raise BadInput("Write when it was.") from None
    return Contact(ContactWay(way), at)


def _request_id() -> UUID:
    try:
        return UUID(request.form.get("request_id", ""))
    except ValueError:
        raise Conflict("This page had been open for too long. Go back, load it again and send once more.") from None


def _to_response(response_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("delivery.response", response_id=response_id) + "#care", code=303)
