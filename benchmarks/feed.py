"""What a register's pull of 100,000 results costs: results a second, and the server's memory while it streams.

`make bench-feed`, or `python -m benchmarks.feed`. PostgreSQL (durable, from pip) and gunicorn as in production, on this
machine, with one client that reads as fast as it can. The releases are put in place by SQL: four scores each, as of
EQ-5D and a T-score.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any

import psutil
import psycopg
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from instruments import Library
from notifications.channels.memory import MemoryChannel
from survey_service.access.use_cases import add_provider
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_environment
from survey_service.foundation.clock import utc_now
from survey_service.foundation.crypto import KeyWrapper, PostgresKeyStore
from survey_service.foundation.db import Database, new_id
from survey_service.foundation.services import Services
from survey_service.registers.oauth import TOKEN_PATH
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.registers.tenants import add_register, agree
from survey_service.settings import Settings

RESULTS = 100_000
PEOPLE = 20_000
CASES = (
    ("NDJSON", {"format": "ndjson"}, False),
    ("NDJSON, gzip", {"format": "ndjson"}, True),
    ("NDJSON, wide", {"format": "ndjson", "layout": "wide"}, False),
    ("CSV", {"format": "csv"}, False),
    ("CSV, gzip", {"format": "csv"}, True),
    ("FHIR", {"format": "fhir"}, False),
    ("FHIR, gzip", {"format": "fhir"}, True),
)
VARIABLES = ("eq5d5l.profile", "eq5d5l.index", "eq5d5l.vas", "promis_fatigue.t")


def main() -> None:
    """Print the table."""
    key = ECKey.generate_key("P-384", auto_kid=True)
    with TemporaryDirectory(prefix="survey-bench-") as folder, _server(Path(folder), key) as (url, process):
        print(
            f"{RESULTS} results of {len(VARIABLES)} scores; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
        )
        print(f"{'':<22}{'results/s':>10}{'seconds':>9}{'MB':>8}", end="")
        print(f"{'RSS before':>12}{'most':>8}{'after, MB':>11}{'CPU s':>7}")
        for name, query, packed in CASES:
            _measure(name, query, packed=packed, url=url, key=key, process=process)


def _measure(name: str, query: dict[str, str], *, packed: bool, url: str, key: ECKey, process: psutil.Process) -> None:
    headers = {"Authorization": f"Bearer {_token(url, key)}", "Accept-Encoding": "gzip" if packed else "identity"}
    before, busy, size = _memory(process), _processor_time(process), 0
    with _watched(process) as most:
        started = perf_counter()
        asked = query | {"purpose": ACCEPTED_PURPOSE, "limit": str(RESULTS)}
        with requests.get(f"{url}/api/v1/registers/me/results", params=asked, headers=headers, stream=True) as answer:
            answer.raise_for_status()
            for piece in answer.raw.stream(1 << 16, decode_content=False):
                size += len(piece)
        seconds = perf_counter() - started
    figures = f"{RESULTS / seconds:>10.0f}{seconds:>9.1f}{size / 1e6:>8.0f}{before:>12.0f}{most[0]:>8.0f}"
    busy = _processor_time(process) - busy
    print(f"{name:<22}{figures}{_memory(process):>11.0f}{busy:>7.1f}", flush=True)


def _memory(process: psutil.Process) -> float:
    """Megabytes that the largest of the server's processes holds."""
    return max(one.memory_info().rss for one in process.children(recursive=True)) / 1e6


def _processor_time(process: psutil.Process) -> float:
    """Seconds that the server's processes have computed; it does not depend on what else the machine does."""
    return sum(sum(one.cpu_times()[:2]) for one in process.children(recursive=True))


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[float]]:
    most, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            most[0] = max(most[0], _memory(process))

    thread = threading.Thread(target=watch)
    thread.start()
    yield most
    stop.set()
    thread.join()


