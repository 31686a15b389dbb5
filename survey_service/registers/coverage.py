"""Coverage: of those whom a register's agreements ask, how many answered, and where their answers stand.

For rates with numerator, denominator and rule [B11]. The database counts and names nobody; what leaves for a register
or for the operator is suppressed here, and no register's role can ask the database for the counts themselves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.access.queries import Provider, Unit, all_providers, all_units
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.principals import Operator, Register, Staff
from survey_service.foundation.services import Services
from survey_service.registers.coverage_rules import Group, Measure, tell
from survey_service.registers.records import agreement_variables, agreements, registers

# What one question may span: enough to compare with the same month two years before.
MOST_MONTHS = 25
_OF_ALL = sa.text("SELECT * FROM coverage_counts(:register, :agreements, :instruments, :first, :until, :as_of)")
_OF_OWN_UNITS = sa.text(
    "SELECT * FROM coverage_of_own_units(:register, :agreements, :instruments, :first, :until, :as_of)"
)


class Comparison(StrEnum):
    """Between whom."""

    UNIT = "unit"
    PROVIDER = "provider"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a register, or the operator, is told."""

    as_of: datetime
    comparison: Comparison
    groups: Sequence[Group]
    providers: Mapping[UUID, Provider]
    units: Mapping[UUID, Unit]

    def name(self, group: Group) -> tuple[str | None, str | None]:
        """HSA ids of the provider and the unit."""
        provider = self.providers[group.provider_id].hsa_id if group.provider_id else None
        return provider, self.units[group.unit_id].hsa_id if group.unit_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCounts:
    """A month of one of the provider's own units, for one register: every count as it is."""

    month: date
    unit: str
    counts: Mapping[str, int]


def month_of(text: str) -> date:
    """The first day of ``2026-09``. Raises ``BadInput``."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise BadInput("Write a month as year and month, such as 2026-09.") from None


def register_coverage(
    services: Services, *, first: date, last: date, comparison: Comparison, as_: Register
) -> Coverage:
    """What the register is told of its own coverage. Raises ``BadInput`` for months that it cannot be told of."""
    with services.db.transaction(as_=as_) as connection:
        asked = Access(Activity.READ, Purpose.REGISTER, "coverage")
        record_access(connection, services.clock, [asked], by=as_)
    return told_coverage(services, as_.register_id, first=first, last=last, comparison=comparison)


def told_coverage(
    services: Services, register_id: UUID, *, first: date, last: date, comparison: Comparison
) -> Coverage:
    """Suppressed counts of the months from ``first`` to ``last``, as they stood when this month began."""
    this_month = local_day(services.clock()).replace(day=1)
    if last < first or last >= this_month:
        raise BadInput("Ask for calendar months that have ended, the first one first.")
    if _months_between(first, last) >= MOST_MONTHS:
        raise BadInput("Ask for at most 25 months at a time.")
    as_of = at_local_time(this_month, time.min)
    with services.db.transaction(as_=Operator()) as connection:
        rows = _count(connection, services, _OF_ALL, register_id, first, next_month(last), as_of)
        providers, units = all_providers(connection), all_units(connection)
    return Coverage(
        as_of=as_of,
        comparison=comparison,
        groups=[group for group in _groups(rows) if _level(group) is comparison],
        providers=providers,
        units=units,
    )


def own_coverage(services: Services, *, month: date | None = None, as_: Staff) -> Mapping[str, list[OwnCounts]]:
    """By register's name, the provider's own units in a month, this one unless told otherwise, as things stand now."""
    now = services.clock()
    first = month or local_day(now).replace(day=1)
    with services.db.transaction(as_=as_) as connection:
        names = _registers_of(connection, as_.provider_id)
        units = all_units(connection)
        found = {
            name: _count(connection, services, _OF_OWN_UNITS, register_id, first, next_month(first), now)
            for register_id, name in names
        }
    return {name: _own_rows(rows, units) for name, rows in found.items()}


def _own_rows(rows: Sequence[sa.Row[Any]], units: Mapping[UUID, Unit]) -> list[OwnCounts]:
    counted: dict[tuple[date, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        counted[row.month, units[row.unit_id].name][row.state] = row.patients
    return [OwnCounts(month=month, unit=unit, counts=counted[month, unit]) for month, unit in sorted(counted)]


def _registers_of(connection: Connection, provider_id: UUID) -> list[tuple[UUID, str]]:
    rows = connection.execute(
        sa.select(registers.c.id, registers.c.name)
        .where(registers.c.id.in_(sa.select(agreements.c.register_id).where(agreements.c.provider_id == provider_id)))
        .order_by(registers.c.name)
    ).all()
    return [(row.id, row.name) for row in rows]


def _count(
    connection: Connection,
    services: Services,
    function: sa.TextClause,
    register_id: UUID,
    first: date,
    until: date,
    as_of: datetime,
) -> Sequence[sa.Row[Any]]:
    pairs = _instruments_agreed(connection, services, register_id)
    return connection.execute(
        function,
        {
            "register": register_id,
            "agreements": [agreement_id for agreement_id, _ in pairs],
            "instruments": [instrument for _, instrument in pairs],
            "first": first,
            "until": until,
            "as_of": as_of,
        },
    ).all()


def _instruments_agreed(connection: Connection, services: Services, register_id: UUID) -> list[tuple[UUID, str]]:
    """Agreements with each instrument that an agreed variable is of."""
    scored_by = {variable.name: one.id for one in services.library.instruments.values() for variable in one.variables}
    rows = connection.execute(
        sa.select(agreement_variables.c.agreement_id, agreement_variables.c.variable)
        .join(agreements, agreements.c.id == agreement_variables.c.agreement_id)
        .where(agreements.c.register_id == register_id)
    ).all()
    return sorted({(row.agreement_id, scored_by[row.variable]) for row in rows if row.variable in scored_by})


def _groups(rows: Sequence[sa.Row[Any]]) -> list[Group]:
    months: dict[date, dict[tuple[UUID, UUID], dict[Measure, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        months[row.month][row.provider_id, row.unit_id][Measure(row.state)] = row.patients
    return [group for month in sorted(months) for group in tell(month, months[month])]


def _level(group: Group) -> Comparison:
    if group.unit_id is not None:
        return Comparison.UNIT
    return Comparison.ALL if group.provider_id is None else Comparison.PROVIDER


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
