"""Responses on their way to a record system that misbehaves, with workers that die: nothing lost, nothing doubled,
nothing released before the receipt.
"""

import base64
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

from survey_service.delivery.gateway import RecordSystemGateway
from survey_service.delivery.pushing import acknowledge_fetched, push
from survey_service.delivery.queries import attempts_of, whereabouts
from survey_service.delivery.record_systems import Entered, activate, enter, pause
from survey_service.delivery.rules import Authentication, Outcome, SystemRoute
from survey_service.delivery.signing import public_keys
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.principals import RecordSystem
from survey_service.foundation.services import Services
from survey_service.interop.response_bundle import signed_part
from survey_service.settings import Settings
from survey_service.wiring import build_services
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.operating import environment_of
from tests.record_system.client import Simulated, simulated_record_system
from tests.world import World, make_world


@pytest.fixture(scope="module")
def running() -> Iterator[Simulated]:
    with simulated_record_system() as simulated:
        yield simulated


@pytest.fixture
def journal(running: Simulated, settings: Settings) -> Simulated:
    """The record system, behaving well, and knowing our key."""
    running.trusts(public_keys(settings))
    running.goes_on()
    running.does()
    return running


def as_entered(journal: Simulated) -> Entered:
    """As a manager fills in the settings page."""
    return Entered(
        name="Journal",
        route=SystemRoute.PUSH,
        base_url=journal.url,
        authentication=Authentication.OAUTH,
        token_url=journal.token_url,
        client_id="survey-service",
        scope="system/*.write",
    )


def connect(world: World, journal: Simulated) -> UUID:
    """alice's provider sends to it from now on."""
    system_id = enter(world.services, as_entered(journal), as_=world.bob)
    activate(world.services, system_id, as_=world.bob)
    return system_id


def answered(world: World, protocol: str = "by-record-system") -> UUID:
    patient, occasion = world.enrol(protocol=protocol)
    (response_id,) = world.answer(patient, occasion)
    return response_id


def pushed(world: World, response_id: UUID) -> Outcome | None:
    gateway = RecordSystemGateway(world.services.settings, world.services.clock)
    return push(world.services, gateway, response_id, as_=world.system)


def received(world: World, response_id: UUID) -> str | None:
    with world.services.db.transaction(as_=world.alice) as connection:
        return whereabouts(connection, [response_id])[response_id].route


def rows(database: TestDatabase, query: str) -> list[tuple[Any, ...]]:
    with database.connect("survey_owner") as connection:
        return connection.execute(query.encode()).fetchall()


# ---- one push


def test_what_the_record_system_acknowledges_is_received_and_signed_by_us(world: World, journal: Simulated) -> None:
    """A2, A3"""
    connect(world, journal)
    response_id = answered(world)
    assert pushed(world, response_id) is Outcome.ACKNOWLEDGED
    assert received(world, response_id) == "acknowledged_by_record_system"
    held = [one for one in journal.tells()["held"].values() if str(response_id) in str(one["bundle"])]
    (bundle,) = [one["bundle"] for one in held]
    (signature,) = bundle["entry"][-1]["resource"]["signature"]
    head, _, tail = base64.b64decode(signature["data"]).decode().split(".")
    middle = base64.urlsafe_b64encode(signed_part(bundle)).decode().rstrip("=")
    keys = KeySet.import_key_set(public_keys(world.services.settings))  # type: ignore[arg-type]
    jws.deserialize_compact(f"{head}.{middle}.{tail}", keys, algorithms=["ES384"])


def test_a_record_system_that_does_not_know_our_key_is_not_connected(world: World, journal: Simulated) -> None:
    """A6"""
    journal.trusts({"keys": [ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)]})
    system_id = enter(world.services, as_entered(journal), as_=world.bob)
    with pytest.raises(BadInput, match="token service did not give us a token"):
        activate(world.services, system_id, as_=world.bob)


def test_it_is_sent_once_however_often_the_job_runs(world: World, journal: Simulated) -> None:
    connect(world, journal)
    response_id = answered(world)
    outcomes = [pushed(world, response_id) for _ in range(3)]
    assert outcomes == [Outcome.ACKNOWLEDGED, None, None]


