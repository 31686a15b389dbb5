"""The simulated gateway, once for all tests of a run; to each it is as new."""

from collections.abc import Iterator

import pytest

from tests.gateway.client import SimulatedGateway, simulated_gateway


@pytest.fixture(scope="session")
def running_gateway() -> Iterator[SimulatedGateway]:
    with simulated_gateway() as running:
        yield running


@pytest.fixture
def gateway(running_gateway: SimulatedGateway) -> SimulatedGateway:
    running_gateway.starts_anew()
    return running_gateway
