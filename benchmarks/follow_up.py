"""What the follow-up of a unit costs with 100,000 responses at the provider: the night's job, and the page.

`make bench-follow-up`, or `python -m benchmarks.follow_up`. PostgreSQL (durable, from pip) on this machine; the pages
are asked for through the application itself, signed in, without a network. Responses are put in place by SQL.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

import psycopg
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, KeySet

from instruments import Library
from notifications.channels.memory import MemoryChannel
from survey_service.access.rules import StaffClaims
from survey_service.access.use_cases import sign_in_staff
from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_environment
from survey_service.demo.people import LOA3
from survey_service.demo.population import (
    STAFF_HSA_ID,
    UNIT_HSA_ID,
    Organisation,
    add_home_organisation,
    add_other_organisation,
    add_texts,
)
from survey_service.foundation.clock import utc_now
from survey_service.foundation.crypto import KeyWrapper, PostgresKeyStore
from survey_service.foundation.db import Database
from survey_service.foundation.logging import configure_logging
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.insight.use_cases import make_figures, record_ground
from survey_service.settings import Settings

BASE_URL = "http://localhost"
PEOPLE = 25_000
TIMES = 40


def main() -> None:
    """Print the figures."""
    configure_logging(json=True, to=StringIO())
    with TemporaryDirectory(prefix="survey-bench-") as folder, _filled(Path(folder)) as (services, provider_id):
        print(
            f"{4 * PEOPLE} responses of {PEOPLE} patients; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
        )
        for run in ("first night", "every night"):
            started = perf_counter()
            count = make_figures(services, as_=System(provider_id))
            print(f"{run:<34}{perf_counter() - started:>8.2f} s  ({count} figures)")
        client = create_app(services).test_client()
        cookie = sign_in_staff(services, StaffClaims(staff_hsa_id=STAFF_HSA_ID, unit_hsa_id=UNIT_HSA_ID, acr=LOA3))
        client.set_cookie(COOKIE, cookie)
        for name, path in (
            ("page, twelve months", "/staff/follow-up"),
            ("page, three years", f"/staff/follow-up?from={_month(35)}&to={_month(0)}"),
            ("file, three years", f"/staff/follow-up/figures.csv?from={_month(35)}&to={_month(0)}"),
        ):
            taken = sorted(_ask(client, path) for _ in range(TIMES))
            print(f"{name:<34}{1000 * median(taken):>8.1f} ms median{1000 * taken[-1]:>8.1f} ms slowest")


def _ask(client: FlaskClient, path: str) -> float:
    started = perf_counter()
    answer = client.get(path, base_url=BASE_URL)
    answer.get_data()
    assert answer.status_code == 200, answer.status_code
    return perf_counter() - started


def _month(ago: int) -> str:
    today = date.today()  # noqa: DTZ011  # because a day here or there changes nothing
    count = today.year * 12 + today.month - 1 - ago
    return f"{count // 12}-{count % 12 + 1:02d}"


@contextmanager
def _filled(folder: Path) -> Iterator[tuple[Services, UUID]]:
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        postgres.prepare()
        settings = Settings.from_environment(demo_environment(DemoFolder(folder), postgres, Ports(8400)))
        services = Services(
            settings=replace(settings, demo_clock=None),
            db=Database(settings.databases),
            keys=PostgresKeyStore(settings.databases.keys, KeyWrapper(settings.master_keyset)),
            clock=utc_now,
            library=Library.load(),
            email=MemoryChannel(),
        )
        add_texts(services)
        jwks = KeySet([ECKey.generate_key("P-384", auto_kid=True)]).as_dict(private=False)
        home = add_home_organisation(services, register_keys=jwks)
        add_other_organisation(services)
        for scope in ("own_units", "country"):
            record_ground(
                services, provider="SE2321000016-region", scope=scope, ground="To measure", recorded_by="To measure",
                valid_from=date(2020, 1, 1), valid_until=None,
            )  # fmt: skip
        _fill(postgres, home)
        yield services, home.staff.provider_id
        services.db.close()
        services.keys.close()
    finally:
        postgres.stop()


def _fill(postgres: EmbeddedPostgres, home: Organisation) -> None:
    given = {
        "provider": home.staff.provider_id, "unit": home.staff.unit_id, "staff": home.staff.staff_id,
        "protocol": home.protocols["knee-follow-up"], "people": PEOPLE, "span": timedelta(days=900),
    }  # fmt: skip
    with psycopg.connect(postgres.url("postgres", "survey")) as connection:
        # Whom these rows would point at is not there, and not what is measured.
        connection.execute("SET session_replication_role = replica")
        for statement in (_ENROLMENTS, _OCCASIONS, _TASKS, _SESSIONS, _ANSWERS, _RESPONSES, _SCORES):
            connection.execute(statement, given)
    with psycopg.connect(postgres.url("postgres", "survey"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


_ENROLMENTS = """
    INSERT INTO enrolments (id, provider_id, person_id, unit_id, protocol_version_id, legal_regime, purpose,
                            care_contact, anchor_kind, anchor_date, request_id, ordered_by, ordered_at)
    SELECT gen_random_uuid(), %(provider)s, md5(n::text)::uuid, %(unit)s,
           (SELECT id FROM care_protocol_versions WHERE protocol_id = %(protocol)s), 'health_care', 'care', 'Operation',
           'surgery', now()::date - 130 - (n %% 900), gen_random_uuid(), %(staff)s, now()
    FROM generate_series(1, %(people)s) AS n"""
_OCCASIONS = """
    INSERT INTO occasions (id, provider_id, person_id, enrolment_id, unit_id, code, titles, reasons, opens_at, due_at,
                           closes_at)
    SELECT gen_random_uuid(), provider_id, person_id, id, unit_id, code, '{}', '{}', anchor_date + after - 14,
           anchor_date + after, anchor_date + after + 30
    FROM enrolments, (VALUES ('before', 0), ('three-months', 90)) AS planned (code, after)"""
_TASKS = """
    INSERT INTO tasks (id, provider_id, person_id, occasion_id, position, instrument, instrument_version)
    SELECT gen_random_uuid(), provider_id, person_id, id, place, instrument, '1.0'
    FROM occasions, (VALUES (1, 'eq5d-5l'), (2, 'promis-anxiety')) AS asked (place, instrument)"""
_SESSIONS = """
    INSERT INTO sessions (id, provider_id, person_id, occasion_id, task_id, notice_id, instrument, instrument_version,
                          instrument_hash, wording_id, locale, mode, respondent, started_at)
    SELECT t.id, t.provider_id, t.person_id, t.occasion_id, t.id, t.id, instrument, '1.0', 'h', t.id, 'sv', 'web',
           'self', o.due_at
    FROM tasks t JOIN occasions o ON o.id = t.occasion_id"""
_ANSWERS = """
    INSERT INTO answers (session_id, sequence, provider_id, person_id, item_id, kind, value_sealed, answered_by,
                         answered_at)
    SELECT id, n, provider_id, person_id, 'item' || n, 'value', '\\x00'::bytea, person_id,
           started_at + n * random() * interval '1 minute'
    FROM sessions, generate_series(1, 6) AS n"""
_RESPONSES = """
    INSERT INTO responses (id, provider_id, person_id, session_id, unit_id, last_sequence, completed_at)
    SELECT id, provider_id, person_id, id, %(unit)s, 6, started_at + interval '10 minutes' FROM sessions"""
_SCORES = """
    INSERT INTO scores (response_id, variable, provider_id, person_id, value, text, standard_error, method, method_hash,
                        algorithm)
    SELECT s.id, variable, provider_id, person_id, CASE WHEN state IS NULL THEN 50 + 20 * (random() - 0.5) END,
           CASE WHEN state IS NOT NULL THEN (11111 + 1111 * floor(3 * random()))::text END,
           CASE WHEN variable LIKE '%%.t' THEN 2.5 END, 'm', 'h', 'a'
    FROM sessions s
    JOIN (VALUES ('eq5d-5l', 'eq5d5l.profile', '1'), ('eq5d-5l', 'eq5d5l.index', NULL), ('eq5d-5l', 'eq5d5l.vas', NULL),
                 ('eq5d-5l', 'eq5d5l.lss', NULL), ('promis-anxiety', 'promis_anxiety.t', NULL),
                 ('promis-anxiety', 'promis_anxiety.theta', NULL)) AS v (instrument, variable, state)
        ON v.instrument = s.instrument"""

if __name__ == "__main__":
    main()
