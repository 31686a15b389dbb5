"""Releasing, once care has received, and making up for what a register could not have before."""

from uuid import UUID

from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.registers.releasing import release_backlog, release_response


def release(services: Services, *, provider_id: str, response_id: str) -> None:
    """Run ``release_response``. Harmless when repeated."""
    count = release_response(services, UUID(response_id), as_=System(UUID(provider_id)))
    get_logger().info("response.released", response_id=response_id, count=count)


def backlog(services: Services, *, provider_id: str, register_id: str, after: str | None = None) -> None:
    """Run ``release_backlog``. Harmless when repeated."""
    count = release_backlog(
        services,
        register_id=UUID(register_id),
        after=UUID(after) if after else None,
        as_=System(UUID(provider_id)),
    )
    get_logger().info("backlog.released", provider_id=provider_id, register_id=register_id, count=count)
