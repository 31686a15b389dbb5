"""Days on which care units are staffed: no weekend and no Swedish holiday. Pure."""

from datetime import date, timedelta
from functools import cache

import holidays

_FRIDAY, _SATURDAY = 4, 5
# Christmas Eve and New Year's Eve: days off by agreement, not by law. Midsummer Eve is the third.
_EVES = frozenset({(12, 24), (12, 31)})


def is_working_day(day: date) -> bool:
    is_midsummer_eve = day.month == 6 and day.weekday() == _FRIDAY and 19 <= day.day <= 25
    is_eve = is_midsummer_eve or (day.month, day.day) in _EVES
    return day.weekday() < _SATURDAY and not is_eve and day not in _public_holidays(day.year)


def next_working_day(day: date) -> date:
    """The day itself where it is one, or else the next."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@cache
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("SE", years=year))
