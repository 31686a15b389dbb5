"""The demonstration's own life: one command up, Ctrl-C down, the data found again, nothing left behind.

One demonstration goes through most of its life in one test, because each start costs seconds.
"""

import os
import signal
import socket
from pathlib import Path

import psutil
import psycopg
import pytest
import requests

from tests.journeys.demonstration import LAST_LINE, demonstration, run_survey
from tests.journeys.visits import eventually, free_ports, is_taken

RUNNING = "The demonstration is running. Stop it with Ctrl-C first."


def test_the_demonstration_starts_says_where_to_go_stops_whole_and_finds_its_data_again(server_folder: Path) -> None:
    """H3"""
    folder, ports = server_folder / "demo", free_ports()
    with demonstration(folder, ports) as terminal:
        printed = terminal.wait_for_directions()
        directions = [line for line in printed.splitlines() if line.strip() and "…" not in line]
        assert 8 <= len(directions) <= 11
        for direction in (f"http://localhost:{ports.web}", "anna", "karin", "register pull", "Ctrl-C", "replay"):
            assert direction in printed
        assert requests.get(f"http://localhost:{ports.web}/ready", timeout=10).json() == {"status": "ready"}
        assert requests.get(f"http://localhost:{ports.mail}", timeout=10).status_code == 200
        first = enrolments(folder)
        assert first > 20

        second = run_survey("demo", "--folder", str(folder), "--port", str(free_ports().first))
        assert (second.returncode, said(second.stderr)) == (1, RUNNING)
        refused = run_survey("demo", "--folder", str(folder), "--reset")
        assert (refused.returncode, said(refused.stderr)) == (1, RUNNING)
        assert enrolments(folder) == first

        belonging = terminal.belonging()
        assert len(belonging) > 8
        assert terminal.interrupt(times=3) == 0
        assert "The data is kept" in terminal.text
        assert "GET /" not in terminal.text
        assert "Traceback" not in terminal.text
    assert alive(belonging) == []
    assert [port for port in ports.all if is_taken(port)] == []

    with demonstration(folder, ports) as terminal:
        printed = terminal.wait_for_directions()
        assert "patients" not in printed
        assert enrolments(folder) == first
        assert terminal.interrupt() == 0

    forgotten = run_survey("demo", "--folder", str(folder), "--reset")
    assert forgotten.returncode == 0
    assert not folder.exists()


def test_a_killed_demonstration_leaves_no_port_taken_and_is_started_again(server_folder: Path, tmp_path: Path) -> None:
    folder, ports = server_folder / "demo", free_ports()
    with demonstration(folder, ports) as terminal:
        terminal.wait_for_directions()
        first = enrolments(folder)
        belonging = terminal.belonging()
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait()
        eventually(lambda: not any(is_taken(port) for port in ports.all) or None)
        eventually(lambda: all(name_of(one) in {"postgres", ""} for one in alive(belonging)) or None)
        late = run_survey("replay", str(matrix(tmp_path)), "--instrument", "promis-anxiety", "--folder", str(folder))
        assert late.returncode == 1
        assert said(late.stderr).startswith("The demonstration is not running.")

    with demonstration(folder, ports) as terminal:
        terminal.wait_for_directions()
        assert enrolments(folder) == first
        assert terminal.interrupt() == 0
    assert alive(belonging) == []


def test_a_first_start_that_was_cut_short_is_made_whole_by_the_next(server_folder: Path) -> None:
    folder, ports = server_folder / "demo", free_ports()
    with demonstration(folder, ports) as terminal:
        terminal.wait_for("patients")
        eventually(lambda: enrolments(folder) > 3 or None)
        belonging = terminal.belonging()
        assert terminal.interrupt() == 0
        assert LAST_LINE not in terminal.text
    assert alive(belonging) == []

    with demonstration(folder, ports) as terminal:
        terminal.wait_for_directions()
        assert enrolments(folder) > 20
        (worker,) = (one for one in terminal.belonging() if command_of(one)[-1:] == ["worker"])
        belonging = terminal.belonging()
        worker.kill()
        assert terminal.process.wait(30) == 1
        assert said(terminal.text.splitlines()[-1]).startswith("The worker has stopped")
    assert alive(belonging) == []


def test_a_taken_port_is_said_in_one_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        refused = run_survey("demo", "--folder", str(tmp_path / "demo"), "--port", str(taken - 1))
    assert refused.returncode == 1
    assert said(refused.stderr).startswith(f"Port {taken} is taken by another program.")
    assert not (tmp_path / "demo" / "postgres").exists()


def test_a_reset_touches_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert run_survey("demo", "--folder", str(tmp_path), "--reset").returncode == 0
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("port", ["0", "65534", "letters"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, port: str) -> None:
    refused = run_survey("demo", "--folder", str(tmp_path / "demo"), "--port", port)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "demo").exists()


def said(errors: str) -> str:
    """The one line of an error."""
    (line,) = errors.strip().splitlines()
    return line.removeprefix("Error: ")


def enrolments(folder: Path) -> int:
    """How many there are, by SQL."""
    lines = (folder / "postgres" / "postmaster.pid").read_text().splitlines()
    with psycopg.connect(f"postgresql://postgres@/survey?host={lines[4]}") as connection:
        row = connection.execute("SELECT count(*) FROM enrolments").fetchone()
    assert row is not None
    return int(row[0])


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if state_of(one) not in (None, psutil.STATUS_ZOMBIE)]


def state_of(process: psutil.Process) -> str | None:
    """None for one that has ended, also in this very moment."""
    try:
        return process.status() if process.is_running() else None
    except psutil.NoSuchProcess:
        return None


def name_of(process: psutil.Process) -> str:
    """Empty for one that has just gone."""
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def command_of(process: psutil.Process) -> list[str]:
    """The database's own processes come and go: nothing for one that has just gone."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def matrix(folder: Path) -> Path:
    file = folder / "one.csv"
    file.write_text("person,EDANX53\n1,3\n", encoding="utf-8")
    return file
