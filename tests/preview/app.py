"""Renders every template with the samples, as the service will: strict policy, strict undefined names, no database.

`.venv/bin/python -m tests.preview.app` serves it at http://127.0.0.1:5099/sv/, and at /fi/, /ar/, /sv_simple/, and
/en_XA/ for the language that nobody speaks. The data are Swedish or English, and the questions Arabic too.
"""

from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, Response, abort, g, render_template, request
from flask_babel import Babel, Domain
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from tests.preview.samples import pages
from translations.interface import interface_translations
from translations.plurals import cldr_locale, is_right_to_left
from translations.pseudo import PSEUDO, PseudoTranslations

ROOT = Path(__file__).parents[2]
STOCKHOLM = ZoneInfo("Europe/Stockholm")
LANGUAGES = [
    ("sv", "Svenska"),
    ("ar", "العربية"),
    ("en", "English"),
    ("fi", "Suomi"),
    ("sv_simple", "Lätt svenska"),
    (PSEUDO, "[Ñööḃööðýý]"),
]
# Of what the pages are filled with, by language of the interface; else English.
DATA = {"sv": "sv", "sv_simple": "sv", "ar": "ar"}
NAMES = {"patient": "Bertil Öberg", "staff": "Astrid Lindqvist", "translator": "Tiina Mäki"}
UNIT = "Knämottagningen i Sjövik"
# What stands on the pages and is in no sample.
# A page elsewhere that is in Swedish only.
ABROAD = "Anmäl bristande tillgänglighet, digg.se"
FRAME_TEXTS = (*(name for _, name in LANGUAGES), *NAMES.values(), UNIT, ABROAD)
# Made once for each language: there are more than a hundred, and most requests are for one.
SAMPLES = cache(pages)
ENDS_AT = datetime(2026, 11, 22, 14, 0, tzinfo=STOCKHOLM)
CATALOGUES: dict[str, Translations] = {**interface_translations(), PSEUDO: PseudoTranslations()}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ENDPOINTS = {
    "home.index": "/",
    "home.accessibility": "/accessibility",
    "access.sign_in": "/sign-in",
    "access.start_patient_sign_in": "/sign-in/start",
    "access.staff_sign_in": "/staff/sign-in",
    "access.sign_out": "/sign-out",
    "access.signed_out": "/sign-in/ended",
    "access.stay": "/stay",
    "words": "/static/words.<locale>.js",
    "preferences.set_language": "/language",
    "answering.inbox": "/inbox",
    "answering.survey": "/surveys/<survey_id>",
    "answering.set_language": "/language/<survey_id>",
    "answering.start_survey": "/surveys/<survey_id>/start",
    "answering.question": "/sessions/<session_id>",
    "answering.change": "/sessions/<session_id>/change/<int:sequence>",
    "answering.record": "/sessions/<session_id>/answers",
    "answering.keep": "/sessions/<session_id>/kept",
    "answering.completed": "/sessions/<session_id>/completed",
    "privacy.my_data": "/my-data",
    "acting.choose": "/acting-for",
    "acting.oneself": "/acting-for/oneself",
    "acting.take": "/acting-for/<mandate_id>",
    "mandates.page": "/enrolments/<enrolment_id>/mandates",
    "mandates.enter": "/enrolments/<enrolment_id>/mandates/enter",
    "mandates.end": "/enrolments/<enrolment_id>/mandates/<mandate_id>/end",
    "mandates.end_own": "/my-data/mandates/<mandate_id>",
    "contact.choices": "/contact",
    "contact.save": "/contact",
    "privacy.set_objection": "/registers/<register_id>/objection",
    "privacy.set_block": "/units/<unit_id>/block",
    "rights.overview": "/rights",
    "rights.give": "/rights/give",
    "rights.end": "/rights/<commission_id>/end",
    "emergency.ask": "/responses/<response_id>/emergency",
    "emergency.open": "/responses/<response_id>/emergency/open",
    "emergency.elsewhere": "/patients/<patient>/units",
    "oversight.report": "/oversight",
    "oversight.download": "/oversight.csv",
    "oversight.patient": "/oversight/<opening_id>/patient",
    "rights.download": "/rights.csv",
    "delivery.worklist": "/worklist",
    "delivery.response": "/responses/<response_id>",
    "delivery.open_response": "/responses/<response_id>/open",
    "delivery.assess_response": "/responses/<response_id>/assess",
    "delivery.confirm_receipts": "/receipts",
    "delivery.undelivered": "/undelivered",
    "worklist.new": "/staff/new",
    "worklist.search": "/staff/search",
    "worklist.today": "/staff/today",
    "worklist.remind": "/occasions/<occasion_id>/reminder",
    "worklist.non_response": "/occasions/<occasion_id>/non-response",
    "worklist.hand_over": "/responses/<response_id>/hand-over",
    "worklist.note": "/responses/<response_id>/notes",
    "paper.form": "/occasions/<occasion_id>/paper",
    "paper.entry": "/occasions/<occasion_id>/entry",
    "paper.enter": "/occasions/<occasion_id>/entry/save",
    "flags.rules": "/flags",
    "flags.add": "/flags/add",
    "flags.end": "/flags/<rule_id>/end",
    "flags.hours": "/flags/hours",
    "flags.paper": "/flags/paper",
    "flags.letters": "/flags/letters",
    "record_systems.settings": "/record-system",
    "record_systems.enter": "/record-system/enter",
    "record_systems.test": "/record-system/<system_id>/test",
    "record_systems.activate": "/record-system/<system_id>/activate",
    "record_systems.pause": "/record-system/<system_id>/pause",
    "record_systems.alarms": "/alarms",
    "registers_inbox.questions": "/staff/queries",
    "corrections.correction": "/responses/<response_id>/correction",
    "corrections.correct": "/responses/<response_id>/correction/save",
    "corrections.voiding": "/responses/<response_id>/voiding",
    "corrections.void": "/responses/<response_id>/voiding/save",
    "corrections.version": "/responses/<response_id>/versions/<number>",
    "scheduling.new_enrolment": "/enrolments/new",
    "protocols.protocols": "/protocols",
    "protocols.begin": "/protocols/begin",
    "protocols.protocol": "/protocols/<protocol_id>",
    "protocols.file": "/protocols/<protocol_id>/file",
    "protocols.take_file": "/protocols/<protocol_id>/file/take",
    "protocols.edit": "/protocols/<protocol_id>/edit",
    "protocols.save": "/protocols/<protocol_id>/edit/save",
    "protocols.preview": "/protocols/<protocol_id>/preview",
    "protocols.preview_file": "/protocols/<protocol_id>/preview.csv",
    "protocols.apply": "/protocols/<protocol_id>/publication",
    "enrolment.show": "/enrolments/<enrolment_id>",
    "enrolment.move": "/enrolments/<enrolment_id>/event",
    "enrolment.change_state": "/enrolments/<enrolment_id>/state",
    "enrolment.change_addresses": "/enrolments/<enrolment_id>/addresses",
    "enrolment.hand_on": "/enrolments/<enrolment_id>/unit",
    "enrolment_list.choose": "/enrolments/list",
    "enrolment_list.look_or_enrol": "/enrolments/list/look",
    "notices.status": "/notices",
    "notices.again": "/notices/<dispatch_id>/again",
    "handover.prepare": "/occasions/<occasion_id>/hand-over",
    "handover.make": "/occasions/<occasion_id>/hand-over/make",
    "handover.take": "/h/<code>",
    "letter.enter": "/letter/enter",
    "letter.take": "/letter",
    "agreements_web.agreements": "/staff/registers",
    "agreements_web.approve": "/staff/registers/<agreement_id>/approval",
    "agreements_web.end": "/staff/registers/<agreement_id>/end",
    "register_use.pulls": "/registers/pulls",
    "register_use.coverage": "/registers/coverage",
    "course.course": "/patients/<patient>/course",
    "course.record": "/patients/<patient>/course.pdf",
    "course.my_results": "/my-results",
    "own_copy.document": "/my-answers.pdf",
    "own_copy.table": "/my-answers.csv",
    "own_copy.fhir": "/my-answers.json",
    "insight.follow_up": "/follow-up",
    "insight.figures": "/follow-up/figures.csv",
    "history.earlier_results": "/patients/<patient>/history",
    "languages.desk": "/translate",
    "languages.open_language": "/translate/open",
    "languages.glossary": "/translate/<locale>/glossary",
    "languages.subject": "/translate/<locale>/<subject>",
    "languages.take_steps": "/translate/<locale>/<subject>/steps",
    "languages.version": "/translate/<locale>/<subject>/version",
    "languages.approve": "/translate/<locale>/<subject>/version/make",
    "languages.export": "/translate/<locale>/<subject>/export/<ending>",
    "languages.import_file": "/translate/<locale>/<subject>/import",
    "languages.preview": "/translate/<locale>/<subject>/preview",
    "languages.take_step": "/translate/<locale>/texts/<source_id>/steps",
    "languages.evidence": "/translate/evidence/<step_id>",
    "languages.comment": "/translate/<locale>/texts/<source_id>/comments",
}


