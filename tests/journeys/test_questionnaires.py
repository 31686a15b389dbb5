"""The tiny questionnaires in the browser: every kind of question by the keyboard alone, and every kind without script.

The service is the real one on a database of the test's own, and not the demonstration, which has no such questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from instruments import AnswerKind, Library
from instruments.library import SHIPPED
from survey_service.access.web import COOKIE
from survey_service.answering.use_cases import look_at_session
from survey_service.app import create_app
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.scheduling.use_cases import publish_protocol
from survey_service.settings import Settings
from tests.journeys.keyboard import press_enter, press_on, tab_to
from tests.journeys.visits import THANKS, Devices, axe_violations, free_ports, heading, send, start
from tests.own_instruments import add_number_that_may_not_apply, own_instruments
from tests.world import World, protocol_definition

pytestmark = pytest.mark.browser

SHOWN, SKIPPED, NOT_APPLICABLE = AnswerKind.SHOWN, AnswerKind.SKIPPED, AnswerKind.NOT_APPLICABLE


@pytest.fixture(scope="module")
def instruments_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = own_instruments(tmp_path_factory.mktemp("own"))
    add_number_that_may_not_apply(folder)
    return folder


@pytest.fixture(scope="module")
def library(instruments_folder: Path) -> Library:
    return Library.load(SHIPPED, instruments_folder / "data")


@pytest.fixture
def settings(settings: Settings, instruments_folder: Path) -> Settings:
    return replace(settings, instruments=instruments_folder, base_url=f"http://localhost:{free_ports().web}")


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    """The service, listening at its own address."""
    base_url = services.settings.base_url
    port = int(base_url.rpartition(":")[2])
    server = make_server("localhost", port, create_app(services), threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield base_url
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Walk:
    """A patient's way through a survey, and what was looked at on it."""

    world: World
    patient: Patient
    page: Page
    faults: list[str]
    sessions: list[str]

    def look(self) -> None:
        """Axe, and nothing wider than the phone."""
        self.faults += axe_violations(self.page)
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{self.page.url} scrolls sideways")
        session = self.page.url.split("/")[4]
        if session not in self.sessions:
            self.sessions.append(session)

    def answers(self) -> dict[str, object]:
        """What has been kept, by item, in the sessions that were looked at."""
        return {
            entry.answer.item_id: entry.answer.kind if entry.answer.value is None else entry.answer.value
            for session in self.sessions
            for entry in look_at_session(self.world.services, UUID(session), as_=self.patient).entries
        }


def set_out(world: World, page: Page, url: str, *instruments: str) -> Walk:
    """A patient who has been asked the instruments at one occasion, signed in and at the inbox."""
    definition = protocol_definition("tiny", list(instruments))
    world.protocols["tiny"] = publish_protocol(
        world.services, provider_id=world.alice.provider_id, definition=definition
    )
    who = world.new_identity()
    patient, _ = world.enrol(who, protocol="tiny")
    page.context.add_cookies([{"name": COOKIE, "value": world.patient_cookie(who), "url": url}])
    page.goto(f"{url}/inbox")
    return Walk(world, patient, page, [], [])


def test_every_kind_of_question_is_answered_with_the_keyboard_alone(world: World, url: str, devices: Devices) -> None:
    """C6"""
    page = devices.phone()
    kinds = ("statement", "rating", "several-choices", "number", "scale", "date", "free-text", "does-not-apply")
    on_the_way = set_out(world, page, url, *(f"tiny-{kind}" for kind in kinds), "sunflower-or-none")
    press_on(page, "link", "Läs mer och börja")
    press_on(page, "button", "Börja svara")
    _read_and_answer(on_the_way)
    _rate(on_the_way)
    _tick_and_untick(on_the_way)
    _write_a_number(on_the_way)
    _slide(on_the_way)
    _write_a_day(on_the_way)
    _write_words(on_the_way)
    _say_that_it_does_not_apply(on_the_way)
    written = on_the_way.answers()
    _take_back_a_number(on_the_way)
    assert heading(page) == THANKS["sv"]
    assert on_the_way.faults + axe_violations(page) == []
    assert on_the_way.answers()["height"] is NOT_APPLICABLE
    assert written == {
        "welcome": SHOWN,
        "walked": 1,
        "goodbye": SHOWN,
        "noise": 3,
        "eaten": (1, 2),
        "height": Decimal("72.5"),
        "weather": 2,
        "sown": date(2026, 4, 30),
        "birds": "Trana 🕊️\n" * 19 + "Sädesärla",
        "dog": NOT_APPLICABLE,
        "neighbour": SKIPPED,
    }


