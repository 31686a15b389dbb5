"""What a change does to what is planned: nothing begun is touched, nothing answered is asked again (A1)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.errors import BadInput
from survey_service.foundation.clock import STOCKHOLM
from survey_service.scheduling.replanning import StandingOccasion, replan
from survey_service.scheduling.rules import CareProtocol, PlannedOccasion, all_occasions, parse_protocol
from tests.world import protocol_definition

ANCHOR = date(2026, 3, 1)


def protocol(**occasion: object) -> CareProtocol:
    return parse_protocol(protocol_definition("knee", ["eq5d-5l"], **occasion))


def stands(one: PlannedOccasion, **changes: object) -> StandingOccasion:
    kept = StandingOccasion(
        id=uuid4(),
        code=one.code,
        opens_at=one.opens_at,
        due_at=one.due_at,
        closes_at=one.closes_at,
        reminds_at=one.reminds_at,
        asked=(),
        is_begun=False,
        is_withdrawn=False,
    )
    return replace(kept, **changes)  # type: ignore[arg-type]  # because mypy cannot see which fields these are


def test_a_daily_series_keeps_its_hour_over_the_change_to_summer_time() -> None:
    """A7: the clock is put forward on 29 March 2026."""
    diary = protocol(series={"every_days": 1, "times": 40}, opens_days_before=0, closes_days_after=0)
    planned = all_occasions(diary, ANCHOR)
    assert [one.code for one in planned[:2]] == ["visit.1", "visit.2"]
    assert {one.opens_at.astimezone(STOCKHOLM).hour for one in planned} == {8}
    assert [one.due_at.astimezone(STOCKHOLM).date() for one in planned] == [ANCHOR + timedelta(n) for n in range(40)]
    lengths = {one.closes_at - one.opens_at for one in planned}
    assert lengths == {timedelta(hours=16)}


def test_reminders_are_counted_from_the_opening_and_none_comes_after_the_end() -> None:
    (planned,) = all_occasions(protocol(reminders=[10, 3, 60]), ANCHOR)
    days = [(one - planned.opens_at).days for one in planned.reminds_at]
    assert days == [3, 10]


@pytest.mark.parametrize(
    "series", [{"every_days": 0, "times": 3}, {"every_days": 1, "times": 1}, {"every_days": 1, "times": 10_000}]
)
def test_a_series_that_cannot_be_is_refused(series: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="series"):
        protocol(series=series)


def test_an_event_that_moves_takes_with_it_what_is_not_begun() -> None:
    """A1"""
    diary = protocol(series={"every_days": 30, "times": 3})
    before, after = all_occasions(diary, ANCHOR), all_occasions(diary, ANCHOR + timedelta(days=5))
    standing = [stands(before[0], is_begun=True), stands(before[1]), stands(before[2], is_withdrawn=True)]
    found = replan(after, standing, before[0].opens_at)
    assert found.kept == (standing[0],)
    assert [(move.standing.code, move.planned.due_at) for move in found.moved] == [
        ("visit.2", after[1].due_at),
        ("visit.3", after[2].due_at),
    ]
    assert (found.added, found.withdrawn) == ((), ())


@given(
    begun=st.sets(st.integers(0, 5)),
    withdrawn=st.sets(st.integers(0, 5)),
    shift=st.integers(-400, 400),
    times=st.integers(2, 8),
    now=st.integers(-10, 400),
)
def test_whatever_changes_nothing_begun_is_touched_and_no_code_is_asked_twice(
    begun: set[int], withdrawn: set[int], shift: int, times: int, now: int
) -> None:
    """A1"""
    before = all_occasions(protocol(series={"every_days": 30, "times": 6}), ANCHOR)
    standing = [
        stands(one, is_begun=number in begun, is_withdrawn=number in withdrawn - begun)
        for number, one in enumerate(before)
    ]
    after = all_occasions(protocol(series={"every_days": 30, "times": times}), ANCHOR + timedelta(days=shift))
    at = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=now)
    found = replan(after, standing, at)
    touched: set[UUID] = {one.standing.id for one in found.moved} | {one.id for one in found.withdrawn}
    assert not touched & {one.id for one in standing if one.is_begun}
    assert touched | {one.id for one in found.kept} == {one.id for one in standing}
    assert not {one.code for one in found.added} & {one.code for one in standing}
    assert all(one.closes_at > at for one in (*found.added, *(move.planned for move in found.moved)))
