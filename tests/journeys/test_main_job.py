"""The main job by hand: care orders, the patient answers on a phone, care has it first, a register second."""

import re
import subprocess
import sys
from json import loads
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from survey_service.replay import last_cursor
from tests.journeys.visits import (
    ONE_FACTOR,
    OTHER_CLINICIAN,
    REGISTER,
    UNIT,
    Demo,
    Devices,
    MadeUpPatient,
    answer_rest,
    card,
    choose,
    enrol,
    eventually,
    heading,
    send,
    sign_in_patient,
    sign_in_staff,
    start,
)

pytestmark = pytest.mark.browser

KNEE = "Uppföljning av din operation"
CHECK_IN = "Avstämning inför ditt besök"
QUALITY_OF_LIFE = "Frågor om din hälsa i dag"
WORRY = "Frågor om oro"


def test_care_orders_the_patient_answers_care_receives_and_the_register_comes_second(
    demo: Demo, devices: Devices
) -> None:
    """A1, A2, A3, A7, B1, B2, B4, B5, B10, C1, C3, C6, D1, D2"""
    patient = demo.new_patient()
    feed = last_cursor(demo.register)
    desk = devices.desk()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    expect(desk.get_by_text(patient.name)).to_be_visible()
    expect(desk.get_by_role("rowheader")).to_have_text(
        ["Inför operationen", "Tre månader efter", "Ett år efter"],
    )

    desk.goto(f"{demo.url}/staff")
    waiting = desk.get_by_role("row", name=patient.name)
    expect(waiting).to_contain_text("Inbjuden")  # due today is not late

    phone = devices.phone()
    link = read_the_link(demo, patient)
    assert link.startswith(demo.url)
    sign_in_patient(phone, demo, patient, link=link.removeprefix(demo.url))
    expect(phone).to_have_url(link)
    read_the_notice(phone)

    choose(phone, "Det går bra")
    choose(phone, "Det är lite svårt")
    third = heading(phone)
    expect(phone.get_by_text("Fråga 3 av 6")).to_be_visible()
    phone.get_by_role("link", name="Sluta och fortsätt senare").click()

    tablet = devices.phone()
    sign_in_patient(tablet, demo, patient)
    tablet.get_by_role("link", name=re.compile("Fortsätt")).click()
    tablet.get_by_role("button", name="Fortsätt").click()
    assert heading(tablet) == third
    change_the_answer_before(tablet)
    assert heading(tablet) == third
    for _ in range(3):
        choose(tablet, 1)
    answer_the_scale(tablet)

    expect(tablet.get_by_text("Del 2 av 2")).to_be_visible()
    choose(tablet, "Då och då")
    expect(tablet.get_by_text("Fråga 2 av ungefär 4 till 12")).to_be_visible()
    tablet.get_by_role("link", name="Tillbaka").click()
    expect(tablet.get_by_text("ställs på nytt")).to_be_visible()
    expect(tablet.get_by_role("radio", name="Då och då")).to_be_checked()
    choose(tablet, "Nästan hela tiden")
    expect(tablet.get_by_text("Fråga 2 av ungefär 4 till 12")).to_be_visible()
    adaptive = 1 + answer_rest(tablet, place=3)
    assert 4 <= adaptive <= 12
    expect(tablet.get_by_text(f"Ännu inte mottaget av {UNIT}")).to_have_count(2)

    desk.goto(f"{demo.url}/staff?filter=unread")
    new = card(desk, patient.written_number)
    expect(new).to_have_count(2)
    expect(new.get_by_text("Nytt", exact=True)).to_have_count(2)
    expect(new.get_by_text("(SE ")).to_have_count(0)
    responses = {response_id(desk, patient, title): title for title in (QUALITY_OF_LIFE, WORRY)}
    before_receipt = pulled(demo, feed).keys()

    for title in (QUALITY_OF_LIFE, WORRY):
        open_from_worklist(desk, demo, patient, title)
    expect(desk.get_by_role("row", name=re.compile(r"promis_anxiety\.n_items"))).to_contain_text(str(adaptive))
    desk.get_by_role("button", name="Markera som bedömt").click()
    expect(desk.get_by_text(re.compile(r"^Bedömt \d"))).to_be_visible()

    tablet.reload()
    steps = tablet.locator("ol.timeline").first.get_by_role("listitem")
    expect(steps).to_have_text([re.compile(what) for what in ("Du svarade", f"Mottaget av {UNIT}", "Läst", "Bedömt")])
    expect(steps.nth(1).locator("time")).to_have_text(re.compile(r"\d{4} \d\d:\d\d"))

    references = {reference_of(desk, demo, response) for response in responses}
    assert len(references) == len(responses)
    assert not references & before_receipt
    assert not references & responses.keys()
    results = wait_for_results(demo, feed, references)
    scores = {score["variable"]: score for one in results.values() for score in one["scores"]}
    assert scores["eq5d5l.profile"]["text"] == "14222"
    assert scores["eq5d5l.vas"]["value"] == 62
    assert scores["promis_anxiety.n_items"]["value"] == adaptive
    assert 20 < scores["promis_anxiety.t"]["value"] < 90
    assert patient.number not in str(results)
    assert patient.name not in str(results)
    shown = by_command(demo, "--cursor", feed)
    assert references <= {entry.get("result", {}).get("response") for entry in shown}

    tablet.get_by_role("link", name="Se mina uppgifter").click()
    expect(tablet.locator("section", has_text="Vad register har hämtat").get_by_text(REGISTER).first).to_be_visible()
    seen_by = tablet.locator("section", has_text="Vad vården har gjort med dina uppgifter")
    expect(seen_by.get_by_text(f"{UNIT}: Bekräftade att svaren har tagits emot").first).to_be_visible()
    tablet.get_by_role("button", name="Säg nej till registret").click()
    expect(tablet.get_by_text("Registret får inget om dig.")).to_be_visible()

    entries = [entry for page in demo.register.pages(cursor=feed) for entry in page["entries"]]
    withdrawn = [entry["id"] for entry in entries if entry["kind"] == "withdrawn"]
    released = {entry["id"] for entry in shown if entry.get("result", {}).get("response") in references}
    assert released == set(withdrawn)
    assert not references & pulled(demo, feed).keys()


