"""Rights by hand: a patient blocks, another unit opens with consent, both see it; an administrator gives and ends.

On the way every new page is looked at with axe, and on the smallest screen.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_accessibility import Inspection, inspection
from tests.journeys.visits import (
    UNIT,
    Demo,
    Devices,
    MadeUpPatient,
    answer_rest,
    card,
    enrol,
    sign_in_patient,
    sign_in_staff,
    start,
)

pytestmark = pytest.mark.browser

CHECK_IN = "Avstämning inför ditt besök"
NEIGHBOUR = "nora (clinician of another unit)"
NEIGHBOUR_UNIT = "Akutmottagningen Exempelstad"
ADMINISTRATOR = "adam (administrator: rights)"
OFFICER = "disa (data protection officer)"
WORDS = "Inför operation i kväll."


def test_a_patient_blocks_another_unit_opens_with_consent_and_patient_and_officer_see_it(
    demo: Demo, devices: Devices
) -> None:
    """A6, B10, G2"""
    patient, desk, phone = demo.new_patient(), devices.desk(), devices.phone()
    with inspection() as looked:
        address = answered_and_blocked(demo, desk, phone, patient, looked)
        neighbour = devices.desk()
        open_through_the_block(demo, neighbour, address, patient, looked)
        phone.reload()
        accesses = phone.get_by_role("region", name="Vad vården har gjort")
        expect(accesses.get_by_text("Öppnade dina svar hos en annan enhet, med skäl")).to_be_visible()
        expect(accesses.locator("li", has_text="Läste dina svar hos en annan enhet")).to_contain_text(
            re.compile(f"{NEIGHBOUR_UNIT}.*Du har samtyckt", re.DOTALL)
        )
        officer = devices.desk()
        oversee(demo, officer, address, patient, looked)


def answered_and_blocked(demo: Demo, desk: Page, phone: Page, patient: MadeUpPatient, looked: Inspection) -> str:
    """Ordered, answered, and blocked by the patient; returns where the unit finds the answers."""
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=CHECK_IN)
    sign_in_patient(phone, demo, patient)
    start(phone)
    answer_rest(phone)
    phone.goto(f"{demo.url}/my-data")
    looked.look(phone, "my data, not blocked")
    card(phone, UNIT).get_by_role("button", name=re.compile("Spärra för andra enheter")).click()
    expect(card(phone, UNIT).get_by_text("Spärrat", exact=True)).to_be_visible()
    looked.look(phone, "my data, blocked")
    desk.goto(f"{demo.url}/staff")
    # Nobody of the unit has opened it: the page asks to.
    form = card(desk, patient.name).locator("form[action^='/staff/responses/']")
    return f"{demo.url}{form.get_attribute('action')}"


def open_through_the_block(demo: Demo, page: Page, address: str, patient: MadeUpPatient, looked: Inspection) -> None:
    sign_in_staff(page, demo, NEIGHBOUR)
    page.get_by_label("Personnummer").fill(patient.number)
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("link", name="Se efter på vårdgivarens andra enheter").click()
    expect(page.get_by_text("Det finns en spärr.")).to_be_visible()
    expect(page.get_by_text(patient.name)).to_have_count(0)
    expect(page.get_by_role("main").get_by_text(UNIT)).to_have_count(0)
    expect(page.get_by_role("link", name="Öppna trots spärren")).to_be_visible()
    looked.look(page, "at other units, behind a block")
    page.goto(address)
    looked.look(page, "refused, with a way on")
    page.get_by_role("link", name="Ange ett skäl").click()
    expect(page.get_by_text("Det finns en spärr.")).to_be_visible()
    expect(page.get_by_text(patient.name)).to_have_count(0)
    expect(page.get_by_text(UNIT)).to_have_count(0)
    page.get_by_role("button", name="Öppna svaren").click()
    looked.look(page, "no reason yet")
    page.get_by_role("radio", name="Patienten har samtyckt nu").check()
    page.get_by_label("Med några ord").fill(WORDS)
    page.get_by_role("button", name="Öppna svaren").click()
    expect(page.get_by_text(f"De här svaren är till {UNIT}.")).to_be_visible()
    expect(page.get_by_text(patient.name)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("bedömd"))).to_have_count(0)
    looked.look(page, "another unit's answers")


def oversee(demo: Demo, page: Page, address: str, patient: MadeUpPatient, looked: Inspection) -> None:
    sign_in_staff(page, demo, OFFICER)
    expect(page).to_have_url(f"{demo.url}/staff/oversight")
    row = page.get_by_role("row").filter(has_text=address.rpartition("/")[2])
    for shown in ("Nora Sjö", NEIGHBOUR_UNIT, "Patienten har samtyckt nu", "Genom en spärr", WORDS):
        expect(row).to_contain_text(shown)
    expect(page.get_by_text(patient.name)).to_have_count(0)
    looked.look(page, "oversight")
    row.get_by_role("combobox").select_option(label="Patienten har frågat")
    row.get_by_role("button", name="Visa vem patienten är").click()
    expect(page.get_by_text(patient.name)).to_be_visible()
    looked.look(page, "who the patient is")
    page.goto(address)
    expect(page.get_by_text("Patienter och deras svar är för enhetens behandlare och chefer.")).to_be_visible()


def test_an_administrator_gives_a_commission_and_ends_it(demo: Demo, devices: Devices) -> None:
    """G2"""
    page = devices.desk()
    with inspection() as looked:
        sign_in_staff(page, demo, ADMINISTRATOR)
        expect(page).to_have_url(f"{demo.url}/staff/rights")
        page.get_by_role("button", name="Ge uppdraget").click()
        expect(page.get_by_role("alert")).to_contain_text("Skriv HSA-id.")
        looked.look(page, "a form with faults")
        page.get_by_label("HSA-id").fill("SE2321000016-nils")
        page.get_by_label("Namn", exact=True).fill("Nils Ny")
        page.locator("select#unit").select_option(label=UNIT)
        page.get_by_text("Begränsa en behandlare till vissa vårdprogram").click()
        page.get_by_role("checkbox", name=CHECK_IN).check()
        page.get_by_role("button", name="Ge uppdraget").click()
        row = page.get_by_role("row", name=re.compile("Nils Ny"))
        expect(row).to_contain_text(f"Bara {CHECK_IN}")
        looked.look(page, "rights")
        row.get_by_role("button").click()
        expect(page.get_by_role("row", name=re.compile("Nils Ny"))).to_have_count(0)
        page.get_by_text("Avslutat", exact=True).click()
        expect(page.get_by_role("row", name=re.compile("Nils Ny"))).to_contain_text("Avslutat av Adam Gran")
