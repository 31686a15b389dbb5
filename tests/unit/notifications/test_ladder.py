"""Which notice goes out next: told as patients' stories, and held for every history that can be."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.ladder import (
    LETTER,
    Kind,
    Known,
    Ladder,
    Over,
    Reach,
    Send,
    Standing,
    Step,
    Told,
    Unreached,
    Wait,
    Window,
    next_step,
)

OPENS = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
WINDOW = Window(OPENS, OPENS + timedelta(days=28), (OPENS + timedelta(days=5), OPENS + timedelta(days=14)))
EVERYTHING = Reach(("email", "sms", LETTER))


def day(days: float) -> datetime:
    return OPENS + timedelta(days=days)


def told(
    channel: str, at: float, standing: Standing = Standing.SENT, *, kind: Kind = Kind.INVITATION, rung: int = 0
) -> Told:
    return Told(kind, channel, day(at), standing, rung)


def step(at: float, *dispatches: Told, signed_in: float | None = None, reach: Reach = EVERYTHING) -> Step:
    signed_in_at = None if signed_in is None else day(signed_in)
    return next_step(WINDOW, Known(dispatches, signed_in_at), reach, now=day(at))


def test_nothing_is_sent_before_it_opens_and_nothing_after_it_has_closed() -> None:
    assert step(-1) == Wait(OPENS)
    assert step(28) == Over()


def test_the_first_notice_takes_the_channel_that_the_patient_wants_first() -> None:
    """C1"""
    assert step(0) == Send(Kind.INVITATION, "email")
    assert step(0, reach=Reach(("sms", "email"))) == Send(Kind.INVITATION, "sms")


@pytest.mark.parametrize("standing", [Standing.SENT, Standing.DELIVERED])
def test_who_does_not_sign_in_is_told_by_another_channel_after_some_days(standing: Standing) -> None:
    """C1"""
    first = told("email", 0, standing)
    assert step(1, first) == Wait(day(3))
    assert step(3, first) == Send(Kind.OTHER_WAY, "sms")


def test_a_bounce_sends_it_by_another_channel_at_once() -> None:
    """C1"""
    assert step(0.1, told("email", 0, Standing.FAILED)) == Send(Kind.INVITATION, "sms")


def test_a_letter_is_the_last_way() -> None:
    """C1"""
    first, other = told("email", 0), told("sms", 3, kind=Kind.OTHER_WAY)
    reminded = told("sms", 5, kind=Kind.REMINDER, rung=1)
    assert step(6.9, first, other, reminded) == Wait(day(7))
    assert step(7, first, other, reminded) == Send(Kind.OTHER_WAY, LETTER)


def test_a_letter_goes_at_once_where_nothing_else_arrives() -> None:
    """C1"""
    failed = told("email", 0, Standing.FAILED), told("sms", 0.1, Standing.FAILED)
    assert step(0.2, *failed) == Send(Kind.INVITATION, LETTER)


def test_who_has_signed_in_since_is_reminded_but_told_by_no_other_channel() -> None:
    """C1"""
    first = told("email", 0)
    assert step(4, first, signed_in=1) == Wait(day(5))
    assert step(5, first, signed_in=1) == Send(Kind.REMINDER, "email", rung=1)
    reminded = told("email", 5, kind=Kind.REMINDER, rung=1)
    assert step(6, first, reminded, signed_in=1) == Wait(day(14))


def test_a_visit_before_the_notice_says_nothing() -> None:
    assert step(3, told("email", 0), signed_in=-1) == Send(Kind.OTHER_WAY, "sms")


def test_a_reminder_goes_where_something_is_known_to_have_arrived() -> None:
    first, other = told("email", 0), told("sms", 3, Standing.DELIVERED, kind=Kind.OTHER_WAY)
    assert step(5, first, other) == Send(Kind.REMINDER, "sms", rung=1)


def test_where_another_way_and_a_reminder_are_due_at_once_it_is_one_message() -> None:
    late = told("email", 1.5)
    assert step(5, late) == Send(Kind.REMINDER, "sms", rung=1)
    assert step(5, late, told("sms", 5, kind=Kind.REMINDER, rung=1)) == Wait(day(8.5))


def test_a_reminder_is_given_a_day_before_another_way_is_tried() -> None:
    first, reminded = told("email", 2.5), told("email", 5.25, kind=Kind.REMINDER, rung=1)
    assert step(5.5, first, reminded) == Wait(day(6.25))


def test_of_reminders_that_were_missed_only_the_newest_is_sent() -> None:
    assert step(15, told("email", 1), signed_in=2) == Send(Kind.REMINDER, "email", rung=2)


def test_a_reminder_that_was_due_before_the_first_notice_is_none() -> None:
    assert step(6, told("email", 5.5)) == Wait(day(8.5))


def test_a_reminder_that_bounces_goes_by_another_channel_at_once() -> None:
    first, bounced = told("email", 0, Standing.DELIVERED), told("email", 5, Standing.FAILED, kind=Kind.REMINDER, rung=1)
    assert step(5.1, first, bounced, signed_in=1) == Send(Kind.REMINDER, "sms", rung=1)


def test_what_was_only_taken_counts_for_nothing_once_a_later_one_to_the_same_place_bounced() -> None:
    first, bounced = told("email", 0), told("email", 5, Standing.FAILED, kind=Kind.REMINDER, rung=1)
    assert step(5.1, first, bounced) == Send(Kind.INVITATION, "sms")
    only_email = step(5.1, first, bounced, reach=Reach(("email",)))
    assert only_email == Wait(day(6.1), Unreached.NOT_DELIVERED)


def test_a_reminder_that_staff_ask_for_is_sent_once_and_stands_for_those_missed() -> None:
    first = told("email", 0)
    known = Known((first,), day(1), {"earlier": day(1.5), "later": day(2)})
    assert next_step(WINDOW, known, EVERYTHING, now=day(2)) == Send(Kind.REMINDER, "email", reminder_id="later")
    sent = replace(known, told=(first, Told(Kind.REMINDER, "email", day(2), Standing.SENT, 0, "later")))
    assert next_step(WINDOW, sent, EVERYTHING, now=day(2)) == Wait(day(5))


def test_a_bounced_reminder_is_not_tried_at_the_same_address_again_though_later_ones_arrived() -> None:
    known = Known(
        (
            told("email", 0),
            Told(Kind.REMINDER, "email", day(1), Standing.FAILED, 0, "asked"),
            Told(Kind.REMINDER, "email", day(0.9), Standing.DELIVERED, 0, "before"),
            told("email", 1.1, Standing.DELIVERED, kind=Kind.OTHER_WAY),
        ),
        day(1),
        {"before": day(0.8), "asked": day(1)},
    )
    only_email = Reach(("email",))
    assert next_step(WINDOW, known, only_email, now=day(2)) == Wait(day(5))


def test_what_was_not_taken_yet_is_tried_again_when_its_time_comes() -> None:
    waiting = replace(told("email", 0, Standing.PENDING), retry_at=day(0.5))
    assert step(0.1, waiting) == Wait(day(0.5))
    assert step(0.5, waiting) == Send(Kind.INVITATION, "email")


def test_what_waits_for_an_address_that_is_no_longer_the_patients_is_sent_to_the_new_one() -> None:
    waiting = replace(told("email", 0, Standing.PENDING), retry_at=day(0.5), to_present_address=False)
    assert step(0.1, waiting) == Send(Kind.INVITATION, "email")


def test_a_corrected_address_is_written_to_at_once_and_not_after_days() -> None:
    elsewhere = replace(told("email", 0), to_present_address=False)
    assert step(1, elsewhere) == Send(Kind.INVITATION, "email")


def test_who_signs_in_and_then_changes_the_address_is_not_told_again() -> None:
    elsewhere = replace(told("email", 0), to_present_address=False)
    assert step(1, elsewhere, signed_in=0.9) == Wait(day(5))


@pytest.mark.parametrize("why", [Unreached.DECLINED, Unreached.PROTECTED, Unreached.NO_ADDRESS, Unreached.DECEASED])
def test_who_may_not_be_written_to_is_unreached_and_the_unit_sees_why(why: Unreached) -> None:
    """C1, C5"""
    assert step(0, reach=Reach((), why)) == Wait(day(1), why)


def test_who_declines_after_having_been_told_is_left_alone() -> None:
    assert step(4, told("email", 0), reach=Reach((), Unreached.DECLINED)) == Wait(day(5))


def test_where_everything_failed_the_unit_sees_that_nothing_was_delivered() -> None:
    """C1"""
    reach = Reach(("email",), Unreached.PROTECTED)
    assert step(1, told("email", 0, Standing.FAILED), reach=reach) == Wait(day(2), Unreached.NOT_DELIVERED)


def test_a_directory_that_is_down_is_asked_again_within_the_hour() -> None:
    down = Reach((), Unreached.DIRECTORY)
    assert step(0, reach=down) == Wait(OPENS + timedelta(hours=1), Unreached.DIRECTORY)
    only_email = Reach(("email",), Unreached.DIRECTORY)
    reminded = told("email", 5, kind=Kind.REMINDER, rung=1)
    assert step(8, told("email", 0), reminded, reach=only_email) == Wait(day(8) + timedelta(hours=1))


def test_a_protocol_may_climb_its_own_ladder() -> None:
    soon = Ladder(other_way_after=timedelta(days=1), letter_after=timedelta(days=2))
    known = Known((told("email", 0),))
    assert next_step(WINDOW, known, EVERYTHING, now=day(1), ladder=soon) == Send(Kind.OTHER_WAY, "sms")


# A little world, to let chance write histories.

CHANNELS = ("email", "sms", "mailbox", LETTER)
HOURS = st.integers(0, 24 * 12).map(lambda hours: timedelta(hours=hours))
REASONS = st.sampled_from([Unreached.NO_ADDRESS, Unreached.DECLINED, Unreached.PROTECTED, Unreached.DIRECTORY])
WINDOWS = st.builds(
    lambda length, reminders: Window(OPENS, OPENS + length, tuple(sorted(OPENS + one for one in reminders))),
    HOURS.map(lambda length: length + timedelta(hours=6)),
    st.lists(HOURS, max_size=4),
)


@dataclass
class World:
    """One notice, what happens to it, and everything that was sent. Addresses are numbers."""

    data: st.DataObject
    window: Window
    now: datetime
    addresses: dict[str, int]
    why_not: Unreached
    dispatches: dict[tuple[str, ...], tuple[int, Told]] = field(default_factory=dict)
    tries: dict[tuple[str, ...], int] = field(default_factory=dict)
    asked_for: dict[str, datetime] = field(default_factory=dict)
    signed_in_at: datetime | None = None

    def reach(self) -> Reach:
        return Reach(tuple(self.addresses), self.why_not)

    def told(self) -> tuple[Told, ...]:
        return tuple(
            replace(one, to_present_address=self.addresses.get(one.channel) == address)
            for address, one in self.dispatches.values()
        )

    def step(self) -> Step:
        return next_step(self.window, Known(self.told(), self.signed_in_at, self.asked_for), self.reach(), now=self.now)

    def send(self, step: Send) -> Standing:
        address = self.addresses[step.channel]
        key = (step.kind, step.channel, str(step.rung), step.reminder_id, str(address))
        if key in self.dispatches:
            assert self.dispatches[key][1].standing is Standing.PENDING, "the same dispatch was made twice"
        self.tries[key] = self.tries.get(key, 0) + 1
        standing = self.data.draw(st.sampled_from(Standing))
        if standing is Standing.PENDING and self.tries[key] > 3:
            standing = Standing.FAILED
        made_at = self.dispatches[key][1].at if key in self.dispatches and standing is Standing.PENDING else self.now
        retry_at = self.now + timedelta(hours=self.data.draw(st.integers(0, 8)))
        one = Told(step.kind, step.channel, made_at, standing, step.rung, step.reminder_id, retry_at)
        self.dispatches[key] = (address, one)
        return standing

    def happens(self, until: datetime) -> None:
        """Something, on the way to ``until``."""
        self.now += (until - self.now) * self.data.draw(st.sampled_from([0.1, 0.5, 1.0]))
        match self.data.draw(st.sampled_from(["bounce", "receipt", "sign in", "address", "gone", "asked", "reason"])):
            case "bounce":
                self.hears(Standing.FAILED)
            case "receipt":
                self.hears(Standing.DELIVERED)
            case "sign in":
                self.signed_in_at = self.now
            case "address":
                self.addresses[self.data.draw(st.sampled_from(CHANNELS))] = self.data.draw(st.integers(1, 2))
            case "gone":
                self.addresses.pop(self.data.draw(st.sampled_from(CHANNELS)), None)
            case "asked":
                self.asked_for[str(len(self.asked_for))] = self.now
            case _:
                self.why_not = self.data.draw(REASONS)

    def hears(self, standing: Standing) -> None:
        sent = [key for key, (_, one) in self.dispatches.items() if one.standing is Standing.SENT]
        if sent:
            key = self.data.draw(st.sampled_from(sent))
            address, one = self.dispatches[key]
            self.dispatches[key] = (address, replace(one, standing=standing))

    def anybody_told(self) -> bool:
        return any(one.standing in (Standing.SENT, Standing.DELIVERED) for one in self.told())

    def anything_waits(self) -> bool:
        return any(one.standing is Standing.PENDING and one.to_present_address for one in self.told())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    order = draw(st.lists(st.sampled_from(CHANNELS), unique=True))
    start = OPENS + timedelta(hours=draw(st.integers(-24, 48)))
    return World(draw(st.data()), draw(WINDOWS), start, dict.fromkeys(order, 1), draw(REASONS))


def history(world: World, *, events: int = 10) -> Iterator[tuple[datetime, Step, Standing | None]]:
    """Every step until it is over, with what came of it. It ends, or the test fails."""
    for _ in range(400):
        now, step = world.now, world.step()
        match step:
            case Send():
                yield now, step, world.send(step)
            case Wait(until):
                yield now, step, None
                if events:
                    events -= 1
                    world.happens(until)
                else:
                    world.now = until
            case Over():
                yield now, step, None
                return
    raise AssertionError("it does not end")


@settings(max_examples=60)
@given(worlds())
def test_every_history_ends_and_none_in_silence(world: World) -> None:
    """C1"""
    for now, step, _ in history(world):
        if isinstance(step, Wait):
            assert now < step.until <= world.window.closes_at
            is_open = now >= world.window.opens_at
            assert world.anybody_told() or world.anything_waits() or step.unreached or not is_open


@settings(max_examples=60)
@given(worlds())
def test_nothing_is_sent_outside_the_window_nor_the_same_dispatch_twice(world: World) -> None:
    for now, step, _ in history(world):
        if isinstance(step, Send):
            assert world.window.opens_at <= now < world.window.closes_at


@settings(max_examples=60)
@given(worlds())
def test_nobody_is_told_twice_in_one_moment(world: World) -> None:
    told_at: datetime | None = None
    for now, step, standing in history(world):
        if isinstance(step, Send):
            assert told_at != now
        if standing in (Standing.SENT, Standing.DELIVERED):
            told_at = now
