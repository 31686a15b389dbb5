"""Swedish time at the edge, UTC inside, on the two days a year when that is not simple."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.foundation.clock import STOCKHOLM, at_local_time, local_day, utc_now


@pytest.mark.parametrize(
    ("day", "clock_time", "expected"),
    [
        (date(2026, 1, 15), time(8), datetime(2026, 1, 15, 7, tzinfo=UTC)),
        (date(2026, 7, 15), time(8), datetime(2026, 7, 15, 6, tzinfo=UTC)),
        # 29 March 2026: 02:00 becomes 03:00. What is skipped is moved forward by the gap.
        (date(2026, 3, 29), time(1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), time(3, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        # 25 October 2026: 03:00 becomes 02:00. Of what comes twice, the first is meant.
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(3, 0), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_swedish_wall_clock_time_is_this_moment(day: date, clock_time: time, expected: datetime) -> None:
    """F1"""
    assert at_local_time(day, clock_time) == expected


def test_a_skipped_time_reads_an_hour_later_on_the_wall() -> None:
    moment = at_local_time(date(2026, 3, 29), time(2, 30))
    assert moment.astimezone(STOCKHOLM).time() == time(3, 30)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)])
def test_a_day_from_midnight_to_midnight_has_as_many_hours_as_it_has(day: date, hours: int) -> None:
    length = at_local_time(day + timedelta(days=1), time(0)) - at_local_time(day, time(0))
    assert length == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_is_that_of_sweden(moment: datetime, day: date) -> None:
    assert local_day(moment) == day


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.times())
def test_a_local_time_is_in_utc_and_on_its_own_day(day: date, clock_time: time) -> None:
    moment = at_local_time(day, clock_time)
    assert moment.tzinfo is UTC
    assert local_day(moment) == day


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)
