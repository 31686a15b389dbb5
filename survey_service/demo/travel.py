"""Travelling in a demonstration: from one day on which something is due to the next, its jobs run on the way.

One leap would pass over what opens and closes on the way: nobody is invited to what is over. What comes round by the
clock is asked of the worker, which knows all of it.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from survey_service.access.queries import all_providers
from survey_service.demo.clock import MovedClock
from survey_service.demo.life import live
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.scheduling.queries import next_opening
from survey_service.worker import create_worker, hasten

# By then everything of a day has fallen due; notices still leave.
_EVENING = time(19, 30)
# What comes round by the clock looks back some weeks and no further.
_LONGEST_STEP = timedelta(days=7)
_NEXT = sa.text("SELECT min(scheduled_at) FROM jobs.procrastinate_jobs WHERE status = 'todo' AND scheduled_at > :now")


def travel(services: Services, clock: MovedClock, until: datetime, *, progress: Callable[[datetime], None]) -> int:
    """Go forward to ``until``; returns on how many days there was something to do."""
    worker = create_worker(services)
    days = 0
    while (before := clock()) < until:
        due = _next_due(services)
        next_ = before + _LONGEST_STEP if due is None else min(due, before + _LONGEST_STEP)
        evening = at_local_time(local_day(next_), _EVENING)
        now = min(max(next_, evening), until)
        clock.move_to(now)
        live(services, before, now)
        worker.come_round(has_arrived=now >= until)
        hasten(services)
        worker.run(until_idle=True)
        days += due is not None and due <= now
        progress(now)
    return days


def _next_due(services: Services) -> datetime | None:
    """When the next job falls due, or the next occasion opens. Reminders on the way are sent where the step ends."""
    now = services.clock()
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        due = [connection.execute(_NEXT, {"now": now}).scalar_one()]
        providers = list(all_providers(connection))
    for provider_id in providers:
        with services.db.transaction(as_=System(provider_id)) as connection:
            due.append(next_opening(connection, now))
    return min((one for one in due if one is not None), default=None)
