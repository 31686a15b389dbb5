"""`survey protocols`: care protocols as files. The form of a file is in ``docs/protocols.md``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from survey_service.access.queries import all_providers
from survey_service.commands.console import operator_services, print_table, refusals
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day, utc_now
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.scheduling.next_version import check_definition
from survey_service.scheduling.protocol_files import read_file, write_file
from survey_service.scheduling.queries import published_protocols
from survey_service.scheduling.rules import all_occasions
from survey_service.scheduling.use_cases import publish_protocol

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_file = click.argument("file", type=_FILE)
_provider = click.option("--provider", required=True, help="The provider's HSA-id.")


@click.group()
def protocols() -> None:
    """Care protocols as files: checked, published, exported."""


@protocols.command()
@_file
@click.option("--from", "anchor", type=click.DateTime(["%Y-%m-%d"]), help="Show the plan counted from this day.")
def check(file: Path, anchor: Any) -> None:
    """Say whether FILE (TOML, or JSON) can be published, and when it would ask."""
    with refusals():
        protocol = check_definition(read_definition(file))
    day = anchor.date() if anchor else local_day(utc_now())
    rows = [
        {
            "occasion": one.code,
            "opens": local_day(one.opens_at),
            "due": local_day(one.due_at),
            "closes": local_day(one.closes_at),
            "asks": [instrument.id for instrument in one.plan.instruments],
        }
        for one in all_occasions(protocol, day)
    ]
    print_table(rows, as_json=False)
    click.echo(f"{protocol.code} can be published. Counted from {day}; closed from that day on.")


@protocols.command()
@_file
@_provider
def publish(file: Path, provider: str) -> None:
    """Publish FILE for a provider. Those enrolled keep the version they have."""
    with operator_services() as services:
        publish_protocol(services, provider_id=_provider_id(services, provider), definition=read_definition(file))
    click.echo("It is published.")


@protocols.command()
@click.argument("code")
@_provider
def export(code: str, provider: str) -> None:
    """Print the newest version of a protocol as a file."""
    with operator_services() as services:
        provider_id = _provider_id(services, provider)
        with services.db.transaction(as_=System(provider_id)) as connection:
            found = [one for one in published_protocols(connection) if one.protocol.code == code]
        if not found:
            raise BadInput(f"The provider has no protocol {code}.")
        click.echo(write_file(found[0].definition), nl=False)


def read_definition(file: Path) -> Mapping[str, Any]:
    """What is in the file. Raises ``BadInput``."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".json":
        return read_file(text)
    try:
        found = json.loads(text)
    except ValueError:
        raise BadInput("The file is not JSON.") from None
    if not isinstance(found, dict):
        raise BadInput("The protocol must be a table.")
    return found


def _provider_id(services: Services, hsa_id: str) -> UUID:
    with services.db.transaction(as_=System(UUID(int=0))) as connection:
        for provider in all_providers(connection).values():
            if provider.hsa_id == hsa_id:
                return provider.id
    raise BadInput(f"There is no provider {hsa_id}.")