class Catalogue(Domain):
    def get_translations(self) -> Translations:
        return CATALOGUES[g.locale]


class PreviewBabel(Babel):
    @property
    def domain_instance(self) -> Catalogue:
        return Catalogue()


def create_app() -> Flask:
    http = ROOT / "survey_service" / "http"
    app = Flask("preview", template_folder=str(http / "templates"), static_folder=str(http / "static"))
    app.config.update(SECRET_KEY="preview")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    PreviewBabel(app, locale_selector=notation)
    CSRFProtect(app)
    app.jinja_env.filters.update(
        datetime=long_datetime,
        date=long_date,
        day=calendar_day,
        month=month,
        time=short_time,
        number=decimal,
        reference=str,
    )
    for endpoint, path in ENDPOINTS.items():
        app.add_url_rule(path, endpoint, lambda **_: "", methods=["GET", "POST"])
    app.add_url_rule("/<locale>/", "preview.index", index)
    app.add_url_rule("/<locale>/<name>", "preview.page", page)
    app.after_request(harden)
    return app


def harden(response: Response) -> Response:
    if "/email" in request.path:  # a mail program is not under the policy, and drops style sheets
        return response
    policy = POLICY
    if request.path.endswith("/desk_preview"):
        policy += "; frame-src 'self'"
    elif "framed" in request.args:
        policy = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    response.headers["Content-Security-Policy"] = policy
    return response


