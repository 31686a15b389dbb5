"""A demonstration as somebody at a terminal has it: started by its command, read off its screen, stopped by Ctrl-C."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from survey_service.demo.environment import Ports
from tests.journeys.visits import eventually

LONGEST_START = 90
LONGEST_STOP = 30
LAST_LINE = "Start afresh: make demo-reset"


@dataclass(frozen=True)
class Terminal:
    """The command that runs, and what it has printed."""

    process: subprocess.Popen[bytes]
    screen: Path
    folder: Path
    ports: Ports

    @property
    def text(self) -> str:
        return self.screen.read_text(encoding="utf-8")

    def wait_for_directions(self) -> str:
        """What is printed up to the last of the directions. Fails when the command ends before."""

        def found() -> str | None:
            assert self.process.poll() is None, self.text
            return self.text if LAST_LINE in self.text else None

        return eventually(found, seconds=LONGEST_START)

    def wait_for(self, text: str) -> None:
        eventually(lambda: text in self.text or None, seconds=LONGEST_START)

    def interrupt(self, *, times: int = 1) -> int:
        """Ctrl-C, as a terminal sends it: to everything in the foreground. Returns the exit code."""
        for _ in range(times):
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(LONGEST_STOP)

    def belonging(self) -> list[psutil.Process]:
        """Every process that the command has started, and the command itself."""
        command = psutil.Process(self.process.pid)
        postmaster = psutil.Process(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]))
        return [command, *command.children(recursive=True), postmaster, *postmaster.children(recursive=True)]


@contextmanager
def demonstration(folder: Path, ports: Ports) -> Iterator[Terminal]:
    """``survey demo`` on a folder, stopped at the end if it still runs."""
    folder.mkdir(parents=True, exist_ok=True)
    screen = folder.parent / f"screen-{ports.first}"
    with screen.open("wb") as output:
        process = subprocess.Popen(
            survey("demo", "--folder", str(folder), "--port", str(ports.first)),
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    terminal = Terminal(process, screen, folder, ports)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            terminal.interrupt()


def survey(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "survey_service.cli", *arguments]


def run_survey(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``survey`` to its end."""
    return subprocess.run(survey(*arguments), capture_output=True, text=True, timeout=LONGEST_START)
