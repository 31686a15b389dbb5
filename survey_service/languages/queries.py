"""Reading approved wording."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from instruments import Instrument
from survey_service.languages.records import wordings
from translations.catalogue import InstrumentWording, WordingKind


@dataclass(frozen=True, slots=True)
class ApprovedWording:
    """A wording version that may be shown."""

    id: UUID
    wording: InstrumentWording


def wording(connection: Connection, wording_id: UUID) -> InstrumentWording:
    """The wording that a session showed, whatever has been approved since."""
    return _parse(connection.execute(sa.select(wordings).where(wordings.c.id == wording_id)).one())


def titles(connection: Connection, wording_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The instruments' titles as these wordings have them, in one query for a list."""
    rows = connection.execute(
        sa.select(wordings.c.id, wordings.c.texts["title"].astext.label("title")).where(wordings.c.id.in_(wording_ids))
    ).all()
    return {row.id: row.title for row in rows}


def approved_wordings(connection: Connection, instrument: Instrument) -> dict[str, ApprovedWording]:
    """By locale, the wording approved last for this instrument version."""
    rows = connection.execute(
        sa.select(wordings)
        .where(wordings.c.instrument == instrument.id, wordings.c.instrument_version == instrument.version)
        .order_by(wordings.c.approved_at, wordings.c.id)
    ).all()
    return {row.locale: ApprovedWording(row.id, _parse(row)) for row in rows}


def _parse(row: Row[tuple[object, ...]]) -> InstrumentWording:
    return InstrumentWording(
        instrument=row.instrument,
        version=row.instrument_version,
        locale=row.locale,
        kind=WordingKind(row.kind),
        texts=row.texts,
        sources={},
        concepts={},
    )
