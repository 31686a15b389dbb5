"""`survey history check|import`: what a register held of earlier results, into the provider's store.

Thin entries to `history.use_cases`, for operators, with the service's settings. A file is taken in in the name of a
member of staff with a commission at the unit: the database holds it to that provider.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from survey_service.commands.console import operator_services, staff_at
from survey_service.history.rules import Outcome
from survey_service.history.use_cases import RowReport, check_history, import_history

_MOST_LINES = 50
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_as = click.option("--as", "staff_hsa", required=True, metavar="HSA-ID", help="In whose name: a member of staff.")
_unit = click.option("--unit", "unit_hsa", required=True, metavar="HSA-ID", help="The unit that will see it.")
_source = click.option("--source", required=True, help="Where the file comes from, as staff will read it.")
_report = click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write one CSV line for each row."
)


@click.group()
def history() -> None:
    """Earlier results that a register held, brought home to the provider."""


@history.command()
@_file
@_as
@_unit
@_source
@_report
def check(file: Path, staff_hsa: str, unit_hsa: str, source: str, report: Path | None) -> None:
    """Say of each row of FILE what would become of it. Writes nothing; exit code 1 where a row cannot be taken."""
    with operator_services() as services, _reporter(report) as told:
        as_ = staff_at(services, staff_hsa, unit_hsa)
        counted = check_history(services, file, source=source, told=told, as_=as_)
    _conclude(counted, "Nothing was written: this was a check.")
    if counted.get(Outcome.REFUSED) or counted.get(Outcome.DIFFERS):
        raise SystemExit(1)


@history.command(name="import")
@_file
@_as
@_unit
@_source
@_report
@click.option("--skip-bad", is_flag=True, help="Leave out rows that are refused or differ, and take the others.")
def import_(file: Path, staff_hsa: str, unit_hsa: str, source: str, report: Path | None, *, skip_bad: bool) -> None:
    """Take in every row of FILE that is new. Run it again as often as you like: nothing comes twice."""
    with operator_services() as services, _reporter(report) as told:
        as_ = staff_at(services, staff_hsa, unit_hsa)
        counted = import_history(services, file, source=source, skip_bad=skip_bad, told=told, as_=as_)
    _conclude(counted, "Done.")


@contextmanager
def _reporter(path: Path | None) -> Iterator[Callable[[RowReport], None]]:
    """Rows that are not simply taken are printed, up to a screenful; the report has every row."""
    printed = 0
    file = path.open("w", encoding="utf-8", newline="") if path else None
    writer = csv.writer(file) if file else None
    if writer:
        writer.writerow(["line", "outcome", "why", "differences"])

    def told(row: RowReport) -> None:
        nonlocal printed
        why = "; ".join([row.why, *row.differences] if row.why else row.differences)
        if writer:
            writer.writerow([row.line, row.outcome.value, row.why, "; ".join(row.differences)])
        if why and printed <= _MOST_LINES:
            printed += 1
            more = printed > _MOST_LINES
            click.echo("… and more: --report writes every row." if more else f"line {row.line}: {row.outcome}: {why}")

    try:
        yield told
    finally:
        if file:
            file.close()


def _conclude(counted: Mapping[Outcome, int], sentence: str) -> None:
    for outcome in Outcome:
        click.echo(f"{outcome.value:<28}{counted.get(outcome, 0):>10}")
    click.echo(f"Scores in the file agree with computed ones within half a unit of their last decimal. {sentence}")
