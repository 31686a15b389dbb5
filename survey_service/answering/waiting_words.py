"""How a survey that waits stands to the patient's others, until when it can be answered, and in which language.

Words for what has been read. Every care provider's surveys are the patient's own to compare; staff never see this.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from survey_service.foundation.clock import local_day
from survey_service.http.locale import current_locale, day, gettext, language_name, ngettext, short_time, weekday
from survey_service.scheduling.queries import Occasion

# More would be a list that nobody reads.
_MOST_TOLD = 3
_NEAR = timedelta(days=13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A survey to be answered. ``instruments`` are what is left; ``serves`` names the units that share the answers."""

    occasion: Occasion
    title: str
    unit_name: str
    provider_name: str
    instruments: frozenset[str]
    minutes: int
    serves: Sequence[str] = ()


class Kin(Enum):
    """How two surveys hang together, the closest first."""

    SAME_EVENT = auto()
    SAME_UNIT = auto()
    SAME_PROVIDER = auto()
    OTHER_PROVIDER = auto()


def kin(one: Occasion, other: Occasion) -> Kin:
    """An event is what the surveys count from, such as one visit or one operation."""
    if one.provider_id != other.provider_id:
        return Kin.OTHER_PROVIDER
    if one.unit_id != other.unit_id:
        return Kin.SAME_PROVIDER
    same = (one.anchor_kind, one.anchor_date) == (other.anchor_kind, other.anchor_date)
    return Kin.SAME_EVENT if one.enrolment_id == other.enrolment_id or same else Kin.SAME_UNIT


def relations(one: Waiting, everything: Collection[Waiting]) -> list[str]:
    """What the patient is told of the others that wait, the closest first."""
    others = sorted(
        (other for other in everything if other.occasion.id != one.occasion.id),
        key=lambda other: (kin(one.occasion, other.occasion).value, other.occasion.closes_at, other.occasion.id),
    )
    told = [_relation(one, other) for other in others[:_MOST_TOLD]]
    if (rest := len(others) - _MOST_TOLD) > 0:
        told.append(ngettext("%(num)s more survey waits.", "%(num)s more surveys wait.", rest))
    if others:
        told.append(
            ngettext(
                "If you answer this one, the other one still waits for you.",
                "If you answer this one, the others still wait for you.",
                len(others),
            )
        )
    return [*told, *_shared(one)]


def suggestion(everything: Sequence[Waiting]) -> str | None:
    """In which order to take them; None for one alone."""
    timed = [one for one in everything if one.minutes]
    if len(everything) < 2 or not timed:
        return None
    shortest = min(timed, key=lambda one: one.minutes)
    return ngettext(
        "You choose the order. The one that closes first is at the top. The shortest is “%(title)s”, about %(num)s"
        " minute.",
        "You choose the order. The one that closes first is at the top. The shortest is “%(title)s”, about %(num)s"
        " minutes.",
        shortest.minutes,
        title=shortest.title,
    )


def closes(last_moment: datetime, now: datetime) -> str:
    """Until when it can be answered, as people say it."""
    left = local_day(last_moment) - local_day(now)
    if left <= timedelta(0):
        return gettext("Answer today, before %(time)s", time=short_time(last_moment + timedelta(minutes=1)))
    if left == timedelta(days=1):
        return gettext("Answer no later than tomorrow, %(day)s", day=weekday(local_day(last_moment)))
    if left > _NEAR:
        return gettext("Answer no later than %(date)s", date=day(local_day(last_moment)))
    return ngettext(
        "Answer within %(num)s day, no later than %(day)s",
        "Answer within %(num)s days, no later than %(day)s",
        left.days,
        day=weekday(local_day(last_moment)),
    )


def language_note(offered: str, *, among: Collection[str]) -> str | None:
    """That the questions are not in the reader's language, and in which they are; None where they are."""
    locale = current_locale()
    if locale in among or offered.partition("_")[0] == locale.partition("_")[0]:
        return None
    return gettext(
        "The questions are not in %(wanted)s. They are in %(offered)s.",
        wanted=language_name(locale, in_=locale),
        offered=", ".join(language_name(one, in_=locale) for one in [offered, *sorted(set(among) - {offered})]),
    )


def _relation(one: Waiting, other: Waiting) -> str:
    match kin(one.occasion, other.occasion):
        case Kin.SAME_EVENT:
            said = gettext("“%(title)s” is about the same thing, from the same unit.", title=other.title)
        case Kin.SAME_UNIT:
            said = gettext("“%(title)s” is from the same unit, about something else.", title=other.title)
        case Kin.SAME_PROVIDER:
            said = gettext(
                "“%(title)s” is from another unit of the same care provider: %(unit)s.",
                title=other.title,
                unit=other.unit_name,
            )
        case Kin.OTHER_PROVIDER:
            said = gettext(
                "“%(title)s” is from another care provider: %(provider)s. They do not see each other's answers.",
                title=other.title,
                provider=other.provider_name,
            )
    if not one.instruments & other.instruments:
        return said
    same = gettext("Some of the questions are the same in both.")
    return f"{said} {same}"


def _shared(one: Waiting) -> list[str]:
    return [
        gettext("%(unit)s has asked for the same. You answer once, and both get your answers.", unit=unit)
        for unit in one.serves
    ]
