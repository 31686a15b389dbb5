"""`survey erasures`: the orders to erase that no register has confirmed. Counts and ids, and nobody's name."""

from datetime import timedelta

import click

from survey_service.commands.console import operator_services, print_table
from survey_service.foundation.principals import Operator
from survey_service.registers.inbox_queries import unconfirmed_erasures
from survey_service.registers.queries import register_names


@click.command()
@click.option("--overdue", "days", default=30, show_default=True, help="Days after which an order is overdue.")
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def erasures(days: int, as_json: bool) -> None:
    """List what registers were told to erase and have not confirmed, the oldest first."""
    with operator_services() as services:
        with services.db.transaction(as_=Operator()) as connection:
            found = unconfirmed_erasures(connection)
            names = register_names(connection)
        late = services.clock() - timedelta(days=days)
        rows = [
            {
                "order": one.order_id,
                "register": names[one.register_id],
                "ordered": one.ordered_at,
                "results": one.releases,
                "overdue": one.ordered_at < late,
            }
            for one in found
        ]
    print_table(rows, as_json=as_json)
