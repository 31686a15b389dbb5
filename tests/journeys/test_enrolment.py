"""Enrolling and what follows, by hand: a list with a defect, a moved event, a tablet in the waiting room."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from survey_service.foundation.clock import local_day, utc_now
from tests.journeys.visits import (
    DESK,
    PHONE,
    Demo,
    Devices,
    MadeUpPatient,
    answer_rest,
    axe_violations,
    choose,
    enrol,
    sign_in_staff,
)

pytestmark = pytest.mark.browser

CHECK_IN = "Avstämning inför ditt besök"
KNEE = "Uppföljning av din operation"


@pytest.fixture
def desk(demo: Demo, devices: Devices) -> Page:
    page = devices.desk()
    sign_in_staff(page, demo)
    return page


def upload(page: Page, demo: Demo, patient: MadeUpPatient) -> None:
    today = local_day(utc_now())
    rows = [
        "personnummer;namn;datum;vårdkontakt",
        f"{patient.written_number};{patient.name};{today};Besök 1",
        f"19991231-0000;Fel Nummer;{today};Besök 2",
    ]
    page.goto(f"{demo.url}/staff/enrolments/list")
    page.get_by_label("Vårdprogram").select_option(label=CHECK_IN)
    content = "\r\n".join(rows).encode()
    page.get_by_label("Fil", exact=True).set_input_files(
        {"name": "lista.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Titta på raderna").click()


def test_a_list_is_looked_at_then_enrolled_and_again_enrols_nobody(demo: Demo, desk: Page) -> None:
    """F2"""
    patient = demo.new_patient()
    upload(desk, demo, patient)
    expect(desk.get_by_role("row", name=re.compile("^2 "))).to_contain_text("Godtagen")
    expect(desk.get_by_role("row", name=re.compile("^3 "))).to_contain_text("Avvisad")
    assert axe_violations(desk) == []
    desk.get_by_role("button", name="Lägg till dem som godtas").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Det här hände med varje rad")
    with desk.expect_download() as report:
        desk.get_by_role("button", name="Ladda ner rapporten").click()
    assert report.value.suggested_filename == "report.csv"
    upload(desk, demo, patient)
    expect(desk.get_by_role("row", name=re.compile("^2 "))).to_contain_text("Finns redan")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_event_is_moved_after_a_look(demo: Demo, desk: Page, size: dict[str, int]) -> None:
    """F1"""
    desk.set_viewport_size(size)  # type: ignore[arg-type]
    enrol(desk, demo, demo.new_patient(), protocol=KNEE)
    desk.get_by_text("Flytta händelsen eller ändra sida").click()
    later = local_day(utc_now()) + timedelta(days=20)
    desk.get_by_label("Datum att räkna från").fill(later.isoformat())
    desk.get_by_role("button", name="Visa vad som skulle ändras").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Det som skulle ändras")
    assert axe_violations(desk) == []
    desk.get_by_role("button", name="Ändra").click()
    expect(desk.get_by_text("Händelsen flyttades")).to_be_visible()
    assert axe_violations(desk) == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_a_tablet_is_handed_over_answered_and_given_back(
    demo: Demo, devices: Devices, desk: Page, size: dict[str, int]
) -> None:
    """C3"""
    patient = demo.new_patient()
    enrol(desk, demo, patient, protocol=KNEE)
    desk.get_by_role("link", name="Svara här").first.click()
    desk.get_by_label(re.compile("Jag har förvissat mig")).check()
    desk.get_by_role("button", name="Skapa en kod").click()
    expect(desk.get_by_role("img", name="QR-kod för surfplattan")).to_be_visible()
    assert axe_violations(desk) == []
    link = desk.get_by_role("link", name="Fortsätt på den här enheten").get_attribute("href")
    assert link is not None

    tablet = devices.phone()
    tablet.set_viewport_size(size)  # type: ignore[arg-type]
    tablet.goto(link)
    tablet.get_by_role("button", name="Börja").click()
    expect(tablet.get_by_text(patient.name)).to_have_count(0)
    tablet.get_by_role("button", name="Börja svara").click()
    choose(tablet, 1)
    answer_rest(tablet)
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Tack, dina svar är sparade")
    assert axe_violations(tablet) == []
    tablet.goto(f"{demo.url}/inbox")
    expect(tablet).to_have_url(re.compile("/sign-in"))
