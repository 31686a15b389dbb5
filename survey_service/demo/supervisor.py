"""`survey demo`: everything up with one command, everything down with Ctrl-C."""

import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from types import FrameType

import click
import requests

from instruments import Instrument
from survey_service.demo.embedded import EmbeddedPostgres, running_logins
from survey_service.demo.environment import (
    DemoFolder,
    Ports,
    demo_environment,
    demo_settings,
    write_gateways,
    write_register_client,
)
from survey_service.demo.identity_provider import identity_provider
from survey_service.demo.mail_sink import mail_sink
from survey_service.demo.people import made_up_patients
from survey_service.demo.population import (
    ANSWERED,
    CLINICIAN,
    ENGLISH,
    PATIENTS,
    REPLAY_PROTOCOLS,
    WAITING,
    demo_users,
    is_populated,
    populate,
)
from survey_service.demo.registered import register_people
from survey_service.register_client import RegisterClient
from survey_service.replay import ReplayFailed, Target
from survey_service.settings import Settings
from survey_service.wiring import build_services

_START_SECONDS = 60
_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Running:
    """A demonstration that is up."""

    folder: DemoFolder
    ports: Ports
    processes: Mapping[str, subprocess.Popen[bytes]]

    def ensure_alive(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise click.ClickException(f"The {name} has stopped: see {self.folder.log}.")


def run_demo(folder: DemoFolder, ports: Ports) -> None:
    """Start, say where to go, and wait for Ctrl-C."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupt)
    # The sign-in provider and the mail page would print every request, addresses and all.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        with running_demo(folder, ports, progress=_say) as running:
            click.echo(_directions(running))
            while True:
                sleep(1)
                running.ensure_alive()
    except KeyboardInterrupt:
        click.echo("\nStopped. The data is kept: `make demo` finds it again, `make demo-reset` starts afresh.")


@contextmanager
def running_demo(folder: DemoFolder, ports: Ports, *, progress: Callable[[str], None]) -> Iterator[Running]:
    """The whole service on this machine, until the block ends."""
    with ExitStack() as stack:
        stack.enter_context(_alone(folder))
        _refuse_taken(ports)
        progress("database")
        postgres = EmbeddedPostgres(folder.database)
        stack.callback(postgres.stop)
        if folder.unfinished.exists():
            postgres.forget()  # half a population would pass for a whole one
        postgres.prepare()
        register_people(folder.directory, [WAITING, ANSWERED, ENGLISH, *made_up_patients(PATIENTS)])
        write_gateways(folder, ports)
        settings = demo_settings(folder, postgres, ports)
        register_keys = write_register_client(folder, settings)
        services = build_services(settings)
        if not is_populated(services):
            folder.unfinished.touch()
            populate(services, register_keys=register_keys, progress=progress)
            folder.unfinished.unlink()
        services.db.close()
        services.keys.close()
        progress("sign-in provider and mail sink")
        stack.enter_context(identity_provider(ports.identity, demo_users()))
        stack.enter_context(mail_sink(smtp_port=ports.smtp, web_port=ports.mail, letters=folder.letters))
        progress("web and worker")
        environment = {**os.environ, **demo_environment(folder, postgres, ports)}
        log = stack.enter_context(folder.log.open("ab"))
        processes = {
            arguments[0]: stack.enter_context(_process(arguments, environment, log.fileno()))
            for arguments in (["web", "--port", str(ports.web), "--processes", "2"], ["worker"])
        }
        running = Running(folder, ports, processes)
        _wait_until_ready(running)
        folder.running.write_text(json.dumps({"first_port": ports.first}), encoding="utf-8")
        stack.callback(folder.running.unlink, missing_ok=True)
        yield running


def reset(folder: DemoFolder) -> None:
    """Forget the demonstration's data. A folder that holds no demonstration is left as it is."""
    if not folder.database.exists():
        return
    with _alone(folder):
        EmbeddedPostgres(folder.database).stop()
        shutil.rmtree(folder.path, ignore_errors=True)


def replay_target(folder: DemoFolder, instrument: Instrument) -> Target:
    """The running demonstration, for `survey replay`. Raises ``ReplayFailed`` when it does not run."""
    if not _is_running(folder):
        raise ReplayFailed("The demonstration is not running. Start it with `make demo` in another terminal.")
    if instrument.id not in REPLAY_PROTOCOLS:
        raise ReplayFailed(f"No protocol of the demonstration asks {instrument.id} alone.")
    ports = _last_ports(folder)
    return Target(
        base_url=f"http://localhost:{ports.web}",
        identity_url=f"http://localhost:{ports.identity}",
        clinician=CLINICIAN,
        protocol=REPLAY_PROTOCOLS[instrument.id],
        register=RegisterClient.read(folder.register_client),
    )


def running_settings(folder: DemoFolder) -> Settings:
    """Those of the running demonstration. Raises ``ClickException`` when it does not run."""
    if not _is_running(folder):
        raise click.ClickException("The demonstration is not running. Start it with `make demo` in another terminal.")
    return demo_settings(folder, running_logins(folder.database), _last_ports(folder))


@contextmanager
def _alone(folder: DemoFolder) -> Iterator[None]:
    """Be the only one on the folder. The kernel lets go of it when this process ends, however it ends."""
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException("The demonstration is running. Stop it with Ctrl-C first.") from None
        yield


def _is_running(folder: DemoFolder) -> bool:
    """Up, not only on its way: the file is left behind by a kill, the lock is not."""
    if not folder.running.exists():
        return False
    try:
        with _alone(folder):
            return False
    except click.ClickException:
        return True


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], log: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service in a group of its own, so that Ctrl-C reaches it from here, in order."""
    command = [sys.executable, "-m", "survey_service.demo.attached", str(os.getpid()), *arguments]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)  # noqa: S603  # because the command is ours
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(running: Running) -> None:
    deadline = monotonic() + _START_SECONDS
    while monotonic() < deadline:
        running.ensure_alive()
        try:
            if requests.get(f"http://localhost:{running.ports.web}/ready", timeout=5).status_code == 200:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        sleep(0.1)
    raise click.ClickException(f"The service did not start within a minute: see {running.folder.log}.")


def _refuse_taken(ports: Ports) -> None:
    for port in ports.all:
        if _is_taken(port):
            raise click.ClickException(
                f"Port {port} is taken by another program. Stop it, or choose others: make demo PORT=9400"
                f" (uses {len(ports.all)} ports from there)."
            )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _last_ports(folder: DemoFolder) -> Ports:
    return Ports(json.loads(folder.running.read_text(encoding="utf-8"))["first_port"])


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Stop in order. A second Ctrl-C, out of impatience, must not cut the stopping short."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(step: str) -> None:
    click.echo(f"  … {step}")


def _directions(running: Running) -> str:
    web = f"http://localhost:{running.ports.web}"
    folder = os.path.relpath(running.folder.path)
    return f"""
The survey service is running. Everybody in it is made up. Ctrl-C stops it all.
  Patient    {web}  → Sign in with BankID → anna. Read, answer, see what becomes of it.
  Clinician  {web}/staff/sign-in  → karin (two factors). Worklist, open = receipt, enrol a patient.
  Manager    {web}/staff/sign-in  → margit. Registers: agreements. Not received: the record system.
  Rights     {web}/staff/sign-in  → adam (administrator), disa (data protection officer), nora (another unit).
  Register   .venv/bin/survey register pull --client {folder}/register-client.json
  E-mail     http://localhost:{running.ports.mail}  (what was sent, and how little it says)
  Try: answer as anna, pull as the register (nothing yet), open as karin, pull again.
  Try: sign in as olof of another provider; as karin with one factor; say no to the register as bo.
  Also: .venv/bin/survey clock forward 30d (travel in time); .venv/bin/survey replay RESPONSES.csv (real respondents)
  Log: {folder}/log    Start afresh: make demo-reset"""
