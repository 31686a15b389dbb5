"""How sending goes over all providers, in counts: for a monitoring system. Nothing here is of anybody."""

from datetime import timedelta

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from survey_service.foundation.principals import NO_PROVIDER, Gate, System
from survey_service.foundation.services import Services
from survey_service.notifying.records import gateways

# What a monitoring system reads twice a minute, and a person looks at over a day.
PERIOD = timedelta(hours=1)


def figures(services: Services) -> bytes:
    """In the text format of Prometheus. Counts are of the last hour, as the database has them: any process tells the
    same, and one that starts anew forgets nothing."""
    now = services.clock()
    with services.db.transaction(as_=Gate()) as connection:
        due = connection.execute(sa.text("SELECT * FROM overdue_figures(:now)"), {"now": now}).one()
        sent = connection.execute(sa.text("SELECT * FROM dispatch_figures(:since)"), {"since": now - PERIOD}).all()
    with services.db.transaction(as_=System(NO_PROVIDER)) as connection:
        known = {row.name: row for row in connection.execute(sa.select(gateways))}
    registry = CollectorRegistry()
    _gauge(registry, "survey_notices_due", "Notices whose time has come.").set(int(due._mapping["count"]))
    delay = (now - due.oldest).total_seconds() if due.oldest else 0
    _gauge(registry, "survey_notices_oldest_delay_seconds", "For how long the oldest of them has waited.").set(delay)
    counted = Gauge(
        "survey_dispatches_last_hour",
        "Attempts and what was heard afterwards, within an hour.",
        ["channel", "outcome"],
        registry=registry,
    )
    for row in sent:
        counted.labels(row.channel, row.outcome).set(int(row._mapping["count"]))
    is_open = Gauge("survey_gateway_let_alone", "1 while a gateway is left alone.", ["gateway"], registry=registry)
    bad = Gauge("survey_gateway_bad_seconds", "For how long it has been bad.", ["gateway"], registry=registry)
    for gateway in services.gateways:
        found = known.get(gateway.name)
        since = found.bad_since if found is not None else None
        is_open.labels(gateway.name).set(int(bool(found and found.open_until and found.open_until > now)))
        bad.labels(gateway.name).set((now - since).total_seconds() if since else 0)
    return generate_latest(registry)


def _gauge(registry: CollectorRegistry, name: str, words: str) -> Gauge:
    return Gauge(name, words, registry=registry)
