"""The service itself in the language that nobody speaks, on a phone: from the inbox to the thanks, and care's worklist.

Only tests have this language: no setting offers it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Thread

import pytest
from babel.support import Translations
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from instruments.eq5d import Eq5d
from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.foundation.services import Services
from survey_service.http.locale import COOKIE as LANGUAGE_COOKIE
from survey_service.http.locale import language_name
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.settings import Settings
from tests.journeys.pseudo_reading import cut_off, never_translated, strings
from tests.journeys.visits import Devices, free_ports
from tests.world import World, protocol_definition
from translations.catalogue import wordings_at_hand
from translations.pseudo import PSEUDO, PseudoTranslations, pseudo

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, base_url=f"http://localhost:{free_ports().web}")


@pytest.fixture
def app(services: Services) -> Flask:
    offered = InterfaceTexts(services)

    def with_pseudo() -> Mapping[str, Translations]:
        return {**offered(), PSEUDO: PseudoTranslations()}

    return create_app(services, texts=with_pseudo)


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@pytest.fixture
def url(app: Flask, settings: Settings) -> Iterator[str]:
    server = make_server(
        "localhost", int(settings.base_url.rpartition(":")[2]), app, threaded=True, request_handler=_Quiet
    )
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield settings.base_url
    server.shutdown()
    thread.join()
    server.server_close()


class Reader:
    """Looks at each page that is come to, and keeps what is wrong with it."""

    def __init__(self, page: Page, given: list[str]) -> None:
        self.page = page
        self.given = given
        self.faults: list[str] = []
        self.pages: list[str] = []

    def look(self) -> None:
        assert self.page.locator("html").get_attribute("lang") == "en-XA"
        where = re.sub(r"[0-9a-f-]{36}", "…", self.page.url.partition("localhost")[2].partition("/")[2])
        found = [*never_translated(self.page, self.given), *cut_off(self.page)]
        self.faults += [f"/{where}: {fault}" for fault in found]
        self.pages.append(where)

    def press(self, text: str) -> None:
        """The button or link that says this in the language that nobody speaks."""
        named = re.compile(re.escape(pseudo(text)))
        button, link = (self.page.get_by_role(role, name=named) for role in ("button", "link"))
        with self.page.expect_navigation():
            (button if button.count() else link).first.click()
        self.look()


def data_of(world: World, *people: str) -> list[str]:
    """What the pages are filled with: names, the order's own texts, and the words of the form."""
    definition = protocol_definition("eq5d-only", ["eq5d-5l"])
    instrument = world.services.library.latest("eq5d-5l")
    wordings = wordings_at_hand(world.services.library, None)
    scoring = instrument.scoring
    assert isinstance(scoring, Eq5d)
    assert scoring.value_set is not None
    languages = (*InterfaceTexts(world.services)(), PSEUDO)
    return [
        *people,
        *strings(definition),
        *("Alice Ask", "Enhet Ett", "Region Ett", "Register first", "Register second", "Visit"),
        *(language_name(code, in_=shown) for code in languages for shown in (code, PSEUDO)),
        *(text for one in wordings if one.instrument == instrument.id for text in one.texts.values()),
        *(variable.name for variable in instrument.variables),
        # How a score was made is kept with it, in the words that registers are given.
        f"value set {scoring.value_set.id}, {scoring.value_set.reference}",
    ]


def on_a_phone(devices: Devices, url: str, cookie: str, given: list[str]) -> Reader:
    page = devices.phone()
    page.context.add_cookies(
        [
            {"name": COOKIE, "value": cookie, "url": url},
            {"name": LANGUAGE_COOKIE, "value": PSEUDO, "url": url},
        ]
    )
    return Reader(page, given)


def answer_all(reader: Reader) -> None:
    page = reader.page
    while page.get_by_role("radio").count():
        page.get_by_role("radio").nth(1).check()
        reader.press("Next")
    page.get_by_role("spinbutton").fill("70")
    reader.press("Next")


def test_a_patient_and_a_clinician_read_nothing_that_was_never_translated(
    world: World, url: str, devices: Devices
) -> None:
    """C6, E2: nor is anything cut off on a phone, where texts are two fifths longer."""
    who = world.new_identity(locale="en")
    world.enrol(who, protocol="eq5d-only")
    given = data_of(world, who.name, str(who.email))

    patient = on_a_phone(devices, url, world.patient_cookie(who), given)
    patient.page.goto(f"{url}/inbox")
    patient.look()
    patient.press("Read more and start")
    patient.press("Start answering")
    with patient.page.expect_navigation():
        patient.page.get_by_role("button", name=pseudo("Next"), exact=True).click()  # without an answer
    patient.look()
    answer_all(patient)
    assert patient.page.get_by_role("heading", level=1).inner_text() == pseudo("Thank you, your answers are saved")
    patient.page.goto(f"{url}/my-data")
    patient.look()

    clinician = on_a_phone(devices, url, world.staff_cookie(world.alice), given)
    clinician.page.goto(f"{url}/staff")
    clinician.look()
    clinician.press("Open and confirm receipt")
    clinician.press("Mark as assessed")
    clinician.page.goto(f"{url}/staff/enrolments/new")
    clinician.look()

    assert "\n".join(patient.faults + clinician.faults) == ""
    assert len(patient.pages) == 11
