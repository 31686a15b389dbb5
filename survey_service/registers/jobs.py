"""Releasing, once care has received, and making up for what a register could not have before."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.foundation.together import Together
from survey_service.registers.releasing import BATCH, release_backlog, release_batch


class Releasing:
    """The job of ``release_batch``, one response each: those of a provider that are due at once go together.

    Harmless when repeated.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._by_provider: dict[UUID, Together[UUID]] = {}

    def __call__(self, *, provider_id: str, response_id: str) -> None:
        provider = UUID(provider_id)
        new = Together(partial(self._release, System(provider)), most=BATCH)
        self._by_provider.setdefault(provider, new)(UUID(response_id))

    def _release(self, as_: System, response_ids: Sequence[UUID]) -> None:
        count = release_batch(self._services, sorted(response_ids), as_=as_)
        get_logger().info("responses.released", provider_id=str(as_.provider_id), count=count)


def backlog(services: Services, *, provider_id: str, register_id: str, after: str | None = None) -> None:
    """Run ``release_backlog``. Harmless when repeated."""
    count = release_backlog(
        services,
        register_id=UUID(register_id),
        after=UUID(after) if after else None,
        as_=System(UUID(provider_id)),
    )
    get_logger().info("backlog.released", provider_id=provider_id, register_id=register_id, count=count)
