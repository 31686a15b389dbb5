"""How much is asked of one person: over all who ask, an invitation waits while there have been many. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many invitations in so long a time."""

    most: int = 6
    period: timedelta = timedelta(days=30)


def deferred_until(free_at: datetime, *, opens_at: datetime, closes_at: datetime, now: datetime) -> datetime | None:
    """Until when an invitation waits that would be one too many; None when it can wait no longer.

    It waits for ``free_at``, when the limit has room again, but no longer than the first half of its window: the other
    half is for answering.
    """
    latest = opens_at + (closes_at - opens_at) / 2
    until = min(free_at, latest)
    return until if until > now else None
