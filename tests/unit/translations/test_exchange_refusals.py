"""Files from elsewhere, damaged ones and dangerous ones are refused whole, with file, place and reason [E1]."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.translations import bundles
from translations.exchange.bundle import MOST_BYTES, MOST_CHARACTERS, Bundle, ExchangeSegment, NotExchangeable
from translations.exchange.files import FileFormat, read_bundle, write_bundle
from translations.interface import interface_translations
from translations.po import WordingError

FORMATS = pytest.mark.parametrize("form", list(FileFormat))
SOURCE_IN = {FileFormat.PO: b'msgid "Your morning"', FileFormat.XLIFF: b">Your morning<"}


def refusal(content: bytes | str, file: str) -> str:
    with pytest.raises(WordingError) as refused:
        read_bundle(content.encode() if isinstance(content, str) else content, file=file)
    assert str(refused.value).startswith(f"{file}: ")
    # The desk tells the same in the reader's language.
    assert interface_translations()["fi"].gettext(refused.value.problem) != refused.value.problem
    return str(refused.value).removeprefix(f"{file}: ")


def po(bundle: Bundle | None = None) -> str:
    return write_bundle(bundle or bundles.simple(title="Aamu"), FileFormat.PO).decode()


def xliff(bundle: Bundle | None = None) -> str:
    return write_bundle(bundle or bundles.simple(title="Aamu"), FileFormat.XLIFF).decode()


def workbook(change: Callable[[Worksheet], object], bundle: Bundle | None = None) -> bytes:
    found = load_workbook(BytesIO(write_bundle(bundle or bundles.simple(title="Aamu"), FileFormat.XLSX)))
    sheet = found.active
    assert isinstance(sheet, Worksheet)
    change(sheet)
    out = BytesIO()
    found.save(out)
    return out.getvalue()


def without(text: str, first: str, last: str) -> str:
    """The text without the first part that begins with ``first`` and ends with ``last``."""
    begin = text.index(first)
    return text[:begin] + text[text.index(last, begin) + len(last) :]


# What a slip or a tool does to a file


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('msgid "Your morning"', 'msgid "Your night"', "line 17: title: the source text is not the one given out"),
        ('msgctxt "title"', 'msgctxt "intro"', "line 17: intro: the source text is not the one given out"),
        ('msgctxt "title"\n', "", "line 16: the entry has no mark or no context: it was not given out here"),
        ("X-Subject: instrument:morning", "X-Subject: instrument:evening", "line 17: title: the source text is not"),
        ('"X-Subject: instrument:morning:1.0:self\\n"\n', "", "X-Subject: the header is missing"),
        ("X-Texts: 3", "X-Texts: 4", "has 3 of the 4 texts that it was given out with"),
        ("X-Texts: 3", "X-Texts: many", "X-Texts: is no number"),
        ('"Language: fi', '"Language: sv', "Language: 'sv' is not 'fi'"),
        ("charset=utf-8", "charset=iso-8859-1", "Content-Type: 'iso-8859-1' is not UTF-8"),
        ('msgstr "Aamu"', 'msgstr "Aamu', "line 18: is neither a comment nor a quoted text with its keyword"),
        ('msgstr "Aamu"', 'msgstr "Aamu"\nmsgstr "Ilta"', "line 19: has msgstr where it cannot be"),
        ('msgstr "Aamu"', 'msgstr "A\\rB"', "line 17: title: holds U+000D, which no file can carry"),
        ("#. [mark draft ", "#. [mark finished ", "line 17: title: its mark is missing or damaged"),
        ("#. [mark draft ", "#. [mark ", "line 17: title: its mark is missing or damaged"),
    ],
)
def test_a_damaged_po_file_is_refused_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in po()
    assert refusal(po().replace(old, new, 1), "x.po").startswith(sentence)


def test_a_po_file_whose_plural_forms_are_in_another_order_is_refused() -> None:
    content = po(bundles.plurals("ar")).replace("n%100>=11 ? 4 : 5", "n%100<=2 ? 4 : 5").encode()
    header = content[content.index(b"nplurals") : content.index(b";\\n")]
    other = b"nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100<=2 ? 4 : 5)"
    sentence = refusal(content.replace(header, other), "x.po")
    assert sentence.startswith("Plural-Forms: does not have the forms zero, one, two, few, many, other, in this order")


@pytest.mark.parametrize("header", ["nplurals=2; plural=(n != 1);", "nplurals=many; plural=n;", "none"])
def test_a_po_file_with_other_plural_forms_is_refused(header: str) -> None:
    content = po(bundles.plurals("ru"))
    begin = content.index("Plural-Forms: ") + len("Plural-Forms: ")
    damaged = content[:begin] + header + content[content.index("\\n", begin) :]
    assert refusal(damaged, "x.po")


def test_a_plural_form_taken_out_of_a_po_file_is_refused() -> None:
    content = po(bundles.plurals("ar"))
    assert "has msgstr[3] where it cannot be" in refusal(without(content, "msgstr[2]", "\n"), "x.po")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (">Your morning<", ">Your night<", "unit u1: title: the source text is not the one given out"),
        ('name="title"', 'name="intro"', "unit u1: intro: the source text is not the one given out"),
        (">instrument:morning:1.0:self<", ">interface<", "unit u1: title: the source text is not"),
        ('type="subject"', 'type="x"', "file: its metadata are missing or damaged: it was not given out here"),
        ('type="mark"', 'type="x"', "unit u1: title: its mark is missing or damaged"),
        ('category="survey"', 'category="x"', "file: its metadata are missing or damaged"),
        ('trgLang="fi"', 'trgLang="sv"', "trgLang: 'sv' is not 'fi'"),
        ('srcLang="en"', 'srcLang="sv"', "srcLang: 'sv' is not 'en'"),
        ('version="2.0"', 'version="2.2"', "is not XLIFF 2.0"),
        (">Aamu<", "><ph id='1'/>Aamu<", "unit u1: its target holds inline codes; a text here is plain"),
        (
            "</segment>",
            "</segment><segment><source>x</source></segment>",
            "unit u1: has 2 segments; it must have one, as it was given out",
        ),
        ('<source xml:space="preserve">Your morning</source>', "", "unit u1: has no source"),
        ("</file>", '</file><file id="f2"/>', "has 2 file elements; it must have one"),
        ("</unit>", "", "line 14: is no well-formed XML"),
        ("UTF-8", "UTF-99", "line 1: is in an encoding that is not known"),
        ("<xliff", '<!DOCTYPE x [<!ENTITY a "b">]><xliff', "has a document type or entities, which are not taken"),
        ("<xliff", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xliff', "has a document type or entities"),
    ],
)
def test_a_damaged_xliff_file_is_refused_with_its_unit(old: str, new: str, sentence: str) -> None:
    assert old in xliff()
    assert refusal(xliff().replace(old, new, 1), "x.xlf").startswith(sentence)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name="few"', 'name="several"', "group g3: must have the forms few, many, one, other, two, zero"),
        ('name="few"', 'name="many"', "group g3: has a form twice"),
        ('name="few"', "", "group g3: must have the forms"),
    ],
)
def test_an_xliff_file_without_a_plural_form_is_refused(old: str, new: str, sentence: str) -> None:
    assert refusal(xliff(bundles.plurals("ar")).replace(old, new, 1), "x.xlf").startswith(sentence)


def test_a_translation_of_a_form_that_the_language_has_not_is_refused() -> None:
    content = xliff(bundles.plurals("ja")).replace("thing</source>", "thing</source><target>x</target>", 1)
    assert refusal(content, "x.xlf") == "group g3: has a translation of the form one, which ja has not"


def _cell(coordinate: str, value: object) -> Callable[[Worksheet], object]:
    def change(sheet: Worksheet) -> None:
        sheet[coordinate].value = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_cell("D3", "Your night"), "row 3: title: the source text is not the one given out"),
        (_cell("A3", "intro"), "row 3: intro: the source text is not the one given out"),
        (_cell("A3", None), "row 3: has no context"),
        (_cell("G3", None), "row 3: title: its mark is missing or damaged"),
        (_cell("B1", "interface"), "row 3: title: the source text is not the one given out"),
        (_cell("A1", None), "row 1: does not say what the file is: it was not given out here"),
        (_cell("E1", "many"), "row 1: does not say what the file is"),
        (_cell("E2", "target"), "row 2: must have the columns"),
        (_cell("H2", "notes"), "row 2: must have the columns"),
        (_cell("E3", "=1+1"), "row 3: cell E3 is a formula"),
        (_cell("E3", 10), "row 3: cell E3 is not text: mark the column as text and write it anew"),
        (_cell("E3", "a_x000D_\nb"), "row 3: title: holds U+000D, which no file can carry"),
        (lambda sheet: sheet.delete_rows(4), "has 2 of the 3 texts that it was given out with"),
        (lambda sheet: sheet.parent.create_sheet("more"), "has 2 sheets; it must have one"),
        (lambda sheet: sheet.merge_cells("D3:E3"), "D3:E3: cells are merged"),
        (lambda sheet: setattr(sheet.row_dimensions[4], "hidden", True), "row 4: is hidden"),
    ],
)
def test_a_damaged_workbook_is_refused_with_its_row(change: Callable[[Worksheet], object], sentence: str) -> None:
    assert refusal(workbook(change), "x.xlsx").startswith(sentence)


def test_a_text_that_is_there_twice_is_refused_with_both_places() -> None:
    def double(sheet: Worksheet) -> None:
        sheet.append([cell.value for cell in sheet[3]])

    assert refusal(workbook(double), "x.xlsx") == "row 6: title: is there twice, first at row 3"
    unit = xliff()[xliff().index("<unit") : xliff().index("</unit>") + 7]
    twice = xliff().replace("</file>", unit.replace('"u1"', '"u9"') + "</file>")
    assert refusal(twice, "x.xlf") == "unit u9: title: is there twice, first at unit u1"
    entry = po().split("\n\n")[1]
    assert refusal(f"{po()}\n{entry}\n", "x.po") == "line 33: an entry occurs twice"


def test_rows_of_one_text_that_do_not_belong_together_are_refused() -> None:
    def torn(sheet: Worksheet) -> None:
        sheet["G6"].value = sheet["G3"].value

    assert refusal(workbook(torn, bundles.plurals("fi")), "x.xlsx") == (
        "row 5: the rows of one text have different marks"
    )


# What somebody does on purpose


@FORMATS
def test_a_file_larger_than_any_bundle_is_refused_unread(form: FileFormat) -> None:
    assert refusal(b"\0" * (MOST_BYTES + 1), f"x.{form}") == "is larger than 5 MB"


@FORMATS
def test_a_torn_file_is_refused(form: FileFormat) -> None:
    content = write_bundle(bundles.interface_bundle("sv"), form)
    for length in (0, 1, 100, len(content) // 2, len(content) - 200):
        assert refusal(content[:length], f"x.{form}")


@FORMATS
def test_a_file_under_another_formats_name_is_refused(form: FileFormat) -> None:
    content = write_bundle(bundles.simple(), form)
    for other in set(FileFormat) - {form}:
        assert refusal(content, f"x.{other}")


def test_an_ending_that_nobody_knows_is_refused() -> None:
    assert refusal(b"", "x.csv") == "is not one of .po, .xlf, .xlsx, .xliff"


@pytest.mark.parametrize("form", [FileFormat.PO, FileFormat.XLIFF])
def test_a_file_saved_in_another_encoding_is_refused(form: FileFormat) -> None:
    content = write_bundle(bundles.simple(title="Hyvää"), form).decode().encode("latin-1")
    assert refusal(content, f"x.{form}")


def test_entities_that_swell_are_refused_in_xliff() -> None:
    bomb = "<!DOCTYPE x [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
    assert refusal(bomb + xliff().partition("\n")[2], "x.xlf") == (
        "has a document type or entities, which are not taken"
    )


def repacked(change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    out = BytesIO()
    content = BytesIO(write_bundle(bundles.simple(), FileFormat.XLSX))
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
        for name, extra in more.items():
            new.writestr(name, extra)
    return out.getvalue()


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_entities_are_refused_in_any_part_of_a_workbook(part: str) -> None:
    def declare(name: str, content: bytes) -> bytes:
        # Over what there may be of an XML declaration, which has to come first.
        return (
            b'<!DOCTYPE x [<!ENTITY a "b">]>' + content.removeprefix(content.partition(b"?>")[0] + b"?>")
            if name == part
            else content
        )

    before = repacked(lambda _name, content: content)
    assert read_bundle(before, file="x.xlsx") == bundles.simple()
    assert "is no workbook that can be read" in refusal(repacked(declare), "x.xlsx")


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/embeddings/a.xlsx"])
def test_a_workbook_with_macros_is_refused(name: str) -> None:
    content = repacked(lambda _name, content: content, **{name: b"x"})
    assert refusal(content, "x.xlsx") == f"{name}: holds macros, or files within the file"


def test_a_workbook_that_swells_is_refused_before_it_is_unpacked() -> None:
    content = repacked(lambda _name, content: content, **{"xl/media/x": b"\0" * (51 * 1024 * 1024)})
    assert refusal(content, "x.xlsx") == "is larger unpacked than any workbook of texts"


def test_a_small_workbook_of_countless_elements_is_refused_before_it_is_parsed() -> None:
    def crowded(name: str, content: bytes) -> bytes:
        return (
            content.replace(b"</cellXfs>", b"<xf/>" * 400_000 + b"</cellXfs>") if name == "xl/styles.xml" else content
        )

    content = repacked(crowded)
    assert len(content) < 20_000
    assert refusal(content, "x.xlsx") == "holds more than any workbook of texts"


@settings(max_examples=120, deadline=None)
@given(data=st.data(), form=st.sampled_from([FileFormat.PO, FileFormat.XLIFF]))
def test_no_change_to_a_file_passes_for_another_source_or_context(data: st.DataObject, form: FileFormat) -> None:
    """Whatever is typed anywhere: refused, or only targets, concepts and versions are others."""
    given_out = bundles.simple(title="Aamu")
    content = write_bundle(given_out, form)
    place = data.draw(st.integers(0, len(content) - 1))
    typed = data.draw(st.binary(min_size=0, max_size=3))
    try:
        read = read_bundle(content[:place] + typed + content[place + len(typed) :], file=f"x.{form}")
    except WordingError:
        return
    assert [(each.context, each.source) for each in read.segments] == [
        (each.context, each.source) for each in given_out.segments
    ]
    assert (read.subject, read.locale) == (given_out.subject, given_out.locale)


# What cannot be given out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"source": (" ",)}, "has no source text"),
        ({"source": ("one", "many")}, "has plural forms, which only the interface can have"),
        ({"target": ("a", "b")}, "has 2 forms in fi"),
        ({"target": ("x" * (MOST_CHARACTERS + 1),)}, "more than 16,000"),
        ({"concept": "a\u2404b", "context": "a\u2404b"}, "holds U\\+2404"),
    ],
)
def test_a_text_that_is_none_is_not_given_out(change: dict[str, object], problem: str) -> None:
    with pytest.raises(NotExchangeable, match=problem):
        Bundle(
            subject=bundles.SUBJECT,
            source_locale="en",
            locale="fi",
            segments=(ExchangeSegment(**({"context": "title", "source": ("x",)} | change)),),
        )


def test_an_interface_text_under_another_key_than_its_own_is_not_given_out() -> None:
    segment = ExchangeSegment(context="menu\x04Save", source=("Open",))
    with pytest.raises(NotExchangeable, match="is not the key of its source text"):
        Bundle(subject="interface", source_locale="en", locale="fi", segments=(segment,))


def test_a_context_twice_is_not_given_out() -> None:
    segment = ExchangeSegment(context="title", source=("x",))
    with pytest.raises(NotExchangeable, match="title: is there twice"):
        Bundle(subject=bundles.SUBJECT, source_locale="en", locale="fi", segments=(segment, segment))
