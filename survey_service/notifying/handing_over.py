"""Handing one message over: composed now, in the language of now; checked as it is; and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from babel.support import Translations

from notifications.channels import DeliveryFailure, Gateway, PermanentFailure, TemporaryFailure
from notifications.message import Format, Message, RevealingMessage
from survey_service.access.use_cases import code_for_letter
from survey_service.foundation.clock import local_day
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.http.locale import DEFAULT
from survey_service.notifying.deciding import Case, Tell
from survey_service.notifying.rendering import render
from survey_service.notifying.revealing import refuse_telling
from survey_service.notifying.writing import Tried


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be handed over, and what it must not hold."""

    case: Case
    tell: Tell
    dispatch_id: UUID
    sender_name: str
    secrets: tuple[str, ...] = field(repr=False)


def hand_over(
    services: Services, texts: Mapping[str, Translations], parcel: Parcel, gateway: Gateway
) -> tuple[Tried, timedelta | None]:
    """What became of it, and how long the gateway asked to be left alone."""
    message = compose(services, texts, parcel, gateway)
    try:
        refuse_telling(
            message,
            secrets=parcel.secrets,
            patient=parcel.case.addressee.identity,
            sender_name=parcel.sender_name,
            envelope=gateway.channel.envelope,
        )
    except RevealingMessage:
        ids = {"dispatch_id": str(parcel.dispatch_id), "occasion_id": str(parcel.case.occasion.id)}
        get_logger().error("notice.reveals", **ids)
        return Tried("refused", services.clock(), gateway.name), None
    try:
        message_id = gateway.channel.send(message)
    except DeliveryFailure as failure:
        return Tried(_outcome_of(failure), services.clock(), gateway.name), getattr(failure, "asked", None)
    except Exception as error:
        # An adapter that stumbles over an answer has none that makes sense.
        get_logger().error("gateway.stumbled", gateway=gateway.name, exc_info=error)
        return Tried("technical", services.clock(), gateway.name), None
    return Tried("sent", services.clock(), gateway.name, message_id), None


def compose(services: Services, texts: Mapping[str, Translations], parcel: Parcel, gateway: Gateway) -> Message:
    """The message in the patient's language as it is now."""
    addressee = parcel.case.addressee
    wanted = (addressee.choices and addressee.choices.locale) or addressee.identity.locale
    # A language whose texts have been taken back must not keep anybody from being told.
    locale = wanted if wanted in texts else DEFAULT
    return render(
        gateway.channel.format,
        kind=parcel.tell.step.kind,
        key=str(parcel.dispatch_id),
        to=parcel.tell.address,
        sender_name=parcel.sender_name,
        base_url=services.settings.base_url,
        locale=locale,
        texts=texts[locale],
        day=local_day(services.clock()),
        code=_code(services, parcel) if gateway.channel.format is Format.LETTER else "",
    )


def _code(services: Services, parcel: Parcel) -> str:
    """What lets who has no e-identification answer; the same for the same letter."""
    occasion = parcel.case.occasion
    with services.db.transaction(as_=System(occasion.provider_id)) as connection:
        return code_for_letter(connection, services, dispatch_id=parcel.dispatch_id, occasion=occasion)


def _outcome_of(failure: DeliveryFailure) -> str:
    match failure:
        case PermanentFailure():
            return "permanent"
        case TemporaryFailure():
            return "temporary"
        case _:
            return "technical"
