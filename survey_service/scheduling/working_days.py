"""Days on which care units are staffed: no weekend and no Swedish holiday. Pure."""

from datetime import date, timedelta
from functools import cache

import holidays

_SATURDAY = 5


def is_working_day(day: date) -> bool:
    """Midsummer Eve, Christmas Eve and New Year's Eve are days off too: by agreement, not by law."""
    return day.weekday() < _SATURDAY and day not in _days_off(day.year)


def next_working_day(day: date) -> date:
    """The day itself where it is one, or else the next."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@cache
def _days_off(year: int) -> frozenset[date]:
    calendar = holidays.country_holidays(
        "SE", years=year, include_sundays=False, categories=(holidays.PUBLIC, holidays.DE_FACTO)
    )
    return frozenset(calendar)
