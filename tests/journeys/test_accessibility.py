"""Every page and state of the live service for everybody: axe, the keyboard alone, small screens. WCAG 2.2 AA.

Few and long, because a state costs a walk to come to: each test walks once and looks at everything on its way.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.keyboard import press_enter, press_on, tab_to
from tests.journeys.visits import (
    CONTRAST,
    THANKS,
    Demo,
    Devices,
    answer_rest,
    axe_violations,
    be,
    card,
    choose,
    enrol,
    heading,
    send,
    sign_in_patient,
    sign_in_staff,
)

pytestmark = pytest.mark.browser

KNEE = "Uppföljning av din operation"
CHECK_IN = "Avstämning inför ditt besök"
# 320 px is 1280 px at 400 % zoom (WCAG 1.4.10).
SMALL = {"width": 320, "height": 640}


class Inspection:
    """Faults found on the way, so that a walk goes to its end and names them all."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: list[str] = []

    def look(self, page: Page, state: str) -> None:
        """Axe, contrast in the dark scheme too, and no sideways scroll on the smallest screen."""
        self.seen.append(state)
        self.faults += [f"{state}: {fault}" for fault in axe_violations(page)]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        self.faults += [f"{state}, dark: {fault}" for fault in axe_violations(page, CONTRAST)]
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        size = page.viewport_size
        assert size is not None
        page.set_viewport_size(SMALL)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{state}: scrolls sideways at 320 px")
        page.set_viewport_size(size)


@contextmanager
def inspection() -> Iterator[Inspection]:
    found = Inspection()
    yield found
    assert found.faults == []
    assert len(found.seen) == len(set(found.seen))


def test_every_page_of_the_patient_is_accessible_in_every_state(demo: Demo, devices: Devices) -> None:
    """C6"""
    patient = demo.new_patient()
    desk, phone = devices.desk(), devices.phone()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    enrol(desk, demo, patient, protocol=CHECK_IN)
    with inspection() as inspected:
        for path, state in (("/", "home"), ("/sign-in", "sign-in"), ("/nowhere", "not found")):
            phone.goto(demo.url + path)
            inspected.look(phone, state)
        sign_in_patient(phone, demo, patient)
        inspected.look(phone, "inbox with two waiting")
        phone.locator("summary", has_text="Meny").click()
        inspected.look(phone, "open menu")
        phone.goto(f"{demo.url}/my-data")
        inspected.look(phone, "my data, empty")
        phone.goto(f"{demo.url}/contact")
        inspected.look(phone, "how we write")
        phone.get_by_label("Din e-postadress").fill("anna")
        phone.get_by_role("button", name="Spara").click()
        inspected.look(phone, "how we write, with an error")
        phone.get_by_label("Din e-postadress").fill("anna@example.se")
        phone.get_by_role("button", name="Spara").click()
        inspected.look(phone, "how we write, saved")
        phone.goto(f"{demo.url}/inbox")
        card(phone, "Inför operationen").get_by_role("link").click()
        inspected.look(phone, "notice")
        phone.get_by_role("button", name="Börja svara").click()
        inspected.look(phone, "first question")
        send(phone)
        inspected.look(phone, "question with an error")
        choose(phone, 2)
        phone.get_by_role("link", name="Tillbaka").click()
        inspected.look(phone, "changing an answer")
        choose(phone, 3)
        while phone.get_by_role("radio").count():
            choose(phone, 1)
        inspected.look(phone, "scale")
        phone.get_by_role("spinbutton").fill("101")
        send(phone)
        inspected.look(phone, "scale with an error")
        phone.get_by_role("spinbutton").fill("40")
        inspected.look(phone, "scale with a number")
        send(phone)
        inspected.look(phone, "adaptive question")
        phone.goto(f"{demo.url}/inbox")
        inspected.look(phone, "inbox with one begun")
        card(phone, "Inför operationen").get_by_role("link", name=re.compile("Fortsätt")).click()
        phone.get_by_role("button", name="Fortsätt").click()
        answer_rest(phone)
        inspected.look(phone, "thanks, not yet received")
        thanks = phone.url

        desk.goto(f"{demo.url}/staff?filter=unread")
        card(desk, patient.written_number).filter(has_text="Frågor om oro").get_by_role("button").click()
        desk.get_by_role("button", name="Markera som bedömt").click()
        phone.goto(thanks)
        inspected.look(phone, "thanks, received and assessed")
        phone.goto(f"{demo.url}/inbox")
        inspected.look(phone, "inbox with answers")
        phone.goto(f"{demo.url}/my-data")
        inspected.look(phone, "my data")
        phone.get_by_role("button", name="Säg nej till registret").click()
        inspected.look(phone, "my data after a no")
        phone.goto(desk.url)
        inspected.look(phone, "refused")


