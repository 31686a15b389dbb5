"""What is heard of a message afterwards: by a gateway's webhook, a bounce, a letter that came back."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from survey_service.foundation.principals import Gate, Operator
from survey_service.foundation.services import Services

_RECEIVE = sa.text("SELECT receive_dispatch(:gateway, :message, :dispatch, :outcome, :code, :at)")


class Heard(StrEnum):
    """What became of it. The database knows the same."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    BOUNCED = "bounced"
    RETURNED = "returned"


def receive(
    services: Services,
    heard: Heard,
    *,
    gateway: str = "",
    gateway_message_id: str | None = None,
    key: str | None = None,
    code: str = "",
    as_: Gate | Operator,
) -> bool:
    """Note it, and have what comes next of the ladder looked at; whether there is such a message.

    The message is named by the gateway's own id, or by ``key``, our own. The same again changes nothing.
    """
    dispatch_id = dispatch_of(key or "")
    if dispatch_id is None and gateway_message_id is None:
        return False
    values = {
        "gateway": gateway,
        "message": gateway_message_id,
        "dispatch": dispatch_id,
        "outcome": heard.value,
        "code": code or None,
        "at": services.clock(),
    }
    with services.db.transaction(as_=as_) as connection:
        return bool(connection.execute(_RECEIVE, values).scalar_one())


def dispatch_of(key: str) -> UUID | None:
    """The dispatch that a message's key names; None for what is no key of ours."""
    try:
        return UUID(key)
    except ValueError:
        return None
