"""`survey registers coverage`: what a register is told of its coverage, for the operator."""

import click

from survey_service.commands.console import operator_services, print_table
from survey_service.errors import BadInput
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.registers.coverage import Comparison, Coverage, month_of, told_coverage
from survey_service.registers.coverage_rules import SUPPRESSION, Measure
from survey_service.registers.queries import register_with_code


@click.command()
@click.argument("code")
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="The first month.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="The last month: one that has ended.")
@click.option(
    "--by", type=click.Choice([one.value for one in Comparison]), default=Comparison.PROVIDER.value, show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def coverage(code: str, first: str, last: str, by: str, *, as_json: bool) -> None:
    """Coverage of the register called CODE, as suppressed counts: what the register itself is told."""
    with operator_services() as services:
        found = _coverage(services, code, first, last, by)
    print_table(
        [
            {"month": f"{group.month:%Y-%m}", "provider": name[0], "unit": name[1]}
            | {one.value: group.figures[one].shown for one in Measure}
            for group in found.groups
            for name in [found.name(group)]
        ],
        as_json=as_json,
    )
    click.echo(SUPPRESSION, err=True)


def _coverage(services: Services, code: str, first: str, last: str, by: str) -> Coverage:
    with services.db.transaction(as_=Operator()) as connection:
        register_id = register_with_code(connection, code)
    if register_id is None:
        raise BadInput("There is no register of that code.")
    return told_coverage(services, register_id, first=month_of(first), last=month_of(last), comparison=Comparison(by))
