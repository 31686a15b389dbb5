"""`survey instruments licence|labels|wording`: licences, the rights-holders' labels, and what ships with the service.

Thin entries to `licensing`, `languages` and `translations`. For operators, with the service's settings.
"""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from instruments import Instrument, Respondent
from survey_service.access.queries import all_providers, all_units
from survey_service.commands.console import load_instrument, operator_services, own_folder, print_table, refusals
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.languages.use_cases import Acceptance, accept_labels, seed_wordings
from survey_service.licensing.queries import evidence, recorded_licences
from survey_service.licensing.rules import Mode, UseOfAnswers, state
from survey_service.licensing.use_cases import Document, NewLicence, add_licence, withdraw_licence
from translations.catalogue import wordings_at_hand
from translations.label_preview import as_html, as_text, preview
from translations.label_xlsx import write_xlsx
from translations.labels import CheckedLabels, load_labels, template, write_csv

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def licence() -> None:
    """Licences: which provider may use which instrument, for what, until when."""


@licence.command("add")
@click.option("--provider", "provider_hsa", required=True, metavar="HSA-ID", help="The licensee's care provider.")
@click.option("--unit", "unit_hsa", metavar="HSA-ID", help="Only this unit of it.")
@click.option("--instrument", required=True)
@click.option("--version", help="Only this version of the instrument.")
@click.option("--purpose", required=True, type=click.Choice([each.value for each in UseOfAnswers]))
@click.option("--language", "languages", required=True, multiple=True, help="Such as sv; may be repeated.")
@click.option("--mode", "modes", required=True, multiple=True, type=click.Choice([each.value for each in Mode]))
@click.option("--from", "valid_from", required=True, type=_DAY, help="The first day.")
@click.option("--until", "valid_until", type=_DAY, help="The last day; without it, no end.")
@click.option("--licensee", required=True, help="As the agreement names it.")
@click.option("--reference", required=True, help="The rights-holder's number of the agreement.")
@click.option("--evidence", "file", required=True, type=_FILE, help="The agreement, kept with the licence.")
@click.option("--recorded-by", required=True, help="Who enters it.")
def add(
    provider_hsa: str,
    unit_hsa: str | None,
    instrument: str,
    version: str | None,
    purpose: str,
    languages: tuple[str, ...],
    modes: tuple[str, ...],
    valid_from: datetime,
    valid_until: datetime | None,
    licensee: str,
    reference: str,
    file: Path,
    recorded_by: str,
) -> None:
    """Record a licence, and print its id. It never changes: correct it by withdrawing it and adding another."""
    with operator_services() as services:
        provider_id, unit_id = _organisation(services, provider_hsa, unit_hsa)
        new = NewLicence(
            provider_id=provider_id,
            unit_id=unit_id,
            instrument=instrument,
            instrument_version=version,
            purpose=UseOfAnswers(purpose),
            locales=frozenset(languages),
            modes=frozenset(map(Mode, modes)),
            valid_from=valid_from.date(),
            valid_until=valid_until.date() if valid_until else None,
            licensee=licensee,
            reference=reference,
            evidence=_document(file),
            recorded_by=recorded_by,
        )
        click.echo(str(add_licence(services, new)))


@licence.command("list")
@click.option("--instrument", help="Only of this instrument.")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def list_(instrument: str | None, as_json: bool) -> None:
    """Every licence, and where it stands today."""
    with operator_services() as services:
        with services.db.transaction(as_=Operator()) as connection:
            found = recorded_licences(connection, instrument)
            providers, units = all_providers(connection), all_units(connection)
        today = local_day(services.clock())
        rows = [
            {
                "id": one.id,
                "provider": providers[one.provider_id].hsa_id,
                "unit": units[one.unit_id].hsa_id if one.unit_id else None,
                "instrument": one.instrument,
                "version": one.instrument_version,
                "purpose": one.purpose,
                "languages": sorted(one.locales),
                "modes": sorted(one.modes),
                "from": one.valid_from,
                "until": one.valid_until,
                "state": state(one, today),
                "licensee": one.licensee,
                "reference": one.reference,
            }
            for one in found
        ]
    print_table(rows, as_json=as_json)


@licence.command("withdraw")
@click.argument("licence_id", type=click.UUID)
@click.option("--reason", required=True)
@click.option("--by", required=True, help="Who withdraws it.")
def withdraw(licence_id: UUID, reason: str, by: str) -> None:
    """End a licence now. Surveys that patients have begun may be finished."""
    with operator_services() as services:
        withdraw_licence(services, licence_id, reason=reason, by=by)
    click.echo("The licence is withdrawn.")


@licence.command("evidence")
@click.argument("licence_id", type=click.UUID)
@click.argument("output", type=_NEW_FILE)
def evidence_(licence_id: UUID, output: Path) -> None:
    """Write the agreement that a licence rests on to OUTPUT."""
    with operator_services() as services:
        with services.db.transaction(as_=Operator()) as connection:
            found = evidence(connection, licence_id)
        if found is None:
            raise BadInput("There is no such licence.")
        output.write_bytes(found[1])
    click.echo(f"{found[0]}, {len(found[1]):,} bytes")


