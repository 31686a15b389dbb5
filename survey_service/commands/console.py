"""What the operators' commands have in common: aligned tables, one-line refusals, the services they act on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from instruments import Instrument, InstrumentsError, Library
from survey_service.access.queries import commission_in_force
from survey_service.errors import BadInput, SurveyServiceError
from survey_service.foundation.principals import Operator, Staff
from survey_service.foundation.services import Services
from survey_service.interop.errors import InteropError
from survey_service.settings import Settings, SettingsError
from translations.catalogue import InstrumentWording, wordings_at_hand
from translations.exchange.bundle import NotExchangeable
from translations.labels import LabelsRefused
from translations.po import WordingError

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
own_folder = click.option(
    "--folder", type=FOLDER, envvar="SURVEY_INSTRUMENTS", help="Instruments of your own beside those that ship."
)


@contextmanager
def refusals() -> Iterator[None]:
    """Say what was refused in one line, or one line for each problem, and end with exit code 1."""
    try:
        yield
    except LabelsRefused as refused:
        raise click.ClickException("\n".join(f"{refused.file}: {problem}" for problem in refused.problems)) from None
    except (
        SurveyServiceError,
        SettingsError,
        InstrumentsError,
        WordingError,
        InteropError,
        NotExchangeable,
    ) as refused:
        raise click.ClickException(str(refused)) from None


@contextmanager
def operator_services() -> Iterator[Services]:
    """The services, wired from the environment, for one command."""
    from survey_service.wiring import build_services

    with refusals():
        services = build_services(Settings.from_environment())
        try:
            yield services
        finally:
            services.db.close()
            services.keys.close()


def load_instruments(folder: Path | None) -> tuple[Library, tuple[InstrumentWording, ...]]:
    """What ships, and what is in a folder of the operator's own."""
    library = Library.at_hand(folder)
    return library, wordings_at_hand(library, folder)


def load_instrument(
    folder: Path | None, id_: str, version: str | None
) -> tuple[Instrument, tuple[InstrumentWording, ...]]:
    """One instrument, the newest unless a version is named, and the wordings of that version."""
    library, wordings = load_instruments(folder)
    found = library.find(id_, version)
    return found, tuple(one for one in wordings if (one.instrument, one.version) == (found.id, found.version))


def print_table(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Rows of the same columns, aligned for people; or as JSON for a script."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    if not rows:
        click.echo("None.")
        return
    lines = [tuple(rows[0]), *(tuple(_plain(value) for value in row.values()) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _plain(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def staff_at(services: Services, staff_hsa: str, unit_hsa: str) -> Staff:
    """A member of staff under the commission at a unit, in whose name something is done. Raises ``BadInput``."""
    with services.db.transaction(as_=Operator()) as connection:
        found = commission_in_force(connection, staff_hsa_id=staff_hsa, unit_hsa_id=unit_hsa, now=services.clock())
    if found is None:
        raise BadInput("Nobody of that HSA id has a commission at that unit that is in force.")
    return found
