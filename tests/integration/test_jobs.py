"""Jobs exist with what they follow from, run at least once, and leave the same traces however often they run."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from joserfc.jwk import ECKey
from procrastinate.exceptions import ConnectorException
from psycopg.errors import RaiseException
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from notifications.channels import PermanentFailure, TechnicalFailure, TemporaryFailure
from notifications.channels.memory import MemoryChannel
from survey_service.delivery.use_cases import open_response
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import Backoff, enqueue
from survey_service.foundation.principals import Gate, System
from survey_service.foundation.services import Services
from survey_service.notifying.sending import send_due
from survey_service.scheduling.rules import SEND_JOB
from survey_service.settings import Settings
from survey_service.wiring import build_services
from survey_service.worker import prepare_partitions
from tests.conftest import TestDatabase
from tests.operating import environment_of
from tests.world import World, make_world
from translations.interface import interface_translations

JOB = "test.job"


def rows(database: TestDatabase, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connect("survey_owner") as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def jobs(database: TestDatabase) -> list[tuple[Any, ...]]:
    """Name, state, attempts and arguments of every job, but for those of the clock and of the world's agreements."""
    query = "SELECT task_name, status::text, attempts, args FROM jobs.procrastinate_jobs"
    others = " WHERE NOT jsonb_exists(args, 'timestamp') AND task_name <> 'registers.release_backlog'"
    return rows(database, query + others + " ORDER BY id")


def outcomes(database: TestDatabase) -> list[str]:
    """What became of each attempt to send, in order."""
    return [outcome for (outcome,) in rows(database, "SELECT outcome FROM dispatch_attempts ORDER BY id")]


def dispatches(database: TestDatabase) -> list[str]:
    return [channel for (channel,) in rows(database, "SELECT channel FROM dispatches ORDER BY channel")]


# ---- with the business transaction, or not at all


def test_a_job_of_a_transaction_that_is_rolled_back_does_not_exist(world: World, database: TestDatabase) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, JOB, response_id=new_id())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.services.db.run(work, as_=world.alice)
    assert jobs(database) == []


def test_a_job_exists_with_the_commit_and_not_before(world: World, database: TestDatabase) -> None:
    with world.services.db.transaction(as_=world.alice) as connection:
        enqueue(connection, JOB, response_id=new_id())
        assert jobs(database) == []
    assert [(name, status) for name, status, _, _ in jobs(database)] == [(JOB, "todo")]


