"""The clients in ``examples/`` keep a table in step with a server that really runs."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket
from threading import Thread

import pytest
from flask import Flask
from joserfc.jwk import ECKey
from werkzeug.serving import make_server

from survey_service.delivery.use_cases import open_response
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from survey_service.settings import Settings
from tests.conftest import TestDatabase
from tests.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
R = shutil.which("Rscript")


@pytest.fixture
def listening() -> Iterator[socket]:
    """A port of our own, taken before the settings name it."""
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken


@pytest.fixture
def settings(settings: Settings, listening: socket) -> Settings:
    return replace(settings, base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")


@pytest.fixture
def server(app: Flask, settings: Settings, listening: socket, over_plain_http: None) -> Iterator[str]:
    running = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
    thread = Thread(target=running.serve_forever)
    thread.start()
    yield settings.base_url
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def client_file(server: str, world: World, register_key: ECKey, tmp_path: Path) -> Path:
    file = tmp_path / "client.json"
    key = register_key.as_dict(private=True)
    file.write_text(json.dumps({"base_url": server, "client_id": "first", "key": key}), encoding="utf-8")
    return file


def confirmed(database: TestDatabase) -> int:
    with database.connect("postgres") as connection:
        row = connection.execute("SELECT count(*) FROM register_messages WHERE kind = 'erasure_confirmed'").fetchone()
        return int(row[0])


def test_the_python_client_keeps_its_table_in_step(
    client_file: Path, released: Callable[..., str], world: World, database: TestDatabase, tmp_path: Path
) -> None:
    """B4, B9"""
    file = tmp_path / "results.sqlite"

    def run() -> set[str]:
        command = [sys.executable, str(EXAMPLES / "python/keep_in_step.py"), "--client", str(client_file)]
        subprocess.run([*command, "--database", str(file)], check=True, timeout=120)
        table = sqlite3.connect(file)
        found = {row[0] for row in table.execute("SELECT DISTINCT response FROM results")}
        table.close()
        return found

    kept = {released(), released()}
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    assert len(run()) == 3
    object_to_register(world.services, world.register.register_id, as_=patient)
    kept.add(released())
    assert run() == kept
    assert confirmed(database) == 1
    assert run() == kept
    assert confirmed(database) == 1


@pytest.mark.skipif(R is None, reason="Rscript is not installed, so the client in R has not been run")
def test_the_r_client_keeps_its_table_in_step(
    client_file: Path, released: Callable[..., str], database: TestDatabase, tmp_path: Path
) -> None:
    """B4, B9"""
    assert R is not None
    libraries = "all(sapply(c('jsonlite', 'httr2', 'openssl'), requireNamespace, quietly = TRUE))"
    has_them = subprocess.run([R, "-e", f"quit(status = !{libraries})"], check=False, capture_output=True)
    script = str(EXAMPLES / "R/keep_in_step.R")
    if has_them.returncode != 0:
        subprocess.run([R, "-e", f"invisible(parse('{script}'))"], check=True, timeout=120)
        pytest.skip("R lacks jsonlite, httr2 or openssl: the client has been parsed and not run")
    references = {released(), released()}
    subprocess.run([R, script, str(client_file), str(tmp_path)], check=True, timeout=120)
    text = (tmp_path / "results.csv").read_text(encoding="utf-8")
    assert all(reference in text for reference in references)
