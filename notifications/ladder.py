"""Which notice goes out next, on which channel: a ladder that is climbed by what is known. Pure.

Inbox, then a contentless message, then reminders; another channel when the first one fails or nobody signs in; at last
a letter. What is known is what gateways and the patient's own visits tell: nothing is put into a message to spy on its
reader. A patient whom nothing reaches is never passed over in silence: the step then says why, for the unit to see.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LETTER = "letter"
# How soon the directory is asked again when it is down; and how soon somebody's address may have become known.
_DIRECTORY_AGAIN = timedelta(hours=1)
_ADDRESS_AGAIN = timedelta(days=1)


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
    """One dispatch outside the inbox.

    ``at``: when a gateway took it, or else when it was made. ``rung`` is the number of a planned reminder, from 1;
    ``reminder_id`` names one that staff asked for. ``to_present_address``: whether it went where messages of its
    channel would go now.
    """

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
    """How soon the ladder is climbed while nobody signs in: by another channel so long after the last new one, and by
    letter no sooner than so long after the first notice."""

    other_way_after: timedelta = timedelta(days=3)
    letter_after: timedelta = timedelta(days=7)

    @property
    def pause(self) -> timedelta:
        """How long a reminder, too, is given to be read before another way is tried."""
        return min(self.other_way_after, timedelta(days=1))


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
    pending = [one for one in known.told if _is_tried_again(one, usable)]
    for one in pending:
        if one.retry_at is None or one.retry_at <= now:
            return Send(one.kind, one.channel, one.rung, one.reminder_id)
    if pending:
        return _wait(window, now, *(one.retry_at for one in pending if one.retry_at))
    reached = _reached(known, reach)
    if reached:
        return _after_the_first(window, known, reach, usable, reached, now=now, ladder=ladder)
    if usable:
        return Send(Kind.INVITATION, usable[0])
    again = _DIRECTORY_AGAIN if reach.why_not is Unreached.DIRECTORY else _ADDRESS_AGAIN
    return _wait(window, now, now + again, unreached=Unreached.NOT_DELIVERED if reach.channels else reach.why_not)


def _is_tried_again(one: Told, usable: Collection[str]) -> bool:
    return one.standing is Standing.PENDING and one.to_present_address and one.channel in usable


def _reached(known: Known, reach: Reach) -> list[Told]:
    """What can be taken to have told the patient.

    Until somebody has signed in after it, that is neither what went to an address that has been corrected since, nor
    what was only taken where something later came back.
    """
    live = [one for one in known.told if one.standing in (Standing.SENT, Standing.DELIVERED)]
    if _has_come(known, live):
        return live
    return [
        one
        for one in live
        if (one.to_present_address or one.channel not in reach.channels)
        and (one.standing is Standing.DELIVERED or not _has_failed(one.channel, known.told))
    ]


def _has_come(known: Known, live: Collection[Told]) -> bool:
    """Whether the patient has signed in since the first notice."""
    return known.signed_in_at is not None and any(one.at <= known.signed_in_at for one in live)


def _after_the_first(
    window: Window,
    known: Known,
    reach: Reach,
    usable: Sequence[str],
    reached: Sequence[Told],
    *,
    now: datetime,
    ladder: Ladder,
) -> Step:
    """Somebody has been told. The moments ahead are computed, so that nothing looks until one has come."""
    ahead = list(window.reminds_at)
    other = None
    if not _has_come(known, reached):
        tried = {one.channel for one in known.told if one.to_present_address}
        for channel in [one for one in usable if one not in tried][:1]:
            due = _other_way_at(channel, reached, ladder)
            other = channel if due <= now else None
            ahead.append(due)
        if reach.why_not is Unreached.DIRECTORY and LETTER not in tried:
            ahead.append(max(_other_way_at(LETTER, reached, ladder), now + _DIRECTORY_AGAIN))
    reminder = _reminder_due(window, known, reached, now)
    if reminder is not None:
        # Where it is time for another way, the reminder takes it: one message, not two.
        for channel in [other] if other else _best_first(usable, reached):
            if not _was_made(Kind.REMINDER, channel, *reminder, told=known.told):
                return Send(Kind.REMINDER, channel, *reminder)
    if other:
        return Send(Kind.OTHER_WAY, other)
    return _wait(window, now, *ahead)


def _other_way_at(channel: str, reached: Collection[Told], ladder: Ladder) -> datetime:
    """When it is time for a channel that has not been used, if nobody signs in before."""
    newest_way = max(min(one.at for one in reached if one.channel == way) for way in {one.channel for one in reached})
    due = max(newest_way + ladder.other_way_after, max(one.at for one in reached) + ladder.pause)
    return due if channel != LETTER else max(due, min(one.at for one in reached) + ladder.letter_after)


def _reminder_due(window: Window, known: Known, reached: Collection[Told], now: datetime) -> tuple[int, str] | None:
    """The reminder to send now, as rung and id: the newest that staff asked for, or else that the protocol plans.

    Whatever the patient has been told since its time stands for it; of several that were missed, one is enough.
    """
    last = max(one.at for one in reached)
    asked = [(at, reminder_id) for reminder_id, at in (known.asked_for or {}).items() if last < at <= now]
    if asked:
        return 0, max(asked)[1]
    newest = max((rung for rung, at in enumerate(window.reminds_at, start=1) if last < at <= now), default=0)
    # A protocol that was changed may have moved what has been sent already.
    return (newest, "") if newest and not any(one.rung >= newest for one in reached) else None


def _best_first(usable: Sequence[str], reached: Collection[Told]) -> list[str]:
    """What is known to arrive, then what was used last, then the patient's order; of letters, one is mostly enough."""
    used = sorted(reached, key=lambda one: (one.standing is Standing.DELIVERED, one.at), reverse=True)
    order = [*(one.channel for one in used if one.channel != LETTER), *usable]
    return [channel for channel in dict.fromkeys(order) if channel in usable]


def _was_made(kind: Kind, channel: str, rung: int, reminder_id: str, *, told: Collection[Told]) -> bool:
    """Whether there is this very dispatch, to the present address."""
    made = {(one.kind, one.channel, one.rung, one.reminder_id) for one in told if one.to_present_address}
    return (kind, channel, rung, reminder_id) in made


def _has_failed(channel: str, told: Collection[Told]) -> bool:
    """Whether the newest that went to the present address did not arrive."""
    of_channel = [one for one in told if one.channel == channel and one.to_present_address]
    return bool(of_channel) and max(of_channel, key=lambda one: one.at).standing is Standing.FAILED


def _wait(window: Window, now: datetime, *moments: datetime, unreached: Unreached | None = None) -> Wait:
    """Until the nearest of the moments that is still ahead; the window's end is always one of them."""
    return Wait(min(one for one in (*moments, window.closes_at) if one > now), unreached)
