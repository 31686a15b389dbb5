"""`survey eq5d`: a file of states in, the same file with values out, whatever is wrong with some of its rows."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from instruments.eq5d import catalogue
from survey_service.commands.eq5d import eq5d
from tests.unit.instruments.eq5d.figures import tables

HEADER = "version,type,set,state\n"


def run(content: str | bytes, tmp_path: Path) -> Result:
    file = tmp_path / "states.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return CliRunner().invoke(eq5d, [str(file)])


def rows(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def only(content: str, tmp_path: Path) -> tuple[str, str]:
    (row,) = rows(run(HEADER + content + "\n", tmp_path))
    return row["value"], row["problem"]


def test_a_file_of_many_sets_is_scored_row_by_row(tmp_path: Path) -> None:
    """A researcher has states of two Swedish forms and a British crosswalk in one file."""
    content = HEADER + "5L,VT,Sweden_2020,11232\n3L,TTO,Sweden,11111\n5L,CW,UK,11112\n3L,RCW,Sweden_2020,11111\n"
    found = rows(run(content + "Y3L,IVP,Netherlands,33333\n3L,VAS,Germany,33333\n", tmp_path))
    assert [row["value"] for row in found] == [
        "0.8453",
        "0.9694",
        "0.879403774",
        "0.967969744",
        "-0.218",
        "0.020699559",
    ]
    assert {row["problem"] for row in found} == {""}


def test_every_reference_table_goes_through_the_command(tmp_path: Path) -> None:
    figures = [figure for table in tables().values() for figure in table]
    content = HEADER + "".join(f"{f.version.replace('-', '')},{f.kind},{f.name},{f.state}\n" for f in figures)
    for figure, row in zip(figures, rows(run(content, tmp_path)), strict=True):
        tolerance = 0.0006 if (figure.kind, figure.name) == ("CW", "UK") else 1e-6
        assert float(row["value"]) == pytest.approx(float(figure.value), abs=tolerance)


def test_other_columns_are_kept_in_their_place(tmp_path: Path) -> None:
    result = run('who,state,set,type,version,note\nÅsa,11111,Sweden,TTO,3L,"a, ""b"""\n', tmp_path)
    assert result.stdout.splitlines() == [
        "who,state,set,type,version,note,value,problem",
        'Åsa,11111,Sweden,TTO,3L,"a, ""b""",0.9694,',
    ]


def test_a_value_that_the_file_has_already_is_kept_apart(tmp_path: Path) -> None:
    (row,) = rows(run("version,type,set,state,value\n3L,TTO,Sweden,11111,1\n", tmp_path))
    assert (row["given_value"], row["value"]) == ("1", "0.9694")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("4L,TTO,UK,11111", "version '4L' is none of 3L, 5L, Y3L"),
        ("3L,XX,UK,11111", "type 'XX' is none of TTO, VAS, VT, IVP, CW, RCW"),
        ("3L,VT,UK,11111", "EQ-5D-3L has no sets of type VT, only TTO, VAS, RCW"),
        ("3L,TTO,Atlantis,11111", "there is no EQ-5D-3L TTO set 'Atlantis'"),
        ("3L,TTO,,11111", "there is no EQ-5D-3L TTO set ''"),
        ("5L,VT,Sweden,11111", "there is no EQ-5D-5L VT set 'Sweden'; there are Sweden_2020, Sweden_2022"),
        ("3L,TTO,China,11111", "CN-2014-TTO is withheld: Two published implementations differ"),
        ("5L,VAS,Sweden_2020_VAS,11111", "SE-2020-VAS is withheld: Known from one secondary source only"),
        ("3L,TTO,UK,11114", "anxiety_depression is 4: EQ-5D-3L has levels 1 to 3, 9 for missing"),
        ("3L,TTO,UK,1111", "'1111' is not a profile: it has five digits, one for each dimension"),
        ("3L,TTO,UK,", "'' is not a profile: it has five digits, one for each dimension"),
        ("3L,TTO,UK,NA", "'NA' is not a profile: it has five digits, one for each dimension"),
        ("3L,TTO,UK,19111", "an index needs all five dimensions, and self_care is missing (9)"),
        ("3L,TTO,UK,99111", "an index needs all five dimensions, and mobility and self_care are missing (9)"),
        ("3L,TTO,UK", "line 2 has 3 columns, and the header 4"),
        ("3L,TTO,UK,11111,extra", "line 2 has 5 columns, and the header 4"),
        ('3L,TTO,UK,"11111"x', "line 2 is not CSV"),
    ],
)  # fmt: skip
def test_a_bad_row_gets_one_sentence_and_the_next_is_scored(row: str, problem: str, tmp_path: Path) -> None:
    bad, good = rows(run(f"{HEADER}{row}\n3L,TTO,UK,11112\n", tmp_path))
    assert bad["value"] == ""
    assert bad["problem"].startswith(problem)
    assert (good["value"], good["problem"]) == ("0.848", "")


@pytest.mark.parametrize(
    "row", ["3L, TTO ,UK,11112", "3l,tto,uk,11112", "EQ-5D-3L,TTO,UK-1997-TTO,11112", "3L,TTO,UK, 11112"]
)
def test_blanks_and_case_do_not_matter(row: str, tmp_path: Path) -> None:
    assert only(row, tmp_path) == ("0.848", "")


