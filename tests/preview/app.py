"""Renders every template with the samples, as the service will: strict policy, strict undefined names, no database.

`.venv/bin/python -m tests.preview.app` serves it at http://127.0.0.1:5099/sv/.
"""

import tempfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import flask_babel
from babel.dates import format_date, format_time
from babel.messages import mofile, pofile
from babel.numbers import format_decimal
from flask import Flask, Response, abort, g, render_template, request
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from tests.preview.samples import pages

ROOT = Path(__file__).parents[2]
STOCKHOLM = ZoneInfo("Europe/Stockholm")
LANGUAGES = [("sv", "Svenska"), ("en", "English"), ("ar", "العربية")]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ENDPOINTS = {
    "home.index": "/",
    "access.sign_in": "/sign-in",
    "access.start_patient_sign_in": "/sign-in/start",
    "access.staff_sign_in": "/staff/sign-in",
    "access.sign_out": "/sign-out",
    "preferences.set_language": "/language",
    "answering.inbox": "/inbox",
    "answering.survey": "/surveys/<survey_id>",
    "answering.start_survey": "/surveys/<survey_id>/start",
    "answering.question": "/sessions/<session_id>",
    "answering.change": "/sessions/<session_id>/change/<int:sequence>",
    "answering.record": "/sessions/<session_id>/answers",
    "answering.completed": "/sessions/<session_id>/completed",
    "privacy.my_data": "/my-data",
    "privacy.set_objection": "/registers/<register_id>/objection",
    "delivery.worklist": "/worklist",
    "delivery.response": "/responses/<response_id>",
    "delivery.open_response": "/responses/<response_id>/open",
    "delivery.assess_response": "/responses/<response_id>/assess",
    "scheduling.new_enrolment": "/enrolments/new",
}


def compiled_catalogues() -> str:
    folder = Path(tempfile.mkdtemp(prefix="catalogues-"))
    for source in (ROOT / "translations" / "ui").glob("*/LC_MESSAGES/messages.po"):
        target = folder / source.parts[-3] / "LC_MESSAGES" / "messages.mo"
        target.parent.mkdir(parents=True)
        with source.open("rb") as catalogue, target.open("wb") as compiled:
            mofile.write_mo(compiled, pofile.read_po(catalogue, locale=source.parts[-3]))
    return str(folder)


def create_app() -> Flask:
    http = ROOT / "survey_service" / "http"
    app = Flask("preview", template_folder=str(http / "templates"), static_folder=str(http / "static"))
    app.config.update(SECRET_KEY="preview", BABEL_TRANSLATION_DIRECTORIES=compiled_catalogues())
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    flask_babel.Babel(app, locale_selector=lambda: g.locale)
    CSRFProtect(app)
    app.jinja_env.filters.update(datetime=long_datetime, date=long_date, time=short_time, number=decimal)
    for endpoint, path in ENDPOINTS.items():
        app.add_url_rule(path, endpoint, lambda **_: "", methods=["GET", "POST"])
    app.add_url_rule("/<locale>/", "preview.index", index)
    app.add_url_rule("/<locale>/<name>", "preview.page", page)
    app.after_request(harden)
    return app


def harden(response: Response) -> Response:
    if not request.path.endswith("/email"):  # a mail program is not under the policy, and drops style sheets
        response.headers["Content-Security-Policy"] = POLICY
    return response


def long_datetime(at: datetime) -> str:
    return f"{long_date(at)} {short_time(at)}"


def long_date(at: datetime) -> str:
    return format_date(at.astimezone(STOCKHOLM), "long", "en_GB" if g.locale == "en" else g.locale)


def short_time(at: datetime) -> str:
    return format_time(at.astimezone(STOCKHOLM), "HH:mm", locale=g.locale)


def decimal(value: float) -> str:
    return format_decimal(value, locale=g.locale)


def index(locale: str) -> str:
    if locale not in dict(LANGUAGES):  # a browser asks for /favicon.ico of its own accord
        abort(404)
    g.locale = locale
    return "".join(f'<p><a href="/{locale}/{name}">{name}</a>' for name in pages(locale))


def page(locale: str, name: str) -> str:
    g.locale = locale
    sample = pages(locale)[name]
    names = {"patient": "Bertil Öberg", "staff": "Astrid Lindqvist"}
    frame = {
        "locale": locale,
        "text_direction": "rtl" if locale == "ar" else "ltr",
        "languages": LANGUAGES,
        "signed_in": sample.signed_in,
        "signed_in_name": names.get(sample.signed_in or ""),
        "unit_name": "Knämottagningen i Sjövik" if sample.signed_in == "staff" else None,
        "demonstration": True,
    }
    return render_template(sample.template, **(frame | sample.context))


if __name__ == "__main__":
    create_app().run(port=5099)
