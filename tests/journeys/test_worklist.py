"""The worklist by hand: what the unit's rules flag, from rule to assessment; and a form on paper, typed in twice."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from survey_service.access.rules import StaffClaims
from survey_service.access.use_cases import add_staff_member, sign_in_staff
from survey_service.demo.people import LOA3
from survey_service.foundation.clock import local_day
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.settings import Settings
from survey_service.worker import create_worker
from tests.conftest import TestClock
from tests.journeys.keyboard import press_on, tab_to
from tests.journeys.serving import served, signed_in
from tests.journeys.test_accessibility import Inspection, inspection
from tests.journeys.visits import PHONE, Devices, answer_rest, card, free_ports, start
from tests.world import UNIT_HSA, World

pytestmark = pytest.mark.browser

MANAGER = "SE2321000016-mia"
T_SCORE = "v:promis-anxiety:promis_anxiety.t"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, base_url=f"http://localhost:{free_ports().web}")


@pytest.fixture
def url(services: Services) -> Iterator[str]:
    with served(services) as address:
        yield address


def add_manager(world: World) -> None:
    add_staff_member(
        world.services,
        provider_id=world.alice.provider_id,
        unit_id=world.alice.unit_id,
        hsa_id=MANAGER,
        name="Mia Chef",
        role="unit_manager",
        since=world.services.clock() - timedelta(days=800),
    )


def manager_cookie(world: World) -> str:
    return sign_in_staff(world.services, StaffClaims(staff_hsa_id=MANAGER, unit_hsa_id=UNIT_HSA, acr=LOA3))


def add_rule(page: Page, what: str, how: str, *, limit: str = "") -> None:
    """By keyboard alone: lists are chosen in by the first letters."""
    tab_to(page, "combobox", "Vad den ser på")
    page.keyboard.type(page.locator(f"option[value='{what}']").inner_text())
    tab_to(page, "combobox", "När det flaggas")
    page.keyboard.type(how)
    tab_to(page, "textbox", "Gräns")
    page.keyboard.type(limit)
    tab_to(page, "textbox", "Varför enheten vill se det")
    page.keyboard.type("Vi vill ringa.")
    press_on(page, "button", "Lägg till regeln")


def answer(world: World, phone: Page, url: str, who: Identity, *, place: int) -> None:
    """The patient answers the survey that waits, every question at this place of its list."""
    signed_in(phone, url, world.patient_cookie(who))
    phone.goto(f"{url}/inbox")
    start(phone)
    answer_rest(phone, place=place)


def test_what_the_unit_flags_is_on_top_with_its_figures_and_is_seen_through_to_the_end(
    world: World, url: str, devices: Devices, clock: TestClock, run_jobs: Callable[[], None]
) -> None:
    """A7"""
    who, desk, phone = world.new_identity(), devices.desk(), devices.phone()
    add_manager(world)
    with inspection() as looked:
        set_rules(signed_in(desk, url, manager_cookie(world)), url, looked)
        for place in (1, 4):  # a month later it is worse
            world.enrol(who)
            answer(world, phone, url, who, place=place)
            run_jobs()
            clock.advance(timedelta(days=0 if place == 4 else 30))
        care_for_it(signed_in(desk, url, world.staff_cookie(world.alice)), url, who, looked)

        clock.advance(timedelta(hours=25))
        create_worker(world.services).come_round()
        signed_in(phone, url, manager_cookie(world)).goto(f"{url}/staff")
        waited = phone.get_by_role("link", name=re.compile("har väntat för länge på att någon bedömer"))
        looked.look(phone, "escalated")
        waited.click()
        card(phone, who.name).get_by_role("link", name="Visa svar").click()
        expect(phone.get_by_text("Tas om hand av Mia Chef")).to_be_visible()
        press(phone, "Markera som bedömt")
        phone.goto(f"{url}/staff?filter=flagged")
        expect(waited).to_have_count(0)
        expect(card(phone, who.name)).to_have_count(0)


def set_rules(desk: Page, url: str, looked: Inspection) -> None:
    """A threshold, with a slip that is put right; and worsening."""
    desk.goto(f"{url}/staff/flags")
    add_rule(desk, T_SCORE, "Minst", limit="hög")
    expect(desk.get_by_role("alert")).to_contain_text("Skriv ett tal.")
    looked.look(desk, "a rule with a slip")
    tab_to(desk, "textbox", "Gräns")
    desk.keyboard.type("60,5")
    press_on(desk, "button", "Lägg till regeln")
    add_rule(desk, T_SCORE, "Sämre")
    expect(desk.get_by_text("är minst 60,5")).to_be_visible()
    expect(desk.get_by_text("är sämre än förra gången")).to_be_visible()
    looked.look(desk, "the unit's rules")


def care_for_it(desk: Page, url: str, who: Identity, looked: Inspection) -> None:
    """On top of the list; opened, with both figures; a comment, a call, a text for the record, a colleague."""
    desk.goto(f"{url}/staff")
    top = desk.get_by_role("region", name="Flaggat av enhetens regler")
    expect(card(desk, who.name).first).to_be_visible()
    looked.look(desk, "a flag on top")
    with desk.expect_navigation():
        top.locator(".card", has_text=who.name).get_by_role("button").click()
    flags = desk.get_by_role("region", name="Flaggat av enhetens regler")
    expect(flags).to_contain_text(re.compile(r"är minst 60,5: \d"))
    expect(flags).to_contain_text(re.compile(r"från [\d,]+ \(SE [\d,]+\) till [\d,]+ \(SE [\d,]+\)"))
    expect(flags).to_contain_text(re.compile(r"Minsta viktiga förändring är [\d,]+; bara slumpen ger mer än [\d,]+"))
    looked.look(desk, "a flagged response")
    for way, text in (("", "Ringer i eftermiddag."), ("Per telefon", "Hon kommer på måndag.")):
        desk.get_by_text("Skriv en kommentar, eller att du har haft kontakt").click()
        if way:
            desk.get_by_label("Kontakt med patienten").select_option(label=way)
        desk.get_by_label("Kommentar", exact=True).fill(text)
        press(desk, "Spara")
        expect(desk.get_by_text(text)).to_be_visible()
    expect(desk.get_by_text("Kontakt med patienten: Per telefon")).to_be_visible()
    desk.locator("summary", has_text="Text till journalen").click()
    expect(desk.locator("#record-text")).to_have_value(re.compile(r"T.*: [\d,]+ \(SE [\d,]+\)", re.DOTALL))
    desk.get_by_label("Lämna över till").select_option(label="Mia Chef")
    press(desk, "Lämna över")
    expect(desk.get_by_text("Tas om hand av Mia Chef")).to_be_visible()
    looked.look(desk, "cared for")


def test_a_form_on_paper_is_printed_typed_in_twice_put_right_and_scored_once(
    world: World, url: str, devices: Devices, clock: TestClock
) -> None:
    """A7, D4"""
    who, desk = world.new_identity(), signed_in(devices.desk(), url, world.staff_cookie(world.alice))
    _, occasion = world.enrol(who, protocol="both")
    with inspection() as looked:
        desk.goto(f"{url}/staff")
        desk.get_by_role("row", name=who.name).get_by_role("link", name="Pappersformulär").click()
        expect(desk.get_by_text("Den dag då jag fyllde i detta")).to_be_visible()
        looked.look(desk, "a form to print")

        # It comes back when the window is over, and was filled in on its last day.
        clock.advance(timedelta(days=20))
        signed_in(desk, url, world.staff_cookie(world.alice)).goto(f"{url}/staff/enrolments/{occasion.enrolment_id}")
        desk.get_by_role("link", name="Skriv in från papper").click()
        press(desk, "Gå vidare")
        expect(desk.get_by_role("alert")).to_contain_text("Skriv vilken dag formuläret fylldes i.")
        looked.look(desk, "no day")
        desk.get_by_label("Dag då formuläret fylldes i").fill(local_day(occasion.last_moment).isoformat())
        type_in(desk)
        press(desk, "Gå vidare")
        expect(desk.get_by_text("Nu en gång till från papperet.")).to_be_visible()
        looked.look(desk, "the second time")
        desk.set_viewport_size(PHONE)
        type_in(desk, slip=True)
        press(desk, "Spara svaren")
        expect(desk.get_by_text("1 svar skrevs inte likadant båda gångerna.")).to_be_visible()
        wrong = desk.get_by_role("radiogroup").filter(has_text="Titta på papperet.")
        expect(wrong).to_have_count(1)
        looked.look(desk, "what differs")
        wrong.get_by_role("radio").nth(2).check()
        with desk.expect_navigation():
            desk.get_by_role("button", name="Spara svaren").dblclick()
        desk.goto(f"{url}/staff")
        expect(card(desk, who.name)).to_have_count(2)
        expect(card(desk, who.name).filter(has_text="På papper")).to_have_count(2)
        looked.look(desk, "marked as paper")
        desk.go_back()
        desk.go_back()
        desk.goto(f"{url}/staff/occasions/{occasion.id}/entry")
        expect(desk.get_by_role("heading", level=1)).not_to_have_text("Skriv in från papper")
        desk.goto(f"{url}/staff")
        with desk.expect_navigation():
            card(desk, who.name).first.get_by_role("button").click()
        expect(desk.get_by_text("På papper, inskrivet av enheten")).to_be_visible()
        expect(desk.get_by_text(re.compile("inskrivet .* kl|inskrivet .*\\d"))).to_be_visible()
        looked.look(desk, "scored")


def type_in(page: Page, *, slip: bool = False) -> None:
    """The third box of each question; with ``slip``, the second of the first one."""
    for place, asked in enumerate(page.locator("fieldset.correction").all()):
        if asked.get_by_role("radio").count():
            asked.get_by_role("radio").nth(1 if slip and place == 0 else 2).check()
        else:
            asked.locator("input:not([type=radio])").first.fill("70")


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()
