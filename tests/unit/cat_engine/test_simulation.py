"""A simulation decides as the single step does, answer by answer, and its figures add up."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cat_engine import (
    PROMIS_ADULT,
    RULES,
    AdaptiveTest,
    Ask,
    Criterion,
    Estimate,
    ItemBank,
    MaximumAPosteriori,
    NormalPrior,
    PredictedReduction,
    WeightedLikelihood,
    carried_over,
)
from cat_engine.constraints import Blueprint, Bounds
from cat_engine.exposure import Eligibility, Randomesque
from cat_engine.report import write_report
from cat_engine.simulation import Sessions, full_bank_estimates, made_up_answers, simulate, simulate_post_hoc
from cat_engine.simulation_summary import overlap, summarise
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

BANK = graded_bank(seed=71, items=25, slope=1.6)
ENDS = replace(PROMIS_ADULT, name="ends", floor_after=4, ceiling_after=5)
PSER = replace(PROMIS_ADULT, name="pser", predicted=PredictedReduction(stop_below=0.02, continue_above=0.04))
TESTS = {
    "adult": AdaptiveTest(BANK, PROMIS_ADULT),
    "partial credit": AdaptiveTest(partial_credit_bank(seed=72, items=25), PROMIS_ADULT),
    "recommended": AdaptiveTest(BANK, RULES["promis-recommended"]),
    "screen": AdaptiveTest(BANK, RULES["promis-screen"]),
    "paediatric": AdaptiveTest(BANK, RULES["promis-paediatric"], prior=NormalPrior(0.5, 1.2)),
    "floor and ceiling": AdaptiveTest(BANK, ENDS),
    "predicted reduction": AdaptiveTest(BANK, PSER),
    "mfi": AdaptiveTest(BANK, PROMIS_ADULT, criterion=Criterion.MFI),
    "mepv": AdaptiveTest(BANK, PROMIS_ADULT, criterion=Criterion.MEPV),
    "kl": AdaptiveTest(BANK, PROMIS_ADULT, criterion=Criterion.KL),
    "random": AdaptiveTest(BANK, PROMIS_ADULT, criterion=Criterion.RANDOM),
    "first item": AdaptiveTest(BANK, PROMIS_ADULT, first_item="item011"),
    "steered": AdaptiveTest(BANK, RULES["promis-recommended"], steering=carried_over(Estimate(-2.0, 0.6))),
    "randomesque": AdaptiveTest(BANK, PROMIS_ADULT, exposure=Randomesque(3)),
    "randomesque, se change": AdaptiveTest(BANK, RULES["promis-recommended"], exposure=Randomesque(3)),
    "eligibility": AdaptiveTest(BANK, PROMIS_ADULT, exposure=Eligibility(dict.fromkeys(BANK.item_ids[:20], 0.4))),
    "map": AdaptiveTest(BANK, PROMIS_ADULT, estimator=MaximumAPosteriori()),
    "wle": AdaptiveTest(BANK, RULES["promis-recommended"], estimator=WeightedLikelihood(), criterion=Criterion.MFI),
    "blueprint": AdaptiveTest(
        BANK, PROMIS_ADULT, blueprint=Blueprint(12, (Bounds("few", frozenset(BANK.item_ids[:12]), 2, 4),))
    ),
}


def _answers(bank: ItemBank, *, people: int) -> np.ndarray:
    rng = np.random.default_rng(8)
    codes = made_up_answers(bank, rng.normal(0, 1.5, people), seed=4)
    codes[rng.random(codes.shape) < 0.05] = 0
    codes[0] = 0
    codes[1], codes[2] = 1, bank.categories
    return codes


@pytest.mark.parametrize("name", TESTS)
def test_every_session_is_the_one_that_single_steps_would_make(name: str) -> None:
    test = TESTS[name]
    codes = _answers(test.bank, people=60)
    available = frozenset(test.bank.item_ids[1:])
    sessions = simulate_post_hoc(test, codes, seed=17, available=available)
    for person, row in enumerate(codes.tolist()):
        answers: dict[str, int | None] = {}
        while isinstance(
            decision := test.next(answers, available, seed=17 + person, asked=[i for i in answers if answers[i]]), Ask
        ):
            answers[decision.item_id] = row[test.bank.index[decision.item_id]] or None
        assert sessions.path(person) == tuple(item_id for item_id, code in answers.items() if code)
        assert sessions.reason(person) is decision.reason
        assert sessions.answered[person] == len(sessions.path(person))
        assert (sessions.theta[person], sessions.se[person]) == pytest.approx((decision.theta, decision.se), abs=1e-9)


def test_the_estimates_from_all_answers_are_those_of_the_test() -> None:
    test = TESTS["adult"]
    codes = _answers(BANK, people=50)
    thetas, errors = full_bank_estimates(test, codes)
    for row, theta, se in zip(codes.tolist(), thetas, errors, strict=True):
        expected = test.estimate({item: code or None for item, code in zip(BANK.item_ids, row, strict=True)})
        assert (theta, se) == pytest.approx((expected.theta, expected.se), abs=1e-9)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return simulate(TESTS["adult"], np.random.default_rng(6).standard_normal(4000), seed=2)


def test_the_true_theta_is_recovered_within_the_standard_error(sessions: Sessions) -> None:
    summary = summarise(sessions)
    assert abs(summary.overall.bias) < 0.02
    assert summary.overall.rmse == pytest.approx(summary.overall.mean_se, rel=0.06)
    assert 0.93 < summary.overall.coverage < 0.97
    assert summary.correlation > 0.9


def test_made_up_answers_come_as_often_as_the_model_says() -> None:
    theta = 0.37
    codes = made_up_answers(BANK, np.full(20_000, theta))
    table = np.exp(BANK.log_likelihoods_at(np.array([theta])))[:, 0]
    for position, first in enumerate(BANK.first_rows):
        count = BANK.categories[position]
        shares = np.bincount(codes[:, position], minlength=count + 1)[1:] / len(codes)
        np.testing.assert_allclose(shares, table[first : first + count], atol=0.015)


def test_the_bands_the_reasons_and_the_exposure_add_up(sessions: Sessions) -> None:
    summary = summarise(sessions)
    assert sum(band.people for band in summary.bands) == summary.overall.people == 4000
    assert sum(summary.reasons.values()) == 4000
    assert sum(summary.exposure.values()) == pytest.approx(summary.overall.mean_items)


def test_overlap_is_the_mean_over_all_pairs_of_people() -> None:
    paths = [{0, 1, 2}, {0, 2, 3}, {1, 2, 4}, {0, 1, 3}]
    shared = [len(one & other) / 3 for n, one in enumerate(paths) for other in paths[:n]]
    counts = np.array([float(sum(item in path for path in paths)) for item in range(5)])
    assert overlap(counts, people=4) == pytest.approx(sum(shared) / len(shared))


def test_the_same_seed_gives_the_same_people_and_another_gives_others() -> None:
    thetas = np.zeros(200)
    one, same, other = (simulate(TESTS["random"], thetas, seed=seed) for seed in (5, 5, 6_000))
    assert (one.items == same.items).all()
    assert (one.theta == same.theta).all()
    assert (one.theta != other.theta).any()


def test_progress_tells_of_everybody_once() -> None:
    told: list[int] = []
    simulate(TESTS["adult"], np.zeros(300), progress=told.append)
    assert sum(told) == 300


@pytest.mark.parametrize(
    ("responses", "problem"),
    [
        (np.ones((3, 24), dtype=int), "a column for each of the bank's 25 items"),
        (np.ones((3, 25)), "whole numbers"),
        (np.full((3, 25), 7), "item item000: a response is not one of its categories"),
        (np.full((3, 25), -1), "item item000: a response is not one of its categories"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(responses: np.ndarray, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        simulate_post_hoc(TESTS["adult"], responses)


def test_nobody_is_simulated_without_complaint_and_not_summarised() -> None:
    nobody = simulate(TESTS["adult"], [])
    assert nobody.theta.shape == (0,)
    with pytest.raises(ValueError, match="nobody was simulated"):
        summarise(nobody)


def test_the_report_holds_settings_figures_and_plots(sessions: Sessions, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots are an optional extra")
    page = write_report(sessions, tmp_path / "new", plots=True)
    text = page.read_text(encoding="utf-8")
    assert BANK.content_hash in text
    assert "| all | 4000 |" in text
    assert {path.name for path in page.parent.iterdir()} == {
        "report.md",
        "recovery.png",
        "precision.png",
        "exposure.png",
    }


def test_without_plots_the_report_needs_no_matplotlib(sessions: Sessions, tmp_path: Path) -> None:
    page = write_report(sessions, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [page.name]
