"""How soon the page of a question is painted on slow 3G: first contentful paint, on a first visit and on the next.

`make bench-question`, or `python -m benchmarks.question_page`. The service on an embedded PostgreSQL, answering
Chromium over loopback, with every request held back as on slow 3G: 400 ms there and back, 400 kbit/s each way. Chromium
holds back requests and not connections: where one has first to be opened, that is one such time more, and with TLS 1.3
two. The page of a first visit has the styles of its first screen in it and waits for no sheet: what it costs more than
the next is the time that these take on the way. Asked is that a first visit is under a second.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from survey_service.access.rules import PatientClaims
from survey_service.access.use_cases import sign_in_patient
from survey_service.access.web import COOKIE
from survey_service.answering.use_cases import start_survey
from survey_service.app import create_app, keep_what_lasts
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_settings, write_register_client
from survey_service.demo.people import LOA3, identity_number
from survey_service.demo.population import Organisation, add_home_organisation, add_texts
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.logging import configure_logging
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import occasions_of_enrolment
from survey_service.scheduling.use_cases import Order, enrol_patient
from survey_service.wiring import build_services

TIMES = 5
PORTS = Ports(8710)
_ROUND_TRIP = 400
_BYTES_A_SECOND = 400_000 / 8
_PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  const [painted] = list.getEntriesByName("first-contentful-paint");
  if (painted) done(painted.startTime);
}).observe({ type: "paint", buffered: true }))"""


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, as with any server in front of the service

    def log(self, type: str, message: str, *args: object) -> None:
        pass


def main() -> None:
    """Measure, and print."""
    configure_logging(json=True, to=StringIO())
    with _service() as (services, home), sync_playwright() as playwright:
        address, cookie = _question(services, home)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        visits = [_visit(browser, address, cookie) for _ in range(TIMES)]
        browser.close()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; first contentful paint, milliseconds")
    for name, measured in zip(("first visit", "next question"), zip(*visits, strict=True), strict=True):
        each = " ".join(f"{one:.0f}" for one in sorted(measured))
        print(f"{name:16}{median(measured):8.0f}   ({each})")


def _visit(browser: Browser, address: str, cookie: str) -> tuple[float, float]:
    """A new device: the page of the question, and then the same again with what it has kept."""
    context: BrowserContext = browser.new_context(viewport={"width": 390, "height": 844}, locale="sv-SE")
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"downloadThroughput": _BYTES_A_SECOND, "uploadThroughput": _BYTES_A_SECOND, "latency": _ROUND_TRIP}
    session.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    taken = _painted(page, address), _painted(page, address)
    context.close()
    return taken


def _painted(page: Page, address: str) -> float:
    page.goto(address, wait_until="networkidle")
    return float(page.evaluate(_PAINTED))


def _question(services: Services, home: Organisation) -> tuple[str, str]:
    """The address of a question that waits for a patient, and the cookie."""
    number = identity_number(local_day(services.clock()).replace(year=1960, day=5), 1)
    order = Order(
        identity=Identity(number=number, name="Vera Nummer", email=None, phone=None, locale="sv"),
        protocol_id=home.protocols["knee-follow-up"],
        anchor_date=local_day(services.clock()),
        care_contact="Besök",
        request_id=new_id(),
    )
    enrolment_id = enrol_patient(services, order, as_=home.staff)
    person_id = find_person(services, number)
    assert person_id is not None
    with services.db.transaction(as_=home.staff) as connection:
        occasion = next(
            one for one in occasions_of_enrolment(connection, enrolment_id) if one.is_open(services.clock())
        )
    session_id = start_survey(services, occasion.id, locale="sv", as_=Patient(person_id))
    cookie = sign_in_patient(services, PatientClaims(number=number, acr=LOA3))
    return f"{services.settings.base_url}/sessions/{session_id}", cookie


@contextmanager
def _service() -> Iterator[tuple[Services, Organisation]]:
    """Served at the address of its settings, for as long as the block lasts."""
    with TemporaryDirectory(prefix="survey-bench-") as name:
        folder = DemoFolder(Path(name))
        postgres = EmbeddedPostgres(folder.database)
        try:
            postgres.prepare()
            services = build_services(demo_settings(folder, postgres, PORTS))
            add_texts(services)
            home = add_home_organisation(services, register_keys=write_register_client(folder, services.settings))
            server = make_server("localhost", PORTS.web, create_app(services), threaded=True, request_handler=_Quiet)
            keep_what_lasts()
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield services, home
            server.shutdown()
            thread.join()
            services.db.close()
            services.keys.close()
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
