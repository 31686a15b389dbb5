"""What is due by a demonstration's clock is done; a database for real use makes nothing due before its time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from notifications.channels.memory import MemoryChannel
from survey_service.demo.clock import MovedClock
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.scheduling.use_cases import Order, enrol_patient
from survey_service.worker import create_worker
from tests.conftest import TestDatabase
from tests.travelling import travelled
from tests.world import World


def test_whoever_falls_due_on_the_way_is_invited_though_time_went_on(
    world: World, tmp_path: Path, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    clock = MovedClock(tmp_path / "clock")
    services = replace(world.services, clock=clock)
    order = Order(
        identity=world.new_identity(),
        protocol_id=world.protocols["anxiety-only"],
        anchor_date=local_day(clock()) + timedelta(days=20),
        care_contact="Visit",
        request_id=new_id(),
    )
    enrol_patient(services, order, as_=world.alice)
    run_jobs()
    assert list(mailbox.sent) == []
    # The window opens on the thirteenth day, and is over long before the end.
    days = travelled(services, clock, clock() + timedelta(days=100))
    assert days == 1
    assert [email.to for email in mailbox.sent] == [order.identity.email]
    assert clock.offset > timedelta(days=99)


def test_whatever_comes_round_by_the_clock_is_done_on_the_way(
    world: World, tmp_path: Path, database: TestDatabase
) -> None:
    clock = MovedClock(tmp_path / "clock")
    services = replace(world.services, clock=clock)
    patient, occasion = world.enrol()
    world.answer(patient, occasion)
    identity = world.new_identity()
    world.enrol(identity)
    world.patient_cookie(identity)
    with database.connect("postgres") as connection:
        connection.execute(
            "INSERT INTO held_answers SELECT gen_random_uuid(), id, person_id, 'sealed', now() FROM sign_ins"
            " WHERE person_id IS NOT NULL"
        )
    with database.connect("survey_owner") as connection:
        connection.execute("INSERT INTO gateways (name, bad_since) VALUES ('texts', now() - interval '1 hour')")
    arrived = clock() + timedelta(days=100)
    travelled(services, clock, arrived)
    # By job what is seen of it; a job that is added needs a line here.
    seen = {
        "notifying.come_round": "SELECT EXISTS (SELECT FROM messages)",
        "notifying.watch_gateways": "SELECT EXISTS (SELECT FROM gateways WHERE alarmed_at IS NOT NULL)",
        "delivery.watch": "SELECT EXISTS (SELECT FROM delivery_alarms WHERE kind = 'not_received')",
        "insight.make_figures": "SELECT bool_and(made_at >= %(arrived)s) FROM follow_up_runs",
        "access.purge_held_answers": "SELECT NOT EXISTS (SELECT FROM held_answers)",
        "audit.prepare_partitions": "SELECT to_regclass(to_char(%(arrived)s, '\"audit_events_\"YYYY_MM')) IS NOT NULL",
    }
    assert {one.name for one in create_worker(services).periodic} == set(seen)
    with database.connect("survey_owner") as connection:
        for name, query in seen.items():
            assert connection.execute(query.encode(), {"arrived": arrived}).fetchone() == (True,), name


@pytest.mark.usefixtures("real")
def test_a_database_for_real_use_makes_no_job_due_before_its_time(database: TestDatabase) -> None:
    with database.connect("survey_worker") as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute("SELECT hasten_jobs(now() + interval '1 day')")
    assert refused.value.diag.constraint_name == "clock_of_a_demonstration"
