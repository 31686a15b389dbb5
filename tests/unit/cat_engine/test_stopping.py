"""A rule stops at the right answer and the right standard error, and says why."""

import math
from dataclasses import replace

import pytest

from cat_engine import PROMIS_ADULT, RULES, PredictedReduction, StoppingRule, StopReason
from cat_engine.stopping import Progress


def _rule(*, strict: bool = True, se_below: float | None = 0.3) -> StoppingRule:
    return StoppingRule(name="rule", minimum_items=4, maximum_items=12, se_below=se_below, strict=strict)


def test_the_promis_adult_rule_is_the_published_one() -> None:
    assert (PROMIS_ADULT.minimum_items, PROMIS_ADULT.maximum_items) == (4, 12)
    assert (PROMIS_ADULT.se_below, PROMIS_ADULT.strict) == (0.3, True)
    assert RULES["promis-adult"] is PROMIS_ADULT


def test_precision_is_not_looked_at_before_the_minimum() -> None:
    assert _rule().reason_to_stop(answered=3, se=0.1) is None
    assert _rule().reason_to_stop(answered=4, se=0.1) is StopReason.PRECISION


def test_at_the_boundary_a_strict_rule_goes_on_and_the_other_stops() -> None:
    assert _rule(strict=True).reason_to_stop(answered=5, se=0.3) is None
    assert _rule(strict=False).reason_to_stop(answered=5, se=0.3) is StopReason.PRECISION
    assert _rule(strict=True).reason_to_stop(answered=5, se=math.nextafter(0.3, 0)) is StopReason.PRECISION


def test_at_the_maximum_it_stops_however_unsure() -> None:
    assert _rule().reason_to_stop(answered=11, se=0.9) is None
    assert _rule().reason_to_stop(answered=12, se=0.9) is StopReason.MAXIMUM_ITEMS
    assert _rule(se_below=None).reason_to_stop(answered=12, se=0.0) is StopReason.MAXIMUM_ITEMS


@pytest.mark.parametrize(("minimum", "maximum", "se"), [(0, 4, 0.3), (5, 4, 0.3), (4, 12, 0.0), (4, 12, math.nan)])
def test_a_rule_that_makes_no_sense_is_refused(minimum: int, maximum: int, se: float) -> None:
    with pytest.raises(ValueError, match="stopping rule odd"):
        StoppingRule(name="odd", minimum_items=minimum, maximum_items=maximum, se_below=se, strict=True)


RECOMMENDED = RULES["promis-recommended"]


def test_the_presets_are_the_published_ones() -> None:
    assert set(RULES) == {
        "promis-adult",
        "promis-recommended",
        "promis-screen",
        "promis-screen-function",
        "promis-paediatric",
    }
    assert (RECOMMENDED.minimum_items, RECOMMENDED.maximum_items) == (4, 8)
    assert (RECOMMENDED.se_below, RECOMMENDED.se_change_below) == (0.3, 0.01)
    child = RULES["promis-paediatric"]
    assert (child.minimum_items, child.maximum_items, child.se_below) == (5, 12, 0.4)


def test_a_small_change_of_the_standard_error_stops_only_after_the_minimum() -> None:
    assert RECOMMENDED.reason_to_stop(answered=4, se=0.5, previous_se=0.505) is StopReason.SE_CHANGE
    assert RECOMMENDED.reason_to_stop(answered=4, se=0.505, previous_se=0.5) is StopReason.SE_CHANGE
    assert RECOMMENDED.reason_to_stop(answered=3, se=0.5, previous_se=0.505) is None
    assert RECOMMENDED.reason_to_stop(answered=4, se=0.5, previous_se=0.52) is None


def _progress(**figures: object) -> Progress:
    return Progress(**({"answered": 5, "se": 0.5} | figures))


@pytest.mark.parametrize(
    ("se", "promise", "reason"),
    [
        (0.5, 0.005, StopReason.PREDICTED_REDUCTION),
        (0.5, 0.02, None),
        (0.5, 0.05, None),
        (0.29, 0.005, StopReason.PRECISION),
        (0.29, 0.02, StopReason.PRECISION),
        (0.29, 0.05, None),
    ],
)
def test_what_the_next_item_promises_ends_the_test_or_keeps_it_going(
    se: float, promise: float, reason: StopReason | None
) -> None:
    rule = StoppingRule(
        name="pser",
        minimum_items=4,
        maximum_items=12,
        se_below=0.3,
        strict=True,
        predicted=PredictedReduction(stop_below=0.01, continue_above=0.03),
    )
    assert rule.reason(_progress(se=se), lambda: promise) is reason
    assert rule.reason(_progress(se=0.29), None) is StopReason.PRECISION
    assert rule.reason(_progress(se=0.5, answered=12), lambda: 1.0) is StopReason.MAXIMUM_ITEMS


def test_the_floor_and_the_ceiling_stop_after_so_many_extreme_answers() -> None:
    rule = StoppingRule(
        name="ends", minimum_items=2, maximum_items=12, se_below=0.1, strict=True, floor_after=4, ceiling_after=3
    )
    assert rule.reason(_progress(answered=3, all_lowest=True)) is None
    assert rule.reason(_progress(answered=4, all_lowest=True)) is StopReason.FLOOR
    assert rule.reason(_progress(answered=3, all_highest=True)) is StopReason.CEILING


def test_screening_looks_at_the_first_answer_only() -> None:
    lowest, highest = RULES["promis-screen"], RULES["promis-screen-function"]
    assert lowest.reason(_progress(answered=1, all_lowest=True)) is StopReason.SCREENED
    assert lowest.reason(_progress(answered=1, all_highest=True)) is None
    assert lowest.reason(_progress(answered=2, all_lowest=True)) is None
    assert highest.reason(_progress(answered=1, all_highest=True)) is StopReason.SCREENED


@pytest.mark.parametrize("change", [{"se_change_below": 0.0}, {"floor_after": 0}, {"ceiling_after": -1}])
def test_bounds_that_make_no_sense_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="stopping rule promis-adult"):
        replace(PROMIS_ADULT, **change)


def test_a_predicted_reduction_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="predicted reduction"):
        PredictedReduction(stop_below=0.03, continue_above=0.01)
