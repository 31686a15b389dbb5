"""Banks to test with, and the way to the reference data that may not live in the project."""

from pathlib import Path

import pytest
from hypothesis import settings

from cat_engine import ItemBank

# A test never times.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

DATA = Path(__file__).parent / "data"
BESIDE_CHECKOUT = Path(__file__).resolve().parents[4] / "shared"


@pytest.fixture(scope="session")
def depression() -> ItemBank:
    return ItemBank.from_csv(DATA / "bank_depression15.csv")


@pytest.fixture(scope="session")
def promis_reference() -> Path:
    """The folder with respondent-level reference data, which stays outside the project."""
    folder = BESIDE_CHECKOUT / "reference" / "promis"
    if not folder.is_dir():
        pytest.skip("the reference data of real respondents is not in shared/ beside the checkout")
    return folder
