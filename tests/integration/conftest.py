"""Fixtures: a world outside any demonstration; a register's client, and what is released to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from survey_service.delivery.use_cases import open_response
from survey_service.foundation.services import Services
from survey_service.registers.releasing import release_batch
from tests.conftest import TestDatabase
from tests.integration.pulling import ask, claims, references, signed
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


@pytest.fixture
def over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the demonstration: there is no TLS on loopback."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def client(app: Flask, world: World, over_plain_http: None) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def bearer(client: FlaskClient, register_key: ECKey) -> dict[str, str]:
    """The header of a register that has its token."""
    token = ask(client, signed(register_key, claims())).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def released(world: World, database: TestDatabase) -> Callable[..., str]:
    """A response that the unit has opened and the register may have; returns what the register calls it."""

    def make(**identity: Any) -> str:
        patient, occasion = world.enrol(world.new_identity(**identity))
        (response_id,) = world.answer(patient, occasion)
        open_response(world.services, response_id, as_=world.alice)
        release_batch(world.services, [response_id], as_=world.system)
        return references(database, [response_id])[0]

    return make
