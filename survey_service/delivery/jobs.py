"""What the worker does with deliveries. Every job is harmless when repeated."""

from collections.abc import Callable, Mapping
from uuid import UUID, uuid5

from babel.support import Translations

from notifications.channels import PermanentFailure
from survey_service.access.queries import all_providers
from survey_service.delivery.flag_raising import raise_flags
from survey_service.delivery.gateway import RecordSystemGateway
from survey_service.delivery.pushing import catch_up as catch_up_with
from survey_service.delivery.pushing import push as push_response
from survey_service.delivery.use_cases import take_into_archive
from survey_service.delivery.watching import watch as watch_provider
from survey_service.delivery.watching import watch_flags, whom_to_tell
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.http.locale import DEFAULT
from survey_service.notifying.rendering import alarm


def push(services: Services, gateway: RecordSystemGateway, *, provider_id: str, response_id: str) -> None:
    """Try when it is time."""
    _push(services, gateway, provider_id, response_id, at_once=False)


def push_now(services: Services, gateway: RecordSystemGateway, *, provider_id: str, response_id: str) -> None:
    """Try whether it is time or not."""
    _push(services, gateway, provider_id, response_id, at_once=True)


def archive(services: Services, *, provider_id: str, response_id: str) -> None:
    taken = take_into_archive(services, UUID(response_id), as_=System(UUID(provider_id)))
    get_logger().info("response.archived", response_id=response_id, outcome="taken" if taken else "left")


def flag(services: Services, *, provider_id: str, response_id: str, unit_id: str | None = None) -> None:
    """Look at a delivered response by a unit's own rules: without one, by those of every unit that has it."""
    unit = None if unit_id is None else UUID(unit_id)
    count = raise_flags(services, UUID(response_id), unit_id=unit, as_=System(UUID(provider_id)))
    get_logger().info("response.judged", response_id=response_id, count=count)


def watch(services: Services) -> None:
    """Comes round every minute, for each provider; what goes wrong for one keeps no other from being told."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        provider_ids = sorted(all_providers(connection))
    failed: list[Exception] = []
    for provider_id in provider_ids:
        try:
            _watch(services, System(provider_id))
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {len(provider_ids)} providers", failed)


def _watch(services: Services, provider: System) -> None:
    if count := watch_provider(services, as_=provider):
        get_logger().warning("responses.not_received", provider_id=str(provider.provider_id), count=count)
    if count := watch_flags(services, as_=provider):
        get_logger().warning("flags.not_assessed", provider_id=str(provider.provider_id), count=count)


def catch_up(services: Services, *, provider_id: str) -> None:
    count = catch_up_with(services, as_=System(UUID(provider_id)))
    get_logger().info("deliveries.caught_up", provider_id=provider_id, count=count)


def tell_of_alarm(
    services: Services,
    texts: Callable[[], Mapping[str, Translations]],
    *,
    provider_id: str,
    unit_id: str,
    alarm_id: str,
) -> None:
    """Tell the unit and the operator that something waits, and nothing else. Staff read Swedish."""
    told = whom_to_tell(services, UUID(unit_id), as_=System(UUID(provider_id)))
    for address in told.addresses:
        email = alarm(
            key=uuid5(UUID(alarm_id), address),
            to=address,
            link=f"{services.settings.base_url}/staff/undelivered",
            locale=DEFAULT,
            texts=texts()[DEFAULT],
        )
        try:
            services.staff_mail.send(email)
        except PermanentFailure:
            get_logger().error("alarm.address_refused", unit_id=unit_id)
    get_logger().warning("alarm.told", unit_id=unit_id, count=len(told.addresses))


def _push(
    services: Services, gateway: RecordSystemGateway, provider_id: str, response_id: str, *, at_once: bool
) -> None:
    outcome = push_response(services, gateway, UUID(response_id), as_=System(UUID(provider_id)), at_once=at_once)
    if outcome is not None:
        get_logger().info("response.pushed", response_id=response_id, outcome=outcome.value)