@click.group()
def labels() -> None:
    """The rights-holder's wording: a template to fill in, a preview, acceptance."""


@labels.command("template")
@click.argument("instrument_id", metavar="INSTRUMENT")
@click.option("--version", help="The newest, unless given.")
@click.option("--output", required=True, type=_NEW_FILE, help="A .csv or .xlsx file.")
@own_folder
def template_(instrument_id: str, version: str | None, output: Path, folder: Path | None) -> None:
    """Write a table of every part to be worded, with what it means and how much room it has."""
    with refusals():
        instrument, wordings = load_instrument(folder, instrument_id, version)
        concepts = {context: text for each in wordings for context, text in each.concepts.items()}
        rows = template(instrument, concepts)
        if output.suffix.lower() == ".xlsx":
            write_xlsx(rows, output)
        elif output.suffix.lower() == ".csv":
            output.write_text(write_csv(rows), encoding="utf-8-sig", newline="")
        else:
            raise BadInput("The template is a .csv or an .xlsx file.")
    click.echo(f"{len(rows) - 1} parts to be worded")


@labels.command("preview")
@click.argument("instrument_id", metavar="INSTRUMENT")
@click.argument("file", type=_FILE)
@click.option("--version", help="The newest, unless given.")
@click.option("--language", required=True, help="Such as sv.")
@click.option("--language-version", required=True, help="The rights-holder's code, as the footer has it.")
@click.option("--respondent", default="self", show_default=True, type=click.Choice([each.value for each in Respondent]))
@click.option("--html", type=_NEW_FILE, help="Write it as a page too, for those who are to look at it.")
@own_folder
def preview_(
    instrument_id: str,
    file: Path,
    version: str | None,
    language: str,
    language_version: str,
    respondent: str,
    html: Path | None,
    folder: Path | None,
) -> None:
    """Check the labels in FILE and show them beside their concepts and the demonstration wording."""
    with refusals():
        instrument, wordings = load_instrument(folder, instrument_id, version)
        checked = _checked(file, instrument, language, language_version, respondent)
        shown = preview(instrument, checked, wordings)
    if html is not None:
        html.write_text(as_html(shown), encoding="utf-8")
    click.echo(as_text(shown), nl=False)


@labels.command("accept")
@click.argument("instrument_id", metavar="INSTRUMENT")
@click.argument("file", type=_FILE)
@click.option("--version", help="The newest, unless given.")
@click.option("--language", required=True)
@click.option("--language-version", required=True)
@click.option("--respondent", default="self", show_default=True, type=click.Choice([each.value for each in Respondent]))
@click.option("--hash", "content_hash", required=True, help="What the preview ended with.")
@click.option("--licence", "licence_id", required=True, type=click.UUID)
@click.option("--certificate", required=True, type=_FILE, help="The rights-holder's certificate of the translation.")
@click.option("--accepted-by", required=True, help="Who has looked at the preview.")
def accept(
    instrument_id: str,
    file: Path,
    version: str | None,
    language: str,
    language_version: str,
    respondent: str,
    content_hash: str,
    licence_id: UUID,
    certificate: Path,
    accepted_by: str,
) -> None:
    """Enter the labels of FILE as approved wording. Nobody can change it from then on."""
    with operator_services() as services:
        instrument = services.library.find(instrument_id, version)
        checked = _checked(file, instrument, language, language_version, respondent)
        acceptance = Acceptance(
            content_hash=content_hash,
            licence_id=licence_id,
            certificate=_document(certificate),
            accepted_by=accepted_by,
        )
        wording_id = accept_labels(services, checked, acceptance)
    click.echo(str(wording_id))


@click.group()
def wording() -> None:
    """The wording that ships with the service."""


@wording.command()
def seed() -> None:
    """Enter only the wording for patients that ships; `survey translations seed` does this too."""
    with operator_services() as services:
        new = seed_wordings(services, wordings_at_hand(services.library, services.settings.instruments))
    click.echo(f"{new} wordings are new.")


def _organisation(services: Services, provider_hsa: str, unit_hsa: str | None) -> tuple[UUID, UUID | None]:
    with services.db.transaction(as_=Operator()) as connection:
        providers = {one.hsa_id: one for one in all_providers(connection).values()}
        units = {one.hsa_id: one for one in all_units(connection).values()}
    if provider_hsa not in providers:
        raise BadInput(f"There is no care provider {provider_hsa} here.")
    provider_id = providers[provider_hsa].id
    if unit_hsa is None:
        return provider_id, None
    if unit_hsa not in units or units[unit_hsa].provider_id != provider_id:
        raise BadInput(f"{provider_hsa} has no unit {unit_hsa} here.")
    return provider_id, units[unit_hsa].id


def _checked(file: Path, instrument: Instrument, language: str, language_version: str, who: str) -> CheckedLabels:
    return load_labels(file, instrument, locale=language, language_version=language_version, respondent=Respondent(who))


def _document(file: Path) -> Document:
    return Document(file.name, file.read_bytes())
