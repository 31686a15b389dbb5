"""Starting the simulated gateway, and telling it what to do."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests


@dataclass(frozen=True)
class SimulatedGateway:
    """A gateway that runs."""

    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def does(self, *behaviours: str) -> None:
        """What it does with the next messages, one after the other; then everything is good."""
        requests.post(self.url("control"), json=behaviours, timeout=10)

    def goes_on(self) -> None:
        requests.delete(self.url("control"), timeout=10)

    def starts_anew(self) -> None:
        """Holding nothing, and well-behaved."""
        requests.put(self.url("control"), timeout=10)

    def holds(self) -> dict[str, dict[str, Any]]:
        """By key, what it was given and how often."""
        found: dict[str, dict[str, Any]] = requests.get(self.url("control"), timeout=10).json()
        return found


@contextmanager
def simulated_gateway() -> Iterator[SimulatedGateway]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "tests.gateway.server", str(port)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            _wait_for(port)
            yield SimulatedGateway(port)
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    deadline = monotonic() + 20
    while monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.02)
    raise AssertionError("the simulated gateway did not start")
