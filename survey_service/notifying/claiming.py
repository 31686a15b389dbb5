"""Claiming what is due for a while, and letting go of it: a worker that dies loses its claims and nothing else."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from notifications.ladder import Unreached
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services

# Long enough for a batch at the pace of most gateways; a dead worker's notices wait no longer than this.
LEASE = timedelta(seconds=30)
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that is ours until ``until``. ``revision`` is what it was when it was claimed."""

    occasion_id: UUID
    provider_id: UUID
    revision: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Rest:
    """What is to be done with a notice next: look again at ``until`` (None is never), and what the unit reads."""

    until: datetime | None = None
    unreached: Unreached | None = None


_CLAIM = sa.text("SELECT occasion_id, provider_id, revision FROM claim_notices(:now, :until, :most)")
# The rows in the order of their ids, so that two who let go at once do not wait for each other.
_HOLD = sa.text("""
    SELECT occasion_id FROM notices WHERE occasion_id = ANY(CAST(:ids AS uuid[])) ORDER BY occasion_id FOR UPDATE
""")
# What has changed meanwhile is looked at anew: its trigger has said when. A claim that has passed to another worker is
# that one's to let go of.
_LET_GO = sa.text("""
    UPDATE notices n SET
        claimed_until = NULL,
        looked_at = :now,
        next_at = CASE WHEN n.revision = d.revision THEN d.next_at ELSE n.next_at END,
        unreached = CASE WHEN n.revision = d.revision THEN d.unreached ELSE n.unreached END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:revisions AS integer[]), CAST(:untils AS timestamptz[]),
                CAST(:nexts AS timestamptz[]), CAST(:reasons AS text[]))
        AS d (occasion_id, revision, until, next_at, unreached)
    WHERE n.occasion_id = d.occasion_id AND n.claimed_until = d.until
""")
_NEXT = sa.text("SELECT next_notice_at()")


def claim(services: Services) -> list[Claim]:
    """What is due over all providers, so many at most, as nobody else's until the lease is over."""
    now = services.clock()
    until = now + LEASE
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        rows = connection.execute(_CLAIM, {"now": now, "until": until, "most": MOST_AT_ONCE}).all()
    return [Claim(row.occasion_id, row.provider_id, row.revision, until) for row in rows]


def let_go(services: Services, finished: Collection[tuple[Claim, Rest]], *, as_: System) -> None:
    """Say when each is looked at again. What has changed since it was claimed is looked at when its change says."""
    if not finished:
        return
    values = {
        "now": services.clock(),
        "ids": [claimed.occasion_id for claimed, _ in finished],
        "revisions": [claimed.revision for claimed, _ in finished],
        "untils": [claimed.until for claimed, _ in finished],
        "nexts": [rest.until for _, rest in finished],
        "reasons": [rest.unreached for _, rest in finished],
    }

    def work(connection: sa.Connection) -> None:
        connection.execute(_HOLD, {"ids": values["ids"]})
        connection.execute(_LET_GO, values)

    services.db.run(work, as_=as_)


def next_look(services: Services) -> datetime | None:
    """When the next of all falls due; None when none is planned."""
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        found: datetime | None = connection.execute(_NEXT).scalar_one()
    return found
