"""Calibration gives the parameters back on the reference metric, and refuses what girth would spoil in silence."""

import numpy as np
import pytest

from cat_engine import ItemBank
from cat_engine.calibration import Calibration, CalibrationError, calibrate
from cat_engine.item_fit import chi_square_tail, item_fit
from cat_engine.simulation import made_up_answers
from tests.unit.cat_engine.banks import graded_bank

BANK = ItemBank(
    tuple(item for item in graded_bank(seed=81, items=40, slope=1.6).items if item.thresholds[0] > -2.5)[:10]
)
CATEGORIES = dict(zip(BANK.item_ids, BANK.categories, strict=True))


def _people(count: int) -> np.ndarray:
    return np.random.default_rng(3).normal(-0.4, 1.2, count)


def _calibrate(codes: np.ndarray) -> Calibration:
    return calibrate(codes, BANK.item_ids, CATEGORIES, reference=BANK, anchors=BANK.item_ids)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_parameters_come_back_on_the_reference_metric_with_answers_missing_too(missing: float) -> None:
    codes = made_up_answers(BANK, _people(4000), seed=1)
    codes[np.random.default_rng(5).random(codes.shape) < missing] = 0
    outcome = _calibrate(codes)
    slopes = [item.slope for item in outcome.bank.items]
    thresholds = [b for item in outcome.bank.items for b in item.thresholds]
    np.testing.assert_allclose(slopes, [item.slope for item in BANK.items], rtol=0.15)
    np.testing.assert_allclose(thresholds, [b for item in BANK.items for b in item.thresholds], atol=0.25)
    assert outcome.link.slope == pytest.approx(1.2, abs=0.1)
    assert outcome.link.intercept == pytest.approx(-0.4, abs=0.1)
    assert outcome.bank.categories == BANK.categories
    assert outcome.at_bound == ()
    assert sum(fit.p < 0.01 for fit in outcome.fit) <= 1


def test_an_item_that_does_not_fit_is_found() -> None:
    codes = made_up_answers(BANK, np.random.default_rng(4).standard_normal(3000), seed=2)
    rng = np.random.default_rng(6)
    codes[:, 4] = rng.integers(1, BANK.categories[4] + 1, len(codes))
    fits = item_fit(BANK, codes)
    assert fits[4].p < 1e-10
    assert fits[4].statistic == max(fit.statistic for fit in fits)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda codes: codes.astype(float), "the responses are not whole numbers"),
        (lambda codes: np.where(codes == 1, np.nan, codes), "not NaN"),
        (lambda codes: codes[:, 1:], "one column for each item id"),
        (lambda codes: codes[:40], "at least 50 are needed"),
        (lambda codes: np.where(codes == 2, 1, codes), "nobody used category 2"),
        (lambda codes: codes + 6, "a response is not one of 1 to"),
        (lambda codes: codes * 0, "0 people answered"),
    ],
)
def test_what_would_spoil_a_calibration_is_refused(spoil: object, problem: str) -> None:
    codes = made_up_answers(BANK, _people(300))
    with pytest.raises(CalibrationError, match=problem):
        _calibrate(spoil(codes))


def test_linking_without_its_parts_is_refused() -> None:
    codes = made_up_answers(BANK, _people(300))
    ids = BANK.item_ids
    for arguments, problem in (
        ({"reference": BANK}, "needs anchors"),
        ({"anchors": ids}, "need a reference bank"),
        ({"reference": BANK, "anchors": ["other"]}, "anchor 'other' must be"),
        ({"reference": BANK, "anchors": ids, "method": "odd"}, "must be one of stocking-lord, mean-sigma"),
    ):
        with pytest.raises(CalibrationError, match=problem):
            calibrate(codes, ids, CATEGORIES, **arguments)


@pytest.mark.parametrize(
    ("statistic", "freedom", "tail"),
    [(0.0, 3, 1.0), (2.705543, 1, 0.10), (6.634897, 1, 0.01), (124.342113, 100, 0.05), (0.554298, 5, 0.99)],
)
def test_the_tail_of_chi_square_is_that_of_the_printed_tables(statistic: float, freedom: int, tail: float) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(tail, abs=1e-6)
