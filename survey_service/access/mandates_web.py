"""Who may answer for a patient, in the browser: the unit enters and ends it, the patient ends it in My data."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.access.proxies import end_own_proxy, end_proxy, enter_proxy, proxies, read_proxy
from survey_service.access.queries import MandateRow
from survey_service.access.rules import MandateGround, last_day_of_proxy
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Staff
from survey_service.http.context import patient, services, staff
from survey_service.http.locale import day, gettext
from survey_service.people.queries import NAME_IS_ERASED

blueprint = Blueprint("mandates", __name__)

_FIELDS = ("personal_number", "name", "ground", "note", "last_day", "may_read")


@blueprint.get("/staff/enrolments/<uuid:enrolment_id>/mandates")
def page(enrolment_id: UUID) -> ResponseReturnValue:
    return render_template("staff/mandates.html", **_context(enrolment_id, as_=staff()))


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/mandates")
def enter(enrolment_id: UUID) -> ResponseReturnValue:
    as_ = staff()
    try:
        proxy = read_proxy(request.form, local_day(services().clock()))
        enter_proxy(services(), enrolment_id, proxy, as_=as_)
    except BadInput as refused:
        errors = {name: gettext(sentence) for name, sentence in refused.fields.items()}
        values = {name: request.form[name] for name in _FIELDS if name in request.form}
        context = _context(enrolment_id, values, errors, as_=as_)
        return_to = url_for(".page", enrolment_id=enrolment_id)
        return render_template("staff/mandates.html", **context, return_to=return_to), 400
    return redirect(url_for(".page", enrolment_id=enrolment_id), code=303)


@blueprint.post("/staff/enrolments/<uuid:enrolment_id>/mandates/<uuid:mandate_id>/end")
def end(enrolment_id: UUID, mandate_id: UUID) -> ResponseReturnValue:
    end_proxy(services(), enrolment_id, mandate_id, as_=staff())
    return redirect(url_for(".page", enrolment_id=enrolment_id), code=303)


@blueprint.post("/my-data/mandates/<uuid:mandate_id>/end")
def end_own(mandate_id: UUID) -> ResponseReturnValue:
    """The patient's own no to a proxy. Takes effect at once."""
    end_own_proxy(services(), mandate_id, as_=patient())
    return redirect(url_for("privacy.my_data") + "#mandates", code=303)


def _context(
    enrolment_id: UUID, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None, *, as_: Staff
) -> dict[str, Any]:
    shown = proxies(services(), enrolment_id, as_=as_)
    return {
        "enrolment_id": enrolment_id,
        "patient_name": shown.patient_name,
        "mandates": [
            {
                "id": one.id,
                "name": shown.names.get(one.id, NAME_IS_ERASED),
                "note": shown.notes.get(one.id),
                "ground": _grounds().get(one.ground, "") if one.ground else "",
                "may_read": one.may_read,
                "state": _state(one),
                "is_in_force": one.is_in_force(services().clock()),
            }
            for one in shown.rows
        ],
        "grounds": [(code.value, words) for code, words in _grounds().items()],
        "latest": day(last_day_of_proxy(local_day(services().clock()))),
        "values": values or {},
        "errors": errors or {},
    }


def _state(one: MandateRow) -> str:
    # The end is the first moment of the day after the last.
    last = day(local_day(one.valid_until).fromordinal(local_day(one.valid_until).toordinal() - 1))
    if one.is_in_force(services().clock()):
        return gettext("In force, until and including %(day)s", day=last)
    return gettext("Ended %(day)s", day=day(local_day(one.ended_at)) if one.ended_at else last)


def _grounds() -> dict[MandateGround, str]:
    return {
        MandateGround.POWER_OF_ATTORNEY: gettext("A power of attorney"),
        MandateGround.FUTURE_POWER: gettext("A power of attorney for the future"),
        MandateGround.TRUSTEE: gettext("Trustee or administrator by court order"),
        MandateGround.RELATIVE: gettext("A close relative, when the patient cannot"),
    }
