"""Reading PO files strictly: Babel repairs some damage in silence, and a mended text is not an approved one.

For the form of the files only: not for what their entries mean.
"""

import re
from email import message_from_string
from pathlib import Path
from typing import TypeVar

from babel import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, PoFileParser

from translations.sentences import Place, PlaceKind, Values, Where, filled, mark

LINE = re.compile(r'(#.*|((?P<keyword>msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s+)?"([^"\\]|\\.)*")?')
_BEGINNING = frozenset({"msgctxt", "msgid"})


class WordingError(ValueError):
    """A wording file cannot be used; the message names the file and the line or context.

    The message is English. A page tells ``problem`` in the reader's language, filled in with ``values``; what comes
    from files of exchange is marked for that.
    """

    def __init__(
        self, file: str, place: Where, problem: str, *, context: str = "", values: Values | None = None
    ) -> None:
        told = (file, str(place), context, filled(problem, values or {}))
        super().__init__(": ".join(part for part in told if part))
        self.file = file
        self.place = place
        self.context = context
        self.problem = problem
        self.values = values or {}


def line_at(number: int) -> Place:
    """A line of a file, counted from 1."""
    return Place(PlaceKind.LINE, str(number))


def read_lines(path: Path, *, file: str) -> list[str]:
    """The lines of a PO file, as `lines_of` has them."""
    return lines_of(path.read_bytes(), file=file)


def lines_of(content: bytes, *, file: str) -> list[str]:
    """The lines of a PO file, each well formed, its keywords in order; ``file`` is its name in errors.

    Raises
    ------
    WordingError
        Naming the file and the line.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        before = content.count(b"\n", 0, error.start)
        raise WordingError(file, "", mark("is not UTF-8 (line %(line)s)"), values={"line": str(before + 1)}) from None
    expected = _BEGINNING
    for number, line in enumerate(lines, start=1):
        found = LINE.fullmatch(line.strip())
        if not found:
            raise WordingError(file, line_at(number), mark("is neither a comment nor a quoted text with its keyword"))
        if keyword := found["keyword"]:
            if keyword not in expected:
                problem = mark("has %(keyword)s where it cannot be")
                raise WordingError(file, line_at(number), problem, values={"keyword": keyword})
            expected = _after(keyword)
    return lines


def _after(keyword: str) -> frozenset[str]:
    """Which keywords may come next. Babel takes the last of two texts, and fills in a plural form left out."""
    match keyword:
        case "msgctxt":
            return frozenset({"msgid"})
        case "msgid":
            return frozenset({"msgid_plural", "msgstr"})
        case "msgid_plural":
            return frozenset({"msgstr[0]"})
        case "msgstr":
            return _BEGINNING
        case _:
            return _BEGINNING | {f"msgstr[{int(keyword[-2]) + 1}]"}


class Entries(Catalog):
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
            self.keep(id, message)
        super().__setitem__(id, message)

    def header(self, name: str) -> str:
        value = self.headers.get(name.lower(), "").strip()
        if not value:
            raise WordingError(self.file, name, mark("the header is missing"))
        return value

    def keep(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        if not isinstance(id, str):
            raise WordingError(self.file, f"line {message.lineno}", "wording has no plural forms")
        if message.context is None:
            raise WordingError(self.file, f"line {message.lineno}", "an entry has no msgctxt")
        if message.context in self.by_context:
            raise WordingError(self.file, message.context, "occurs twice")
        self.by_context[message.context] = message


def read_entries(path: Path, *, file: str) -> Entries:
    """The entries of a PO file by context; ``file`` is its name in errors.

    Raises
    ------
    WordingError
        Naming the file and the line or context.
    """
    return parse_into(Entries(file), path.read_bytes())


Kept = TypeVar("Kept", bound=Entries)


def parse_into(entries: Kept, content: bytes) -> Kept:
    """The same of a file's content, kept in the way of ``entries``."""
    file = entries.file
    try:
        PoFileParser(entries, ignore_obsolete=True, abort_invalid=True).parse(lines_of(content, file=file))
    except WordingError:
        raise
    except PoFileError as error:
        problem = mark("is no PO file that can be read (%(error)s)")
        raise WordingError(file, line_at(error.lineno), problem, values={"error": str(error)}) from error
    except (UnknownLocaleError, ValueError) as error:
        raise WordingError(
            file, "", mark("its header cannot be read (%(error)s)"), values={"error": str(error)}
        ) from error
    return entries
