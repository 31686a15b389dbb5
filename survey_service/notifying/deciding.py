"""What to do with one notice now, from all that is known of it. Pure."""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from notifications.ladder import (
    LETTER,
    USUAL,
    Kind,
    Known,
    Ladder,
    Over,
    Send,
    Standing,
    Told,
    Unreached,
    Wait,
    Window,
    next_step,
)
from notifications.message import Format
from notifications.retrying import Failure, next_attempt
from notifications.timing import Decency, next_decent_moment, spread
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.notifying.addressing import Address, Addressee, reach_of
from survey_service.notifying.claiming import Rest
from survey_service.scheduling.queries import Occasion
from survey_service.scheduling.rules import OPENING_TIME
from survey_service.scheduling.working_days import is_working_day

INBOX = "inbox"
_FAILED_RECEIPTS = frozenset({"not_delivered", "bounced", "returned"})
_FAILED_FOR_GOOD = frozenset({"permanent", "no_address", "given_up"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, or what was heard of it later."""

    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message as it is kept, with what became of it."""

    id: UUID
    kind: str
    channel: str
    created_at: datetime
    rung: int = 0
    reminder_id: str = ""
    address_digest: bytes | None = None
    attempts: tuple[Attempt, ...] = ()
    receipts: tuple[Attempt, ...] = ()

    def is_of(self, step: Send) -> bool:
        """Whether it is the dispatch of this step, to whatever address."""
        own = (self.kind, self.channel, self.rung, self.reminder_id)
        return own == (step.kind, step.channel, step.rung, step.reminder_id)

    @property
    def since_revived(self) -> tuple[Attempt, ...]:
        """The attempts that count: those since somebody wanted it sent again."""
        revived = max((place for place, one in enumerate(self.attempts, 1) if one.outcome == "revived"), default=0)
        return self.attempts[revived:]


@dataclass(frozen=True, slots=True)
class Terms:
    """How this service sends. ``formats``: by channel, of the gateways there are."""

    formats: Mapping[str, Format]
    decency: Decency
    spread_over: timedelta
    digest_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One notice of which something is to be asked now."""

    occasion: Occasion
    sent: tuple[Dispatch, ...]
    asked_for: Mapping[str, datetime]
    signed_in_at: datetime | None
    addressee: Addressee
    ladder: Ladder = USUAL


@dataclass(frozen=True, slots=True)
class Tell:
    """Hand this over now. ``dispatch_id`` where it has been tried before."""

    step: Send
    address: Address = field(repr=False)
    address_digest: bytes
    dispatch_id: UUID | None = None


def is_deceased(addressee: Addressee) -> bool:
    """By the directory; by what it said last while it cannot be asked."""
    said = addressee.facts or addressee.last
    return said is not None and said.deceased_on is not None


def decide(case: Case, terms: Terms, *, now: datetime) -> Tell | Rest:
    """What the ladder says, at a decent hour. ``Rest`` says when to look again."""
    occasion = case.occasion
    if is_deceased(case.addressee):
        return Rest(None, Unreached.DECEASED)
    reach, addresses = reach_of(case.addressee, terms.formats, today=local_day(now))
    digests = {one: address_digest(one, address, terms.digest_key) for one, address in addresses.items()}
    told = tuple(_told(one, terms, digests, now) for one in case.sent if one.channel != INBOX)
    window = Window(occasion.opens_at, occasion.closes_at, occasion.reminds_at)
    known = Known(told, case.signed_in_at, case.asked_for)
    match step := next_step(window, known, reach, now=now, ladder=case.ladder):
        case Over():
            return Rest()
        case Wait():
            # Nothing is done when the window ends: the reason stays, for the unit to read.
            until = step.until if step.until < occasion.closes_at else None
            return Rest(until, _why(step.unreached, told, case.sent))
        case Send():
            leaves_at = _leaves_at(step, case, terms, now)
            if leaves_at > now:
                is_told = any(one.standing in (Standing.SENT, Standing.DELIVERED) for one in told)
                is_over = leaves_at >= occasion.closes_at
                return Rest(
                    None if is_over else leaves_at, Unreached.NOT_DELIVERED if is_over and not is_told else None
                )
            digest = digests[step.channel]
            return Tell(step, addresses[step.channel], digest, _made_before(case.sent, step, digest))


def after_attempt(case: Case, tell: Tell, dispatch_id: UUID, attempts: Collection[Attempt]) -> Case:
    """The case with these attempts made: what is decided of it next needs no other look."""
    before = next((one for one in case.sent if one.id == dispatch_id), None)
    step = tell.step
    made = before or Dispatch(
        id=dispatch_id,
        kind=step.kind,
        channel=step.channel,
        created_at=min(one.at for one in attempts),
        rung=step.rung,
        reminder_id=step.reminder_id,
        address_digest=tell.address_digest,
    )
    others = tuple(one for one in case.sent if one.id != dispatch_id)
    return replace(case, sent=(*others, replace(made, attempts=(*made.attempts, *attempts))))


def address_digest(channel: str, address: Address, key: bytes) -> bytes:
    """Keyed, so that it tells nothing; of a postal address, all of it counts."""
    parts = (
        (address,)
        if isinstance(address, str)
        else (address.name, address.care_of, address.street, address.postcode, address.town)
    )
    return hmac.digest(key, "\x1f".join(("address", channel, *parts)).encode(), hashlib.sha256)


def retried_at(attempts: Collection[Attempt], format_: Format) -> datetime | None:
    """When what has failed so often is tried again; None when it is given up."""
    *_, last = attempts
    if last.outcome == "refused":
        # Somebody has to change a name or a text: until then it would say as much as today.
        return at_local_time(local_day(last.at) + timedelta(days=1), OPENING_TIME)
    failed = sum(one.outcome in (Failure.TEMPORARY, Failure.TECHNICAL) for one in attempts)
    return next_attempt(format_, Failure(last.outcome), failed=failed, at=last.at)


def _told(one: Dispatch, terms: Terms, digests: Mapping[str, bytes], now: datetime) -> Told:
    counted = one.since_revived
    standing, retry_at = _standing(one, counted, terms)
    there = digests.get(one.channel)
    return Told(
        kind=Kind(one.kind),
        channel=one.channel,
        at=next((tried.at for tried in counted if tried.outcome == "sent"), one.created_at),
        standing=standing,
        rung=one.rung,
        reminder_id=one.reminder_id,
        retry_at=retry_at,
        to_present_address=one.address_digest is None or one.address_digest == there,
    )


def _standing(one: Dispatch, counted: tuple[Attempt, ...], terms: Terms) -> tuple[Standing, datetime | None]:
    outcomes = {tried.outcome for tried in counted}
    heard = {receipt.outcome for receipt in one.receipts}
    if heard & _FAILED_RECEIPTS or outcomes & _FAILED_FOR_GOOD:
        return Standing.FAILED, None
    if "delivered" in heard:
        return Standing.DELIVERED, None
    if "sent" in outcomes:
        return Standing.SENT, None
    if not counted or one.channel not in terms.formats:
        return Standing.PENDING, None
    retry_at = retried_at(counted, terms.formats[one.channel])
    return (Standing.PENDING, retry_at) if retry_at else (Standing.FAILED, None)


def _why(unreached: Unreached | None, told: Collection[Told], sent: Collection[Dispatch]) -> Unreached | None:
    """The reason more exactly: a message that says too much, or a gateway that has refused for too long."""
    if any(one.standing in (Standing.SENT, Standing.DELIVERED) for one in told):
        return unreached
    last = {one.since_revived[-1].outcome for one in sent if one.since_revived}
    if "refused" in last:
        return Unreached.REVEALING
    if unreached is Unreached.NOT_DELIVERED and "given_up" in last:
        return Unreached.GATEWAY
    return unreached


def _leaves_at(step: Send, case: Case, terms: Terms, now: datetime) -> datetime:
    """When it may leave: at a decent hour, and what falls due for many at once, one by one. A letter knows no hours."""
    if terms.formats[step.channel] is Format.LETTER or step.channel == LETTER:
        return now
    choices, closes_at = case.addressee.choices, case.occasion.closes_at
    decency = terms.decency
    if choices is not None:
        decency = decency.narrowed(choices.hours, every_day=choices.every_day)

    def decent(at: datetime) -> datetime | None:
        return next_decent_moment(at, decency, is_working_day=is_working_day, before=closes_at)

    at = decent(now)
    if at is None:
        return closes_at
    due = decent(_due_at(step, case.occasion) or at) or at
    begins = max(at, due) if at > now else due
    spread_out = begins + spread(str(case.occasion.id), terms.spread_over)
    return max(at, spread_out if decent(spread_out) == spread_out else begins)


def _due_at(step: Send, occasion: Occasion) -> datetime | None:
    """The moment that many have in common; None where it is each one's own."""
    if step.kind is Kind.REMINDER and 1 <= step.rung <= len(occasion.reminds_at):
        return occasion.reminds_at[step.rung - 1]
    return occasion.opens_at if step.kind is Kind.INVITATION else None


def _made_before(sent: Collection[Dispatch], step: Send, digest: bytes) -> UUID | None:
    made = [one for one in sent if one.is_of(step) and one.address_digest in (digest, None)]
    return made[0].id if made else None