def test_the_arguments_of_every_job_are_ids_and_nothing_else(world: World, database: TestDatabase) -> None:
    """G4"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    found = jobs(database)
    assert len(found) == 2  # to invite, to release
    for _, _, _, arguments in found:
        assert all(name.endswith("_id") and UUID(value) for name, value in arguments.items())


@pytest.mark.parametrize("who", ["register", "gate"])
def test_those_who_start_no_work_cannot_enqueue(world: World, database: TestDatabase, who: str) -> None:
    principal = Gate() if who == "gate" else world.register
    with world.services.db.transaction(as_=principal) as connection, pytest.raises(ConnectorException):
        enqueue(connection, JOB, response_id=new_id())
    assert jobs(database) == []


# ---- the invitation


def test_an_invitation_is_in_the_inbox_and_sent_once(
    world: World, database: TestDatabase, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    """C1"""
    world.enrol()
    run_jobs()
    assert len(mailbox.sent) == 1
    assert dispatches(database) == ["email", "inbox"]
    assert rows(database, "SELECT kind FROM messages") == [("invitation",)]
    assert outcomes(database) == ["sent"]
    assert jobs(database) == []


def send(world: World) -> None:
    send_due(world.services, interface_translations)


def test_an_invitation_that_is_run_again_after_it_was_recorded_is_not_sent_again(
    world: World, database: TestDatabase, mailbox: MemoryChannel
) -> None:
    world.enrol()
    send(world)
    send(world)
    assert len(mailbox.sent) == 1
    assert dispatches(database) == ["email", "inbox"]
    assert len(rows(database, "SELECT FROM messages")) == 1


def test_without_an_address_the_inbox_has_it_all_the_same(
    world: World, database: TestDatabase, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    """C1"""
    world.enrol(world.new_identity(email=None))
    run_jobs()
    assert mailbox.sent == []
    assert rows(database, "SELECT kind FROM messages") == [("invitation",)]
    assert jobs(database) == []


def test_who_has_answered_meanwhile_is_not_invited(
    world: World, database: TestDatabase, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    patient, occasion = world.enrol()
    world.answer(patient, occasion)
    run_jobs()
    assert mailbox.sent == []
    assert dispatches(database) == []


def test_when_the_window_has_closed_meanwhile_nobody_is_invited(
    world: World, database: TestDatabase, mailbox: MemoryChannel, clock: Any
) -> None:
    _, occasion = world.enrol()
    clock.advance(occasion.closes_at - clock())
    send(world)
    assert mailbox.sent == []
    assert dispatches(database) == []


def test_an_occasion_that_has_not_opened_is_not_announced(
    world: World, database: TestDatabase, mailbox: MemoryChannel, clock: Any
) -> None:
    _, occasion = world.enrol()
    clock.advance(occasion.opens_at - clock() - timedelta(seconds=1))
    send(world)
    assert mailbox.sent == []


def test_a_person_who_has_been_erased_is_not_written_to(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    """G3"""
    patient, _ = world.enrol()
    world.services.keys.destroy(patient.person_id)
    run_jobs()
    assert mailbox.sent == []


# ---- failures


@pytest.mark.parametrize("failure", [TemporaryFailure, TechnicalFailure])
def test_a_failure_that_may_pass_is_tried_again_after_a_while(
    world: World,
    database: TestDatabase,
    mailbox: MemoryChannel,
    run_jobs: Callable[[], None],
    clock: Any,
    failure: type[TemporaryFailure | TechnicalFailure],
) -> None:
    mailbox.failures += [failure(), failure()]
    world.enrol()
    for _ in range(3):
        run_jobs()
        clock.advance(timedelta(hours=1))
    kind = "temporary" if failure is TemporaryFailure else "technical"
    assert outcomes(database) == [kind, kind, "sent"]
    assert len(mailbox.sent) == 1
    assert jobs(database) == []


def test_an_address_that_will_never_take_it_is_not_tried_again(
    world: World, database: TestDatabase, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    mailbox.failures.append(PermanentFailure())
    world.enrol()
    run_jobs()
    send(world)
    assert mailbox.sent == []
    assert outcomes(database) == ["permanent"]
    assert jobs(database) == []


class Tried:
    """A job that has been tried so many times before."""

    def __init__(self, attempts: int) -> None:
        self.attempts = attempts


def test_each_wait_is_four_times_the_last_up_to_six_hours_and_the_last_attempt_is_the_last() -> None:
    for attempts, seconds in [(0, 0), (1, 4), (2, 16), (6, 4096), (7, 16384), (8, 21600), (10, 21600)]:
        before = datetime.now(UTC)
        decision = Backoff(12).get_retry_decision(exception=ValueError(), job=Tried(attempts))
        after = datetime.now(UTC)
        assert decision is not None
        assert decision.retry_at is not None
        assert before <= decision.retry_at - timedelta(seconds=seconds) <= after
    assert Backoff(12).get_retry_decision(exception=ValueError(), job=Tried(11)) is None


def test_what_a_failed_job_knew_is_not_in_the_runners_own_tables(
    world: World, database: TestDatabase, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    mailbox.failures += [TemporaryFailure("test0@example.se")] * 2
    world.enrol()
    run_jobs()
    for table in ("procrastinate_jobs", "procrastinate_events"):
        (everything,) = rows(database, f"SELECT coalesce(json_agg(t)::text, '') FROM jobs.{table} t")
        assert "example.se" not in everything[0]


# ---- a worker that dies


class Server:
    """An SMTP server that can kill the worker in the moment in which it has taken the message."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.kill: Callable[[], None] = lambda: None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        (message_id,) = [line for line in envelope.content.splitlines() if line.lower().startswith(b"message-id")]
        self.taken.append(message_id.decode())
        self.kill()
        return "250 Taken"


