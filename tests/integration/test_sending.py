"""Sending: every invitation arrives once, whoever dies on the way, and climbs the ladder by what is known."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from notifications.channels import Gateway, PermanentFailure, TechnicalFailure, TemporaryFailure
from notifications.channels.memory import MemoryChannel
from notifications.message import Format, PostalAddress
from notifications.retrying import Breaker
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.person_directory import PersonFacts
from survey_service.foundation.principals import NO_PROVIDER, Principal, System
from survey_service.notifying.claiming import LEASE
from survey_service.notifying.use_cases import remind
from survey_service.people.rules import Identity
from survey_service.scheduling.enrolling import pause, resume
from survey_service.scheduling.queries import Occasion
from survey_service.scheduling.use_cases import publish_protocol
from survey_service.scheduling.working_days import next_working_day
from tests.conftest import TestClock, TestDatabase
from tests.integration.enrolments import in_days, occasions, order, ordered
from tests.integration.senders import Directory, Killed, kept, killed_before_statement, notice, send, sent, with_ways
from tests.world import World, protocol_definition

HOME = PostalAddress("Test Testsson", "Gatan 1", "111 22", "Staden")


def keys_of(*channels: MemoryChannel) -> Counter[str]:
    """How often each message was handed over."""
    return Counter(key for channel in channels for key in channel.keys)


# ---- whoever dies on the way


def test_a_worker_that_dies_before_any_statement_loses_nothing_and_doubles_nothing(
    world: World, database: TestDatabase, clock: TestClock
) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    for number in count(1):
        world.enrol(by=world.alice if number % 2 else world.charlie)
        with killed_before_statement(number) as was_reached, suppress(Killed):
            send(services)
        clock.advance(LEASE + timedelta(seconds=1))
        send(services)
        expected = number
        assert len(ways["email"].sent) == expected, number
        assert len(kept(database, "SELECT FROM messages")) == expected
        assert kept(database, "SELECT channel, count(*) FROM dispatches GROUP BY 1 ORDER BY 1") == [
            ("email", expected),
            ("inbox", expected),
        ]
        # At most the one that had been handed over and was not recorded, and that under its own key.
        handed_over = keys_of(ways["email"])
        assert len(handed_over) == expected
        assert sum(handed_over.values()) <= expected + number
        if not was_reached():
            assert number > 30
            return


def test_a_worker_that_dies_while_handing_over_repeats_that_one_message_by_its_key(
    world: World, database: TestDatabase, clock: TestClock
) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    for _ in range(5):
        world.enrol()
    for number in range(1, 6):
        dying = _Dying(ways["email"], number)
        with suppress(Killed):
            send(replace(services, gateways=(Gateway("email-gate", "email", dying, per_second=1000),)))
        clock.advance(LEASE + timedelta(seconds=1))
    send(services)
    assert len(ways["email"].sent) == 5
    assert max(keys_of(ways["email"]).values()) <= 2
    assert kept(database, "SELECT outcome, count(*) FROM dispatch_attempts GROUP BY 1") == [("sent", 5)]


class _Dying:
    """Takes so many messages, and with the last of them the worker's life."""

    def __init__(self, channel: MemoryChannel, number: int) -> None:
        self.format, self.envelope, self._channel, self._left = channel.format, channel.envelope, channel, number

    def send(self, message: Any) -> str:
        self._left -= 1
        taken = self._channel.send(message)
        if not self._left:
            raise Killed
        return taken

    def close(self) -> None:
        pass


def test_several_workers_at_once_send_each_message_once(world: World, database: TestDatabase) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    for number in range(30):
        world.enrol(by=world.charlie if number % 3 else world.alice)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: send(services), range(8)))
    assert sent(ways) == {"email": 30}
    assert set(keys_of(ways["email"]).values()) == {1}
    assert kept(database, "SELECT outcome, count(*) FROM dispatch_attempts GROUP BY 1") == [("sent", 30)]


