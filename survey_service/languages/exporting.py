"""What is in the database as files: for translators' own tools, and back to the files that seed it.

For making them. Not for taking them in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from instruments import Respondent
from survey_service.languages.approval import approved_texts
from survey_service.languages.desk_queries import SegmentRow, all_segments, subject_kind
from survey_service.languages.rules import State
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.interface import FILE
from translations.interface_files import interface_file
from translations.po_updating import brought_up_to_date
from translations.po_writing import PoEntry, po_text
from translations.subjects import SOURCE_LOCALE, InstrumentSubject, SubjectKind, instrument_of


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file as it lies beside those that ship: ``path`` from the folder of all translations."""

    path: PurePosixPath
    content: str
    texts: int


def bundle(connection: Connection, subject: str, locale: str) -> Bundle:
    """The texts with their newest translations, as they go out. Raises ``AccessDenied`` for no such subject."""
    subject_kind(connection, subject)
    rows = all_segments(connection, subject, locale)
    return Bundle(
        subject=subject,
        source_locale=SOURCE_LOCALE,
        locale=locale,
        segments=tuple(
            ExchangeSegment(
                context=row.context,
                concept=row.concept,
                source=row.source,
                target=row.translation.forms if row.translation else (),
                state=row.translation.state if row.translation else None,
                translation_id=row.translation.id if row.translation else None,
            )
            for row in rows
        ),
    )


def seed_file(connection: Connection, subject: str, locale: str, *, folders: Sequence[Path] = ()) -> SeedFile:
    """The approved texts as the file that would seed them, and the files' own that nobody has reviewed yet.

    What else is not approved is left empty. The first of the folders that has such a file gives what the database does
    not know: the headers, the comments and the order. Where nothing has changed, so is the file. Raises
    ``AccessDenied`` for no such subject.
    """
    kind = subject_kind(connection, subject)
    rows = all_segments(connection, subject, locale)
    approved, _stale = approved_texts(connection, subject=subject, locale=locale)
    texts = {**_of_the_files(rows), **approved}
    named = instrument_of(subject)
    if named is None:
        content = interface_file(locale, {row.context: row.source for row in rows}, texts)
        path = PurePosixPath("ui", locale, *FILE.parts)
        return SeedFile(path, _as_it_lies(path, content, folders), len(texts))
    path = PurePosixPath("instruments", named.instrument, f"{locale}{_ENDINGS[named.respondent]}")
    entries = [_entry(row, texts.get(row.context, ())) for row in rows]
    content = po_text(_headers(named, kind, locale), entries, file=str(path))
    return SeedFile(path, _as_it_lies(path, content, folders), len(texts))


def _of_the_files(rows: Iterable[SegmentRow]) -> dict[str, tuple[str, ...]]:
    """What came with the files and waits for somebody who speaks the language: in the files it stays."""
    made = ((row.context, row.translation) for row in rows)
    return {context: one.forms for context, one in made if one and one.by is None and one.state is State.TRANSLATED}


def _as_it_lies(path: PurePosixPath, content: str, folders: Sequence[Path]) -> str:
    found = next((folder / path for folder in folders if (folder / path).is_file()), None)
    return content if found is None else brought_up_to_date(found.read_bytes(), content, file=str(path))


_ENDINGS = {Respondent.SELF: ".po", Respondent.PROXY: ".proxy.po"}


def _entry(row: SegmentRow, forms: tuple[str, ...]) -> PoEntry:
    return PoEntry(context=row.context, source=row.source[0], text=forms[0] if forms else "", concept=row.concept)


def _headers(named: InstrumentSubject, kind: SubjectKind, locale: str) -> dict[str, str]:
    return {
        "Project-Id-Version": f"{named.instrument} {named.version}",
        "Language": locale,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "X-Instrument": named.instrument,
        "X-Instrument-Version": named.version,
        "X-Wording-Kind": kind.value,
        "X-Respondent": named.respondent,
        "X-Source-Language": SOURCE_LOCALE,
    }
