"""Time as an argument. Aware datetimes in UTC inside, Europe/Stockholm at the edge."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def local_day(moment: datetime) -> date:
    """The calendar day in Sweden."""
    return moment.astimezone(STOCKHOLM).date()


def at_local_time(day: date, clock_time: time) -> datetime:
    """A Swedish wall-clock time as a moment in UTC.

    A time that the spring change skips is moved forward by the gap; of a time that comes twice in the autumn, the
    first is meant (PEP 495, fold=0).
    """
    return datetime.combine(day, clock_time, tzinfo=STOCKHOLM).astimezone(UTC)
