"""The shipped instruments, the tiny ones, copies of their folders to damage, and the reference beside the checkout."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from instruments import Instrument, Library
from instruments.library import SHIPPED
from tests.unit.instruments.tiny import QUESTIONNAIRES

# A test never times.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

BESIDE_CHECKOUT = Path(__file__).resolve().parents[4] / "shared"


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load()


@pytest.fixture(scope="session")
def tiny() -> Library:
    """One small made-up instrument for each feature."""
    return Library.load(QUESTIONNAIRES)


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


@pytest.fixture(scope="session")
def promis_reference() -> Path:
    """The folder with published parameters, forms and concepts, which stays outside the project."""
    folder = BESIDE_CHECKOUT / "reference" / "promis"
    if not folder.is_dir():
        pytest.skip("the PROMIS reference is not in shared/ beside the checkout")
    return folder
