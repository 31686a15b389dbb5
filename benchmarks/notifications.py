"""How fast one worker composes, renders and hands over invitations, and whether any is lost or doubled when it dies.

`python -m benchmarks.notifications [--invitations 10000] [--kills 5]`: invitations of several providers that are all
due, a local SMTP server in a process of its own, and one real worker process on an embedded PostgreSQL with its
durability on. The worker is killed (SIGKILL) on the way and started anew, as a supervisor would. Each patient has five
occasions that opened on different days, so that no two of one person are sent at once; the limit of invitations and
the quiet hours are out of the way. Doubled is counted as the server saw it, and as it is after idempotency: a server
that keeps to Message-ID takes a message with the same one for the same.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from uuid import UUID

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from survey_service.access.use_cases import add_provider, add_staff_member, add_unit
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_environment, demo_settings
from survey_service.demo.people import identity_number
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.languages.use_cases import seed_wordings
from survey_service.people.rules import Identity
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from survey_service.wiring import build_services
from translations.catalogue import wordings_at_hand

PORTS = Ports(8710)
PROVIDERS = 4
OCCASIONS = 5
AT_ANY_HOUR = {
    "SURVEY_NOTICES_FROM": "00:00",
    "SURVEY_NOTICES_UNTIL": "00:00",
    "SURVEY_NOTICES_EVERY_DAY": "true",
    "SURVEY_NOTICES_SPREAD": "0",
    "SURVEY_MOST_INVITATIONS": "1000",
}


class Sink:
    """Takes every message, and writes its Message-ID to a file before it says so."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab", buffering=0)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # because aiosmtpd calls it by this name
        assert isinstance(envelope.content, bytes)
        (message_id,) = (
            line for line in envelope.content[:2000].splitlines() if line.lower().startswith(b"message-id")
        )
        self._file.write(message_id + b"\n")
        return "250 Taken"


