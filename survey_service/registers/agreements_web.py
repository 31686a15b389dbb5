"""What the provider gives to registers, in the browser; the manager of a unit approves and ends."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from survey_service.http.context import services, staff
from survey_service.registers import agreeing, agreements_page

blueprint = Blueprint("agreements_web", __name__)


@blueprint.get("/staff/registers")
def agreements() -> ResponseReturnValue:
    return render_template("staff/registers.html", **agreements_page.agreements(services(), as_=staff()))


@blueprint.post("/staff/registers/<uuid:agreement_id>/approval")
def approve(agreement_id: UUID) -> ResponseReturnValue:
    agreeing.approve_for_provider(services(), agreement_id, as_=staff())
    return redirect(url_for("agreements_web.agreements"), code=303)


@blueprint.post("/staff/registers/<uuid:agreement_id>/end")
def end(agreement_id: UUID) -> ResponseReturnValue:
    agreeing.end_agreement(services(), agreement_id, as_=staff())
    return redirect(url_for("agreements_web.agreements"), code=303)
