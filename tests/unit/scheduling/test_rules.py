"""When occasions open, fall due and close, by the Swedish clock; and what a protocol must hold."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.errors import BadInput
from survey_service.foundation.clock import STOCKHOLM, local_day
from survey_service.scheduling.rules import (
    NoticePlan,
    PlannedOccasion,
    ReceiptPlan,
    ReceiptPolicy,
    in_language,
    parse_protocol,
    plan_occasions,
)

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)

DEFINITION: dict[str, Any] = {
    "code": "one",
    "names": {"sv": "Uppföljning"},
    "reasons": {"sv": "Vi vill veta."},
    "anchor_kind": "visit",
    "purpose": "care",
    "occasions": [
        {
            "code": "visit",
            "titles": {"sv": "Besök"},
            "due_day": 0,
            "opens_days_before": 7,
            "closes_days_after": 14,
            "instruments": [{"id": "eq5d-5l", "version": "1.0"}],
        }
    ],
}


def definition(**occasion: Any) -> dict[str, Any]:
    made = deepcopy(DEFINITION)
    made["occasions"][0] |= occasion
    return made


def plan(anchor: date, *, now: datetime = LONG_AGO, **occasion: Any) -> PlannedOccasion:
    (planned,) = plan_occasions(parse_protocol(definition(**occasion)), anchor=anchor, now=now)
    return planned


def swedish(moment: datetime) -> str:
    return moment.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")


def test_an_occasion_opens_at_eight_and_closes_at_midnight_after_its_last_day() -> None:
    """F1"""
    planned = plan(date(2026, 11, 22))
    assert swedish(planned.opens_at) == "2026-11-15 08:00"
    assert swedish(planned.due_at) == "2026-11-22 08:00"
    assert swedish(planned.closes_at) == "2026-12-07 00:00"
    assert planned.opens_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("anchor", "opens", "closes"),
    [
        # Summer time begins on 29 March 2026 and ends on 25 October 2026.
        (date(2026, 3, 29), datetime(2026, 3, 28, 7, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 6, tzinfo=UTC), datetime(2026, 10, 26, 23, tzinfo=UTC)),
        # The window closes at the midnight in which the change itself falls.
        (date(2026, 3, 27), datetime(2026, 3, 26, 7, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 10, 23), datetime(2026, 10, 22, 6, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)),
    ],
)
def test_a_window_over_a_change_of_the_clock_keeps_the_hours_on_the_wall(
    anchor: date, opens: datetime, closes: datetime
) -> None:
    """F1"""
    planned = plan(anchor, opens_days_before=1, closes_days_after=1)
    assert (planned.opens_at, planned.closes_at) == (opens, closes)


@pytest.mark.parametrize(("anchor", "days", "due"), [
    (date(2028, 2, 29), 365, "2029-02-28 08:00"), (date(2028, 2, 28), 1, "2028-02-29 08:00"),
    (date(2027, 2, 28), 1, "2027-03-01 08:00"), (date(2027, 12, 31), 60, "2028-02-29 08:00"),
])  # fmt: skip
def test_a_leap_day_is_a_day_like_others(anchor: date, days: int, due: str) -> None:
    """F1"""
    assert swedish(plan(anchor, due_day=days).due_at) == due


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(-400, 4000), st.integers(0, 60), st.integers(0, 60))
def test_a_window_is_whole_days_on_the_swedish_calendar(anchor: date, due_day: int, before: int, after: int) -> None:
    """F1"""
    planned = plan(anchor, due_day=due_day, opens_days_before=before, closes_days_after=after)
    due = anchor + timedelta(days=due_day)
    assert planned.opens_at <= planned.due_at < planned.closes_at
    assert local_day(planned.opens_at) == due - timedelta(days=before)
    assert local_day(planned.closes_at - timedelta(seconds=1)) == due + timedelta(days=after)
    assert swedish(planned.opens_at)[-5:] == "08:00"
    assert swedish(planned.closes_at)[-5:] == "00:00"


def test_an_anchor_in_the_past_leaves_out_what_is_over_and_keeps_what_is_under_way() -> None:
    """F1"""
    made = definition()
    made["occasions"] = [
        made["occasions"][0] | {"code": code, "due_day": day}
        for code, day in [("base", 0), ("half", 180), ("year", 365)]
    ]
    planned = plan_occasions(parse_protocol(made), anchor=date(2026, 1, 1), now=datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert [one.plan.code for one in planned] == ["half", "year"]


def test_the_first_moment_that_is_too_late_is_too_late() -> None:
    closes = plan(date(2026, 1, 1)).closes_at
    assert plan(date(2026, 1, 1), now=closes - timedelta(microseconds=1))
    with pytest.raises(BadInput) as refused:
        plan(date(2026, 1, 1), now=closes)
    assert list(refused.value.fields) == ["anchor_date"]


@pytest.mark.parametrize("field", ["code", "names", "reasons", "anchor_kind", "purpose", "occasions"])
def test_a_protocol_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    made = definition()
    del made[field]
    with pytest.raises(BadInput, match=field):
        parse_protocol(made)


@pytest.mark.parametrize(
    "field", ["code", "titles", "due_day", "opens_days_before", "closes_days_after", "instruments"]
)
def test_an_occasion_that_lacks_a_field_is_refused_by_its_name(field: str) -> None:
    made = definition()
    del made["occasions"][0][field]
    with pytest.raises(BadInput, match=field):
        parse_protocol(made)


@pytest.mark.parametrize(
    "occasion", [{"instruments": []}, {"opens_days_before": -1}, {"closes_days_after": -1}], ids=repr
)
def test_an_occasion_that_cannot_be_is_refused_by_its_code(occasion: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="visit"):
        parse_protocol(definition(**occasion))


def test_a_protocol_of_no_occasions_or_of_one_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="no occasions"):
        parse_protocol(definition() | {"occasions": []})
    with pytest.raises(BadInput, match="same code"):
        parse_protocol(definition() | {"occasions": definition()["occasions"] * 2})


def test_the_units_own_text_is_swedish_where_it_wrote_no_other() -> None:
    texts = {"sv": "Besök", "en": "Visit", "fi": ""}
    assert [in_language(texts, one) for one in ("sv", "en", "fi", "ar")] == ["Besök", "Visit", "Besök", "Besök"]


# ---- messages


def test_a_protocol_says_how_soon_another_way_is_tried_and_what_it_leaves_out_is_usual() -> None:
    """C1"""
    assert parse_protocol(DEFINITION).notices == NoticePlan(3, 7)
    assert parse_protocol(DEFINITION | {"notices": {"letter_after_days": 21}}).notices == NoticePlan(3, 21)


@pytest.mark.parametrize(
    "written",
    [{"letter_after_days": 0}, {"letter_after_days": 91}, {"letter_after_days": True}, {"soon": 1}, ["letter"]],
)
def test_messages_that_cannot_be_are_refused(written: object) -> None:
    """C1"""
    with pytest.raises(BadInput):
        parse_protocol(DEFINITION | {"notices": written})


# ---- receipt


@pytest.mark.parametrize(
    ("written", "plan"),
    [
        (None, ReceiptPlan(ReceiptPolicy.PERSON, 72, 168)),
        ({}, ReceiptPlan(ReceiptPolicy.PERSON, 72, 168)),
        ({"policy": "record_system", "within_hours": 4}, ReceiptPlan(ReceiptPolicy.RECORD_SYSTEM, 4, 168)),
        ({"policy": "archive", "read_within_hours": 0}, ReceiptPlan(ReceiptPolicy.ARCHIVE, 72, None)),
    ],
)
def test_a_protocol_says_what_counts_as_received_and_what_it_leaves_out_is_usual(
    written: dict[str, object] | None, plan: ReceiptPlan
) -> None:
    """A3"""
    assert parse_protocol(DEFINITION | ({} if written is None else {"receipt": written})).receipt == plan


@pytest.mark.parametrize(
    "written",
    [
        {"policy": "nobody"},
        {"policy": "archive"},
        {"within_hours": 0},
        {"within_hours": 8761},
        {"within_hours": True},
        {"read_within_hours": -1},
        {"read_within_hours": "soon"},
        {"unknown": 1},
        ["person"],
    ],
)
def test_a_receipt_that_cannot_be_is_refused(written: object) -> None:
    """A3: an archive that nobody reads is never assumed: the protocol has to say so."""
    with pytest.raises(BadInput):
        parse_protocol(DEFINITION | {"receipt": written})
