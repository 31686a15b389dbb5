"""Reading what translators work on: languages at a glance, a subject's texts, one text with all that belongs to it.

For the desk and the command line. Not for what patients are shown (`queries`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import distinct_on

from survey_service.access.queries import TranslatorRecord, all_translators
from survey_service.errors import AccessDenied
from survey_service.foundation.services import Services
from survey_service.languages.desk_values import (
    Comment,
    Segment,
    SegmentPage,
    SegmentRow,
    Step,
    SubjectRow,
    Term,
    TranslationVersion,
)
from survey_service.languages.records import (
    evidence_documents,
    glossary_terms,
    source_texts,
    translation_comments,
    translation_steps,
    translation_subjects,
    translations,
)
from survey_service.languages.rules import FORWARD, State, next_states
from translations.labels import room
from translations.placeholders import wanted_forms
from translations.subjects import INTERFACE, SubjectKind

__all__ = [
    "Comment",
    "Segment",
    "SegmentPage",
    "SegmentRow",
    "Step",
    "SubjectRow",
    "Term",
    "TranslationVersion",
    "all_segments",
    "evidence_of",
    "glossary",
    "newest_translation",
    "room_for",
    "segment",
    "segments",
    "steps_of",
    "subject_kind",
    "subjects",
    "text_of",
    "titles",
]

TITLE = "title"

_Names = Mapping[UUID, TranslatorRecord]

# The last row of each text counts.
SOURCES = (
    sa.select(source_texts)
    .ext(distinct_on(source_texts.c.subject, source_texts.c.context))
    .order_by(source_texts.c.subject, source_texts.c.context, source_texts.c.number.desc())
)
NEWEST = (
    sa.select(translations)
    .ext(distinct_on(translations.c.subject, translations.c.locale, translations.c.context))
    .order_by(translations.c.subject, translations.c.locale, translations.c.context, translations.c.number.desc())
)


def state_of(translation_id: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The state of a translation, within a query: that of its last step; without one, draft."""
    last = (
        sa.select(translation_steps.c.state)
        .where(translation_steps.c.translation_id == translation_id)
        .order_by(translation_steps.c.number.desc())
        .limit(1)
    )
    return sa.func.coalesce(last.scalar_subquery(), State.DRAFT.value)


def subjects(connection: Connection) -> list[SubjectRow]:
    """Everything there is to translate, the interface first."""
    latest = SOURCES.subquery()
    rows = connection.execute(
        sa.select(
            translation_subjects.c.subject,
            translation_subjects.c.kind,
            sa.func.count(latest.c.id).label("texts"),
            sa.func.count(latest.c.id).filter(latest.c.needed).label("needed"),
        )
        .outerjoin(latest, sa.and_(latest.c.subject == translation_subjects.c.subject, ~latest.c.retired))
        .group_by(translation_subjects.c.subject, translation_subjects.c.kind)
        .order_by(translation_subjects.c.kind != SubjectKind.INTERFACE, translation_subjects.c.subject)
    ).all()
    return [
        SubjectRow(subject=row.subject, kind=SubjectKind(row.kind), texts=row.texts, needed=row.needed) for row in rows
    ]


def titles(connection: Connection, locales: Sequence[str]) -> dict[str, str]:
    """By subject, what patients know each form as: its newest title in the first of the languages that has one.

    Where none has, it is the source's.
    """
    newest = NEWEST.where(translations.c.context == TITLE, translations.c.locale.in_(locales)).subquery()
    latest = SOURCES.where(source_texts.c.context == TITLE, source_texts.c.subject != INTERFACE).subquery()
    rows = connection.execute(
        sa.select(latest.c.subject, latest.c.forms.label("source"), newest.c.locale, newest.c.forms)
        .outerjoin(newest, newest.c.subject == latest.c.subject)
        .where(~latest.c.retired)
    ).all()
    ranked = sorted(rows, key=lambda row: -locales.index(row.locale) if row.locale else 1)
    return {row.subject: (row.forms or row.source)[0] for row in ranked}


def subject_kind(connection: Connection, subject: str) -> SubjectKind:
    """Whose words the subject's translations are. Raises ``AccessDenied`` for no such subject."""
    query = sa.select(translation_subjects.c.kind).where(translation_subjects.c.subject == subject)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise AccessDenied
    return SubjectKind(found)