def test_a_survey_is_answered_whole_without_javascript(demo: Demo, devices: Devices) -> None:
    """C6"""
    patient = demo.new_patient()
    desk = devices.desk()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=KNEE)
    phone = devices.phone(java_script_enabled=False)
    sign_in_patient(phone, demo, patient)
    start(phone)
    send(phone)
    expect(phone.get_by_role("alert")).to_contain_text("Välj ett svar")
    phone.get_by_role("button", name="Hoppa över frågan").click()
    for _ in range(4):
        choose(phone, 0)
    expect(phone.get_by_role("slider")).to_have_count(0)
    phone.get_by_role("spinbutton").fill("101")
    send(phone)
    expect(phone.get_by_role("alert")).to_be_visible()
    phone.get_by_role("spinbutton").fill("80")
    send(phone)
    answer_rest(phone, place=0)
    expect(phone.locator("p").get_by_text("Du satte din hälsa i dag till 80")).to_be_visible()


def test_who_reads_english_answers_in_english(demo: Demo, devices: Devices) -> None:
    """C6, E1"""
    patient = demo.new_patient()
    desk = devices.desk()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=CHECK_IN, language="en")
    assert "You have a new message" in wait_for_mail(demo, patient)
    phone = devices.phone(locale="en-GB")
    sign_in_patient(phone, demo, patient)
    expect(phone.locator("html")).to_have_attribute("lang", "en")
    expect(phone.get_by_role("heading", level=1)).to_have_text("My surveys")
    start(phone)
    expect(phone.get_by_text("Think of the week that has just gone by.")).to_be_visible()
    choose(phone, "Now and then", "en")
    phone.locator("summary", has_text="English").click()
    phone.get_by_role("button", name="Svenska", exact=True).click()
    expect(phone.get_by_role("button", name="Nästa", exact=True)).to_be_visible()
    expect(phone.locator("fieldset")).to_have_attribute("lang", "en")
    phone.locator("summary", has_text="Svenska").click()
    phone.get_by_role("button", name="English").click()
    answer_rest(phone, "en")
    expect(phone.get_by_role("heading", name="What happens to your answers")).to_be_visible()


def test_staff_with_one_factor_are_refused(demo: Demo, devices: Devices) -> None:
    """G1"""
    desk = devices.desk()
    sign_in_staff(desk, demo, ONE_FACTOR)
    expect(
        desk.get_by_text("Det sättet att logga in är inte tillräckligt säkert här. Använd två faktorer.")
    ).to_be_visible()
    desk.goto(f"{demo.url}/staff")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Logga in")


def test_another_providers_clinician_is_refused_at_the_responses_own_address(demo: Demo, devices: Devices) -> None:
    """A6"""
    patient = demo.new_patient()
    desk, phone, elsewhere = devices.desk(), devices.phone(), devices.desk()
    sign_in_staff(desk, demo)
    enrol(desk, demo, patient, protocol=CHECK_IN)
    sign_in_patient(phone, demo, patient)
    start(phone)
    answer_rest(phone)
    open_from_worklist(desk, demo, patient, WORRY)

    sign_in_staff(elsewhere, demo, OTHER_CLINICIAN)
    answer = elsewhere.goto(desk.url)
    assert answer is not None
    assert answer.status == 403
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Det går tyvärr inte att komma vidare här")
    expect(elsewhere.get_by_text(patient.name)).to_have_count(0)
    as_patient = phone.goto(desk.url)
    assert as_patient is not None
    assert as_patient.status == 403


