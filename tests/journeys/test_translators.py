"""Translators at work in the browser: a language from nothing to a patient answering in it, without a restart.

The desk is read in English, so that its texts are found by what they are in the source.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.keyboard import press_on, tab_to
from tests.journeys.visits import (
    DESK,
    Demo,
    Devices,
    MadeUpPatient,
    axe_violations,
    enrol,
    eventually,
    heading,
    sign_in_patient,
    sign_in_staff,
)
from translations.exchange.bundle import ExchangeSegment
from translations.exchange.files import FileFormat, read_bundle, write_bundle
from translations.placeholders import wanted_forms

pytestmark = pytest.mark.browser

AINO, SAMI = "aino (translator)", "sami (translator, reviews and approves)"
PREM, VISIT, INTERFACE = "instrument:prem-overall:1.0:self", "instrument:prem-visit:1.0:self", "interface"
DOCUMENT = {"name": "interviews.pdf", "mimeType": "application/pdf", "buffer": b"%PDF made up: five interviews"}
AFTER_VISIT = "Efter ditt besök"
NORWEGIAN = {
    "title": "Et spørsmål om ditt siste besøk",
    "intro": "Her er ett spørsmål om hvordan besøket var for deg.",
    "footer": "Prosjektets eget skjema. Det er ikke validert.",
    "item:overall": "Hvordan var besøket for deg som helhet?",
    "option:experience:1": "Veldig dårlig",
    "option:experience:2": "Ganske dårlig",
    "option:experience:3": "Verken bra eller dårlig",
    "option:experience:4": "Ganske bra",
    "option:experience:5": "Veldig bra",
    "recall": "Tenk på ditt siste besøk.",
}


def at_the_desk(devices: Devices, demo: Demo, who: str, **options: object) -> Page:
    """Somebody signed in at the desk, who reads English."""
    page = devices.desk(locale="en-GB", **options)
    sign_in_staff(page, demo, who)
    expect(page.get_by_role("heading", level=1)).to_have_text("Languages and texts")
    return page


def translate_by_hand(page: Page, demo: Demo, texts: dict[str, str]) -> None:
    """From the first text that waits, one after the other, to the end of the list."""
    page.goto(f"{demo.url}/translate/nb/{PREM}?show=untranslated")
    page.locator(".text-head a").first.click()
    for _ in range(40):
        field = page.get_by_label("Translation", exact=True)
        if not field.count():
            return
        context = page.locator("h1 .small-print").inner_text()
        field.fill(texts.get(context, f"Norsk {context}"))
        with page.expect_navigation():
            page.get_by_role("button", name="Save and go on").click()
    raise AssertionError("The texts did not come to an end.")


def translate_by_file(page: Page, demo: Demo, subject: str, form: FileFormat, folder: Path) -> None:
    """Download, fill in with a tool of one's own, bring back, look at it, save."""
    page.goto(f"{demo.url}/translate/nb/{subject}")
    with page.expect_download() as coming:
        page.get_by_role("link", name=f"Download {form.name}").click()
    given = folder / coming.value.suggested_filename
    coming.value.save_as(given)
    bundle = read_bundle(given.read_bytes(), file=given.name)
    done = replace(bundle, segments=tuple(in_norwegian(one) for one in bundle.segments))
    given.write_bytes(write_bundle(done, form))
    page.get_by_role("link", name="Bring in a file").click()
    page.get_by_label("File: PO, XLIFF 2.0 or XLSX").set_input_files(given)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What the file would change")
    page.get_by_role("button", name=re.compile("^Save .* texts")).click()
    expect(page.get_by_role("status")).to_contain_text("saved")


def in_norwegian(one: ExchangeSegment) -> ExchangeSegment:
    """Every form of the text, as far as a test speaks the language."""
    if one.context == "direction":
        return one.with_target("ltr")
    forms = len(wanted_forms(one.source, "nb"))
    return one.with_target(*(f"{(one.source * 2)[place]} (nb)" for place in range(forms)))


def take_all(page: Page, demo: Demo, subject: str, state: str, button: str, *, evidence: bool = False) -> None:
    """Tick whatever is in a state, page by page, and take it further."""
    for _ in range(20):
        page.goto(f"{demo.url}/translate/nb/{subject}?show={state}")
        if not page.get_by_role("button", name=button).count():
            return
        if evidence:
            page.get_by_label("Evidence").set_input_files([DOCUMENT])
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("status")).to_contain_text("taken further")
    raise AssertionError(f"Texts stay {state}.")


def make_version(page: Page, demo: Demo, subject: str) -> None:
    page.goto(f"{demo.url}/translate/nb/{subject}/version")
    page.get_by_role("button", name="Make this version for patients").click()
    expect(page.get_by_role("status")).to_have_text("The version is made. Patients read it from now on.")


def ordered(devices: Devices, demo: Demo) -> MadeUpPatient:
    patient = demo.new_patient()
    desk = devices.desk()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=AFTER_VISIT, days_ago=2)
    return patient


