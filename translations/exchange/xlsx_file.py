"""A bundle as an Excel workbook: a row for each text or plural form, locked but for the translation.

The first row says what the file is, the second names the columns. Locked against slips, not against will: there is no
password, and what comes back is checked all the same.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.worksheet import Worksheet

from translations.exchange.bundle import MOST_TEXTS, Bundle, context_shown, shown_context
from translations.exchange.collecting import FormRow, Head, ReadText, collect, form_rows, forms_of, mark_of
from translations.plurals import cldr_locale, is_right_to_left
from translations.po import WordingError
from translations.sentences import mark
from translations.workbooks import only_sheet, row_at, saved, text_of, text_sheet

COLUMNS = ("context", "form", "concept", "source", "translation", "state", "mark")
_WIDTHS = {"A": 26, "B": 14, "C": 40, "D": 60, "E": 60, "F": 14, "G": 12}
_SOURCE, _TARGET = 4, 5
_FIRST = 3
_MOST_FORMS = 6
_OPEN = PatternFill("solid", fgColor="FFF8E1")


def write_xlsx(bundle: Bundle) -> bytes:
    """The workbook; the sheet is read from the right where the language is."""
    head = ("subject", bundle.subject, bundle.source_locale, bundle.locale, str(len(bundle.segments)))
    rows, is_open = [], []
    for segment in bundle.segments:
        for form in form_rows(bundle, segment):
            context, mark = shown_context(segment.context), mark_of(bundle, segment)
            named = form.name and f"{form.name} {_counts(form.name, bundle.locale)}".strip()
            rows.append((context, named, segment.concept, form.source, form.target, segment.state or "", mark))
            is_open.append(form.is_wanted)
    workbook, sheet = text_sheet("texts", [head, COLUMNS, *rows], widths=_WIDTHS)
    _arrange(sheet, bundle, is_open)
    return saved(workbook)


def read_xlsx(content: bytes, *, file: str) -> Bundle:
    """Raises ``WordingError`` naming the row and the cell."""
    sheet = only_sheet(content, file=file, most_rows=MOST_TEXTS * _MOST_FORMS + 2)
    rows = sheet.iter_rows()
    head = _head([text_of(cell, file=file) for cell in next(rows, ())], file=file)
    columns = _columns([text_of(cell, file=file) for cell in next(rows, ())], file=file)
    return collect(head, _texts(rows, columns, head, file=file), file=file)


def _arrange(sheet: Worksheet, bundle: Bundle, is_open: Sequence[bool]) -> None:
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    sheet.freeze_panes = f"A{_FIRST}"
    sheet.sheet_view.rightToLeft = is_right_to_left(bundle.locale)
    for number, is_wanted in enumerate(is_open, start=_FIRST):
        _align(sheet.cell(number, _SOURCE), bundle.source_locale)
        target = sheet.cell(number, _TARGET)
        _align(target, bundle.locale)
        if is_wanted:
            target.protection, target.fill = Protection(locked=False), _OPEN
    sheet.protection.sheet = True
    # Columns and rows may be made wider and higher.
    sheet.protection.formatColumns = sheet.protection.formatRows = False


def _align(cell: Cell, locale: str) -> None:
    # 1 is from the left, 2 from the right, whatever the text begins with.
    cell.alignment = Alignment(wrap_text=True, vertical="top", readingOrder=2 if is_right_to_left(locale) else 1)


def _counts(form: str, locale: str) -> str:
    """The first counts that take the form, for the translator."""
    rule = cldr_locale(locale).plural_form
    first = [str(count) for count in islice((count for count in range(1_000) if rule(count) == form), 4)]
    return f"({', '.join(first[:3])}{' …' if len(first) > 3 else ''})" if first else ""


def _head(cells: Sequence[str], *, file: str) -> Head:
    match [*cells, *[""] * 5][:5]:
        case ["subject", str(subject), str(source), str(locale), str(texts)] if subject and texts.isdecimal():
            return Head(subject, source, locale, int(texts))
    raise WordingError(file, row_at(1), mark("does not say what the file is: it was not given out here"))


def _columns(header: Sequence[str], *, file: str) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    while names and not names[-1]:
        names.pop()
    if sorted(names) != sorted(COLUMNS):
        problem = mark("must have the columns %(columns)s, each once")
        raise WordingError(file, row_at(2), problem, values={"columns": ", ".join(COLUMNS)})
    return {name: place for place, name in enumerate(names)}


def _texts(rows: Iterator[tuple[Cell, ...]], columns: dict[str, int], head: Head, *, file: str) -> Iterator[ReadText]:
    read = (_Row(cells, columns, file=file) for cells in rows)
    filled = (row for row in read if any(row.texts.values()))
    for context, group in groupby(filled, key=lambda row: row.texts["context"]):
        yield _text(context, list(group), head, file=file)


class _Row:
    """One row as texts, and where it is."""

    def __init__(self, cells: tuple[Cell, ...], columns: dict[str, int], *, file: str) -> None:
        self.place = row_at(cells[0].row)
        self.texts = {name: text_of(cells[column], file=file) for name, column in columns.items()}
        form = self.texts["form"].partition(" ")[0]
        self.form = FormRow(form, self.texts["source"], self.texts["translation"], is_wanted=True)


def _text(context: str, rows: list[_Row], head: Head, *, file: str) -> ReadText:
    place = rows[0].place
    marks = {row.texts["mark"] for row in rows}
    if len(marks) != 1:
        raise WordingError(file, place, mark("the rows of one text have different marks"))
    source, target = forms_of([row.form for row in rows], head, file=file, place=place)
    return ReadText(
        context=context_shown(context),
        concept=rows[0].texts["concept"],
        source=source,
        target=target,
        mark=marks.pop(),
        place=place,
    )