def test_a_notice_that_cannot_be_read_keeps_no_other_from_being_sent(world: World, database: TestDatabase) -> None:
    services, ways = with_ways(world.services, email=Format.EMAIL)
    patient, _ = world.enrol()
    world.enrol()
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE patients SET email_sealed = 'x' WHERE person_id = %s", [patient.person_id])
    send(services)
    assert sent(ways) == {"email": 1}


# ---- the ladder, end to end


def home(world: World, identity: Identity) -> Directory:
    return Directory({identity.number: PersonFacts(number=identity.number, address=HOME)})


@pytest.fixture
def bouncing(database: TestDatabase) -> Any:
    """Say what the gateway has heard of what it was given. As the operator's own import would."""

    def hear(channel: str, outcome: str, at: Any) -> None:
        found = kept(
            database,
            "SELECT gateway, gateway_message_id FROM dispatch_attempts WHERE gateway = %s ORDER BY id DESC LIMIT 1",
            f"{channel}-gate",
        )
        with database.connect("survey_operator") as connection:
            connection.execute("SELECT receive_dispatch(%s, %s, NULL, %s, NULL, %s)", [*found[0], outcome, at])

    return hear


def test_who_does_not_come_is_written_to_another_way_and_at_last_by_letter(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL, sms=Format.SMS, letter=Format.LETTER)
    identity = world.new_identity(phone="0701234567")
    services = replace(services, directory=home(world, identity))
    world.enrol(identity)
    seen = []
    for _ in range(15):
        send(services)
        seen.append(sent(ways))
        clock.advance(timedelta(days=1))
    assert seen[0] == {"email": 1}
    assert seen[3] == {"email": 1, "sms": 1}
    assert seen[-1] == {"email": 1, "sms": 1, "letter": 1}
    assert kept(database, "SELECT kind, channel FROM dispatches WHERE channel <> 'inbox' ORDER BY created_at") == [
        ("invitation", "email"),
        ("other_way", "sms"),
        ("other_way", "letter"),
    ]


def test_a_protocol_says_how_soon_another_way_is_tried(world: World, clock: TestClock) -> None:
    """C1: as the enrolment's version has it now."""
    services, ways = with_ways(world.services, email=Format.EMAIL, sms=Format.SMS, letter=Format.LETTER)
    identity = world.new_identity(phone="0701234567")
    services = replace(services, directory=home(world, identity))
    soon = {"notices": {"other_way_after_days": 1, "letter_after_days": 2}}
    definition = protocol_definition("anxiety-only", ["promis-anxiety"]) | soon
    publish_protocol(services, provider_id=world.alice.provider_id, definition=definition)
    world.enrol(identity)
    for _ in range(3):
        send(services)
        clock.advance(timedelta(days=1))
    send(services)
    assert sent(ways) == {"email": 1, "sms": 1, "letter": 1}


