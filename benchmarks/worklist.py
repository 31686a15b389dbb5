"""Server time of the worklist, with very many responses at the provider's unit.

`python -m benchmarks.worklist [--responses 100000]`: the application on an embedded PostgreSQL with its durability on,
asked in process, so that what is printed is the server's own time; the median and the slowest of many requests, and how
many statements each took. Patients and rules come about by the service's own use cases, the rows of the past by SQL.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

import psycopg
import sqlalchemy as sa
from flask.testing import FlaskClient

from survey_service.access.rules import StaffClaims
from survey_service.access.use_cases import sign_in_staff
from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.delivery.flag_setting import NewRule, set_rule
from survey_service.delivery.flagging import Worsening
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_settings, write_register_client
from survey_service.demo.people import LOA3, identity_number
from survey_service.demo.population import MANAGER_HSA_ID, UNIT_HSA_ID, Organisation, add_home_organisation, add_texts
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import patient_reference
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.people.rules import Identity
from survey_service.scheduling.use_cases import Order, enrol_patient
from survey_service.wiring import build_services

PATIENTS = 200
TIMES = 25
PAGES = ("/staff", "/staff?filter=unread", "/staff?filter=flagged", "/staff?filter=mine", "/staff?filter=today",
         "/staff?page=100", "/staff?protocol={protocol}", "/staff?patient={patient}", "/staff/new?since={since}",
         "/staff/responses/{response}", "/staff/flags")  # fmt: skip


def main() -> None:
    """Measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--responses", type=int, default=100_000)
    chosen = arguments.parse_args()
    with TemporaryDirectory(prefix="survey-bench-") as name:
        folder = DemoFolder(Path(name))
        postgres = EmbeddedPostgres(folder.database)
        try:
            postgres.prepare()
            services = build_services(demo_settings(folder, postgres, Ports(8700)))
            manager = prepare(services, folder)
            with psycopg.connect(postgres.url("postgres", "survey"), autocommit=True) as connection:
                fill(connection, chosen.responses)
                values = {
                    "protocol": one(connection, "SELECT protocol_ids[1] FROM worklist_entries LIMIT 1"),
                    "patient": patient_reference(
                        one(connection, "SELECT person_id FROM worklist_entries LIMIT 1"),  # type: ignore[arg-type]  # because a row is of objects
                        provider_id=manager.provider_id,
                        key=services.settings.identity_key,
                    ),
                    "response": one(connection, "SELECT response_id FROM worklist_entries WHERE flagged LIMIT 1"),
                    "since": (services.clock() - timedelta(minutes=5)).isoformat().replace("+", "%2B"),
                }
            measure(services, manager, values)
        finally:
            postgres.stop()


def one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def prepare(services: Services, folder: DemoFolder) -> Staff:
    """The demonstration's unit, with patients who have one survey waiting, and a rule."""
    add_texts(services)
    home = add_home_organisation(services, register_keys=write_register_client(folder, services.settings))
    for serial in range(PATIENTS):
        _enrol(services, home, serial)
    with services.db.transaction(as_=home.staff) as connection:
        manager_id: UUID = connection.execute(
            sa.text("SELECT id FROM staff_members WHERE hsa_id = :it"), {"it": MANAGER_HSA_ID}
        ).scalar_one()
    manager = Staff(manager_id, home.staff.provider_id, home.staff.unit_id)
    set_rule(services, NewRule("promis-anxiety", Worsening("promis_anxiety.t"), "Measured", new_id()), as_=manager)
    return manager


def _enrol(services: Services, home: Organisation, serial: int) -> None:
    number = identity_number(date(1940, 1, 1) + timedelta(days=serial), serial)
    identity = Identity(number=number, name=f"Test {serial}", email=None, phone=None, locale="sv")
    protocol = home.protocols["knee-follow-up"]
    enrol_patient(
        services, Order(identity, protocol, local_day(services.clock()), "Operation", new_id()), as_=home.staff
    )


