"""The start page, the accessibility statement, the choice of language, and what machines ask about health."""

from datetime import date

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from survey_service.http.context import services
from survey_service.http.locale import back_to, remember_language

home = Blueprint("home", __name__)
preferences = Blueprint("preferences", __name__)
health = Blueprint("health", __name__)

# Of the accessibility statement: when the pages were last gone through as a whole, and when its words last changed.
_ASSESSED = date(2026, 11, 23)
_UPDATED = date(2026, 11, 23)


@home.get("/")
def index() -> ResponseReturnValue:
    return render_template("home.html")


@home.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    address = services().settings.accessibility_email
    return render_template("accessibility.html", assessed=_ASSESSED, updated=_UPDATED, address=address)


@preferences.post("/language")
def set_language() -> ResponseReturnValue:
    """Remember the language and go back to the page it was chosen on."""
    response = back_to(request.form.get("next"))
    secure = services().settings.base_url.startswith("https://")
    remember_language(response, request.form.get("language", ""), secure=secure)
    return response


@health.get("/health")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="alive")


@health.get("/ready")
def ready() -> ResponseReturnValue:
    """The process can do its work: every login reaches the database, and keys can be read."""
    is_ready = services().db.is_ready() and services().keys.is_ready()
    return jsonify(status="ready" if is_ready else "not ready"), 200 if is_ready else 503
