"""When a message is tried again, when a gateway is let alone, and how long a full limit holds an invitation back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.burden import deferred_until
from notifications.message import Format
from notifications.retrying import Breaker, Failure, next_attempt

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def delays(format: Format, failure: Failure) -> list[timedelta]:
    """What is waited after each failure, until it is given up."""
    found = []
    while (at := next_attempt(format, failure, failed=len(found) + 1, at=NOW)) is not None:
        found.append(at - NOW)
    return found


def test_a_text_message_is_tried_again_at_once_and_then_over_hours() -> None:
    minutes = [delay / timedelta(minutes=1) for delay in delays(Format.SMS, Failure.TEMPORARY)]
    assert minutes == [0, 1, 5, 30, 120, 360]


@pytest.mark.parametrize("format", Format)
def test_every_plan_backs_off_goes_on_for_hours_and_ends(format: Format) -> None:
    for failure in (Failure.TEMPORARY, Failure.TECHNICAL):
        found = delays(format, failure)
        assert found == sorted(found)
        assert timedelta(hours=8) < sum(found, timedelta()) < timedelta(days=3)


@pytest.mark.parametrize("format", Format)
def test_an_address_that_will_never_take_it_is_not_tried_again(format: Format) -> None:
    assert delays(format, Failure.PERMANENT) == []


def test_who_asks_to_be_left_alone_for_longer_is() -> None:
    def tried(asked: timedelta) -> datetime | None:
        return next_attempt(Format.SMS, Failure.TEMPORARY, failed=2, at=NOW, asked=asked)

    assert tried(timedelta(seconds=10)) == NOW + timedelta(minutes=1)
    assert tried(timedelta(minutes=10)) == NOW + timedelta(minutes=10)
    assert tried(timedelta(days=365)) == NOW + timedelta(days=1)


def test_a_gateway_that_fails_in_a_row_is_let_alone_for_a_time_that_doubles() -> None:
    breaker = Breaker()
    for _ in range(Breaker.TRIPS_AT - 1):
        breaker = breaker.after_failure(NOW)
        assert breaker.lets_through(NOW)
    breaker = breaker.after_failure(NOW)
    assert not breaker.lets_through(NOW + timedelta(seconds=29))
    assert breaker.lets_through(NOW + timedelta(seconds=30))
    assert breaker.after_failure(NOW).open_until == NOW + timedelta(seconds=60)


def test_one_success_and_all_is_forgotten() -> None:
    assert Breaker(9, NOW).after_success() == Breaker()


@given(st.integers(0, 5000))
def test_no_gateway_is_let_alone_for_ever(failures: int) -> None:
    assert Breaker(failures).after_failure(NOW).lets_through(NOW + Breaker.LONGEST)


HOURS = st.integers(-1000, 1000).map(lambda hours: timedelta(hours=hours))


@given(HOURS, HOURS, st.integers(1, 1000))
def test_no_invitation_is_put_off_past_the_half_of_its_window(free: timedelta, late: timedelta, length: int) -> None:
    """C2"""
    opens_at, closes_at = NOW, NOW + timedelta(hours=length)
    until = deferred_until(NOW + free, opens_at=opens_at, closes_at=closes_at, now=NOW + late)
    if until is not None:
        assert NOW + late < until <= opens_at + (closes_at - opens_at) / 2


def test_an_invitation_waits_for_room_and_no_longer() -> None:
    """C2"""
    closes_at = NOW + timedelta(days=10)
    assert deferred_until(NOW + timedelta(days=2), opens_at=NOW, closes_at=closes_at, now=NOW) == NOW + timedelta(
        days=2
    )
    assert deferred_until(NOW + timedelta(days=9), opens_at=NOW, closes_at=closes_at, now=NOW) == NOW + timedelta(
        days=5
    )
    assert deferred_until(NOW, opens_at=NOW, closes_at=closes_at, now=NOW) is None
