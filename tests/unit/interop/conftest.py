"""The shipped and the tiny instruments with their wordings: shipped, or made up where there are none."""

from pathlib import Path

import pytest
from hypothesis import settings

from instruments import Library
from tests.unit.interop.wordings import Told, told_of
from translations.catalogue import load_wordings

# A test never times.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

QUESTIONNAIRES = Path(__file__).resolve().parents[2] / "questionnaires" / "data"


@pytest.fixture(scope="session")
def shipped() -> tuple[Told, ...]:
    """Every instrument that the project ships, with its wordings."""
    library = Library.load()
    return tuple(told_of(one.definition, load_wordings(library)) for one in library.instruments.values())


@pytest.fixture(scope="session")
def tiny() -> tuple[Told, ...]:
    """One small made-up instrument for each feature, worded in three languages."""
    return tuple(told_of(one.definition, ()) for one in Library.load(QUESTIONNAIRES).instruments.values())