@pytest.mark.parametrize(
    ("behaviour", "outcome", "alarms"),
    [
        ("fails", Outcome.TEMPORARY, 0),
        ("drops", Outcome.TEMPORARY, 0),
        ("floods", Outcome.TEMPORARY, 0),
        ("later", Outcome.ACCEPTED, 0),
        ("refuses", Outcome.REFUSED, 1),
        ("redirects", Outcome.REFUSED, 1),
    ],
)
def test_what_is_not_acknowledged_is_not_received_and_is_tried_again(
    world: World, journal: Simulated, database: TestDatabase, behaviour: str, outcome: Outcome, alarms: int
) -> None:
    """A2, A3"""
    connect(world, journal)
    response_id = answered(world)
    journal.does(behaviour)
    assert pushed(world, response_id) is outcome
    assert received(world, response_id) is None
    assert rows(database, "SELECT count(*) FROM delivery_alarms WHERE kind = 'push_failed'") == [(alarms,)]
    again = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'delivery.push'"
    again += " AND scheduled_at IS NOT NULL"
    assert rows(database, again) == [(1,)]
    assert rows(database, "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = 'registers.release'") == [
        (0,)
    ]


def test_every_attempt_has_the_same_key_and_waits_longer(world: World, journal: Simulated, clock: TestClock) -> None:
    """A3: at once, after 4 s, 20 s, 5 min, 30 min, and then hourly."""
    connect(world, journal)
    response_id = answered(world)
    journal.does(*["fails"] * 6)
    for seconds in (0, 4, 20, 300, 1800, 3600):
        clock.advance(timedelta(seconds=seconds))
        assert pushed(world, response_id) is Outcome.TEMPORARY
    assert pushed(world, response_id) is None  # not yet
    with world.services.db.transaction(as_=world.alice) as connection:
        assert len(attempts_of(connection, [response_id])[response_id]) == 6
    clock.advance(timedelta(hours=1))
    assert pushed(world, response_id) is Outcome.ACKNOWLEDGED
    (key,) = {one["key"] for one in journal.tells()["requests"][-7:]}
    assert UUID(key)


def test_what_a_person_has_opened_goes_to_the_record_system_all_the_same(world: World, journal: Simulated) -> None:
    connect(world, journal)
    response_id = answered(world, "anxiety-only")
    open_response(world.services, response_id, as_=world.alice)
    assert pushed(world, response_id) is Outcome.ACKNOWLEDGED
    assert received(world, response_id) == "opened_by_person"


def test_a_paused_system_gets_nothing_and_catches_up_when_it_is_back(
    world: World, journal: Simulated, run_jobs: Callable[[], None]
) -> None:
    """A3"""
    system_id = connect(world, journal)
    pause(world.services, system_id, as_=world.bob)
    response_id = answered(world)
    run_jobs()
    assert received(world, response_id) is None
    activate(world.services, system_id, as_=world.bob)
    for _ in range(2):
        run_jobs()
    assert received(world, response_id) == "acknowledged_by_record_system"


def test_a_record_system_that_cannot_be_reached_is_not_activated_and_the_page_says_why(
    world: World, journal: Simulated, app: Flask
) -> None:
    with pytest.raises(BadInput, match="cannot be reached"):
        connect(world, replace(journal, port=9))
    entered = Entered(
        name="Journal",
        route=SystemRoute.PUSH,
        base_url=journal.url + "/nowhere",
        token_url=journal.token_url,
        client_id="survey-service",
    )
    system_id = enter(world.services, entered, as_=world.bob)
    with pytest.raises(BadInput, match="no FHIR server"):
        activate(world.services, system_id, as_=world.bob)
    page = Visitor(app, world.staff_cookie(world.bob)).page("/staff/settings/record-system")
    assert str(system_id) in page.form("/staff/settings/record-system/").action


@pytest.mark.parametrize("address", ["http://journal.example/fhir", "https://169.254.169.254/", "ftp://127.0.0.1/", ""])
def test_the_service_can_be_made_to_call_no_other_address(world: World, address: str) -> None:
    entered = Entered(
        name="Journal", route=SystemRoute.PUSH, base_url=address, authentication=Authentication.MUTUAL_TLS
    )
    with pytest.raises(BadInput):
        enter(world.services, entered, as_=world.bob)


