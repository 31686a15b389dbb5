"""A manager changes a protocol in the browser: what would happen is seen first, and a patient gets what was added."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.foundation.services import Services
from survey_service.settings import Settings
from tests.journeys.visits import Devices, axe_violations, free_ports
from tests.world import World

pytestmark = pytest.mark.browser


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


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def faults(page: Page) -> list[str]:
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*axe_violations(page), *(["scrolls sideways"] if wide else [])]


def sign_in(page: Page, url: str, cookie: str) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])


def fill_second_occasion(page: Page) -> None:
    for name, value in {
        "code": "follow-up",
        "title_sv": "Efter besöket",
        "due_day": "3",
        "opens": "5",
        "closes": "10",
        "instruments": "eq5d-5l 1.0",
    }.items():
        page.locator(f"#o2_{name}").fill(value)


def test_a_manager_adds_an_occasion_sees_what_would_happen_applies_it_and_the_patient_gets_it(
    world: World, url: str, devices: Devices, run_jobs: Callable[[], None]
) -> None:
    """A2: nothing is changed before it has been looked at, and a slip is told at its field."""
    who = world.new_identity()
    world.enrol(who, by=world.bob)
    desk = devices.desk()
    sign_in(desk, url, world.staff_cookie(world.bob))
    desk.goto(f"{url}/staff/protocols/{world.protocols['anxiety-only']}")
    found = faults(desk)
    desk.get_by_role("link", name="Ändra vårdprogrammet").click()
    found += faults(desk)
    press(desk, "Lägg till ett tillfälle")
    fill_second_occasion(desk)
    desk.locator("#o2_due_day").fill("tre")
    press(desk, "Se vad som skulle hända")
    expect(desk.get_by_role("link", name="Skriv ett heltal.")).to_have_attribute("href", "#o2_due_day")
    found += faults(desk)
    desk.locator("#o2_due_day").fill("3")
    press(desk, "Se vad som skulle hända")
    expect(desk.get_by_role("main")).to_contain_text("1 tillfälle läggs till")
    expect(desk.get_by_role("row", name=f"{who.number[:8]}-{who.number[8:]}")).to_contain_text("follow-up")
    found += faults(desk)
    press(desk, "Publicera version 2 och inför den")
    expect(desk.get_by_role("status")).to_have_text("0 av 1 inskrivna har den här versionen.")
    run_jobs()
    desk.get_by_role("link", name="Titta igen").click()
    expect(desk.get_by_role("status")).to_have_text("Alla som är inskrivna har den här versionen.")
    found += faults(desk)
    phone = devices.phone()
    sign_in(phone, url, world.patient_cookie(who))
    phone.goto(f"{url}/inbox")
    expect(phone.get_by_role("heading", name="Efter besöket")).to_be_visible()
    assert found == []


def test_what_was_typed_outlives_an_ended_sign_in(world: World, url: str, devices: Devices) -> None:
    """Nothing is lost: the fields come back where they were."""
    desk = devices.desk()
    sign_in(desk, url, world.staff_cookie(world.bob))
    page = f"{url}/staff/protocols/{world.protocols['anxiety-only']}/edit"
    desk.goto(page)
    press(desk, "Spara utkastet")
    desk.locator("#name_sv").fill("Nytt namn")
    desk.context.clear_cookies(name=COOKIE)
    press(desk, "Spara utkastet")
    sign_in(desk, url, world.staff_cookie(world.bob))
    desk.goto(page)
    expect(desk.locator("#name_sv")).to_have_value("Nytt namn")
