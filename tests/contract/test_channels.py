"""What every channel promises, whichever it is."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.channels import DeliveryFailure, PermanentFailure, TechnicalFailure, TemporaryFailure
from tests.contract.ways_out import PERSONAL, WAYS, Way
from tests.gateway.client import SimulatedGateway

FAILURES = [TemporaryFailure, PermanentFailure, TechnicalFailure]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path, gateway: SimulatedGateway) -> Iterator[Way]:
    with WAYS[request.param](tmp_path, gateway) as opened:
        yield opened


def fail(way: Way, failure: type[DeliveryFailure]) -> DeliveryFailure:
    """What is raised when the counterpart is made to fail so."""
    if failure not in way.can_fail:
        pytest.skip("this counterpart cannot fail so")
    way.fail(failure)
    with pytest.raises(DeliveryFailure) as raised:
        way.channel.send(way.message)
    return raised.value


def test_a_message_that_is_taken_is_with_the_counterpart(way: Way) -> None:
    way.channel.send(way.message)
    assert way.held() == 1


def test_the_same_key_twice_is_one_message_and_gets_the_same_id(way: Way) -> None:
    """What must never happen 6"""
    first = way.channel.send(way.message)
    assert way.channel.send(way.message) == first
    assert way.held() == 1
    assert way.channel.send(way.another()) != first or first is None
    assert way.held() == 2


@pytest.mark.parametrize("failure", FAILURES)
def test_what_is_not_taken_raises_why_and_leaves_nothing(way: Way, failure: type[DeliveryFailure]) -> None:
    assert type(fail(way, failure)) is failure
    assert way.held() == 0


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_that_is_raised_repeats_whose_message_it_was_or_what_was_in_it(
    way: Way, failure: type[DeliveryFailure]
) -> None:
    """G4"""
    raised = fail(way, failure)
    shown = f"{raised!r} {raised.__context__!r} {''.join(traceback.format_exception_only(raised))}"
    assert not [one for one in PERSONAL if one in shown]


def test_neither_a_message_nor_its_channel_prints_anything_personal(way: Way) -> None:
    """G4"""
    way.channel.send(way.message)
    shown = f"{way.message!r} {way.channel!r}"
    assert not [one for one in PERSONAL if one in shown]


def test_a_channel_says_what_format_it_takes_and_what_it_shows_of_its_own(way: Way) -> None:
    """C1"""
    assert type(way.message).__name__.lower() == way.channel.format.value
    assert all(isinstance(one, str) and one for one in way.channel.envelope)


def test_a_channel_that_was_closed_goes_on(way: Way) -> None:
    way.channel.send(way.message)
    way.channel.close()
    way.channel.close()
    way.channel.send(way.another())
    assert way.held() == 2
