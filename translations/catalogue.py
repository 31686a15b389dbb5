"""Wording of instruments, read from PO files: one for each instrument and language.

For reading and checking files. Not for who may approve a wording, nor for showing it.

``translations/instruments/<instrument>/<locale>.po`` (``<locale>.proxy.po`` for whoever answers for the patient)
holds for each part its context (``msgctxt``), the English source (``msgid``), the wording (``msgstr``) and, for the
translator, the concept (``#.``). The header tells the instrument, its version and whose wording it is (`WordingKind`),
and ``X-Reviewed-By-Speaker: no`` where nobody who speaks the language has read it; its footer then says so too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Message

from instruments import Instrument, Library, Respondent, UnknownInstrument
from translations.contexts import DIRECTION, DIRECTIONS, ordered
from translations.plurals import is_right_to_left
from translations.po import Entries, WordingError, read_entries
from translations.subjects import version_hash

__all__ = ["InstrumentWording", "WordingError", "WordingKind", "load_wordings", "read_wording"]

SHIPPED = Path(__file__).parent / "instruments"


class WordingKind(StrEnum):
    """Whose words they are, and so where they may be shown."""

    DEMONSTRATION = "demonstration"
    """The project's own, in place of the rights-holder's: in a demonstration only."""
    LICENSED = "licensed"
    """The rights-holder's, where a licence is on record."""
    OWN = "own"
    """The project's own, of an instrument that is the project's own: anywhere."""

    def belongs_to(self, instrument: Instrument) -> bool:
        """Whether the instrument can have wording of this kind: `OWN` or `LICENSED` as its licence says."""
        return self is WordingKind.DEMONSTRATION or self.value == instrument.licence.wording.value


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
    respondent: Respondent = Respondent.SELF
    texts: Mapping[str, str]
    sources: Mapping[str, str]
    concepts: Mapping[str, str]
    content_hash: str = field(init=False)
    reviewed_by_speaker: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "content_hash", _content_hash(self))

    @property
    def scale_direction(self) -> str:
        """``ltr`` or ``rtl``: how the figures of a scale run in this version, whatever the page around them does."""
        said = self.texts.get(DIRECTION)
        return said if said in DIRECTIONS else DIRECTIONS[is_right_to_left(self.locale)]


def load_wordings(library: Library, *folders: Path | str) -> tuple[InstrumentWording, ...]:
    """Every ``<instrument>/<locale>.po`` under the folders, or under the project's, by instrument and locale.

    Raises
    ------
    WordingError
        If any file cannot be used; nothing is half-loaded.
    """
    paths = [path for folder in folders or (SHIPPED,) for path in sorted(Path(folder).glob("*/*.po"))]
    return tuple(read_wording(path, library) for path in paths)


def wordings_at_hand(library: Library, own: Path | None) -> tuple[InstrumentWording, ...]:
    """The project's, and what is in the ``wording`` of a folder of the operator's own. Raises as `load_wordings`."""
    return load_wordings(library, SHIPPED) if own is None else load_wordings(library, SHIPPED, own / "wording")


def read_wording(path: Path, library: Library) -> InstrumentWording:
    """One wording file, checked against the instrument it names.

    Raises
    ------
    WordingError
        Naming the file and the line or context.
    """
    file = f"{path.parent.name}/{path.name}"
    entries = read_entries(path, file=file)
    instrument = _instrument(library, entries)
    if instrument.id != path.parent.name:
        raise WordingError(file, "X-Instrument", f"{instrument.id!r} does not belong in this folder")
    known = frozenset(ordered(instrument))
    for context in entries.by_context:
        if context not in known:
            raise WordingError(file, context, "is no part of the instrument")
    return _wording(path, instrument, entries)


def _instrument(library: Library, entries: Entries) -> Instrument:
    id_, version = entries.header("X-Instrument"), entries.header("X-Instrument-Version")
    try:
        return library.get(id_, version)
    except UnknownInstrument as error:
        raise WordingError(entries.file, "X-Instrument", str(error)) from None


def _wording(path: Path, instrument: Instrument, entries: Entries) -> InstrumentWording:
    messages = entries.by_context
    if DIRECTION in messages and messages[DIRECTION].string not in ("", *DIRECTIONS):
        raise WordingError(entries.file, DIRECTION, f"must be one of {', '.join(DIRECTIONS)}")
    return InstrumentWording(
        instrument=instrument.id,
        version=instrument.version,
        locale=_locale(path, entries),
        kind=_kind(entries, instrument),
        respondent=_respondent(path, entries),
        texts=MappingProxyType(
            {context: str(each.string) for context, each in messages.items() if _is_translated(each)}
        ),
        sources=MappingProxyType({context: str(each.id) for context, each in messages.items()}),
        concepts=MappingProxyType({context: " ".join(each.auto_comments) for context, each in messages.items()}),
        reviewed_by_speaker=entries.headers.get("x-reviewed-by-speaker", "yes").strip() != "no",
    )


def _is_translated(message: Message) -> bool:
    return bool(str(message.string).strip()) and not message.fuzzy


def _locale(path: Path, entries: Entries) -> str:
    named = entries.header("Language")
    if named != path.name.split(".")[0]:
        raise WordingError(entries.file, "Language", f"{named!r} is not the name of the file")
    try:
        Locale.parse(named, sep="_" if "_" in named else "-")
    except (UnknownLocaleError, ValueError) as error:
        raise WordingError(entries.file, "Language", str(error)) from error
    return named


def _respondent(path: Path, entries: Entries) -> Respondent:
    """Wording for proxies is in ``<locale>.proxy.po``; other files need not say that the patient answers."""
    named = Respondent.PROXY if path.name.endswith(".proxy.po") else Respondent.SELF
    if entries.headers.get("x-respondent", Respondent.SELF).strip() != named:
        raise WordingError(entries.file, "X-Respondent", f"must be {named}, as the name of the file says")
    return named


def _kind(entries: Entries, instrument: Instrument) -> WordingKind:
    named = entries.header("X-Wording-Kind")
    try:
        kind = WordingKind(named)
    except ValueError:
        allowed = ", ".join(WordingKind)
        raise WordingError(entries.file, "X-Wording-Kind", f"{named!r} is not one of {allowed}") from None
    if not kind.belongs_to(instrument):
        owner = instrument.licence.wording
        raise WordingError(entries.file, "X-Wording-Kind", f"{named!r}, but the wording of {instrument.id} is {owner}")
    return kind


def _content_hash(wording: InstrumentWording) -> str:
    origin = [wording.instrument, wording.version, wording.locale, wording.kind]
    if wording.respondent is not Respondent.SELF:
        origin.append(wording.respondent)
    return version_hash(origin, wording.texts)
