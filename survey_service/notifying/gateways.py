"""How the gateways are, shared by all workers: which is let alone for a while, and when each takes the next message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from notifications.channels import Gateway
from notifications.retrying import Breaker
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.notifying.records import gateways

# What has its turn later than this is let go of, for whoever comes then: well within the lease.
_LONGEST_QUEUE = timedelta(seconds=15)
_NOBODY = System(NO_PROVIDER)


@dataclass(frozen=True, slots=True)
class Turns:
    """So many turns of a gateway, one after the other from ``first`` on. Who gets none asks again at ``after``."""

    first: datetime
    apart: timedelta
    count: int
    after: datetime


class Counterparts:
    """The gateways as one worker sees them while it sends a batch. What it learns, the others read at their next."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._breakers = self._read()

    def for_kind(self, kind: str) -> Gateway | None:
        """The first of its kind that is in order; None while none is."""
        now = self._services.clock()
        return next((one for one in self._of(kind) if self._breakers[one.name].lets_through(now)), None)

    def back_at(self, kind: str) -> datetime:
        """When the first of them that is let alone may be tried again."""
        opening = [at for one in self._of(kind) if (at := self._breakers[one.name].open_until) is not None]
        return min(opening, default=self._services.clock())

    def took_one(self, gateway: Gateway) -> None:
        """It has answered sensibly: what had failed before is forgotten."""
        if self._breakers[gateway.name] != Breaker():
            self._learn(gateway, failed=False)

    def failed(self, gateway: Gateway) -> None:
        """It has given no sensible answer."""
        self._learn(gateway, failed=True)

    def reserve(self, gateway: Gateway, wanted: int) -> Turns:
        """Turns for so many messages, or for as many as have theirs soon enough."""
        now, apart = self._services.clock(), timedelta(seconds=1 / gateway.per_second)
        own = gateways.c.name == gateway.name
        with self._services.db.transaction(as_=_NOBODY) as connection:
            query = sa.select(gateways.c.next_free_at).where(own).with_for_update()
            first = max(connection.execute(query).scalar_one() or now, now)
            count = max(0, min(wanted, int((now + _LONGEST_QUEUE - first) / apart)))
            after = first + count * apart
            connection.execute(sa.update(gateways).where(own).values(next_free_at=after))
        return Turns(first, apart, count, after)

    def _of(self, kind: str) -> list[Gateway]:
        return [one for one in self._services.gateways if one.kind == kind]

    def _read(self) -> dict[str, Breaker]:
        names = [one.name for one in self._services.gateways]
        query = sa.select(gateways.c.name, gateways.c.failures, gateways.c.open_until)
        with self._services.db.transaction(as_=_NOBODY) as connection:
            rows = connection.execute(query.where(gateways.c.name.in_(names))).all()
            known = {row.name: Breaker(row.failures, row.open_until) for row in rows}
            if new := sorted(set(names) - known.keys()):
                missing = [{"name": name} for name in new]
                connection.execute(upsert(gateways).values(missing).on_conflict_do_nothing())
        return {name: known.get(name, Breaker()) for name in names}

    def _learn(self, gateway: Gateway, *, failed: bool) -> None:
        now, own = self._services.clock(), gateways.c.name == gateway.name
        with self._services.db.transaction(as_=_NOBODY) as connection:
            row = connection.execute(sa.select(gateways).where(own).with_for_update()).one()
            before = Breaker(row.failures, row.open_until)
            breaker = before.after_failure(now) if failed else before.after_success()
            bad_since = None if breaker.open_until is None else row.bad_since or now
            connection.execute(
                sa.update(gateways)
                .where(own)
                .values(
                    failures=breaker.failures,
                    open_until=breaker.open_until,
                    bad_since=bad_since,
                )
            )
        self._breakers[gateway.name] = breaker


class Pace:
    """Waits for turns, by a clock that runs whatever the service's own does."""

    def __init__(self, now: datetime, monotonic: float) -> None:
        self._now = now
        self._started = monotonic

    def wait_for(self, turn: datetime, monotonic: float) -> None:
        seconds = (turn - self._now).total_seconds() - (monotonic - self._started)
        if seconds > 0:
            Event().wait(seconds)
