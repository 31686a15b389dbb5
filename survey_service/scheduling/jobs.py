"""What the worker does with plans. Harmless when repeated."""

from uuid import UUID

from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.scheduling.protocol_changing import change_portion
from survey_service.scheduling.protocol_previewing import preview_portion


def change_protocol(services: Services, *, provider_id: str, version_id: str, first: str, last: str) -> None:
    """Give a protocol's version to a portion of those enrolled."""
    count = change_portion(
        services, version_id=UUID(version_id), first=UUID(first), last=UUID(last), as_=System(UUID(provider_id))
    )
    get_logger().info("protocol.applied", version_id=version_id, count=count)


def preview_protocol(services: Services, *, provider_id: str, preview_id: str, first: str, last: str) -> None:
    """Look at what a protocol's next version would do to a portion of those enrolled."""
    preview_portion(
        services, preview_id=UUID(preview_id), first=UUID(first), last=UUID(last), as_=System(UUID(provider_id))
    )
