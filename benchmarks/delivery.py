"""How soon a completed response is in the unit's worklist, and a received one in the register's feed.

`python -m benchmarks.delivery [--rate 50] [--seconds 30]`: real web and worker processes on an embedded PostgreSQL with
its durability on. Patients post their last answer at a steady rate, whether or not the one before has been answered
(an open loop, so that a slow server cannot hide behind its slowness); a second later a clinician opens the response.
Times run from when a request was due until its effect is committed and visible in the database.
"""

import argparse
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread, local
from time import monotonic, sleep
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
import psycopg
import requests

from instruments import Ask
from survey_service.access.rules import PatientClaims, StaffClaims
from survey_service.access.use_cases import add_provider, add_staff_member, add_unit, sign_in_patient, sign_in_staff
from survey_service.access.web import COOKIE
from survey_service.answering.rules import Submission, read_answer
from survey_service.answering.use_cases import look_at_session, record_answer, start_survey
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.environment import DemoFolder, Ports, demo_environment, demo_settings, write_register_client
from survey_service.demo.people import LOA3, identity_number
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.foundation.services import Services
from survey_service.languages.use_cases import seed_wordings
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.registers.tenants import add_register, agree
from survey_service.scheduling.queries import occasions_of_enrolment
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from survey_service.wiring import build_services
from translations.catalogue import wordings_at_hand

