"""Fixtures: the whole demonstration, once a run, and browsers that see nothing but this machine."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from survey_service.demo.environment import DemoFolder
from tests.conftest import folder_for_a_server
from tests.journeys.demonstration import demonstration
from tests.journeys.visits import CHROMIUM_ARGUMENTS, Demo, Devices, free_ports
from tests.preview.app import create_app


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Where the tests run side by side, the journeys stay together: they share one demonstration and one browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """A demonstration of this run's own: web, worker, sign-in provider, mail sink, PostgreSQL."""
    with folder_for_a_server() as outside, demonstration(outside / "demo", free_ports()) as terminal:
        terminal.wait_for_directions()
        yield Demo(DemoFolder(outside / "demo"), terminal.ports)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("The browser tests need Chromium: sudo apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def devices(chromium: Browser) -> Iterator[Devices]:
    """Phones and desks on demand. A page that complains in the console fails the test that opened it."""
    opened = Devices(chromium)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture(scope="session")
def preview() -> Iterator[str]:
    """Where every template is to be seen with made-up data: no database, nobody signed in."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True, request_handler=Silent)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass
