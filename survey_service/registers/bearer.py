"""The register behind a request's bearer token."""

from flask import g, request

from survey_service.errors import AccessDenied, NotSignedIn
from survey_service.foundation.principals import Gate, Register
from survey_service.http.context import principal, services
from survey_service.registers.oauth import register_of_token


def register_of_request() -> Register:
    """Raises ``NotSignedIn`` without a token that holds, ``AccessDenied`` to a signed-in person: this is no page."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        g.principal = register = register_of_token(services(), token)
        return register
    if isinstance(principal(), Gate):
        raise NotSignedIn("Send the access token as a bearer token.")
    raise AccessDenied
