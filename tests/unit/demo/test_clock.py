"""The demonstration's clock is moved by a file, at once for whoever asks, and back by taking the file away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from survey_service.demo.clock import MovedClock

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def moved(folder: Path) -> MovedClock:
    return MovedClock(folder / "clock", real=lambda: NOW)


def test_it_is_the_real_time_until_time_is_moved_and_again_afterwards(tmp_path: Path) -> None:
    clock = moved(tmp_path)
    assert clock() == NOW
    clock.move_to(NOW + timedelta(days=30))
    assert moved(tmp_path)() == NOW + timedelta(days=30)
    clock.back_to_now()
    assert moved(tmp_path)() == NOW


@pytest.mark.parametrize("content", ["", "tomorrow"])
def test_a_file_that_says_nothing_moves_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock").write_text(content, encoding="ascii")
    assert moved(tmp_path)() == NOW
