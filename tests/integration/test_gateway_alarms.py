"""A gateway that goes bad is told once, by another way than its own, and so is that it is well again."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from notifications.channels import Gateway, TemporaryFailure
from notifications.channels.memory import MemoryChannel
from notifications.message import Email, Format
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.notifying.alarming import watch_gateways
from tests.conftest import TestClock, TestDatabase


@pytest.fixture
def second() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def two(services: Services, second: MemoryChannel) -> Services:
    """With an SMS gateway, and a second one for e-mail."""
    sms = Gateway("sms-one", "sms", MemoryChannel(Format.SMS))
    return replace(services, gateways=(*services.gateways, sms, Gateway("second", "email", second)))


@pytest.fixture
def watch(two: Services) -> partial[None]:
    return partial(watch_gateways, two, InterfaceTexts(two))


def went_bad(database: TestDatabase, name: str, clock: TestClock, *, minutes: int = 11) -> None:
    with database.connect("postgres") as connection:
        connection.execute(
            "INSERT INTO gateways (name, failures, bad_since) VALUES (%s, 9, %s)"
            " ON CONFLICT (name) DO UPDATE SET bad_since = EXCLUDED.bad_since",
            (name, clock() - timedelta(minutes=minutes)),
        )


def is_well(database: TestDatabase, name: str) -> None:
    with database.connect("postgres") as connection:
        connection.execute("UPDATE gateways SET bad_since = NULL, failures = 0 WHERE name = %s", (name,))


def subjects(channel: MemoryChannel) -> list[str]:
    return [one.subject for one in channel.sent if isinstance(one, Email)]


def test_one_that_fails_for_a_moment_is_no_incident(
    watch: partial[None], database: TestDatabase, clock: TestClock, mailbox: MemoryChannel
) -> None:
    went_bad(database, "sms-one", clock, minutes=9)
    watch()
    assert mailbox.sent == []


def test_an_incident_is_told_once_and_so_is_its_end(
    watch: partial[None], database: TestDatabase, clock: TestClock, mailbox: MemoryChannel
) -> None:
    went_bad(database, "sms-one", clock)
    for _ in range(3):
        watch()
    (told,) = subjects(mailbox)
    assert "sms-one" in told
    is_well(database, "sms-one")
    for _ in range(3):
        watch()
    assert len(subjects(mailbox)) == 2
    assert subjects(mailbox)[1] != told


def test_the_next_incident_is_told_anew(
    watch: partial[None], database: TestDatabase, clock: TestClock, mailbox: MemoryChannel
) -> None:
    for _ in range(2):
        went_bad(database, "sms-one", clock)
        watch()
        is_well(database, "sms-one")
        watch()
        clock.advance(timedelta(hours=1))
    assert len(mailbox.sent) == 4


def test_it_goes_another_way_than_the_broken_one(
    watch: partial[None], database: TestDatabase, clock: TestClock, mailbox: MemoryChannel, second: MemoryChannel
) -> None:
    went_bad(database, "mail", clock)
    watch()
    assert (len(mailbox.sent), len(second.sent)) == (0, 1)


def test_a_way_that_refuses_is_passed_over_and_where_all_refuse_it_is_tried_again(
    watch: partial[None], database: TestDatabase, clock: TestClock, mailbox: MemoryChannel, second: MemoryChannel
) -> None:
    went_bad(database, "sms-one", clock)
    mailbox.failures.append(TemporaryFailure("451"))
    second.failures.append(TemporaryFailure("451"))
    watch()
    assert (mailbox.sent, second.sent) == ([], [])
    watch()
    watch()
    assert len(mailbox.sent) == 1


def test_it_is_in_the_log_where_no_way_is_left(
    watch: partial[None], database: TestDatabase, clock: TestClock, capsys: pytest.CaptureFixture[str]
) -> None:
    went_bad(database, "mail", clock)
    went_bad(database, "second", clock)
    watch()
    assert "".join(capsys.readouterr()).count("gateway.bad") == 2
