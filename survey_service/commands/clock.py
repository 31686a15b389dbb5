"""`survey clock`: travel in time in the demonstration on this machine, and nowhere else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from survey_service.demo.clock import MovedClock
from survey_service.demo.environment import DemoFolder
from survey_service.foundation.clock import STOCKHOLM, at_local_time
from survey_service.foundation.services import Services

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
# Further on, the windows of every protocol of the demonstration have closed.
_FURTHEST = timedelta(days=5 * 366)

_folder = click.option("--folder", default=Path(".data/demo"), show_default=True, type=click.Path(path_type=Path))


@click.group()
def clock() -> None:
    """The demonstration's clock: invitations, reminders and windows follow it."""


@clock.command()
@_folder
def show(folder: Path) -> None:
    """Show what time it is there."""
    with _running(folder) as (_services, moved):
        _say(moved)


@clock.command()
@click.argument("step")
@_folder
def forward(step: str, folder: Path) -> None:
    """Go forward by STEP, such as 36h, 30d or 52w: what falls due on the way is done on its day."""
    length = _length(step)
    with _running(folder) as (services, moved):
        _travel(services, moved, moved() + length)


@clock.command("set")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_folder
def set_(day: datetime, folder: Path) -> None:
    """Go forward to noon of DAY, a date such as 2027-06-01."""
    with _running(folder) as (services, moved):
        _travel(services, moved, at_local_time(date(day.year, day.month, day.day), time(12)))


@clock.command("back-to-now")
@_folder
def back_to_now(folder: Path) -> None:
    """Let it be the real time again. What was done meanwhile stays done, dated as it was."""
    from survey_service.worker import create_worker

    with _running(folder) as (services, moved):
        moved.back_to_now()
        create_worker(services).come_round()
        _say(moved)


def _travel(services: Services, moved: MovedClock, until: datetime) -> None:
    from survey_service.demo.travel import travel

    if until < moved():
        raise click.ClickException("That is in the past. To the real time: survey clock back-to-now.")
    if until > moved.real() + _FURTHEST:
        raise click.ClickException("That is more than five years ahead.")
    days = travel(services, moved, until, progress=lambda _at: click.echo(".", nl=False, err=True))
    click.echo("", err=True)
    _say(moved)
    click.echo(f"Jobs fell due on {days} days. Sign in again: who was signed in before has been signed out.")


def _length(step: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", step)
    if found is None:
        raise click.BadParameter("Write a number with h, d or w: 36h, 30d, 52w.", param_hint="STEP")
    return int(found[1]) * _UNITS[found[2]]


def _say(moved: MovedClock) -> None:
    days = moved.offset / timedelta(days=1)
    ahead = "the real time" if not moved.offset else f"{days:.1f} days ahead of the real time"
    click.echo(f"In the demonstration it is {moved().astimezone(STOCKHOLM):%Y-%m-%d %H:%M}, {ahead}.")


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Services, MovedClock]]:
    """The services of the demonstration that runs on the folder. What its jobs log goes into its own log."""
    from survey_service.demo.supervisor import running_settings
    from survey_service.foundation.logging import configure_logging
    from survey_service.wiring import build_services

    where = DemoFolder(folder.resolve())
    services = build_services(running_settings(where))
    with where.log.open("a", encoding="utf-8") as log:
        configure_logging(json=False, to=log)
        try:
            yield services, MovedClock(where.clock)
        finally:
            services.db.close()
            services.keys.close()
