"""What people do in the journeys: open a device, sign in, enrol, answer, look.

Pages are found by what is written on them, as a reader would find them.
"""

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import SystemRandom
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from survey_service.demo.environment import DemoFolder, Ports
from survey_service.demo.people import identity_number, patient_user
from survey_service.demo.population import CLINICIAN
from survey_service.foundation.clock import local_day, utc_now
from survey_service.register_client import RegisterClient

Found = TypeVar("Found")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
LONGEST_WAIT = 20_000

OTHER_CLINICIAN = "olof (clinician of another provider)"
ONE_FACTOR = "karin, one factor only (is refused)"
UNIT = "Ortopedmottagningen Exempelstad"
REGISTER = "Exempelregistret"
THANKS = {"sv": "Tack, dina svar är sparade", "en": "Thank you, your answers are saved", "ar": "شكرًا لك، حُفظت إجاباتك"}
NEXT = {"sv": "Nästa", "en": "Next", "ar": "التالي"}

# Anything else in the console is a fault. A refusal's own status is shown there by the browser.
_EXPECTED_COMPLAINT = re.compile(r"the server responded with a status of 4\d\d")


def free_ports() -> Ports:
    """Four neighbours that nobody listens on."""
    chance = SystemRandom()
    while True:
        ports = Ports(chance.randrange(20_000, 30_000))
        if not any(is_taken(port) for port in ports.all):
            return ports


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class MadeUpPatient:
    """Somebody whom the identity provider knows and no other test has met."""

    subject: str
    number: str
    name: str
    email: str

    @property
    def written_number(self) -> str:
        return f"{self.number[:8]}-{self.number[8:]}"


@dataclass
class Demo:
    """The running demonstration."""

    folder: DemoFolder
    ports: Ports
    _serials: Any = field(default_factory=count)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.ports.web}"

    @property
    def mail_url(self) -> str:
        return f"http://localhost:{self.ports.mail}"

    @property
    def register(self) -> RegisterClient:
        return RegisterClient.read(self.folder.register_client)

    def new_patient(self) -> MadeUpPatient:
        """Born after everybody in the population, one day each."""
        serial = next(self._serials)
        number = identity_number(date(2006, 1, 1) + timedelta(days=serial), serial)
        user = patient_user(f"visitor {serial}", number)
        address = f"http://localhost:{self.ports.identity}/users/{quote(user.subject)}"
        requests.put(address, json=user.claims, timeout=30).raise_for_status()
        return MadeUpPatient(user.subject, number, f"Vera Nummer{serial}", f"vera{serial}@example.se")


class Devices:
    """Browsers with nothing in common: each has its own cookies."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def phone(self, **options: Any) -> Page:
        return self._open(viewport=PHONE, has_touch=True, **options)

    def desk(self, **options: Any) -> Page:
        return self._open(viewport=DESK, **options)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _open(self, **options: Any) -> Page:
        context = self._browser.new_context(**{"locale": "sv-SE", "reduced_motion": "reduce"} | options)
        context.set_default_timeout(LONGEST_WAIT)
        # Nothing leaves the machine: no page of ours, nor of the identity provider's, asks another host.
        context.route(re.compile(r"^https?://(?!localhost[:/])"), self._refuse)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _refuse(self, route: Any) -> None:
        self.complaints.append(f"asked another host: {route.request.url}")
        route.abort()

    def _note_console(self, message: Any) -> None:
        ours = "localhost" in message.location.get("url", "")
        if ours and message.type in {"error", "warning"} and not _EXPECTED_COMPLAINT.search(message.text):
            self.complaints.append(message.text)


def sign_in_staff(page: Page, demo: Demo, subject: str = CLINICIAN) -> None:
    page.goto(f"{demo.url}/staff/sign-in")
    be(page, subject)


def sign_in_patient(page: Page, demo: Demo, patient: MadeUpPatient, *, link: str = "/sign-in") -> None:
    """From the page that ``link`` leads to, which asks who it is."""
    page.goto(demo.url + link)
    page.get_by_role("button", name="BankID").click()
    be(page, patient.subject)


def enrol(
    page: Page, demo: Demo, patient: MadeUpPatient, *, protocol: str, language: str = "sv", days_ago: int = 0
) -> None:
    """Fill in the form as a clinician does, up to the page that says what was ordered; counted from so long ago."""
    page.goto(f"{demo.url}/staff/enrolments/new")
    page.get_by_label("Personnummer").fill(patient.written_number)
    page.get_by_label("Namn", exact=True).fill(patient.name)
    page.get_by_label("E-post").fill(patient.email)
    page.locator("select[name=language]").select_option(language)
    page.get_by_role("radio", name=protocol).check()
    anchor_date = local_day(utc_now()) - timedelta(days=days_ago)
    page.get_by_label("Datum att räkna från").fill(anchor_date.isoformat())
    page.get_by_label("Vårdkontakt").fill("Besök på mottagningen")
    page.get_by_role("button", name="Beställ enkäterna").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enkäterna är beställda")


def start(page: Page) -> None:
    """From the inbox, by way of the notice, to the first question."""
    page.get_by_role("link", name=re.compile("Läs mer och börja|Read more and start")).click()
    page.get_by_role("button", name=re.compile("Börja svara|Start answering")).click()


def choose(page: Page, answer: str | int, locale: str = "sv") -> None:
    """Choose by words or by place (from 0), and go on."""
    options = page.get_by_role("radio")
    option = options.nth(answer) if isinstance(answer, int) else page.get_by_role("radio", name=answer, exact=True)
    option.check()
    send(page, locale)


def send(page: Page, locale: str = "sv") -> None:
    """Press Next, and wait for what the service answers."""
    with page.expect_navigation():
        page.get_by_role("button", name=NEXT[locale], exact=True).click()


def answer_rest(page: Page, locale: str = "sv", *, place: int = 1, vas: str = "70") -> int:
    """Answer whatever is asked until the page says thanks; returns how many questions that were."""
    for answered in range(40):
        if heading(page) == THANKS[locale]:
            return answered
        if page.get_by_role("radio").count():
            choose(page, place, locale)
        else:
            page.get_by_role("spinbutton").fill(vas)
            send(page, locale)
    raise AssertionError("The survey did not come to its end.")


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def card(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The card in a list that has this on it."""
    return page.locator(".card").filter(has_text=text)


def be(page: Page, subject: str) -> None:
    """Say who to be at the identity provider: one of its list, or anybody it has been told of."""
    page.get_by_text("Somebody else").click()
    page.get_by_label("Name known to this sign-in service").fill(subject)
    page.get_by_role("button", name="Sign in", exact=True).click()


_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def axe_violations(page: Page, rules: Mapping[str, Any] = _RULES) -> list[str]:
    """What axe finds on the page as it stands, one line for each element."""
    page.wait_for_load_state()  # a click is over before the next page has its styles
    return [
        f"{page.url} {violation['id']}: {node['html'][:120]} {node['failureSummary'][:200]!r}"
        for violation in Axe().run(page, options=dict(rules)).response["violations"]
        for node in violation["nodes"]
    ]


def eventually(found: Callable[[], Found | None], *, seconds: float = 20) -> Found:
    """What ``found`` finds, once it does: for what the worker does in its own time."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        result = found()
        if result is not None:
            return result
        sleep(0.05)
    raise AssertionError("What was waited for did not come.")
