"""What a licence covers, and in one sentence why a use is not covered. Pure.

The database has its own word on it (``licensed_locales`` in ``migrations/main/0010_licences.py``), which decides; a
test holds the two to be the same. This one also knows why not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from survey_service.errors import mark


class UseOfAnswers(StrEnum):
    """What an order is for, as a licence names it."""

    CARE = "care"
    QUALITY_FOLLOW_UP = "quality_follow_up"


class Mode(StrEnum):
    """How answers are given."""

    WEB = "web"
    TABLET = "tablet"
    PAPER = "paper"
    TELEPHONE = "telephone"


@dataclass(frozen=True, slots=True)
class Use:
    """Who asks, for what, in which way, on which day in Sweden."""

    provider_id: UUID
    unit_id: UUID
    purpose: UseOfAnswers
    mode: Mode
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRecord:
    """A licence as recorded. None is every unit, every version, without end; ``valid_until`` is the last day of it."""

    id: UUID
    provider_id: UUID
    unit_id: UUID | None
    instrument: str
    instrument_version: str | None
    purpose: UseOfAnswers
    locales: frozenset[str]
    modes: frozenset[Mode]
    valid_from: date
    valid_until: date | None
    licensee: str
    reference: str
    withdrawn_on: date | None = None


class State(StrEnum):
    """Where a licence stands on a day."""

    IN_FORCE = "in force"
    NOT_YET = "not yet"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class Why(StrEnum):
    """Why a use is refused: the sentence that the unit reads."""

    NO_LICENCE = mark("%(instrument)s needs a licence, and none is recorded for your care provider.")
    VERSION = mark("The licence for %(instrument)s is for another version of it.")
    UNIT = mark("The licence for %(instrument)s does not cover your unit.")
    PURPOSE = mark("The licence for %(instrument)s does not cover what this order is for.")
    MODE = mark("The licence for %(instrument)s does not cover this way of answering.")
    WITHDRAWN = mark("The licence for %(instrument)s was withdrawn on %(date)s.")
    ENDED = mark("The licence for %(instrument)s ended on %(date)s.")
    NOT_YET = mark("The licence for %(instrument)s begins on %(date)s.")
    NO_LICENSED_WORDING = mark("There is no approved wording of %(instrument)s in a language that the licence covers.")
    NO_WORDING = mark("There is no approved wording of %(instrument)s here.")
    NOT_HERE = mark("%(instrument)s is not installed here any more.")
    NO_COMMON_LANGUAGE = mark("%(instrument)s have no language in common that may be shown here.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an instrument may not be asked; ``values`` fill the sentence in."""

    why: Why
    instrument: str
    on: date | None = None

    @property
    def values(self) -> Mapping[str, str]:
        return {"instrument": self.instrument, "date": self.on.isoformat() if self.on else ""}

    def __str__(self) -> str:
        return self.why.value % self.values


# In this order a licence is found short; of several, the one that gets furthest comes closest, and its reason is told.
# Withdrawn first: a licence is corrected by withdrawing it and recording another, which is then the one to speak of.
_ORDER = (Why.WITHDRAWN, Why.VERSION, Why.UNIT, Why.PURPOSE, Why.MODE, Why.ENDED, Why.NOT_YET)


def state(licence: LicenceRecord, day: date) -> State:
    """Where the licence stands on a day."""
    if licence.withdrawn_on is not None:
        return State.WITHDRAWN
    if day < licence.valid_from:
        return State.NOT_YET
    if licence.valid_until is not None and day > licence.valid_until:
        return State.ENDED
    return State.IN_FORCE


def shortfall(licence: LicenceRecord, version: str, use: Use) -> Refusal | None:
    """The first thing in which a licence of the provider for the instrument does not cover the use; None covers it."""
    standing = state(licence, use.day)
    short = {
        Why.WITHDRAWN: standing is State.WITHDRAWN,
        Why.VERSION: licence.instrument_version not in (None, version),
        Why.UNIT: licence.unit_id not in (None, use.unit_id),
        Why.PURPOSE: licence.purpose is not use.purpose,
        Why.MODE: use.mode not in licence.modes,
        Why.ENDED: standing is State.ENDED,
        Why.NOT_YET: standing is State.NOT_YET,
    }
    days = {Why.WITHDRAWN: licence.withdrawn_on, Why.ENDED: licence.valid_until, Why.NOT_YET: licence.valid_from}
    why = next((why for why in _ORDER if short[why]), None)
    return Refusal(why, licence.instrument, days.get(why)) if why else None


def licensed_locales(licences: Sequence[LicenceRecord], instrument: str, version: str, use: Use) -> frozenset[str]:
    """The languages in which the licences cover the use."""
    found = [one.locales for one in _for(licences, instrument, use) if shortfall(one, version, use) is None]
    return frozenset[str]().union(*found)


def explain(licences: Sequence[LicenceRecord], instrument: str, version: str, use: Use) -> Refusal | None:
    """Why no licence covers the use, by the one that comes closest; None when one does."""
    refusals = [shortfall(one, version, use) for one in _for(licences, instrument, use)]
    if not refusals:
        return Refusal(Why.NO_LICENCE, instrument)
    if None in refusals:
        return None
    return max((one for one in refusals if one), key=lambda one: (_ORDER.index(one.why), one.on or date.min))


def _for(licences: Sequence[LicenceRecord], instrument: str, use: Use) -> list[LicenceRecord]:
    return [one for one in licences if one.provider_id == use.provider_id and one.instrument == instrument]
