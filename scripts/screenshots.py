"""Pictures of every page of a running demonstration into ./screenshots/live, and the README's two into docs/images.

`make screenshots` runs it. It starts a demonstration of its own, walks through it as patient and clinician, and stops
it. For looking at; nothing is checked here (tests/journeys/ does that).
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

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

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "screenshots" / "live"
IMAGES = ROOT / "docs" / "images"
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
KNEE = "Uppföljning av din operation"
CHECK_IN = "Avstämning inför ditt besök"


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
        for locale in ("sv", "en"):
            walk(demo, devices, locale)
        devices.close()
        browser.close()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
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
    """Everything, in the order in which somebody comes to it."""
    patient = demo.new_patient()
    spoken = {"sv": "sv-SE", "en": "en-GB"}[locale]
    desk, page = devices.desk(), devices.phone(locale=spoken)
    take = camera(locale)
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE, language=locale)
    enrol(desk, demo, patient, protocol=CHECK_IN, language=locale)

    for path, name in (("/", "home"), ("/sign-in", "sign-in"), ("/nowhere", "not-found")):
        page.goto(demo.url + path)
        take(page, name)
    sign_in_patient(page, demo, patient)
    take(page, "inbox-waiting")
    page.goto(f"{demo.url}/my-data")
    take(page, "my-data-empty")
    page.goto(f"{demo.url}/inbox")
    card(page, re.compile("Inför operationen|Before the operation")).get_by_role("link").click()
    take(page, "notice")
    page.get_by_role("button", name=re.compile("Börja svara|Start answering")).click()
    take(page, "question")
    send(page, locale)
    take(page, "question-error")
    choose(page, 2, locale)
    page.get_by_role("link", name=re.compile("^(Tillbaka|Back)")).click()
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
    thanks = page.url

    staff = staff_walk(demo, devices, locale, patient.written_number)
    page.goto(thanks)
    take(page, "thanks-received")
    page.goto(f"{demo.url}/inbox")
    take(page, "inbox-answered")
    page.goto(f"{demo.url}/my-data")
    take(page, "my-data")
    page.get_by_role("button", name=re.compile("Säg nej|Say no")).click()
    take(page, "my-data-objected")
    page.goto(staff)
    take(page, "refused")
    if locale == "sv":
        page.goto(demo.mail_url)
        take(page, "mail-sink")


def staff_walk(demo: Demo, devices: Devices, locale: str, number: str) -> str:
    """The unit's pages; returns the address of a response."""
    page, take = devices.desk(locale={"sv": "sv-SE", "en": "en-GB"}[locale]), camera(locale)
    sign_in_staff(page, demo)
    take(page, "staff-worklist")
    page.goto(f"{demo.url}/staff/enrolments/new")
    take(page, "staff-enrol")
    page.locator("main form button").click()
    take(page, "staff-enrol-errors")
    enrolled = devices.desk()
    sign_in_staff(enrolled, demo)
    enrol(enrolled, demo, demo.new_patient(), protocol=KNEE)
    page.goto(enrolled.url)
    take(page, "staff-enrolled")
    page.goto(f"{demo.url}/staff?filter=unread")
    take(page, "staff-unread")
    titles = re.compile("Frågor om oro|Questions about worry"), re.compile("om din hälsa|about your health")
    for title, name in zip(titles, ("adaptive", "whole"), strict=True):
        page.goto(f"{demo.url}/staff?filter=unread")
        form = card(page, number).filter(has_text=title).locator("form")
        page.goto(demo.url + str(form.get_attribute("action")))
        take(page, f"staff-confirm-{name}")
        page.locator("main form button").click()
        take(page, f"staff-response-{name}")
    page.locator("main form button").click()
    take(page, "staff-response-assessed")
    return page.url


def camera(locale: str) -> Callable[[Page, str], None]:
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
