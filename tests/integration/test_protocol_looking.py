"""Looking at a change for many, and applying it to many: by the worker, in portions that may be cut off anywhere."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.errors import Conflict
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.scheduling.drafting import draft_from_file
from survey_service.scheduling.enrolling import NewEvent, move_event
from survey_service.scheduling.protocol_changing import change_portion, progress, publish_and_apply
from survey_service.scheduling.protocol_previewing import ChangeKind, Look, look, preview_change, preview_portion
from survey_service.scheduling.protocol_queries import enrolled_in, standing_of
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.world import World, protocol_definition

EVERYBODY = {"first": UUID(int=0), "last": UUID(int=2**128 - 1)}


def occasion(code: str, due_day: int) -> dict[str, Any]:
    (made,) = protocol_definition("knee", ["promis-anxiety"])["occasions"]
    return {**made, "code": code, "due_day": due_day}


FIRST = {**protocol_definition("knee", []), "occasions": [occasion("before", 0), occasion("later", 30)]}
CHANGED = {**FIRST, "occasions": [occasion("before", 1), occasion("year", 365)]}


@pytest.fixture
def knee(world: World, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A protocol that more are enrolled in than are looked at at once, in portions of two."""
    monkeypatch.setattr("survey_service.scheduling.protocol_previewing.AT_ONCE", 2)
    monkeypatch.setattr("survey_service.scheduling.protocol_previewing._PORTION", 2)
    return publish_protocol(world.services, provider_id=world.bob.provider_id, definition=FIRST)


def enrol(world: World, protocol_id: UUID, times: int = 1) -> list[UUID]:
    def order() -> Order:
        today = local_day(world.services.clock())
        return Order(world.new_identity(), protocol_id, today, "Visit", new_id())

    return [enrol_patient(world.services, order(), as_=world.bob) for _ in range(times)]


def seen(world: World, protocol_id: UUID) -> Look:
    return look(world.services, protocol_id, CHANGED, most=None, as_=world.bob)


def apply(world: World, protocol_id: UUID, fingerprint: str) -> UUID:
    return publish_and_apply(world.services, protocol_id, CHANGED, seen=fingerprint, as_=world.bob)


def test_what_the_worker_finds_is_what_a_look_at_once_would(
    world: World, knee: UUID, run_jobs: Callable[[], None]
) -> None:
    """A2"""
    enrol(world, knee, 5)
    assert (seen(world, knee).done, seen(world, knee).portions) == (0, 3)
    run_jobs()
    found, at_once = seen(world, knee), preview_change(world.services, knee, CHANGED, as_=world.bob)
    assert found.is_done
    assert list(found.own) == list(at_once.changes)
    assert found.units[world.bob.unit_id].changes.total() == len(at_once.changes) == 15
    assert found.units[world.bob.unit_id].changes["before", ChangeKind.MOVED] == 5


def test_many_are_not_changed_before_all_have_been_looked_at(
    world: World, knee: UUID, run_jobs: Callable[[], None]
) -> None:
    """A2"""
    enrol(world, knee, 3)
    found = seen(world, knee)
    with pytest.raises(Conflict):
        apply(world, knee, found.fingerprint)
    run_jobs()
    apply(world, knee, found.fingerprint)


@pytest.mark.parametrize("meanwhile", ["enrolled", "moved"])
def test_what_others_were_enrolled_in_meanwhile_is_looked_at_again(
    world: World, knee: UUID, run_jobs: Callable[[], None], meanwhile: str
) -> None:
    """A2: what is applied is what was seen, or the manager is told that it has changed."""
    first, *_ = enrol(world, knee, 3)
    seen(world, knee)
    run_jobs()
    if meanwhile == "enrolled":
        enrol(world, knee)
    else:
        tomorrow = local_day(world.services.clock()) + timedelta(days=1)
        move_event(world.services, first, NewEvent(tomorrow, None, None), as_=world.bob)
    with pytest.raises(Conflict):
        apply(world, knee, seen(world, knee).fingerprint)
    run_jobs()
    assert seen(world, knee).is_done


def test_what_was_looked_at_long_ago_is_looked_at_again(
    world: World, knee: UUID, run_jobs: Callable[[], None], clock: TestClock
) -> None:
    enrol(world, knee, 3)
    seen(world, knee)
    run_jobs()
    clock.advance(timedelta(hours=2))
    assert not seen(world, knee).is_done


