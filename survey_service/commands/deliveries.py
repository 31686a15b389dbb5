"""``survey deliveries``: what nobody has received, in counts. For the operator, who sees no answers and no person."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import click

from survey_service.access.queries import Unit, all_units
from survey_service.commands.console import operator_services
from survey_service.delivery.queries import UnreceivedOfUnit, unreceived_by_unit
from survey_service.foundation.principals import Operator


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As gauges with labels, for a monitoring system.")
def deliveries(as_json: bool) -> None:
    """Show by unit how many responses nobody has received, how many too late, and since when."""
    with operator_services() as services:
        now = services.clock()
        with services.db.transaction(as_=Operator()) as connection:
            found = unreceived_by_unit(connection, now)
            units = all_units(connection)
    if as_json:
        click.echo(json.dumps(gauges(found, units, now), indent=2))
        return
    if not found:
        click.echo("Everything has been received.")
        return
    click.echo(f"{'unit':<30}{'waiting':>9}{'too late':>10}  oldest")
    for one in found:
        oldest = one.oldest.isoformat(timespec="minutes")
        click.echo(f"{units[one.unit_id].hsa_id:<30}{one.waiting:>9}{one.alarmed:>10}  {oldest}")


def gauges(
    found: Sequence[UnreceivedOfUnit], units: Mapping[UUID, Unit], now: datetime
) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """Each gauge with a value for each unit, as Prometheus names and labels them."""
    values: Mapping[str, Callable[[UnreceivedOfUnit], int]] = {
        "survey_deliveries_waiting": lambda one: one.waiting,
        "survey_deliveries_too_late": lambda one: one.alarmed,
        "survey_deliveries_oldest_seconds": lambda one: int((now - one.oldest).total_seconds()),
    }
    return {
        name: [{"labels": {"unit": units[one.unit_id].hsa_id}, "value": value(one)} for one in found]
        for name, value in values.items()
    }
