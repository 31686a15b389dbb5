"""Reading what registers have told, as the unit asked, the patient concerned, or the operator who counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from survey_service.registers.records import register_messages


@dataclass(frozen=True, slots=True)
class UnconfirmedErasure:
    """An order to erase that its register has not confirmed. ``releases`` is how many results it names."""

    order_id: UUID
    register_id: UUID
    ordered_at: datetime
    releases: int


def data_queries(connection: Connection, *, limit: int) -> Sequence[Row[Any]]:
    """What registers ask the provider, newest first; the text is sealed."""
    found: Sequence[Row[Any]] = connection.execute(
        sa.select(register_messages)
        .where(register_messages.c.kind == "data_query")
        .order_by(register_messages.c.sent_at.desc())
        .limit(limit)
    ).all()
    return found


def unconfirmed_erasures(connection: Connection) -> list[UnconfirmedErasure]:
    """The oldest first. For operators."""
    rows = connection.execute(sa.text("SELECT * FROM unconfirmed_erasures()")).all()
    return [UnconfirmedErasure(row.order_id, row.register_id, row.ordered_at, row.releases) for row in rows]
