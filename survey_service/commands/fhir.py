"""`survey fhir`: instruments as FHIR R4 Questionnaires, and Questionnaires as instruments.

Thin entries to `interop`, on files. They need no database and know no patients.
"""

from pathlib import Path
from typing import TextIO

import click

from instruments import Respondent
from survey_service.commands.console import load_instrument, own_folder, refusals
from survey_service.interop.folder import write_folder
from survey_service.interop.json_text import LARGEST_FILE, write_json
from survey_service.interop.questionnaire_export import questionnaire
from survey_service.interop.questionnaire_import import Wanted, read_questionnaire
from survey_service.interop.vocabulary import PROJECT
from translations.subjects import SOURCE_LOCALE

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def fhir() -> None:
    """Instruments as FHIR R4 Questionnaires, and back (docs/fhir.md)."""


@fhir.command("export")
@click.argument("instrument_id", metavar="INSTRUMENT")
@click.option("--version", help="The newest, if it is not told.")
@click.option("--language", default="", help="Of the base text; English, if it is not told and is there.")
@click.option("--respondent", default="self", show_default=True, type=click.Choice([one.value for one in Respondent]))
@click.option("--base", default=PROJECT, show_default=True, help="What the url begins with.")
@click.option("--licence-statement", default="", help="Which licence allows licensed wording to be handed out.")
@own_folder
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="Else on standard output.")
def export_command(
    instrument_id: str,
    version: str | None,
    language: str,
    respondent: str,
    base: str,
    licence_statement: str,
    folder: Path | None,
    output: TextIO,
) -> None:
    """Write INSTRUMENT as a Questionnaire in every language that it has."""
    with refusals():
        instrument, wordings = load_instrument(folder, instrument_id, version)
        own = [one for one in wordings if one.respondent == respondent]
        language = language or next((one.locale for one in own if one.locale == SOURCE_LOCALE), "")
        resource = questionnaire(
            instrument.definition, own, language=language, base=base, licence_statement=licence_statement
        )
    output.write(write_json(resource))


@fhir.command("import")
@click.argument("file", type=_FILE)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--id", "id_", default="", help="Of the instrument, instead of what the Questionnaire is called.")
@click.option("--version", default="", help="Instead of the Questionnaire's.")
@click.option("--language", default="", help="Of the base text, where the Questionnaire does not say it.")
def import_command(file: Path, folder: Path, id_: str, version: str, language: str) -> None:
    """Read the Questionnaire in FILE into a new FOLDER: definitions in data/, PO files in wording/."""
    with refusals():
        with file.open("rb") as content:
            # One byte more than is allowed is enough to be refused.
            imported = read_questionnaire(
                content.read(LARGEST_FILE + 1), Wanted(id=id_, version=version, language=language)
            )
        found = write_folder(imported, folder)
    for warning in imported.warnings:
        click.echo(f"Note: {warning}", err=True)
    for locale, parts in found.missing.items():
        if parts:
            click.echo(f"Note: {locale} has no text for {len(parts)} parts, {parts[0]} the first.", err=True)
    items, languages = len(found.definition.items), ", ".join(one.locale for one in found.wordings) or "no language"
    click.echo(
        f"{imported.id} {imported.version}: {items} items in {languages}. Compare, then move the files in place."
    )
