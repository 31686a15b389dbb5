"""Pictures of every page in Swedish and Arabic into ./screenshots, and the README's two into docs/images.

`make screenshots` runs it. It starts a demonstration of its own, walks through it as patient and clinician, stops it,
and takes the pages with made-up data (tests/preview) too. `screenshots/sv.html` and `screenshots/ar.html` show them all
at a glance. For looking at; nothing is checked here (tests/journeys/ does that).
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from scripts.contact_sheet import write_contact_sheet
from survey_service.demo.environment import DemoFolder
from tests.journeys.demonstration import demonstration
from tests.journeys.visits import (
    CHROMIUM_ARGUMENTS,
    Demo,
    Devices,
    answer_rest,
    card,
    choose,
    enrol,
    free_ports,
    send,
    sign_in_patient,
    sign_in_staff,
)
from tests.preview.screenshots import take_every_page

ROOT = Path(__file__).resolve().parents[1]
SHEETS = ROOT / "screenshots"
FOLDER = SHEETS / "live"
LANGUAGES = {"sv": "sv-SE", "ar": "ar"}
IMAGES = ROOT / "docs" / "images"
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
KNEE = "Uppföljning av din operation"
CHECK_IN = "Avstämning inför ditt besök"

Camera = Callable[[Page, str], None]


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with (
        TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        demonstration(Path(folder) / "demo", free_ports()) as terminal,
    ):
        terminal.wait_for_directions()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
        demo, devices = Demo(DemoFolder(terminal.folder), terminal.ports), Devices(browser)
        readme(demo, devices)
        for locale in LANGUAGES:
            walk(demo, devices, locale)
        devices.close()
        take_every_page(browser, SHEETS / "preview", tuple(LANGUAGES))
        browser.close()
    for locale in LANGUAGES:
        pictures = [*FOLDER.glob(f"*-{locale}-*.png"), *(SHEETS / "preview").glob(f"*-{locale}-*.png")]
        write_contact_sheet(SHEETS / f"{locale}.html", f"{len(pictures)} pictures in {locale}", pictures)
        print(f"{len(pictures)} pictures on {(SHEETS / f'{locale}.html').relative_to(ROOT)}")
    return 0


def readme(demo: Demo, devices: Devices) -> None:
    """A question on a phone, and the worklist on a desk."""
    patient = demo.new_patient()
    desk, phone = devices.desk(), devices.phone(device_scale_factor=2)
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    open_all_but(desk, demo, left=2)
    desk.goto(f"{demo.url}/staff")
    desk.screenshot(path=IMAGES / "worklist-desktop.png")
    sign_in_patient(phone, demo, patient)
    phone.get_by_role("link", name=re.compile("Läs mer")).click()
    phone.get_by_role("button", name="Börja svara").click()
    choose(phone, 0)
    choose(phone, 0)
    phone.get_by_role("radio").nth(1).check()
    phone.screenshot(path=IMAGES / "question-phone.png")


def open_all_but(desk: Page, demo: Demo, *, left: int) -> None:
    """Confirm receipt of all but the newest, so that every state is to be seen."""
    while True:
        desk.goto(f"{demo.url}/staff?filter=unread")
        buttons = desk.get_by_role("button", name="Öppna och bekräfta")
        if buttons.count() <= left:
            return
        with desk.expect_navigation():
            buttons.last.click()


def walk(demo: Demo, devices: Devices, locale: str) -> None:
    """Everything, in the order in which somebody comes to it. The questions are in Swedish, whatever the page is in."""
    patient = demo.new_patient()
    desk, page = devices.desk(), devices.phone(locale=LANGUAGES[locale])
    take = camera(locale)
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    enrol(desk, demo, patient, protocol=CHECK_IN)

    for path, name in (("", "home"), ("accessibility", "accessibility"), ("sign-in", "sign-in"), ("letter", "letter")):
        page.goto(f"{demo.url}/{path}")
        take(page, name)
    page.goto(f"{demo.url}/nowhere")
    take(page, "not-found")
    sign_in_patient(page, demo, patient)
    take(page, "inbox-waiting")
    visit(page, demo, take, {"my-data": "my-data-empty", "my-results": "my-results-empty", "contact": "contact"})
    page.goto(f"{demo.url}/inbox")
    card(page, re.compile("Inför operationen|Before the operation")).get_by_role("link").click()
    take(page, "notice")
    page.locator(".action-bar button").click()
    answer(page, take, locale)
    thanks = page.url

    staff = staff_walk(demo, devices, locale, patient.written_number)
    page.goto(thanks)
    take(page, "thanks-received")
    visit(page, demo, take, {"inbox": "inbox-answered", "my-results": "my-results", "my-data": "my-data"})
    page.locator("form[action*=registers] button").first.click()
    take(page, "my-data-objected")
    page.goto(staff)
    take(page, "refused")


def visit(page: Page, demo: Demo, take: Camera, names: Mapping[str, str]) -> None:
    """Take the pages at these paths."""
    for path, name in names.items():
        page.goto(f"{demo.url}/{path}")
        take(page, name)


def answer(page: Page, take: Camera, locale: str) -> None:
    """From the first question to the thanks, with a slip on the way."""
    take(page, "question")
    send(page, locale)
    take(page, "question-error")
    choose(page, 2, locale)
    page.locator(".back a").click()
    take(page, "question-changing")
    choose(page, 3, locale)
    while page.get_by_role("radio").count():
        choose(page, 1, locale)
    take(page, "scale")
    page.get_by_role("spinbutton").fill("101")
    send(page, locale)
    take(page, "scale-error")
    page.get_by_role("spinbutton").fill("62")
    take(page, "scale-given")
    send(page, locale)
    take(page, "question-adaptive")
    answer_rest(page, locale)
    take(page, "thanks")


def staff_walk(demo: Demo, devices: Devices, locale: str, number: str) -> str:
    """The unit's pages; returns the address of a response."""
    page, take = devices.desk(locale=LANGUAGES[locale]), camera(locale)
    sign_in_staff(page, demo)
    take(page, "staff-worklist")
    page.goto(f"{demo.url}/staff/enrolments/new")
    take(page, "staff-enrol")
    page.locator("main form button").last.click()
    take(page, "staff-enrol-errors")
    page.goto(f"{demo.url}/staff?filter=unread")
    take(page, "staff-unread")
    for name in ("first", "second"):
        page.goto(f"{demo.url}/staff?filter=unread")
        form = card(page, number).locator("form").first
        page.goto(demo.url + str(form.get_attribute("action")))
        take(page, f"staff-confirm-{name}")
        page.locator("main form button").first.click()
        take(page, f"staff-response-{name}")
    return page.url


def camera(locale: str) -> Camera:
    """Takes the page as it stands at both widths, and puts its own back."""

    def take(page: Page, name: str) -> None:
        own = page.viewport_size
        for width, size in WIDTHS.items():
            page.set_viewport_size(size)
            page.screenshot(path=FOLDER / f"{name}-{locale}-{width}.png", full_page=True)
        if own is not None:
            page.set_viewport_size(own)

    return take


if __name__ == "__main__":
    sys.exit(main())
