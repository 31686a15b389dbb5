"""Inviting: the inbox first, then a notice outside it. Everything is checked again at the moment of sending.

At-least-once jobs, one effect: the dispatch row is the business key, a recorded sending is never repeated, and an
e-mail sent twice by a worker that died in between carries the same Message-ID.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from babel.support import Translations
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.channels import DeliveryFailure, PermanentFailure, TemporaryFailure
from notifications.message import Email, RevealingMessage, refuse_revealing
from survey_service.access.queries import all_units, provider
from survey_service.answering.queries import tasks_to_ask, why_not_asked
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.http.locale import DEFAULT
from survey_service.languages.queries import approved_wordings
from survey_service.licensing.rules import Refusal
from survey_service.notifying.queries import occasion_of_reminder
from survey_service.notifying.records import dispatch_attempts, dispatches, messages
from survey_service.notifying.rendering import invitation
from survey_service.people.queries import SealedPatient, open_patients, sealed_patients
from survey_service.scheduling.queries import Occasion, occasion, tasks_of
from survey_service.scheduling.rules import OPENING_TIME
from survey_service.scheduling.use_cases import INVITE_JOB

# After these, another attempt at the same notice changes nothing.
_SETTLED = ("sent", "permanent", "refused", "no_address")


@dataclass(frozen=True, slots=True)
class _Notice:
    """What the first transaction found out: everything the sending needs, so that none is open meanwhile."""

    occasion: Occasion
    dispatch_id: UUID
    patient: SealedPatient
    sender_name: str
    secrets: tuple[str, ...]


def invite(
    services: Services, texts: Callable[[], Mapping[str, Translations]], *, provider_id: str, occasion_id: str
) -> None:
    """Tell the patient that an occasion has opened. Harmless when repeated, and when no longer needed.

    ``texts`` are the interface's in force, by locale.
    """
    _tell(services, texts, System(UUID(provider_id)), UUID(occasion_id), reminder_id=None)


def remind(
    services: Services, texts: Callable[[], Mapping[str, Translations]], *, provider_id: str, reminder_id: str
) -> None:
    """Tell the patient once more, because somebody at the unit asked for it. As ``invite``."""
    system = System(UUID(provider_id))
    with services.db.transaction(as_=system) as connection:
        occasion_id = occasion_of_reminder(connection, UUID(reminder_id))
    if occasion_id is not None:
        _tell(services, texts, system, occasion_id, reminder_id=UUID(reminder_id))


def _tell(
    services: Services,
    texts: Callable[[], Mapping[str, Translations]],
    system: System,
    occasion_id: UUID,
    *,
    reminder_id: UUID | None,
) -> None:
    with services.db.transaction(as_=system) as connection:
        notice = _prepare(connection, services, occasion_id, reminder_id)
    if notice is None:
        return
    identity = open_patients(services.keys, [notice.patient]).get(notice.patient.person_id)
    if identity is None or identity.email is None:
        _record(services, notice, "no_address", as_=system)
        return
    in_force = texts()
    # A language whose texts have been taken back must not keep anybody from being told.
    locale = identity.locale if identity.locale in in_force else DEFAULT
    email = invitation(
        key=notice.dispatch_id,
        to=identity.email,
        sender_name=notice.sender_name,
        link=f"{services.settings.base_url}/inbox",
        locale=locale,
        texts=in_force[locale],
    )
    try:
        refuse_revealing(email, secrets=(*notice.secrets, identity.name))
    except RevealingMessage:
        # Trying again would not make it say less: somebody has to change a name or a text.
        _record(services, notice, "refused", as_=system)
        get_logger().error("notice.reveals", dispatch_id=str(notice.dispatch_id), occasion_id=str(occasion_id))
        return
    _send(services, notice, email, as_=system)


def _prepare(connection: Connection, services: Services, occasion_id: UUID, reminder_id: UUID | None) -> _Notice | None:
    found = occasion(connection, occasion_id)
    if found is None or not found.is_open(services.clock()):
        return None
    if not tasks_to_ask(connection, found.id, services.clock()):
        return None
    refusal = why_not_asked(connection, services, [found]).get(found.id)
    if refusal is not None:
        if reminder_id is None:
            _ask_again_tomorrow(connection, services, found, refusal)
        return None
    _write_to_inbox(connection, services, found)
    dispatch_id = _dispatch(connection, services, found, channel="email", reminder_id=reminder_id)
    if _is_settled(connection, dispatch_id):
        return None
    unit_name = all_units(connection)[found.unit_id].name
    return _Notice(
        occasion=found,
        dispatch_id=dispatch_id,
        patient=sealed_patients(connection, [found.person_id])[0],
        sender_name=provider(connection, found.provider_id).sender_name,
        secrets=(unit_name, *found.titles.values(), *_names_of_instruments(connection, found)),
    )


def _ask_again_tomorrow(connection: Connection, services: Services, found: Occasion, refusal: Refusal) -> None:
    """Nobody is invited to what may not be shown. The unit sees why in its worklist; a licence may yet come."""
    get_logger().warning("notice.withheld", occasion_id=str(found.id), code=refusal.why.name.lower())
    tomorrow = at_local_time(local_day(services.clock()) + timedelta(days=1), OPENING_TIME)
    if found.is_open(tomorrow):
        enqueue(connection, INVITE_JOB, at=tomorrow, provider_id=found.provider_id, occasion_id=found.id)


def _names_of_instruments(connection: Connection, found: Occasion) -> list[str]:
    """What the instruments of the occasion are called, in the system and in every language."""
    names = []
    for task in tasks_of(connection, [found.id]):
        approved = approved_wordings(connection, task.instrument, task.instrument_version)
        names += [task.instrument, *(one.wording.texts["title"] for one in approved)]
    return names


def _write_to_inbox(connection: Connection, services: Services, found: Occasion) -> None:
    already = connection.execute(
        sa.select(dispatches.c.id).where(dispatches.c.occasion_id == found.id, dispatches.c.channel == "inbox")
    ).first()
    if already:
        return
    _dispatch(connection, services, found, channel="inbox")
    connection.execute(
        insert(messages).values(
            id=new_id(),
            sent_at=services.clock(),
            provider_id=found.provider_id,
            person_id=found.person_id,
            occasion_id=found.id,
            kind="invitation",
        )
    )


def _dispatch(
    connection: Connection, services: Services, found: Occasion, *, channel: str, reminder_id: UUID | None = None
) -> UUID:
    """The dispatch of this invitation, or of this reminder, on this channel, made at the first call."""
    kind = "invitation" if reminder_id is None else "reminder"
    connection.execute(
        upsert(dispatches)
        .values(
            id=new_id(),
            provider_id=found.provider_id,
            person_id=found.person_id,
            occasion_id=found.id,
            kind=kind,
            channel=channel,
            created_at=services.clock(),
            reminder_id=reminder_id,
        )
        .on_conflict_do_nothing(constraint="dispatches_once")
    )
    dispatch_id: UUID = connection.execute(
        sa.select(dispatches.c.id).where(
            dispatches.c.occasion_id == found.id,
            dispatches.c.kind == kind,
            dispatches.c.channel == channel,
            dispatches.c.reminder_id.is_not_distinct_from(reminder_id),
        )
    ).scalar_one()
    return dispatch_id


def _is_settled(connection: Connection, dispatch_id: UUID) -> bool:
    return (
        connection.execute(
            sa.select(dispatch_attempts.c.id).where(
                dispatch_attempts.c.dispatch_id == dispatch_id,
                dispatch_attempts.c.outcome.in_(_SETTLED),
            )
        ).first()
        is not None
    )


def _send(services: Services, notice: _Notice, email: Email, *, as_: System) -> None:
    try:
        services.staff_mail.send(email)
    except PermanentFailure:
        _record(services, notice, "permanent", as_=as_)
    except TemporaryFailure:
        _record(services, notice, "temporary", as_=as_)
        raise
    except DeliveryFailure:
        _record(services, notice, "technical", as_=as_)
        raise
    else:
        _record(services, notice, "sent", as_=as_)


def _record(services: Services, notice: _Notice, outcome: str, *, as_: System) -> None:
    with services.db.transaction(as_=as_) as connection:
        connection.execute(
            insert(dispatch_attempts).values(
                id=new_id(),
                dispatch_id=notice.dispatch_id,
                provider_id=notice.occasion.provider_id,
                person_id=notice.occasion.person_id,
                outcome=outcome,
                attempted_at=services.clock(),
            )
        )
    get_logger().info("notice.attempted", dispatch_id=str(notice.dispatch_id), channel="email", outcome=outcome)
