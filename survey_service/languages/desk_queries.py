"""Reading what translators work on: languages at a glance, a subject's texts, one text with all that belongs to it.

For the desk and the command line. Not for what patients are shown (`queries`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import distinct_on

from instruments import UnknownInstrument
from survey_service.access.queries import TranslatorRecord, all_translators
from survey_service.errors import AccessDenied
from survey_service.foundation.services import Services
from survey_service.languages.queries import approved_wordings, interface_in_force
from survey_service.languages.records import (
    evidence_documents,
    glossary_terms,
    source_texts,
    translation_comments,
    translation_steps,
    translation_subjects,
    translations,
)
from survey_service.languages.rules import FORWARD, State, may_be_shown, next_states
from translations.interface import shipped_locales
from translations.labels import room
from translations.placeholders import wanted_forms
from translations.subjects import SubjectKind, instrument_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """Something to translate, with the number of its texts."""

    subject: str
    kind: SubjectKind
    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """A subject in one language. ``by_state`` counts the current translation of each text.

    ``stale`` of them are of a source that has changed; ``untranslated`` texts have none. ``version_id`` is the version
    in force (of `wordings` or `interface_versions`), where there is one; ``offered`` whether it is complete enough to
    be shown here.
    """

    subject: str
    kind: SubjectKind
    locale: str
    total: int
    by_state: Mapping[State, int]
    untranslated: int
    stale: int
    version_id: UUID | None
    approved_at: datetime | None
    offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A translation's way from state to state. ``by`` is None for the files' own review."""

    id: UUID
    state: State
    by: UUID | None
    by_name: str
    at: datetime
    note: str
    evidence_name: str | None
    evidence_digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationVersion:
    """One translation of one text. ``stale``: its source has changed since. ``by`` is None for what came with files."""

    id: UUID
    number: int
    forms: tuple[str, ...]
    source: tuple[str, ...]
    state: State
    stale: bool
    by: UUID | None
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One text in a list. ``source_id`` names it in addresses, as long as its source stays as it is."""

    source_id: UUID
    context: str
    position: int
    concept: str
    needed: bool
    source: tuple[str, ...]
    translation: TranslationVersion | None
    comments: int


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """Some texts in order; ``next`` is the ``after`` of the page that follows, None at the end."""

    rows: tuple[SegmentRow, ...]
    next: UUID | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    locale: str
    text: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """How a term of the source is said in the language."""

    term: str
    translation: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One text in one language with all that a translator wants to see.

    ``versions`` are all translations, the newest first; ``current`` is the first of them. ``approved`` is the one that
    patients may be shown, which an edit leaves in force. ``others`` are the newest translations by language. ``steps``
    are those of ``current``. ``next_states`` is what the reader may do with it, ``may_translate`` whether they may
    replace it, ``may_withdraw`` whether they may take ``approved`` back. ``previous_source`` is what ``current`` was
    made from, where that is another text. A form of more than ``room`` characters crowds a phone, which keeps nobody
    from saving. ``before`` and ``after`` are its neighbours' ``source_id``.
    """

    subject: str
    kind: SubjectKind
    locale: str
    source_id: UUID
    context: str
    position: int
    concept: str
    needed: bool
    source: tuple[str, ...]
    form_names: tuple[str, ...]
    current: TranslationVersion | None
    approved: TranslationVersion | None
    versions: tuple[TranslationVersion, ...]
    previous_source: tuple[str, ...] | None
    steps: tuple[Step, ...]
    next_states: frozenset[State]
    may_translate: bool
    may_withdraw: bool
    others: Mapping[str, TranslationVersion]
    comments: tuple[Comment, ...]
    terms: tuple[Term, ...]
    room: int
    before: UUID | None
    after: UUID | None


_Names = Mapping[UUID, TranslatorRecord]

# The last row of each text counts.
_SOURCES = (
    sa.select(source_texts)
    .ext(distinct_on(source_texts.c.subject, source_texts.c.context))
    .order_by(source_texts.c.subject, source_texts.c.context, source_texts.c.number.desc())
)
_NEWEST = (
    sa.select(translations)
    .ext(distinct_on(translations.c.subject, translations.c.locale, translations.c.context))
    .order_by(translations.c.subject, translations.c.locale, translations.c.context, translations.c.number.desc())
)


