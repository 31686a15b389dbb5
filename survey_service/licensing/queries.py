"""Reading licences, and what the database says a licence covers."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.foundation.clock import local_day
from survey_service.foundation.db import refused_by
from survey_service.licensing.records import deployment, licence_withdrawals, licences, rights_documents
from survey_service.licensing.rules import LicenceRecord, Mode, Use, UseOfAnswers

_COVERED = sa.text(
    "SELECT licensed_locales(:provider, :unit, :instrument, :version, :purpose, :mode, cast(:day AS date))"
)


def licensed_locales(connection: Connection, instrument: str, version: str, use: Use) -> frozenset[str]:
    """The languages in which a licence covers the use, as the database decides it."""
    found = connection.execute(
        _COVERED,
        {
            "provider": use.provider_id,
            "unit": use.unit_id,
            "instrument": instrument,
            "version": version,
            "purpose": use.purpose,
            "mode": use.mode,
            "day": use.day,
        },
    ).scalars()
    return frozenset(found)


def is_refused_at_the_gate(error: sa.exc.IntegrityError) -> bool:
    """Whether the database refused a session: no licence covers it, its wording or its occasion was withdrawn."""
    return refused_by(error) in {"session_needs_licence", "session_needs_wording", "session_needs_plan"}


def recorded_licences(connection: Connection, instrument: str | None = None) -> list[LicenceRecord]:
    """The licences that the principal may see, those that end last first; of one instrument where it is named."""
    query = (
        sa.select(licences, licence_withdrawals.c.withdrawn_at)
        .outerjoin(licence_withdrawals, licence_withdrawals.c.licence_id == licences.c.id)
        .order_by(licences.c.instrument, licences.c.valid_until.desc().nulls_first(), licences.c.id)
    )
    if instrument is not None:
        query = query.where(licences.c.instrument == instrument)
    return [
        LicenceRecord(
            id=row.id,
            provider_id=row.provider_id,
            unit_id=row.unit_id,
            instrument=row.instrument,
            instrument_version=row.instrument_version,
            purpose=UseOfAnswers(row.purpose),
            locales=frozenset(row.locales),
            modes=frozenset(map(Mode, row.modes)),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            licensee=row.licensee,
            reference=row.reference,
            withdrawn_on=None if row.withdrawn_at is None else local_day(row.withdrawn_at),
        )
        for row in connection.execute(query).all()
    ]


def evidence(connection: Connection, licence_id: UUID) -> tuple[str, bytes] | None:
    """Name and content of the document that proves a licence. For operators."""
    row = connection.execute(
        sa.select(licences.c.evidence_name, rights_documents.c.content)
        .join(rights_documents, rights_documents.c.digest == licences.c.evidence_digest)
        .where(licences.c.id == licence_id)
    ).first()
    return None if row is None else (row.evidence_name, bytes(row.content))


def is_demonstration(connection: Connection) -> bool | None:
    """Whether this database is for a demonstration; None where nobody has said."""
    said: bool | None = connection.execute(sa.select(deployment.c.demonstration)).scalar_one_or_none()
    return said
