"""The shipped instruments, and copies of their folders to damage."""

import shutil
from pathlib import Path

import pytest

from instruments import Instrument, Library
from instruments.library import SHIPPED


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load()


@pytest.fixture(scope="session")
def eq5d(library: Library) -> Instrument:
    return library.get("eq5d-5l", "1.0")


@pytest.fixture(scope="session")
def anxiety(library: Library) -> Instrument:
    return library.get("promis-anxiety", "1.0")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped definitions that a test may change."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "data"))
