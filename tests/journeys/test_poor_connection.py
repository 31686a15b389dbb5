"""Answering where the network comes and goes, and where somebody was away for too long: nothing is lost, and nothing is
left for the next person at the device.

The service is the real one on a database and a clock of the test's own; so is the sign-in provider.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from survey_service.access.handovers import make_code
from survey_service.access.rules import PERSONAL_NUMBER_CLAIM
from survey_service.answering.use_cases import look_at_session
from survey_service.demo.identity_provider import identity_provider
from survey_service.demo.people import LOA3
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.settings import Settings
from tests.conftest import TestClock
from tests.journeys.serving import served, signed_in
from tests.journeys.visits import Devices, axe_violations, choose, free_ports, heading, send
from tests.world import World

pytestmark = [
    pytest.mark.browser,
    # The local provider signs its tokens in a way that Authlib will drop; that is for its next version to change.
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]

KEPT = "Inte skickat än. Ditt svar finns kvar på den här enheten och skickas när nätet är tillbaka."
LOST = "Inte skickat: det finns inget nät. Tryck på knappen igen om en stund."
# What a browser says of its own accord when the network, or the service behind it, is away.
NO_NETWORK = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 50[234]")
STORED = """async () => {
  const opening = indexedDB.open("answer", 1);
  const db = await new Promise((done) => {
    opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
    opening.onsuccess = () => done(opening.result);
  });
  const asked = db.transaction("kept").objectStore("kept").getAll();
  const rows = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  db.close();
  return rows.map((row) => [row.key.extractable, new TextDecoder("latin1").decode(row.sealed)]);
}"""


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    ports = free_ports()
    identity = replace(settings.patient_identity, issuer=f"http://localhost:{ports.identity}")
    return replace(settings, base_url=f"http://localhost:{ports.web}", patient_identity=identity)


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    with served(services) as address:
        yield address


@pytest.fixture
def phones(devices: Devices) -> Iterator[Devices]:
    yield devices
    devices.complaints[:] = [said for said in devices.complaints if not NO_NETWORK.search(said)]


@dataclass
class Sitting:
    """A patient with one survey under way."""

    world: World
    url: str
    identity: Identity
    patient: Patient
    session_id: UUID

    @property
    def question(self) -> str:
        return f"{self.url}/sessions/{self.session_id}"

    def at(self, page: Page) -> Page:
        """On the device, signed in and at the open question."""
        signed_in(page, self.url, self.world.patient_cookie(self.identity)).goto(self.question)
        return page

    def answers(self) -> list[object]:
        state = look_at_session(self.world.services, self.session_id, as_=self.patient)
        return [entry.answer.value for entry in state.log]


def begin(world: World, url: str) -> Sitting:
    identity = world.new_identity()
    patient, occasion = world.enrol(identity)
    return Sitting(world, url, identity, patient, world.start(patient, occasion).session.id)


def press(page: Page, place: int) -> None:
    """Choose by place, and press Next, whatever comes of it."""
    page.get_by_role("radio").nth(place).check()
    page.get_by_role("button", name="Nästa", exact=True).click()


def note(page: Page) -> str:
    return page.locator("#kept").inner_text()


@contextmanager
def nothing_gets_through(page: Page, *, status: int | None = None) -> Iterator[None]:
    """Pages can be read, and nothing sent: the network breaks, or somebody on the way answers with the status."""

    def stop(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
        elif status is None:
            route.abort()
        else:
            route.fulfill(status=status, body="away")

    page.route("**/sessions/**", stop)
    yield
    page.unroute("**/sessions/**", stop)


def network_comes_back(page: Page) -> None:
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new Event('online'))")


def test_an_answer_given_offline_is_kept_shown_and_sent_once(world: World, url: str, phones: Devices) -> None:
    """C3, C6"""
    sitting = begin(world, url)
    page = sitting.at(phones.phone())
    first = heading(page)
    page.context.set_offline(True)
    press(page, 3)
    expect(page.get_by_role("status").filter(has_text=KEPT)).to_be_visible()
    expect(page.get_by_role("radio").nth(3)).to_be_checked()
    ((extractable, sealed),) = page.evaluate(STORED)
    assert not extractable
    assert "sequence" not in sealed
    assert axe_violations(page) == []

    with nothing_gets_through(page):
        page.context.set_offline(False)
        page.reload()
        expect(page.get_by_text(KEPT)).to_be_visible()
        expect(page.get_by_role("radio").nth(3)).to_be_checked()
        assert heading(page) == first
        assert sitting.answers() == []
    network_comes_back(page)
    assert heading(page) != first
    assert sitting.answers() == [4]
    assert page.evaluate(STORED) == []
    assert note(page) == ""

    with nothing_gets_through(page, status=503):
        press(page, 0)
        expect(page.get_by_text(KEPT)).to_be_visible()
        press(page, 1)  # another answer takes its place
        expect(page.get_by_text(KEPT)).to_be_visible()
    page.goto(f"{url}/my-data")
    expect(page.get_by_text("Ditt svar har skickats.")).to_be_visible()
    assert sitting.answers() == [4, 2]
    page.get_by_role("link", name="Fortsätt svara").click()
    expect(page).to_have_url(sitting.question)
    choose(page, 1)
    assert len(sitting.answers()) == 3


def test_what_was_kept_is_neither_seen_nor_sent_by_the_next_person(world: World, url: str, phones: Devices) -> None:
    """A6, C6"""
    sitting, other = begin(world, url), begin(world, url)
    page = sitting.at(phones.phone())
    with nothing_gets_through(page):
        press(page, 3)
        expect(page.get_by_text(KEPT)).to_be_visible()
    other.at(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_function(f"async () => (await ({STORED})()).length === 0")
    assert note(page) == ""
    sitting.at(page)
    assert (note(page), sitting.answers(), other.answers()) == ("", [], [])

    with nothing_gets_through(page):
        press(page, 3)
        expect(page.get_by_text(KEPT)).to_be_visible()
        page.get_by_text("Meny", exact=True).click()
        with page.expect_navigation(url=f"{url}/"):
            page.get_by_role("button", name="Logga ut").click()
    assert page.evaluate(STORED) == []
    sitting.at(page)
    assert (note(page), sitting.answers()) == ("", [])


def test_on_a_tablet_that_is_lent_nothing_is_kept(world: World, url: str, phones: Devices) -> None:
    """C3, C6"""
    _patient, occasion = world.enrol()
    code = make_code(world.services, occasion.id, attested=True, as_=world.alice)
    page = phones.phone()
    page.goto(f"{url}/h/{code}")
    page.get_by_role("button", name="Börja").click()
    page.get_by_role("button", name="Börja svara").click()
    first = heading(page)
    page.context.set_offline(True)
    press(page, 3)
    expect(page.get_by_text(LOST)).to_be_visible()
    expect(page.get_by_role("radio").nth(3)).to_be_checked()
    assert page.evaluate(STORED) == []
    page.context.set_offline(False)
    send(page)
    assert heading(page) != first


def test_of_two_devices_the_one_that_was_offline_is_told(world: World, url: str, phones: Devices) -> None:
    """C3"""
    sitting = begin(world, url)
    away, here = sitting.at(phones.phone()), sitting.at(phones.desk())
    away.context.set_offline(True)
    press(away, 0)
    expect(away.get_by_text(KEPT)).to_be_visible()
    choose(here, 4)
    with away.expect_navigation():
        away.context.set_offline(False)
    expect(away.get_by_role("alert")).to_contain_text("kanske på en annan enhet")
    assert heading(away) == heading(here)
    assert sitting.answers() == [5]


def test_whoever_was_away_for_too_long_is_warned_and_loses_nothing(
    world: World, url: str, phones: Devices, clock: TestClock
) -> None:
    """C6, G1"""
    sitting = begin(world, url)
    page = phones.phone()
    page.clock.install()

    def passes(minutes: float) -> None:
        clock.advance(timedelta(minutes=minutes))
        page.clock.fast_forward(int(minutes * 60_000))

    with identity_provider(port_of(world.services), []):
        introduce(world.services, sitting.identity)
        sitting.at(page)
        first = heading(page)
        passes(28.2)
        warning = page.get_by_role("alertdialog", name="Är du kvar?")
        expect(warning).to_contain_text("2 minuter")
        expect(page.get_by_role("button", name="Fortsätt vara inloggad")).to_be_focused()
        assert axe_violations(page) == []
        with page.expect_response("**/stay"):
            page.keyboard.press("Escape")
        expect(warning).to_be_hidden()
        passes(28.2)
        page.get_by_role("button", name="Fortsätt vara inloggad").click()
        expect(warning).to_be_hidden()

        page.get_by_role("radio").nth(3).check()
        passes(28.2)
        passes(1)
        expect(warning).to_contain_text("1 minut ")
        with page.expect_navigation(url="**/sign-in/ended?kept=1"):
            passes(1)
        assert heading(page) == "Du har loggats ut"
        assert sitting.answers() == []
        sign_in(page)
        expect(page.get_by_text("Det här hade du fyllt i")).to_be_visible()
        expect(page.get_by_role("radio").nth(3)).to_be_checked()
        assert heading(page) == first
        send(page)
        assert sitting.answers() == [4]

        second = heading(page)
        clock.advance(timedelta(minutes=45))  # as with a lid that was closed: the page has not noticed
        press(page, 1)
        expect(page).to_have_url(re.compile("kept=1"))
        sign_in(page)
        expect(page.get_by_role("heading", level=1)).not_to_have_text(second)
        assert sitting.answers() == [4, 2]


def test_an_answer_from_a_day_without_network_is_sent_after_signing_in_again(
    world: World, url: str, phones: Devices, clock: TestClock
) -> None:
    """C3, C6"""
    sitting = begin(world, url)
    page = sitting.at(phones.phone())
    with nothing_gets_through(page):
        press(page, 3)
        expect(page.get_by_text(KEPT)).to_be_visible()
    clock.advance(timedelta(hours=3))
    network_comes_back(page)
    expect(page).to_have_url(f"{url}/sign-in/ended?kept=1")
    signed_in(page, url, world.patient_cookie(sitting.identity)).goto(f"{url}/inbox")
    expect(page.get_by_text("Ditt svar har skickats.")).to_be_visible()
    assert sitting.answers() == [4]


def port_of(services: Services) -> int:
    return int(services.settings.patient_identity.issuer.rpartition(":")[2])


def introduce(services: Services, identity: Identity) -> None:
    """Make the patient known to the sign-in provider."""
    claims = {PERSONAL_NUMBER_CLAIM: identity.number, "acr": LOA3}
    address = f"{services.settings.patient_identity.issuer}/users/patient"
    requests.put(address, json=claims, timeout=10).raise_for_status()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="BankID").click()
    page.get_by_text("Somebody else").click()
    page.get_by_label("Name known to this sign-in service").fill("patient")
    page.get_by_role("button", name="Sign in", exact=True).click()
