"""Translating a text and taking it from state to state. Nothing is overwritten: what was written stays.

Not for approving a version as a whole: that is `approval`.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import TranslatorRecord, all_translators
from survey_service.errors import AccessDenied, BadInput, Conflict, SurveyServiceError, mark
from survey_service.foundation.db import insert_if_new, new_id, refused_by
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.languages.checks import TextProblem, TextRefused, text_problems
from survey_service.languages.desk_queries import TranslationVersion, newest_translation
from survey_service.languages.records import (
    evidence_documents,
    glossary_terms,
    source_texts,
    translation_comments,
    translation_steps,
    translation_subjects,
    translations,
)
from survey_service.languages.rules import State
from translations.plurals import is_known_language
from translations.subjects import SubjectKind, content_hash

T = TypeVar("T")

# A report of interviews with some pictures has room; a film has not.
MOST_EVIDENCE = 10 * 1024 * 1024
MOST_NOTE = 4_000

_OVERTAKEN = mark("Somebody else has changed this text since you opened it. Nothing of theirs or yours is lost.")
_CHANGED_SOURCE = mark("The source text has changed or is no longer there. Open the text again.")
_NOT_YOURS = mark("You may not do that with this text: somebody else has to, or it is in another state.")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a step rests on: a file with interviews, a back-translation, a reconciliation."""

    name: str
    content: bytes


class Overtaken(Conflict):
    """Somebody else has changed the text since it was opened; ``other`` is what it says now, None when nothing."""

    def __init__(self, sentence: str, other: TranslationVersion | None) -> None:
        super().__init__(sentence)
        self.other = other


@dataclass(frozen=True, slots=True)
class Refused:
    """A text of several that was not taken, and why."""

    id: UUID
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """A translation to be entered; ``replaces`` is the one that was on the screen or in the file, None for none."""

    context: str
    forms: Sequence[str]
    replaces: UUID | None
    draft: bool = False


def translate(
    services: Services,
    *,
    subject: str,
    context: str,
    locale: str,
    forms: Sequence[str],
    replaces: UUID | None,
    as_: Translator,
    draft: bool = False,
) -> UUID:
    """Enter a translation; returns its id. ``replaces`` is the one that was on the screen, None for none.

    It is translated, or a ``draft``. The same text again is no new translation, unless its source has changed or it was
    a draft; one's own draft is then marked as translated. Raises ``TextRefused`` with what is wrong with each form,
    ``Overtaken`` when somebody else was first, ``AccessDenied`` when the language is not theirs.
    """
    text = NewText(context=context, forms=forms, replaces=replaces, draft=draft)
    return _unless_overtaken(
        services,
        as_,
        lambda connection: _enter(connection, services, subject, locale, text, as_=as_),
        lambda connection: newest_translation(connection, subject=subject, context=context, locale=locale),
    )


def import_bundle(services: Services, *, subject: str, locale: str, texts: Sequence[NewText], as_: Translator) -> int:
    """Enter the translations that somebody accepted from a file, all or none; returns how many were new.

    Raises as ``translate`` does; ``TextRefused`` names all that cannot be taken.
    """

    def enter_all(connection: Connection) -> int:
        found: list[TextProblem] = []
        new = 0
        for text in texts:
            try:
                new += _enter(connection, services, subject, locale, text, as_=as_) != text.replaces
            except TextRefused as refused:
                found += refused.problems
        if found:
            raise TextRefused(found)
        return new

    return _unless_overtaken(services, as_, enter_all, lambda connection: None)


def take_step(
    services: Services,
    *,
    translation_id: UUID,
    state: State,
    note: str = "",
    evidence: Evidence | None = None,
    as_: Translator,
) -> UUID:
    """Take a translation to a state; returns the step's id.

    Raises ``BadInput`` where the state needs evidence or the source has changed, ``Overtaken`` when another translation
    has replaced it, ``AccessDenied`` when the rules do not let this translator.
    """
    _check_step(state, note, evidence)
    return _unless_overtaken(
        services,
        as_,
        lambda connection: _step(connection, services, translation_id, state, note, evidence, as_=as_),
        lambda connection: _newest_beside(connection, translation_id),
    )


