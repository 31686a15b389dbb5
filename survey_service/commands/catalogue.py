"""`survey catalogue`: every variable that registers can agree on, from the live instruments. Needs no settings."""

import json
from pathlib import Path

import click

from survey_service.commands.console import load_instruments, own_folder, refusals
from survey_service.registers.catalogue import as_csv, as_json, entries


@click.command()
@own_folder
@click.option("--csv", "is_csv", is_flag=True, help="As a table; JSON otherwise.")
def catalogue(folder: Path | None, is_csv: bool) -> None:
    """Print every variable with its definition, type, unit, codes, range, version and licence."""
    with refusals():
        library, _ = load_instruments(folder)
        found = entries(library, folder)
    if is_csv:
        click.echo(as_csv(found, None), nl=False)
    else:
        click.echo(json.dumps(as_json(found, None), indent=2, ensure_ascii=False))
