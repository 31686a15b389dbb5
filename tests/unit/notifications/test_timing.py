"""When a notice may come: on the Swedish wall clock, at a decent hour, and not all of them at once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notifications.timing import STOCKHOLM, Decency, Hours, next_decent_moment, spread
from survey_service.scheduling.working_days import is_working_day

USUAL = Decency()


def swedish(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def after(text: str, decency: Decency = USUAL, *, before: str | None = None) -> str | None:
    """The next decent moment after a Swedish time, as a Swedish time."""
    limit = swedish(before) if before else None
    found = next_decent_moment(swedish(text), decency, is_working_day=is_working_day, before=limit)
    return f"{found.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}" if found else None


@pytest.mark.parametrize("moment", ["2026-09-01 08:00", "2026-09-01 12:34", "2026-09-01 19:59"])
def test_a_decent_moment_is_taken_as_it_is(moment: str) -> None:
    assert after(moment) == moment


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        ("2026-09-01 07:59", "2026-09-01 08:00"),
        ("2026-09-01 20:00", "2026-09-02 08:00"),
        ("2026-09-01 23:59", "2026-09-02 08:00"),
        ("2026-09-02 00:00", "2026-09-02 08:00"),
        ("2026-09-04 21:00", "2026-09-07 08:00"),  # over a weekend
        ("2026-12-23 21:00", "2026-12-28 08:00"),  # over Christmas
        ("2026-12-30 21:00", "2027-01-04 08:00"),  # over the New Year
        ("2026-06-18 21:00", "2026-06-22 08:00"),  # over midsummer
        ("2026-04-30 21:00", "2026-05-04 08:00"),  # the first of May, a Friday
    ],
)
def test_a_notice_waits_for_the_next_staffed_morning(at: str, comes: str) -> None:
    assert after(at) == comes


@pytest.mark.parametrize(
    ("at", "comes", "utc"),
    [
        ("2026-03-28 21:00", "2026-03-29 08:00", 6),
        ("2026-03-27 21:00", "2026-03-28 08:00", 7),
        ("2026-10-24 21:00", "2026-10-25 08:00", 7),
        ("2026-10-23 21:00", "2026-10-24 08:00", 6),
    ],
)
def test_eight_oclock_is_eight_oclock_on_both_sides_of_a_change_of_the_clock(at: str, comes: str, utc: int) -> None:
    decency = Decency(every_day=True)
    found = next_decent_moment(swedish(at), decency, is_working_day=is_working_day)
    assert found is not None
    assert found.astimezone(UTC).hour == utc
    assert after(at, decency) == comes


def test_hours_that_the_clock_jumps_over_come_the_next_day() -> None:
    night = Decency(Hours(time(2), time(3)), every_day=True)
    assert after("2026-03-28 12:00", night) == "2026-03-30 02:00"


def test_hours_that_the_clock_goes_through_twice_never_lie_behind() -> None:
    night = Decency(Hours(time(2, 30), time(5)), every_day=True)
    second_time = swedish("2026-10-25 02:10").replace(fold=1)
    found = next_decent_moment(second_time, night, is_working_day=is_working_day)
    assert found == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_patients_own_hours_and_days_are_kept() -> None:
    own = USUAL.narrowed(Hours(time(17), time(0)), every_day=True)
    assert after("2026-09-05 09:00", own) == "2026-09-05 17:00"
    assert after("2026-09-05 23:59", own) == "2026-09-05 23:59"
    assert after("2026-09-06 00:00", own) == "2026-09-06 17:00"
    assert USUAL.narrowed(None) == USUAL


def test_a_window_of_one_sunday_is_told_of_on_that_sunday() -> None:
    """C1"""
    assert after("2026-09-06 00:00", before="2026-09-07 00:00") == "2026-09-06 08:00"


def test_where_no_decent_moment_is_left_there_is_none() -> None:
    assert after("2026-09-06 20:30", before="2026-09-07 00:00") is None


@pytest.mark.parametrize(("since", "until"), [(time(20), time(8)), (time(8), time(8))])
def test_hours_begin_before_they_end(since: time, until: time) -> None:
    with pytest.raises(ValueError, match="begin before"):
        Hours(since, until)


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="no working day"):
        next_decent_moment(swedish("2026-09-01 21:00"), USUAL, is_working_day=lambda _: False)


TIMES = st.times().map(lambda one: one.replace(microsecond=0))


@given(
    st.integers(0, 4 * 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    TIMES,
    TIMES,
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 200)),
)
def test_what_is_found_is_decent_and_soon(
    at: datetime, since: time, until: time, every_day: bool, left: int | None
) -> None:
    """Whatever the day, the hours and the clock's changes."""
    assume(until == time(0) or since < until)
    hours = Hours(since, until)
    before = None if left is None else at + timedelta(hours=left)
    found = next_decent_moment(at, Decency(hours, every_day), is_working_day=is_working_day, before=before)
    if found is None:
        assert before is not None
        return
    local = found.astimezone(STOCKHOLM)
    assert at <= found < (before or at + timedelta(days=9))
    assert hours.holds(local.time())
    assert every_day or is_working_day(local.date()) or before is not None


@given(st.lists(st.uuids(), min_size=200, max_size=200, unique=True))
def test_many_that_fall_due_at_once_leave_one_by_one_and_each_always_at_its_own_time(keys: list[object]) -> None:
    over = timedelta(minutes=10)
    delays = [spread(str(key), over) for key in keys]
    assert delays == [spread(str(key), over) for key in keys]
    assert all(timedelta() <= delay < over for delay in delays)
    fullest = max(sum(minute <= delay / timedelta(minutes=1) < minute + 1 for delay in delays) for minute in range(10))
    assert fullest < 60


def test_nothing_is_spread_over_no_time() -> None:
    assert spread("key", timedelta()) == timedelta()


def test_the_day_is_the_swedish_one() -> None:
    """Half past ten in the evening of a Friday in London is a Saturday in Stockholm."""
    night = Decency(Hours(time(0), time(0)))
    friday = datetime(2026, 9, 4, 22, 30, tzinfo=UTC)
    found = next_decent_moment(friday, night, is_working_day=is_working_day)
    assert found is not None
    assert found.astimezone(STOCKHOLM).date() == date(2026, 9, 7)
