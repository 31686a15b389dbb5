"""The ``survey`` command line: thin entries to what others do."""

import json
import os
import sys
from pathlib import Path
from time import monotonic
from typing import TextIO

import click

import migrations
from instruments import InstrumentsError, Library
from survey_service.commands.administrators import administrators
from survey_service.commands.cat import cat
from survey_service.commands.catalogue import catalogue
from survey_service.commands.clock import clock
from survey_service.commands.comparisons import comparisons
from survey_service.commands.deliveries import deliveries
from survey_service.commands.enrolment import enrol, theatre_list
from survey_service.commands.eq5d import eq5d
from survey_service.commands.erasures import erasures
from survey_service.commands.fhir import fhir
from survey_service.commands.history import history
from survey_service.commands.instruments import instruments
from survey_service.commands.notifications import notifications
from survey_service.commands.protocols import protocols
from survey_service.commands.register_coverage import coverage
from survey_service.commands.registers import agreements, registers
from survey_service.commands.translations import translations
from survey_service.demo.environment import DemoFolder
from survey_service.settings import Settings, SettingsError

_DEMO_FOLDER = Path(".data/demo")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Patient-reported surveys: care first with a receipt, registers second as consumers."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8400, show_default=True)
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=4, show_default=True, help="Threads in each process.")
def web(host: str, port: int, processes: int, threads: int) -> None:
    """Serve the pages and the interface (gunicorn). Settings come from SURVEY_* variables."""
    from survey_service.wiring import refuse_another_deployment

    settings = _settings()
    try:
        refuse_another_deployment(settings)
    except SettingsError as refused:
        raise click.ClickException(str(refused)) from None
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", str(processes)]
    command += ["--threads", str(threads), "--bind", f"{host}:{port}", "--log-level", "warning"]
    # The shared-memory heartbeat on disk can stall a worker in a container.
    command += ["--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else []  # noqa: S108  # because it is that file system
    os.execv(sys.executable, [*command, "survey_service.app:create_app_from_environment()"])  # noqa: S606  # because the command is ours


@main.command()
@click.option("--until-idle", is_flag=True, help="Stop when no job is due.")
def worker(until_idle: bool) -> None:
    """Run jobs: invitations, deliveries, alarms, releases, housekeeping."""
    from survey_service.foundation.logging import configure_logging
    from survey_service.wiring import build_services
    from survey_service.worker import ask_to_send, create_worker

    settings = _settings()
    configure_logging(json=settings.json_logs)
    try:
        services = build_services(settings)
    except SettingsError as refused:
        raise click.ClickException(str(refused)) from None
    ask_to_send(services)
    create_worker(services).run(until_idle=until_idle)


@main.group()
def database() -> None:
    """Prepare and migrate the databases."""


@database.command()
@click.option(
    "--admin-url", required=True, envvar="SURVEY_ADMIN_DATABASE_URL", help="As an administrator of the cluster."
)
@click.option("--main", "main_name", default="survey", show_default=True)
@click.option("--keys", "keys_name", default="survey_keys", show_default=True)
def prepare(admin_url: str, main_name: str, keys_name: str) -> None:
    """Create roles and databases where they are missing."""
    migrations.prepare_cluster(admin_url, main=main_name, keys=keys_name)
    click.echo("Roles and databases are in place.")


@database.command()
@click.option(
    "--owner-url", required=True, envvar="SURVEY_OWNER_DATABASE_URL", help="The service's database, as its owner."
)
@click.option("--keys-owner-url", required=True, envvar="SURVEY_KEYS_OWNER_DATABASE_URL", help="The key store's.")
@click.option("--demonstration", is_flag=True, help="The database is for a demonstration, and will never be for more.")
def migrate(owner_url: str, keys_owner_url: str, demonstration: bool) -> None:
    """Bring both databases up to date, as their owner; and, the first time, say what the service's is for.

    Without --demonstration it is for real use, for ever: the database itself then refuses demonstration wording, and
    the rights-holder's wording without a licence.
    """
    migrations.upgrade(owner_url, migrations.MAIN)
    migrations.upgrade(keys_owner_url, migrations.KEYS)
    try:
        is_demonstration = migrations.declare(owner_url, demonstration=demonstration)
    except migrations.RealDatabase as refused:
        raise click.ClickException(str(refused)) from None
    kind = "a demonstration" if is_demonstration else "real use"
    click.echo(f"Both databases are up to date. The service's is for {kind}.")


@main.command()
def openapi() -> None:
    """Print the OpenAPI document of the interface: docs/openapi.json is this."""
    from survey_service.app import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, ensure_ascii=False))


