"""Reading PO files strictly: Babel repairs some damage in silence, and a mended text is not an approved one.

For the form of the files only: not for what their entries mean.
"""

import re
from pathlib import Path

LINE = re.compile(r'(#.*|((msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s+)?"([^"\\]|\\.)*")?')


class WordingError(ValueError):
    """A wording file cannot be used; the message names the file and the line or context."""

    def __init__(self, file: str, place: str, problem: str) -> None:
        super().__init__(f"{file}: {place}: {problem}" if place else f"{file}: {problem}")
        self.file = file
        self.place = place


def read_lines(path: Path, *, file: str) -> list[str]:
    """The lines of a PO file, each well formed; ``file`` is its name in errors.

    Raises
    ------
    WordingError
        Naming the file and the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise WordingError(file, "", "is not UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not LINE.fullmatch(line.strip()):
            raise WordingError(file, f"line {number}", "is neither a comment nor a quoted text with its keyword")
    return lines