STAFF_HSA, UNIT_HSA = "SE2321000016-staff", "SE2321000016-unit"
PORTS = Ports(8700)
SENDERS = 24
OPENED_AFTER = 1.0
POLLED_EVERY = 0.01
WAITED_FOR_THE_REST = 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A patient who has one answer left to give."""

    session_id: UUID
    cookie: str
    sequence: int
    item_id: str


@dataclass(slots=True)
class Seen:
    """When each thing was due and when it was visible, by session; and what was refused."""

    due: dict[UUID, float] = field(default_factory=dict)
    listed: dict[UUID, float] = field(default_factory=dict)
    response: dict[UUID, UUID] = field(default_factory=dict)
    opened_due: dict[UUID, float] = field(default_factory=dict)
    released: dict[UUID, float] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)


def main() -> None:
    """Measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rate", type=float, default=50)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--workers", type=int, default=1)
    chosen = arguments.parse_args()
    with TemporaryDirectory(prefix="survey-bench-") as name, ExitStack() as stack:
        folder = DemoFolder(Path(name))
        postgres = EmbeddedPostgres(folder.database)
        stack.callback(postgres.stop)
        postgres.prepare()
        services = build_services(demo_settings(folder, postgres, PORTS))
        waiting = prepare(services, folder, count=int(chosen.rate * chosen.seconds))
        with psycopg.connect(postgres.url("postgres", "survey"), autocommit=True) as connection:
            connection.execute("SET search_path = public, jobs")
            connection.execute("DELETE FROM procrastinate_jobs")  # the invitations
            connection.execute("VACUUM ANALYZE")
        start_processes(stack, demo_environment(folder, postgres, PORTS), Path(name), workers=chosen.workers)
        cookie = sign_in_staff(services, StaffClaims(staff_hsa_id=STAFF_HSA, unit_hsa_id=UNIT_HSA, acr=LOA3))
        url = postgres.url("postgres", "survey")
        before = cpu_seconds(name)
        report(run(url, waiting, cookie, rate=chosen.rate), chosen.rate, len(waiting))
        spent = {who: seconds - before.get(who, 0) for who, seconds in cpu_seconds(name).items()}
        each = ", ".join(f"{who} {1000 * seconds / len(waiting):.1f} ms" for who, seconds in spent.items())
        print(f"  processor time for a completion with its receipt and release: {each}")
        print(f"  load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        services.db.close()
        services.keys.close()


def prepare(services: Services, folder: DemoFolder, *, count: int) -> list[Waiting]:
    """A provider with one unit and a register, and so many patients with EQ-5D answered but for its last question."""
    seed_wordings(services, wordings_at_hand(services.library, services.settings.instruments))
    provider = add_provider(
        services, hsa_id="SE2321000016-p", name="Region", sender_name="Region", legal_regime="health_care"
    )
    unit = add_unit(services, provider_id=provider, hsa_id=UNIT_HSA, name="Unit")
    member = add_staff_member(services, provider_id=provider, unit_id=unit, hsa_id=STAFF_HSA, name="Member")
    keys = write_register_client(folder, services.settings)
    register = add_register(services, code="bench", name="Bench", cpua_authority="Region", client_id="bench", jwks=keys)
    agree(services, provider_id=provider, register_id=register, variables=("eq5d5l.index", "eq5d5l.vas"))
    protocol = publish_protocol(services, provider_id=provider, definition=_protocol())
    staff = Staff(member, provider, unit)
    began = monotonic()
    with ThreadPoolExecutor(3) as threads:
        waiting = list(threads.map(lambda serial: _one_answer_left(services, staff, protocol, serial), range(count)))
    print(f"{count} patients with one answer left, made in {monotonic() - began:.0f} s")
    return waiting


def _protocol() -> dict[str, object]:
    return {
        "code": "bench",
        "names": {"sv": "Uppföljning", "en": "Follow-up"},
        "reasons": {"sv": "Vi vill veta hur du mår.", "en": "We want to know how you are."},
        "anchor_kind": "visit",
        "purpose": "care",
        "occasions": [
            {
                "code": "visit",
                "titles": {"sv": "Inför besöket", "en": "Before the visit"},
                "due_day": 0,
                "opens_days_before": 7,
                "closes_days_after": 14,
                "instruments": [{"id": "eq5d-5l", "version": "1.0"}],
            }
        ],
    }


def _one_answer_left(services: Services, staff: Staff, protocol: UUID, serial: int) -> Waiting:
    born = date(1940, 1, 1) + timedelta(days=serial % 20000)
    number = identity_number(born, serial % 999)
    identity = Identity(number=number, name=f"Test {serial}", email=None, phone=None, locale="sv")
    today = local_day(services.clock())
    enrolment = enrol_patient(services, Order(identity, protocol, today, "Visit", new_id()), as_=staff)
    person_id = find_person(services, number)
    assert person_id is not None
    patient = Patient(person_id)
    with services.db.transaction(as_=staff) as connection:
        (occasion,) = occasions_of_enrolment(connection, enrolment)
    session_id = start_survey(services, occasion.id, locale="sv", as_=patient)
    state = look_at_session(services, session_id, as_=patient)
    while isinstance(state.step, Ask) and state.step.item.id != "vas":
        answer = read_answer(state.step.item, [str(random.randint(1, 5))])
        assert answer is not None
        state = record_answer(services, session_id, Submission(state.next_sequence, answer), as_=patient)
    cookie = sign_in_patient(services, PatientClaims(number=number, acr=LOA3))
    return Waiting(session_id, cookie, state.next_sequence, "vas")


def start_processes(stack: ExitStack, environment: dict[str, str], folder: Path, *, workers: int) -> None:
    log = stack.enter_context((folder / "log").open("ab"))
    arguments = [["web", "--port", str(PORTS.web), "--processes", "2"], *[["worker"]] * workers]
    for each in arguments:
        stack.enter_context(_process(each, {**os.environ, **environment}, log.fileno()))
    for _ in range(300):
        try:
            if requests.get(f"http://localhost:{PORTS.web}/ready", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            sleep(0.1)
    raise SystemExit(f"The service did not start:\n{(folder / 'log').read_text()[-2000:]}")


@contextmanager
def _process(arguments: Sequence[str], environment: dict[str, str], log: int) -> Iterator[None]:
    command = [sys.executable, "-m", "survey_service.demo.attached", str(os.getpid()), *arguments]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def cpu_seconds(folder: str) -> dict[str, float]:
    """Processor time so far of web, worker, database (the server on ``folder``) and this client. Linux only.

    What a loaded machine cannot distort: how long others made us wait is not in it.
    """
    found: dict[int, tuple[int, str, float]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        ticks = int(fields[11]) + int(fields[12])
        found[int(stat.parent.name)] = (int(fields[1]), command, ticks / os.sysconf("SC_CLK_TCK"))
    totals = dict.fromkeys(("web", "worker", "database", "client"), 0.0)
    for pid, (parent, command, seconds) in found.items():
        above = found.get(parent, (0, "", 0.0))[1]
        if pid == os.getpid():
            totals["client"] += seconds
        elif folder in command or folder in above:
            totals["database"] += seconds
        elif parent == os.getpid() or found.get(parent, (0, "", 0.0))[0] == os.getpid():
            totals["worker" if command.rstrip().endswith("worker") else "web"] += seconds
    return totals


class Sender:
    """Posts forms, with a connection for each thread and one cross-site token for all."""

    def __init__(self) -> None:
        first = requests.get(f"http://localhost:{PORTS.web}/sign-in", timeout=30)
        found = re.search(r'name="csrf_token" value="([^"]+)"', first.text)
        assert found is not None
        self._token, self._form = found[1], first.cookies["form"]
        self._own = local()

    def post(self, path: str, cookie: str, **fields: str) -> int:
        if not hasattr(self._own, "http"):
            self._own.http = requests.Session()
        answer = self._own.http.post(
            f"http://localhost:{PORTS.web}{path}",
            data=urlencode({"csrf_token": self._token, **fields}),
            headers={
                "Cookie": f"form={self._form}; {COOKIE}={cookie}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            allow_redirects=False,
            timeout=120,
        )
        return int(answer.status_code)


def run(url: str, waiting: Sequence[Waiting], staff_cookie: str, *, rate: float) -> Seen:
    """Send everything at its time, and watch what becomes visible."""
    seen, over, sender = Seen(), Event(), Sender()
    watchers = [Thread(target=watch, args=(url, seen, over)) for watch in (_watch_worklist, _watch_feed)]
    for watcher in watchers:
        watcher.start()

    def send(path: str, cookie: str, **fields: str) -> None:
        status = sender.post(path, cookie, **fields)
        if status != 303:
            seen.refused.append(status)

    with ThreadPoolExecutor(SENDERS) as threads:
        begin = monotonic() + 1
        opening: list[tuple[float, UUID]] = []
        for place, one in enumerate(waiting):
            due = begin + place / rate
            _wait_until(due, lambda: _open_due(opening, seen, threads.submit, send, staff_cookie))
            seen.due[one.session_id] = due
            fields = {"sequence": str(one.sequence), "item": one.item_id, "value": "70"}
            threads.submit(send, f"/sessions/{one.session_id}", one.cookie, **fields)
            opening.append((due + OPENED_AFTER, one.session_id))
        last = monotonic() + WAITED_FOR_THE_REST
        while (opening or len(seen.released) < len(waiting)) and monotonic() < last:
            _open_due(opening, seen, threads.submit, send, staff_cookie)
            sleep(0.002)
    over.set()
    for watcher in watchers:
        watcher.join()
    return seen


def _wait_until(due: float, meanwhile: Callable[[], None]) -> None:
    while (left := due - monotonic()) > 0:
        meanwhile()
        sleep(min(left, 0.002))


def _open_due(
    opening: list[tuple[float, UUID]],
    seen: Seen,
    submit: Callable[..., object],
    send: Callable[..., None],
    cookie: str,
) -> None:
    """Open what is due and has reached the worklist; what has not waits for its turn."""
    while opening and opening[0][0] <= monotonic() and opening[0][1] in seen.response:
        due, session_id = opening.pop(0)
        response_id = seen.response[session_id]
        seen.opened_due[response_id] = max(due, monotonic() - 0.01)
        submit(send, f"/staff/responses/{response_id}", cookie)


def _watch_worklist(url: str, seen: Seen, over: Event) -> None:
    query = """SELECT r.session_id, r.id FROM deliveries d JOIN responses r ON r.id = d.response_id
               WHERE d.delivered_at > now() - interval '15 seconds'"""
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.is_set():
            rows = connection.execute(query).fetchall()
            now = monotonic()
            for session_id, response_id in rows:
                seen.listed.setdefault(session_id, now)
                seen.response.setdefault(session_id, response_id)
            sleep(POLLED_EVERY)


def _watch_feed(url: str, seen: Seen, over: Event) -> None:
    query = """SELECT f.position, r.response_id FROM feed_entries f JOIN releases r ON r.id = f.release_id
               WHERE f.position > %s ORDER BY f.position"""
    reached = 0
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.is_set():
            rows = connection.execute(query, [reached]).fetchall()
            now = monotonic()
            for position, response_id in rows:
                reached = position
                seen.released.setdefault(response_id, now)
            sleep(POLLED_EVERY)


def report(seen: Seen, rate: float, count: int) -> None:
    listed = [at - seen.due[session] for session, at in seen.listed.items() if session in seen.due]
    released = [at - seen.opened_due[response] for response, at in seen.released.items() if response in seen.opened_due]
    print(f"{count} responses due at {rate:g} a second, and as many receipts")
    _line("last answer to worklist", listed, seen.listed.values())
    _line("receipt to feed", released, seen.released.values())
    print(f"  refused {len(seen.refused)}, never listed {count - len(listed)}, never released {count - len(released)}")


def _line(name: str, times: Sequence[float], moments: object) -> None:
    if not times:
        print(f"  {name}: nothing")
        return
    at = sorted(moments)  # type: ignore[call-overload]  # because it is a view of floats
    p95, p99 = np.percentile(times, [95, 99])
    print(
        f"  {name:<24} median {median(times):6.3f} s   p95 {p95:6.3f}   p99 {p99:6.3f}   max {max(times):6.3f}"
        f"   reached {(len(at) - 1) / (at[-1] - at[0]):.1f} a second"
    )


if __name__ == "__main__":
    main()
