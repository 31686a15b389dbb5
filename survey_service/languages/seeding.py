"""Bringing what ships in files to the translators: sources, and the translations that the files have.

What is in the database is never overwritten: it is the authority at run time. For operators.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Instrument, WordingOwner
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.languages.desk_queries import SegmentRow, all_segments
from survey_service.languages.records import source_texts, translation_steps, translation_subjects, translations
from survey_service.languages.rules import State
from survey_service.languages.use_cases import seed_wordings
from translations.catalogue import InstrumentWording, WordingKind, wordings_at_hand
from translations.contexts import needed, ordered
from translations.interface_files import read_catalogues, read_template
from translations.subjects import (
    INTERFACE,
    SOURCE_LOCALE,
    InstrumentSubject,
    SourceText,
    SubjectKind,
    content_hash,
    instrument_of,
)

Forms = tuple[str, ...]
_FROM_FILES = "Came with the files."
_NOT_BY_SPEAKER = "Came with the files. Nobody who speaks the language has reviewed it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What entering the sources of a subject changed, by context. ``changed`` makes translations stale."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What seeding did in one language of a subject.

    ``new`` translations were entered. Of the contexts in ``differs`` the database says otherwise, and keeps to it;
    those in ``outdated`` are translations of another source than ours.
    """

    subject: str
    locale: str
    new: int
    differs: tuple[str, ...]
    outdated: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTexts:
    """The texts of one file in one language, with the sources that they were made from, by context.

    ``approved``: the files' own review is enough. What nobody who speaks the language has reviewed waits for somebody.
    """

    subject: str
    locale: str
    texts: Mapping[str, Forms]
    sources: Mapping[str, Forms]
    note: str = _FROM_FILES
    approved: bool = True


def enter_sources(services: Services, subject: str, kind: SubjectKind, texts: Sequence[SourceText]) -> Entered:
    """Make the source texts of a subject these, and say what that changed.

    Append-only: what is no more is retired, what is another text makes its translations stale. Harmless when repeated.
    """
    with services.db.transaction(as_=Operator()) as connection:
        _enter_subject(connection, subject, kind)
        known = _last_sources(connection, subject)
        wanted = {text.context: text for text in texts}
        rows = [
            _source_row(services, subject, text, replaces=known[text.context].id if text.context in known else None)
            for text in texts
            if text.context not in known or _differs(known[text.context], text)
        ]
        gone = [row for context, row in known.items() if context not in wanted and not row.retired]
        rows += [_retired_row(services, row) for row in gone]
        if rows:
            connection.execute(insert(source_texts), rows)
    return Entered(
        new=tuple(text.context for text in texts if text.context not in known or known[text.context].retired),
        changed=tuple(
            context
            for context, text in wanted.items()
            if context in known and not known[context].retired and _text_differs(known[context], text)
        ),
        retired=tuple(row.context for row in gone),
    )


def seed_translations(services: Services, file: FileTexts) -> Seeded:
    """Enter a file's translations where there are none yet, as approved by the files' own review.

    A translation whose source has changed since, and that came with the files too, is replaced, but not approved: that
    is for somebody to look at. Raises ``AccessDenied`` for no such subject.
    """
    with services.db.transaction(as_=Operator()) as connection:
        rows = {row.context: row for row in all_segments(connection, file.subject, file.locale)}
        known = {context: forms for context, forms in file.texts.items() if context in rows}
        outdated = [
            context for context in known if file.sources.get(context, rows[context].source) != rows[context].source
        ]
        fresh = {context: forms for context, forms in known.items() if context not in outdated}
        new = [(rows[context], forms) for context, forms in fresh.items() if _is_new(rows[context])]
        made = [_translation_row(services, file, row, forms) for row, forms in new]
        if made:
            connection.execute(insert(translations), made)
            steps = [
                _step_row(services, file, one["id"], is_first=row.translation is None)
                for one, (row, _forms) in zip(made, new, strict=True)
            ]
            connection.execute(insert(translation_steps), steps)
    differs = [context for context, forms in fresh.items() if _is_kept(rows[context], forms)]
    return Seeded(
        subject=file.subject, locale=file.locale, new=len(made), differs=tuple(differs), outdated=tuple(outdated)
    )


def seed_wording_texts(services: Services, shipped: Iterable[InstrumentWording]) -> list[Seeded]:
    """Enter sources and translations of every instrument whose wording is translated here.

    That is the project's own, and demonstration wording in a demonstration. The rights-holder's is never.
    """
    by_subject: dict[str, list[InstrumentWording]] = {}
    for one in shipped:
        if one.kind is WordingKind.OWN or (one.kind is WordingKind.DEMONSTRATION and services.settings.demonstration):
            name = str(InstrumentSubject(one.instrument, one.version, one.respondent))
            by_subject.setdefault(name, []).append(one)
    seeded: list[Seeded] = []
    for subject, wordings in by_subject.items():
        instrument = services.library.get(wordings[0].instrument, wordings[0].version)
        owned = instrument.licence.wording is WordingOwner.OWN
        kind = SubjectKind.OWN if owned else SubjectKind.DEMONSTRATION
        enter_sources(services, subject, kind, instrument_sources(instrument, wordings))
        seeded += [seed_translations(services, _file_texts(services, subject, one)) for one in wordings]
    return seeded


@dataclass(frozen=True, slots=True)
class Shipped:
    """What an upgrade brought: how many wordings that patients may be given, and texts for translators."""

    new_wordings: int
    texts: tuple[Seeded, ...]


