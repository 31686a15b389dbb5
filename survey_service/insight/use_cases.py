"""Making the figures of follow-up each night, and recording why providers may be compared."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Library, VariableType
from instruments.definition import Eq5dDeclared
from instruments.eq5d import Version
from instruments.variables import Direction, Variable
from survey_service.access.queries import all_providers
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator, System
from survey_service.foundation.services import Services
from survey_service.insight.records import (
    comparison_grounds,
    follow_up_blocks,
    follow_up_figures,
    follow_up_runs,
)
from survey_service.insight.rules import Block, Sums, blocks
from survey_service.insight.summaries import CELLS, Kind, paretian_cell

SCOPES = ("own_units", "country")
# Working values, which stand beside others that people read.
_LEFT_OUT = (".theta", ".lss")

Key = tuple[UUID, str, str, Kind, str]
"""Unit, protocol, occasion, kind, subject."""
Counted = Mapping[Key, Mapping[date, Mapping[str, Sums]]]

_COUNT = sa.text("SELECT * FROM count_follow_up(:variables, :important, :directions, :profiles, :as_of)")


def make_figures(services: Services, *, as_: System) -> int:
    """Count the provider's follow-up anew; returns how many figures there are. Harmless when repeated."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        counted = _counted(connection, services)
        for table in (follow_up_figures, follow_up_blocks):
            connection.execute(sa.delete(table).where(table.c.provider_id == as_.provider_id))
        figures = list(_figure_rows(counted, as_.provider_id))
        told = list(_block_rows(counted, as_.provider_id, this_month=local_day(now).replace(day=1)))
        if figures:
            connection.execute(insert(follow_up_figures), figures)
        if told:
            connection.execute(insert(follow_up_blocks), told)
        connection.execute(
            upsert(follow_up_runs)
            .values(provider_id=as_.provider_id, made_at=now)
            .on_conflict_do_update(index_elements=["provider_id"], set_={"made_at": now})
        )
    return len(figures)


def record_ground(
    services: Services,
    *,
    provider: str,
    scope: str,
    ground: str,
    recorded_by: str,
    valid_from: date,
    valid_until: date | None,
) -> UUID:
    """Record why a provider may be compared. Raises ``BadInput``."""
    if scope not in SCOPES or not ground.strip() or not recorded_by.strip():
        raise BadInput("Say the scope, the legal ground and who has recorded it.")
    if valid_until is not None and valid_until < valid_from:
        raise BadInput("The last day is before the first.")
    with services.db.transaction(as_=Operator()) as connection:
        provider_id = next((one.id for one in all_providers(connection).values() if one.hsa_id == provider), None)
        if provider_id is None:
            raise BadInput("There is no provider of that HSA id.")
        ground_id = new_id()
        connection.execute(
            insert(comparison_grounds).values(
                id=ground_id,
                provider_id=provider_id,
                scope=scope,
                ground=ground.strip(),
                recorded_by=recorded_by.strip(),
                recorded_at=services.clock(),
                valid_from=valid_from,
                valid_until=valid_until,
            )
        )
    return ground_id


def end_ground(services: Services, ground_id: UUID, *, last_day: date) -> None:
    """The ground holds until the end of a day. Raises ``BadInput`` where there is none, or it begins later."""
    of = comparison_grounds.c
    with services.db.transaction(as_=Operator()) as connection:
        ended = connection.execute(
            sa.update(comparison_grounds)
            .where(of.id == ground_id, of.valid_from <= last_day)
            .values(valid_until=last_day)
            .returning(of.id)
        ).first()
    if ended is None:
        raise BadInput("There is no such ground that had begun by that day.")


def summed_variables(library: Library) -> Mapping[str, Variable]:
    """The figures that people read: those that have a direction."""
    return {
        variable.name: variable
        for instrument in library.instruments.values()
        for variable in instrument.variables
        if variable.type is not VariableType.TEXT
        and variable.higher_is is not None
        and not variable.name.endswith(_LEFT_OUT)
    }


def _profiles(library: Library) -> Mapping[str, Version]:
    return {
        f"{declared.prefix}.profile": Version(declared.eq5d_version)
        for instrument in library.instruments.values()
        if isinstance(declared := instrument.definition.scoring, Eq5dDeclared)
    }


def _counted(connection: Connection, services: Services) -> Counted:
    variables, profiles = summed_variables(services.library), _profiles(services.library)
    given = {
        "variables": list(variables),
        "important": [one.important_change.value if one.important_change else None for one in variables.values()],
        "directions": [1 if one.higher_is is Direction.BETTER else -1 for one in variables.values()],
        "profiles": list(profiles),
        "as_of": services.clock(),
    }
    counted: dict[Key, dict[date, dict[str, Sums]]] = defaultdict(lambda: defaultdict(dict))
    for row in connection.execute(_COUNT, given):
        kind = Kind(row.kind)
        cell = paretian_cell(row.cell, profiles[row.subject]) if kind is Kind.PARETIAN else row.cell
        if cell is not None:
            cells = counted[row.unit_id, row.protocol, row.occasion, kind, row.subject][row.month]
            cells[cell] = cells.get(cell, Sums(0)) + Sums(row.n, row.total, row.squares)
    return counted


def _figure_rows(counted: Counted, provider_id: UUID) -> Iterator[dict[str, Any]]:
    for key, months in counted.items():
        for month, cells in months.items():
            yield from (_row(key, provider_id, cell, sums) | {"month": month} for cell, sums in cells.items())


def _block_rows(counted: Counted, provider_id: UUID, *, this_month: date) -> Iterator[dict[str, Any]]:
    for key, months in counted.items():
        kind = key[3]
        if kind in CELLS:
            ended = {month: cells for month, cells in months.items() if month < this_month}
            yield from _told(key, provider_id, blocks(ended, CELLS[kind]))


def _told(key: Key, provider_id: UUID, found: Iterable[Block]) -> Iterator[dict[str, Any]]:
    for block in found:
        span = {"first_month": block.first, "last_month": block.last}
        yield from (_row(key, provider_id, cell, sums) | span for cell, sums in block.cells.items())


def _row(key: Key, provider_id: UUID, cell: str, sums: Sums) -> dict[str, Any]:
    unit_id, protocol, occasion, kind, subject = key
    return {
        "provider_id": provider_id,
        "unit_id": unit_id,
        "protocol": protocol,
        "occasion": occasion,
        "kind": kind.value,
        "subject": subject,
        "cell": cell,
        "n": sums.n,
        "total": sums.total,
        "squares": sums.squares,
    }
