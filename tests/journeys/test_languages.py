"""Answering in Finnish, in Arabic and in plain Swedish, in the browser: the page, the question and the scale."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import shipped_texts
from survey_service.settings import Settings
from tests.journeys.visits import Devices, axe_violations, free_ports
from tests.world import World

pytestmark = pytest.mark.browser

# Where the middle of the picture's tube, ticks and figures are, and what stands on their other side.
MIDDLE = "(one) => { const box = one.getBoundingClientRect(); return box.left + box.width / 2 }"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, base_url=f"http://localhost:{free_ports().web}")


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    base_url = services.settings.base_url
    port = int(base_url.rpartition(":")[2])
    server = make_server("localhost", port, create_app(services), threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield base_url
    server.shutdown()
    thread.join()
    server.server_close()


def say(locale: str, text: str) -> str:
    return str(shipped_texts()[locale].gettext(text))


def sit_down(world: World, url: str, page: Page, locale: str) -> None:
    """A patient who was ordered EQ-5D in this language, at the notice."""
    who = world.new_identity(locale=locale)
    world.enrol(who, protocol="eq5d-only")
    page.context.add_cookies([{"name": COOKIE, "value": world.patient_cookie(who), "url": url}])
    page.goto(f"{url}/inbox")
    choose_language(page, locale)
    with page.expect_navigation():
        page.get_by_role("link", name=say(locale, "Read more and start")).click()


def choose_language(page: Page, locale: str) -> None:
    page.locator("summary").first.click()
    with page.expect_navigation():
        page.locator(f"button[name=language][value={locale}]").click()


def answer_to_the_scale(page: Page, locale: str) -> None:
    while page.get_by_role("radio").count():
        page.get_by_role("radio").nth(1).check()
        press(page, locale, "Next")


def press(page: Page, locale: str, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=say(locale, name), exact=True).click()


def faults(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*axe_violations(page), *(["scrolls sideways"] if wide else [])]


@pytest.mark.parametrize(
    ("locale", "language", "direction", "title", "marked"),
    [
        ("fi", "fi", "ltr", "Miten liikkuminen paikasta toiseen sujuu sinulta tänään?", "ei ole tarkistanut"),
        ("ar", "ar", "rtl", "كيف يسير تنقلك من مكان إلى آخر اليوم؟", "لم يراجعه متحدث"),
        ("sv_simple", "sv-simple", "ltr", "Hur går det för dig att ta dig fram i dag?", "Demonstrationstext"),
    ],
)
def test_a_patient_answers_in_their_own_language(
    world: World, url: str, devices: Devices, locale: str, language: str, direction: str, title: str, marked: str
) -> None:
    """C6, E1, E2: plain Swedish asks in Swedish, and marks the question as such."""
    page = devices.phone()
    sit_down(world, url, page, locale)
    found = faults(page)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("html").get_attribute("dir") == direction
    press(page, locale, "Start answering")
    found += faults(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert page.locator("fieldset").get_attribute("lang") == ("sv" if locale == "sv_simple" else None)
    expect(page.locator(".source")).to_contain_text(marked)
    answer_to_the_scale(page, locale)
    found += faults(page)
    slider = page.locator("[data-vas-slider]")  # nothing to a screen reader until a number is given
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    assert 70 <= int(page.get_by_role("spinbutton").input_value()) <= 80
    press(page, locale, "Next")
    expect(page.get_by_role("heading", level=1)).to_have_text(say(locale, "Thank you, your answers are saved"))
    assert found + faults(page) == []


@pytest.mark.parametrize(("locale", "interface"), [("fi", "ar"), ("ar", "fi")])
def test_a_scale_runs_as_its_wording_says_whatever_the_page_does(
    world: World, url: str, devices: Devices, locale: str, interface: str
) -> None:
    """E1: the version that was begun keeps its direction when the page changes its language."""
    page = devices.phone()
    sit_down(world, url, page, locale)
    press(page, locale, "Start answering")
    answer_to_the_scale(page, locale)
    before = _sides(page)
    choose_language(page, interface)
    expect(page.locator("html")).to_have_attribute("lang", interface)
    assert _sides(page) == before
    assert before == ("figures left of the tube" if locale == "ar" else "figures right of the tube")


def _sides(page: Page) -> str:
    """Where the figures stand, when the slider lies on the tube."""
    tube, figures = page.locator(".vas-tube").evaluate(MIDDLE), page.locator(".vas-scale text").first.evaluate(MIDDLE)
    assert page.locator("[data-vas-slider]").evaluate(MIDDLE) == pytest.approx(tube, abs=1)
    return f"figures {'left' if figures < tube else 'right'} of the tube"
