"""What the translators' desk shows: languages at a glance, the texts of a subject, a version, histories, glossaries.

One reading transaction each, then plain values for the templates. The page of one text is `text_page`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from babel import Locale
from babel.localedata import locale_identifiers
from flask import url_for
from sqlalchemy import Connection

from survey_service.access.queries import TranslatorRecord, all_translators
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext, language_name, number, text_direction
from survey_service.languages.approval import Completeness, completeness
from survey_service.languages.desk_overview import desk_overview
from survey_service.languages.desk_queries import (
    SegmentRow,
    TranslationVersion,
    room_for,
    segment,
    segments,
    steps_of,
    subject_kind,
    subjects,
    text_of,
)
from survey_service.languages.desk_queries import glossary as glossary_of
from survey_service.languages.desk_values import OverviewRow
from survey_service.languages.desk_words import (
    differences,
    in_order,
    state_name,
    tag,
)
from survey_service.languages.filters import STALE, UNTRANSLATED, Filters
from survey_service.languages.rules import FORWARD, State, next_states
from survey_service.languages.subject_names import SubjectName, all_named, named
from translations.exchange.files import FileFormat
from translations.subjects import INTERFACE, SOURCE_LOCALE, SubjectKind

Context = dict[str, Any]

FORMATS = tuple((form.value, form.name) for form in FileFormat)
_TEXTS_A_PAGE = 100


def frame(name: SubjectName, code: str) -> Context:
    """What every page about a subject in a language says of the two."""
    return {
        "subject": name.subject,
        "title": name.title,
        "details": name.details,
        **language_frame(code),
        "back_address": url_for("languages.subject", locale=code, subject=name.subject),
    }


def language_frame(code: str) -> Context:
    return {
        "code": code,
        "language": language_name(code, in_=current_locale()),
        "locale_tag": tag(code),
        "direction": text_direction(code),
        "source_language": SOURCE_LOCALE,
        "source_direction": text_direction(SOURCE_LOCALE),
    }


def desk(services: Services, *, as_: Translator, values: Mapping[str, str], errors: Mapping[str, str]) -> Context:
    """Every subject in every language that somebody works on."""
    with services.db.transaction(as_=as_) as connection:
        known = subjects(connection)
        overview = {(row.subject, row.locale): row for row in desk_overview(connection, services)}
        own = _record(connection, as_).locales
        names = all_named(connection, services, [one.subject for one in known])
    codes = {locale for _, locale in overview} | set(own or ())
    ordered = sorted(codes, key=lambda code: (own is not None and code not in own, language_name(code, in_=code)))
    columns = [{"code": tag(code), "name": language_name(code, in_=code)} for code in ordered]
    rows = [
        {
            "title": name.title,
            "quiet": name.details,
            "cells": [_cell(overview.get((one.subject, code)), one.subject, code, one.needed) for code in ordered],
        }
        for one, name in zip(known, names, strict=True)
    ]
    return {
        "columns": columns,
        "rows": rows,
        "new_languages": _other_languages(codes) if own is None else [],
        "subjects": [(one.subject, " · ".join(filter(None, (one.title, one.details)))) for one in names],
        "values": values,
        "errors": errors,
    }


def _cell(row: OverviewRow | None, subject: str, code: str, texts: int) -> Context:
    address = url_for("languages.subject", locale=code, subject=subject)
    if subject == INTERFACE and code == SOURCE_LOCALE:
        return {"address": address, "total": None, "label": gettext("The texts themselves")}
    if row is None:
        return {"address": address, "approved": 0, "total": texts, "label": gettext("Not begun"), "stale": 0}
    return {
        "address": address,
        "approved": row.by_state.get(State.APPROVED, 0),
        "total": row.total,
        "label": gettext("Patients can read it") if row.offered else gettext("Under way"),
        "stale": row.stale,
    }


def _other_languages(shown: set[str]) -> list[tuple[str, str]]:
    """Languages that CLDR knows and nobody here has begun, by their name in the reader's language."""
    codes = (code for code in locale_identifiers() if "_" not in code and code not in shown and code != "root")
    named = [(code, language_name(code, in_=current_locale())) for code in codes if _has_a_name(code)]
    return sorted(named, key=lambda pair: pair[1].casefold())


def _has_a_name(code: str) -> bool:
    return Locale.parse(code).get_display_name("en") is not None


def subject(services: Services, about: str, code: str, filters: Filters, *, as_: Translator) -> Context:
    """The texts of a subject in a language. Raises ``AccessDenied`` for a subject that there is not."""
    with services.db.transaction(as_=as_) as connection:
        kind = subject_kind(connection, about)
        found = segments(connection, about, code, **filters.arguments(), after=filters.after, limit=_TEXTS_A_PAGE)
        row = _overview_of(connection, services, about, code)
        can = _record(connection, as_)
        name = named(connection, services, about)
    rows = [_row(one, name, code, filters, kind=kind, can=can) for one in found.rows]
    bulk = frozenset(state for one in rows for state in one["next"])
    here = url_for("languages.subject", locale=code, subject=about, **filters.query)
    following = url_for("languages.subject", locale=code, subject=about, after=found.next, **filters.query)
    return {
        **frame(name, code),
        "address": here,
        "filters": filters,
        "shown": _choices(row, total=found.total),
        "rows": rows,
        "bulk": in_order(bulk),
        "next_address": following if found.next else None,
        "first_address": here if filters.after else None,
        "version": row if row and row.approved_at else None,
        "formats": FORMATS,
        "may_edit": can.works_in(code),
    }


