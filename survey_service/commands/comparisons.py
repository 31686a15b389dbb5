"""`survey comparisons`: the legal grounds on which providers may be compared. For the operator."""

from datetime import date, datetime
from uuid import UUID

import click

from survey_service.access.queries import all_providers
from survey_service.commands.console import operator_services, print_table
from survey_service.foundation.principals import Operator
from survey_service.insight.queries import recorded_grounds
from survey_service.insight.use_cases import SCOPES, end_ground, record_ground

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def comparisons() -> None:
    """Legal grounds to compare units of a provider (own_units), or providers (country)."""


@comparisons.command()
@click.argument("provider")
@click.option("--scope", type=click.Choice(SCOPES), required=True)
@click.option("--ground", required=True, help="The law or the agreement, with its paragraph.")
@click.option("--recorded-by", required=True, help="Who has decided it, by office.")
@click.option("--from", "first", type=_DAY, required=True)
@click.option("--to", "last", type=_DAY, help="The last day; none, unless given.")
def allow(provider: str, scope: str, ground: str, recorded_by: str, first: datetime, last: datetime | None) -> None:
    """Record a ground for PROVIDER, its HSA id."""
    with operator_services() as services:
        ground_id = record_ground(
            services,
            provider=provider,
            scope=scope,
            ground=ground,
            recorded_by=recorded_by,
            valid_from=first.date(),
            valid_until=last.date() if last else None,
        )
    click.echo(f"Recorded as {ground_id}.")


@comparisons.command()
@click.argument("ground_id", type=click.UUID)
@click.option("--on", "last", type=_DAY, required=True, help="The last day that it holds.")
def end(ground_id: UUID, last: datetime) -> None:
    """End the ground GROUND_ID."""
    with operator_services() as services:
        end_ground(services, ground_id, last_day=last.date())
    click.echo("Ended.")


@comparisons.command("list")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def list_(*, as_json: bool) -> None:
    """List every ground that was ever recorded."""
    with operator_services() as services, services.db.transaction(as_=Operator()) as connection:
        names = all_providers(connection)
        rows = [
            {
                "id": one.id,
                "provider": names[one.provider_id].hsa_id,
                "scope": one.scope,
                "from": _text(one.valid_from),
                "to": _text(one.valid_until),
                "ground": one.ground,
                "recorded_by": one.recorded_by,
            }
            for one in recorded_grounds(connection)
        ]
    print_table(rows, as_json=as_json)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
