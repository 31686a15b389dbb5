"""Texts of the interface at run time: what translators have approved, over what ships; read anew meanwhile.

For whoever shows texts. Not for approving them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from threading import Lock

import sqlalchemy as sa
from babel.support import Translations

from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import Gate
from survey_service.foundation.services import Services
from survey_service.languages.queries import interface_in_force, interface_revision
from translations.interface import interface_translations, overlaid

# Soon enough for the translator who goes to see it; one cheap query for all requests meanwhile.
REFRESH = timedelta(seconds=2)


@cache
def shipped_texts() -> Mapping[str, Translations]:
    """By locale, the texts that ship, read once in a process."""
    return interface_translations()


class InterfaceTexts:
    """By locale, the texts in force: called by every request, asks the database at most once in ``REFRESH``.

    While the database does not answer, what was read last stays.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._shipped = shipped_texts()
        self._texts: Mapping[str, Translations] = self._shipped
        self._revision = 0
        self._asked_at: datetime | None = None
        self._lock = Lock()

    def __call__(self) -> Mapping[str, Translations]:
        now = self._services.clock()
        if self._asked_at is not None and self._asked_at <= now < self._asked_at + REFRESH:
            return self._texts
        # Somebody else is asking: what is known will do.
        if self._lock.acquire(blocking=False):
            try:
                self._refresh()
            except sa.exc.SQLAlchemyError as error:
                get_logger().warning("interface.not_read", code=type(error).__name__)
            finally:
                self._asked_at = now
                self._lock.release()
        return self._texts

    def _refresh(self) -> None:
        with self._services.db.transaction(as_=Gate()) as connection:
            revision = interface_revision(connection)
            if revision == self._revision:
                return
            versions = interface_in_force(connection)
        approved = {
            locale: overlaid(self._shipped.get(locale), version.texts, locale=locale)
            for locale, version in versions.items()
        }
        self._texts = {**self._shipped, **approved}
        self._revision = revision