# ---- a hard day


@pytest.fixture
def real_settings(settings: Settings, keys_url: str) -> Settings:
    """Settings that another process can be started with."""
    return replace(settings, databases=replace(settings.databases, keys=keys_url))


@pytest.fixture
def real_services(real_settings: Settings) -> Iterator[Services]:
    wired = build_services(real_settings)
    yield wired
    wired.db.close()
    wired.keys.close()


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


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + 60
    while monotonic() < deadline:
        if condition():
            return
        sleep(0.1)
    raise AssertionError(f"waited in vain: {what}")


def make_due(database: TestDatabase) -> None:
    """Let the time come at which a retry was put off to, and a silent worker be missed."""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        connection.execute("DELETE FROM jobs.procrastinate_periodic_defers")
        connection.execute("SET LOCAL search_path = jobs")
        connection.execute(
            "UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"
            " AND task_name = 'delivery.push' AND scheduled_at < now() + interval '10 minutes'"
        )


def test_a_slow_dropping_failing_forgetting_record_system_and_killed_workers_lose_double_and_release_nothing_early(
    real_services: Services,
    register_key: ECKey,
    database: TestDatabase,
    journal: Simulated,
    started: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """A2, A3; what must never happen 1 and 2."""
    world = make_world(real_services, register_key)
    system_id = connect(world, journal)
    # Nothing waited when it was connected, and catching up would send the first response a second time meanwhile.
    with database.connect("survey_owner") as connection:
        connection.execute("SET LOCAL search_path = jobs")
        connection.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'delivery.catch_up'")
    early = """SELECT count(*) FROM releases r LEFT JOIN receipts c ON c.response_id = r.response_id
               WHERE c.received_at IS NULL OR c.received_at > r.released_at"""

    # A worker is killed while the record system has the data and has not answered.
    journal.does("stops")
    first = answered(world)
    worker = started()
    wait_for(lambda: any(one["behaviour"] == "stops" for one in journal.tells()["requests"]), "the first Bundle")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert rows(database, "SELECT count(*) FROM receipts") == [(0,)]
    assert rows(database, "SELECT count(*) FROM releases") == [(0,)]
    journal.goes_on()

    # Then everything else that can go wrong, with two workers.
    journal.does("drops", "fails", "forgets", "slow", "drops", "fails", "later")
    everything = [first, *(answered(world) for _ in range(6))]
    for _ in range(2):
        started()

    def is_received() -> bool:
        make_due(database)
        # One was taken with a 202: it says later what it calls it, twice.
        accepted = "SELECT response_id FROM delivery_attempts WHERE outcome = 'accepted'"
        for (response_id,) in rows(database, accepted):
            for _ in range(2):
                acknowledge_fetched(
                    real_services, response_id, "QR/later", as_=RecordSystem(system_id, world.bob.provider_id)
                )
        return rows(database, "SELECT count(*) FROM receipts") == [(len(everything),)]

    wait_for(is_received, "every receipt")
    wait_for(lambda: rows(database, "SELECT count(*) FROM releases") == [(len(everything),)], "every release")

    told = journal.tells()
    keys = dict(rows(database, "SELECT response_id, idempotency_key::text FROM pushes"))
    assert set(keys) == set(everything)
    sent = Counter(one["key"] for one in told["requests"] if one["key"] in keys.values())
    assert set(sent) == set(keys.values())
    assert max(sent.values()) > 1  # it was sent again,
    held = [key for key in told["held"] if key in keys.values()]
    assert len(held) == len(set(held))  # and taken once
    receipts = rows(database, "SELECT response_id FROM receipts")
    assert Counter(one for (one,) in receipts) == Counter(everything)
    assert rows(database, early) == [(0,)]
    again = "SELECT count(*) FROM delivery_attempts WHERE outcome = 'acknowledged_again'"
    assert rows(database, again)[0][0] >= 1
    for response_id in everything:
        with pytest.raises(AccessDenied):
            acknowledge_fetched(real_services, response_id, "X", as_=RecordSystem(system_id, world.charlie.provider_id))
