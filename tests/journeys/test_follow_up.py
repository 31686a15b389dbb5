"""A year in a minute: time is moved, what falls due is done, and the unit sees how its follow-up went."""

import pytest
from playwright.sync_api import expect

from survey_service.demo.clock import MovedClock
from tests.conftest import folder_for_a_server
from tests.journeys.demonstration import demonstration, run_survey
from tests.journeys.visits import Demo, DemoFolder, Devices, free_ports, sign_in_staff

pytestmark = pytest.mark.browser


def test_time_moves_and_late_patients_and_the_follow_up_of_the_unit_appear(devices: Devices) -> None:
    """B11"""
    with folder_for_a_server() as outside, demonstration(outside / "demo", free_ports()) as terminal:
        terminal.wait_for_directions()
        demo = Demo(DemoFolder(outside / "demo"), terminal.ports)
        moved = run_survey("clock", "forward", "12d", "--folder", str(demo.folder.path))
        assert moved.returncode == 0, moved.stderr
        assert "12.0 days ahead of the real time" in moved.stdout
        assert MovedClock(demo.folder.clock).offset.days in {11, 12}

        desk = devices.desk()
        sign_in_staff(desk, demo)
        # Anna's operation was due five days after the start: now she is late.
        expect(desk.get_by_role("row", name="Anna Lind Inför operationen")).to_contain_text("Försenad")
        desk.goto(f"{demo.url}/staff/follow-up")
        expect(desk.get_by_role("heading", name="Enhetens uppföljning")).to_be_visible()
        expect(desk.get_by_role("heading", name="Uppföljning av din operation")).to_be_visible()
        expect(desk.get_by_role("rowheader", name="Inför operationen").first).to_be_visible()
        with desk.expect_download() as download:
            desk.get_by_role("link", name="Alla siffror som fil (CSV)").click()
        assert "promis_anxiety.t" in download.value.path().read_text(encoding="utf-8-sig")

        back = run_survey("clock", "back-to-now", "--folder", str(demo.folder.path))
        assert "the real time" in back.stdout
        assert terminal.interrupt() == 0


def test_there_is_no_time_to_move_where_no_demonstration_runs(server_folder: object) -> None:
    refused = run_survey("clock", "forward", "30d", "--folder", str(server_folder))
    assert refused.returncode == 1
    assert "is not running" in refused.stderr
