"""``survey administrators``: the first administrator of a provider, who then sets rights in the browser."""

import click

from survey_service.access.queries import all_providers, all_units
from survey_service.access.rights import make_administrator
from survey_service.commands.console import operator_services
from survey_service.foundation.principals import Operator


@click.group()
def administrators() -> None:
    """Who sets a provider's rights."""


@administrators.command("add")
@click.option("--unit", "unit_hsa", required=True, metavar="HSA-ID", help="The unit that they sign in for.")
@click.option("--hsa-id", required=True, help="The administrator's own.")
@click.option("--name", required=True)
def add(unit_hsa: str, hsa_id: str, name: str) -> None:
    """Enter an administrator, from now on: the first of a provider, or another when nobody is left."""
    with operator_services() as services:
        with services.db.transaction(as_=Operator()) as connection:
            units = {one.hsa_id: one for one in all_units(connection).values()}
            providers = all_providers(connection)
        unit = units.get(unit_hsa)
        if unit is None:
            raise click.ClickException("There is no unit with this HSA id.")
        make_administrator(services, provider_id=unit.provider_id, unit_id=unit.id, hsa_id=hsa_id, name=name)
        click.echo(f"{hsa_id} sets the rights of {providers[unit.provider_id].name} from now on.")
