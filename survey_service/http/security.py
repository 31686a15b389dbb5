"""Headers, cookies, cross-site protection and the coarse limit on requests."""

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from survey_service.settings import Settings

# Nothing from elsewhere, nothing inline. Forms go to this service, or by redirect to the identity provider.
_CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
}
_LARGEST_REQUEST = 64 * 1024

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
    csrf.init_app(app)
    limiter.init_app(app)
    app.after_request(_keep_out_of_caches)


def _keep_out_of_caches(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
