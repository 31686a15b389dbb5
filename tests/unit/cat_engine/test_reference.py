"""Figures of independent engines, met step by step.

``data/traces_depression15.csv``: sessions recorded by the verification engine of Northwestern University
(MTBfx baseline tests), on ``data/bank_depression15.csv``; figures only.
"""

import csv
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pytest

from cat_engine import PROMIS_ADULT, AdaptiveTest, Ask, ItemBank, NormalPrior, Stop, StoppingRule

DATA = Path(__file__).parent / "data"
# The rule under which the traces were recorded; T and SE of the run on respondents are printed to 6 decimals.
TRACE_RULE = StoppingRule(name="trace", minimum_items=4, maximum_items=8, se_below=0.3, strict=True)
TRACE_TOLERANCE = 5e-7
RUN_TOLERANCE = 1e-4


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


SESSIONS = {
    name: list(steps)
    for name, steps in groupby(_rows(DATA / "traces_depression15.csv"), key=lambda row: row["session"])
}


@pytest.mark.parametrize("name", sorted(SESSIONS))
def test_every_step_of_the_recorded_sessions_is_met(name: str, depression: ItemBank) -> None:
    steps = SESSIONS[name]
    prior = NormalPrior(float(steps[0]["prior_mean"]), float(steps[0]["prior_sd"]))
    test = AdaptiveTest(bank=depression, rule=TRACE_RULE, prior=prior)
    answers: dict[str, int | None] = {}
    for step in steps:
        decision = test.next(answers)
        assert isinstance(decision, Ask)
        assert decision.item_id == step["item_id"]
        answers[step["item_id"]] = int(step["category"])
        estimate = test.estimate(answers)
        assert estimate.theta == pytest.approx(float(step["theta"]), abs=TRACE_TOLERANCE)
        assert estimate.se == pytest.approx(float(step["se"]), abs=TRACE_TOLERANCE)


@pytest.mark.parametrize("name", sorted(name for name in SESSIONS if len(SESSIONS[name]) > 3))
def test_the_recorded_sessions_end_where_the_rule_stops(name: str, depression: ItemBank) -> None:
    steps = SESSIONS[name]
    prior = NormalPrior(float(steps[0]["prior_mean"]), float(steps[0]["prior_sd"]))
    test = AdaptiveTest(bank=depression, rule=TRACE_RULE, prior=prior)
    assert isinstance(test.next({step["item_id"]: int(step["category"]) for step in steps}), Stop)


def _play(test: AdaptiveTest, person: Mapping[str, int | None]) -> tuple[dict[str, int | None], Stop]:
    answers: dict[str, int | None] = {}
    while isinstance(decision := test.next(answers), Ask):
        answers[decision.item_id] = person[decision.item_id]
    return answers, decision


def test_the_sessions_of_real_respondents_come_out_as_in_the_reference_run(promis_reference: Path) -> None:
    test = AdaptiveTest(bank=ItemBank.from_csv(promis_reference / "bank_anxiety.csv"), rule=PROMIS_ADULT)
    people = {
        row.pop("person"): {item: int(cell) if cell else None for item, cell in row.items()}
        for row in _rows(promis_reference / "responses_anxiety.csv")
    }
    reference = _rows(promis_reference / "reference_cat_anxiety.csv")
    assert len(reference) == 300
    for row in reference:
        person = people[row["pid"]]
        answers, stop = _play(test, person)
        full = test.estimate(person)
        assert list(answers) == row["items"].split("|")
        assert len(answers) == int(row["n"])
        figures = (stop.estimate.t, stop.estimate.t_se, full.t, full.t_se)
        expected = [float(row[column]) for column in ("T", "SE", "T_full", "SE_full")]
        assert figures == pytest.approx(expected, abs=RUN_TOLERANCE)


@pytest.mark.parametrize(("bank", "first"), [("pain_interference", "PAININ9"), ("depression", "EDDEP29")])
def test_the_first_item_is_the_published_one(promis_reference: Path, bank: str, first: str) -> None:
    test = AdaptiveTest(bank=ItemBank.from_csv(promis_reference / f"bank_{bank}.csv"), rule=PROMIS_ADULT)
    decision = test.next({})
    assert isinstance(decision, Ask)
    assert decision.item_id == first