def fill(connection: psycopg.Connection[tuple[object, ...]], responses: int) -> None:
    """So many responses, all but the newest received, read and assessed; one in twenty flagged."""
    began = perf_counter()
    connection.execute("SET session_replication_role = replica")  # no triggers: what they would write is written here
    connection.execute(FILL.replace("{each}", str(responses // PATIENTS)).encode())
    connection.execute("SET session_replication_role = origin")
    connection.execute("VACUUM ANALYZE")
    print(f"{one(connection, 'SELECT count(*) FROM responses'):,} responses, made in {perf_counter() - began:.0f} s")


# fmt: off
FILL = """
    CREATE TEMP TABLE made AS
        SELECT gen_random_uuid() AS id, e.id AS enrolment_id, e.provider_id, e.person_id, e.unit_id, v.protocol_id,
               now() - interval '700 days' * random() AS at, row_number() OVER () AS n
        FROM enrolments e JOIN care_protocol_versions v ON v.id = e.protocol_version_id, generate_series(1, {each});
    INSERT INTO occasions (id, provider_id, person_id, enrolment_id, unit_id, code, titles, reasons, opens_at, due_at,
                           closes_at, is_answered)
        SELECT m.id, m.provider_id, m.person_id, m.enrolment_id, m.unit_id, 'past.' || n, '{"sv": "Tidigare"}',
               '{"sv": "För"}', at - interval '3 days', at, at + interval '3 days', true FROM made m;
    INSERT INTO tasks (id, provider_id, person_id, occasion_id, position, instrument, instrument_version)
        SELECT id, provider_id, person_id, id, 1, 'promis-anxiety', '1.0' FROM made;
    INSERT INTO notices_given (id, provider_id, person_id, occasion_id, notice_version, locale, given_at)
        SELECT id, provider_id, person_id, id, 'x', 'sv', at FROM made;
    INSERT INTO sessions (id, provider_id, person_id, occasion_id, task_id, notice_id, instrument, instrument_version,
                          instrument_hash, wording_id, locale, mode, respondent, started_at)
        SELECT m.id, provider_id, person_id, m.id, m.id, m.id, 'promis-anxiety', '1.0', 'x', w.id, 'sv', 'web', 'self',
               at
        FROM made m, (SELECT id FROM wordings WHERE instrument = 'promis-anxiety' AND locale = 'sv' LIMIT 1) w;
    INSERT INTO responses (id, provider_id, person_id, session_id, unit_id, last_sequence, completed_at)
        SELECT id, provider_id, person_id, id, unit_id, 1, at FROM made;
    INSERT INTO scores (response_id, variable, provider_id, person_id, value, standard_error, method, method_hash,
                        algorithm)
        SELECT id, 'promis_anxiety.t', provider_id, person_id, 50 + 20 * random(), 2.5, 'm', 'h', 'a' FROM made;
    INSERT INTO deliveries (response_id, provider_id, person_id, unit_id, delivered_at, alarm_at)
        SELECT id, provider_id, person_id, unit_id, at, at + interval '3 days' FROM made;
    INSERT INTO receipts (response_id, provider_id, person_id, unit_id, staff_id, route, received_at)
        SELECT m.id, m.provider_id, person_id, m.unit_id, c.staff_id, 'opened_by_person', at FROM made m
            JOIN LATERAL (SELECT staff_id FROM commissions c WHERE c.unit_id = m.unit_id LIMIT 1) c ON true
        WHERE n > 60;
    INSERT INTO readings (response_id, provider_id, person_id, unit_id, staff_id, read_at)
        SELECT response_id, provider_id, person_id, unit_id, staff_id, received_at FROM receipts;
    INSERT INTO assessments (response_id, provider_id, person_id, unit_id, staff_id, assessed_at)
        SELECT response_id, r.provider_id, r.person_id, r.unit_id, staff_id, received_at
        FROM receipts r JOIN made m ON m.id = r.response_id WHERE n > 300;
    INSERT INTO unit_flags (response_id, version, rule_version_id, provider_id, person_id, unit_id, value, flagged_at,
                            assess_by)
        SELECT m.id, 1, f.id, m.provider_id, m.person_id, m.unit_id, 66, at, at + interval '1 day'
        FROM made m, (SELECT id FROM unit_flag_rules LIMIT 1) f WHERE n % 20 = 0;
    INSERT INTO worklist_entries (response_id, unit_id, provider_id, person_id, protocol_ids, delivered_at, received,
                                  assessed, flagged, assigned_to)
        SELECT m.id, unit_id, provider_id, person_id, ARRAY[protocol_id], at, n > 60, n > 300, n % 20 = 0,
               CASE WHEN n % 50 = 0 THEN (SELECT staff_id FROM unit_flag_rules LIMIT 1) END FROM made m;
"""
# fmt: on


def measure(services: Services, manager: Staff, values: dict[str, object]) -> None:
    client = create_app(services).test_client()
    cookie = sign_in_staff(services, StaffClaims(staff_hsa_id=MANAGER_HSA_ID, unit_hsa_id=UNIT_HSA_ID, acr=LOA3))
    client.set_cookie(COOKIE, cookie, domain="localhost")
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    print(f"{'page':44}{'median ms':>10}{'slowest':>9}{'statements':>12}")
    for page in PAGES:
        address = page.format(**values)
        took = [_time(client, address) for _ in range(TIMES)]
        statements = 0
        _time(client, address)
        print(f"{page:44}{median(took[3:]):10.0f}{max(took[3:]):9.0f}{statements:12}")
    sa.event.remove(sa.Engine, "before_cursor_execute", count)


def _time(client: FlaskClient, address: str) -> float:
    began = perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return 1000 * (perf_counter() - began)


if __name__ == "__main__":
    main()
