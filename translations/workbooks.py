"""Excel workbooks (XLSX) of texts: one sheet, and nothing that only looks like text.

Excel computes, hides and turns "1/2" into a date; none of that is taken for a text. The file is a zip archive of XML:
its parts and sizes are looked at before it is unpacked, and openpyxl parses with defusedxml. (Where lxml is installed
openpyxl prefers it, with entities left alone, unless ``OPENPYXL_LXML=False``. The service does not install it.)
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml import DEFUSEDXML

from translations.po import WordingError
from translations.sentences import Place, PlaceKind, mark

_MOST_UNPACKED = 50 * 1024 * 1024
_MOST_PARTS = 500
# Beginnings and ends of elements. openpyxl makes an object of up to a kilobyte of an element of five characters; a
# workbook of 5,000 texts has half of this.
_MOST_TAGS = 400_000
_CHUNK = 1024 * 1024
_MOST_COLUMNS = 100
# Parts of a workbook that do something, or are files of their own.
_ACTIVE = re.compile(r"vbaProject|macrosheets/|activeX/|embeddings/|externalLinks/|ctrlProps/", re.IGNORECASE)
# How the format writes a character by its number, and how it writes what only looks like that.
_BY_NUMBER = re.compile("_x([0-9A-Fa-f]{4})_")
_LOOKS_SO = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

assert DEFUSEDXML, "openpyxl must parse with defusedxml (OPENPYXL_DEFUSEDXML is not to be switched off)"


def text_sheet(title: str, rows: Sequence[Sequence[str]], *, widths: Mapping[str, int]) -> tuple[Workbook, Worksheet]:
    """A workbook of one sheet whose cells are text, so that nothing typed there becomes something else."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            if text:
                cell.value = _LOOKS_SO.sub("_x005F_", text)
                # What begins with "=" is a text too.
                cell.data_type = "s"
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for name, width in widths.items():
        sheet.column_dimensions[name].width = width
    return workbook, sheet


def only_sheet(content: bytes, *, file: str, most_rows: int) -> Worksheet:
    """The one sheet of a workbook, all of it in sight.

    Raises
    ------
    WordingError
        If it cannot be read, is too large, has macros, several sheets, or hidden or merged cells.
    """
    _refuse_bombs(content, file)
    try:
        # It warns of what it leaves out: styles, validations, extensions.
        with warnings.catch_warnings(action="ignore"):
            workbook = load_workbook(BytesIO(content), data_only=False, keep_links=False)
    except Exception as error:  # whatever a damaged archive makes of the library: it has no one class for it
        problem = mark("is no workbook that can be read (%(error)s)")
        raise WordingError(file, "", problem, values={"error": type(error).__name__}) from None
    if len(workbook.worksheets) != 1 or len(workbook.sheetnames) != 1:
        problem = mark("has %(found)s sheets; it must have one")
        raise WordingError(file, "", problem, values={"found": len(workbook.sheetnames)})
    sheet = workbook.worksheets[0]
    if sheet.sheet_state != "visible":
        raise WordingError(file, sheet.title, mark("the sheet is hidden"))
    if sheet.merged_cells.ranges:
        raise WordingError(file, min(map(str, sheet.merged_cells.ranges)), mark("cells are merged"))
    if sheet.max_row > most_rows or sheet.max_column > _MOST_COLUMNS:
        problem = mark("has more than %(rows)s rows or %(columns)s columns")
        raise WordingError(file, sheet.title, problem, values={"rows": most_rows - 1, "columns": _MOST_COLUMNS})
    for kind, lines in ((PlaceKind.ROW, sheet.row_dimensions), (PlaceKind.COLUMN, sheet.column_dimensions)):
        for key, line in lines.items():
            if line.hidden:
                raise WordingError(file, Place(kind, str(key)), mark("is hidden"))
    return sheet


def text_of(cell: Cell | MergedCell, *, file: str) -> str:
    """What the cell says, where a person typed it as text. Raises ``WordingError`` naming the cell."""
    if cell.value is None:
        return ""
    match cell.data_type:
        case "s" | "inlineStr":
            return _BY_NUMBER.sub(lambda found: chr(int(found[1], 16)), str(cell.value))
        case "f":
            problem = mark("cell %(cell)s is a formula")
        case "e":
            problem = mark("cell %(cell)s is an error of the program that saved the file")
        case "d":
            problem = mark("cell %(cell)s is a date: mark the column as text and write it anew")
        case _:
            # What was typed as 10 may be shown as 10,0: only the text is sure.
            problem = mark("cell %(cell)s is not text: mark the column as text and write it anew")
    raise WordingError(file, row_at(cell.row), problem, values={"cell": cell.coordinate})


def row_at(number: int) -> Place:
    """A row of a sheet, counted from 1."""
    return Place(PlaceKind.ROW, str(number))


def saved(workbook: Workbook) -> bytes:
    """The file."""
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _refuse_bombs(content: bytes, file: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise WordingError(file, "", mark("is larger unpacked than any workbook of texts"))
            for part in parts:
                if _ACTIVE.search(part.filename):
                    raise WordingError(file, part.filename, mark("holds macros, or files within the file"))
            if sum(_tags(archive, part) for part in parts) > _MOST_TAGS:
                raise WordingError(file, "", mark("holds more than any workbook of texts"))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, WordingError):
            raise
        raise WordingError(file, "", mark("is no workbook: not a zip archive, or a damaged one")) from None


def _tags(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    with archive.open(part) as unpacked:
        return sum(chunk.count(b"<") for chunk in iter(lambda: unpacked.read(_CHUNK), b""))
