"""At what hour a notice may come, and how many leave at once. Pure.

Computed on the Swedish wall clock, so that nine o'clock is nine o'clock in summer and in winter. The holidays are given
by the caller.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# Longer than any row of days off.
_LONGEST_WAIT = 30


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when, on the wall clock. ``until`` is the first moment that is too late; midnight is the day's
    end."""

    since: time
    until: time

    def __post_init__(self) -> None:
        if self.until != time(0) and self.since >= self.until:
            raise ValueError("the hours must begin before they end")

    def holds(self, moment: time) -> bool:
        return moment >= self.since and (self.until == time(0) or moment < self.until)


@dataclass(frozen=True, slots=True)
class Decency:
    """When a notice may reach somebody: in the operator's hours, or in those that the patient wants instead.

    ``every_day``: on weekends and holidays too.
    """

    hours: Hours = Hours(time(8), time(20))
    every_day: bool = False

    def narrowed(self, own: Hours | None, *, every_day: bool | None = None) -> "Decency":
        """By the patient's own hours and wish about weekends, where there are any."""
        return Decency(own or self.hours, self.every_day if every_day is None else every_day)


def next_decent_moment(
    at: datetime, decency: Decency, *, is_working_day: Callable[[date], bool], before: datetime | None = None
) -> datetime | None:
    """``at`` itself where it is decent, or else the next moment that is.

    Where that would not be ``before`` (the window's end), a day off will do rather than silence; None where not even
    that is left.
    """

    def any_day(_: date) -> bool:
        return True

    found = _next(at, decency.hours, any_day if decency.every_day else is_working_day)
    if before is not None and found >= before:
        found = _next(at, decency.hours, any_day)
    return found if before is None or found < before else None


def _next(at: datetime, hours: Hours, may_be: Callable[[date], bool]) -> datetime:
    local = at.astimezone(STOCKHOLM)
    if may_be(local.date()) and hours.holds(local.time()):
        return at
    for days in range(_LONGEST_WAIT):
        day = local.date() + timedelta(days=days)
        for beginning in _beginnings(day, hours) if may_be(day) else ():
            if beginning > at:
                return beginning
    raise ValueError("no working day within a month")


def _beginnings(day: date, hours: Hours) -> list[datetime]:
    """When the hours begin on that day: twice where the clock is put back over it, and maybe never where it is put
    forward."""
    wall = datetime.combine(day, hours.since, tzinfo=STOCKHOLM)
    moments = [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return sorted(one for one in moments if hours.holds(one.astimezone(STOCKHOLM).time()))


def spread(key: str, over: timedelta) -> timedelta:
    """A delay below ``over`` that is always the same for a key: many notices that fall due at once leave one by one."""
    share = int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
    return over * share