def _state_of(translation_id: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    last = (
        sa.select(translation_steps.c.state)
        .where(translation_steps.c.translation_id == translation_id)
        .order_by(translation_steps.c.number.desc())
        .limit(1)
    )
    return sa.func.coalesce(last.scalar_subquery(), State.DRAFT.value)


def subjects(connection: Connection) -> list[SubjectRow]:
    """Everything there is to translate, the interface first."""
    latest = _SOURCES.subquery()
    rows = connection.execute(
        sa.select(
            translation_subjects.c.subject, translation_subjects.c.kind, sa.func.count(latest.c.id).label("texts")
        )
        .outerjoin(latest, sa.and_(latest.c.subject == translation_subjects.c.subject, ~latest.c.retired))
        .group_by(translation_subjects.c.subject, translation_subjects.c.kind)
        .order_by(translation_subjects.c.kind != SubjectKind.INTERFACE, translation_subjects.c.subject)
    ).all()
    return [SubjectRow(subject=row.subject, kind=SubjectKind(row.kind), texts=row.texts) for row in rows]


def subject_kind(connection: Connection, subject: str) -> SubjectKind:
    """Whose words the subject's translations are. Raises ``AccessDenied`` for no such subject."""
    query = sa.select(translation_subjects.c.kind).where(translation_subjects.c.subject == subject)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise AccessDenied
    return SubjectKind(found)


def desk_overview(connection: Connection, services: Services) -> list[OverviewRow]:
    """Every subject in every language that it has a translation or an approved version in, by subject and locale."""
    counts = _counts(connection)
    found = []
    for subject in subjects(connection):
        versions = _versions_in_force(connection, services, subject.subject)
        for locale in sorted({key[1] for key in counts if key[0] == subject.subject} | set(versions)):
            by_state, stale = counts.get((subject.subject, locale), (Counter(), 0))
            version = versions.get(locale, _NO_VERSION)
            found.append(
                OverviewRow(
                    subject=subject.subject,
                    kind=subject.kind,
                    locale=locale,
                    total=subject.texts,
                    by_state=by_state,
                    untranslated=subject.texts - by_state.total(),
                    stale=stale,
                    version_id=version.id,
                    approved_at=version.at,
                    offered=version.offered,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class _Version:
    id: UUID | None = None
    at: datetime | None = None
    offered: bool = False


_NO_VERSION = _Version()


def _counts(connection: Connection) -> dict[tuple[str, str], tuple[Counter[State], int]]:
    """By subject and locale, how many texts are in which state, and how many are stale."""
    latest, newest, made_from = _SOURCES.subquery(), _NEWEST.subquery(), source_texts.alias()
    is_stale = made_from.c.content_hash != latest.c.content_hash
    state = _state_of(newest.c.id).label("state")
    texts = (
        sa.select(newest.c.subject, newest.c.locale, state, is_stale.label("stale"))
        .join(made_from, made_from.c.id == newest.c.source_id)
        .join(latest, sa.and_(latest.c.subject == newest.c.subject, latest.c.context == newest.c.context))
        .where(~latest.c.retired)
        .subquery()
    )
    keys = (texts.c.subject, texts.c.locale, texts.c.state, texts.c.stale)
    found: dict[tuple[str, str], tuple[Counter[State], int]] = {}
    for row in connection.execute(sa.select(*keys, sa.func.count().label("texts")).group_by(*keys)).all():
        by_state, stale = found.get((row.subject, row.locale), (Counter(), 0))
        by_state[State(row.state)] += row.texts
        found[row.subject, row.locale] = by_state, stale + (row.texts if row.stale else 0)
    return found


def _versions_in_force(connection: Connection, services: Services, subject: str) -> dict[str, _Version]:
    """By locale; the rights-holder's wording is complete, and where it may be shown is for its licence to say."""
    named = instrument_of(subject)
    if named is None:
        versions = interface_in_force(connection)
        return {locale: _Version(offered=True) for locale in shipped_locales()} | {
            locale: _Version(one.id, one.approved_at, offered=True) for locale, one in versions.items()
        }
    try:
        instrument = services.library.get(named.instrument, named.version)
    except UnknownInstrument:
        return {}
    demonstration = services.settings.demonstration
    found: dict[str, _Version] = {}
    for one in approved_wordings(connection, instrument, respondent=named.respondent):
        wording = one.wording
        licensed = frozenset({wording.locale})
        offered = may_be_shown(instrument, wording, demonstration=demonstration, licensed=licensed)
        if offered or wording.locale not in found:
            found[wording.locale] = _Version(one.id, one.at, offered)
    return found


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
    latest = _SOURCES.where(source_texts.c.subject == subject).subquery("latest")
    newest = _NEWEST.where(translations.c.subject == subject, translations.c.locale == locale).subquery("newest")
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
        _state_of(made.c.id).label("state"),
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
    latest = _SOURCES.where(source_texts.c.subject == subject, source_texts.c.context == context).subquery("latest")
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
