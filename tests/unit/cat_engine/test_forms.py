"""Short forms score as published, and a sum means nothing with an answer missing.

``data/summed_scores.csv``: published summed-score tables of PROMIS Depression 8a and Fatigue 4a (PROMIS scoring
manuals); ``data/bank_depression8a.csv`` and ``bank_fatigue95.csv``: parameters of the published US calibrations.
"""

import csv
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from cat_engine import AnswerError, BankError, GradedItem, Grid, ItemBank, NormalPrior
from cat_engine.fixed_form import FixedForm, NotScored
from cat_engine.summed_score import summed_score_likelihoods, summed_score_table
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

DATA = Path(__file__).parent / "data"
FATIGUE_4A = ("HI7", "AN3", "FATEXP41", "FATEXP40")
DEPRESSION_8A = ("EDDEP04", "EDDEP06", "EDDEP29", "EDDEP41", "EDDEP22", "EDDEP36", "EDDEP05", "EDDEP09")


@pytest.mark.parametrize(
    ("form", "bank", "items"),
    [("Fatigue_4a", "bank_fatigue95.csv", FATIGUE_4A), ("Depression_8a", "bank_depression8a.csv", DEPRESSION_8A)],
)
def test_the_summed_score_tables_are_the_published_ones_to_the_printed_decimal(
    form: str, bank: str, items: tuple[str, ...]
) -> None:
    with (DATA / "summed_scores.csv").open(encoding="utf-8", newline="") as lines:
        published = [row for row in csv.DictReader(lines) if row["form"] == form]
    table = summed_score_table(ItemBank.from_csv(DATA / bank), items)
    assert [str(line.raw) for line in table] == [row["raw"] for row in published]
    assert [f"{line.estimate.t:.1f}" for line in table] == [row["t"] for row in published]
    if published[0]["se"]:
        assert [f"{line.estimate.t_se:.1f}" for line in table] == [row["se"] for row in published]


@pytest.mark.parametrize("bank", [graded_bank(seed=41, items=4), partial_credit_bank(seed=42, items=4)])
def test_the_recursion_is_the_sum_over_all_patterns(bank: ItemBank) -> None:
    tables = np.split(bank.probabilities, bank.first_rows[1:])
    sums = np.zeros((sum(bank.categories) - 3, len(bank.points)))
    for pattern in product(*(range(count) for count in bank.categories)):
        sums[sum(pattern)] += np.prod([table[code] for table, code in zip(tables, pattern, strict=True)], axis=0)
    np.testing.assert_allclose(summed_score_likelihoods(tables), sums, rtol=1e-10, atol=1e-14)


def test_the_proportions_of_a_table_sum_to_one_and_t_rises_with_the_sum() -> None:
    table = summed_score_table(graded_bank(seed=43, items=10), [f"item{n:03}" for n in range(10)])
    assert sum(line.proportion for line in table) == pytest.approx(1)
    thetas = [line.estimate.theta for line in table]
    assert thetas == sorted(thetas)


def test_a_form_of_165_steep_items_has_a_table_without_nan() -> None:
    bank = graded_bank(seed=44, items=165, slope=7.0)
    assert all(
        np.isfinite([line.estimate.theta, line.estimate.se]).all() for line in summed_score_table(bank, bank.item_ids)
    )


@pytest.mark.parametrize(
    ("items", "problem"),
    [([], "needs items"), (["item000"] * 2, "each of them once"), (["x"], "'x' is not in the bank")],
)
def test_a_form_that_is_none_is_refused(items: list[str], problem: str) -> None:
    bank = graded_bank(seed=41, items=4)
    with pytest.raises(BankError, match=problem):
        summed_score_table(bank, items)
    with pytest.raises(BankError, match=problem):
        FixedForm(bank=bank, items=tuple(items))


FORM = FixedForm(bank=graded_bank(seed=45, items=12), items=("item001", "item005", "item007"), minimum_answers=2)


def test_a_form_is_scored_from_its_pattern_with_or_without_missing_answers() -> None:
    whole = FORM.score({"item001": 1, "item005": 2, "item007": 1})
    part = FORM.score({"item001": 1, "item007": 1, "item005": None})
    assert part.se > whole.se
    assert part == FORM.score({"item007": 1, "item001": 1})


def test_a_form_refuses_to_guess() -> None:
    with pytest.raises(NotScored, match="1 answers; at least 2 are needed"):
        FORM.score({"item001": 1})
    with pytest.raises(AnswerError, match="'item002' is not in the form"):
        FORM.score({"item001": 1, "item002": 1})
    with pytest.raises(ValueError, match="from at least 1 answer"):
        FixedForm(bank=FORM.bank, items=FORM.items, minimum_answers=4)


def test_prior_and_grid_of_a_table_are_arguments() -> None:
    bank = ItemBank((GradedItem("x", 1.0, (0.0,)),))
    low, high = summed_score_table(bank, ["x"], prior=NormalPrior(1.0, 0.1), grid=Grid(-6, 6, 601))
    assert low.estimate.theta == pytest.approx(1.0, abs=0.02)
    assert high.estimate.theta > low.estimate.theta
