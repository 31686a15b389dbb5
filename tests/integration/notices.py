"""Rows of what was sent, for tests of what is seen of it: written as the owner, past every policy."""

from datetime import datetime
from uuid import UUID

from survey_service.foundation.db import new_id
from survey_service.scheduling.queries import Occasion
from tests.conftest import TestDatabase


def dispatch(
    database: TestDatabase,
    occasion: Occasion,
    *,
    channel: str = "email",
    kind: str = "invitation",
    outcomes: tuple[str, ...] = (),
    at: datetime | None = None,
    gateway: str = "mail",
    message_id: str | None = None,
) -> UUID:
    """A message about the occasion, and what came of its attempts in order. ``message_id`` is the last attempt's."""
    dispatch_id = new_id()
    owner = (occasion.provider_id, occasion.person_id)
    at = at or occasion.opens_at
    with database.connect("survey_owner") as connection:
        connection.execute(
            "INSERT INTO dispatches (id, provider_id, person_id, occasion_id, kind, channel, created_at,"
            " address_digest) VALUES (%s, %s, %s, %s, %s, %s, %s, sha256(%s::text::bytea))",
            (dispatch_id, *owner, occasion.id, kind, channel, at, str(dispatch_id)),
        )
        for number, outcome in enumerate(outcomes, start=1):
            last = message_id if number == len(outcomes) else None
            connection.execute(
                "INSERT INTO dispatch_attempts (id, dispatch_id, provider_id, person_id, outcome, attempted_at,"
                " gateway, gateway_message_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (new_id(), dispatch_id, *owner, outcome, at, gateway, last),
            )
    return dispatch_id


def letter_of(database: TestDatabase, occasion: Occasion) -> UUID:
    return dispatch(database, occasion, channel="letter", kind="invitation")


def receipt(database: TestDatabase, dispatch_id: UUID, outcome: str) -> None:
    """What the gateway heard afterwards."""
    with database.connect("survey_owner") as connection:
        connection.execute(
            "INSERT INTO dispatch_receipts (dispatch_id, provider_id, person_id, outcome, at)"
            " SELECT id, provider_id, person_id, %s, now() FROM dispatches WHERE id = %s",
            (outcome, dispatch_id),
        )


def unreached(database: TestDatabase, occasion: Occasion, why: str) -> None:
    """Note why the patient has not been told."""
    with database.connect("postgres") as connection:
        connection.execute("UPDATE notices SET unreached = %s WHERE occasion_id = %s", (why, occasion.id))
