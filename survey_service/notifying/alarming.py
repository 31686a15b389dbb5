"""Telling the operator that a gateway has gone bad, once, and that it is well again.

By another way than the broken one, where there is one; in the log in any case.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from babel.support import Translations
from markupsafe import escape

from notifications.channels import DeliveryFailure
from notifications.message import Email, Format
from survey_service.errors import mark
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import NO_PROVIDER, System
from survey_service.foundation.services import Services
from survey_service.http.locale import DEFAULT
from survey_service.notifying.records import gateways

# A counterpart that is restarted is no incident.
PATIENCE = timedelta(minutes=10)
SENDER = "Survey service"
_BAD = mark("A counterpart that carries messages has failed for ten minutes: %(name)s")
_WELL = mark("A counterpart takes messages again: %(name)s")
_NOBODY = System(NO_PROVIDER)


def watch_gateways(services: Services, texts: Callable[[], Mapping[str, Translations]]) -> None:
    """Comes round every minute. An incident is told once: a repetition after a crash is the same message."""
    now = services.clock()
    with services.db.transaction(as_=_NOBODY) as connection:
        rows = connection.execute(sa.select(gateways).order_by(gateways.c.name)).all()
    bad = [row for row in rows if row.bad_since is not None and row.bad_since <= now - PATIENCE]
    for row in bad:
        if row.alarmed_at is None:
            get_logger().error("gateway.bad", gateway=row.name, since=row.bad_since.isoformat())
            if _tell(services, texts, row.name, row.bad_since, _BAD, broken={one.name for one in bad}):
                _note(services, row.name, now)
    for row in rows:
        if row.bad_since is None and row.alarmed_at is not None:
            get_logger().warning("gateway.well_again", gateway=row.name)
            if _tell(services, texts, row.name, row.alarmed_at, _WELL, broken={one.name for one in bad}):
                _note(services, row.name, None)


def _tell(
    services: Services,
    texts: Callable[[], Mapping[str, Translations]],
    name: str,
    moment: datetime,
    sentence: str,
    *,
    broken: set[str],
) -> bool:
    """Whether it was told, or there is nobody to tell, or no way left but the broken ones.

    False where a way that seems well has refused: it is tried again in a minute.
    """
    to = services.settings.operator_email
    ways = [one for one in services.gateways if one.channel.format is Format.EMAIL and one.name not in broken]
    if to is None or not ways:
        return True
    key: UUID = uuid5(NAMESPACE_URL, f"{name} {moment.isoformat()}")
    email = _email(str(key), to, texts()[DEFAULT].gettext(sentence) % {"name": name})
    for way in ways:
        try:
            way.channel.send(email)
        except DeliveryFailure as failure:
            get_logger().error("gateway.alarm_refused", gateway=way.name, code=type(failure).__name__)
        else:
            return True
    return False


def _email(key: str, to: str, said: str) -> Email:
    """It names a counterpart of the operator's, and nobody else."""
    html = f'<!doctype html><html lang="{DEFAULT}"><title>{escape(said)}</title><p>{escape(said)}</p></html>'
    return Email(key=key, to=to, sender_name=SENDER, subject=said, text=f"{said}\n", html=html)


def _note(services: Services, name: str, at: datetime | None) -> None:
    with services.db.transaction(as_=_NOBODY) as connection:
        connection.execute(sa.update(gateways).where(gateways.c.name == name).values(alarmed_at=at))
