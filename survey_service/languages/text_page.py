"""The page of one text in one language: source and translation side by side, with all that belongs to them.

Also with what was typed and could not be taken, and with another's text that came first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import url_for

from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext, language_name, number, text_direction
from survey_service.languages.desk_queries import (
    Segment,
    TranslationVersion,
    segment,
    segments,
    text_of,
)
from survey_service.languages.desk_words import (
    differences,
    form_label,
    in_order,
    state_name,
    tag,
)
from survey_service.languages.filters import Filters
from survey_service.languages.rules import State
from survey_service.languages.subject_names import SubjectName, named
from translations.contexts import PARAGRAPHS
from translations.placeholders import wanted_forms
from translations.subjects import SOURCE_LOCALE

Context = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was sent and not taken: ``forms`` as typed, sentences by field, and the text that somebody else saved."""

    forms: Sequence[str] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    overtaken_by: TranslationVersion | None = None


def read(services: Services, source_id: UUID, code: str, *, as_: Translator) -> Segment:
    """The text that an address names, as this translator sees it."""
    with services.db.transaction(as_=as_) as connection:
        about, context = text_of(connection, source_id)
        return segment(connection, services, subject=about, context=context, locale=code, reader=as_.translator_id)


def name_of(services: Services, found: Segment, *, as_: Translator) -> SubjectName:
    """What the text is of."""
    with services.db.transaction(as_=as_) as connection:
        return named(connection, services, found.subject)


def following(services: Services, found: Segment, filters: Filters, *, as_: Translator) -> UUID | None:
    """The next text that the filters let through."""
    if not filters.query:
        return found.after
    with services.db.transaction(as_=as_) as connection:
        page = segments(connection, found.subject, found.locale, **filters.arguments(), after=found.source_id, limit=1)
    return page.rows[0].source_id if page.rows else None


def page(found: Segment, name: SubjectName, filters: Filters, *, attempt: Attempt, after: UUID | None) -> Context:
    """Everything on the page."""
    code = found.locale

    def address(endpoint: str, source_id: UUID | None = None) -> str:
        return url_for(f"languages.{endpoint}", locale=code, source_id=source_id or found.source_id, **filters.query)

    replaced = attempt.overtaken_by or found.current
    return {
        "subject": found.subject,
        "title": name.title,
        "code": code,
        "language": language_name(code, in_=current_locale()),
        "locale_tag": tag(code),
        "direction": text_direction(code),
        "source_language": SOURCE_LOCALE,
        "source_direction": text_direction(SOURCE_LOCALE),
        "source_id": found.source_id,
        "query": filters.query,
        "address": address("text"),
        "back_address": url_for("languages.subject", locale=code, subject=found.subject, **filters.query),
        "previous_address": address("text", found.before) if found.before else None,
        "next_address": address("text", after) if after else None,
        "history_address": url_for("languages.history", locale=code, source_id=found.source_id),
        "preview_address": url_for("languages.preview", locale=code, subject=found.subject, text=found.source_id),
        "name": name.text(found.context),
        "context": name.shown_context(found.context),
        "concept": found.concept,
        "needed": found.needed,
        "sources": _sources(found),
        "source_change": differences(found.previous_source, found.source) if found.previous_source else [],
        "terms": found.terms,
        "others": [_other(locale, one) for locale, one in sorted(found.others.items()) if one.forms != found.source],
        "comments": found.comments,
        "fields": _fields(found, attempt),
        "replaces": replaced.id if replaced else "",
        "current": _current(found.current),
        "steps": in_order(found.next_states),
        "why_no_step": _why_no_step(found),
        "in_force": _in_force(found),
        "may_edit": found.may_translate,
        "why_not": gettext("You do not work in this language."),
        "versions": len(found.versions),
        "conflict": _conflict(found, attempt),
        "errors": attempt.errors,
        "values": attempt.values,
    }


def _sources(found: Segment) -> list[Context]:
    names = wanted_forms(found.source, SOURCE_LOCALE)
    return [
        {
            "label": form_label(name, SOURCE_LOCALE) if name else "",
            "language": SOURCE_LOCALE,
            "direction": text_direction(SOURCE_LOCALE),
            "text": text,
        }
        for name, text in zip(names, found.source, strict=False)
    ]


def _other(locale: str, one: TranslationVersion) -> Context:
    return {
        "name": language_name(locale, in_=current_locale()),
        "label": state_name(one.state),
        "language": tag(locale),
        "direction": text_direction(locale),
        "text": " / ".join(one.forms),
    }


def _fields(found: Segment, attempt: Attempt) -> list[Context]:
    """One field for each form that the language has, with what was typed, else what is there."""
    written = attempt.forms if attempt.forms is not None else found.current.forms if found.current else ()
    filled = [*written, *[""] * len(found.form_names)]
    longest = max(len(text) for text in (*found.source, *written))
    return [
        {
            "id": f"form-{place}",
            "label": form_label(name, found.locale),
            "value": value,
            "rows": 8 if found.context in PARAGRAPHS else 2 + longest // 60,
            "crowded": found.room,
            "warning": gettext("%(count)s characters are long for a phone.", count=number(len(value)))
            if len(value) > found.room
            else "",
        }
        for place, (name, value) in enumerate(zip(found.form_names, filled, strict=False))
    ]


def _current(one: TranslationVersion | None) -> Context | None:
    if one is None:
        return None
    return {"id": one.id, "state": one.state.value, "label": state_name(one.state), "by": one.by_name, "at": one.at}


def _why_no_step(found: Segment) -> str:
    """Why there is nothing for the reader to do with the translation as it stands."""
    if found.current is None or not found.may_translate:
        return ""
    if found.current.state is State.WITHDRAWN:
        return gettext("It has been taken back. Save another translation to begin again.")
    if found.current.stale:
        return gettext("The source has changed. Save a translation of the source as it is now.")
    if found.current.state is State.APPROVED:
        return gettext("It is approved.")
    return gettext("The next step is for somebody else to take: nobody reviews or approves own work.")


def _in_force(found: Segment) -> Context | None:
    """The approved translation that an edit has left in force, where the reader may take it back."""
    one = found.approved
    if one is None or not found.may_withdraw or one == found.current:
        return None
    return {
        "id": one.id,
        "text": " / ".join(one.forms),
        "language": tag(found.locale),
        "direction": text_direction(found.locale),
    }


def _conflict(found: Segment, attempt: Attempt) -> Context | None:
    theirs = attempt.overtaken_by
    if theirs is None:
        return None
    return {
        "by": theirs.by_name,
        "at": theirs.at,
        "theirs": [
            {"language": tag(found.locale), "direction": text_direction(found.locale), "text": text}
            for text in theirs.forms
        ],
        "pieces": differences(theirs.forms, attempt.forms) if attempt.forms else [],
    }
