"""Jobs: enqueued in the business transaction, run at least once by a worker. The only importer of the job runner.

The job row is the outbox: it is committed with what it follows from, or not at all. Arguments are ids only. A job can
run twice (a worker dies after the effect and before the tick), so every job leaves the same traces when repeated.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import procrastinate
import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.foundation.logging import get_logger

# A worker that has not been heard of for this long has died; its jobs are taken up by another.
_SILENT_WORKER_SECONDS = 30
_LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Job:
    """A named piece of work. ``run`` takes the ids it was enqueued with, as keyword arguments."""

    name: str
    run: Callable[..., None]
    attempts: int = 12


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """Work that comes round by the clock (cron, UTC).

    ``is_overtaken``: what a run makes takes the place of what the one before it made.
    """

    name: str
    cron: str
    run: Callable[[], None]
    is_overtaken: bool = False


class JobFailed(Exception):
    """A job failed; its cause is in the log by type and place, never by value."""


def enqueue(connection: Connection, name: str, *, at: datetime | None = None, **ids: UUID) -> None:
    """Add a job to the transaction of ``connection``: it exists if and only if the transaction commits."""
    _deferring_app.configure_task(name, connection=connection.connection.driver_connection, schedule_at=at).defer(
        **{key: str(value) for key, value in ids.items()}
    )


# Never opened: it only writes into transactions of ours.
_deferring_app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


class Backoff(procrastinate.BaseRetryStrategy):
    """At once, then after 4, 16, 64 … seconds, at most every six hours."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> procrastinate.RetryDecision | None:
        if job.attempts + 1 >= self._attempts:
            return None
        seconds = 0 if job.attempts == 0 else min(4**job.attempts, int(_LONGEST_WAIT.total_seconds()))
        return procrastinate.RetryDecision(retry_in={"seconds": seconds})


class Worker:
    """Runs jobs until it is stopped, or until none is due."""

    def __init__(self, url: str, *, jobs: Iterable[Job], periodic: Iterable[PeriodicJob]) -> None:
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # it would print exceptions with their values
        conninfo = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo, kwargs={"options": "-c search_path=public,jobs"}, min_size=1, max_size=4
        )
        self._app = procrastinate.App(connector=connector)
        for job in jobs:
            self._app.task(name=job.name, retry=Backoff(job.attempts))(_contained(job.name, job.run))
        self.periodic = tuple(periodic)
        for repeated in self.periodic:
            task = self._app.task(name=repeated.name, queueing_lock=repeated.name)(
                _contained(repeated.name, lambda timestamp, run=repeated.run: run())
            )
            self._app.periodic(cron=repeated.cron)(task)
        self._app.periodic(cron="* * * * *")(
            self._app.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled")(self._retry_stalled)
        )

    def come_round(self, *, has_arrived: bool = True) -> None:
        """Do now, in their order, all that comes round by the clock: for a clock that is moved past their times.

        On the way, before it ``has_arrived``, without what would be overtaken.
        """
        for repeated in self.periodic:
            if has_arrived or not repeated.is_overtaken:
                repeated.run()

    def run(self, *, concurrency: int = 8, until_idle: bool = False) -> None:
        """Work until a signal comes; or, ``until_idle``, until no job is due."""
        self._app.run_worker(
            concurrency=concurrency,
            wait=not until_idle,
            listen_notify=not until_idle,
            install_signal_handlers=not until_idle,
            # For what was put off and is due now: what is due when it is enqueued wakes the worker by a notification.
            fetch_job_polling_interval=0.5,
            delete_jobs="successful",
            stalled_worker_timeout=_SILENT_WORKER_SECONDS,
        )

    async def _retry_stalled(self, timestamp: int) -> None:
        stalled = await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENT_WORKER_SECONDS)
        for job in stalled:
            await self._app.job_manager.retry_job(job)
            get_logger().warning("job.retried_after_stall", job=job.task_name)


def _contained(name: str, run: Callable[..., None]) -> Callable[..., None]:
    """``run``, with its failures logged in our way and kept out of the runner's log."""

    def contained(**ids: str) -> None:
        try:
            run(**ids)
        except Exception as error:
            get_logger().error("job.failed", job=name, exc_info=error)
            raise JobFailed(f"{name}: {type(error).__qualname__}") from None

    return contained
