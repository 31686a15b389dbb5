"""A register's pull: a page of its own feed, for the one purpose that disclosure rests on, logged result by result."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_denial
from survey_service.errors import BadInput, Conflict
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Register
from survey_service.foundation.services import Services
from survey_service.registers.queries import FeedEntry, feed_end, feed_page
from survey_service.registers.rules import ACCEPTED_PURPOSE, Cursor, read_cursor, write_cursor


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a register's feed. ``more`` says that the feed went on when the page was read."""

    entries: Sequence[FeedEntry]
    next_cursor: str
    more: bool


def pull(services: Services, *, cursor: str | None, limit: int, purpose: str | None, as_: Register) -> Page:
    """A page of the register's feed. Every result in it is logged, for the provider and the patient to see.

    Raises ``BadInput`` without the one purpose that disclosure rests on (and logs that), ``Conflict`` for a cursor of
    an earlier epoch, or beyond the end of the feed.
    """
    if purpose != ACCEPTED_PURPOSE:
        record_denial(services, Access(Activity.READ, Purpose.REGISTER, "feed"), by=as_, reason="purpose")
        raise BadInput(
            f"State the purpose of the pull. Results are disclosed for {ACCEPTED_PURPOSE} only.",
            fields={"purpose": f"Must be {ACCEPTED_PURPOSE}."},
        )
    with services.db.transaction(as_=as_) as connection:
        end = feed_end(connection)
        after = read_cursor(cursor) if cursor else Cursor(end.epoch, 0)
        if after.epoch != end.epoch or after.position > end.position:
            raise Conflict("The feed has been restored since that cursor was given. Start again without a cursor.")
        entries = feed_page(connection, after, limit=limit)
        reached = entries[-1].position if entries else after.position
        results = [entry.release_id for entry in entries if entry.payload is not None]
        connection.execute(
            sa.text("SELECT log_register_pull(:pull, :purpose, :events, :releases, :at)"),
            {
                "pull": new_id(),
                "purpose": f"{Purpose.REGISTER.value} {purpose}",
                "events": [new_id() for _ in results],
                "releases": results,
                "at": services.clock(),
            },
        )
    return Page(entries=entries, next_cursor=write_cursor(Cursor(after.epoch, reached)), more=reached < end.position)
