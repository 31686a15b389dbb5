"""Results over time, as the unit and the patient meet them: at a desk and on a phone, in Swedish and in Arabic."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visits import (
    Demo,
    Devices,
    answer_rest,
    axe_violations,
    card,
    enrol,
    sign_in_patient,
    sign_in_staff,
)

pytestmark = pytest.mark.browser

KNEE = "Uppföljning av din operation"
PICTURES = ".course"


def speak(page: Page, language: str) -> None:
    page.locator("header summary").first.click()
    page.get_by_role("button", name=re.compile(f"^{language}")).click()
    expect(page.locator("header summary").first).to_contain_text(language)


def time_runs_left_to_right(page: Page) -> bool:
    """By the marks of the axis, as they stand on the screen."""
    found = page.evaluate(
        "() => [...document.querySelector('.course:not(.own)').querySelectorAll('text')]"
        ".filter((one) => /^\\d\\d(\\d\\d)?(-\\d\\d)?$/.test(one.textContent) && one.textContent.includes('-'))"
        ".map((one) => [one.textContent, one.getBoundingClientRect().left])"
    )
    places = [left for _, left in sorted(found)]
    return len(places) > 1 and places == sorted(places)


def test_a_course_is_followed_at_a_desk_and_on_a_phone_in_swedish_and_arabic(demo: Demo, devices: Devices) -> None:
    """C4, C6, E2"""
    patient = demo.new_patient()
    desk, phone = devices.desk(), devices.phone()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    sign_in_patient(phone, demo, patient)
    phone.get_by_role("link", name=re.compile("Läs mer")).click()
    phone.get_by_role("button", name="Börja svara").click()
    answer_rest(phone)
    desk.goto(f"{demo.url}/staff?filter=unread")
    card(desk, patient.written_number).filter(has_text="Frågor om oro").get_by_role("button").click()
    desk.get_by_role("link", name="Resultat över tid").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Resultat över tid")
    # What nobody has opened yet is told of and not shown.
    expect(desk.get_by_text("Inte öppnat än")).to_have_count(1)
    expect(desk.locator(PICTURES)).to_have_count(1)

    phone.goto(f"{demo.url}/my-results")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Mina resultat")
    expect(phone.get_by_role("img", name="T-värde")).to_be_visible()

    faults = []
    for language in ("Svenska", "العربية"):
        for page in (desk, phone):
            speak(page, language)
            faults += axe_violations(page)
            assert time_runs_left_to_right(page)
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert faults == []

    speak(desk, "Svenska")
    with desk.expect_download() as downloading:
        desk.get_by_role("link", name="Dokument till journalen").click()
    assert re.fullmatch(r"resultat-\d{4}-\d\d-\d\d\.pdf", downloading.value.suggested_filename)
    desk.get_by_role("link", name=re.compile("^Svar")).first.click()
    expect(desk.get_by_role("heading", level=1)).not_to_have_text("Resultat över tid")