def test_every_page_of_the_unit_is_accessible_in_every_state(demo: Demo, devices: Devices) -> None:
    patient = demo.new_patient()
    desk, phone = devices.desk(), devices.phone()
    with inspection() as inspected:
        sign_in_staff(desk, demo)
        inspected.look(desk, "worklist")
        desk.goto(f"{demo.url}/staff/enrolments/new")
        inspected.look(desk, "enrolment")
        desk.get_by_role("button", name="Beställ enkäterna").click()
        expect(desk).to_have_title(re.compile("^Rätta:"))
        expect(desk.get_by_role("alert")).to_be_focused()
        inspected.look(desk, "enrolment with errors")
        enrol(desk, demo, patient, protocol=KNEE)
        inspected.look(desk, "ordered")
        sign_in_patient(phone, demo, patient)
        phone.get_by_role("link", name=re.compile("Läs mer")).click()
        phone.get_by_role("button", name="Börja svara").click()
        answer_rest(phone)

        desk.goto(f"{demo.url}/staff?filter=unread")
        inspected.look(desk, "unread")
        row = card(desk, patient.written_number).filter(has_text="Frågor om oro")
        desk.goto(demo.url + str(row.locator("form").get_attribute("action")))
        inspected.look(desk, "asked to confirm")
        desk.get_by_role("button", name="Öppna och bekräfta").click()
        inspected.look(desk, "adaptive response")
        desk.get_by_role("button", name="Markera som bedömt").click()
        inspected.look(desk, "assessed response")
        desk.goto(f"{demo.url}/staff?filter=unread")
        card(desk, patient.written_number).get_by_role("button").click()
        inspected.look(desk, "response given whole")


def test_from_the_way_in_to_the_thanks_and_after_with_the_keyboard_alone(demo: Demo, devices: Devices) -> None:
    """C6: where the focus is can be seen at every stop (see ``tab_to``). The sign-in service's own page is not ours."""
    patient = demo.new_patient()
    desk, page = devices.desk(), devices.phone()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    page.goto(f"{demo.url}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gå till innehållet")).to_be_focused()
    press_on(page, "link", "Logga in och svara")
    press_on(page, "button", "Logga in med BankID")
    be(page, patient.subject)
    press_on(page, "link", "Läs mer och börja")
    press_on(page, "button", "Börja svara")

    tab_to(page, "radio")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    press_enter(page)
    expect(page.get_by_text("Fråga 2 av 6")).to_be_visible()
    press_on(page, "link", "Tillbaka")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    press_on(page, "button", "Nästa")
    press_on(page, "button", "Hoppa över frågan")
    expect(page.get_by_text("Fråga 3 av 6")).to_be_visible()
    while page.get_by_role("radio").count():
        tab_to(page, "radio")
        page.keyboard.press("Space")
        press_enter(page)
    tab_to(page, "spinbutton")
    page.keyboard.type("40")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("slider")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("spinbutton")).to_have_value("1")
    tab_to(page, "spinbutton")
    page.keyboard.press("Control+a")
    page.keyboard.type("55")
    press_enter(page)
    expect(page.get_by_text("Del 2 av 2")).to_be_visible()
    while page.get_by_role("radio").count():
        tab_to(page, "radio")
        page.keyboard.press("Space")
        press_enter(page)
    assert heading(page) == THANKS["sv"]
    press_on(page, "link", "Se mina uppgifter")
    press_on(page, "button", "Säg nej till registret")
    press_on(page, "link", "Välj hur vi skriver till dig, och se vad vi har skrivit")
    tab_to(page, "combobox", "E-post")
    page.keyboard.press("ArrowDown")
    press_on(page, "button", "Spara")
    expect(page.locator("main").locator(".error-summary, [role=status]").first).to_be_visible()


def test_an_error_is_announced_has_the_focus_and_changes_the_title(demo: Demo, devices: Devices) -> None:
    """C6"""
    patient = demo.new_patient()
    desk, page = devices.desk(), devices.phone()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    sign_in_patient(page, demo, patient)
    page.get_by_role("link", name=re.compile("Läs mer")).click()
    page.get_by_role("button", name="Börja svara").click()
    expect(page).to_have_title(re.compile("^Fråga 1 – "))
    asked = heading(page)
    send(page)
    expect(page).to_have_title(re.compile("^Rätta: Fråga 1 – "))
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page.get_by_role("radiogroup")).to_have_attribute("aria-invalid", "true")
    assert heading(page) == asked
    summary.get_by_role("link").click()
    expect(page.get_by_role("radio").first).to_be_focused()