def main() -> None:
    """Measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--invitations", type=int, default=10_000)
    arguments.add_argument("--kills", type=int, default=5)
    arguments.add_argument("--sink", type=Path, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.sink:
        serve(chosen.sink)
        return
    with TemporaryDirectory(prefix="survey-bench-") as name, ExitStack() as stack:
        folder, file = DemoFolder(Path(name)), Path(name) / "taken"
        postgres = EmbeddedPostgres(folder.database)
        stack.callback(postgres.stop)
        postgres.prepare()
        services = build_services(demo_settings(folder, postgres, PORTS))
        expected = prepare(services, patients=chosen.invitations // OCCASIONS)
        url = postgres.url("postgres", "survey")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET search_path = public, jobs")
            connection.execute("DELETE FROM procrastinate_jobs")
            connection.execute("VACUUM ANALYZE")
        file.touch()
        stack.enter_context(sink_process(file))
        environment = {**os.environ, **demo_environment(folder, postgres, PORTS), **AT_ANY_HOUR}
        seconds = run(environment, Path(name) / "log", file, expected=expected, kills=chosen.kills, url=url)
        report(url, file, seconds, expected=expected, kills=chosen.kills)
        services.db.close()
        services.keys.close()


def serve(file: Path) -> None:
    controller = Controller(Sink(file), hostname="127.0.0.1", port=PORTS.smtp)
    controller.start()
    signal.sigwait({signal.SIGTERM})
    controller.stop()


@contextmanager
def sink_process(file: Path) -> Iterator[None]:
    # Blocked before it starts to wait for it, and so in its threads too.
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.notifications", "--sink", str(file)])
    sleep(2)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def prepare(services: Services, *, patients: int) -> int:
    """Providers with a unit each, and patients with so many open occasions; returns how many invitations are due."""
    seed_wordings(services, wordings_at_hand(services.library, services.settings.instruments))
    ordering = [_provider(services, number) for number in range(PROVIDERS)]
    began = monotonic()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda serial: _enrol(services, *ordering[serial % PROVIDERS], serial), range(patients)))
    print(f"{patients} patients with {OCCASIONS} invitations due each, made in {monotonic() - began:.0f} s", flush=True)
    return patients * OCCASIONS


def _provider(services: Services, number: int) -> tuple[Staff, UUID]:
    provider_id = add_provider(
        services,
        hsa_id=f"SE2321000016-p{number}",
        name=f"Region {number}",
        sender_name=f"Region {number}",
        legal_regime="health_care",
    )
    unit_id = add_unit(services, provider_id=provider_id, hsa_id=f"SE2321000016-u{number}", name=f"Enhet {number}")
    staff_id = add_staff_member(
        services, provider_id=provider_id, unit_id=unit_id, hsa_id=f"SE2321000016-s{number}", name="Member"
    )
    protocol = publish_protocol(services, provider_id=provider_id, definition=_protocol())
    return Staff(staff_id, provider_id, unit_id), protocol


def _protocol() -> dict[str, object]:
    return {
        "code": "bench",
        "names": {"sv": "Uppföljning", "en": "Follow-up"},
        "reasons": {"sv": "Vi vill veta hur du mår.", "en": "We want to know how you are."},
        "anchor_kind": "visit",
        "purpose": "care",
        "occasions": [
            {
                "code": f"visit-{number}",
                "titles": {"sv": f"Besök {number}", "en": f"Visit {number}"},
                "due_day": number,
                "opens_days_before": OCCASIONS + 1,
                "closes_days_after": 14,
                "instruments": [{"id": "promis-anxiety", "version": "1.0"}],
            }
            for number in range(OCCASIONS)
        ],
    }


def _enrol(services: Services, staff: Staff, protocol: UUID, serial: int) -> None:
    number = identity_number(date(1940, 1, 1) + timedelta(days=serial % 20000), serial % 999)
    email = f"test{serial}@example.se"
    identity = Identity(number=number, name=f"Test {serial}", email=email, phone=None, locale="sv")
    order = Order(identity, protocol, local_day(services.clock()), "Visit", new_id())
    enrol_patient(services, order, as_=staff)


def run(environment: dict[str, str], log: Path, file: Path, *, expected: int, kills: int, url: str) -> float:
    """Until everything is sent; the worker is killed after each further share of it."""
    kill_at = [expected * number // (kills + 1) for number in range(1, kills + 1)]
    began, killed = monotonic(), 0
    with log.open("ab") as output:
        worker = _start(environment, output.fileno())
        try:
            while monotonic() - began < 1800 and not is_done(url, file, expected):
                if killed < kills and lines(file) >= kill_at[killed]:
                    worker.kill()
                    worker.wait()
                    killed += 1
                    worker = _start(environment, output.fileno())
                sleep(0.02 if killed < kills else 0.2)
            return monotonic() - began
        finally:
            worker.kill()
            worker.wait()


def _start(environment: dict[str, str], output: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "survey_service.demo.attached", str(os.getpid()), "worker"]
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


def lines(file: Path) -> int:
    return file.read_bytes().count(b"\n")


def is_done(url: str, file: Path, expected: int) -> bool:
    if lines(file) < expected:
        return False
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM dispatch_attempts WHERE outcome = 'sent'").fetchone()
    return row is not None and row[0] >= expected


def report(url: str, file: Path, seconds: float, *, expected: int, kills: int) -> None:
    taken = Counter(file.read_bytes().splitlines())
    raw = sum(taken.values())
    with psycopg.connect(url) as connection:
        outcomes: Sequence[tuple[object, ...]] = connection.execute(
            "SELECT outcome, count(*) FROM dispatch_attempts GROUP BY 1"
        ).fetchall()
    rate = expected / seconds
    print(f"{expected} invitations by one worker, killed {kills} times: {seconds:.1f} s, {rate:.0f} a second")
    print(
        f"  lost {expected - len(taken)}, doubled {raw - len(taken)} raw, {max(0, len(taken) - expected)} by Message-ID"
    )
    print(f"  attempts {dict(outcomes)}")  # type: ignore[arg-type]  # because the rows are pairs
    print(f"  load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
