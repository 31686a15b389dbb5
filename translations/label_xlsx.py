"""Labels in an Excel workbook (XLSX): the columns of a label file, and the template for them. See `workbooks`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from translations.label_files import MOST_LABELS, NEEDED_COLUMNS, Label, columns_of
from translations.workbooks import only_sheet, saved, text_of, text_sheet


def read_xlsx(path: Path, _locale: str) -> Iterator[Label]:
    """The rows of the workbook's one sheet. Raises ``WordingError`` naming the cell."""
    sheet = only_sheet(path.read_bytes(), file=path.name, most_rows=MOST_LABELS + 1)
    rows = sheet.iter_rows()
    header = next(rows, ())
    columns = columns_of([text_of(cell, file=path.name) for cell in header], file=path.name)
    for cells in rows:
        # What the translator was told beside them is not read: a program may have made figures of it.
        context, text = (text_of(cells[columns[name]], file=path.name) for name in NEEDED_COLUMNS)
        if context or text:
            yield Label(context, text, f"row {cells[0].row}")


def write_xlsx(rows: Sequence[Sequence[str]], path: Path) -> None:
    """A table as a workbook of one sheet of texts."""
    workbook, sheet = text_sheet("labels", rows, widths={"A": 32, "B": 70, "C": 70, "D": 8})
    sheet.freeze_panes = "A2"
    path.write_bytes(saved(workbook))
