"""Recording licences and withdrawing them. What was recorded never changes: a correction is a new licence."""

import hashlib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import UnknownInstrument
from survey_service.errors import BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.licensing.records import licence_withdrawals, licences, rights_documents
from survey_service.licensing.rules import Mode, UseOfAnswers

# An agreement of some hundred scanned pages has room; a film has not.
MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A file that proves something: an agreement, a certificate."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLicence:
    """What the agreement says. None is every unit, every version, without end; ``valid_until`` is the last day."""

    provider_id: UUID
    unit_id: UUID | None
    instrument: str
    instrument_version: str | None
    purpose: UseOfAnswers
    locales: AbstractSet[str]
    modes: AbstractSet[Mode]
    valid_from: date
    valid_until: date | None
    licensee: str
    reference: str
    evidence: Document
    recorded_by: str


def add_licence(services: Services, licence: NewLicence) -> UUID:
    """Record a licence. Raises ``BadInput`` for one that licenses nothing here."""
    _refuse_what_needs_none(services, licence)
    if not licence.locales or not licence.modes:
        raise BadInput("A licence names at least one language and one way of answering.")
    if licence.valid_until is not None and licence.valid_until < licence.valid_from:
        raise BadInput("The licence ends before it begins.")
    if not (licence.licensee.strip() and licence.reference.strip() and licence.recorded_by.strip()):
        raise BadInput("A licence names the licensee, the rights-holder's reference and who recorded it.")
    licence_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(
            insert(licences).values(
                id=licence_id,
                provider_id=licence.provider_id,
                unit_id=licence.unit_id,
                instrument=licence.instrument,
                instrument_version=licence.instrument_version,
                purpose=licence.purpose,
                locales=sorted(licence.locales),
                modes=sorted(licence.modes),
                valid_from=licence.valid_from,
                valid_until=licence.valid_until,
                licensee=licence.licensee.strip(),
                reference=licence.reference.strip(),
                evidence_name=licence.evidence.name,
                evidence_digest=keep_document(connection, licence.evidence),
                recorded_by=licence.recorded_by.strip(),
                recorded_at=services.clock(),
            )
        )
    return licence_id


def withdraw_licence(services: Services, licence_id: UUID, *, reason: str, by: str) -> None:
    """End a licence now. What patients have begun, they may finish. Raises ``BadInput`` when there is none to end."""
    if not reason.strip() or not by.strip():
        raise BadInput("A withdrawal names its reason and who withdraws.")
    with services.db.transaction(as_=Operator()) as connection:
        provider_id = connection.execute(
            sa.select(licences.c.provider_id).where(licences.c.id == licence_id)
        ).scalar_one_or_none()
        if provider_id is None:
            raise BadInput("There is no such licence.")
        ended = connection.execute(
            upsert(licence_withdrawals)
            .values(
                licence_id=licence_id,
                provider_id=provider_id,
                reason=reason.strip(),
                withdrawn_by=by.strip(),
                withdrawn_at=services.clock(),
            )
            .on_conflict_do_nothing(),
            execution_options={"preserve_rowcount": True},
        )
        if ended.rowcount == 0:
            raise BadInput("That licence has been withdrawn before.")


def keep_document(connection: Connection, document: Document) -> str:
    """Keep a file that proves something, once however often it is given; returns its digest. Part of the caller's
    transaction. Raises ``BadInput`` for one that is empty or too large."""
    if not document.content or len(document.content) > MOST_BYTES:
        raise BadInput(f"The file {document.name} is empty or larger than {MOST_BYTES // 1024**2} MB.")
    digest = "sha256:" + hashlib.sha256(document.content).hexdigest()
    connection.execute(
        upsert(rights_documents).values(digest=digest, content=document.content).on_conflict_do_nothing()
    )
    return digest


def _refuse_what_needs_none(services: Services, licence: NewLicence) -> None:
    version = licence.instrument_version
    try:
        instrument = (
            services.library.latest(licence.instrument)
            if version is None
            else services.library.get(licence.instrument, version)
        )
    except UnknownInstrument as unknown:
        raise BadInput(f"The licence cannot be recorded: {unknown}.") from None
    if not instrument.licence.required:
        raise BadInput(f"{instrument.id} is the project's own and needs no licence.")