def _next(page: Page) -> None:
    press_on(page, "button", "Nästa")


def _read_and_answer(walk: Walk) -> None:
    page = walk.page
    expect(page).to_have_title("Att läsa – Svarsrummet")
    walk.look()
    _next(page)
    expect(page.get_by_text("Fråga 1 av 1")).to_be_visible()
    walk.look()
    tab_to(page, "radio")
    page.keyboard.press("Space")
    press_enter(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Tack för att du svarade.")
    _next(page)


def _rate(walk: Walk) -> None:
    """Eleven figures on two lines, each as large as a finger, with the words of the ends in their names."""
    page = walk.page
    walk.look()
    expect(page.get_by_role("radio", name="0 – tyst", exact=True)).to_be_attached()
    boxes = [label.bounding_box() for label in page.locator(".rating label").all()]
    assert len({box["y"] for box in boxes if box}) == 2
    assert all(box and box["width"] >= 48 and box["height"] >= 48 for box in boxes)
    tab_to(page, "radio")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="3", exact=True)).to_be_checked()
    walk.look()
    press_enter(page)


def _tick_and_untick(walk: Walk) -> None:
    page = walk.page
    walk.look()
    for name in ("Bröd", "Frukt", "Inget av detta"):
        tab_to(page, "checkbox", name)
        page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Bröd")).not_to_be_checked()
    walk.look()
    for name in ("Bröd", "Gröt"):
        tab_to(page, "checkbox", name)
        page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Inget av detta")).not_to_be_checked()
    _next(page)


def _write_a_number(walk: Walk) -> None:
    page = walk.page
    field = page.get_by_role("textbox", name="Hur hög är din högsta solros? cm")
    expect(field).to_have_attribute("inputmode", "decimal")
    tab_to(page, "textbox")
    page.keyboard.type("ganska hög")
    press_enter(page)
    expect(page.get_by_role("alert")).to_be_focused()
    expect(field).to_have_value("ganska hög")
    walk.look()
    tab_to(page, "link", "Skriv ett tal från 0 till 500, med högst 1 decimal.")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("72,5")
    press_enter(page)


def _slide(walk: Walk) -> None:
    page = walk.page
    tab_to(page, "spinbutton")
    page.keyboard.type("4")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("slider")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("spinbutton")).to_have_value("2")
    walk.look()
    _next(page)


def _write_a_day(walk: Walk) -> None:
    """In the order in which a Swede writes it. There is no 31 April."""
    page = walk.page
    walk.look()
    tab_to(page, "textbox", "År")
    for part in ("2026", "4", "31"):
        page.keyboard.type(part)
        page.keyboard.press("Tab")
    _next(page)
    expect(page.get_by_role("alert")).to_contain_text("Skriv året med fyra siffror")
    expect(page.get_by_label("Månad")).to_have_value("4")
    walk.look()
    tab_to(page, "textbox", "Dag")
    page.keyboard.press("Control+a")
    page.keyboard.type("30")
    press_enter(page)


