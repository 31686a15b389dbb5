"""The text of a wording file: what `read_wording` reads back as the same texts.

For wording that comes from elsewhere. Long texts stay on one line each, as in the files of this project.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from translations.po import WordingError

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
# What else ends a line to Python, and so to the reader; the format has no escape for them.
_ENDS_OF_LINES = frozenset("\v\f\x1c\x1d\x1e\x85\u2028\u2029")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoEntry:
    """One text: its English source, its wording (empty for none yet), its concept for translators.

    A text with plural forms has them in ``plural``, beside the plural of its source; ``context`` is None where gettext
    has none. ``mark`` is a last comment for whoever reads the file back.
    """

    context: str | None
    source: str
    text: str = ""
    concept: str = ""
    source_plural: str = ""
    plural: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    mark: str = ""


def po_text(headers: Mapping[str, str], entries: Iterable[PoEntry], *, file: str) -> str:
    """The whole file, UTF-8; ``file`` is its name in errors.

    Raises
    ------
    WordingError
        Naming the context whose source is empty, or whose text holds a character that ends a line in no PO file.
    """
    first = ['msgid ""', 'msgstr ""', *(_quoted(f"{name}: {value}\n") for name, value in headers.items())]
    blocks = ["\n".join(first), *(_block(entry, file=file) for entry in entries)]
    return "\n\n".join(blocks) + "\n"


def _block(entry: PoEntry, *, file: str) -> str:
    place = entry.context or entry.source
    if not entry.source.strip():
        raise WordingError(file, place, "has no source text")
    for text in (entry.context or "", entry.source, entry.source_plural, entry.text, *entry.plural):
        if not _ENDS_OF_LINES.isdisjoint(text):
            raise WordingError(file, place, "holds a line break that is not a newline")
    return "\n".join(_lines(entry))


def _lines(entry: PoEntry) -> Iterator[str]:
    for comment in (" ".join(entry.concept.split()), entry.mark):
        if comment:
            yield f"#. {comment}"
    if entry.flags:
        yield f"#, {', '.join(entry.flags)}"
    if entry.context is not None:
        yield f"msgctxt {_quoted(entry.context)}"
    yield f"msgid {_quoted(entry.source)}"
    if not entry.source_plural:
        yield f"msgstr {_quoted(entry.text)}"
        return
    yield f"msgid_plural {_quoted(entry.source_plural)}"
    yield from (f"msgstr[{place}] {_quoted(text)}" for place, text in enumerate(entry.plural))


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'
