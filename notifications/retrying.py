"""When a message that was not taken is tried again, and when a gateway is left alone for a while. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from notifications.message import Format


class Failure(StrEnum):
    """What went wrong (``channels.DeliveryFailure``)."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    TECHNICAL = "technical"


def _minutes(*delays: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=one) for one in delays)


# After each failure in turn. Phones come back within seconds, mail servers that greylist within minutes.
_PLANS: Mapping[Format, Mapping[Failure, tuple[timedelta, ...]]] = {
    Format.SMS: {
        Failure.TEMPORARY: _minutes(0, 1, 5, 30, 120, 360),
        Failure.TECHNICAL: _minutes(0, 1, 5, 30, 120, 360, 360),
    },
    Format.EMAIL: {
        Failure.TEMPORARY: _minutes(5, 15, 60, 240, 480),
        Failure.TECHNICAL: _minutes(0, 1, 5, 30, 120, 360, 360),
    },
    # As the national platform tells its clients to back off: 4 s, 20 s, 5 min, 30 min; then on.
    Format.NOTE: {
        Failure.TEMPORARY: _minutes(5, 15, 60, 240, 480),
        Failure.TECHNICAL: _minutes(4 / 60, 20 / 60, 5, 30, 120, 360, 360),
    },
    Format.LETTER: {
        Failure.TEMPORARY: _minutes(60, 240, 1440),
        Failure.TECHNICAL: _minutes(1, 60, 240, 1440),
    },
}


# What a counterpart may ask for at most: more than a day is a mistake of its own.
_LONGEST_ASKED = timedelta(days=1)


def next_attempt(
    format: Format, failure: Failure, *, failed: int, at: datetime, asked: timedelta | None = None
) -> datetime | None:
    """When to try again what has failed ``failed`` times, the last at ``at``; None when it is given up.

    ``asked`` is how long the counterpart wants to be left alone (``DeliveryFailure.asked``). An address that will never
    take it is never tried again.
    """
    plan = _PLANS[format].get(failure, ())
    if not 1 <= failed <= len(plan):
        return None
    return at + max(plan[failed - 1], min(asked or timedelta(), _LONGEST_ASKED))


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether a gateway is let alone: after some failures in a row, for a time that doubles (Nygard 2018, ch. 5).

    What counts is a gateway without a sensible answer; one that refuses an address is in order.
    """

    failures: int = 0
    open_until: datetime | None = None

    TRIPS_AT: ClassVar[int] = 5
    SHORTEST: ClassVar[timedelta] = timedelta(seconds=30)
    LONGEST: ClassVar[timedelta] = timedelta(minutes=30)

    def lets_through(self, now: datetime) -> bool:
        """Whether to try: it is closed, or its time is over and one try will show."""
        return self.open_until is None or now >= self.open_until

    def after_success(self) -> "Breaker":
        return Breaker()

    def after_failure(self, now: datetime) -> "Breaker":
        failures = self.failures + 1
        if failures < self.TRIPS_AT:
            return Breaker(failures)
        pause = min(self.SHORTEST * 2 ** min(failures - self.TRIPS_AT, 10), self.LONGEST)
        return Breaker(failures, now + pause)