def _token(url: str, key: ECKey) -> str:
    claims = {
        "iss": "bench", "sub": "bench", "aud": url + TOKEN_PATH, "exp": int(utc_now().timestamp()) + 60,
        "jti": str(new_id()),
    }  # fmt: skip
    assertion = jwt.encode({"alg": "ES384", "kid": key.kid}, claims, key, algorithms=["ES384"])
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    answer = requests.post(url + TOKEN_PATH, data=form, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@contextmanager
def _server(folder: Path, key: ECKey) -> Iterator[tuple[str, psutil.Process]]:
    """The service on a database that holds the releases."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        postgres.prepare()
        environment = demo_environment(DemoFolder(folder), postgres, Ports(port))
        _fill(postgres, Settings.from_environment(environment), key)
        command = [sys.executable, "-m", "survey_service.cli", "web", "--port", str(port), "--processes", "1"]
        with subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            _await(url)
            yield url, psutil.Process(running.pid)
            running.terminate()
    finally:
        postgres.stop()


def _await(url: str) -> None:
    for _ in range(200):
        try:
            requests.get(f"{url}/health", timeout=5)
            return
        except requests.ConnectionError:
            sleep(0.1)
    raise SystemExit("The server did not start.")


def _fill(postgres: EmbeddedPostgres, settings: Settings, key: ECKey) -> None:
    services = Services(
        settings=settings,
        db=Database(settings.databases),
        keys=PostgresKeyStore(settings.databases.keys, KeyWrapper(settings.master_keyset)),
        clock=utc_now,
        library=Library.load(),
        email=MemoryChannel(),
    )
    provider_id = add_provider(
        services, hsa_id="SE2321000016-p1", name="Region", sender_name="Region", legal_regime="health_care"
    )
    jwks = KeySet([key]).as_dict(private=False)
    register_id = add_register(
        services, code="bench", name="Bench", cpua_authority="Region", client_id="bench", jwks=jwks
    )
    agreement_id = agree(services, provider_id=provider_id, register_id=register_id, variables=VARIABLES)
    services.db.close()
    services.keys.close()
    ids = {"provider": provider_id, "register": register_id, "agreement": agreement_id}
    with psycopg.connect(postgres.url("postgres", "survey")) as connection:
        # Whose receipts and notices these would point at is not there, and not what is measured.
        connection.execute("SET session_replication_role = replica")
        given = ids | {"results": RESULTS, "people": PEOPLE, "payload": json.dumps(_payload())}
        connection.execute(_RELEASES, given)
        connection.execute(_ENTRIES, given)
        connection.execute("UPDATE register_feeds SET last = %(results)s WHERE register_id = %(register)s", given)
    with psycopg.connect(postgres.url("postgres", "survey"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


_RELEASES = """
    INSERT INTO releases (id, response_id, provider_id, person_id, register_id, agreement_id, notice_id, reference,
                          version, payload, released_at)
    SELECT gen_random_uuid(), gen_random_uuid(), %(provider)s, md5((n %% %(people)s)::text)::uuid, %(register)s,
           %(agreement)s, gen_random_uuid(), gen_random_uuid(), 1,
           %(payload)s::jsonb || jsonb_build_object('response', gen_random_uuid(), 'subject', md5(n::text)::uuid), now()
    FROM generate_series(1, %(results)s) AS n"""
_ENTRIES = """
    INSERT INTO feed_entries (register_id, epoch, position, kind, release_id)
    SELECT %(register)s, 1, row_number() OVER (), 'result', id FROM releases"""


def _payload() -> dict[str, Any]:
    versions = {"method": "SE-2020-TTO", "method_hash": "sha256:" + 64 * "a", "algorithm": "eq5d/1"}
    values: dict[str, Any] = {"eq5d5l.profile": "21232", "eq5d5l.index": 0.8731, "eq5d5l.vas": 74.0}
    values["promis_fatigue.t"] = 53.418213
    scores = [
        {
            "variable": name,
            "value": None if isinstance(value, str) else value,
            "text": value if isinstance(value, str) else None,
            "standard_error": 2.104431 if name.endswith(".t") else None,
            "missing_reason": None,
        }
        | versions
        for name, value in values.items()
    ]
    return {
        "version": 1, "provider": "SE2321000016-p1", "unit": "SE2321000016-u1", "instrument": "eq5d-5l",
        "instrument_version": "1.0", "instrument_hash": "sha256:" + 64 * "b", "form": None,
        "wording": "01a2055c-6d5f-7309-865c-f86cd38c46ff", "language": "sv", "mode": "web", "respondent": "self",
        "occasion": "year-1", "occasion_due_on": "2026-03-01", "within_window": True,
        "event": {"kind": "operation", "date": "2025-03-01", "procedure": "NGB49", "side": "left"},
        "completed_at": "2026-03-02T10:00:00+00:00", "flags": [], "scores": scores,
        "agreement": {"id": "01a2055c-6d5f-7309-865c-f86cd38c46ff", "version": 1},
    }  # fmt: skip


if __name__ == "__main__":
    main()
