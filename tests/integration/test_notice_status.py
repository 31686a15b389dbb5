"""What a unit sees of its messages, and sends again: by right, and no other unit's."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from survey_service.errors import AccessDenied
from survey_service.foundation.principals import Patient
from survey_service.notifying.reviving import send_again
from survey_service.notifying.rules import Filter, Seen, seen
from survey_service.notifying.status_page import ROWS, Asked, notices
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.integration.enrolments import rows
from tests.integration.notices import dispatch, receipt, unreached
from tests.people_with_rights import limited
from tests.world import World


@pytest.mark.parametrize(
    ("attempts", "heard", "stands"),
    [
        ([], set(), Seen.WAITING),
        (["temporary", "technical"], set(), Seen.WAITING),
        (["refused"], set(), Seen.WAITING),
        (["temporary", "sent"], set(), Seen.SENT),
        (["sent"], {"delivered"}, Seen.DELIVERED),
        (["sent"], {"delivered", "bounced"}, Seen.FAILED),
        (["sent"], {"returned"}, Seen.FAILED),
        (["permanent"], set(), Seen.FAILED),
        (["technical", "given_up"], set(), Seen.GIVEN_UP),
        (["technical", "given_up", "revived"], set(), Seen.WAITING),
        (["permanent", "given_up", "revived", "sent"], set(), Seen.SENT),
    ],
)
def test_a_message_stands_as_its_last_outcomes_say(attempts: list[str], heard: set[str], stands: Seen) -> None:
    assert seen("email", attempts, heard) is stands


@pytest.fixture
def here(world: World) -> Occasion:
    return world.enrol(world.new_identity(name="Tyra Test"))[1]


def shown(world: World, **asked: object) -> list[dict[str, object]]:
    """What alice sees, as a request in her language."""
    from survey_service.app import create_app

    with create_app(world.services).test_request_context():
        found: list[dict[str, object]] = notices(world.services, Asked(**asked), as_=world.alice)["rows"]  # type: ignore[arg-type]
    return found


def test_the_unit_sees_when_by_which_way_and_how_each_message_stands(
    world: World, app: Flask, database: TestDatabase, here: Occasion
) -> None:
    """C1"""
    first = dispatch(database, here, outcomes=("sent",), at=here.opens_at)
    receipt(database, first, "bounced")
    dispatch(database, here, channel="sms", kind="other_way", outcomes=("sent",), at=here.opens_at + timedelta(days=3))
    page = Visitor(app, world.staff_cookie(world.alice)).get("/staff/notices").get_data(as_text=True)
    assert "Tyra Test" in page
    (row,) = shown(world)
    assert [one["standing"] for one in row["messages"]] == ["failed", "sent"]


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_no_other_unit_sees_them(world: World, app: Flask, database: TestDatabase, here: Occasion, who: str) -> None:
    """A6"""
    dispatch(database, here, outcomes=("sent",))
    page = Visitor(app, world.staff_cookie(getattr(world, who))).get("/staff/notices").get_data(as_text=True)
    assert "Tyra Test" not in page


def test_who_is_limited_sees_the_protocols_own_only(world: World, app: Flask, here: Occasion) -> None:
    """G2"""
    from survey_service.access.rules import Role
    from tests.people_with_rights import colleague

    lina = limited(world, "eq5d-only", by=colleague(world, Role.ADMINISTRATOR, name="adam"))
    with app.test_request_context():
        assert notices(world.services, Asked(), as_=lina)["rows"] == []


def test_each_patient_shown_is_logged(world: World, database: TestDatabase, here: Occasion) -> None:
    """G1"""
    shown(world)
    assert rows(database, "SELECT actor_id, person_id FROM audit_events WHERE object_kind = 'notices'") == [
        (world.alice.staff_id, here.person_id)
    ]


def test_filters_show_those_to_be_done_something_about(world: World, database: TestDatabase) -> None:
    fine, bounced, gone, nowhere = (world.enrol()[1] for _ in range(4))
    dispatch(database, fine, outcomes=("sent",))
    receipt(database, dispatch(database, bounced, outcomes=("sent",)), "bounced")
    dispatch(database, gone, outcomes=("technical", "given_up"))
    unreached(database, nowhere, "no_address")
    found = {show: {one["id"] for one in shown(world, show=show)} for show in Filter}
    assert found == {
        Filter.ALL: {fine.id, bounced.id, gone.id, nowhere.id},
        Filter.UNREACHED: {nowhere.id},
        Filter.FAILED: {bounced.id, gone.id},
        Filter.GIVEN_UP: {gone.id},
    }


def test_pages_follow_each_other_without_a_gap(world: World, app: Flask) -> None:
    for _ in range(ROWS + 2):
        world.enrol()
    first, second = shown(world), shown(world, page=2)
    assert (len(first), len(second)) == (ROWS, 2)
    assert not {one["id"] for one in first} & {one["id"] for one in second}


def test_what_is_not_open_yet_is_not_there(world: World, here: Occasion, clock) -> None:
    clock.now = here.opens_at - timedelta(minutes=1)
    assert shown(world) == []


# ---- sending again


def test_what_was_given_up_is_sent_again_once_for_two_presses(
    world: World, app: Flask, database: TestDatabase, here: Occasion
) -> None:
    dead = dispatch(database, here, outcomes=("technical", "given_up"))
    visitor = Visitor(app, world.staff_cookie(world.alice))
    page = "/staff/notices?filter=given_up"
    form = visitor.page(page).form(f"/staff/notices/{dead}")
    for _ in range(2):
        answer = visitor.raw_post(form.action or page, data=form.fields)
        assert answer.headers["Location"] == page
    revived = "SELECT staff_id FROM dispatch_attempts WHERE outcome = 'revived'"
    assert rows(database, revived) == [(world.alice.staff_id,)]
    assert rows(database, "SELECT next_at <= now() FROM notices") == [(True,)]
    assert shown(world, show=Filter.GIVEN_UP) == []


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_no_other_unit_sends_it_again(world: World, database: TestDatabase, here: Occasion, who: str) -> None:
    """A6"""
    dead = dispatch(database, here, outcomes=("technical", "given_up"))
    with pytest.raises(AccessDenied):
        send_again(world.services, dead, as_=getattr(world, who))


def test_what_is_answered_is_not_offered_again(world: World, database: TestDatabase, here: Occasion) -> None:
    dispatch(database, here, outcomes=("technical", "given_up"))
    world.answer(Patient(here.person_id), here)
    assert shown(world, show=Filter.GIVEN_UP) == []


# ---- in the worklist and on the page of an enrolment


def test_the_worklist_says_who_has_not_been_told_and_why(
    world: World, app: Flask, database: TestDatabase, here: Occasion
) -> None:
    """C1, C2"""
    unreached(database, here, "deferred")
    page = Visitor(app, world.staff_cookie(world.alice)).get("/staff").get_data(as_text=True)
    untold = page[page.index('id="untold"') : page.index('id="outstanding"')]
    assert "Tyra Test" in untold
    assert "gräns" in untold
    bobs = Visitor(app, world.staff_cookie(world.bob)).get("/staff").get_data(as_text=True)
    assert 'id="untold"' not in bobs


def test_who_is_told_while_the_worklist_is_read_is_simply_not_among_those(
    world: World, app: Flask, database: TestDatabase, here: Occasion
) -> None:
    """C1: the list and the reasons are two looks at what workers change."""
    unreached(database, here, "no_address")

    def told(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SELECT notices.occasion_id, notices.unreached" in statement:
            rows(database, "UPDATE notices SET unreached = NULL RETURNING occasion_id")

    event.listen(sa.Engine, "before_cursor_execute", told)
    try:
        page = Visitor(app, world.staff_cookie(world.alice)).get("/staff")
    finally:
        event.remove(sa.Engine, "before_cursor_execute", told)
    assert page.status_code == 200


def test_another_address_is_entered_where_there_was_none_and_looked_at_at_once(
    world: World, app: Flask, database: TestDatabase
) -> None:
    here = world.enrol(world.new_identity(email=None))[1]
    with database.connect("postgres") as connection:
        connection.execute("UPDATE notices SET next_at = now() + interval '1 day', unreached = 'no_address'")
    visitor = Visitor(app, world.staff_cookie(world.alice))
    page = f"/staff/enrolments/{here.enrolment_id}"
    answer = visitor.submit(page, f"{page}/addresses", email="ny@example.se", phone="070 123 45 67")
    assert answer.status_code == 303
    assert rows(database, "SELECT next_at <= now() FROM notices") == [(True,)]
    shown_again = visitor.get(page).get_data(as_text=True)
    assert 'value="ny@example.se"' in shown_again
    assert 'value="0701234567"' in shown_again


def test_an_address_that_cannot_be_is_refused_and_nothing_is_changed(world: World, app: Flask, here: Occasion) -> None:
    visitor = Visitor(app, world.staff_cookie(world.alice))
    page = f"/staff/enrolments/{here.enrolment_id}"
    answer = visitor.submit(page, f"{page}/addresses", email="ingen adress", phone="")
    assert answer.status_code == 400
    assert re.search(r'name="email" value="test\d+@example.se"', visitor.get(page).get_data(as_text=True))
