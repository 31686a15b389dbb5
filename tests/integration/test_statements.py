"""No page asks the database more often for many rows than for few: a query for each is what makes a page slow."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.delivery.use_cases import open_response
from survey_service.insight.use_cases import make_figures
from survey_service.scheduling.drafting import draft_from_file
from survey_service.scheduling.use_cases import publish_protocol
from tests.browsing import Visitor
from tests.conftest import TestClock
from tests.world import World, protocol_definition


@contextmanager
def counted() -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def taken(app: Flask, world: World, path: str) -> int:
    """How many statements bob's request takes, once what is kept in memory has been read."""
    visitor = Visitor(app, world.staff_cookie(world.bob))
    assert visitor.get(path).status_code == 200
    with counted() as asked:
        assert visitor.get(path).status_code == 200
    return len(asked)


def enrol(world: World, times: int) -> None:
    for _ in range(times):
        world.enrol(by=world.bob)


def answer(world: World, times: int) -> None:
    for _ in range(times):
        for response_id in world.answer(*world.enrol(by=world.bob)):
            open_response(world.services, response_id, as_=world.bob)


def test_the_worklist_with_those_who_have_not_answered(world: World, app: Flask) -> None:
    few_and_many = []
    for times in (2, 5):
        answer(world, times)
        enrol(world, times)
        few_and_many.append(taken(app, world, "/staff"))
    assert few_and_many[0] == few_and_many[1]


@pytest.mark.parametrize("at_once", [0, 50])
def test_a_protocol_and_the_preview_of_its_next_version(
    world: World, app: Flask, at_once: int, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], None]
) -> None:
    """Looked at in the request, and by the worker."""
    monkeypatch.setattr("survey_service.scheduling.protocol_previewing.AT_ONCE", at_once)
    protocol_id = world.protocols["anxiety-only"]
    changed = protocol_definition("anxiety-only", ["promis-anxiety"], due_day=2)
    pages = ("/staff/protocols", f"/staff/protocols/{protocol_id}", f"/staff/protocols/{protocol_id}/preview")
    few_and_many = []
    for times in (2, 5):
        enrol(world, times)
        draft_from_file(world.services, protocol_id, changed, as_=world.bob)
        Visitor(app, world.staff_cookie(world.bob)).get(pages[-1])
        run_jobs()
        few_and_many.append([taken(app, world, page) for page in pages])
    assert few_and_many[0] == few_and_many[1]


def test_an_enrolment_with_many_occasions(world: World, app: Flask) -> None:
    few_and_many = []
    for times in (2, 9):
        series = {"every_days": 30, "times": times}
        definition = protocol_definition(f"series-{times}", ["promis-anxiety"], series=series)
        made: UUID = publish_protocol(world.services, provider_id=world.bob.provider_id, definition=definition)
        world.protocols[f"series-{times}"] = made
        _, occasion = world.enrol(protocol=f"series-{times}", by=world.bob)
        few_and_many.append(taken(app, world, f"/staff/enrolments/{occasion.enrolment_id}"))
    assert few_and_many[0] == few_and_many[1]


def test_the_follow_up_of_the_unit(world: World, app: Flask, clock: TestClock) -> None:
    few_and_many = []
    for times in (1, 5):
        answer(world, times)
        clock.advance(timedelta(days=40))
        make_figures(world.services, as_=world.system)
        few_and_many.append(taken(app, world, "/staff/follow-up"))
    assert few_and_many[0] == few_and_many[1]