def test_a_language_goes_from_nothing_to_a_patient_answering_in_it_without_a_restart(
    demo: Demo, devices: Devices, tmp_path: Path
) -> None:
    """E1, E2"""
    patient = ordered(devices, demo)
    phone = devices.phone(locale="nb-NO")
    sign_in_patient(phone, demo, patient)
    assert phone.locator("html").get_attribute("lang") == "sv"

    aino, sami = at_the_desk(devices, demo, AINO), at_the_desk(devices, demo, SAMI)
    aino.get_by_label("Language", exact=True).select_option("nb")
    aino.get_by_label("Texts", exact=True).select_option(PREM)
    aino.get_by_role("button", name="Open").click()
    expect(aino.get_by_role("heading", level=1)).to_contain_text("Norwegian Bokmål")
    translate_by_hand(aino, demo, NORWEGIAN)
    translate_by_file(aino, demo, VISIT, FileFormat.XLSX, tmp_path)
    translate_by_file(aino, demo, INTERFACE, FileFormat.PO, tmp_path)

    aino.goto(f"{demo.url}/translate/nb/{PREM}?show=translated")
    expect(aino.get_by_role("button", name="Mark as reviewed")).to_have_count(0)
    for subject in (PREM, VISIT):
        take_all(sami, demo, subject, "translated", "Mark as reviewed")
        take_all(sami, demo, subject, "reviewed", "Mark as linguistically validated", evidence=True)
        phone.reload()
        take_all(sami, demo, subject, "linguistically_validated", "Approve")
    take_all(sami, demo, INTERFACE, "translated", "Mark as reviewed")
    take_all(sami, demo, INTERFACE, "reviewed", "Approve")
    assert phone.locator("html").get_attribute("lang") == "sv"
    for subject in (PREM, VISIT, INTERFACE):
        make_version(sami, demo, subject)

    def speaks_norwegian() -> bool | None:
        phone.reload()
        return phone.locator("html").get_attribute("lang") == "nb" or None

    phone.goto(f"{demo.url}/inbox")
    assert eventually(speaks_norwegian)
    with phone.expect_navigation():
        phone.get_by_role("link", name="Read more and start (nb)").click()
    # Another process may serve this page, which has it a second later.
    assert eventually(speaks_norwegian)
    phone.get_by_role("button", name="Start answering (nb)").click()
    assert heading(phone) == NORWEGIAN["item:overall"]
    expect(phone.get_by_role("radio")).to_have_count(5)
    phone.get_by_role("radio", name="Ganske bra").check()
    with phone.expect_navigation():
        phone.get_by_role("button", name="Next (nb)", exact=True).click()
    expect(phone.get_by_text("Part 2 of 2 (nb)")).to_be_visible()
    assert heading(phone).endswith("(nb)")


def test_every_page_of_the_desk_is_accessible_on_a_computer_and_on_a_phone(demo: Demo, devices: Devices) -> None:
    """C6"""
    page = at_the_desk(devices, demo, AINO)
    subject = f"{demo.url}/translate/ar/{PREM}"
    page.goto(subject)
    text = page.locator(".text-head a").nth(1).get_attribute("href")
    faults = []
    paths = ("", "/version", "/preview", "/import", "/preview/overall")
    for address in (f"{demo.url}/translate", *(subject + path for path in paths), f"{demo.url}{text}/history"):
        page.goto(address)
        faults += axe_violations(page) + sideways(page)
    page.goto(f"{demo.url}{text}")
    page.get_by_role("button", name="Save and go on").click()
    page.goto(f"{demo.url}{text}")
    faults += axe_violations(page) + sideways(page)
    assert faults == []
    field = page.get_by_label("Translation", exact=True)
    assert (field.get_attribute("dir"), field.get_attribute("lang")) == ("rtl", "ar")


def sideways(page: Page) -> list[str]:
    """Whether the page has to be scrolled sideways where there is little room."""
    found = []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} scrolls sideways at {width}")
    page.set_viewport_size(DESK)
    return found


def test_a_text_is_translated_with_the_keyboard_alone_and_without_script(demo: Demo, devices: Devices) -> None:
    """C6"""
    for script in (True, False):
        page = at_the_desk(devices, demo, AINO, java_script_enabled=script)
        page.goto(f"{demo.url}/translate/da/{VISIT}?show=untranslated")
        with page.expect_navigation():
            page.locator(".text-head a").first.click()
        before = page.url
        tab_to(page, "textbox", "Translation")
        page.keyboard.type("Skrevet på dansk")
        if script:
            with page.expect_navigation():
                page.keyboard.press("Control+Enter")
        else:
            press_on(page, "button", "Save and go on")
        assert page.url != before
        page.goto(before)
        expect(page.get_by_label("Translation", exact=True)).to_have_value("Skrevet på dansk")


def test_two_who_translate_the_same_text_are_told_of_each_other(demo: Demo, devices: Devices) -> None:
    """E1"""
    aino, sami = at_the_desk(devices, demo, AINO), at_the_desk(devices, demo, SAMI)
    aino.goto(f"{demo.url}/translate/is/{PREM}")
    aino.locator(".text-head a").first.click()
    sami.goto(aino.url)
    for page, words in ((sami, "Spurning um heimsóknina"), (aino, "Ein spurning")):
        page.get_by_label("Translation", exact=True).fill(words)
        page.get_by_role("button", name="Save", exact=True).click()
    expect(aino.get_by_role("heading", name="Somebody else saved this text while you worked")).to_be_visible()
    expect(aino.locator(".theirs")).to_have_text("Spurning um heimsóknina")
    expect(aino.get_by_label("Translation", exact=True)).to_have_value("Ein spurning")
    assert axe_violations(aino) == []