def read_the_link(demo: Demo, patient: MadeUpPatient) -> str:
    """The way in of the e-mail, which says nothing of care or health. Its other link is to the contact choices."""
    text = wait_for_mail(demo, patient)
    telling = (patient.name, UNIT, KNEE, "Inför operationen", "hälsa", "vård", "enkät", "oro", "operation")
    assert [word for word in telling if word.lower() in text.lower()] == []
    links = re.findall(r"https?://\S+", text)
    assert links[1:] == [f"{demo.url}/contact"]
    return links[0]


def wait_for_mail(demo: Demo, patient: MadeUpPatient) -> str:
    """The text of the latest e-mail to the patient, once the worker has sent it."""

    def found() -> str | None:
        articles = requests.get(demo.mail_url, timeout=10).text.split("<article>")[1:]
        return next((one for one in articles if patient.email in one), None)

    return eventually(found)


def read_the_notice(phone: Page) -> None:
    expect(phone.get_by_role("heading", level=1)).to_have_text("Mina enkäter")
    phone.get_by_role("link", name="Läs mer och börja").click()
    expect(phone.get_by_text(f"Dina svar går först till {UNIT}.")).to_be_visible()
    expect(phone.get_by_text("är personuppgiftsansvarig")).to_be_visible()
    expect(phone.get_by_text(REGISTER)).to_be_visible()
    phone.get_by_role("button", name="Börja svara").click()
    expect(phone.get_by_text("Demonstrationstext. Det här är projektets egna ord")).to_be_visible()


def change_the_answer_before(page: Page) -> None:
    page.get_by_role("link", name="Tillbaka").click()
    expect(page.get_by_text("Du ändrar ett tidigare svar. Dina andra svar är kvar som de är.")).to_be_visible()
    expect(page.get_by_role("radio", name="Det är lite svårt")).to_be_checked()
    choose(page, "Det är mycket svårt")


def answer_the_scale(page: Page) -> None:
    """By pressing on it, then with the arrows, then by writing the number, which the slider follows."""
    slider, number = page.get_by_role("slider"), page.get_by_role("spinbutton")
    expect(number).to_have_value("")
    expect(slider).to_have_count(0)
    page.locator("[data-vas-slider]").click()
    expect(number).not_to_have_value("")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    expect(number).to_have_value("99")
    number.fill("62")
    expect(slider).to_have_value("62")
    send(page)


def response_id(desk: Page, patient: MadeUpPatient, title: str) -> str:
    form = card(desk, patient.written_number).filter(has_text=title).locator("form")
    return str(form.get_attribute("action")).rpartition("/")[2]


def open_from_worklist(desk: Page, demo: Demo, patient: MadeUpPatient, title: str) -> None:
    desk.goto(f"{demo.url}/staff?filter=unread")
    row = card(desk, patient.written_number).filter(has_text=title)
    row.get_by_role("button", name="Öppna och bekräfta").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)
    expect(desk.get_by_text(patient.written_number)).to_be_visible()


def reference_of(desk: Page, demo: Demo, response: str) -> str:
    """What the register calls the response: its own name for it, which the unit's page shows once it is released."""

    def found() -> str | None:
        desk.goto(f"{demo.url}/staff/responses/{response}")
        shown = desk.locator("li[id^=reference-]")
        return str(shown.first.get_attribute("id")).removeprefix("reference-") if shown.count() else None

    return eventually(found)


def pulled(demo: Demo, cursor: str) -> dict[str, Any]:
    """Results in the feed from ``cursor`` on, by response."""
    entries = [entry for page in demo.register.pages(cursor=cursor) for entry in page["entries"]]
    return {entry["result"]["response"]: entry["result"] for entry in entries if entry["kind"] == "result"}


def wait_for_results(demo: Demo, cursor: str, wanted: set[str]) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        results = pulled(demo, cursor)
        return {one: results[one] for one in wanted} if wanted <= results.keys() else None

    return eventually(found)


def by_command(demo: Demo, *options: str) -> list[dict[str, Any]]:
    """What ``survey register pull`` prints."""
    command = [sys.executable, "-m", "survey_service.cli", "register", "pull"]
    answer = subprocess.run(
        [*command, "--client", str(demo.folder.register_client), *options], capture_output=True, text=True, check=True
    )
    return [loads(line) for line in answer.stdout.splitlines()]
