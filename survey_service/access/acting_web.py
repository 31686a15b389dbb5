"""Choosing for whom to answer, in the browser."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from survey_service.access.mandates import act_for, act_for_oneself, wards_of
from survey_service.access.web import COOKIE, ward_in_words
from survey_service.http.context import services, visitor

blueprint = Blueprint("acting", __name__)


@blueprint.get("/acting-for")
def choose() -> ResponseReturnValue:
    wards = wards_of(services(), visitor().acts)
    described = [{"mandate_id": one.mandate_id, "words": ward_in_words(one)} for one in wards]
    return render_template("acting.html", wards=described)


@blueprint.post("/acting-for")
def oneself() -> ResponseReturnValue:
    """Back to oneself."""
    act_for_oneself(services(), request.cookies.get(COOKIE, ""), was=visitor())
    return _to_inbox()


@blueprint.post("/acting-for/<uuid:mandate_id>")
def take(mandate_id: UUID) -> ResponseReturnValue:
    """Answer for whom the mandate is about."""
    visitor()
    act_for(services(), request.cookies.get(COOKIE, ""), mandate_id)
    return _to_inbox()


def _to_inbox() -> ResponseReturnValue:
    return redirect(url_for("answering.inbox"), code=303)