def _row(
    one: SegmentRow, name: SubjectName, code: str, filters: Filters, *, kind: SubjectKind, can: TranslatorRecord
) -> Context:
    newest = one.translation
    forms = newest.forms if newest else ()
    return {
        "id": newest.id if newest else "",
        "address": url_for("languages.text", locale=code, source_id=one.source_id, **filters.query),
        "name": name.text(one.context),
        "context": name.shown_context(one.context),
        "source": " / ".join(one.source),
        "text": " / ".join(forms),
        "state": newest.state.value if newest else "none",
        "label": state_name(newest.state if newest else None),
        "stale": newest.stale if newest else False,
        "warning": any(len(form) > room_for(kind, one.context, one.source) for form in forms),
        "comments": one.comments,
        "next": _possible_steps(newest, kind, can) if newest and can.works_in(code) else frozenset(),
    }


def _possible_steps(newest: TranslationVersion, kind: SubjectKind, can: TranslatorRecord) -> frozenset[State]:
    """Where this reader may take a translation: nothing stale goes forward."""
    found = next_states(
        newest.state,
        by_maker=newest.by == can.id,
        may_review=can.may_review,
        may_approve=can.may_approve,
        needs_validation=kind is SubjectKind.OWN,
    )
    return found - FORWARD if newest.stale else found


def _choices(row: OverviewRow | None, *, total: int) -> list[tuple[str, str]]:
    """What the list can be narrowed to, with how many texts each has."""
    counts = {state: row.by_state.get(state, 0) if row else 0 for state in State}
    named = [(state.value, state_name(state), count) for state, count in counts.items()]
    named.insert(0, (UNTRANSLATED, state_name(None), row.untranslated if row else total))
    named.append((STALE, gettext("Source changed"), row.stale if row else 0))
    return [(value, f"{label} ({number(count)})") for value, label, count in named]


def version(services: Services, about: str, code: str, *, as_: Translator) -> Context:
    """What approving the subject in the language would make."""
    with services.db.transaction(as_=as_) as connection:
        subject_kind(connection, about)
        found = completeness(connection, services, subject=about, locale=code)
        row = _overview_of(connection, services, about, code)
        can = _record(connection, as_)
        name = named(connection, services, about)
    return {
        **frame(name, code),
        "found": found,
        "missing": [_part(name, context) for context in found.missing],
        "stale": [_part(name, context) for context in found.stale],
        "precision": _precision(found),
        "version": row if row and row.approved_at else None,
        "may_approve": can.works_in(code) and can.may_approve,
        "errors": {},
    }


def _part(name: SubjectName, context: str) -> Context:
    return {"name": name.text(context), "context": name.shown_context(context)}


def _precision(found: Completeness) -> str | None:
    cost = found.precision
    if cost is None:
        return None
    return gettext(
        "With %(items)s of %(all)s items, mean SE %(se)s against %(se_all)s.",
        items=cost.items,
        all=cost.of_items,
        se=number(round(cost.mean_se, 2)),
        se_all=number(round(cost.mean_se_of_all, 2)),
    )


def history(services: Services, source_id: UUID, code: str, *, as_: Translator) -> Context:
    """Every translation of a text, the newest first, each with its steps and what it changed in the one before."""
    with services.db.transaction(as_=as_) as connection:
        about, context = text_of(connection, source_id)
        found = segment(connection, services, subject=about, context=context, locale=code, reader=as_.translator_id)
        name = named(connection, services, about)
        people = all_translators(connection)
        steps = {one.id: steps_of(connection, one.id, people) for one in found.versions}
    return {
        **frame(name, code),
        **_part(name, context),
        "address": url_for("languages.text", locale=code, source_id=source_id),
        "versions": [
            {
                "by": one.by_name,
                "at": one.at,
                "changes": differences(before.forms if before else (), one.forms),
                "source_changes": differences(before.source, one.source)
                if before and before.source != one.source
                else [],
                "state": one.state.value,
                "label": state_name(one.state),
                "steps": [_step(step) for step in steps[one.id]],
            }
            for one, before in zip(found.versions, [*found.versions[1:], None], strict=False)
        ],
    }


def _step(step: Any) -> Context:
    return {
        "id": step.id,
        "state": step.state.value,
        "label": state_name(step.state),
        "by": step.by_name,
        "at": step.at,
        "note": step.note,
        "evidence_name": step.evidence_name,
    }


def glossary(
    services: Services, code: str, *, as_: Translator, values: Mapping[str, str], errors: Mapping[str, str]
) -> Context:
    """How the terms of the source are said in the language."""
    with services.db.transaction(as_=as_) as connection:
        terms = glossary_of(connection, code)
        can = _record(connection, as_)
    return {
        **language_frame(code),
        "terms": terms,
        "may_edit": can.works_in(code),
        "values": values,
        "errors": errors,
    }


def _record(connection: Connection, reader: Translator) -> TranslatorRecord:
    return all_translators(connection)[reader.translator_id]


def _overview_of(connection: Connection, services: Services, about: str, code: str) -> OverviewRow | None:
    found = desk_overview(connection, services)
    return next((row for row in found if (row.subject, row.locale) == (about, code)), None)