def test_what_cannot_be_written_is_seen_by_the_unit_and_keeps_no_other(world: World, database: TestDatabase) -> None:
    """C1: never silence"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    _, unreadable = world.enrol()
    world.enrol()
    with database.connect("survey_owner") as connection:
        connection.execute(
            "UPDATE patients SET email_sealed = 'damaged' WHERE person_id ="
            " (SELECT person_id FROM occasions WHERE id = %s)",
            [unreadable.id],
        )
    send(services)
    assert sent(ways) == {"email": 1}
    assert notice(database, unreadable.id)[1] == "withheld"


def test_who_has_signed_in_is_written_to_no_other_way(world: World, clock: TestClock) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL, sms=Format.SMS)
    identity = world.new_identity(phone="0701234567")
    world.enrol(identity)
    send(services)
    clock.advance(timedelta(hours=1))
    world.patient_cookie(identity)
    for _ in range(10):
        clock.advance(timedelta(days=1))
        send(services)
    assert sent(ways) == {"email": 1}


def test_what_bounces_goes_another_way_at_once_and_when_nothing_is_left_the_unit_reads_why(
    world: World, clock: TestClock, database: TestDatabase, bouncing: Any
) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL, sms=Format.SMS)
    _, occasion = world.enrol(world.new_identity(phone="0701234567"))
    send(services)
    clock.advance(timedelta(minutes=5))
    bouncing("email", "bounced", clock())
    send(services)
    assert sent(ways) == {"email": 1, "sms": 1}
    assert notice(database, occasion.id)[1] is None
    clock.advance(timedelta(minutes=5))
    bouncing("sms", "not_delivered", clock())
    send(services)
    assert sent(ways) == {"email": 1, "sms": 1}
    assert notice(database, occasion.id)[1] == "not_delivered"


def test_without_any_address_the_inbox_has_it_and_the_unit_reads_why(world: World, database: TestDatabase) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    _, occasion = world.enrol(world.new_identity(email=None))
    send(services)
    assert sent(ways) == {}
    assert len(kept(database, "SELECT FROM messages")) == 1
    assert notice(database, occasion.id)[1] == "no_address"


def test_an_address_that_is_corrected_is_written_to_at_once(world: World, database: TestDatabase) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    identity = world.new_identity()
    _, occasion = world.enrol(identity)
    ways["email"].failures.append(PermanentFailure())
    send(services)
    assert notice(database, occasion.id)[1] == "not_delivered"
    world.enrol(replace(identity, email="new@example.se"), protocol="eq5d-only")
    send(services)
    assert {message.to for message in ways["email"].sent} == {"new@example.se"}  # type: ignore[union-attr]
    assert notice(database, occasion.id)[1] is None


def test_a_reminder_that_staff_asked_for_goes_out_once(world: World, clock: TestClock) -> None:
    services, ways = with_ways(world.services, email=Format.EMAIL)
    _, occasion = world.enrol()
    send(services)
    clock.advance(timedelta(hours=1))
    assert remind(services, occasion.id, as_=world.alice)
    send(services)
    send(services)
    assert sent(ways) == {"email": 2}


# ---- checked at the moment of sending


def test_who_has_died_by_the_directory_is_written_to_by_nobody(world: World, database: TestDatabase) -> None:
    """C5"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    identity = world.new_identity()
    _, occasion = world.enrol(identity)
    dead = PersonFacts(number=identity.number, deceased_on=date(2026, 1, 1))
    send(replace(services, directory=Directory({identity.number: dead})))
    assert sent(ways) == {}
    assert kept(database, "SELECT FROM messages") == []
    assert notice(database, occasion.id) == (None, "deceased")
    assert kept(database, "SELECT deceased_on FROM person_facts") == [(date(2026, 1, 1),)]


def test_what_is_paused_is_sent_when_it_is_resumed(world: World) -> None:
    services, ways = with_ways(world.services, email=Format.EMAIL)
    _, occasion = world.enrol()
    pause(services, occasion.enrolment_id, as_=world.alice)
    send(services)
    assert sent(ways) == {}
    resume(services, occasion.enrolment_id, as_=world.alice)
    send(services)
    assert sent(ways) == {"email": 1}


@pytest.fixture
def both(world: World) -> tuple[Occasion, Occasion]:
    """Alice's unit asks today, and bob's asks the same three days later."""
    identity = world.new_identity()
    _, first = world.enrol(identity)
    later = order(world, world.protocols["anxiety-only"], identity, anchor_date=in_days(world, 3))
    enrolment_id, _ = ordered(world, later, by=world.bob)
    return first, occasions(world, enrolment_id, by=world.bob)[0]


def test_what_two_units_ask_is_told_once_and_by_the_other_when_the_first_closes_unanswered(
    world: World, clock: TestClock, database: TestDatabase, both: tuple[Occasion, Occasion]
) -> None:
    """B6"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    first, second = both
    send(services)
    assert sent(ways) == {"email": 1}
    assert notice(database, second.id)[0] == first.closes_at
    clock.now = first.closes_at
    send(services)
    assert sent(ways) == {"email": 2}


def test_what_two_units_ask_is_told_by_the_other_when_the_first_is_paused(
    world: World, both: tuple[Occasion, Occasion]
) -> None:
    """B6"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    first, _ = both
    send(services)
    pause(services, first.enrolment_id, as_=world.alice)
    send(services)
    assert sent(ways) == {"email": 2}


# ---- when


