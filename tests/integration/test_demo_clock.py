"""What is due by a demonstration's clock is done; a database for real use makes nothing due before its time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from notifications.channels.memory import MemoryChannel
from survey_service.demo.clock import MovedClock
from survey_service.demo.travel import travel
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.scheduling.use_cases import Order, enrol_patient
from tests.conftest import TestDatabase
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
    days = travel(services, clock, clock() + timedelta(days=100), progress=lambda _at: None)
    assert days == 1
    assert [email.to for email in mailbox.sent] == [order.identity.email]
    assert clock.offset > timedelta(days=99)


@pytest.mark.usefixtures("real")
def test_a_database_for_real_use_makes_no_job_due_before_its_time(database: TestDatabase) -> None:
    with database.connect("survey_worker") as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute("SELECT hasten_jobs(now() + interval '1 day')")
    assert refused.value.diag.constraint_name == "clock_of_a_demonstration"
