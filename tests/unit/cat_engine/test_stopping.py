"""A rule stops at the right answer and the right standard error, and says why."""

import math

import pytest

from cat_engine import PROMIS_ADULT, RULES, StoppingRule, StopReason


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
