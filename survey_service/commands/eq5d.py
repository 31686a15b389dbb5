"""`survey eq5d`: index a file of EQ-5D states by any published value set.

A thin entry to `instruments.eq5d`, row by row. It needs no database and knows no patients.
"""

import csv
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, TextIO

import click

from instruments.eq5d.catalogue import catalogue
from instruments.eq5d.rows import COLUMNS, RowScorer
from instruments.eq5d.value_set import WithheldSet

ADDED = ("value", "problem")
_LISTED = ("id", "name", "version", "type", "country", "year", "basis", "method", "doi", "reference", "state", "note")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class UnusableFile(click.ClickException):
    """The file as a whole cannot be scored."""

    exit_code = 2


@click.command("eq5d")
@click.argument("source", metavar="INPUT.csv", required=False, type=click.File("rb"))
@click.option("--list", "list_sets", is_flag=True, help="List every value set as CSV, withheld ones with the reason.")
def eq5d(source: BinaryIO | None, list_sets: bool) -> None:
    """Score INPUT.csv (- for standard input), in UTF-8 with the columns version, type, set and state.

    Versions are 3L, 5L and Y3L; types TTO and VAS (3L), VT (5L), IVP (Y3L), CW (5L states by a 3L set) and RCW (3L
    states by a 5L set). Every row is written to standard output with its value and, where it has none, the problem; a
    column of the input that is called so already is kept as given_value or given_problem. A bad row never stops the
    run. A file that cannot be used as a whole ends it with code 2.
    """
    if list_sets == (source is not None):
        raise click.UsageError("give either a file or --list")
    with _standard_output() as output:
        if source is None:
            _list(output)
        else:
            _score(_Lines(source), output)


def _list(output: TextIO) -> None:
    write = csv.writer(output, lineterminator="\n").writerow
    write(_LISTED)
    for one in catalogue().sets.values():
        state, note = ("withheld", one.reason) if isinstance(one, WithheldSet) else ("offered", one.origin.note)
        origin = one.origin
        version = origin.version.replace("-", "")
        described = [origin.country, origin.year, origin.basis, origin.method, origin.doi, origin.reference]
        write([origin.id, origin.name, version, origin.kind, *described, state, note])


@dataclass(slots=True)
class _Lines:
    """The lines of a file as text, and where it stands: for errors that name the place."""

    source: BinaryIO
    number: int = 0
    is_cut: bool = False
    """Whether the last line read had no end."""

    def __iter__(self) -> Iterator[str]:
        for line in self.source:
            self.number += 1
            if self.number == 1:
                if line.startswith(_UTF_16):
                    raise UnusableFile("The file is in UTF-16. Save it as UTF-8.")
                line = line.removeprefix(_BYTE_ORDER_MARK)
            self.is_cut = not line.endswith(b"\n")
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                raise UnusableFile(f"Line {self.number} is not UTF-8. Save the file as UTF-8.") from None


def _score(lines: _Lines, output: TextIO) -> None:
    reader = csv.reader(lines, strict=True)
    header = _header(reader, lines)
    write = csv.writer(output, lineterminator="\n")
    write.writerow([*(f"given_{name}" if name in ADDED else name for name in header), *ADDED])
    write.writerows(_scored(reader, header, lines))


def _header(reader: Iterator[list[str]], lines: _Lines) -> list[str]:
    try:
        header = next(reader)
    except StopIteration:
        raise UnusableFile("The file is empty.") from None
    except csv.Error as error:
        raise UnusableFile(f"Line {lines.number}, the header, is not CSV: {error}.") from None
    header = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UnusableFile(f"The header lacks {', '.join(missing)}. It needs {', '.join(COLUMNS)}, in any order.")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise UnusableFile(f"The header has {', '.join(twice)} more than once.")
    return header


def _scored(reader: Iterator[list[str]], header: Sequence[str], lines: _Lines) -> Iterator[list[str]]:
    """Each row with value and problem behind it."""
    scorer = RowScorer()
    known, width = scorer.known, len(header)
    version, kind, name, state = (header.index(column) for column in COLUMNS)
    while True:
        try:
            for row in reader:
                if len(row) == width:
                    cells = row[version], row[kind], row[name], row[state]
                    row += known.get(cells) or scorer.score(cells)
                    yield row
                elif row:
                    yield _of_other_width(row, width, lines)
            return
        except csv.Error as error:
            if lines.is_cut:
                raise UnusableFile(f"The file is cut off: line {lines.number} has no end.") from None
            yield [*[""] * width, "", f"line {lines.number} is not CSV: {error}"]


def _of_other_width(row: list[str], width: int, lines: _Lines) -> list[str]:
    if lines.is_cut and len(row) < width:
        raise UnusableFile(f"The file is cut off: line {lines.number}, the last, has {len(row)} of {width} columns.")
    cells = [*row, *[""] * width][:width]
    return [*cells, "", f"line {lines.number} has {len(row)} columns, and the header {width}"]


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Standard output in UTF-8, whatever the terminal's language. Who stops reading early, such as head, is let go."""
    output = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    try:
        yield output
        output.flush()
    except BrokenPipeError:
        # Python would try again when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        with suppress(BrokenPipeError):
            output.detach()
