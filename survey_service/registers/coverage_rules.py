"""How coverage is told without telling on anybody: small cells, totals, and what each figure means. Pure.

Small cells that a total is made of are told in it as one sum (`insight.rules`). No other total is exact unless all its
parts are: it is their sum, with their lowest and highest. So neither one answer nor several of them, about whatever
months and levels, tell a count below five; only that one is not none, where several are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from survey_service.insight.rules import LEAST, SMALL, Figure, sum_of, together, told

SUPPRESSION = (
    "A count below 5 is told as <5. A total that would give such a count away is told as a range. Figures are for "
    "whole calendar months that have ended, as things stood when the current month began; months are not added up."
)


class Measure(StrEnum):
    """What is counted: patients, once for each month and unit."""

    INVITED = "invited"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    WAITING = "waiting"
    RELEASED = "released"
    NOT_RELEASED = "not_released"
    OBJECTED = "objected"
    WITHOUT_NOTICE = "without_notice"
    UNRECEIVED = "unreceived"
    HELD = "held"
    PENDING = "pending"
    IMPLAUSIBLE = "implausible"


RULES: Mapping[Measure, str] = {
    Measure.INVITED: "Patients with an occasion that opened in the month and asks an instrument of the agreement.",
    Measure.ANSWERED: "Of the invited, those who have answered everything of the agreement that they were asked.",
    Measure.UNANSWERED: "Of the invited, those who have left something unanswered whose time is over.",
    Measure.WAITING: "Of the invited, those who can still answer something.",
    Measure.RELEASED: "Of the answered, those of whom everything is in the register's feed.",
    Measure.NOT_RELEASED: "Of the answered, those of whom something is not in the register's feed.",
    Measure.OBJECTED: "Of the not released, those who have said no to the register.",
    Measure.WITHOUT_NOTICE: "Of the not released, those who answered before the information notice was given.",
    Measure.UNRECEIVED: "Of the not released, those whose answers the provider has not received.",
    Measure.HELD: "Of the not released, those whose answers the provider may still correct before release.",
    Measure.PENDING: "Of the not released, those with nothing in the way: on their way, taken back, or not agreed on.",
    Measure.IMPLAUSIBLE: "Of the invited, those with a result in the feed that is flagged as implausible.",
}
REASONS = (Measure.OBJECTED, Measure.WITHOUT_NOTICE, Measure.UNRECEIVED, Measure.HELD, Measure.PENDING)
# Cells that no other line of a unit's row adds up.
_FREE = (Measure.WAITING, Measure.UNANSWERED, Measure.RELEASED)

# By name: numerator, denominator, and what the rate says.
RATES: Mapping[str, tuple[Measure, Measure, str]] = {
    "response": (Measure.ANSWERED, Measure.INVITED, "Answered of invited; who can still answer counts as invited."),
    "coverage": (Measure.RELEASED, Measure.INVITED, "In the register's feed of invited."),
}

Counts = Mapping[Measure, int]


Figures = Mapping[Measure, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is told of one unit, of one provider, or of all; ids are None above their level."""

    month: date
    provider_id: UUID | None
    unit_id: UUID | None
    figures: Figures


def tell(month: date, counted: Mapping[tuple[UUID, UUID], Counts]) -> list[Group]:
    """What may be told of a month: each unit (by provider and unit), each provider, and all together."""
    units = {key: _unit(counts) for key, counts in counted.items()}
    groups = [Group(month=month, provider_id=key[0], unit_id=key[1], figures=units[key]) for key in sorted(units)]
    providers = []
    for provider_id in sorted({provider_id for provider_id, _ in units}):
        own = sorted(key for key in units if key[0] == provider_id)
        free = {one: together([counted[key].get(one, 0) for key in own]) for one in _FREE}
        figures = _with_totals(_summed([units[key] for key in own]) | free)
        providers.append(Group(month=month, provider_id=provider_id, unit_id=None, figures=figures))
    everything = _with_totals(_summed([one.figures for one in providers]))
    return [*groups, *providers, Group(month=month, provider_id=None, unit_id=None, figures=everything)]


def _unit(counts: Counts) -> Figures:
    free = {one: told(counts.get(one, 0)) for one in (*_FREE, Measure.IMPLAUSIBLE)}
    own = [counts.get(one, 0) for one in REASONS]
    if sum(own) < LEAST:
        reasons, all_of_them = dict.fromkeys(REASONS, SMALL), SMALL
    else:
        reasons, all_of_them = {one: told(count) for one, count in zip(REASONS, own, strict=True)}, together(own)
    return _with_totals({**free, **reasons, Measure.NOT_RELEASED: all_of_them})


def _summed(parts: Sequence[Figures]) -> dict[Measure, Figure]:
    leaves = (*_FREE, *REASONS, Measure.NOT_RELEASED, Measure.IMPLAUSIBLE)
    return {one: sum_of(part[one] for part in parts) for one in leaves}


def _with_totals(leaves: Figures) -> dict[Measure, Figure]:
    answered = leaves[Measure.RELEASED] + leaves[Measure.NOT_RELEASED]
    invited = answered + leaves[Measure.UNANSWERED] + leaves[Measure.WAITING]
    return {**leaves, Measure.ANSWERED: answered, Measure.INVITED: invited}
