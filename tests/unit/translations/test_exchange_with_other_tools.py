"""Files that other people's tools read, change and save: translate-toolkit, gettext's own shape, a spreadsheet [E1]."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po as babel_read_po
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from translate.storage.pypo import pofile
from translate.storage.xliff2 import Xliff2File

from instruments import Library
from tests.unit.translations import bundles
from tests.unit.translations.xliff_rules import breaches
from translations.catalogue import load_wordings
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.exchange.files import FileFormat, read_bundle, write_bundle
from translations.exchange.xlsx_file import COLUMNS
from translations.interface import interface_translations
from translations.states import State

SOURCE, TRANSLATION = COLUMNS.index("source"), COLUMNS.index("translation")


def touched(bundle: Bundle) -> list[ExchangeSegment]:
    return [segment for segment in bundle.segments if segment.is_touched]


# XLIFF


def test_what_is_given_out_keeps_the_rules_of_xliff() -> None:
    given_out = [bundles.instrument_bundle(wording) for wording in load_wordings(Library.load())]
    given_out += [bundles.interface_bundle(locale) for locale in interface_translations()]
    given_out += [bundles.awkward(), bundles.plurals("ar"), bundles.plurals("ja"), bundles.plurals("sv_simple")]
    assert [breach for each in given_out for breach in breaches(write_bundle(each, FileFormat.XLIFF))] == []


def test_a_breach_of_the_rules_would_be_noticed() -> None:
    content = write_bundle(bundles.simple(title="Aamusi"), FileFormat.XLIFF)
    for old, new in (
        (b'trgLang="fi"', b""),
        (b'id="u1"', b""),
        (b'id="u2"', b'id="u1"'),
        (b"<segment>", b'<segment state="done">'),
        (b"<segment>", b'<segment state="final">'),
        (b"</segment>", b"<note/></segment>"),
        (b'id="f1"', b'id="f 1"'),
        (b"</file>", b'</file><file id="f1"><unit id="u9"><segment><source>x</source></segment></unit></file>'),
        (b"<segment>", b'<segment canResegment="yes">'),
        (b"<segment>", b'<segment canResegment="maybe">'),
        (b"<segment>", b'<segment subState="survey:draft">'),
        (b"<source ", b'<source xml:lang="sv" '),
        (b'<target xml:space="preserve">', b'<target xml:space="preserve" xml:lang="sv">'),
        (b'<target xml:space="preserve">', b'<target xml:space="preserve" order="2">'),
        (b'<target xml:space="preserve">Aamusi', b"<target>Aamusi "),
        (b'<target xml:space="preserve">', b'<target xml:space="always">'),
        (b'srcDir="ltr"', b'srcDir="left"'),
        (b'srcLang="en"', b'srcLang="en_GB"'),
        (b"<unit id", b'<unit sourceLanguage="en" id'),
    ):
        assert old in content, old
        assert breaches(content.replace(old, new, 1)), new


@pytest.mark.parametrize("locale", ["fi", "sv_simple", "zh_Hans", "sr_Latn_RS"])
def test_languages_are_written_as_the_standard_writes_them_and_splitting_is_ruled_out(locale: str) -> None:
    """XLIFF takes BCP 47, and we say ``no`` once, for the whole file: a text goes out and comes back as one."""
    content = write_bundle(bundles.plurals(locale), FileFormat.XLIFF)
    assert breaches(content) == []
    assert f'trgLang="{locale.replace("_", "-")}"'.encode() in content
    assert content.count(b'canResegment="no"') == content.count(b"canResegment") == 1


def test_translate_toolkit_reads_every_text() -> None:
    given_out = bundles.awkward("ar")
    store = Xliff2File.parsestring(write_bundle(given_out, FileFormat.XLIFF))
    assert (store.getsourcelanguage(), store.gettargetlanguage()) == ("en", "ar")
    assert [(unit.source, unit.target or "") for unit in store.units] == [
        (segment.source[0], segment.target[0] if segment.target else "") for segment in given_out.segments
    ]


def test_a_file_that_translate_toolkit_saved_is_the_same() -> None:
    given_out = bundles.awkward("ar")
    store = Xliff2File.parsestring(write_bundle(given_out, FileFormat.XLIFF))
    assert read_bundle(bytes(store), file="x.xlf") == given_out


def test_a_target_changed_by_translate_toolkit_is_the_only_change_in_xliff() -> None:
    given_out = bundles.interface_bundle("ar")
    store = Xliff2File.parsestring(write_bundle(given_out, FileFormat.XLIFF))
    chosen = given_out.segments[3]
    unit = next(unit for unit in store.units if unit.source == chosen.source[0])
    unit.target = "\u200fنص & <آخر>  "
    unit.marktranslated()
    read = read_bundle(bytes(store), file="x.xlf")
    assert touched(read) == [chosen.with_target("\u200fنص & <آخر>  ")]
    assert len(read.segments) == len(given_out.segments)


def test_a_plural_form_changed_by_translate_toolkit_is_the_only_change_in_xliff() -> None:
    given_out = bundles.plurals("ar")
    store = Xliff2File.parsestring(write_bundle(given_out, FileFormat.XLIFF))
    unit = next(unit for unit in store.units if unit.target == "%(num)s few")
    unit.target = "%(num)s جديد"
    (changed,) = touched(read_bundle(bytes(store), file="x.xlf"))
    assert changed.target == tuple(f"%(num)s {name}" for name in ("zero", "one", "two", "جديد", "many", "other"))


def test_a_target_that_a_tool_says_is_not_finished_comes_home_as_a_draft() -> None:
    store = Xliff2File.parsestring(write_bundle(bundles.simple(), FileFormat.XLIFF))
    store.units[0].target = "Aamusi"
    store.units[0].markfuzzy()
    (changed,) = touched(read_bundle(bytes(store), file="x.xlf"))
    assert changed.state is State.DRAFT


def test_a_translator_sees_the_concept_and_the_states_in_the_standards_words() -> None:
    content = write_bundle(bundles.plurals("fi"), FileFormat.XLIFF)
    assert b'<note category="concept">how many</note>' in content
    assert b'trgDir="ltr"' in content
    assert content.count(b'state="reviewed"') == 2  # reviewed, in two plural forms


# PO


def test_translate_toolkit_reads_every_text_of_a_po_file() -> None:
    given_out = bundles.awkward("ar")
    store = pofile.parsestring(write_bundle(given_out, FileFormat.PO))
    read = [(unit.getcontext(), str(unit.source), str(unit.target)) for unit in store.units if not unit.isheader()]
    assert read == [
        (segment.context, segment.source[0], segment.target[0] if segment.target else "")
        for segment in given_out.segments
    ]


@pytest.mark.parametrize("locale", ["fi", "ar"])
def test_a_target_changed_by_translate_toolkit_is_the_only_change_in_po(locale: str) -> None:
    given_out = bundles.interface_bundle(locale)
    store = pofile.parsestring(write_bundle(given_out, FileFormat.PO))
    chosen = next(segment for segment in given_out.segments if len(segment.source) > 1)
    forms = [f"%(num)s \u00a0{number}\n" for number in range(len(chosen.target))]
    unit = next(unit for unit in store.units if str(unit.source) == chosen.source[0])
    unit.target = forms
    unit.markfuzzy(False)
    assert touched(read_bundle(bytes(store), file="x.po")) == [chosen.with_target(*forms)]


def test_a_text_that_a_tool_marks_fuzzy_comes_home_as_a_draft() -> None:
    store = pofile.parsestring(write_bundle(bundles.simple(), FileFormat.PO))
    store.units[1].target = "Aamusi"
    store.units[1].markfuzzy()
    (changed,) = touched(read_bundle(bytes(store), file="x.po"))
    assert changed.state is State.DRAFT


def test_an_exchange_file_of_the_interface_is_a_catalogue_like_any_other() -> None:
    content = write_bundle(bundles.plurals("sv"), FileFormat.PO)
    catalogue = babel_read_po(BytesIO(content))
    assert catalogue.num_plurals == 2
    message = catalogue.get("Save", "menu")
    assert message is not None
    message = catalogue.get("%(num)s thing")
    assert message is not None
    assert message.string == ("%(num)s one", "%(num)s other")
    assert message.python_format


def test_comments_that_a_tool_broke_into_lines_are_read_as_one() -> None:
    content = write_bundle(bundles.plurals("fi"), FileFormat.PO).decode()
    broken = content.replace("#. how many\n#. [mark ", "#. how\n#. many [mark\n#. ")
    assert broken != content
    assert read_bundle(broken.encode(), file="x.po") == bundles.plurals("fi")


# XLSX


def sheet_of(bundle: Bundle) -> Worksheet:
    sheet = load_workbook(BytesIO(write_bundle(bundle, FileFormat.XLSX))).active
    assert isinstance(sheet, Worksheet)
    return sheet


def saved(sheet: Worksheet, folder: Path) -> Bundle:
    """The workbook as a spreadsheet program saves it: cells moved to shared strings, widths and marks kept."""
    path = folder / "x.xlsx"
    assert isinstance(sheet.parent, Workbook)
    sheet.parent.save(path)
    return read_bundle(path.read_bytes(), file=path.name)


def test_only_translations_can_be_typed_over() -> None:
    sheet = sheet_of(bundles.plurals("ja"))
    assert sheet.protection.sheet
    unlocked = {(cell.row, cell.column) for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    # Japanese has no form "one": its row is there to be read.
    forms = {row: str(sheet.cell(row, 2).value or "").partition(" ")[0] for row in range(3, sheet.max_row + 1)}
    assert unlocked == {(row, TRANSLATION + 1) for row, form in forms.items() if form != "one"}


@pytest.mark.parametrize(("locale", "from_the_right"), [("ar", True), ("fi", False)])
def test_a_language_written_from_the_right_has_its_sheet_and_its_cells_from_the_right(
    locale: str, from_the_right: bool
) -> None:
    sheet = sheet_of(bundles.plurals(locale))
    assert bool(sheet.sheet_view.rightToLeft) is from_the_right
    assert sheet.cell(3, TRANSLATION + 1).alignment.readingOrder == (2 if from_the_right else 1)
    assert sheet.cell(3, SOURCE + 1).alignment.readingOrder == 1


def test_columns_have_room_and_the_head_stays_in_sight() -> None:
    sheet = sheet_of(bundles.simple())
    assert sheet.freeze_panes == "A3"
    assert sheet.column_dimensions["E"].width == 60


def test_every_cell_is_text_also_where_it_looks_like_a_formula() -> None:
    sheet = sheet_of(bundles.awkward())
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr"}


def test_a_translator_sees_which_counts_a_plural_form_is_for() -> None:
    sheet = sheet_of(bundles.plurals("ar"))
    named = [str(sheet.cell(row, 2).value) for row in range(5, 11)]
    assert named[3:] == ["few (3, 4, 5 …)", "many (11, 12, 13 …)", "other (100, 101, 102 …)"]
    assert named[:3] == ["zero (0)", "one (1)", "two (2)"]


def test_a_cell_typed_over_is_the_only_change_in_a_workbook(tmp_path: Path) -> None:
    given_out = bundles.simple(title="Aamu")
    sheet = sheet_of(given_out)
    sheet.cell(4, TRANSLATION + 1).value = "Miten nukuit?\n "
    assert touched(saved(sheet, tmp_path)) == [given_out.segments[1].with_target("Miten nukuit?\n ")]


def test_rows_and_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    given_out = bundles.simple(title="Aamu")
    sheet = sheet_of(given_out)
    for row in sheet.iter_rows(min_row=2):
        row[0].value, row[3].value = row[3].value, row[0].value
    for cells in zip(sheet[3], sheet[5], strict=True):
        cells[0].value, cells[1].value = cells[1].value, cells[0].value
    assert set(saved(sheet, tmp_path).segments) == set(given_out.segments)
