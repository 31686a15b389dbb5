"""Figures for a monitoring system that has the token."""

import hmac

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from survey_service.http.context import services
from survey_service.notifying.figures import figures

blueprint = Blueprint("figures", __name__)


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Not there for who has no token, nor where none is set."""
    token = services().settings.metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    return Response(figures(services()), content_type=CONTENT_TYPE_LATEST)
