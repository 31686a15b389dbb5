"""Bringing shipped wording into the database, which is the authority at run time."""

from collections.abc import Iterable

from sqlalchemy.dialects.postgresql import insert

from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.languages.records import wordings
from translations.catalogue import InstrumentWording


def seed_wordings(services: Services, shipped: Iterable[InstrumentWording]) -> None:
    """Enter every shipped wording that is not there yet. What is there is never changed."""
    rows = [
        {
            "id": new_id(),
            "instrument": one.instrument,
            "instrument_version": one.version,
            "locale": one.locale,
            "kind": one.kind,
            "content_hash": one.content_hash,
            "texts": dict(one.texts),
            "approved_at": services.clock(),
        }
        for one in shipped
    ]
    if rows:
        with services.db.transaction(as_=Operator()) as connection:
            connection.execute(insert(wordings).on_conflict_do_nothing(), rows)