@pytest.fixture
def smtp() -> Iterator[tuple[Server, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def real_settings(settings: Settings, keys_url: str, smtp: tuple[Server, int]) -> Settings:
    """Settings that another process can be started with: a real key store, a real mail server."""
    return replace(
        settings,
        databases=replace(settings.databases, keys=keys_url),
        mail=replace(settings.mail, host="127.0.0.1", port=smtp[1]),
    )


@pytest.fixture
def started(real_settings: Settings) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start workers as operators do, in processes of their own."""
    processes: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "survey_service.cli", "worker"]
        process = subprocess.Popen(
            command, env=environment_of(real_settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def real_services(real_settings: Settings) -> Iterator[Services]:
    wired = build_services(real_settings)
    yield wired
    wired.db.close()
    wired.keys.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + 30
    while monotonic() < deadline:
        if condition():
            return
        sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def test_a_worker_killed_between_sending_and_recording_leaves_one_dispatch_and_another_worker_finishes(
    real_services: Services,
    register_key: ECKey,
    database: TestDatabase,
    smtp: tuple[Server, int],
    started: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """A sending that was not recorded is repeated under the same Message-ID; nothing else is doubled."""
    server, _ = smtp
    world = make_world(real_services, register_key)
    world.enrol()
    first = started()
    server.kill = lambda: os.kill(first.pid, signal.SIGKILL)
    assert first.wait(30) == -signal.SIGKILL
    assert len(server.taken) == 1
    assert outcomes(database) == []
    assert [status for name, status, _, _ in jobs(database) if name == SEND_JOB] == ["doing"]

    server.kill = lambda: None
    with database.connect("survey_owner") as connection:  # a minute goes by
        connection.execute("UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        connection.execute("DELETE FROM jobs.procrastinate_periodic_defers")
        connection.execute("UPDATE notices SET claimed_until = now()")
    started()
    wait_for(lambda: outcomes(database) == ["sent"], "the stalled job to be done again")
    wait_for(lambda: SEND_JOB not in [name for name, _, _, _ in jobs(database)], "the job to be ticked off")
    assert len(server.taken) == 2
    assert len(set(server.taken)) == 1
    assert dispatches(database) == ["email", "inbox"]
    assert len(rows(database, "SELECT FROM messages")) == 1


def test_a_worker_does_not_take_a_job_from_one_that_is_alive(
    real_services: Services,
    register_key: ECKey,
    database: TestDatabase,
    smtp: tuple[Server, int],
    started: Callable[[], subprocess.Popen[bytes]],
) -> None:
    server, _ = smtp
    world = make_world(real_services, register_key)
    for _ in range(4):
        world.enrol()
    started()
    started()
    wait_for(lambda: len(outcomes(database)) == 4, "four invitations")
    assert sorted(outcomes(database)) == ["sent"] * 4
    assert len(set(server.taken)) == len(server.taken) == 4


def test_the_months_ahead_are_prepared_by_the_service_itself(world: World, database: TestDatabase) -> None:
    """G2"""
    prepare_partitions(world.services)
    prepare_partitions(world.services)
    found = rows(
        database,
        "SELECT relname, relrowsecurity FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE %s",
        f"%\\_{world.services.clock():%Y}\\_%",
    )
    assert found
    assert all(is_secured for _, is_secured in found)
    with world.services.db.transaction(as_=System(world.alice.provider_id)) as connection:
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql("SELECT prepare_partitions('answers', current_date, 1)")
        assert isinstance(refused.value.orig, RaiseException)
