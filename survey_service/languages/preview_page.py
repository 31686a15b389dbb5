"""The pages that patients would see, with the newest texts, approved or not: for looking at, of nobody's session.

The templates are the patients' own. What is not translated stands in brackets, in the source language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import Connection

from instruments import Instrument, SeveralChoices, SingleChoice
from survey_service.answering import question_page
from survey_service.errors import AccessDenied
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.http.locale import gettext
from survey_service.languages.desk_queries import all_segments, subject_kind, subjects, text_of
from survey_service.languages.pages import frame
from survey_service.languages.queries import instrument_named
from survey_service.languages.subject_names import named, question_name
from translations.catalogue import InstrumentWording, WordingKind
from translations.subjects import INTERFACE, SOURCE_LOCALE, InstrumentSubject, SubjectKind, instrument_of

Context = dict[str, Any]

# Pages of the interface that need nobody's data; the question stands for all that is asked.
_TEMPLATES = {"home": "home.html", "sign-in": "sign_in.html"}
BEFORE_SIGN_IN = frozenset(_TEMPLATES.values())
_QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Framed:
    """The page for a frame: a template with what it shows, and the interface's newest texts in the language."""

    template: str
    context: Context
    interface: Mapping[str, tuple[str, ...]]


def choice_of_pages(
    services: Services, about: str, code: str, wanted: str, text: UUID | None, *, as_: Translator
) -> Context:
    """What can be looked at, and which of it is."""
    with services.db.transaction(as_=as_) as connection:
        subject_kind(connection, about)
        context = text_of(connection, text)[1] if text else ""
        name = named(connection, services, about)
    of = instrument_of(about)
    if of is None:
        pages = [("home", gettext("Start page")), ("sign-in", gettext("Sign in")), (_QUESTION, gettext("A question"))]
    else:
        instrument = instrument_named(services, of)
        pages = [(item, question_name(instrument, item)) for item in instrument.items]
        wanted = wanted or _item_with(instrument, context)
    chosen = wanted if wanted in dict(pages) else pages[0][0]
    return {
        **frame(name, code),
        "pages": pages,
        "chosen": chosen,
        "frame_address": url_for("languages.framed", locale=code, subject=about, page=chosen),
    }


def framed(services: Services, about: str, code: str, page: str, *, as_: Translator) -> Framed:
    """The page itself. Raises ``AccessDenied`` for one that there is not."""
    with services.db.transaction(as_=as_) as connection:
        kind = subject_kind(connection, about)
        interface = _newest(connection, INTERFACE, code)
        of = instrument_of(about)
        if of is None and page in _TEMPLATES:
            return Framed(_TEMPLATES[page], {}, interface)
        if of is None:
            about, kind = _any_instrument(connection)
            of = instrument_of(about)
        assert of is not None
        wording = _wording(connection, of, code, kind)
    instrument = instrument_named(services, of)
    item = instrument.items.get(page) or next(iter(instrument.items.values()))
    return Framed("question.html", question_page.preview(instrument, item, wording), interface)


def _any_instrument(connection: Connection) -> tuple[str, SubjectKind]:
    """The one with the fewest texts: it is likely to be translated first."""
    found = [one for one in subjects(connection) if one.subject != INTERFACE]
    if not found:
        raise AccessDenied
    least = min(found, key=lambda one: (one.texts, one.subject))
    return least.subject, least.kind


def _wording(connection: Connection, of: InstrumentSubject, code: str, kind: SubjectKind) -> InstrumentWording:
    """The newest text of every part; in brackets, the source of one that is needed and not there."""
    rows = all_segments(connection, str(of), code)
    texts = {
        row.context: row.translation.forms[0] if row.translation else f"[{row.source[0]}]"
        for row in rows
        if row.translation or row.needed
    }
    return InstrumentWording(
        instrument=of.instrument,
        version=of.version,
        locale=code if any(row.translation for row in rows) else SOURCE_LOCALE,
        kind=WordingKind.OWN if kind is SubjectKind.OWN else WordingKind.DEMONSTRATION,
        respondent=of.respondent,
        texts=texts,
        sources={},
        concepts={},
    )


def _newest(connection: Connection, about: str, code: str) -> dict[str, tuple[str, ...]]:
    return {row.context: row.translation.forms for row in all_segments(connection, about, code) if row.translation}


def _item_with(instrument: Instrument, context: str) -> str:
    """The first question that shows the text."""
    for item in instrument.items.values():
        if context == f"item:{item.id}" or context.startswith(f"{item.id}:"):
            return item.id
        question = item.question
        if isinstance(question, SingleChoice | SeveralChoices) and context.startswith(f"option:{question.option_set}:"):
            return item.id
    return ""
