"""Reading a rights-holder's labels from the file that they came in: CSV, XLSX, PO, XLIFF 1.2 and 2.

For getting each text with its context and its place out of the file, or refusing the file. Not for what the texts are
worth: that is `labels`. Nothing is repaired: a mended text is not the rights-holder's. Every error names the file and,
where there is one, the row, line or unit and the field.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from translations.po import WordingError, read_entries

MOST_BYTES = 5 * 1024 * 1024
MOST_LABELS = 5_000

# In a table: what a label is for and what it says; and what our own template holds beside that, for the translator.
NEEDED_COLUMNS = ("context", "text")
TEMPLATE_COLUMNS = (*NEEDED_COLUMNS, "concept", "room")


@dataclass(frozen=True, slots=True)
class Label:
    """One text of the file, for one part of the instrument. ``place`` is where it stands, as people count."""

    context: str
    text: str
    place: str


def read_labels(path: Path, *, locale: str) -> tuple[Label, ...]:
    """Every label of a file, by its ending: ``.csv``, ``.xlsx``, ``.po``, ``.xlf``, ``.xliff``.

    ``locale`` is the language that the file is to be in; a file that says which one it is in must say the same.

    Raises
    ------
    WordingError
        Naming file, place and field. Nothing is half-loaded.
    """
    readers = _readers()
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WordingError(path.name, "", f"is not one of {', '.join(readers)}")
    if not path.is_file():
        raise WordingError(path.name, "", "is not a file that can be read")
    if path.stat().st_size > MOST_BYTES:
        raise WordingError(path.name, "", f"is larger than {MOST_BYTES // 1024**2} MB")
    labels: list[Label] = []
    for label in reader(path, locale):
        if len(labels) == MOST_LABELS:
            raise WordingError(path.name, label.place, f"is one label more than the {MOST_LABELS:,} there can be")
        labels.append(label)
    if not labels:
        raise WordingError(path.name, "", "holds no label")
    return tuple(labels)


def _readers() -> Mapping[str, Callable[[Path, str], Iterator[Label]]]:
    # Imported late: who reads a CSV file does not wait for the libraries of the others.
    from translations.label_xliff import read_xliff
    from translations.label_xlsx import read_xlsx

    return {".csv": _read_csv, ".xlsx": read_xlsx, ".po": _read_po, ".xlf": read_xliff, ".xliff": read_xliff}


def columns_of(header: Sequence[str], *, file: str) -> dict[str, int]:
    """Where each column of a table is. Raises ``WordingError`` for one that is missing, unknown or there twice."""
    names = [name.strip().lower() for name in header]
    for name in names:
        if name not in TEMPLATE_COLUMNS:
            raise WordingError(file, "row 1", f"{name!r} is not one of the columns {', '.join(TEMPLATE_COLUMNS)}")
        if names.count(name) > 1:
            raise WordingError(file, "row 1", f"the column {name!r} is there twice")
    for name in NEEDED_COLUMNS:
        if name not in names:
            raise WordingError(file, "row 1", f"the column {name!r} is missing")
    return {name: place for place, name in enumerate(names)}


def _read_csv(path: Path, _locale: str) -> Iterator[Label]:
    text = _utf8(path)
    first_line = text.partition("\n")[0]
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    # Line ends are kept as they are, so that a text of two lines is the same two lines.
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = columns_of(next(reader, []), file=path.name)
        before = reader.line_num
        for row in reader:
            place, before = f"line {before + 1}", reader.line_num
            if not any(row):
                continue
            if len(row) != len(columns):
                raise WordingError(path.name, place, f"has {len(row)} fields, the first line has {len(columns)}")
            yield Label(row[columns["context"]], row[columns["text"]], place)
    except csv.Error as error:
        raise WordingError(path.name, f"line {reader.line_num}", f"is no CSV: {error}") from None


def _utf8(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WordingError(path.name, f"line {line}", "is not UTF-8: save the file as UTF-8") from None


def _read_po(path: Path, locale: str) -> Iterator[Label]:
    entries = read_entries(path, file=path.name)
    named = entries.headers.get("language", "").strip()
    if named and named.replace("-", "_") != locale.replace("-", "_"):
        raise WordingError(path.name, "Language", f"{named!r} is not {locale!r}")
    for context, message in entries.by_context.items():
        place = f"line {message.lineno}"
        if message.fuzzy:
            raise WordingError(path.name, place, f"{context} is marked fuzzy: it is not final")
        yield Label(context, str(message.string), place)