def seed_shipped(services: Services) -> Shipped:
    """Enter all that ships: wording for patients, the same texts for translators, the interface's. Once an upgrade.

    Harmless when repeated, and after one that was broken off.
    """
    wordings = wordings_at_hand(services.library, services.settings.instruments)
    new = seed_wordings(services, wordings)
    texts = seed_interface_texts(services, read_template(), read_catalogues())
    return Shipped(new, (*texts, *seed_wording_texts(services, wordings)))


def seed_interface_texts(
    services: Services, sources: Sequence[SourceText], catalogues: Mapping[str, Mapping[str, Forms]]
) -> list[Seeded]:
    """Enter the interface's sources, and the translations of its catalogues."""
    enter_sources(services, INTERFACE, SubjectKind.INTERFACE, sources)
    by_context = {text.context: text.forms for text in sources}
    return [
        seed_translations(services, FileTexts(subject=INTERFACE, locale=locale, texts=texts, sources=by_context))
        for locale, texts in catalogues.items()
        if texts
    ]


def instrument_sources(instrument: Instrument, wordings: Sequence[InstrumentWording]) -> tuple[SourceText, ...]:
    """The source texts that the files of an instrument have, the English file's before others', in the form's order."""
    sources: dict[str, str] = {}
    concepts: dict[str, str] = {}
    for one in sorted(wordings, key=lambda one: one.locale == SOURCE_LOCALE):
        sources |= one.sources
        concepts |= {context: text for context, text in one.concepts.items() if text}
    wanted = frozenset(needed(instrument))
    return tuple(
        SourceText(
            context=context,
            position=position,
            forms=(sources[context],),
            concept=concepts.get(context, ""),
            needed=context in wanted,
        )
        for position, context in enumerate(ordered(instrument))
        if context in sources
    )


def _file_texts(services: Services, subject: str, one: InstrumentWording) -> FileTexts:
    return FileTexts(
        subject=subject,
        locale=one.locale,
        texts={context: (text,) for context, text in one.texts.items()},
        sources={context: (text,) for context, text in one.sources.items()},
        note=_FROM_FILES if one.reviewed_by_speaker else _NOT_BY_SPEAKER,
        approved=one.reviewed_by_speaker or services.settings.demonstration,
    )


def _enter_subject(connection: Connection, subject: str, kind: SubjectKind) -> None:
    named = instrument_of(subject)
    connection.execute(
        upsert(translation_subjects)
        .values(
            subject=subject,
            kind=kind,
            instrument=named.instrument if named else None,
            instrument_version=named.version if named else None,
            respondent=named.respondent if named else None,
        )
        .on_conflict_do_nothing()
    )


def _last_sources(connection: Connection, subject: str) -> dict[str, sa.Row[Any]]:
    rows = connection.execute(
        sa.select(source_texts)
        .where(source_texts.c.subject == subject)
        .ext(distinct_on(source_texts.c.context))
        .order_by(source_texts.c.context, source_texts.c.number.desc())
    ).all()
    return {row.context: row for row in rows}


def _text_differs(row: sa.Row[Any], text: SourceText) -> bool:
    return bool(row.content_hash != content_hash(text.forms))


def _differs(row: sa.Row[Any], text: SourceText) -> bool:
    beside = (row.retired, row.position, row.concept, row.needed)
    return _text_differs(row, text) or beside != (False, text.position, text.concept, text.needed)


def _source_row(services: Services, subject: str, text: SourceText, *, replaces: UUID | None) -> dict[str, Any]:
    return {
        "id": new_id(),
        "subject": subject,
        "context": text.context,
        "number": 0,  # the trigger counts
        "replaces": replaces,
        "position": text.position,
        "concept": text.concept,
        "needed": text.needed,
        "source_locale": SOURCE_LOCALE,
        "forms": list(text.forms),
        "content_hash": content_hash(text.forms),
        "retired": False,
        "entered_at": services.clock(),
    }


def _retired_row(services: Services, row: sa.Row[Any]) -> dict[str, Any]:
    return dict(row._mapping) | {
        "id": new_id(),
        "replaces": row.id,
        "retired": True,
        "entered_at": services.clock(),
    }


def _is_new(row: SegmentRow) -> bool:
    """Whether the file's text is to be entered: there is none, or an outdated one that came with the files too."""
    made = row.translation
    return made is None or (made.stale and made.by is None)


def _is_kept(row: SegmentRow, forms: Forms) -> bool:
    """Whether the database says otherwise, and keeps to it."""
    made = row.translation
    return made is not None and not _is_new(row) and made.forms != forms


def _translation_row(services: Services, file: FileTexts, row: SegmentRow, forms: Forms) -> dict[str, Any]:
    return {
        "id": new_id(),
        "subject": file.subject,
        "context": row.context,
        "locale": file.locale,
        "number": 0,  # the trigger counts
        "source_id": row.source_id,
        "forms": list(forms),
        "content_hash": content_hash(forms),
        "replaces": row.translation.id if row.translation else None,
        "made_by": None,
        "made_at": services.clock(),
    }


def _step_row(services: Services, file: FileTexts, translation_id: UUID, *, is_first: bool) -> dict[str, Any]:
    return {
        "id": new_id(),
        "translation_id": translation_id,
        "number": 0,  # the trigger counts
        "state": State.APPROVED if is_first and file.approved else State.TRANSLATED,
        "taken_by": None,
        "taken_at": services.clock(),
        "note": file.note,
        "evidence_name": None,
        "evidence_digest": None,
    }
