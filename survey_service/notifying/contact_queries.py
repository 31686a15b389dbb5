"""What a patient sees of how all providers have written: when, by which way, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.notifying.records import dispatch_attempts, dispatch_receipts, dispatches

INBOX = "inbox"


class Arrival(StrEnum):
    """What became of a message, as far as is known."""

    HERE = "here"
    WAITING = "waiting"
    SENT = "sent"
    ARRIVED = "arrived"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Written:
    """One message to the patient. Nothing says what it was about: the notice said as much."""

    at: datetime
    provider_id: UUID
    channel: str
    arrival: Arrival


def written_to_me(connection: Connection, *, limit: int = 50) -> list[Written]:
    """The patient's messages from every provider, newest first."""
    newest = (
        sa.select(dispatch_attempts.c.outcome, dispatch_attempts.c.attempted_at)
        .where(dispatch_attempts.c.dispatch_id == dispatches.c.id)
        .order_by(dispatch_attempts.c.id.desc())
        .limit(1)
        .lateral()
    )
    heard = (
        sa.select(sa.func.array_agg(dispatch_receipts.c.outcome))
        .where(dispatch_receipts.c.dispatch_id == dispatches.c.id)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(dispatches, newest.c.outcome, newest.c.attempted_at, heard.label("heard"))
        .outerjoin(newest, sa.true())
        .order_by(dispatches.c.created_at.desc(), dispatches.c.id.desc())
        .limit(limit)
    ).all()
    return [
        Written(
            row.attempted_at or row.created_at,
            row.provider_id,
            row.channel,
            _arrival(row.channel, row.outcome, set(row.heard or ())),
        )
        for row in rows
    ]


def invitations_since(connection: Connection, since: datetime) -> Mapping[UUID, int]:
    """By provider, how many surveys the patient has been invited to: what the patient's limit counts."""
    rows = connection.execute(
        sa.select(dispatches.c.provider_id, sa.func.count().label("number"))
        .where(dispatches.c.kind == "invitation", dispatches.c.channel == INBOX, dispatches.c.created_at > since)
        .group_by(dispatches.c.provider_id)
    ).all()
    return {row.provider_id: row.number for row in rows}


def _arrival(channel: str, outcome: str | None, heard: set[str]) -> Arrival:
    """What was heard last of all counts most: a letter that came back did not arrive, whatever was said before."""
    if channel == INBOX:
        return Arrival.HERE
    if heard & {"not_delivered", "bounced", "returned"} or outcome in {
        "permanent",
        "given_up",
        "refused",
        "no_address",
    }:
        return Arrival.FAILED
    if "delivered" in heard:
        return Arrival.ARRIVED
    return Arrival.SENT if outcome == "sent" else Arrival.WAITING
