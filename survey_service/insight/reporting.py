"""A unit's follow-up as lines, suppressed: what the page shows and the file holds, one the same as the other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from survey_service.access.queries import rights_of
from survey_service.access.rules import Right
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.insight.queries import FigureRow, OtherRow, figures_of_unit, made_at, may_be_compared, others
from survey_service.insight.rules import Figure, Sums, pooled, together, told, within
from survey_service.insight.summaries import (
    ANSWERED,
    COURSES,
    PARETIAN,
    UNANSWERED,
    Kind,
    Mean,
    Percent,
    Quartiles,
    mean_of,
    percent,
    quartiles_of,
)
from survey_service.insight.use_cases import SCOPES
from survey_service.scheduling.queries import published_protocols
from survey_service.scheduling.rules import CareProtocol

NOT_ASKED, SEVERAL = "not_asked", "several"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure of one occasion; ``others`` by scope, where they may be told."""

    protocol: str
    occasion: str
    kind: Kind
    subject: str
    cell: str
    count: Figure
    of: Figure | None = None
    share: Percent | None = None
    mean: Mean | None = None
    quartiles: Quartiles | None = None
    others: Mapping[str, OtherRow] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The follow-up of a unit in whole months. ``scopes`` are those for which a ground to compare is in force."""

    first: date
    last: date
    made_at: datetime | None
    protocols: Mapping[str, CareProtocol]
    lines: Sequence[Line]
    scopes: Sequence[str]


Group = Mapping[tuple[Kind, str], Mapping[str, Sums]]
Others = Mapping[tuple[str, str, Kind, str, str], Mapping[str, OtherRow]]


def report(services: Services, *, first: date, last: date, as_: Staff) -> Report:
    """What the unit is told of its own follow-up, beside others where that is lawful, in its protocols."""
    with services.db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, services.clock())
        rights.require(Right.CARE)
        protocols = {
            one.protocol.code: one.protocol for one in published_protocols(connection) if rights.covers(one.id)
        }
        rows = figures_of_unit(connection, as_.unit_id, first=first, last=last)
        if rights.protocols is not None:
            rows = [row for row in rows if row.protocol in protocols]
        scopes = [scope for scope in SCOPES if may_be_compared(connection, as_.provider_id, scope)]
        compared = {scope: others(connection, scope, as_.unit_id, first=first, last=last) for scope in scopes}
        made = made_at(connection, as_.provider_id)
    return Report(
        first=first,
        last=last,
        made_at=made,
        protocols=protocols,
        lines=lines(rows, _by_place(compared), protocols),
        scopes=scopes,
    )


def lines(rows: Sequence[FigureRow], compared: Others, protocols: Mapping[str, CareProtocol]) -> list[Line]:
    """Every line, the occasions in the order of their protocol."""
    groups: dict[tuple[str, str], dict[tuple[Kind, str], dict[str, Sums]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        groups[row.protocol, row.occasion][row.kind, row.subject][row.cell] = row.sums
    places = {
        (code, plan.code): place
        for code, protocol in protocols.items()
        for place, plan in enumerate(protocol.occasions)
    }
    ordered = sorted(groups, key=lambda key: (key[0], places.get(key, len(places)), key[1]))
    return [
        _beside(line, compared)
        for key in ordered
        for line in _lines(partial(Line, protocol=key[0], occasion=key[1]), groups[key])
    ]


def _beside(line: Line, compared: Others) -> Line:
    found = compared.get((line.protocol, line.occasion, line.kind, line.subject, line.cell))
    return replace(line, others=found) if found else line


def _lines(line: partial[Line], group: Group) -> Iterator[Line]:
    answered, unanswered = (_count(group, Kind.RESPONSE, "", cell) for cell in (ANSWERED, UNANSWERED))
    asked = told(answered) + told(unanswered)
    share = percent(told(answered), asked)
    yield line(kind=Kind.RESPONSE, subject="", cell=ANSWERED, count=told(answered), of=asked, share=share)
    yield from _reasons(line, group, unanswered)
    for kind, subject in sorted(group):
        cells, of = group[kind, subject], partial(line, kind=kind, subject=subject)
        if kind is Kind.MINUTES:
            minutes = {int(cell): sums.n for cell, sums in cells.items()}
            yield of(cell="", count=within(sum(minutes.values()), told(answered)), quartiles=quartiles_of(minutes))
        elif kind is Kind.SCORE:
            yield of(cell="", count=within(cells[""].n, told(answered)), mean=mean_of(cells[""]))
        elif kind is Kind.CHANGE:
            yield of(cell="", count=pairs(group, subject), mean=mean_of(cells[""]))
        elif kind in {Kind.IMPORTANT, Kind.RELIABLE}:
            yield from _classes(of, cells, COURSES, pairs(group, subject))
        elif kind is Kind.PARETIAN:
            yield from _classes(of, cells, PARETIAN, _whole(cells, PARETIAN))


def _classes(of: partial[Line], cells: Mapping[str, Sums], names: Sequence[str], whole: Figure) -> Iterator[Line]:
    for cell in names:
        count = told(cells.get(cell, Sums(0)).n)
        yield of(cell=cell, count=count, of=whole, share=percent(count, whole))


def pairs(group: Group, subject: str) -> Figure:
    """How many were compared: as little of it as any of the tables in which they stand may tell."""
    n = _count(group, Kind.CHANGE, subject, "")
    tables = [
        _whole(group[kind, subject], COURSES) for kind in (Kind.IMPORTANT, Kind.RELIABLE) if (kind, subject) in group
    ]
    return next((one for one in tables if not one.is_exact), told(n))


def _whole(cells: Mapping[str, Sums], names: Sequence[str]) -> Figure:
    return together([cells.get(cell, Sums(0)).n for cell in names])


def _reasons(line: partial[Line], group: Group, unanswered: int) -> Iterator[Line]:
    """Why there is no answer, who has not been asked why among them; and why nobody was asked at all.

    How many have not answered is told beside it, so small reasons are told together.
    """
    reasons = {cell: sums.n for cell, sums in group.get((Kind.REASON, ""), {}).items()}
    not_asked = unanswered - sum(reasons.values())
    withdrawn = {cell: sums.n for cell, sums in group.get((Kind.WITHDRAWN, ""), {}).items()}
    told_of = {Kind.REASON: {**reasons, NOT_ASKED: not_asked} if not_asked else reasons, Kind.WITHDRAWN: withdrawn}
    for kind, counts in told_of.items():
        cells = pooled(counts, SEVERAL)
        whole = together(list(cells.values()))
        for cell, count in cells.items():
            yield line(kind=kind, subject="", cell=cell, count=told(count), of=whole)


def _count(group: Group, kind: Kind, subject: str, cell: str) -> int:
    return group.get((kind, subject), {}).get(cell, Sums(0)).n


def _by_place(compared: Mapping[str, Sequence[OtherRow]]) -> Others:
    found: dict[tuple[str, str, Kind, str, str], dict[str, OtherRow]] = defaultdict(dict)
    for scope, rows in compared.items():
        for row in rows:
            found[row.protocol, row.occasion, row.kind, row.subject, row.cell][scope] = row
    return found
