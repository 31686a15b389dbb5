"""Label files are read word for word in every format, or refused with the place of what is wrong."""

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.labels import po, write_labels, xliff_1, xliff_2
from translations.label_files import MOST_BYTES, MOST_LABELS, read_labels
from translations.label_xlsx import write_xlsx
from translations.labels import write_csv
from translations.po import WordingError

LABELS = {"title": "En rubrik", "item:a": "Hur är läget, åäö & <3?", "option:a:1": "Bra; mycket \u2019bra\u2019"}


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def texts(path: Path) -> dict[str, str]:
    return {label.context: label.text for label in read_labels(path, locale="sv")}


def refusal(path: Path) -> str:
    with pytest.raises(WordingError) as refused:
        read_labels(path, locale="sv")
    assert str(refused.value).startswith(path.name)
    return str(refused.value).removeprefix(f"{path.name}: ")


def test_the_same_labels_come_out_of_every_format(tmp_path: Path) -> None:
    """D4"""
    write_xlsx(
        [("context", "text", "concept", "room"), *((c, t, "", "") for c, t in LABELS.items())], tmp_path / "x.xlsx"
    )
    found = [
        texts(write_labels(tmp_path / "x.csv", LABELS)),
        texts(tmp_path / "x.xlsx"),
        texts(written(tmp_path / "x.po", po(LABELS))),
        texts(written(tmp_path / "x.xlf", xliff_1(LABELS))),
        texts(written(tmp_path / "2.xliff", xliff_2(LABELS))),
        texts(written(tmp_path / "21.xliff", xliff_2(LABELS, version="2.1"))),
    ]
    assert found == [LABELS] * 6


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_survives_a_csv_file(tmp_path_factory: pytest.TempPathFactory, labels: dict[str, str]) -> None:
    labels = {context: text for context, text in labels.items() if "\0" not in context + text}
    path = tmp_path_factory.mktemp("labels") / "any.csv"
    path.write_text(write_csv([("context", "text"), *labels.items()]), encoding="utf-8", newline="")
    if labels:
        assert texts(path) == labels


def test_excels_own_csv_is_read_with_its_mark_its_semicolons_and_its_line_ends(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x.csv", '\ufeffcontext;text\r\ntitle;"Två\nrader"\r\n;;\r\nfooter;x\r\n'.replace(";;", ";")
    )
    assert texts(path) == {"title": "Två\nrader", "footer": "x"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "row 1: the column 'context' is missing"),
        (b"context;txt\na;b\n", "row 1: 'txt' is not one of the columns context, text, concept, room"),
        (b"context;concept\na;b\n", "row 1: the column 'text' is missing"),
        (b"context;text;text\na;b;c\n", "row 1: the column 'text' is there twice"),
        (b"context;text\na;b\nc\n", "line 3: has 1 fields, the first line has 2"),
        (b"context;text\na;b;c\n", "line 2: has 3 fields, the first line has 2"),
        (b'context;text\na;"b\n', "line 2: is no CSV"),
        (b'context;text\na;"b"c\n', "line 2: is no CSV"),
        (b"context;text\na;\xe5\n", "line 2: is not UTF-8"),
        ("context;text\na;b\n".encode("utf-16"), "line 1: is not UTF-8"),
        (b"context;text\n", "holds no label"),
    ],
)
def test_a_bad_csv_file_is_refused_with_its_line(content: bytes, sentence: str, tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "x.csv", content)).startswith(sentence)


def test_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    many = "context,text\n" + "".join(f"item:{number},x\n" for number in range(MOST_LABELS + 1))
    assert refusal(written(tmp_path / "many.csv", many)).startswith(f"line {MOST_LABELS + 2}: is one label more")
    assert refusal(written(tmp_path / "large.csv", b"x" * (MOST_BYTES + 1))) == "is larger than 5 MB"


def test_a_file_of_another_kind_or_none_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "x.docx", b"x")) == "is not one of .csv, .xlsx, .po, .xlf, .xliff"
    assert refusal(tmp_path / "nowhere.csv") == "is not a file that can be read"


# ---- XLSX


def spoilt(sheet: Worksheet) -> Worksheet:
    sheet.append(["context", "text"])
    sheet.append(["title", "x"])
    return sheet


def formula(sheet: Worksheet) -> None:
    sheet["B2"] = "=1+1"


def day(sheet: Worksheet) -> None:
    sheet["B2"] = date(2026, 1, 2)


def number(sheet: Worksheet) -> None:
    sheet["B2"] = 10


def error(sheet: Worksheet) -> None:
    sheet["B2"] = "#REF!"
    sheet["B2"].data_type = "e"


def hidden_row(sheet: Worksheet) -> None:
    sheet.row_dimensions[2].hidden = True


def hidden_column(sheet: Worksheet) -> None:
    sheet.column_dimensions["B"].hidden = True


def merged(sheet: Worksheet) -> None:
    sheet.merge_cells("A2:B2")


