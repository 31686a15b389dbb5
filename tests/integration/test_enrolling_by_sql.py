"""What the code refuses of a change to an enrolment, tried by SQL as the staff's own role."""

from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import UUID

import psycopg
import pytest

from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.scheduling.enrolling import end
from tests.conftest import TestDatabase
from tests.integration.enrolments import occasions, order, ordered, two_visits
from tests.world import World

Attempt = Callable[..., str]
EVENT = """INSERT INTO enrolment_events (id, provider_id, person_id, enrolment_id, kind, reason, staff_id, at)
    SELECT %s, provider_id, person_id, id, %s, %s, %s, now() FROM enrolments WHERE id = %s"""


@pytest.fixture
def enrolment_id(world: World) -> UUID:
    return ordered(world, order(world, two_visits(world)))[0]


@pytest.fixture
def attempt(world: World, database: TestDatabase) -> Attempt:
    """Run statements in one transaction as a member of staff; the rule that they broke, or how many rows changed."""

    def run(*statements: tuple[str, tuple[Any, ...]], by: Staff | None = None) -> str:
        who = by or world.alice
        try:
            # Closed by itself: a commit that is refused would leave it open.
            with closing(database.connect("survey_login")) as connection, connection.transaction():
                settings = {"role": "survey_staff", "app.actor": who.staff_id, "app.provider": who.provider_id}
                for name, value in settings.items():
                    connection.execute("SELECT set_config(%s, %s, true)", (name, str(value)))
                changed = [connection.execute(*one).rowcount for one in statements]
        except psycopg.Error as refused:
            return refused.diag.constraint_name or type(refused).__name__
        return str(changed)

    return run


def event(world: World, enrolment_id: UUID, kind: str, reason: str | None = None) -> tuple[str, tuple[Any, ...]]:
    return EVENT, (new_id(), kind, reason, world.alice.staff_id, enrolment_id)


@pytest.mark.parametrize(
    "change", ["state = 'paused'", "anchor_date = anchor_date + 1", "side = 'left'", "procedure_id = 'X'"]
)
def test_no_enrolment_changes_without_an_event(world: World, enrolment_id: UUID, attempt: Attempt, change: str) -> None:
    update = (f"UPDATE enrolments SET {change} WHERE id = %s", (enrolment_id,))
    assert attempt(update) == "enrolments_change_with_event"
    assert attempt(update, event(world, enrolment_id, "paused")) == "[1, 1]"


def test_an_event_of_yesterday_excuses_no_change_of_today(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    assert attempt(event(world, enrolment_id, "resumed")) == "[1]"
    update = ("UPDATE enrolments SET state = 'ended' WHERE id = %s", (enrolment_id,))
    assert attempt(update) == "enrolments_change_with_event"


def test_nothing_is_void_without_a_reason(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    assert attempt(event(world, enrolment_id, "voided")) == "enrolment_events_check"


def test_nobody_writes_an_event_in_somebody_elses_name(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    assert attempt(event(world, enrolment_id, "paused"), by=world.bob) == "InsufficientPrivilege"


def test_what_is_over_is_not_taken_up_again(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    end(world.services, enrolment_id, "Slut", as_=world.alice)
    update = ("UPDATE enrolments SET state = 'active' WHERE id = %s", (enrolment_id,))
    assert attempt(update, event(world, enrolment_id, "resumed")) == "enrolments_over"


def test_what_is_begun_is_neither_moved_nor_handed_on(world: World, attempt: Attempt) -> None:
    enrolment_id, patient = ordered(world, order(world, two_visits(world)))
    first = occasions(world, enrolment_id)[0]
    world.start(patient, first)
    for change in ("due_at = due_at + interval '1 hour'", f"unit_id = '{world.bob.unit_id}'"):
        assert attempt((f"UPDATE occasions SET {change} WHERE id = %s", (first.id,))) == "occasions_begun"


def test_an_enrolment_goes_to_no_unit_of_another_provider(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    """A6"""
    update = ("UPDATE enrolments SET unit_id = %s WHERE id = %s", (world.charlie.unit_id, enrolment_id))
    assert attempt(event(world, enrolment_id, "transferred"), update) == "enrolments_unit_id_provider_id_fkey"


def test_another_provider_changes_nothing(world: World, enrolment_id: UUID, attempt: Attempt) -> None:
    """A6"""
    update = ("UPDATE enrolments SET state = 'ended' WHERE id = %s", (enrolment_id,))
    assert attempt(update, by=world.charlie) == "[0]"