def _write_words(walk: Walk) -> None:
    """The field grows, and tells near its end what is left of the 200 characters."""
    page = walk.page
    walk.look()
    field = page.get_by_role("textbox")
    before = field.bounding_box()
    tab_to(page, "textbox")
    page.keyboard.insert_text("Trana 🕊️\n" * 19)
    expect(page.locator("fieldset").get_by_role("status")).to_have_text("Tecken kvar: 30")
    after = field.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > 2 * before["height"]
    page.keyboard.insert_text("Sädesärla")
    expect(page.locator("fieldset").get_by_role("status")).to_have_text("Tecken kvar: 20")
    walk.look()
    _next(page)


def _say_that_it_does_not_apply(walk: Walk) -> None:
    page = walk.page
    walk.look()
    tab_to(page, "radio")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Gäller inte mig")).to_be_checked()
    press_enter(page)
    walk.look()
    press_on(page, "button", "Hoppa över frågan")


def _take_back_a_number(walk: Walk) -> None:
    """What was written is there again when it does apply."""
    page = walk.page
    field = page.get_by_role("textbox")
    tab_to(page, "textbox")
    page.keyboard.type("72")
    tab_to(page, "checkbox")
    page.keyboard.press("Space")
    expect(field).to_have_value("")
    page.keyboard.press("Space")
    expect(field).to_have_value("72")
    page.keyboard.press("Space")
    walk.look()
    _next(page)


def test_every_kind_of_question_is_answered_without_javascript(world: World, url: str, devices: Devices) -> None:
    """C6: with the mistakes that a script would have caught."""
    page = devices.phone(java_script_enabled=False)
    on_the_way = set_out(world, page, url, "tiny-several-choices", "tiny-conditions", "tiny-free-text", "tiny-rating")
    start(page)
    on_the_way.sessions.append(page.url.split("/")[4])
    for name in ("Bröd", "Inget av detta"):
        page.get_by_role("checkbox", name=name).check()
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("”Inget av detta” kan inte väljas ihop med ett annat svar.")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_role("checkbox", name="Inget av detta").uncheck()
    send(page)

    on_the_way.sessions.append(page.url.split("/")[4])
    _tell_of_the_garden(page)

    on_the_way.sessions.append(page.url.split("/")[4])
    expect(page.get_by_text("Högst 200 tecken.")).to_be_visible()
    page.get_by_role("textbox").fill("Å" * 201)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Skriv högst 200 tecken.")
    expect(page.get_by_role("textbox")).to_have_value("Å" * 201)
    page.get_by_role("textbox").fill("Å" * 200)
    send(page)

    on_the_way.sessions.append(page.url.split("/")[4])
    page.get_by_role("radio", name="10 – öronbedövande").check()
    send(page)
    assert heading(page) == THANKS["sv"]
    assert on_the_way.answers() == {
        "eaten": (1,),
        "birds": "Å" * 200,
        "noise": 10,
        "garden": 1,
        "beds": 3,
        "crops": (1, 2),
        "tomatoes": Decimal("12.5"),
        "sown": date(2026, 6, 1),
        "late": SKIPPED,
    }


def _tell_of_the_garden(page: Page) -> None:
    """Yes, with beds of tomatoes; no garden after all; yes again, and what was told of it is still there."""
    page.get_by_role("radio", name="Ja").check()
    send(page)
    page.get_by_role("spinbutton").fill("3")
    send(page)
    for name in ("Morötter", "Tomater"):
        page.get_by_role("checkbox", name=name).check()
    send(page)
    page.get_by_role("textbox").fill("12,5")
    send(page)
    for _ in range(4):
        page.get_by_role("link", name="Tillbaka").click()
    expect(page.get_by_text("någon fråga kan komma till eller falla bort")).to_be_visible()
    page.get_by_role("radio", name="Nej").check()
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Skulle du vilja ha rabatter?")
    page.get_by_role("link", name="Tillbaka").click()
    page.get_by_role("radio", name="Ja").check()
    send(page)
    for name, text in (("År", "2026"), ("Månad", "6"), ("Dag", "1")):
        page.get_by_label(name).fill(text)
    send(page)
    page.get_by_role("button", name="Hoppa över frågan").click()
