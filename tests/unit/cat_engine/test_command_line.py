"""`survey cat` on files: what goes in, what comes out, and how it refuses."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, ItemBank
from cat_engine.simulation import made_up_answers
from survey_service.cli import main

DATA = Path(__file__).parent / "data"
BANK_FILE = DATA / "bank_fatigue95.csv"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cat", *map(str, arguments)])


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def bank() -> ItemBank:
    return ItemBank.from_csv(BANK_FILE)


@pytest.fixture
def responses(tmp_path: Path, bank: ItemBank) -> Path:
    codes = made_up_answers(bank, np.linspace(-2, 2, 60), seed=3)[:, :40]
    codes[0] = 0
    codes[1, ::3] = 0
    path = tmp_path / "responses.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        write = csv.writer(lines).writerow
        write(["person", *bank.item_ids[:40]])
        for number, row in enumerate(codes.tolist()):
            write([f"p{number}", *(code or "" for code in row)])
    return path


def test_next_asks_and_says_why(bank: ItemBank) -> None:
    said = json.loads(_run("next", "--bank", BANK_FILE, "FATIMP1=2", "FATIMP3=").stdout)
    decision = AdaptiveTest(bank, PROMIS_ADULT).next({"FATIMP1": 2, "FATIMP3": None})
    assert isinstance(decision, Ask)
    assert (said["decision"], said["item"], said["reason"]) == ("ask", decision.item_id, decision.reason)
    assert (said["T"], said["SE_T"]) == (round(decision.t, 6), round(decision.t_se, 6))
    assert said["runner_up"] == decision.runner_up
    assert said["bank"] == bank.content_hash


def test_an_overlay_is_named_with_the_decision(tmp_path: Path, bank: ItemBank) -> None:
    overlay = tmp_path / "sv-1.0.csv"
    overlay.write_text("item_id,a,b1,b2,b3,b4\nFATIMP1,1,-2,-1,0,1\n", encoding="utf-8")
    said = json.loads(_run("next", "--bank", BANK_FILE, "--overlay", overlay, "FATIMP1=2").stdout)
    assert said["overlay"] == "sv-1.0"
    assert said["bank"] != bank.content_hash


def test_next_stops_and_says_why() -> None:
    said = json.loads(_run("next", "--bank", BANK_FILE, "--rule", "promis-screen", "FATEXP5=1").stdout)
    assert (said["decision"], said["reason"]) == ("stop", "screened")


def test_replay_gives_each_person_a_row(bank: ItemBank, responses: Path) -> None:
    rows = _rows(_run("replay", "--bank", BANK_FILE, "--rule", "promis-adult", responses).stdout)
    assert [row["person"] for row in rows] == [f"p{number}" for number in range(60)]
    assert rows[0] == {"person": "p0", "n": "0", "T": "", "SE": "", "items": "", "T_full": "", "SE_full": ""}
    for row, given in zip(rows[1:], _rows(responses.read_text(encoding="utf-8"))[1:], strict=True):
        person = {item: int(cell) if cell else None for item, cell in given.items() if item != "person"}
        test, answers = AdaptiveTest(bank, PROMIS_ADULT), {}
        while isinstance(decision := test.next(answers, available=set(person)), Ask):
            answers[decision.item_id] = person[decision.item_id]
        answered = [item for item, code in answers.items() if code]
        full = test.estimate(person)
        assert (row["n"], row["items"]) == (str(len(answered)), "|".join(answered))
        assert [row[name] for name in ("T", "SE")] == [f"{decision.t:.6f}", f"{decision.t_se:.6f}"]
        assert [row[name] for name in ("T_full", "SE_full")] == [f"{full.t:.6f}", f"{full.t_se:.6f}"]


def test_replay_meets_the_reference_run_on_real_respondents(promis_reference: Path) -> None:
    outcome = _run(
        "replay", "--bank", promis_reference / "bank_anxiety.csv", promis_reference / "responses_anxiety.csv"
    )
    rows = {row["person"]: row for row in _rows(outcome.stdout)}
    reference = _rows((promis_reference / "reference_cat_anxiety.csv").read_text(encoding="utf-8"))
    assert len(reference) == 300
    for expected in reference:
        row = rows[expected["pid"]]
        assert (row["n"], row["items"]) == (expected["n"], expected["items"])
        for name in ("T", "SE", "T_full", "SE_full"):
            assert float(row[name]) == pytest.approx(float(expected[name]), abs=1e-4)


@pytest.mark.parametrize("estimator", ["map", "mle", "wle"])
def test_replay_takes_another_estimator(responses: Path, estimator: str) -> None:
    rows = _rows(_run("replay", "--bank", BANK_FILE, "--estimator", estimator, "--criterion", "mfi", responses).stdout)
    assert len(rows) == 60
    assert rows[0]["T_full"] == ""


def test_table_gives_raw_t_and_standard_error() -> None:
    rows = _rows(_run("table", "--bank", BANK_FILE, "HI7", "AN3", "FATEXP41", "FATEXP40").stdout)
    assert (rows[0]["raw"], rows[0]["T"]) == ("4", "33.7")
    assert (rows[-1]["raw"], rows[-1]["T"]) == ("20", "75.8")


def test_simulate_prints_figures_and_writes_a_report(tmp_path: Path) -> None:
    outcome = _run("simulate", "--bank", BANK_FILE, "--people", 200, "--report", tmp_path)
    rows = _rows(outcome.stdout)
    assert (rows[0]["theta"], rows[0]["people"]) == ("all", "200")
    assert (tmp_path / "report.md").is_file()


def test_simulate_takes_real_answers_and_constraints(responses: Path) -> None:
    assert _rows(_run("simulate", "--bank", BANK_FILE, "--responses", responses).stdout)[0]["people"] == "60"
    files = ("--constraints", DATA / "constraints_fatigue95.csv", "--attributes", DATA / "attributes_fatigue95.csv")
    held = _run("simulate", "--bank", BANK_FILE, "--people", 3, *files)
    assert held.exit_code == 0
    assert "--attributes" in _run("simulate", "--bank", BANK_FILE, "--people", 3, *files[:2]).stderr


def test_calibrate_writes_a_bank_that_can_be_read_again(tmp_path: Path, bank: ItemBank) -> None:
    responses, output = tmp_path / "r.csv", tmp_path / "bank.csv"
    codes = made_up_answers(bank, np.random.default_rng(1).standard_normal(1500))[:, 10:16]
    lines = [",".join(["person", *bank.item_ids[10:16]]), *(f"p,{','.join(map(str, row))}" for row in codes.tolist())]
    responses.write_text("\n".join(lines), encoding="utf-8")
    outcome = _run("calibrate", responses, "--reference", BANK_FILE, "--output", output)
    assert outcome.exit_code == 0, outcome.stderr
    assert "1500 people" in outcome.stderr
    assert "S-X2" in outcome.stderr
    assert ItemBank.from_csv(output).item_ids == bank.item_ids[10:16]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the first line must be person and the items"),
        ("person,FATIMP1,FATIMP1\n", "a column occurs twice"),
        ("person,other\np,1\n", "column 'other': no such item in the bank"),
        ("person,FATIMP1\np,x\n", "line 2, column FATIMP1: not a whole number from 1"),
        ("person,FATIMP1\np,6\n", "line 2, column FATIMP1: not one of 1 to 5"),
        ("person,FATIMP1\np,1,1\n", "line 2: 3 cells where the first line has 2"),
    ],
)
def test_responses_that_cannot_be_used_are_refused_with_their_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "responses.csv"
    path.write_text(text, encoding="utf-8")
    outcome = _run("replay", "--bank", BANK_FILE, path)
    assert outcome.exit_code == 1
    assert problem in outcome.stderr


@pytest.mark.parametrize("answer", ["FATIMP1", "=2", "FATIMP1=two"])
def test_an_answer_that_is_none_is_refused(answer: str) -> None:
    assert f"'{answer}' is not ITEM=CATEGORY" in _run("next", "--bank", BANK_FILE, answer).stderr


def test_an_unknown_item_and_a_double_one_are_refused() -> None:
    assert "'other' is not in the bank" in _run("next", "--bank", BANK_FILE, "other=1").stderr
    assert "answered twice" in _run("next", "--bank", BANK_FILE, "FATIMP1=1", "FATIMP1=2").stderr
