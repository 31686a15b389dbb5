"""A bad file is refused with its name, line and field, and nothing is half-loaded."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instruments import DefinitionError, Library
from instruments.library import SHIPPED
from instruments.reading import LARGEST_FILE, Table, lines_of_fields
from tests.unit.instruments.bad_definitions import CASES, Bad
from tests.unit.instruments.tiny import QUESTIONNAIRES

DEFINITION = "tiny-scale/1.0/definition.toml"


def _copy(instrument: str, folder: Path) -> Path:
    """A good instrument beside another good one."""
    source = next(each for each in (QUESTIONNAIRES, SHIPPED) if (each / instrument).is_dir())
    shutil.copytree(QUESTIONNAIRES / "tiny-proxy", folder / "tiny-proxy")
    return Path(shutil.copytree(source / instrument, folder / instrument)) / "1.0"


@pytest.fixture
def tiny_scale(tmp_path: Path) -> Path:
    """The definition of a small instrument, to be overwritten."""
    return _copy("tiny-scale", tmp_path) / "definition.toml"


def _refused(folder: Path) -> DefinitionError:
    with pytest.raises(DefinitionError) as error:
        Library.load(folder)
    return error.value


def _line(case: Bad, changed: str, definition: str) -> int | None:
    """Where the error must point: the line of the text that the case names, in its file."""
    if case.at.startswith("line "):
        return int(case.at.removeprefix("line "))
    if not case.at:
        return _line_of_the_change(case, changed) if case.field.endswith((".name", ".id")) else None
    text = changed if case.file == "definition.toml" else definition
    return text[: text.index(case.at)].count("\n") + 1 if case.at in text else None


def _line_of_the_change(case: Bad, changed: str) -> int:
    """Of a second occurrence: the last line that reads so."""
    return changed[: changed.rindex(case.new)].count("\n") + 1


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_definition_is_refused_with_file_line_and_field(tmp_path: Path, case: Bad) -> None:
    """D4"""
    folder = _copy(case.instrument, tmp_path)
    path, definition = folder / case.file, folder / "definition.toml"
    text = path.read_text(encoding="utf-8")
    assert case.old in text
    changed = text.replace(case.old, case.new, 1)
    path.write_text(changed, encoding="utf-8")
    error = _refused(tmp_path)
    line = _line(case, changed, definition.read_text(encoding="utf-8"))
    assert case.problem in str(error)
    assert (error.field, error.line) == (case.field, line)
    assert str(error).startswith(f"{case.instrument}/1.0/{error.file.rpartition('/')[2]}: ")
    assert line is None or f": line {line}: " in str(error)


def _truncated(good: bytes) -> bytes:
    return good[: good.index(b"[licence]") + 20]


WHOLE_FILES: list[tuple[str, Callable[[bytes], bytes], str, int | None]] = [
    ("nothing", lambda good: b"", "items: is missing", None),
    ("truncated in a text", _truncated, "not a readable TOML file", None),
    ("truncated between tables", lambda good: good[: good.index(b"[licence]")], "items: is missing", None),
    ("UTF-16", lambda good: good.decode().encode("utf-16"), "is not UTF-8", 1),
    ("UTF-16 without a mark", lambda good: good.decode().encode("utf-16-le"), "not a readable TOML file", 1),
    ("Latin-1", lambda good: good.replace(b"Made up", "Påhittad".encode("latin-1")), "is not UTF-8", 18),
    ("NUL", lambda good: good.replace(b"Made up", b"Made\0up"), "not a readable TOML file", 18),
    ("a NUL at the end", lambda good: good + b"\0", "not a readable TOML file", 46),
    ("binary", lambda good: bytes(range(256)), "is not UTF-8", 2),
    ("a key twice", lambda good: good.replace(b"recall", b"version"), "not a readable TOML file", 8),
    ("no value", lambda good: good.replace(b'"PROM"', b""), "not a readable TOML file", 4),
    ("deep nesting", lambda good: b"deep = " + b"[" * 100_000, "not a readable TOML file", None),
    ("deep tables", lambda good: good + b"[" + b"a." * 5000 + b"a]", "unknown field", None),
    ("a number of 5,000 digits", lambda good: good.replace(b"= 10", b"= 1" + b"0" * 5000), "not a readable", None),
    ("a number beyond any", lambda good: good.replace(b"= 10", b"= 1e99999999999999999999"), "not a readable", None),
    ("a million items", lambda good: good + b'[[items]]\nid="a"\n' * 1_000_000, "is larger than 1000000 bytes", None),
    ("many empty items", lambda good: b"items = [" + b"{}," * 300_000 + b"]", "items[1].id: is missing", 1),
    ("an enormous file", lambda good: good + b"#" * LARGEST_FILE, "is larger than 1000000 bytes", None),
]


@pytest.mark.parametrize(
    ("spoil", "problem", "line"), [case[1:] for case in WHOLE_FILES], ids=[c[0] for c in WHOLE_FILES]
)
def test_a_file_that_is_spoilt_is_refused_as_a_whole(
    tmp_path: Path, tiny_scale: Path, spoil: Callable[[bytes], bytes], problem: str, line: int | None
) -> None:
    tiny_scale.write_bytes(spoil(tiny_scale.read_bytes()))
    error = _refused(tmp_path)
    assert (error.file, error.line) == (DEFINITION, line)
    assert problem in str(error)
    assert len(str(error)) < 20_000


def _many_items(number: int) -> str:
    return "".join(f'[[items]]\nid = "x{n}"\nkind = "statement"\n' for n in range(number))


def test_more_than_a_thousand_items_are_refused_at_the_one_too_many(tmp_path: Path, tiny_scale: Path) -> None:
    text = tiny_scale.read_text(encoding="utf-8")
    tiny_scale.write_text(text + _many_items(999), encoding="utf-8")
    assert len(Library.load(tmp_path).latest("tiny-scale").items) == 1000
    changed = text + _many_items(1000)
    tiny_scale.write_text(changed, encoding="utf-8")
    error = _refused(tmp_path)
    assert "an instrument has at most 1000 items" in str(error)
    assert error.line == changed[: changed.index('id = "x999"')].count("\n")


def test_a_link_is_what_it_leads_to(tmp_path: Path) -> None:
    """Some installers, and volumes that are mounted, have links in place of files."""
    path = _copy("tiny-lookup", tmp_path / "data") / "table.csv"
    content_hash = Library.load(tmp_path / "data").latest("tiny-lookup").content_hash
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert Library.load(tmp_path / "data").latest("tiny-lookup").content_hash == content_hash


@pytest.mark.parametrize("name", ["table.csv", "notes.txt"])
def test_an_enormous_file_beside_the_definition_is_refused_unread(tmp_path: Path, name: str) -> None:
    path = _copy("tiny-lookup", tmp_path) / name
    with path.open("ab") as file:
        file.truncate(10**12)  # sparse: reading it would never end
    assert str(_refused(tmp_path)) == f"tiny-lookup/1.0/{name}: is larger than 1000000 bytes"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: the columns must be raw and score"),
        (b"raw,score\n", "line 1: holds no row"),
        ("raw,score\n1,2\n".encode("utf-16"), "cannot be read"),
        (b"raw,score\n1,\xe5\n", "cannot be read"),
        (b'raw,score\n1,"2\n', "cannot be read"),
        (b"raw,score\n1,2\0\n", "line 2: must hold two numbers"),
        (
            b"raw,score\n" + b"".join(b"%d,1\n" % n for n in range(10_001)),
            "line 10002: raw: occurs twice, or the table",
        ),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (_copy("tiny-lookup", tmp_path) / "table.csv").write_bytes(content)
    assert str(_refused(tmp_path)).startswith(f"tiny-lookup/1.0/table.csv: {problem}")


@pytest.mark.parametrize(
    "content", [b"", b"item_id,a,b1\n", "item_id,a,b1\nx,1,0\n".encode("utf-16"), b"\xff\0\xfe", b'item_id,a,b1\n"x']
)
def test_a_bank_that_is_spoilt_is_refused_at_the_line_that_names_it(tmp_path: Path, content: bytes) -> None:
    folder = _copy("promis-anxiety", tmp_path)
    (folder / "bank.csv").write_bytes(content)
    error = _refused(tmp_path)
    lines = (folder / "definition.toml").read_text(encoding="utf-8").splitlines()
    assert error.field == "scoring.bank"
    assert lines[(error.line or 0) - 1] == 'bank = "bank.csv"'


@pytest.mark.parametrize(("name", "problem"), [("definition.toml", "cannot be read"), ("table.csv", "cannot be read")])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    path = _copy("tiny-lookup", tmp_path) / name
    path.unlink()
    path.mkdir()
    assert problem in str(_refused(tmp_path))


def test_a_missing_definition_is_told(tmp_path: Path, tiny_scale: Path) -> None:
    tiny_scale.unlink()
    assert str(_refused(tmp_path)) == f"{DEFINITION}: the file is missing"


def test_a_version_in_a_folder_of_another_name_is_refused(tmp_path: Path, tiny_scale: Path) -> None:
    tiny_scale.parent.rename(tiny_scale.parents[1] / "1.1")
    error = _refused(tmp_path)
    assert (error.file, error.line) == ("tiny-scale/1.1/definition.toml", 2)
    assert "must be the names of the two folders" in str(error)


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        (
            'version = "1.0", hash',
            'version = "9.0", hash',
            "scoring.scores[1].bank",
            "there is no bank of promis-physical",
        ),
        ('hash = "sha256:2', 'hash = "sha256:0', "scoring.scores[1].bank", "the bank's content is sha256:2"),
        ('["PFA11", "PFA21",', '["PFA11", "Global07",', "scoring.scores[1].bank", "item 'Global07' is not in the bank"),
        ("difficulty_descending = [5, 4, 3, 2, 1]", "difficulty_descending = [5, 4]", "items[1]", "PFA11: the options"),
    ],
)
def test_a_profile_that_does_not_fit_its_banks_is_refused(
    copied: Path, old: str, new: str, field: str, problem: str
) -> None:
    path = copied / "promis-29" / "2.1" / "definition.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    path.write_text(changed, encoding="utf-8")
    error = _refused(copied)
    assert (error.file, error.field) == ("promis-29/2.1/definition.toml", field)
    assert problem in str(error)
    at = 'id = "PFA11"' if field == "items[1]" else "bank = "
    assert error.line == changed[: changed.index(at)].count("\n") + 1


def test_a_mark_at_the_beginning_of_a_file_does_no_harm(tmp_path: Path, tiny_scale: Path) -> None:
    """Some editors put one there."""
    tiny_scale.write_text(tiny_scale.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert Library.load(tmp_path).latest("tiny-scale").items.keys() == {"weather"}


LAYOUTS = """\
items = [{ id = "a", r = { x = 1 } }, { id = "b" },
    { id = "{[" }, { id = 'c' }, # { id = "no" }
    { id = "d" },
]
text = \"\"\"
[no.table]
no = 1
\"\"\"
[one.two]
"three" = "\u2028"
four = 4
[[five]]
[[five]]
six = { seven = [
    { eight = 1 },
    { eight = 2 } ] }