@main.group()
def register() -> None:
    """What a register's client does."""


@register.command()
@click.option("--client", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--cursor", help="Where the last pull ended.")
@click.option("--purpose", default="PDL-7:4", show_default=True)
def pull(file: Path, cursor: str | None, purpose: str) -> None:
    """Pull released results: one JSON line for each entry, the cursor to go on from on standard error."""
    from survey_service.register_client import PullRefused, RegisterClient

    count = 0
    try:
        for page in RegisterClient.read(file).pages(cursor=cursor, purpose=purpose):
            for entry in page["entries"]:
                click.echo(json.dumps(entry, ensure_ascii=False))
                count += 1
            cursor = page["next_cursor"]
    except PullRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{count} entries. Go on with --cursor {cursor}", err=True)


@main.command()
@click.option("--folder", default=_DEMO_FOLDER, show_default=True, type=click.Path(path_type=Path))
@click.option(
    "--port", default=8400, show_default=True, type=click.IntRange(1, 65_532), help="The first of four ports."
)
@click.option("--reset", "afresh", is_flag=True, help="Forget the data of earlier runs, and stop.")
def demo(folder: Path, port: int, afresh: bool) -> None:
    """Run the whole service on this machine, with made-up people."""
    from survey_service.demo.environment import Ports
    from survey_service.demo.supervisor import reset, run_demo

    where = DemoFolder(folder.resolve())
    if afresh:
        reset(where)
        click.echo("The demonstration's earlier data is gone.")
        return
    run_demo(where, Ports(port))


@main.command()
@click.argument("responses", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--instrument", "instrument_id", required=True, help="An adaptive instrument, such as promis-anxiety.")
@click.option("--limit", type=click.IntRange(min=1), help="Play only so many rows.")
@click.option("--at-once", default=4, show_default=True, type=click.IntRange(1, 32), help="Respondents at a time.")
@click.option("--output", type=click.File("w", encoding="utf-8"), help="Write one CSV row for each respondent.")
@click.option("--folder", default=_DEMO_FOLDER, show_default=True, type=click.Path(path_type=Path))
def replay(
    responses: Path, instrument_id: str, limit: int | None, at_once: int, output: TextIO | None, folder: Path
) -> None:
    """Play RESPONSES.csv (person, then a column for each item) as patients through the running demonstration."""
    from requests import RequestException

    from survey_service.demo.supervisor import replay_target
    from survey_service.register_client import PullRefused
    from survey_service.replay import ReplayFailed, read_respondents, summary, write_outcomes
    from survey_service.replay import replay as play

    try:
        instrument = Library.load().latest(instrument_id)
        rows = read_respondents(responses, instrument)[:limit]
        respondents = [row for row in rows if row.has_answered]
        if len(respondents) < len(rows):
            click.echo(f"Left out: {len(rows) - len(respondents)} rows without any answer.", err=True)
        target = replay_target(DemoFolder(folder.resolve()), instrument)
        started = monotonic()
        with click.progressbar(length=len(respondents), label="Respondents", file=sys.stderr) as bar:
            outcomes = play(
                target,
                respondents,
                instrument,
                at_once=at_once,
                progress=lambda _answers: bar.update(1),
            )
    except (ReplayFailed, PullRefused, InstrumentsError) as failed:
        raise click.ClickException(str(failed)) from None
    except RequestException:
        raise click.ClickException("The demonstration stopped answering. What was answered is kept there.") from None
    if output is not None:
        write_outcomes(outcomes, output)
    for name, figure in summary(outcomes, seconds=monotonic() - started):
        click.echo(f"{name:<28}{figure:>10}")


main.add_command(administrators)
main.add_command(agreements)
main.add_command(cat)
main.add_command(catalogue)
main.add_command(enrol)
main.add_command(theatre_list)
main.add_command(clock)
main.add_command(comparisons)
main.add_command(erasures)
main.add_command(deliveries)
main.add_command(eq5d)
main.add_command(fhir)
main.add_command(history)
main.add_command(instruments)
main.add_command(notifications)
main.add_command(protocols)
main.add_command(registers)
registers.add_command(coverage)
main.add_command(translations)


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as missing:
        raise click.ClickException(str(missing)) from None


if __name__ == "__main__":
    main()
