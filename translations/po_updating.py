"""A PO file brought up to date: what has changed is written anew, and all else stays as it lies, to the byte.

For files under version control, whose headers, comments and order nobody else knows. Not for what the texts are.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.messages.catalog import Message

from translations.po import Entries, lines_of, parse_into

_Key = tuple[str | None, str]
_ABOUT = ("#:", "#,", "# ")


class _Texts(Entries):
    """Every entry, with and without contexts and plural forms."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.messages: list[Message] = []

    def keep(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        self.messages.append(message)


@dataclass(frozen=True, slots=True)
class _Block:
    """An entry as it stands in a file, and what it says: source, translation and whether somebody is still at it."""

    text: str
    says: tuple[object, ...]

    def in_place_of(self, old: "_Block") -> str:
        """The new entry under the comments of the old one that only files have."""
        kept = [line for line in old.text.splitlines() if line.startswith(_ABOUT) and not _is_fuzzy(line)]
        own = [line for line in self.text.splitlines() if not line.startswith(_ABOUT)]
        concepts = [line for line in own if line.startswith("#.")] or [
            line for line in old.text.splitlines() if line.startswith("#.")
        ]
        return "\n".join((*concepts, *kept, *(line for line in own if not line.startswith("#."))))


def _is_fuzzy(line: str) -> bool:
    return line.startswith("#,") and "fuzzy" in line


def brought_up_to_date(lying: bytes, wanted: str, *, file: str) -> str:
    """``lying`` with the texts of ``wanted``: nothing that it lacks is kept, and what is new comes last.

    Raises
    ------
    WordingError
        If the file that lies there cannot be read.
    """
    head, old = _blocks(lying, file=file)
    _head, new = _blocks(wanted.encode(), file=file)
    kept = [_current(block, new[key]) for key, block in old.items() if key in new]
    added = [block.text for key, block in new.items() if key not in old]
    # Some tools end a file with an empty line.
    end = lying[len(lying.rstrip(b"\n")) :].decode() or "\n"
    return "\n\n".join((head, *kept, *added)) + end


def _current(old: _Block, new: _Block) -> str:
    return old.text if old.says == new.says else new.in_place_of(old)


def _blocks(content: bytes, *, file: str) -> tuple[str, Mapping[_Key, _Block]]:
    """The head of a file, and its entries in order: what stands between two empty lines."""
    entries = parse_into(_Texts(file), content)
    by_line = {message.lineno: message for message in entries.messages}
    head, found = "", {}
    for first, text in _paragraphs(lines_of(content, file=file)):
        message = next((by_line[line] for line in range(first, first + text.count("\n") + 1) if line in by_line), None)
        if message is not None:
            found[_key(entries, message)] = _Block(text, (message.id, message.string, message.fuzzy))
        elif not found:
            head = f"{head}\n\n{text}" if head else text
    return head, found


def _key(entries: _Texts, message: Message) -> _Key:
    """What an entry is known by: a part of an instrument by its context, so that its source may change."""
    if "x-instrument" in entries.headers:
        return message.context, ""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _paragraphs(lines: list[str]) -> list[tuple[int, str]]:
    """Each with the number of its first line."""
    found: list[tuple[int, list[str]]] = []
    begun = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            begun = False
        elif begun:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
            begun = True
    return [(first, "".join(paragraph).rstrip("\n")) for first, paragraph in found]
