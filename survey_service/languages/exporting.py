"""What is in the database as files: for translators' own tools, and back to the files that seed it.

For making them. Not for taking them in.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import Connection

from instruments import Respondent
from survey_service.languages.approval import approved_texts
from survey_service.languages.desk_queries import SegmentRow, all_segments, subject_kind
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.interface import FILE
from translations.interface_files import interface_file
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


def seed_file(connection: Connection, subject: str, locale: str) -> SeedFile:
    """The approved texts as the file that would seed them; what is not approved is left empty.

    Raises ``AccessDenied`` for no such subject.
    """
    kind = subject_kind(connection, subject)
    rows = all_segments(connection, subject, locale)
    texts, _stale = approved_texts(connection, subject=subject, locale=locale)
    named = instrument_of(subject)
    if named is None:
        content = interface_file(locale, {row.context: row.source for row in rows}, texts)
        return SeedFile(PurePosixPath("ui", locale, *FILE.parts), content, len(texts))
    path = PurePosixPath("instruments", named.instrument, f"{locale}{_ENDINGS[named.respondent]}")
    entries = [_entry(row, texts.get(row.context, ())) for row in rows]
    return SeedFile(path, po_text(_headers(named, kind, locale), entries, file=str(path)), len(texts))


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