def take_steps(
    services: Services,
    translation_ids: Sequence[UUID],
    *,
    state: State,
    note: str = "",
    evidence: Evidence | None = None,
    as_: Translator,
) -> tuple[Refused, ...]:
    """Take many to a state, in one transaction; returns those that could not be taken, which stay as they are."""
    _check_step(state, note, evidence)
    refused: list[Refused] = []
    with services.db.transaction(as_=as_) as connection:
        # In the order of their ids: two who take steps on the same texts must not wait for each other in a circle.
        for translation_id in sorted(set(translation_ids)):
            try:
                with connection.begin_nested():
                    _step(connection, services, translation_id, state, note, evidence, as_=as_)
            except sa.exc.IntegrityError as error:
                refused.append(Refused(translation_id, _explain(error, None).sentence))
    return tuple(refused)


def comment(services: Services, *, subject: str, context: str, locale: str, text: str, as_: Translator) -> UUID:
    """Say something about a text, to the other translators. Raises ``BadInput`` for nothing, or too much."""
    comment_id = new_id()
    with services.db.transaction(as_=as_) as connection:
        _translator(connection, services, locale, as_=as_)
        _current_source(connection, subject, context)
        connection.execute(
            insert(translation_comments).values(
                id=comment_id,
                subject=subject,
                context=context,
                locale=locale,
                text=_note(text, needed=True),
                written_by=as_.translator_id,
                written_at=services.clock(),
            )
        )
    return comment_id


def enter_term(
    services: Services, *, term: str, locale: str, translation: str, note: str = "", as_: Translator
) -> UUID:
    """Say how a term is to be translated; an empty ``translation`` takes it out of the glossary."""
    term_id = new_id()
    with services.db.transaction(as_=as_) as connection:
        _translator(connection, services, locale, as_=as_)
        connection.execute(
            insert(glossary_terms).values(
                id=term_id,
                term=_note(term, needed=True),
                locale=locale,
                translation=_note(translation),
                note=_note(note),
                entered_by=as_.translator_id,
                entered_at=services.clock(),
            )
        )
    return term_id


def _enter(
    connection: Connection, services: Services, subject: str, locale: str, text: NewText, *, as_: Translator
) -> UUID:
    _translator(connection, services, locale, as_=as_)
    source = _current_source(connection, subject, text.context)
    forms = _forms(source, text.forms)
    if found := text_problems(source.kind, text.context, source.forms, forms, locale=locale):
        raise TextRefused(found)
    newest = newest_translation(connection, subject=subject, context=text.context, locale=locale)
    if newest is not None and newest.id == text.replaces and newest.forms == forms and not newest.stale:
        is_finished = newest.state is State.DRAFT and not text.draft
        if is_finished and newest.by == as_.translator_id:
            _step(connection, services, newest.id, State.TRANSLATED, "", None, as_=as_)
            return newest.id
        if not is_finished and newest.state is not State.WITHDRAWN:
            return newest.id
    translation_id = new_id()
    connection.execute(
        insert(translations).values(
            id=translation_id,
            subject=subject,
            context=text.context,
            locale=locale,
            number=0,  # the trigger counts
            source_id=source.id,
            forms=list(forms),
            content_hash=content_hash(forms),
            replaces=text.replaces,
            made_by=as_.translator_id,
            made_at=services.clock(),
        )
    )
    if not text.draft:
        _step(connection, services, translation_id, State.TRANSLATED, "", None, as_=as_)
    return translation_id


@dataclass(frozen=True, slots=True)
class _Source:
    id: UUID
    forms: tuple[str, ...]
    kind: SubjectKind


def _forms(source: _Source, forms: Sequence[str]) -> tuple[str, ...]:
    """Line ends as one character, and no blanks around the text unless its source has some."""
    lines = [form.replace("\r\n", "\n") for form in forms]
    has_edges = any(form != form.strip() for form in source.forms)
    return tuple(lines if has_edges else (line.strip() for line in lines))


