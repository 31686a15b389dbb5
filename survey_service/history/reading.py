"""Reading a register's file line by line: what is wrong with the file itself is said in one sentence.

For the file. What a row says is judged by ``rules``.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from survey_service.errors import SurveyServiceError
from survey_service.history.rules import ITEM, OPTIONAL, REQUIRED, SCORE, Line

# About a million rows. A larger file is somebody's whole database: by parts, it can be reconciled.
MOST_BYTES = 200_000_000
_LONGEST_FIELD = 10_000
_CHUNK = 1 << 20


class FileRefused(SurveyServiceError):
    """The file cannot be read as a file of earlier results."""

    status = 400
    code = "file-refused"


def file_digest(path: Path) -> bytes:
    """SHA-256 of the file. Raises ``FileRefused`` for one that is too large or cannot be read."""
    digest = hashlib.sha256()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileRefused("The file is larger than 200 MB. Divide it; every part has the header.")
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                digest.update(part)
    except OSError:
        raise FileRefused("The file cannot be read.") from None
    return digest.digest()


def read_lines(path: Path) -> Iterator[Line]:
    """The rows of the file, one at a time. Raises ``FileRefused``, naming the line where it can."""
    reached = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(_LONGEST_FIELD * 10)
            rows = csv.reader(file, strict=True, delimiter=_delimiter(first))
            header = _header(first)
            for fields in rows:
                reached = rows.line_num + 1
                if fields:
                    yield _line(reached, header, fields)
    except UnicodeDecodeError:
        raise FileRefused(f"The file is not UTF-8 after line {reached}. Save it as UTF-8; nothing was read.") from None
    except csv.Error:
        raise FileRefused(
            f"The file cannot be read as CSV after line {reached}: a quotation mark is not closed, or a field is far"
            " too long."
        ) from None
    except OSError:
        raise FileRefused("The file cannot be read.") from None


def _delimiter(first: str) -> str:
    # Excel writes semicolons where the comma is the decimal sign.
    return max(",;\t", key=first.count)


def _header(first: str) -> Sequence[str]:
    if "\0" in first or not first.strip():
        raise FileRefused("The file has no header: its first line names the columns.")
    header = [name.strip() for name in next(csv.reader([first], delimiter=_delimiter(first)))]
    if missing := [name for name in REQUIRED if name not in header]:
        raise FileRefused(f"The file lacks the columns {', '.join(missing)}.")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise FileRefused(f"The column {twice[0]!r} comes twice.")
    for name in header:
        if name not in (*REQUIRED, *OPTIONAL) and not name.startswith((ITEM, SCORE)):
            raise FileRefused(f"The column {name!r} is not one that can be read. docs/history.md lists those that can.")
    return header


def _line(number: int, header: Sequence[str], fields: Sequence[str]) -> Line:
    if len(fields) != len(header):
        return Line(number, {}, f"it has {len(fields)} fields where the header has {len(header)}")
    # Here and not by `csv.field_size_limit`, which holds for every file that the process reads.
    if any(len(value) > _LONGEST_FIELD for value in fields):
        return Line(number, {}, f"a field is longer than {_LONGEST_FIELD} characters")
    if any("\0" in value for value in fields):
        return Line(number, {}, "it has a zero byte")
    return Line(number, dict(zip(header, fields, strict=True)))
