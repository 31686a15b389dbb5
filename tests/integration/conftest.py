"""Fixtures: a world outside any demonstration."""

from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import ECKey

from survey_service.foundation.services import Services
from tests.conftest import TestDatabase
from tests.licences import accept, license_use, outside_a_demonstration
from tests.translators import Team, make_team
from tests.world import World


@pytest.fixture
def real(services: Services, database: TestDatabase, register_key: ECKey) -> World:
    """A world on a database for real use, with no licence."""
    return outside_a_demonstration(services, database, register_key)


@pytest.fixture
def licence(real: World, tmp_path: Path) -> UUID:
    """A licence for alice's provider, with licensed wording in Swedish."""
    licence_id = license_use(real)
    accept(real, licence_id, tmp_path)
    return licence_id


@pytest.fixture
def team(services: Services) -> Team:
    """Translators at work in a demonstration."""
    return make_team(services)