def test_what_falls_due_at_night_comes_in_the_morning_of_a_working_day_and_the_inbox_has_it_at_once(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """C1"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    hours = replace(services.settings.notices, opens=time(8), closes=time(20), every_day=False, spread_seconds=600)
    services = replace(services, settings=replace(services.settings, notices=hours))
    clock.now = at_local_time(next_working_day(local_day(clock()) + timedelta(days=1)), time(22))
    _, occasion = world.enrol()
    send(services)
    assert sent(ways) == {}
    assert len(kept(database, "SELECT FROM messages")) == 1
    morning = at_local_time(next_working_day(local_day(clock()) + timedelta(days=1)), time(8))
    next_at = notice(database, occasion.id)[0]
    assert morning <= next_at < morning + timedelta(minutes=10)
    clock.now = next_at
    send(services)
    assert sent(ways) == {"email": 1}


def test_an_invitation_too_many_waits_whoever_asks_and_the_unit_reads_that_it_does(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    """C2"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    limited = replace(services.settings.notices, most_invitations=1, period_days=3)
    services = replace(services, settings=replace(services.settings, notices=limited))
    identity = world.new_identity()
    world.enrol(identity)
    send(services)
    clock.advance(timedelta(hours=1))
    _, second = world.enrol(identity, by=world.charlie)
    send(services)
    assert sent(ways) == {"email": 1}
    next_at, why = notice(database, second.id)
    assert why == "deferred"
    assert next_at <= second.opens_at + (second.closes_at - second.opens_at) / 2
    clock.now = next_at
    send(services)
    assert sent(ways) == {"email": 2}
    assert notice(database, second.id)[1] is None


def test_two_invitations_to_one_person_at_once_are_counted_one_after_the_other(
    world: World, database: TestDatabase
) -> None:
    """C2"""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    limited = replace(services.settings.notices, most_invitations=1)
    services = replace(services, settings=replace(services.settings, notices=limited))
    identity = world.new_identity()
    world.enrol(identity)
    world.enrol(identity, protocol="eq5d-only")
    send(services)
    assert sent(ways) == {"email": 1}
    assert kept(database, "SELECT count(*) FROM notices WHERE unreached = 'deferred'") == [(1,)]


# ---- gateways


def test_a_gateway_that_fails_again_and_again_is_let_alone_and_no_attempt_is_counted_meanwhile(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    services, ways = with_ways(world.services, email=Format.EMAIL)
    ways["email"].failures += [TechnicalFailure() for _ in range(Breaker.TRIPS_AT)]
    for _ in range(20):
        world.enrol()
    send(services)
    assert kept(database, "SELECT outcome, count(*) FROM dispatch_attempts GROUP BY 1") == [
        ("technical", Breaker.TRIPS_AT)
    ]
    assert kept(database, "SELECT failures, bad_since IS NOT NULL FROM gateways") == [(Breaker.TRIPS_AT, True)]
    assert kept(database, "SELECT DISTINCT unreached FROM notices WHERE unreached IS NOT NULL") == [("gateway",)]
    clock.advance(Breaker.SHORTEST)
    send(services)
    assert sent(ways) == {"email": 20}
    assert kept(database, "SELECT failures, bad_since FROM gateways") == [(0, None)]


def test_the_second_gateway_takes_what_the_first_does_not(world: World) -> None:
    first, second = MemoryChannel(), MemoryChannel()
    first.failures += [TechnicalFailure() for _ in range(1000)]
    gateways = (Gateway("first", "email", first, per_second=1000), Gateway("second", "email", second, per_second=1000))
    services = replace(world.services, gateways=gateways)
    for _ in range(20):
        world.enrol()
    send(services)
    assert len(second.sent) == 20


def test_what_is_given_up_goes_another_way_and_can_be_wanted_again(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    services, ways = with_ways(world.services, email=Format.EMAIL)
    ways["email"].failures += [TemporaryFailure() for _ in range(6)]
    _, occasion = world.enrol()
    for _ in range(10):
        send(services)
        clock.advance(timedelta(hours=8))
    assert kept(database, "SELECT outcome FROM dispatch_attempts ORDER BY id")[-1] == ("given_up",)
    assert notice(database, occasion.id)[1] == "gateway"
    ((dispatch_id,),) = kept(database, "SELECT id FROM dispatches WHERE channel = 'email'")
    with world.services.db.transaction(as_=world.alice) as connection:
        revive = sa.text("SELECT revive_dispatch(:id, :dispatch, :at)")
        assert connection.execute(revive, {"id": new_id(), "dispatch": dispatch_id, "at": clock()}).scalar_one()
    send(services)
    assert sent(ways) == {"email": 1}
    assert notice(database, occasion.id)[1] is None


def test_a_gateway_that_calls_every_message_the_same_does_not_get_any_of_them_twice(
    world: World, database: TestDatabase
) -> None:
    class Forgetful(MemoryChannel):
        def send(self, message: Any) -> str:
            super().send(message)
            return "OK"

    channel = Forgetful()
    services = replace(world.services, gateways=(Gateway("forgetful", "email", channel, per_second=1000),))
    for _ in range(3):
        world.enrol()
    send(services)
    send(services)
    assert len(channel.keys) == 3
    assert kept(database, "SELECT outcome, count(*) FROM dispatch_attempts GROUP BY 1") == [("sent", 3)]


def test_a_gateway_gets_no_more_than_its_rate_and_what_is_over_waits_its_turn(
    world: World, clock: TestClock, database: TestDatabase
) -> None:
    channel = MemoryChannel()
    # So slow that two turns in a minute are all that there is.
    services = replace(world.services, gateways=(Gateway("slow", "email", channel, per_second=1000),))
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        connection.execute(
            sa.text("INSERT INTO gateways (name, next_free_at) VALUES ('slow', :at)"),
            {"at": clock() + timedelta(seconds=40)},
        )
    _, occasion = world.enrol()
    send(services)
    assert channel.sent == []
    assert notice(database, occasion.id)[0] == clock() + timedelta(seconds=40)
    clock.advance(timedelta(seconds=40))
    send(services)
    assert len(channel.sent) == 1


# ---- whose they are


def claimed_by(world: World, who: Principal) -> int:
    with world.services.db.transaction(as_=who) as connection:
        found = connection.execute(
            sa.text("SELECT count(*) FROM claim_notices(:now, :now + interval '1 minute', 100)"),
            {"now": world.services.clock()},
        )
        return int(found.scalar_one())


def test_only_a_worker_claims_and_sees_its_own_providers_notices(world: World) -> None:
    """A6"""
    patient, _ = world.enrol()
    world.enrol(by=world.charlie)
    for who in (world.alice, patient, world.register):
        with pytest.raises(sa.exc.ProgrammingError):
            claimed_by(world, who)
    for who, seen in ((world.alice, 1), (world.charlie, 1), (world.system, 1), (System(NO_PROVIDER), 0)):
        with world.services.db.transaction(as_=who) as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM notices")).scalar_one() == seen
    assert claimed_by(world, System(NO_PROVIDER)) == 2
    assert claimed_by(world, System(NO_PROVIDER)) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notices (occasion_id, provider_id, person_id) SELECT id, provider_id, person_id FROM occasions",
        "UPDATE notices SET next_at = NULL",
        "UPDATE notices SET revision = 0",
        "DELETE FROM notices",
        "UPDATE dispatch_attempts SET outcome = 'sent'",
        "DELETE FROM dispatch_attempts",
        "UPDATE dispatches SET channel = 'sms'",
        "INSERT INTO dispatch_attempts (id, dispatch_id, provider_id, person_id, outcome, attempted_at)"
        " SELECT gen_random_uuid(), id, provider_id, person_id, 'sent', now() FROM dispatches",
        "UPDATE gateways SET failures = 0",
        "INSERT INTO dispatch_receipts (dispatch_id, provider_id, person_id, outcome, at)"
        " SELECT id, provider_id, person_id, 'delivered', now() FROM dispatches",
    ],
)
def test_by_sql_nobody_but_the_worker_writes_what_was_sent(world: World, statement: str) -> None:
    """A6"""
    patient, _ = world.enrol()
    send(world.services)
    for who in (world.alice, patient):
        with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=who) as connection:
            connection.execute(sa.text(statement))


