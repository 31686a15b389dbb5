"""Errors as people and machines should meet them: one clear sentence, or problem+json (RFC 9457) with a stable code."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

import marshmallow as ma
from flask import Flask, Response, json, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from survey_service.errors import (
    AccessDenied,
    BadInput,
    NotSignedIn,
    OtherUnits,
    SignInRefused,
    SurveyServiceError,
    mark,
)
from survey_service.foundation.logging import get_logger

# Of werkzeug's own errors, those with a sentence of ours. Any other has the general one.
_SENTENCES = {
    400: mark("Something in the request cannot be accepted."),
    404: mark("This page does not exist."),
    405: mark("That cannot be done here."),
    413: mark("That is more than can be taken at once."),
    422: mark("Something in the request cannot be accepted."),
    429: mark("That was too many times in a short while. Wait a minute and try again."),
}
_CODES = {
    400: "bad-input",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    422: "bad-input",
    429: "too-many-requests",
}
_GENERAL = mark("Something went wrong with us. What you have answered is kept.")
_STALE_FORM = mark("This page had been open for too long. Go back, load it again and send once more.")

# A refusal to a machine, as the OpenAPI document describes it.
ProblemSchema = ma.Schema.from_dict(
    {
        "type": ma.fields.String(required=True),
        "status": ma.fields.Integer(required=True),
        "code": ma.fields.String(required=True, metadata={"description": "Stable: what a client may act on."}),
        "title": ma.fields.String(required=True, metadata={"description": "One sentence for a person."}),
        "fields": ma.fields.Dict(metadata={"description": "What is wrong, by field."}),
    },
    name="ProblemSchema",
)


def install_problems(app: Flask, *, on_denial: Callable[[AccessDenied | SignInRefused], None]) -> None:
    """Handle every error. ``on_denial`` is called first for each refused access or sign-in: none goes unlogged."""

    def refuse(error: AccessDenied | SignInRefused) -> ResponseReturnValue:
        on_denial(error)
        return _on_service_error(error)

    app.register_error_handler(AccessDenied, refuse)
    app.register_error_handler(SignInRefused, refuse)
    app.register_error_handler(SurveyServiceError, _on_service_error)
    app.register_error_handler(CSRFError, _on_stale_form)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_unexpected)


def wants_problem() -> bool:
    """Whether a machine is asking."""
    return request.path.startswith("/api/")


def problem(status: int, code: str, sentence: str, *, fields: Mapping[str, object] | None = None) -> Response:
    body: dict[str, object] = {"type": "about:blank", "status": status, "code": code, "title": sentence}
    if fields:
        body["fields"] = dict(fields)
    response = Response(json.dumps(body), status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def page(
    status: int, sentence: str, values: Mapping[str, str] | None = None, *, onward: tuple[str, str] | None = None
) -> ResponseReturnValue:
    """The page of a refusal. ``onward`` is an address with its words, where there is a way on."""
    translated = gettext(sentence, **(values or {}))
    action_url, action_label = onward or (url_for("home.index"), gettext("To the start page"))
    return (
        render_template(
            "error.html",
            status=status,
            title=gettext("That did not work") if status >= 500 else gettext("Sorry, you cannot get further here"),
            sentence=translated,
            action_url=action_url,
            action_label=action_label,
            return_to=url_for("home.index"),
        ),
        status,
    )


def _on_service_error(error: SurveyServiceError) -> ResponseReturnValue:
    get_logger().info("request.refused", code=error.code, status=error.status, route=str(request.url_rule))
    if wants_problem():
        return problem(
            error.status,
            error.code,
            str(error),
            fields=error.fields if isinstance(error, BadInput) else None,
        )
    if isinstance(error, NotSignedIn) and request.method == "GET":
        return redirect(url_for("access.sign_in"), code=303)
    onward = None
    if isinstance(error, NotSignedIn) or request.endpoint == "access.patient_callback":
        onward = (url_for("access.sign_in"), gettext("Sign in"))
    if isinstance(error, OtherUnits):
        onward = (url_for("emergency.ask", response_id=error.response_id), gettext("Give a reason"))
    return page(error.status, error.sentence, error.values, onward=onward)


def _on_stale_form(_error: CSRFError) -> ResponseReturnValue:
    return problem(400, "stale-form", _STALE_FORM) if wants_problem() else page(400, _STALE_FORM)


def _on_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    sentence = _SENTENCES.get(status, _GENERAL)
    if wants_problem():
        messages = getattr(error, "data", {}).get("messages", {})
        fields = messages.get("query") or messages.get("json")
        if isinstance(fields, list):  # of the body as a whole
            fields = {"body": fields}
        answer = problem(status, _CODES.get(status, "internal-error"), sentence, fields=fields)
    else:
        answer = make_response(page(status, sentence))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _on_unexpected(error: Exception) -> ResponseReturnValue:
    get_logger().error("request.failed", route=str(request.url_rule), method=request.method, exc_info=error)
    return problem(500, "internal-error", _GENERAL) if wants_problem() else page(500, _GENERAL)
