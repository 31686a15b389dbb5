"""What a register writes to us: that it has erased, that somebody said no to it, that it wonders about a result.

Messages are only ever added, and the register reads none of them back. A message has the id that its sender gave it,
so it may be sent again until an answer comes.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from survey_service.errors import BadInput
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Register
from survey_service.foundation.services import Services
from survey_service.registers.records import erasure_orders, register_messages, releases

LONGEST_TEXT = 2000


class MessageKind(StrEnum):
    """What a register may tell."""

    ERASURE_CONFIRMED = "erasure_confirmed"
    OBJECTION_RECEIVED = "objection_received"
    DATA_QUERY = "data_query"


@dataclass(frozen=True, slots=True)
class ErasureConfirmed:
    """The register has erased what the order names."""

    order: UUID


@dataclass(frozen=True, slots=True)
class ObjectionReceived:
    """Somebody said no to the register itself: whom it knows by this subject, or who gave this response."""

    subject: str | None = None
    response: UUID | None = None


@dataclass(frozen=True, slots=True)
class DataQuery:
    """The register asks the provider about a result."""

    response: UUID
    text: str


Message = ErasureConfirmed | ObjectionReceived | DataQuery


def take_message(services: Services, message_id: UUID, message: Message, *, as_: Register) -> bool:
    """Keep the message and do what it says; whether it is new. Harmless when repeated.

    Raises ``BadInput`` for what this register was never given, ``PersonErased`` for a question about somebody who has
    been erased.
    """
    with services.db.transaction(as_=as_) as connection:
        if connection.execute(sa.select(sa.func.message_was_taken(message_id))).scalar_one():
            return False  # what it named may be gone by its own effect
    match message:
        case ErasureConfirmed():
            return _confirm(services, message_id, message, as_=as_)
        case ObjectionReceived():
            return _object(services, message_id, message, as_=as_)
        case DataQuery():
            return _ask(services, message_id, message, as_=as_)


def _confirm(services: Services, message_id: UUID, message: ErasureConfirmed, *, as_: Register) -> bool:
    with services.db.transaction(as_=as_) as connection:
        person_id = connection.execute(
            sa.select(erasure_orders.c.person_id).where(erasure_orders.c.id == message.order)
        ).scalar_one_or_none()
        if person_id is None:
            raise _unknown("order")
        values = {"erasure_id": message.order, "person_id": person_id}
        return _keep(connection, services, message_id, MessageKind.ERASURE_CONFIRMED, values, as_=as_)


def _object(services: Services, message_id: UUID, message: ObjectionReceived, *, as_: Register) -> bool:
    def work(connection: Connection) -> bool:
        person_id = _person(connection, message)
        if person_id is None:
            raise _unknown("subject" if message.response is None else "response")
        values = {"person_id": person_id}
        is_new = _keep(connection, services, message_id, MessageKind.OBJECTION_RECEIVED, values, as_=as_)
        if is_new:
            effect = sa.func.object_on_word_of_register(person_id, services.clock(), new_id())
            connection.execute(sa.select(effect))
        return is_new

    return services.db.run(work, as_=as_)


def _ask(services: Services, message_id: UUID, message: DataQuery, *, as_: Register) -> bool:
    with services.db.transaction(as_=as_) as connection:
        found = connection.execute(
            sa.select(releases.c.response_id, releases.c.provider_id, releases.c.person_id).where(
                releases.c.register_id == as_.register_id, releases.c.reference == message.response
            )
        ).first()
    if found is None:
        raise _unknown("response")
    cipher = services.keys.cipher(found.person_id)
    sealed = cipher.seal(message.text, table="register_messages", column="text", row=str(message_id))
    values = {**found._mapping, "text_sealed": sealed}
    with services.db.transaction(as_=as_) as connection:
        return _keep(connection, services, message_id, MessageKind.DATA_QUERY, values, as_=as_)


def _person(connection: Connection, message: ObjectionReceived) -> UUID | None:
    """Who is meant. A pseudonym that the register computes itself is found by what was released under it."""
    if message.response is not None:
        criterion = releases.c.reference == message.response
    else:
        pseudonym = _uuid(message.subject or "")
        if pseudonym is not None:
            known: UUID | None = connection.execute(sa.select(sa.func.person_of_pseudonym(pseudonym))).scalar_one()
            return known
        criterion = releases.c.payload["subject"].astext == message.subject
    found: UUID | None = connection.execute(sa.select(releases.c.person_id).where(criterion).limit(1)).scalar()
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _keep(
    connection: Connection,
    services: Services,
    message_id: UUID,
    kind: MessageKind,
    values: dict[str, Any],
    *,
    as_: Register,
) -> bool:
    told = insert(register_messages).values(
        id=message_id, register_id=as_.register_id, kind=kind.value, sent_at=services.clock(), **values
    )
    # Without naming the columns: the register may not read them.
    return insert_if_new(connection, told.on_conflict_do_nothing())


def _unknown(field: str) -> BadInput:
    return BadInput(
        "Nothing that this register has been given is called so.", fields={field: "Not known to this register."}
    )