def notation() -> Locale:
    return cldr_locale("en_GB" if g.locale == "en" else g.locale)


def long_datetime(at: datetime) -> str:
    return f"{long_date(at)} {short_time(at)}"


def long_date(at: datetime) -> str:
    return format_date(at.astimezone(STOCKHOLM), "long", notation())


def calendar_day(day: date) -> str:
    return format_date(day, "long", notation())


def month(day: date) -> str:
    return format_skeleton("yMMMM", day, locale=notation())


def short_time(at: datetime) -> str:
    return format_time(at.astimezone(STOCKHOLM), "HH:mm", locale=notation())


def decimal(value: float) -> str:
    return format_decimal(value, locale=notation())


def index(locale: str) -> str:
    if locale not in dict(LANGUAGES):  # a browser asks for /favicon.ico of its own accord
        abort(404)
    g.locale = locale
    return "".join(f'<p><a href="/{locale}/{name}">{name}</a>' for name in pages("en"))


def page(locale: str, name: str) -> str:
    g.locale = locale
    sample = SAMPLES(DATA.get(locale, "en"))[name]
    frame = {
        "locale": locale,
        "text_direction": "rtl" if is_right_to_left(locale) else "ltr",
        "languages": LANGUAGES,
        "signed_in": sample.signed_in,
        "signed_in_name": NAMES.get(sample.signed_in or ""),
        "unit_name": UNIT if sample.signed_in == "staff" else None,
        "demonstration": True,
        "home": "home.index",
        "acts_for": None,
        "may_read": True,
        "first_screen_styles": str,  # none: the sheet is linked, as for who has been here before
        "answers_for_others": False,
        "ends_at": ENDS_AT if sample.signed_in in ("patient", "tablet") else None,
        "idle_seconds": 1800,
        "longest_seconds": 28800,
        "device_tag": "0123456789" if sample.signed_in == "patient" else None,
        "may": dict.fromkeys(("care", "manage", "set_rights", "see_rights", "oversee"), sample.signed_in == "staff"),
    }
    return render_template(sample.template, **(frame | sample.context))


if __name__ == "__main__":
    create_app().run(port=5099)