def _current_source(connection: Connection, subject: str, context: str) -> _Source:
    row = connection.execute(
        sa.select(source_texts.c.id, source_texts.c.forms, source_texts.c.retired, translation_subjects.c.kind)
        .join(translation_subjects, translation_subjects.c.subject == source_texts.c.subject)
        .where(source_texts.c.subject == subject, source_texts.c.context == context)
        .order_by(source_texts.c.number.desc())
        .limit(1)
    ).first()
    if row is None or row.retired:
        raise AccessDenied
    return _Source(row.id, tuple(row.forms), SubjectKind(row.kind))


def _translator(connection: Connection, services: Services, locale: str, *, as_: Translator) -> TranslatorRecord:
    """Who is at work, if the language is theirs and one that is known."""
    found = all_translators(connection).get(as_.translator_id)
    if found is None or not found.is_in_force(services.clock()) or not found.works_in(locale):
        raise AccessDenied
    if not is_known_language(locale):
        raise BadInput("That is no language that is known.")
    return found


def _check_step(state: State, note: str, evidence: Evidence | None) -> None:
    _note(note)
    if state is State.LINGUISTICALLY_VALIDATED and evidence is None:
        raise BadInput("Linguistic validation rests on a document: attach it.")
    if evidence is not None and not (evidence.content and evidence.name.strip() and evidence.name.isprintable()):
        raise BadInput("The document is empty or has no name.")
    if evidence is not None and len(evidence.content) > MOST_EVIDENCE:
        raise BadInput("The document is larger than 10 MB.")


def _note(text: str, *, needed: bool = False) -> str:
    clean = text.replace("\r\n", "\n").strip()
    if needed and not clean:
        raise BadInput("Write something first.")
    if len(clean) > MOST_NOTE or "\0" in clean:
        raise BadInput("That is more than there is room for.")
    return clean


def _step(
    connection: Connection,
    services: Services,
    translation_id: UUID,
    state: State,
    note: str,
    evidence: Evidence | None,
    *,
    as_: Translator,
) -> UUID:
    step_id = new_id()
    connection.execute(
        insert(translation_steps).values(
            id=step_id,
            translation_id=translation_id,
            number=0,  # the trigger counts
            state=state,
            taken_by=as_.translator_id,
            taken_at=services.clock(),
            note=_note(note),
            evidence_name=evidence.name.strip() if evidence else None,
            evidence_digest=_keep(connection, evidence) if evidence else None,
        )
    )
    return step_id


def _keep(connection: Connection, evidence: Evidence) -> str:
    digest = "sha256:" + hashlib.sha256(evidence.content).hexdigest()
    row = {"digest": digest, "content": evidence.content}
    insert_if_new(connection, upsert(evidence_documents).values(row).on_conflict_do_nothing())
    return digest


def _unless_overtaken(
    services: Services,
    as_: Translator,
    work: Callable[[Connection], T],
    newest: Callable[[Connection], TranslationVersion | None],
) -> T:
    """``work`` in a transaction; what the database refused, as the error that it is to a translator."""
    try:
        return services.db.run(work, as_=as_)
    except sa.exc.IntegrityError as error:
        with services.db.transaction(as_=as_) as connection:
            other = newest(connection)
        raise _explain(error, other) from None


_OVERTAKING = frozenset(
    {
        "translations_replaces_key",
        "translations_subject_locale_context_number_key",
        "translations_replaces_subject_context_locale_fkey",
        "translation_is_current",
    }
)
_DENYING = frozenset({"step_is_allowed", "language_is_own", "translation_steps_translation_id_fkey"})


def _explain(error: sa.exc.IntegrityError, other: TranslationVersion | None) -> SurveyServiceError:
    rule = refused_by(error)
    if rule in _OVERTAKING:
        return Overtaken(_OVERTAKEN, other)
    if rule in _DENYING:
        return AccessDenied(_NOT_YOURS)
    if rule == "source_is_current":
        return BadInput(_CHANGED_SOURCE)
    raise error


def _newest_beside(connection: Connection, translation_id: UUID) -> TranslationVersion | None:
    row = connection.execute(sa.select(translations).where(translations.c.id == translation_id)).first()
    if row is None:
        return None
    return newest_translation(connection, subject=row.subject, context=row.context, locale=row.locale)
