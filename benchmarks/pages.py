"""Server time of every staff page with 100,000 responses at the provider, slowest first.

`make bench-pages`, or `python -m benchmarks.pages [--responses 100000] [--only PART-OF-A-ROUTE]`: the application on an
embedded PostgreSQL with its durability on, asked in process, so that what is printed is the server's own time. Every
GET route under /staff is visited, so that a new page is measured without being entered here. Beside the clock stands
what the processors did for a request, in Python and in PostgreSQL: that does not grow when others load the machine.
"""

import argparse
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from benchmarks.pages_filling import fill, fill_people
from survey_service.access.rules import StaffClaims
from survey_service.access.use_cases import add_unit, sign_in_staff
from survey_service.access.web import COOKIE
from survey_service.app import create_app, keep_what_lasts
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_settings, write_register_client
from survey_service.demo.people import LOA3
from survey_service.demo.population import (
    ADMINISTRATOR_HSA_ID,
    MANAGER_HSA_ID,
    OFFICER_HSA_ID,
    STAFF_HSA_ID,
    UNIT_HSA_ID,
    Organisation,
    add_home_organisation,
    add_texts,
)
from survey_service.foundation.crypto import patient_reference
from survey_service.foundation.logging import configure_logging
from survey_service.foundation.principals import Staff, System
from survey_service.foundation.services import Services
from survey_service.insight.use_cases import make_figures
from survey_service.scheduling.drafting import draft_from_file, open_draft
from survey_service.scheduling.protocol_fields import definition_of
from survey_service.scheduling.protocol_previewing import look
from survey_service.wiring import build_services
from survey_service.worker import create_worker

TIMES = 12
UNITS = 20
PEOPLE = 12_000
_TICK = os.sysconf("SC_CLK_TCK")
_ROLES = {"clinician": STAFF_HSA_ID, "manager": MANAGER_HSA_ID, "administrator": ADMINISTRATOR_HSA_ID,
          "officer": OFFICER_HSA_ID}  # fmt: skip
# Who else than the manager is asked for a page; and pages asked for once more in another way.
_ROLE_OF = {"/staff/rights": "administrator", "/staff/oversight": "officer", "/staff/oversight.csv": "officer"}
_ALSO = ("/staff?filter=unread", "/staff?filter=flagged", "/staff?filter=today", "/staff?page=100",
         "/staff?patient={patient}", "/staff/notices?filter=unreached", "/staff/notices?filter=failed",
         "/staff/notices?filter=given_up", "/staff/notices?page=100", "/staff/notices?patient={patient}")  # fmt: skip
_LEFT_OUT = ("/staff/sign-in", "/staff/sign-in/callback")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page took: milliseconds by the clock of each request, and of processor time on average."""

    page: str
    status: int
    clock: list[float]
    python: float
    postgres: float
    statements: int

    @property
    def p95(self) -> float:
        return sorted(self.clock)[min(len(self.clock) - 1, round(0.95 * len(self.clock)))]


def main() -> None:
    """Measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--responses", type=int, default=100_000)
    arguments.add_argument("--only", default="")
    chosen = arguments.parse_args()
    configure_logging(json=True, to=StringIO())
    with filled(chosen.responses) as (services, database, values):
        app = create_app(services)
        keep_what_lasts()
        clients = {role: _client(app, services, hsa_id) for role, hsa_id in _ROLES.items()}
        pages = [one for one in [*_routes(app), *_ALSO] if chosen.only in one]
        taken = [_visit(clients[_ROLE_OF.get(page, "manager")], database, page, values) for page in pages]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; milliseconds")
    print(f"{'page':58}{'median':>8}{'p95':>8}{'python':>8}{'postgres':>9}{'statements':>12}")
    for one in sorted(taken, key=lambda one: -one.p95):
        note = "" if one.status == 200 else f"  ({one.status})"
        print(
            f"{one.page:58}{median(one.clock):8.0f}{one.p95:8.0f}{one.python:8.0f}{one.postgres:9.0f}"
            f"{one.statements:12}{note}"
        )


