"""Starting the simulated record system, and telling it what to do."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests


@dataclass(frozen=True)
class Simulated:
    """A record system that runs."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    @property
    def _control(self) -> str:
        return f"http://127.0.0.1:{self.port}/control"

    def does(self, *behaviours: str) -> None:
        """What it does with the next Bundles, one after the other; then everything is good."""
        requests.post(self._control, json=behaviours, timeout=10)

    def trusts(self, keys: Mapping[str, Any]) -> None:
        """Whose proofs it takes: those made with the private half of one of these keys."""
        requests.put(self._control, json=keys, timeout=10)

    def goes_on(self) -> None:
        requests.delete(self._control, timeout=10)

    def tells(self) -> dict[str, Any]:
        """What it holds."""
        found: dict[str, Any] = requests.get(self._control, timeout=10).json()
        return found


@contextmanager
def simulated_record_system() -> Iterator[Simulated]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.record_system.server", str(port)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            _wait_for(port)
            yield Simulated(port)
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    deadline = monotonic() + 20
    while monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.02)
    raise AssertionError("the simulated record system did not start")