def segments(
    connection: Connection,
    subject: str,
    locale: str,
    *,
    state: State | None = None,
    untranslated: bool = False,
    stale: bool = False,
    search: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> SegmentPage:
    """Texts of a subject in order, with their newest translation.

    ``search`` is looked for in context, source and translation, in any case. ``after`` is a ``source_id``.
    """

    def is_wanted(row: SegmentRow) -> bool:
        made = row.translation
        return (
            (state is None or (made is not None and made.state is state))
            and (not untranslated or made is None)
            and (not stale or (made is not None and made.stale))
            and (not search or _is_found(search, row))
        )

    rows = all_segments(connection, subject, locale)
    places = {row.source_id: place for place, row in enumerate(rows)}
    wanted = [row for row in rows if is_wanted(row)]
    following = [row for row in wanted if after is None or places[row.source_id] > places.get(after, -1)]
    page = following[:limit]
    return SegmentPage(tuple(page), page[-1].source_id if len(following) > limit else None, len(wanted))


def _is_found(search: str, row: SegmentRow) -> bool:
    texts = (row.context, row.concept, *row.source, *(row.translation.forms if row.translation else ()))
    return any(search.casefold() in text.casefold() for text in texts)


def all_segments(connection: Connection, subject: str, locale: str) -> list[SegmentRow]:
    """Every text of a subject in order: some hundreds, a thousand at most."""
    latest = SOURCES.where(source_texts.c.subject == subject).subquery("latest")
    newest = NEWEST.where(translations.c.subject == subject, translations.c.locale == locale).subquery("newest")
    made_from = source_texts.alias("made_from")
    about = sa.and_(translation_comments.c.subject == subject, translation_comments.c.context == latest.c.context)
    comments = sa.select(sa.func.count()).select_from(translation_comments).where(about).scalar_subquery()
    columns = _columns(newest, made_from, latest)
    rows = connection.execute(
        sa.select(
            latest.c.id.label("latest_id"),
            latest.c.context,
            latest.c.position,
            latest.c.concept,
            latest.c.needed,
            latest.c.forms.label("latest_forms"),
            comments.label("comments"),
            *columns,
        )
        .outerjoin(newest, newest.c.context == latest.c.context)
        .outerjoin(made_from, made_from.c.id == newest.c.source_id)
        .where(~latest.c.retired)
        .order_by(latest.c.position, latest.c.context)
    ).all()
    names = all_translators(connection)
    return [
        SegmentRow(
            source_id=row.latest_id,
            context=row.context,
            position=row.position,
            concept=row.concept,
            needed=row.needed,
            source=tuple(row.latest_forms),
            translation=None if row.id is None else _version(row, names),
            comments=row.comments,
        )
        for row in rows
    ]


def text_of(connection: Connection, source_id: UUID) -> tuple[str, str]:
    """Subject and context that an address names, also when its source has changed since. Raises ``AccessDenied``."""
    query = sa.select(source_texts.c.subject, source_texts.c.context).where(source_texts.c.id == source_id)
    found = connection.execute(query).first()
    if found is None:
        raise AccessDenied
    return found.subject, found.context


def segment(
    connection: Connection, services: Services, *, subject: str, context: str, locale: str, reader: UUID
) -> Segment:
    """One text, as a translator (``reader``) sees it. Raises ``AccessDenied`` for one that there is not."""
    rows = all_segments(connection, subject, locale)
    place = next((place for place, row in enumerate(rows) if row.context == context), None)
    if place is None:
        raise AccessDenied
    row = rows[place]
    kind = subject_kind(connection, subject)
    names = all_translators(connection)
    versions = _versions(connection, names, subject=subject, context=context)
    own = [each for each_locale, each in versions if each_locale == locale]
    approved = next((each for each in own if each.state in (State.APPROVED, State.WITHDRAWN)), None)
    can = names.get(reader)
    works = can is not None and can.is_in_force(services.clock()) and can.works_in(locale)
    return Segment(
        subject=subject,
        kind=kind,
        locale=locale,
        source_id=row.source_id,
        context=context,
        position=row.position,
        concept=row.concept,
        needed=row.needed,
        source=row.source,
        form_names=wanted_forms(row.source, locale),
        current=own[0] if own else None,
        approved=approved if approved and approved.state is State.APPROVED else None,
        versions=tuple(own),
        previous_source=own[0].source if own and own[0].source != row.source else None,
        steps=steps_of(connection, own[0].id, names) if own else (),
        next_states=_next_states(own[0], can, kind) if own and can and works else frozenset(),
        may_translate=works,
        may_withdraw=bool(works and can and can.may_approve and approved and approved.state is State.APPROVED),
        others={each_locale: each for each_locale, each in reversed(versions) if each_locale != locale},
        comments=_comments(connection, names, subject=subject, context=context),
        terms=tuple(term for term in glossary(connection, locale) if _is_used(term.term, row.source)),
        room=room_for(kind, context, row.source),
        before=rows[place - 1].source_id if place else None,
        after=rows[place + 1].source_id if place + 1 < len(rows) else None,
    )


def room_for(kind: SubjectKind, context: str, source: Sequence[str]) -> int:
    """Above how many characters a form crowds a phone: by the part of an instrument, by the source of the interface."""
    if kind is SubjectKind.INTERFACE:
        return max(30, 10 + max(len(form) for form in source) * 7 // 5)
    return room(context).crowded


def _next_states(current: TranslationVersion, can: TranslatorRecord, kind: SubjectKind) -> frozenset[State]:
    following = next_states(
        current.state,
        by_maker=current.by == can.id,
        may_review=can.may_review,
        may_approve=can.may_approve,
        needs_validation=kind is SubjectKind.OWN,
    )
    return following - FORWARD if current.stale else following


def _is_used(term: str, source: Sequence[str]) -> bool:
    word = re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)
    return any(word.search(form) for form in source)


def _columns(made: sa.FromClause, made_from: sa.FromClause, latest: sa.FromClause) -> Sequence[sa.ColumnElement[Any]]:
    """What `_version` reads: a translation, the source that it was made from, and the one that counts now."""
    return (
        made.c.id,
        made.c.number,
        made.c.forms,
        made.c.made_by,
        made.c.made_at,
        made_from.c.forms.label("source_forms"),
        state_of(made.c.id).label("state"),
        (made_from.c.content_hash != latest.c.content_hash).label("stale"),
    )


def _version(row: Row[Any], names: _Names) -> TranslationVersion:
    return TranslationVersion(
        id=row.id,
        number=row.number,
        forms=tuple(row.forms),
        source=tuple(row.source_forms),
        state=State(row.state),
        stale=row.stale,
        by=row.made_by,
        by_name=_name(row.made_by, names),
        at=row.made_at,
    )


def _name(translator_id: UUID | None, names: _Names) -> str:
    found = names.get(translator_id) if translator_id else None
    return found.name if found else ""


def _versions(
    connection: Connection, names: _Names, *, subject: str, context: str
) -> list[tuple[str, TranslationVersion]]:
    """Every translation of a text with its locale, the newest first."""
    latest = SOURCES.where(source_texts.c.subject == subject, source_texts.c.context == context).subquery("latest")
    made, made_from = translations.alias("made"), source_texts.alias("made_from")
    rows = connection.execute(
        sa.select(made.c.locale, *_columns(made, made_from, latest))
        .join(made_from, made_from.c.id == made.c.source_id)
        .join(latest, latest.c.context == made.c.context)
        .where(made.c.subject == subject, made.c.context == context)
        .order_by(made.c.locale, made.c.number.desc())
    ).all()
    return [(row.locale, _version(row, names)) for row in rows]


def newest_translation(connection: Connection, *, subject: str, context: str, locale: str) -> TranslationVersion | None:
    """The translation that counts as the text's, in whatever state it is."""
    versions = _versions(connection, all_translators(connection), subject=subject, context=context)
    return next((version for of_locale, version in versions if of_locale == locale), None)


def steps_of(connection: Connection, translation_id: UUID, names: _Names) -> tuple[Step, ...]:
    """A translation's steps, the first first."""
    rows = connection.execute(
        sa.select(translation_steps)
        .where(translation_steps.c.translation_id == translation_id)
        .order_by(translation_steps.c.number)
    ).all()
    return tuple(
        Step(
            id=row.id,
            state=State(row.state),
            by=row.taken_by,
            by_name=_name(row.taken_by, names),
            at=row.taken_at,
            note=row.note,
            evidence_name=row.evidence_name,
            evidence_digest=row.evidence_digest,
        )
        for row in rows
    )


def _comments(connection: Connection, names: _Names, *, subject: str, context: str) -> tuple[Comment, ...]:
    rows = connection.execute(
        sa.select(translation_comments)
        .where(translation_comments.c.subject == subject, translation_comments.c.context == context)
        .order_by(translation_comments.c.written_at, translation_comments.c.id)
    ).all()
    return tuple(
        Comment(locale=row.locale, text=row.text, by_name=_name(row.written_by, names), at=row.written_at)
        for row in rows
    )


def glossary(connection: Connection, locale: str) -> list[Term]:
    """The terms of a language, in alphabetical order."""
    last = (
        sa.select(glossary_terms)
        .where(glossary_terms.c.locale == locale)
        .ext(distinct_on(glossary_terms.c.term))
        .order_by(glossary_terms.c.term, glossary_terms.c.entered_at.desc(), glossary_terms.c.id.desc())
        .subquery()
    )
    rows = connection.execute(sa.select(last).where(last.c.translation != "")).all()
    return sorted((Term(row.term, row.translation, row.note) for row in rows), key=lambda term: term.term.casefold())


def evidence_of(connection: Connection, step_id: UUID) -> tuple[str, bytes] | None:
    """Name and content of what a step rests on."""
    row = connection.execute(
        sa.select(translation_steps.c.evidence_name, evidence_documents.c.content)
        .join(evidence_documents, evidence_documents.c.digest == translation_steps.c.evidence_digest)
        .where(translation_steps.c.id == step_id)
    ).first()
    return None if row is None else (row.evidence_name, bytes(row.content))
