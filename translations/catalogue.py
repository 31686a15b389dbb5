"""Wording of instruments, read from PO files: one for each instrument and language.

For reading and checking files. Not for who may approve a wording, nor for showing it.

``translations/instruments/<instrument>/<locale>.po`` holds for each part its context (``msgctxt``), the
English source (``msgid``), the wording (``msgstr``) and, for the translator, the concept (``#.``). The header
tells the instrument, its version and whether the wording is a demonstration or licensed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_string
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, PoFileParser

from instruments import Instrument, Library, UnknownInstrument
from translations.contexts import instrument_contexts
from translations.po import WordingError, read_lines

__all__ = ["InstrumentWording", "WordingError", "WordingKind", "load_wordings", "read_wording"]

SHIPPED = Path(__file__).parent / "instruments"


class WordingKind(StrEnum):
    """Whose words they are: the project's own, or the rights-holder's under licence."""

    DEMONSTRATION = "demonstration"
    LICENSED = "licensed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentWording:
    """Texts of one instrument version in one language.

    ``texts`` and ``sources`` (English) are by context; a part that is untranslated or marked fuzzy is not
    among the texts. ``concepts`` says, for translators, what each part means. ``content_hash`` covers what a
    respondent can read.
    """

    instrument: str
    version: str
    locale: str
    kind: WordingKind
    texts: Mapping[str, str]
    sources: Mapping[str, str]
    concepts: Mapping[str, str]
    content_hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_hash", _content_hash(self))


def load_wordings(library: Library, folder: Path | str = SHIPPED) -> tuple[InstrumentWording, ...]:
    """Every ``<instrument>/<locale>.po`` under the folder, by instrument and locale.

    Raises
    ------
    WordingError
        If any file cannot be used; nothing is half-loaded.
    """
    return tuple(read_wording(path, library) for path in sorted(Path(folder).glob("*/*.po")))


def read_wording(path: Path, library: Library) -> InstrumentWording:
    """One wording file, checked against the instrument it names.

    Raises
    ------
    WordingError
        Naming the file and the line or context.
    """
    file = f"{path.parent.name}/{path.name}"
    entries = _Entries(file)
    _parse(path, file, entries)
    instrument = _instrument(library, entries)
    if instrument.id != path.parent.name:
        raise WordingError(file, "X-Instrument", f"{instrument.id!r} does not belong in this folder")
    known = instrument_contexts(instrument)
    for context in entries.by_context:
        if context not in known:
            raise WordingError(file, context, "is no part of the instrument")
    return _wording(path, instrument, entries)


class _Entries(Catalog):
    """A Babel catalogue that keeps unknown headers, and refuses what Babel would merge in silence."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file
        self.headers: dict[str, str] = {}
        self.by_context: dict[str, Message] = {}

    def __setitem__(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        if id == "" and message.context is None:
            headers = message_from_string(str(message.string))
            self.headers = {name.lower(): value for name, value in headers.items()}
        else:
            self._keep(id, message)
        super().__setitem__(id, message)

    def header(self, name: str) -> str:
        value = self.headers.get(name.lower(), "").strip()
        if not value:
            raise WordingError(self.file, name, "the header is missing")
        return value

    def _keep(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        if not isinstance(id, str):
            raise WordingError(self.file, f"line {message.lineno}", "wording has no plural forms")
        if message.context is None:
            raise WordingError(self.file, f"line {message.lineno}", "an entry has no msgctxt")
        if message.context in self.by_context:
            raise WordingError(self.file, message.context, "occurs twice")
        self.by_context[message.context] = message


def _parse(path: Path, file: str, entries: _Entries) -> None:
    try:
        parser = PoFileParser(entries, ignore_obsolete=True, abort_invalid=True)
        parser.parse(read_lines(path, file=file))
    except WordingError:
        raise
    except PoFileError as error:
        raise WordingError(file, f"line {error.lineno}", str(error)) from error
    except (UnknownLocaleError, ValueError) as error:
        raise WordingError(file, "", str(error)) from error


def _instrument(library: Library, entries: _Entries) -> Instrument:
    id_, version = entries.header("X-Instrument"), entries.header("X-Instrument-Version")
    try:
        return library.get(id_, version)
    except UnknownInstrument as error:
        raise WordingError(entries.file, "X-Instrument", str(error)) from None


def _wording(path: Path, instrument: Instrument, entries: _Entries) -> InstrumentWording:
    messages = entries.by_context
    return InstrumentWording(
        instrument=instrument.id,
        version=instrument.version,
        locale=_locale(path, entries),
        kind=_kind(entries),
        texts=MappingProxyType(
            {context: str(each.string) for context, each in messages.items() if _is_translated(each)}
        ),
        sources=MappingProxyType({context: str(each.id) for context, each in messages.items()}),
        concepts=MappingProxyType({context: " ".join(each.auto_comments) for context, each in messages.items()}),
    )


def _is_translated(message: Message) -> bool:
    return bool(str(message.string).strip()) and not message.fuzzy


def _locale(path: Path, entries: _Entries) -> str:
    named = entries.header("Language")
    if named != path.stem:
        raise WordingError(entries.file, "Language", f"{named!r} is not the name of the file")
    try:
        Locale.parse(named, sep="_" if "_" in named else "-")
    except (UnknownLocaleError, ValueError) as error:
        raise WordingError(entries.file, "Language", str(error)) from error
    return named


def _kind(entries: _Entries) -> WordingKind:
    named = entries.header("X-Wording-Kind")
    try:
        return WordingKind(named)
    except ValueError:
        allowed = ", ".join(WordingKind)
        raise WordingError(entries.file, "X-Wording-Kind", f"{named!r} is not one of {allowed}") from None


def _content_hash(wording: InstrumentWording) -> str:
    origin = [wording.instrument, wording.version, wording.locale, wording.kind]
    content = json.dumps([origin, sorted(wording.texts.items())], ensure_ascii=False)
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()