@contextmanager
def filled(responses: int) -> Iterator[tuple[Services, Path, Mapping[str, object]]]:
    """A provider of twenty units with so many responses, and what a page's address is completed with."""
    with TemporaryDirectory(prefix="survey-bench-") as name:
        folder = DemoFolder(Path(name))
        postgres = EmbeddedPostgres(folder.database)
        try:
            postgres.prepare()
            services = build_services(demo_settings(folder, postgres, Ports(8700)))
            home = _organisation(services, folder)
            began = perf_counter()
            fill_people(services, home, PEOPLE)
            with psycopg.connect(postgres.url("postgres", "survey"), autocommit=True) as connection:
                values = dict(fill(connection, home, responses))
                values["patient"] = patient_reference(
                    UUID(str(values["person_id"])),
                    provider_id=home.staff.provider_id,
                    key=services.settings.identity_key,
                )
                print(f"{responses:,} responses of {PEOPLE:,} patients, made in {perf_counter() - began:.0f} s")
                manager = _manager(connection, home)
            make_figures(services, as_=System(home.staff.provider_id))
            text = resources.files("survey_service.demo").joinpath("protocols", "knee.toml").read_text("utf-8")
            definition = tomllib.loads(text)
            definition["occasions"][-1]["due_day"] += 7
            draft_from_file(services, home.protocols["knee-follow-up"], definition, as_=manager)
            began = perf_counter()
            written = open_draft(services, home.protocols["knee-follow-up"], as_=manager)
            look(services, home.protocols["knee-follow-up"], definition_of(written.fields), most=None, as_=manager)
            create_worker(services).run(until_idle=True)
            print(f"a change looked at for all, by the worker: {perf_counter() - began:.1f} s")
            yield services, folder.database, values
            services.db.close()
            services.keys.close()
        finally:
            postgres.stop()


def _organisation(services: Services, folder: DemoFolder) -> Organisation:
    add_texts(services)
    home = add_home_organisation(services, register_keys=write_register_client(folder, services.settings))
    with services.db.transaction(as_=home.staff) as connection:
        there: int = connection.execute(sa.text("SELECT count(*) FROM units")).scalar_one()
    for number in range(there, UNITS):
        add_unit(services, provider_id=home.staff.provider_id, hsa_id=f"SE2321000016-e{number}", name=f"Enhet {number}")
    return home


def _manager(connection: psycopg.Connection[tuple[object, ...]], home: Organisation) -> Staff:
    row = connection.execute("SELECT id FROM staff_members WHERE hsa_id = %s", (MANAGER_HSA_ID,)).fetchone()
    assert row is not None
    return Staff(row[0], home.staff.provider_id, home.staff.unit_id)  # type: ignore[arg-type]  # because a row is of objects


def _routes(app: Flask) -> list[str]:
    rules = {one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())}
    return sorted(one for one in rules if one.startswith("/staff") and one not in _LEFT_OUT)


def _client(app: Flask, services: Services, hsa_id: str) -> FlaskClient:
    claims = StaffClaims(staff_hsa_id=hsa_id, unit_hsa_id=UNIT_HSA_ID, acr=LOA3)
    client = app.test_client()
    client.set_cookie(COOKIE, sign_in_staff(services, claims), domain="localhost")
    return client


def _visit(client: FlaskClient, folder: Path, page: str, values: Mapping[str, object]) -> Taken:
    address = _address(page, values)
    status, first = _ask(client, address)  # the first of a page warms caches and is not counted
    times = TIMES if first < 2000 else 2
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", counted)
    python, database = process_time(), _processor_seconds(folder)
    clock = [_ask(client, address)[1] for _ in range(times)]
    python, database = process_time() - python, _processor_seconds(folder) - database
    sa.event.remove(sa.Engine, "before_cursor_execute", counted)
    return Taken(page, status, clock, 1000 * python / times, 1000 * database / times, count // times)


def _address(page: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        page = page.replace(f"<uuid:{name}>", str(value)).replace(f"{{{name}}}", str(value))
    page = page.replace("<int:number>", "1").replace("<patient>", str(values["patient"]))
    if page == "/staff/new":
        page += f"?since={date.today() - timedelta(days=1)}T00:00:00%2B00:00"  # noqa: DTZ011  # because any moment will do
    return page


def _ask(client: FlaskClient, address: str) -> tuple[int, float]:
    began = perf_counter()
    answer = client.get(address)
    answer.get_data()
    return answer.status_code, 1000 * (perf_counter() - began)


def _processor_seconds(folder: Path) -> float:
    """What the server's processes have used so far."""
    parents, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = path.joinpath("stat").read_text().rpartition(") ")[2].split()
            command = path.joinpath("cmdline").read_bytes().decode(errors="replace")
        except OSError:  # because processes end while they are looked at
            continue
        parents[path.name] = fields[1]
        spent[path.name] = (str(folder) in command, (int(fields[11]) + int(fields[12])) / _TICK)
    masters = {name for name, (is_ours, _) in spent.items() if is_ours}
    return sum(seconds for name, (_, seconds) in spent.items() if name in masters or parents[name] in masters)


if __name__ == "__main__":
    main()
