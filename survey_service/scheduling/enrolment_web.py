"""An enrolment in the browser: what is planned and what happened; and changing it, a move after a look at it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.errors import BadInput
from survey_service.foundation.principals import Staff
from survey_service.http.context import services, staff
from survey_service.people.rules import parse_email, parse_phone
from survey_service.scheduling.enrolling import (
    NewEvent,
    end,
    enter_addresses,
    move_event,
    pause,
    preview_move,
    record_death,
    resume,
    transfer,
    void_enrolment,
    withdraw_death,
)
from survey_service.scheduling.enrolment_page import describe_move, enrolment_page
from survey_service.scheduling.rules import BodySide, parse_procedure

blueprint = Blueprint("enrolment", __name__)

_FIELDS = ("anchor_date", "procedure_id", "side", "reason", "email", "phone")


@blueprint.get("/staff/enrolments/<uuid:enrolment_id>")
def show(enrolment_id: UUID) -> ResponseReturnValue:
    """What was ordered, for whom, and what became of it."""
    context = enrolment_page(services(), enrolment_id, values={}, errors={}, as_=staff())
    return render_template("staff/enrolled.html", **context)


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/event")
def move(enrolment_id: UUID) -> ResponseReturnValue:
    """First what the move would do; once that is confirmed, the move."""
    as_ = staff()
    try:
        event = _event()
        if "confirmed" in request.form:
            move_event(services(), enrolment_id, event, as_=as_)
            return _to(enrolment_id)
        change = preview_move(services(), enrolment_id, event, as_=as_)
    except BadInput as refused:
        return _refused(enrolment_id, refused, as_)
    sent = {name: request.form.get(name, "") for name in ("anchor_date", "procedure_id", "side")}
    context = enrolment_page(services(), enrolment_id, values=sent, errors={}, as_=as_)
    return render_template("staff/move_preview.html", **context, **describe_move(change), sent=sent)


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/addresses")
def change_addresses(enrolment_id: UUID) -> ResponseReturnValue:
    """Where the patient is written to. What is waiting is then looked at again."""
    as_ = staff()
    try:
        email, phone = parse_email(request.form.get("email", "")), parse_phone(request.form.get("phone", ""))
        enter_addresses(services(), enrolment_id, email=email, phone=phone, as_=as_)
    except BadInput as refused:
        return _refused(enrolment_id, refused, as_)
    return _to(enrolment_id)


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/state")
def change_state(enrolment_id: UUID) -> ResponseReturnValue:
    """Pause, resume, end, void; or that the patient has died, or has not."""
    as_, reason = staff(), request.form.get("reason", "")
    try:
        match request.form.get("to"):
            case "paused":
                pause(services(), enrolment_id, as_=as_)
            case "active":
                resume(services(), enrolment_id, as_=as_)
            case "ended":
                end(services(), enrolment_id, reason, as_=as_)
            case "voided":
                void_enrolment(services(), enrolment_id, reason, as_=as_)
            case "died" if "sure" in request.form:
                record_death(services(), enrolment_id, as_=as_)
            case "alive":
                withdraw_death(services(), enrolment_id, reason, as_=as_)
            case _:
                raise BadInput("Say what is to become of the enrolment.")
    except BadInput as refused:
        return _refused(enrolment_id, refused, as_)
    return _to(enrolment_id)


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/unit")
def hand_on(enrolment_id: UUID) -> ResponseReturnValue:
    """To another unit, whose it is from then on."""
    as_ = staff()
    try:
        unit_id = UUID(request.form.get("unit", ""))
    except ValueError:
        return _refused(enrolment_id, BadInput("Choose another unit of your care provider."), as_)
    try:
        transfer(services(), enrolment_id, unit_id, as_=as_)
    except BadInput as refused:
        return _refused(enrolment_id, refused, as_)
    return redirect(url_for("delivery.worklist"), code=303)


def _event() -> NewEvent:
    written, side = request.form.get("anchor_date", ""), request.form.get("side", "")
    try:
        anchor = date.fromisoformat(written)
    except ValueError:
        sentence = "Write a date, for example 2026-12-24."
        raise BadInput("Write a date, for example 2026-12-24.", fields={"anchor_date": sentence}) from None
    if side and side not in set(BodySide):
        raise BadInput("Choose a side, or none.", fields={"side": "Choose a side, or none."})
    return NewEvent(anchor, parse_procedure(request.form.get("procedure_id", "")), BodySide(side) if side else None)


def _refused(enrolment_id: UUID, refused: BadInput, as_: Staff) -> ResponseReturnValue:
    """The page again, with what was written and the sentence that says why not."""
    errors = {name: gettext(sentence) for name, sentence in refused.fields.items()}
    values: Mapping[str, str] = {name: request.form[name] for name in _FIELDS if name in request.form}
    context = enrolment_page(
        services(), enrolment_id, values=values, errors=errors or {"form": gettext(refused.sentence)}, as_=as_
    )
    return render_template("staff/enrolled.html", **context, return_to=url_for(".show", enrolment_id=enrolment_id)), 400


def _to(enrolment_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("enrolment.show", enrolment_id=enrolment_id), code=303)
