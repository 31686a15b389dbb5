"""`survey enrol` and `survey theatre-list`: patients from a file, in the name of a member of staff.

Thin entries to `scheduling.listing`, for operators and for what runs at night, with the service's settings.
"""

import csv
from collections import Counter
from pathlib import Path

import click

from survey_service.commands.console import operator_services, staff_at
from survey_service.scheduling.listing import RowOutcome, enrol_list, protocol_called
from survey_service.scheduling.lists import read_list

_MOST_LINES = 50
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_as = click.option("--as", "staff_hsa", required=True, metavar="HSA-ID", help="In whose name: a member of staff.")
_unit = click.option("--unit", "unit_hsa", required=True, metavar="HSA-ID", help="The unit that asks.")
_protocol = click.option("--protocol", required=True, metavar="CODE", help="The code of the care protocol.")
_report = click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write a CSV line for each row."
)


@click.command()
@_file
@_as
@_unit
@_protocol
@_report
@click.option("--check", is_flag=True, help="Say what would become of each row, and write nothing.")
def enrol(file: Path, staff_hsa: str, unit_hsa: str, protocol: str, report: Path | None, *, check: bool) -> None:
    """Enrol every patient of FILE. Run it again as often as you like: nobody is enrolled twice."""
    _run(file, staff_hsa, unit_hsa, protocol, report, apply=not check)


@click.command("theatre-list")
@_file
@_as
@_unit
@_protocol
@_report
def theatre_list(file: Path, staff_hsa: str, unit_hsa: str, protocol: str, report: Path | None) -> None:
    """Take in the nightly list of a theatre or a clinic: new events, moved, cancelled, and those of another side."""
    _run(file, staff_hsa, unit_hsa, protocol, report, apply=True)


def _run(file: Path, staff_hsa: str, unit_hsa: str, protocol: str, report: Path | None, *, apply: bool) -> None:
    with operator_services() as services:
        as_ = staff_at(services, staff_hsa, unit_hsa)
        chosen = protocol_called(services, protocol, as_=as_)
        told = list(enrol_list(services, read_list(file.read_bytes()), chosen, apply=apply, as_=as_))
    rows = [(one.line, one.outcome.value, one.why % (one.values or {}), one.enrolment_id or "") for one in told]
    if report is not None:
        with report.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([("line", "outcome", "why", "enrolment"), *rows])
    refused = [(line, why) for line, outcome, why, _ in rows if outcome == RowOutcome.REFUSED]
    for line, why in refused[:_MOST_LINES]:
        click.echo(f"line {line}: {why}")
    counted = Counter(one.outcome for one in told)
    for outcome in RowOutcome:
        click.echo(f"{outcome.value:<28}{counted[outcome]:>10}")
    if not apply:
        click.echo("Nothing was written: this was a check.")
    if refused:
        raise SystemExit(1)