def test_by_sql_a_worker_lets_go_of_no_other_providers_notice(world: World, database: TestDatabase) -> None:
    """A6"""
    _, occasion = world.enrol(by=world.charlie)
    before = notice(database, occasion.id)
    with world.services.db.transaction(as_=world.system) as connection:
        connection.execute(sa.text("UPDATE notices SET next_at = NULL"))
    assert notice(database, occasion.id) == before
    for statement in ("UPDATE notices SET revision = 7", "DELETE FROM notices", "DELETE FROM dispatches"):
        with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=world.system) as connection:
            connection.execute(sa.text(statement))


# ---- notices follow what they tell of

AFTERWARDS = b"""
    SELECT coalesce(next_at = (SELECT opens_at FROM occasions o WHERE o.id = occasion_id), false), next_at IS NULL,
           revision > 0
    FROM notices WHERE occasion_id = %s
"""


def revise(database: TestDatabase, statement: str, occasion_id: UUID) -> tuple[bool, bool, bool]:
    """Whether the notice is looked at when it opens, whether it is never looked at, and whether it was revised."""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE notices SET next_at = now() + interval '1 year'")
        connection.execute(statement.encode(), {"occasion": occasion_id})
        found = connection.execute(AFTERWARDS, [occasion_id]).fetchone()
    assert found is not None
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE occasions SET opens_at = opens_at - interval '1 day' WHERE id = %(occasion)s", (True, False, True)),
        ("UPDATE occasions SET closes_at = closes_at + interval '1 day' WHERE id = %(occasion)s", (True, False, True)),
        ("UPDATE occasions SET reminds_at = ARRAY[due_at] WHERE id = %(occasion)s", (True, False, True)),
        (
            "UPDATE occasions SET withdrawn_at = now(), withdrawn_reason = 'ended' WHERE id = %(occasion)s",
            (False, True, True),
        ),
        ("UPDATE occasions SET is_answered = true WHERE id = %(occasion)s", (False, True, True)),
        (
            "UPDATE patients SET email_sealed = 'x' FROM occasions o WHERE o.id = %(occasion)s"
            " AND patients.person_id = o.person_id",
            (True, False, True),
        ),
        (
            "UPDATE patients SET locale = 'fi' FROM occasions o WHERE o.id = %(occasion)s"
            " AND patients.person_id = o.person_id",
            (True, False, True),
        ),
        (
            "INSERT INTO contact_choices (person_id, channels, chosen_at) SELECT person_id, '{}', now()"
            " FROM occasions WHERE id = %(occasion)s",
            (True, False, True),
        ),
        (
            "INSERT INTO reminders (id, provider_id, person_id, occasion_id, day, staff_id, at)"
            " SELECT gen_random_uuid(), o.provider_id, o.person_id, o.id, current_date, s.id, now()"
            " FROM occasions o, staff_members s WHERE o.id = %(occasion)s AND s.provider_id = o.provider_id LIMIT 1",
            (True, False, True),
        ),
    ],
)
def test_a_notice_is_looked_at_again_after_every_change_of_what_it_tells_of(
    world: World, database: TestDatabase, statement: str, expected: tuple[bool, bool, bool]
) -> None:
    _, occasion = world.enrol()
    assert revise(database, statement, occasion.id) == expected


def test_what_changed_while_it_was_being_sent_is_looked_at_anew(world: World, database: TestDatabase) -> None:
    class Meanwhile(MemoryChannel):
        def send(self, message: Any) -> str:
            if not self.sent:
                remind_by_sql(database, occasion.id)
            return super().send(message)

    channel = Meanwhile()
    services = replace(world.services, gateways=(Gateway("slow", "email", channel, per_second=1000),))
    _, occasion = world.enrol()
    send(services)
    ((revision, claimed),) = kept(database, "SELECT revision, claimed_until FROM notices")
    assert (revision, claimed) == (1, None)


def remind_by_sql(database: TestDatabase, occasion_id: UUID) -> None:
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE occasions SET reminds_at = ARRAY[due_at] WHERE id = %s", [occasion_id])
