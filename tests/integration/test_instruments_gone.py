"""What an operator's removing or changing an instrument does to those who were asked, and to those who read of it.

Nothing that is stored is lost, no page falls, and each says what it can.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import unescape

import pytest

from instruments import Instrument, Library
from notifications.channels.memory import MemoryChannel
from survey_service.answering.queries import why_not_asked
from survey_service.answering.use_cases import look_at_session, next_session, start_survey
from survey_service.app import create_app
from survey_service.errors import BadInput, Unavailable
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.languages.approval import completeness
from survey_service.licensing.rules import Why
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.conftest import work_off
from tests.translators import DEMONSTRATION, Team
from tests.world import World

EQ5D = ("eq5d-5l", "1.0")
CHANGED = "This survey has changed since you began."

Spoil = Callable[[Services], Services]


def removed(services: Services) -> Services:
    """The service as it is after the operator took EQ-5D-5L away."""
    left = {key: one for key, one in services.library.instruments.items() if key != EQ5D}
    return replace(services, library=Library(left))


def changed(services: Services) -> Services:
    """After somebody changed the definition under its version: another content, and one question fewer."""
    one = services.library.get(*EQ5D)
    items = {id_: item for id_, item in one.items.items() if id_ != "mobility"}
    other: Instrument = replace(one, content_hash="sha256:another", definition=replace(one.definition, items=items))
    return replace(services, library=Library({**services.library.instruments, EQ5D: other}))


SPOILT = pytest.mark.parametrize("spoil", [removed, changed])


@dataclass(frozen=True)
class Home:
    """A patient with an EQ-5D-5L to answer, and the pages of the patient and the unit on any state of the service."""

    world: World
    who: Identity
    patient: Patient
    occasion: Occasion

    def patients_page(self, services: Services, path: str) -> tuple[int, str]:
        return self._page(services, self.world.patient_cookie(self.who), path)

    def staff_page(self, services: Services, path: str) -> tuple[int, str]:
        return self._page(services, self.world.staff_cookie(self.world.alice), path)

    def _page(self, services: Services, cookie: str, path: str) -> tuple[int, str]:
        visitor = Visitor(create_app(services), cookie)
        visitor.post("/language", page="/", language="en", next="/")
        answer = visitor.get(path)
        return answer.status_code, unescape(answer.get_data(as_text=True))


@pytest.fixture
def home(world: World) -> Home:
    who = world.new_identity()
    return Home(world, who, *world.enrol(who, protocol="eq5d-only"))


@SPOILT
def test_a_session_under_way_is_stopped_calmly_and_keeps_its_answers(
    home: Home, spoil: Spoil, services: Services
) -> None:
    """D3"""
    state = home.world.give(home.world.start(home.patient, home.occasion), home.patient, value=3)
    with pytest.raises(Unavailable, match=CHANGED):
        look_at_session(spoil(services), state.session.id, as_=home.patient)
    status, page = home.patients_page(spoil(services), f"/sessions/{state.session.id}")
    assert (status, CHANGED in page) == (503, True)
    again = look_at_session(services, state.session.id, as_=home.patient)
    assert [entry.answer.value for entry in again.entries] == [3]


@SPOILT
def test_the_inbox_and_the_notice_say_that_what_was_begun_cannot_be_gone_on_with(
    home: Home, spoil: Spoil, services: Services
) -> None:
    home.world.start(home.patient, home.occasion)
    status, inbox = home.patients_page(spoil(services), "/inbox")
    assert status == 200
    assert "cannot be answered just now" in inbox
    assert f'href="/surveys/{home.occasion.id}"' not in inbox
    status, notice = home.patients_page(spoil(services), f"/surveys/{home.occasion.id}")
    assert (status, "cannot be answered just now" in notice) == (503, True)


def test_what_was_not_begun_cannot_be_begun(home: Home, services: Services) -> None:
    with pytest.raises(Unavailable):
        start_survey(removed(services), home.occasion.id, locale="sv", as_=home.patient)
    status, inbox = home.patients_page(removed(services), "/inbox")
    assert (status, "cannot be answered just now" in inbox) == (200, True)
    assert home.patients_page(removed(services), f"/surveys/{home.occasion.id}")[0] == 503


@SPOILT
def test_the_unit_reads_what_is_stored_and_that_the_instrument_is_gone(
    home: Home, spoil: Spoil, services: Services
) -> None:
    """A5: the worklist and the response, before and after the receipt."""
    (response_id,) = home.world.answer(home.patient, home.occasion, value=3)
    assert home.staff_page(spoil(services), "/staff")[0] == 200
    alice = Visitor(create_app(spoil(services)), home.world.staff_cookie(home.world.alice))
    assert alice.submit("/staff", f"/staff/responses/{response_id}").status_code == 303

    status, worklist = home.staff_page(spoil(services), "/staff?filter=all")
    assert (status, "33333" in worklist) == (200, True)
    status, page = home.staff_page(spoil(services), f"/staff/responses/{response_id}")
    assert status == 200
    assert "eq5d-5l 1.0, as it was when the patient answered, is not installed here any more" in page
    assert "33333" in page
    assert re.findall(r'<td class="words"><bdi>([^<]*)</bdi>', page) == ["3"] * 6


@SPOILT
def test_the_patient_sees_that_it_was_answered_and_no_result_that_nobody_can_explain(
    home: Home, spoil: Spoil, services: Services
) -> None:
    home.world.answer(home.patient, home.occasion, value=3)
    assert home.patients_page(spoil(services), "/inbox")[0] == 200
    assert home.patients_page(spoil(services), "/my-data")[0] == 200
    status, page = home.patients_page(spoil(services), f"/surveys/{home.occasion.id}/done")
    assert (status, "Thank you" in page, "Your result" in page) == (200, True, False)


@SPOILT
def test_the_unit_reads_why_a_patient_who_has_begun_is_not_asked_on(
    home: Home, spoil: Spoil, services: Services
) -> None:
    home.world.start(home.patient, home.occasion)
    with services.db.transaction(as_=home.world.alice) as connection:
        refusals = why_not_asked(connection, spoil(services), [home.occasion])
    assert [(one.why, one.instrument) for one in refusals.values()] == [(Why.NOT_HERE, "eq5d-5l")]


def test_nothing_that_is_gone_can_be_ordered(world: World, services: Services) -> None:
    without = replace(world, services=removed(services))
    with pytest.raises(BadInput, match="eq5d-5l is not installed here any more"):
        without.enrol(protocol="eq5d-only")


def test_a_part_that_is_answered_and_gone_keeps_nobody_from_the_part_that_is_left(
    world: World, mailbox: MemoryChannel
) -> None:
    """C1"""
    patient, occasion = world.enrol(protocol="both")
    state = world.start(patient, occasion)
    for value in (1, 1, 1, 1, 1, 80):
        state = world.give(state, patient, value=value)
    work_off(removed(world.services))
    assert len(mailbox.sent) == 1
    following = next_session(removed(world.services), state, as_=patient)
    assert following is not None
    assert look_at_session(removed(world.services), following, as_=patient).instrument.id == "promis-anxiety"


def test_the_translators_desk_stands_when_an_instrument_is_gone(team: Team) -> None:
    left = {key: one for key, one in team.services.library.instruments.items() if key[0] != "promis-anxiety"}
    services = replace(team.services, library=Library(left))
    with services.db.transaction(as_=team.rita) as connection, pytest.raises(Unavailable, match="promis-anxiety"):
        completeness(connection, services, subject=DEMONSTRATION, locale="nb")