[five.nine]
ten = 10
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *(("items", 1), ("items[1]", 1), ("items[2]", 1), ("items[3]", 2), ("items[4]", 2), ("items[5]", 3)),
        *(("text", 5), ("one.two", 9), ("one.two.three", 10), ("one.two.four", 11)),
        *(("five", 12), ("five[1]", 12), ("five[2]", 13), ("five[2].six", 14), ("five[2].nine.ten", 18)),
        ("no", None),
    ],
)
def test_every_field_is_found_on_its_line(name: str, line: int | None) -> None:
    assert lines_of_fields(LAYOUTS).get(name) == line


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_cut_from_or_put_into_a_file_it_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """No other exception: whoever calls must be able to name the place."""
    good = (QUESTIONNAIRES / "tiny-conditions" / "1.0" / "definition.toml").read_bytes()
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 40)))
    path = tmp_path / "tiny-conditions" / "1.0" / "definition.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(good[:start] + data.draw(st.binary(max_size=8)) + good[end:])
    with suppress(DefinitionError):
        Library.load(tmp_path)


@given(st.text(alphabet='[]{}="\n #.ab1', max_size=80))
def test_no_text_whatever_breaks_the_search_for_lines(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in lines_of_fields(text).values())


def test_a_table_tells_no_line_where_there_is_none() -> None:
    assert Table("file", "", {}, {}).error("field", "problem").line is None
