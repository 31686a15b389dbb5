"""Which notice goes out next, on which channel: a ladder that is climbed by what is known. Pure.

Inbox, then a contentless message, then reminders; another channel when the first one fails or nobody signs in; at last
a letter. What is known is what gateways and the patient's own visits tell: nothing is put into a message to spy on its
reader. A patient whom nothing reaches is never passed over in silence: the step then says why, for the unit to see.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LETTER = "letter"


class Kind(StrEnum):
    """What a dispatch is. The database knows the same."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    OTHER_WAY = "other_way"
    """The same said by another channel, since nobody came."""


class Standing(StrEnum):
    """What became of a dispatch, as far as is known."""

    PENDING = "pending"
    """Not taken by any gateway yet; it will be tried again."""
    SENT = "sent"
    """Taken by the gateway; nothing has been heard since."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It will not arrive: refused, bounced, sent back, or given up."""


class Unreached(StrEnum):
    """Why a patient has not been told. Shown to the unit; the database knows the same."""

    NO_ADDRESS = "no_address"
    NOT_DELIVERED = "not_delivered"
    PROTECTED = "protected"
    """Protected identity, and no way of writing that the patient gave."""
    DECLINED = "declined"
    """The patient wants no messages."""
    DEFERRED = "deferred"
    """By the patient's limit: it will be asked later."""
    DIRECTORY = "directory"
    """Only a letter is left, and nobody can say where the patient lives just now."""
    WITHHELD = "withheld"
    """What is asked may not be shown: no licence, or no approved wording in the patient's language."""
    REVEALING = "revealing"
    """The message would have said too much. A name or a text must be changed."""
    GATEWAY = "gateway"
    """The gateway has refused for so long that somebody has to look at it."""
    DECEASED = "deceased"


@dataclass(frozen=True, slots=True)
class Told:
    """One dispatch outside the inbox. ``rung`` is the number of a planned reminder, from 1; ``reminder_id`` names one
    that staff asked for. ``to_present_address``: whether it went where messages of its channel would go now."""

    kind: Kind
    channel: str
    at: datetime
    standing: Standing
    rung: int = 0
    reminder_id: str = ""
    retry_at: datetime | None = None
    to_present_address: bool = True


@dataclass(frozen=True, slots=True)
class Ladder:
    """How soon the ladder is climbed, in whole days since the first notice."""

    other_way_after: timedelta = timedelta(days=3)
    letter_after: timedelta = timedelta(days=7)


USUAL = Ladder()


@dataclass(frozen=True, slots=True)
class Window:
    """When there is something to answer, and when the protocol reminds."""

    opens_at: datetime
    closes_at: datetime
    reminds_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one notice. ``signed_in_at``: the patient's last visit. ``asked_for`` are reminders that staff
    asked for, by id, with when."""

    told: tuple[Told, ...] = ()
    signed_in_at: datetime | None = None
    asked_for: Mapping[str, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """The channels by which the patient can be written to now, in the order that the patient wants.

    ``why_not``: the reason to give where none of them is left, if it is not that everything failed.
    """

    channels: tuple[str, ...]
    why_not: Unreached = Unreached.NO_ADDRESS


@dataclass(frozen=True, slots=True)
class Send:
    """Make this dispatch, or try it again."""

    kind: Kind
    channel: str
    rung: int = 0
    reminder_id: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at ``until``. With ``unreached``, nobody has been told, and the unit sees why."""

    until: datetime
    unreached: Unreached | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """There is nothing more to tell."""


Step = Send | Wait | Over


def next_step(window: Window, known: Known, reach: Reach, *, now: datetime, ladder: Ladder = USUAL) -> Step:
    """What to do now. Whoever sends sees to it that the hour is decent (``timing``) and the gateway in order."""
    if now >= window.closes_at:
        return Over()
    if now < window.opens_at:
        return Wait(window.opens_at)
    usable = [one for one in reach.channels if not _has_failed(one, known.told)]
    pending = [one for one in known.told if one.standing is Standing.PENDING and one.channel in usable]
    for one in pending:
        if one.to_present_address and (one.retry_at is None or one.retry_at <= now):
            return Send(one.kind, one.channel, one.rung, one.reminder_id)
    if any(one.to_present_address for one in pending):
        return _wait(window, now, *(one.retry_at for one in pending if one.retry_at))
    live = [one for one in known.told if one.standing in (Standing.SENT, Standing.DELIVERED)]
    if not usable and not live:
        why = Unreached.NOT_DELIVERED if reach.channels else reach.why_not
        return _wait(window, now, *window.reminds_at, unreached=why)
    if not live:
        return Send(Kind.INVITATION, usable[0])
    return _after_the_first(window, known, usable, live, now=now, ladder=ladder)


def _after_the_first(
    window: Window, known: Known, usable: list[str], live: list[Told], *, now: datetime, ladder: Ladder
) -> Step:
    """Somebody has been told. The moments ahead are computed, so that nothing looks until one has come."""
    reminder = _reminder_due(window, known, live, now)
    if reminder is not None and usable:
        return Send(Kind.REMINDER, _best(usable, live), rung=reminder[0], reminder_id=reminder[1])
    first = min(one.at for one in live)
    ahead = list(window.reminds_at)
    if known.signed_in_at is None or known.signed_in_at < first:
        tried = {one.channel for one in known.told if one.to_present_address}
        for channel in (one for one in usable if one not in tried):
            after = ladder.letter_after if channel == LETTER else ladder.other_way_after
            due = max(first, *_others(live)) + after if channel != LETTER else first + after
            if due <= now:
                return Send(Kind.OTHER_WAY, channel)
            ahead.append(due)
            break
    return _wait(window, now, *ahead)


def _others(live: Collection[Told]) -> list[datetime]:
    return [one.at for one in live if one.kind is Kind.OTHER_WAY] or [min(one.at for one in live)]


def _reminder_due(window: Window, known: Known, live: Collection[Told], now: datetime) -> tuple[int, str] | None:
    """The reminder to send now: one that staff asked for, or else the newest that the protocol plans.

    One that the first notice has come after is none; of several that were missed, one is enough.
    """
    done = {(one.rung, one.reminder_id) for one in known.told if one.standing is not Standing.FAILED}
    first = min(one.at for one in live)
    for reminder_id, asked_at in sorted((known.asked_for or {}).items(), key=lambda pair: pair[1]):
        if (0, reminder_id) not in done and asked_at > first:
            return 0, reminder_id
    past = [number for number, at in enumerate(window.reminds_at, start=1) if first < at <= now]
    newest = max(past, default=0)
    if newest and not any(rung >= newest for rung, _ in done):
        return newest, ""
    return None


def _best(usable: list[str], live: Collection[Told]) -> str:
    """The channel that is known to arrive, or else that was used last, or else the patient's first."""
    for standing in (Standing.DELIVERED, Standing.SENT):
        for one in sorted(live, key=lambda one: one.at, reverse=True):
            if one.standing is standing and one.channel in usable and one.channel != LETTER:
                return one.channel
    return usable[0]


def _has_failed(channel: str, told: Collection[Told]) -> bool:
    """Whether the newest that went to the present address did not arrive."""
    of_channel = [one for one in told if one.channel == channel and one.to_present_address]
    return bool(of_channel) and max(of_channel, key=lambda one: one.at).standing is Standing.FAILED


def _wait(window: Window, now: datetime, *moments: datetime, unreached: Unreached | None = None) -> Wait:
    """Until the nearest of the moments that is still ahead; the window's end is always one of them."""
    return Wait(min(one for one in (*moments, window.closes_at) if one > now), unreached)
