"""The web application: pages for patients and staff, the interface for registers."""

import gc
from http import HTTPStatus
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import structlog
from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.middleware.proxy_fix import ProxyFix

from survey_service.access import acting_web, letter_web, mandates_web, rights_web
from survey_service.access import handover_web as handover
from survey_service.access import web as access
from survey_service.access.oidc import install_identity_providers
from survey_service.answering import paper_web
from survey_service.answering import web as answering
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_denial
from survey_service.delivery import api as deliveries
from survey_service.delivery import correction_web as corrections
from survey_service.delivery import course_web as course
from survey_service.delivery import emergency_web, flags_web, oversight_web, worklist_web
from survey_service.delivery import own_copy_web as own_copy
from survey_service.delivery import record_system_page as record_systems
from survey_service.delivery import web as delivery
from survey_service.errors import AccessDenied, SignInRefused
from survey_service.foundation.logging import configure_logging, get_logger
from survey_service.foundation.services import Services
from survey_service.history import web as history
from survey_service.http.context import EXTENSION, principal, services
from survey_service.http.first_screen import install_first_screen
from survey_service.http.home import health, home, preferences
from survey_service.http.locale import Catalogues, current_locale, install_locale, languages, text_direction
from survey_service.http.problems import ProblemSchema, install_problems
from survey_service.http.references import install_references
from survey_service.http.security import install_security
from survey_service.http.static_files import install_static_files
from survey_service.http.words import install_words
from survey_service.insight import web as insight
from survey_service.languages import web as languages_web
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.notifying import choices_web, figures_web, receipts_api
from survey_service.notifying import status_web as notices
from survey_service.privacy import web as privacy
from survey_service.registers import agreements_api, agreements_web, coverage_api, coverage_web, inbox_web
from survey_service.registers import api as registers
from survey_service.registers.oauth import install_token_server
from survey_service.scheduling import api as enrolments
from survey_service.scheduling import enrolment_web as enrolment
from survey_service.scheduling import list_web as enrolment_list
from survey_service.scheduling import protocols_web
from survey_service.scheduling import web as scheduling
from survey_service.settings import Settings
from survey_service.wiring import build_services

API_PREFIX = "/api/v1"


def create_app_from_environment() -> Flask:
    """For gunicorn: ``survey_service.app:create_app_from_environment()``."""
    settings = Settings.from_environment()
    configure_logging(json=settings.json_logs)
    app = create_app(build_services(settings))
    keep_what_lasts()
    return app


def keep_what_lasts() -> None:
    """Leave what lives as long as the process out of garbage collection: going through the catalogues, instruments and
    value sets each time doubled what the largest pages take."""
    gc.collect()
    gc.freeze()


def create_app(wired: Services, *, texts: Catalogues | None = None) -> Flask:
    """The application on these services; ``texts`` in place of the interface's own, for tests in other languages."""
    app = Flask(__name__, template_folder="http/templates", static_folder=None)
    app.extensions[EXTENSION] = wired
    # Who asks, and whether over TLS, is what so many proxies of our own say; nobody else is believed.
    proxies = wired.settings.trusted_proxies
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # because that is how Flask is wrapped
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.before_request(_begin)  # first, since a request can be refused by any of what follows
    install_security(app, wired.settings)
    install_static_files(app)
    install_first_screen(app, secure=wired.settings.base_url.startswith("https://"))
    install_locale(app, texts or InterfaceTexts(wired))
    install_words(app)
    install_references(app)
    install_problems(app, on_denial=_log_denial)
    install_identity_providers(app, wired)
    install_token_server(app, wired)
    for blueprint in (home, preferences, health, access.blueprint, answering.blueprint, delivery.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (corrections.blueprint, record_systems.blueprint, agreements_web.blueprint, inbox_web.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (privacy.blueprint, choices_web.blueprint, scheduling.blueprint, languages_web.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (rights_web.blueprint, emergency_web.blueprint, oversight_web.blueprint):
        app.register_blueprint(blueprint)
    app.register_blueprint(own_copy.blueprint)
    for blueprint in (history.blueprint, coverage_web.blueprint, protocols_web.blueprint, course.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (worklist_web.blueprint, flags_web.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (paper_web.blueprint, letter_web.blueprint, notices.blueprint, figures_web.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (enrolment.blueprint, handover.blueprint, enrolment_list.blueprint, insight.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (acting_web.blueprint, mandates_web.blueprint):
        app.register_blueprint(blueprint)
    _install_api(app)
    app.before_request(access.load_principal)
    app.before_request(access.guard_staff)
    app.after_request(_finish)
    app.context_processor(_frame)
    return app


class _Api(Api):
    """flask-smorest without its own error format: ours is problem+json, for every path under the API."""

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        described = {"application/problem+json": {"schema": ProblemSchema}}
        errors = {status.name: status.phrase for status in HTTPStatus} | {"DEFAULT_ERROR": "Refused, or failed"}
        for name, description in errors.items():
            self.spec.components.response(name, {"description": description, "content": described}, lazy=True)


def openapi_document() -> dict[str, Any]:
    """The document that is served at ``/api/v1/openapi.json``; needs neither settings nor a database."""
    document: dict[str, Any] = _install_api(Flask(__name__)).spec.to_dict()
    return document


def _install_api(app: Flask) -> _Api:
    app.config.update(
        API_TITLE="Survey service",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=API_PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}}
        },
    )
    api = _Api(app)
    api.register_blueprint(registers.blueprint, url_prefix=API_PREFIX)
    api.register_blueprint(agreements_api.blueprint, url_prefix=API_PREFIX)
    api.register_blueprint(deliveries.blueprint, url_prefix=API_PREFIX)
    api.register_blueprint(enrolments.blueprint, url_prefix=API_PREFIX)
    api.register_blueprint(coverage_api.blueprint, url_prefix=API_PREFIX)
    api.register_blueprint(receipts_api.blueprint, url_prefix=API_PREFIX)
    return api


def _frame() -> dict[str, Any]:
    """What the frame of every page shows."""
    locale = current_locale()
    return {
        "locale": locale,
        "text_direction": text_direction(locale),
        "languages": languages(),
        "demonstration": services().settings.demonstration,
        **access.describe_principal(),
    }


def _log_denial(error: AccessDenied | SignInRefused) -> None:
    activity = Activity.SIGN_IN if isinstance(error, SignInRefused) else Activity.READ
    object_id = next((value for value in (request.view_args or {}).values() if isinstance(value, UUID)), None)
    record_denial(
        services(),
        Access(activity, Purpose.ADMINISTRATION, request.endpoint or "unknown", object_id),
        by=principal(),
        reason=error.sentence if isinstance(error, SignInRefused) else error.code,
    )


def _begin() -> None:
    g.started = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=str(uuid4()))


def _finish(response: Response) -> Response:
    # The rule, not the path: a path can hold a patient's own link.
    if request.endpoint not in {"static", "words", "health.alive"}:
        get_logger().info(
            "request",
            method=request.method,
            route=str(request.url_rule),
            status=response.status_code,
            milliseconds=round(1000 * (perf_counter() - g.started), 1),
        )
    return response