def second_sheet(sheet: Worksheet) -> None:
    sheet.parent.create_sheet("more").sheet_state = "hidden"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (formula, "row 2: cell B2 is a formula"),
        (day, "row 2: cell B2 is a date"),
        (number, "row 2: cell B2 is not text"),
        (error, "row 2: cell B2 is an error"),
        (hidden_row, "row 2: is hidden"),
        (hidden_column, "column B: is hidden"),
        (merged, "A2:B2: cells are merged"),
        (second_sheet, "has 2 sheets"),
    ],
)
def test_what_a_workbook_computes_hides_or_changes_is_not_taken_for_a_text(
    spoil: Callable[[Worksheet], None], sentence: str, tmp_path: Path
) -> None:
    workbook = Workbook()
    spoil(spoilt(workbook.worksheets[0]))
    workbook.save(tmp_path / "x.xlsx")
    assert refusal(tmp_path / "x.xlsx").startswith(sentence)


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    workbook = Workbook()
    spoilt(workbook.worksheets[0])
    workbook.save(tmp_path / "whole.xlsx")
    content = (tmp_path / "whole.xlsx").read_bytes()
    assert refusal(written(tmp_path / "half.xlsx", content[: len(content) // 2])).startswith("is no workbook")
    assert refusal(written(tmp_path / "no.xlsx", b"context,text\n")).startswith("is no workbook")


def repacked(path: Path, name: str, content: bytes) -> Path:
    """The workbook with one of its parts replaced."""
    workbook = Workbook()
    spoilt(workbook.worksheets[0])
    whole = path.with_name("whole.xlsx")
    workbook.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(part, content if part == name else source.read(part))
    return path


def test_a_workbook_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = repacked(tmp_path / "x.xlsx", "xl/worksheets/sheet1.xml", b" " * (51 * 1024 * 1024))
    assert path.stat().st_size < MOST_BYTES
    assert refusal(path) == "is larger unpacked than any workbook of texts"


def sheet_of(text: str, *, prologue: str = "") -> bytes:
    rows = "".join(
        f'<row r="{number}">'
        + "".join(f'<c r="{column}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for column, cell in cells.items())
        + "</row>"
        for number, cells in enumerate([{"A": "context", "B": "text"}, {"A": "title", "B": text}], start=1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return (
        f'<?xml version="1.0"?>{prologue}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    )


def test_a_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    assert texts(repacked(tmp_path / "plain.xlsx", sheet, sheet_of("b"))) == {"title": "b"}
    bomb = sheet_of("&a;", prologue='<!DOCTYPE worksheet [<!ENTITY a "b">]>')
    assert refusal(repacked(tmp_path / "bomb.xlsx", sheet, bomb)).startswith("is no workbook that can be read")


# ---- PO


def test_what_is_fuzzy_in_a_po_file_is_not_final(tmp_path: Path) -> None:
    fuzzy = po(LABELS).replace('msgctxt "item:a"', '#, fuzzy\nmsgctxt "item:a"')
    assert "item:a is marked fuzzy" in refusal(written(tmp_path / "x.po", fuzzy))


def test_a_po_file_in_another_language_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "x.po", po(LABELS, language="da"))) == "Language: 'da' is not 'sv'"


def test_an_entry_twice_or_torn_in_a_po_file_is_refused_with_its_place(tmp_path: Path) -> None:
    twice = po(LABELS) + '\nmsgctxt "title"\nmsgid "y"\nmsgstr "z"\n'
    assert refusal(written(tmp_path / "twice.po", twice)) == "title: occurs twice"
    assert refusal(written(tmp_path / "torn.po", po(LABELS) + 'msgctxt "item:b\n')).startswith("line ")


# ---- XLIFF


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (xliff_1(LABELS, language="da"), "target-language: 'da' is not 'sv'"),
        (xliff_2(LABELS, language="da"), "trgLang: 'da' is not 'sv'"),
        (xliff_1(LABELS).replace("<target>En rubrik</target>", ""), "unit title: has no target"),
        (xliff_2(LABELS).replace("<target>En rubrik</target>", ""), "unit title: has no target"),
        (
            xliff_1(LABELS).replace("<target>En", '<target state="needs-translation">En'),
            "unit title: its target is 'needs-translation', not final",
        ),
        (
            xliff_2(LABELS).replace("<segment>", '<segment state="initial">', 1),
            "unit title: its target is reordered or not final",
        ),
        (xliff_1(LABELS).replace("En rubrik", 'En <g id="1">rubrik</g>'), "unit title: its target holds inline codes"),
        (xliff_2(LABELS).replace("En rubrik", 'En <ph id="1"/>'), "unit title: its target holds inline codes"),
        (xliff_1(LABELS)[:-20], "line "),
        (xliff_1(LABELS).replace('version="1.2"', 'version="1.0"'), "is not XLIFF 1.2, 2.0 or 2.1"),
        ("<html/>", "is not XLIFF 1.2, 2.0 or 2.1"),
        (xliff_1(LABELS).replace("UTF-8", "x-nonsense"), "line 1: is in an encoding that is not known"),
        (xliff_1({}), "holds no label"),
    ],
)
def test_a_bad_xliff_file_is_refused_with_its_unit(content: str, sentence: str, tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "x.xliff", content)).startswith(sentence)


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE xliff [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE xliff SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE xliff [<!ENTITY x SYSTEM "http://127.0.0.1/">]>',
        "<!DOCTYPE xliff>",
    ],
)
def test_entities_and_document_types_are_refused_unread(prologue: str, tmp_path: Path) -> None:
    content = xliff_1(LABELS).replace("<xliff ", f"{prologue}<xliff ", 1)
    refused = refusal(written(tmp_path / "x.xliff", content))
    assert refused == "has a document type or entities, which are not taken"


def test_the_segments_of_a_unit_are_one_label(tmp_path: Path) -> None:
    two = (
        "</segment><ignorable><source> </source><target> </target></ignorable>"
        "<segment><source>y</source><target>Två</target></segment>"
    )
    content = xliff_2({"title": "Ett."}).replace("</segment>", two, 1)
    assert texts(written(tmp_path / "x.xliff", content)) == {"title": "Ett. Två"}
