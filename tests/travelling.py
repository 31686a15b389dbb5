"""Time that goes on as in the demonstration, with the worker at work on the way."""

from datetime import datetime
from functools import partial

from survey_service.demo.clock import MovedClock
from survey_service.demo.travel import travel
from survey_service.foundation.services import Services
from tests.conftest import without_event_loop


def travelled(services: Services, clock: MovedClock, to: datetime) -> int:
    """Travel there; returns on how many days jobs fell due."""
    return without_event_loop(partial(travel, services, clock, to, progress=lambda _at: None))
