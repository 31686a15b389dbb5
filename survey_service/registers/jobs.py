"""Releasing, once care has received."""

from uuid import UUID

from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.registers.releasing import release_response


def release(services: Services, *, provider_id: str, response_id: str) -> None:
    """Run ``release_response``. Harmless when repeated."""
    count = release_response(services, UUID(response_id), as_=System(UUID(provider_id)))
    get_logger().info("response.released", response_id=response_id, count=count)
