"""`survey replay`: response matrices through the running demonstration, item by item as computed directly."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from cat_engine import Ask, Stop
from instruments import Library
from survey_service.replay import ReplayFailed, Respondent, read_respondents
from tests.journeys.demonstration import run_survey
from tests.journeys.visits import Demo

ANXIETY = Library.load().latest("promis-anxiety")


@dataclass(frozen=True)
class Expected:
    """What one respondent comes to, computed without the service."""

    items: list[str]
    t: float
    se: float


def test_made_up_respondents_come_out_as_computed_directly(demo: Demo, tmp_path: Path) -> None:
    """D2, D3"""
    chance = Random(4)
    people = {
        "healthy": dict.fromkeys(ANXIETY.items, 1),
        "torn": {item: chance.randint(1, 5) for item in ANXIETY.items},
        "sparing": {item: chance.choice([None, 2, 3, 4]) for item in ANXIETY.items},
        "nearly silent": dict.fromkeys(ANXIETY.items) | {"EDANX53": 4, "EDANX27": 5},
    }
    file = tmp_path / "people.csv"
    write_matrix(file, people)
    printed, rows = replayed(demo, file, tmp_path / "out.csv")
    for row in rows:
        expected = computed(people[row["person"]])
        assert row["items"].split("|") == expected.items
        assert float(row["T"]) == pytest.approx(expected.t, abs=1e-4)
        assert float(row["SE"]) == pytest.approx(expected.se, abs=1e-4)
        assert int(row["n"]) == len(expected.items)
    assert [row["person"] for row in rows] == list(people)
    table = dict(line.rsplit(maxsplit=1) for line in printed.splitlines())
    assert table["completed"] == "4"
    assert {"mean items", "mean SE (T)", "correlation with full bank", "answers per second"} <= table.keys()


def test_real_respondents_come_out_as_the_reference(demo: Demo, shared: Path, tmp_path: Path) -> None:
    """D2, D3"""
    with (shared / "promis" / "reference_cat_anxiety.csv").open(encoding="utf-8") as stream:
        reference = {row["pid"]: row for row in list(csv.DictReader(stream))[:12]}
    with (shared / "promis" / "responses_anxiety.csv").open(encoding="utf-8") as stream:
        answers = csv.DictReader(stream)
        chosen = {row["person"]: row for row in answers if row["person"] in reference}
    file = tmp_path / "people.csv"
    write_matrix(file, {pid: {item: chosen[pid][item] for item in ANXIETY.items} for pid in reference})
    _printed, rows = replayed(demo, file, tmp_path / "out.csv")
    assert [row["person"] for row in rows] == list(reference)
    for row in rows:
        known = reference[row["person"]]
        assert row["items"] == known["items"]
        for figure in ("T", "SE", "T_full", "SE_full"):
            assert float(row[figure]) == pytest.approx(float(known[figure]), abs=1e-4)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("who,EDANX53\n1,2\n", "the first line must name person"),
        ("person,height\n1,2\n", "the first line must name person"),
        ("", "the first line must name person"),
        ("person,EDANX53\n", "no respondent"),
        ("person,EDANX53,EDANX53\n1,2,3\n", "names EDANX53 twice"),
        ("person,EDANX53\n1,2\n2,6\n", "Line 3, column EDANX53"),
        ("person,EDANX53\n1,two\n", "Line 2, column EDANX53"),
        ("person,EDANX53\n1,0\n", "Line 2, column EDANX53"),
        ("person,EDANX53\n1,²\n", "Line 2, column EDANX53"),
        ("person,EDANX53\n,2\n", "Line 2, column person"),
        ("person,EDANX53,EDANX54\n1,2\n", "Line 2: not as many cells"),
        ("person,EDANX53\n1,2\n\n2,3,4\n", "Line 4: not as many cells"),
        ("person,EDANX53\n1,\n", "no respondent with an answer"),
        (b"person,EDANX53\n\xe5,2\n", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, content: str | bytes, place: str) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ReplayFailed, match=place):
        read_respondents(file, ANXIETY)


def test_a_row_without_any_answer_is_read_and_can_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("person,EDANX53\nEva,\nAdam,2\n", encoding="utf-8")
    assert [one.has_answered for one in read_respondents(file, ANXIETY)] == [False, True]


def test_columns_that_are_no_items_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("\ufeffperson,age,EDANX53\nEva,70,2\n", encoding="utf-8")
    assert read_respondents(file, ANXIETY) == [Respondent("Eva", {"EDANX53": 2})]


@pytest.mark.parametrize(
    ("content", "instrument", "sentence"),
    [
        ("person,EDANX53\n1,6\n", "promis-anxiety", "Line 2, column EDANX53: not an answer that the item takes."),
        ("person,mobility\n1,2\n", "eq5d-5l", "No protocol of the demonstration asks eq5d-5l alone."),
    ],
)
def test_the_command_refuses_in_one_sentence(
    demo: Demo, tmp_path: Path, content: str, instrument: str, sentence: str
) -> None:
    """D1"""
    file = tmp_path / "people.csv"
    file.write_text(content, encoding="utf-8")
    refused = run_survey("replay", str(file), "--instrument", instrument, "--folder", str(demo.folder.path))
    assert (refused.returncode, refused.stderr) == (1, f"Error: {sentence}\n")


def replayed(demo: Demo, file: Path, output: Path) -> tuple[str, list[dict[str, str]]]:
    """What the command printed, and the rows that it wrote."""
    ended = run_survey(
        *("replay", str(file), "--instrument", "promis-anxiety"),
        *("--folder", str(demo.folder.path), "--output", str(output)),
    )
    assert ended.returncode == 0, ended.stderr
    with output.open(encoding="utf-8") as stream:
        return ended.stdout, list(csv.DictReader(stream))


def computed(answers: Mapping[str, int | None]) -> Expected:
    """The same answers given to the engine directly; an empty cell is a skip."""
    test = ANXIETY.adaptive_test()
    given: dict[str, int | None] = {}
    while isinstance(step := test.next(given), Ask):
        given[step.item_id] = answers[step.item_id]
    assert isinstance(step, Stop)
    items = [item for item, value in given.items() if value is not None]
    return Expected(items, step.estimate.t, step.estimate.t_se)


def write_matrix(file: Path, people: Mapping[str, Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["person", *ANXIETY.items])
        writer.writerows(
            [person, *("" if value is None else value for value in row.values())] for person, row in people.items()
        )
