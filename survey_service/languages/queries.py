"""Reading approved wording."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from instruments import Instrument
from survey_service.foundation.services import Services
from survey_service.languages.records import wordings
from survey_service.languages.rules import may_be_shown
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


def offered_wordings(connection: Connection, services: Services, instrument: Instrument) -> dict[str, ApprovedWording]:
    """Of the approved wordings, those that may be shown to a patient here [E1]."""
    demonstration = services.settings.demonstration
    return {
        locale: one
        for locale, one in approved_wordings(connection, instrument).items()
        if may_be_shown(instrument, one.wording, demonstration=demonstration)
    }


def offered_languages(connection: Connection, services: Services, instruments: Iterable[Instrument]) -> frozenset[str]:
    """The languages in which every one of the instruments may be shown: they are never mixed [E2]."""
    offered = [frozenset(offered_wordings(connection, services, instrument)) for instrument in instruments]
    return frozenset.intersection(*offered) if offered else frozenset()


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