def test_a_portion_looked_at_twice_counts_once(
    world: World, knee: UUID, run_jobs: Callable[[], None], database: TestDatabase
) -> None:
    enrol(world, knee, 3)
    seen(world, knee)
    run_jobs()
    with database.connect("survey_owner") as connection:
        (preview_id,) = connection.execute("SELECT id FROM protocol_previews").fetchone() or ()
        (first,) = (
            connection.execute("SELECT min(first_id::text)::uuid FROM protocol_preview_portions").fetchone() or ()
        )
    before = seen(world, knee)
    again = preview_portion(world.services, preview_id=preview_id, first=first, last=first, as_=world.system)
    assert (again, seen(world, knee).units) == (False, before.units)


def test_a_look_that_was_thrown_away_is_not_made(world: World, knee: UUID) -> None:
    assert not preview_portion(world.services, preview_id=new_id(), **EVERYBODY, as_=world.system)


def test_the_page_says_how_far_it_is_and_then_what_would_happen(
    world: World, knee: UUID, app: Flask, run_jobs: Callable[[], None]
) -> None:
    """A2: the file and the button come when all have been looked at."""
    enrol(world, knee, 3)
    draft_from_file(world.services, knee, CHANGED, as_=world.bob)
    manager = Visitor(app, world.staff_cookie(world.bob))
    page = f"/staff/protocols/{knee}/preview"
    under_way = manager.get(page).get_data(as_text=True)
    assert "0 av 2 delar är genomgångna." in under_way
    assert "/publication" not in under_way
    assert manager.get(f"{page}.csv").status_code == 303
    run_jobs()
    done = manager.get(page).get_data(as_text=True)
    assert "3 tillfällen flyttas" in done
    assert "Per tillfälle" in done
    assert len(manager.get(f"{page}.csv").get_data(as_text=True).splitlines()) == 1 + 9
    assert manager.submit(page, f"/staff/protocols/{knee}/publication").status_code == 303


class Killed(BaseException):
    """The worker is gone: nothing of ours runs after it."""


def test_a_worker_that_is_killed_half_way_leaves_whole_enrolments_and_the_next_goes_on(
    world: World, knee: UUID, run_jobs: Callable[[], None], database: TestDatabase
) -> None:
    """A2: each enrolment says itself which version it follows; nothing is done twice, and none is half done."""
    ids = enrol(world, knee, 6)
    fingerprint = seen(world, knee).fingerprint
    run_jobs()
    version_id = apply(world, knee, fingerprint)
    for statements in (25, 60):
        with suppress(Killed), cut_off_after(statements):
            change_portion(world.services, version_id=version_id, **EVERYBODY, as_=world.system)
        assert_whole(world, knee, ids)
    with world.services.db.transaction(as_=world.bob) as connection:
        assert 0 < progress(connection, knee, 2) < 6
    run_jobs()
    assert_whole(world, knee, ids)
    with world.services.db.transaction(as_=world.bob) as connection:
        assert progress(connection, knee, 2) == 0
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT count(*), count(DISTINCT enrolment_id) FROM enrolment_events WHERE kind = 'protocol_changed'"
        ).fetchone()
    assert logged == (6, 6)


class cut_off_after:  # noqa: N801  # because it reads as the word of a with
    """End the work at its so many-th statement, as a killed process would: nothing is committed after it."""

    def __init__(self, statements: int) -> None:
        self._left = statements

    def __enter__(self) -> None:
        sa.event.listen(sa.Engine, "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(sa.Engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed


def assert_whole(world: World, protocol_id: UUID, ids: list[UUID]) -> None:
    """Each has the plan of the version that it follows."""
    plans = {1: {"before", "later"}, 2: {"before", "year"}}
    with world.services.db.transaction(as_=world.bob) as connection:
        versions = {one.id: one.version for one in enrolled_in(connection, protocol_id)}
        standing = standing_of(connection, ids)
    stands = {id_: {one.code for one in standing[id_] if not one.is_withdrawn} for id_ in ids}
    assert stands == {id_: plans[versions[id_]] for id_ in ids}
