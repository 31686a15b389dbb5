"""What the worker does for follow-up: the figures of every provider, each night."""

from survey_service.access.queries import all_providers
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.insight.use_cases import make_figures


def make_all_figures(services: Services) -> None:
    """For each provider in a transaction of its own."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        provider_ids = sorted(all_providers(connection))
    for provider_id in provider_ids:
        count = make_figures(services, as_=System(provider_id))
        get_logger().info("follow_up.made", provider_id=str(provider_id), count=count)
