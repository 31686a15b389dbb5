"""Headers, cookies, cross-site protection and the coarse limit on requests."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from survey_service.http import first_screen
from survey_service.settings import Settings

# Nothing from elsewhere, nothing inline but the styles of the first screen. Forms go to this service, or by redirect to
# the identity provider.
_CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "script-src": "'self'",
    "style-src": f"'self' {first_screen.SOURCE}",
}
# A file is no page: nothing is done in it, wherever it is opened. Short, since it goes with each of them.
_FILES = {"static", "words"}
_POLICY_OF_FILES = "default-src 'none'; frame-ancestors 'none'"
_LARGEST_REQUEST = 64 * 1024

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")


def install_security(app: Flask, settings: Settings) -> None:
    secure = settings.base_url.startswith("https://")
    providers = {settings.patient_identity.issuer, settings.staff_identity.issuer}
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # an old page is no reason to lose an answer; the token lives as long as the session
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        RATELIMIT_HEADERS_ENABLED=True,
    )
    app.after_request(_shorten_for_files)  # before Talisman's own: the last that is given runs first
    Talisman(
        app,
        force_https=secure,
        strict_transport_security=secure,
        session_cookie_secure=secure,
        frame_options="DENY",
        referrer_policy="same-origin",
        content_security_policy={
            **_CONTENT_SECURITY_POLICY,
            "form-action": " ".join(["'self'", *sorted(providers)]),
        },
        permissions_policy={"camera": "()", "geolocation": "()", "microphone": "()"},
    )
    app.before_request(_allow_larger)  # before the cross-site token is looked for, which reads the form
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_keep_out_of_caches)


def takes_up_to(most: int) -> Callable[[View], View]:
    """For a view that takes a file: it may be sent so many bytes, where others refuse."""

    def marked(view: View) -> View:
        view.largest_request = most  # type: ignore[attr-defined]  # because functions have what one gives them
        return view

    return marked


def framed_by_own_pages(view: View) -> View:
    """For a page that pages of this service show in a frame. Nothing in it can be sent anywhere."""
    policy = _CONTENT_SECURITY_POLICY | {"frame-ancestors": "'self'", "form-action": "'none'"}
    return _with_headers(view, frame_options="SAMEORIGIN", content_security_policy=policy)


def frames_own_pages(view: View) -> View:
    """For a page that shows such a page."""
    policy = _CONTENT_SECURITY_POLICY | {"frame-src": "'self'", "form-action": "'self'"}
    return _with_headers(view, content_security_policy=policy)


def _with_headers(view: View, **options: object) -> View:
    view.talisman_view_options = options  # type: ignore[attr-defined]  # because that is where Talisman looks
    return view


def _allow_larger() -> None:
    most = getattr(current_app.view_functions.get(request.endpoint or ""), "largest_request", None)
    if most is not None:
        request.max_content_length = most
        request.max_form_memory_size = most


def _shorten_for_files(response: Response) -> Response:
    if request.endpoint in _FILES and response.status_code < 400:
        response.headers["Content-Security-Policy"] = _POLICY_OF_FILES
        for of_pages in ("Permissions-Policy", "Referrer-Policy", "X-Frame-Options"):
            del response.headers[of_pages]
    return response


def _keep_out_of_caches(response: Response) -> Response:
    if request.endpoint not in _FILES:
        response.headers["Cache-Control"] = "no-store"
    return response
