"""The text of a wording file: what `read_wording` reads back as the same texts.

For wording that comes from elsewhere. Long texts stay on one line each, as in the files of this project.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from translations.po import WordingError

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
# What else ends a line to Python, and so to the reader; the format has no escape for them.
_ENDS_OF_LINES = frozenset("\v\f\x1c\x1d\x1e\x85\u2028\u2029")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoEntry:
    """One part of an instrument: its English source, its wording (empty for none yet), its concept for translators."""

    context: str
    source: str
    text: str = ""
    concept: str = ""


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
    if not entry.source.strip():
        raise WordingError(file, entry.context, "has no source text")
    for text in (entry.context, entry.source, entry.text):
        if not _ENDS_OF_LINES.isdisjoint(text):
            raise WordingError(file, entry.context, "holds a line break that is not a newline")
    concept = " ".join(entry.concept.split())
    lines = [f"#. {concept}"] if concept else []
    lines += [f"msgctxt {_quoted(entry.context)}", f"msgid {_quoted(entry.source)}", f"msgstr {_quoted(entry.text)}"]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'
