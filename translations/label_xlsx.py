"""Labels in an Excel workbook (XLSX): one sheet of texts, and nothing that only looks like text.

For the form of workbooks only. Excel computes, hides and turns "1/2" into a date; none of that is taken for a text. The
file is a zip archive of XML: its sizes are looked at before it is unpacked, and openpyxl parses with defusedxml.
"""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml import DEFUSEDXML

from translations.label_files import MOST_LABELS, NEEDED_COLUMNS, Label, columns_of
from translations.po import WordingError

_MOST_UNPACKED = 50 * 1024 * 1024
_MOST_PARTS = 500

assert DEFUSEDXML, "openpyxl must parse with defusedxml (OPENPYXL_DEFUSEDXML is not to be switched off)"


def read_xlsx(path: Path, _locale: str) -> Iterator[Label]:
    """The rows of the workbook's one sheet. Raises ``WordingError`` naming the cell."""
    sheet = _only_sheet(path)
    rows = sheet.iter_rows()
    header = next(rows, ())
    columns = columns_of([_text(cell, path.name) for cell in header], file=path.name)
    for cells in rows:
        # What the translator was told beside them is not read: a program may have made figures of it.
        context, text = (_text(cells[columns[name]], path.name) for name in NEEDED_COLUMNS)
        if context or text:
            yield Label(context, text, f"row {cells[0].row}")


def write_xlsx(rows: Sequence[Sequence[str]], path: Path) -> None:
    """A table as a workbook of one sheet whose cells are text, so that nothing typed there becomes something else."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "labels"
    for row in rows:
        sheet.append(list(row))
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in zip("ABCD", (32, 70, 70, 8), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    workbook.save(path)


def _only_sheet(path: Path) -> Worksheet:
    _refuse_bombs(path)
    try:
        # It warns of what it leaves out: styles, validations, extensions.
        with path.open("rb") as file, warnings.catch_warnings(action="ignore"):
            workbook = load_workbook(file, data_only=False, keep_links=False)
    except Exception as error:  # whatever a damaged archive makes of the library: it has no one class for it
        raise WordingError(path.name, "", f"is no workbook that can be read ({type(error).__name__})") from None
    if len(workbook.worksheets) != 1 or len(workbook.sheetnames) != 1:
        raise WordingError(path.name, "", f"has {len(workbook.sheetnames)} sheets; it must have one")
    sheet = workbook.worksheets[0]
    if sheet.sheet_state != "visible":
        raise WordingError(path.name, sheet.title, "the sheet is hidden")
    if sheet.merged_cells.ranges:
        raise WordingError(path.name, min(map(str, sheet.merged_cells.ranges)), "cells are merged")
    if sheet.max_row > MOST_LABELS + 1 or sheet.max_column > 100:
        raise WordingError(path.name, sheet.title, f"has more than {MOST_LABELS:,} rows or 100 columns")
    for name, lines in (("row", sheet.row_dimensions), ("column", sheet.column_dimensions)):
        for key, line in lines.items():
            if line.hidden:
                raise WordingError(path.name, f"{name} {key}", "is hidden")
    return sheet


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise WordingError(path.name, "", "is no workbook: not a zip archive, or a damaged one") from None
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise WordingError(path.name, "", "is larger unpacked than any workbook of labels")


def _text(cell: Cell | MergedCell, file: str) -> str:
    """What the cell says, where a person typed it as text."""
    if cell.value is None:
        return ""
    match cell.data_type:
        case "s" | "inlineStr":
            return str(cell.value)
        case "f":
            problem = "is a formula"
        case "e":
            problem = "is an error of the program that saved the file"
        case "d":
            problem = "is a date: mark the column as text and write it anew"
        case _:
            # What was typed as 10 may be shown as 10,0: only the text is sure.
            problem = "is not text: mark the column as text and write it anew"
    raise WordingError(file, f"row {cell.row}", f"cell {cell.coordinate} {problem}")