def test_both_names_of_a_type_and_of_the_youth_version_are_read(tmp_path: Path) -> None:
    assert only("5L,EQ-VT,Denmark,55555", tmp_path) == ("-0.758", "")
    assert only("Y-3L,IVP,Netherlands,33333", tmp_path) == ("-0.218", "")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_files_of_any_office_program_are_read(mark: bytes, end: str, tmp_path: Path) -> None:
    content = f"version,type,set,state{end}3L,TTO,UK,11112{end}{end}"
    (row,) = rows(run(mark + content.encode(), tmp_path))
    assert row["value"] == "0.848"


def test_a_last_line_without_an_end_is_scored(tmp_path: Path) -> None:
    assert [row["value"] for row in rows(run(HEADER + "3L,TTO,UK,11112", tmp_path))] == ["0.848"]


def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path) -> None:
    assert run(HEADER, tmp_path).stdout == "version,type,set,state,value,problem\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The file is empty."),
        (b"version,state\n3L,11111\n", "The header lacks type, set. It needs version, type, set, state, in any order."),
        (b"version;type;set;state\n", "The header lacks version, type, set, state."),
        (b"version,type,set,state,set\n", "The header has set more than once."),
        (b'version,type,"set', "Line 1, the header, is not CSV"),
        (HEADER.encode() + b"3L,TTO,UK,11112\n3L,TTO,U", "The file is cut off: line 3, the last, has 3 of 4 columns."),
        (HEADER.encode() + b'3L,TTO,UK,11112\n3L,TTO,"U', "The file is cut off: line 3 has no end."),
        (HEADER.encode() + b"3L,TTO,UK,11112\n3L,TTO,\xc5land,11111\n", "Line 3 is not UTF-8. Save the file as UTF-8."),
        ("version,type,set,state\n".encode("utf-16"), "The file is in UTF-16. Save it as UTF-8."),
    ],
    ids=["empty", "missing", "semicolons", "twice", "cut header", "cut row", "cut quote", "latin-1", "utf-16"],
)
def test_a_file_that_cannot_be_used_ends_with_code_2_and_one_error(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    result = run(content, tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {problem}")
    assert len(result.stderr.splitlines()) == 1


def test_what_came_before_the_cut_is_written(tmp_path: Path) -> None:
    result = run(HEADER + "3L,TTO,UK,11112\n3L,TTO,U", tmp_path)
    assert result.stdout.splitlines()[1:] == ["3L,TTO,UK,11112,0.848,"]


def test_a_file_that_is_not_there_ends_with_code_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(eq5d, [str(tmp_path / "none.csv")])
    assert (result.exit_code, result.stdout) == (2, "")


def test_standard_input_is_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(eq5d, ["-"], input=HEADER + "3L,TTO,UK,11112\n")
    assert [row["value"] for row in rows(result)] == ["0.848"]


def test_who_stops_reading_is_let_go_in_silence(tmp_path: Path) -> None:
    """``survey eq5d states.csv | head -1``"""
    file = tmp_path / "states.csv"
    file.write_text(HEADER + "3L,TTO,UK,11112\n" * 200_000, encoding="utf-8")
    command = [sys.executable, "-c", "from survey_service.commands.eq5d import eq5d; eq5d()", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"version,type,set,state,value,problem\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_the_list_has_every_set_with_its_state() -> None:
    listed = rows(CliRunner().invoke(eq5d, ["--list"]))
    assert [row["id"] for row in listed] == list(catalogue().sets)
    sweden = next(row for row in listed if row["id"] == "SE-2020-TTO")
    assert (sweden["name"], sweden["version"], sweden["type"], sweden["year"]) == ("Sweden_2020", "5L", "VT", "2020")
    assert (sweden["basis"], sweden["doi"], sweden["state"]) == (
        "experience-based",
        "10.1007/s40273-020-00905-7",
        "offered",
    )
    withheld = [row for row in listed if row["state"] == "withheld"]
    assert len(withheld) == len(catalogue().withheld)
    assert all("ithheld until" in row["note"] for row in withheld)


@pytest.mark.parametrize("row_of", ["offered", "withheld"])
def test_what_the_list_names_is_found_or_refused_as_it_says(row_of: str, tmp_path: Path) -> None:
    listed = rows(CliRunner().invoke(eq5d, ["--list"]))
    content = HEADER + "".join(
        f"{row['version']},{row['type']},{row['name']},11111\n" for row in listed if row["state"] == row_of
    )
    found = rows(run(content, tmp_path))
    assert all(bool(row["value"]) == (row_of == "offered") for row in found)
    assert all(("is withheld" in row["problem"]) == (row_of == "withheld") for row in found)


@pytest.mark.parametrize("arguments", [[], ["--list", "-"]])
def test_either_a_file_or_the_list_is_asked_for(arguments: list[str]) -> None:
    result = CliRunner().invoke(eq5d, arguments, input="")
    assert result.exit_code == 2
    assert "give either a file or --list" in result.stderr
