"""Parameters come back to the reference metric, and a bank with an overlay says so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cat_engine import BankError, GradedItem, ItemBank
from cat_engine.linking import IDENTITY, Link, mean_sigma, stocking_lord
from cat_engine.overlays import Overlay
from tests.unit.cat_engine.banks import graded_bank, partial_credit_bank

BANK = graded_bank(seed=51, items=10, slope=1.7)


@pytest.mark.parametrize("method", [mean_sigma, stocking_lord])
@given(slope=st.floats(0.5, 2), intercept=st.floats(-1.5, 1.5))
def test_a_linear_transformation_is_found_again(method: object, slope: float, intercept: float) -> None:
    away = Link(1 / slope, -intercept / slope)
    link = method([away.item(item) for item in BANK.items], BANK.items)
    assert link.slope == pytest.approx(slope, abs=1e-6)
    assert link.intercept == pytest.approx(intercept, abs=1e-6)


def test_a_linked_item_answers_at_the_linked_theta_as_it_did_at_its_own() -> None:
    link, points = Link(1.3, -0.4), np.linspace(-2, 2, 9)
    for bank in (BANK, partial_credit_bank(seed=52, items=10)):
        linked = ItemBank(tuple(link.item(item) for item in bank.items))
        moved = linked.log_likelihoods_at(link.slope * points + link.intercept)
        np.testing.assert_allclose(moved, bank.log_likelihoods_at(points), atol=1e-9)


def test_stocking_lord_minds_the_curve_where_a_threshold_has_gone_astray() -> None:
    rng = np.random.default_rng(4)
    away = Link(1 / 1.2, -0.3 / 1.2)
    noisy = [away.item(replace(item, slope=item.slope * float(rng.uniform(0.95, 1.05)))) for item in BANK.items]
    noisy[0] = GradedItem("item000", noisy[0].slope, (-9.0, *noisy[0].thresholds[1:]))
    link = stocking_lord(noisy, BANK.items)
    by_moments = mean_sigma(noisy, BANK.items)
    assert abs(link.slope - 1.2) < abs(by_moments.slope - 1.2)
    assert link.intercept == pytest.approx(0.3, abs=0.1)


def test_anchors_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="the same items in the same order"):
        mean_sigma(BANK.items[:2], BANK.items[1:3])
    other = GradedItem(BANK.items[0].id, 1.0, BANK.items[0].thresholds[:-1])
    with pytest.raises(ValueError, match="number of categories differs"):
        stocking_lord([other], BANK.items[:1])
    with pytest.raises(ValueError, match="a link needs"):
        Link(0.0, 1.0)


def test_an_overlay_replaces_some_items_on_the_reference_metric() -> None:
    item = replace(BANK.items[3], slope=1.0)
    laid = Overlay(name="sv 1.0", items=(item,), link=Link(1.1, 0.2)).over(BANK)
    assert laid.items[3] == Link(1.1, 0.2).item(item)
    assert laid.items[:3] + laid.items[4:] == BANK.items[:3] + BANK.items[4:]
    assert laid.item_ids == BANK.item_ids
    assert laid.content_hash != BANK.content_hash
    assert laid.overlay is not None
    assert laid.overlay.base_hash == BANK.content_hash


def test_an_overlay_that_does_not_fit_is_refused() -> None:
    item = BANK.items[0]
    for items, problem in (
        ((replace(item, id="other"),), "'other' is not in the bank"),
        ((item, item), "an item comes twice"),
        ((GradedItem(item.id, 1.0, item.thresholds[:-1]),), "other categories"),
    ):
        with pytest.raises(BankError, match=problem):
            Overlay(name="sv", items=items).over(BANK)
    laid = Overlay(name="sv", items=(item,)).over(BANK)
    with pytest.raises(BankError, match="already has the overlay sv"):
        Overlay(name="fi", items=(item,), link=IDENTITY).over(laid)
    with pytest.raises(BankError, match="needs a name"):
        Overlay(name=" ", items=())
