"""Travelling in a demonstration: from one day on which something is due to the next, its jobs run on the way.

One leap would pass over what opens and closes on the way: nobody is invited to what is over.
"""

from collections.abc import Callable
from datetime import datetime, time

import sqlalchemy as sa

from survey_service.delivery.jobs import watch
from survey_service.demo.clock import MovedClock
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.insight.jobs import make_all_figures
from survey_service.worker import create_worker, hasten, prepare_partitions

# By then everything of a day has fallen due.
_EVENING = time(20, 0)
_NEXT = sa.text("SELECT min(scheduled_at) FROM jobs.procrastinate_jobs WHERE status = 'todo' AND scheduled_at > :now")


def travel(services: Services, clock: MovedClock, until: datetime, *, progress: Callable[[datetime], None]) -> int:
    """Go forward to ``until``; returns on how many days there was something to do."""
    worker = create_worker(services)
    days = 0
    while (due := _next_due(services)) is not None and due <= until:
        evening = at_local_time(local_day(due), _EVENING)
        clock.move_to(min(max(due, evening), until))
        prepare_partitions(services)
        hasten(services)
        worker.run(until_idle=True)
        days += 1
        progress(clock())
    arrive(services, clock, until)
    return days


def arrive(services: Services, clock: MovedClock, moment: datetime) -> None:
    """It is this moment; what comes round by the clock has just come round."""
    clock.move_to(moment)
    come_round(services)


def come_round(services: Services) -> None:
    prepare_partitions(services)
    watch(services)
    make_all_figures(services)


def _next_due(services: Services) -> datetime | None:
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        found: datetime | None = connection.execute(_NEXT, {"now": services.clock()}).scalar_one()
    return found
