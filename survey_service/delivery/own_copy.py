"""A patient's own copy of answers and scores: read as they stand now, opened, and logged.

For the patient alone, of every care provider. Not for how a file says it: see `own_copy_files`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from instruments import Answered, Instrument, Score
from survey_service.access.queries import Unit, all_providers, all_units
from survey_service.access.rules import may_read_own
from survey_service.answering.queries import (
    Response,
    instrument_of,
    open_corrections,
    open_log,
    responses_of_person,
    scores_of_versions,
    sealed_logs,
)
from survey_service.answering.rules import amended, effective_entries
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.course_reading import MOST_RESPONSES
from survey_service.delivery.queries import VersionKind, current_version, sealed_corrections
from survey_service.errors import AccessDenied
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.languages.queries import wordings_with_ids
from survey_service.people.queries import SealedPatient, open_patient, sealed_patients
from survey_service.scheduling.queries import Occasion, followed_occasions, occasions_of_tasks
from translations.catalogue import InstrumentWording


class CopyFormat(StrEnum):
    """As what the copy is taken home."""

    PDF = "pdf"
    CSV = "csv"
    FHIR = "fhir"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnResponse:
    """One response as it stands. ``instrument`` is None when it is gone: then a value is the text that is stored."""

    response: Response
    instrument: Instrument | None
    wording: InstrumentWording
    unit: Unit
    provider_name: str
    provider_hsa_id: str
    occasion: Occasion
    is_corrected: bool
    answers: Sequence[Answered] = field(repr=False)
    scores: Sequence[Score] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopy:
    """The newest first. ``is_cut``: there is more than is here; ``puts_aside``: how many the care units put aside."""

    responses: Sequence[OwnResponse]
    identity_number: str = field(repr=False)
    name: str = field(repr=False)
    puts_aside: int
    is_cut: bool
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """What one transaction has read."""

    found: Sequence[Response]
    corrected: Mapping[UUID, Sequence[Row[Any]]]
    logs: Mapping[UUID, Sequence[Row[Any]]]
    scores: Mapping[UUID, Sequence[Score]]
    wordings: Mapping[UUID, InstrumentWording]
    occasions: Mapping[UUID, Occasion]
    units: Mapping[UUID, Unit]
    providers: Mapping[UUID, tuple[str, str]]
    patients: Sequence[SealedPatient]
    puts_aside: int
    is_cut: bool


def own_copy(services: Services, as_what: CopyFormat, *, as_: Patient) -> OwnCopy:
    """Everything that the patient has answered and that stands. Raises ``AccessDenied`` for who may not read it."""
    if not may_read_own(as_):
        raise AccessDenied
    with services.db.transaction(as_=as_) as connection:
        sealed = _read(connection, as_.person_id)
        access = Access(Activity.READ, Purpose.OWN_ACCESS, "own_copy", None, as_.person_id, reason=as_what)
        record_access(connection, services.clock, [access], by=as_)
    cipher = services.keys.cipher(as_.person_id)
    identities = [open_patient(cipher, one) for one in sealed.patients]
    return OwnCopy(
        responses=[_opened(services, cipher, sealed, one) for one in sealed.found],
        identity_number=identities[0].number if identities else "",
        name=identities[0].name if identities else "",
        puts_aside=sealed.puts_aside,
        is_cut=sealed.is_cut,
        made_at=services.clock(),
    )


def _read(connection: Connection, person_id: UUID) -> _Sealed:
    # One more than is told says that there are more.
    answered = responses_of_person(
        connection, person_id, of_occasions=followed_occasions(person_id, None), limit=MOST_RESPONSES + 1
    )
    newest = answered[:MOST_RESPONSES]
    stands = current_version(connection, [one.id for one in newest])
    found = [one for one in newest if stands[one.id].kind is not VersionKind.VOIDED]
    corrected = [one.id for one in found if stands[one.id].kind is VersionKind.CORRECTED]
    return _Sealed(
        found=found,
        corrected={id_: sealed_corrections(connection, id_, up_to=stands[id_].number) for id_ in corrected},
        logs=sealed_logs(connection, [one.session.id for one in found]),
        scores=scores_of_versions(connection, [stands[one.id] for one in found]),
        wordings=wordings_with_ids(connection, {one.session.wording_id for one in found}),
        occasions=occasions_of_tasks(connection, [one.session.task_id for one in found]),
        units=all_units(connection),
        providers={id_: (one.name, one.hsa_id) for id_, one in all_providers(connection).items()},
        patients=sealed_patients(connection, [person_id]),
        puts_aside=len(newest) - len(found),
        is_cut=len(answered) > MOST_RESPONSES,
    )


def _opened(services: Services, cipher: PersonCipher, sealed: _Sealed, one: Response) -> OwnResponse:
    instrument = instrument_of(services, one.session)
    items = None if instrument is None else instrument.items
    log = open_log(cipher, sealed.logs[one.session.id], items)
    corrections = open_corrections(cipher, sealed.corrected.get(one.id, ()), items)
    if instrument is None:
        given = {entry.answer.item_id: entry.answer for entry in effective_entries(log, adaptive=False)}
        answers = tuple({**given, **corrections}.values())
    else:
        answers = amended(log, corrections, instrument)
    name, hsa_id = sealed.providers[one.provider_id]
    return OwnResponse(
        response=one,
        instrument=instrument,
        wording=sealed.wordings[one.session.wording_id],
        unit=sealed.units[one.unit_id],
        provider_name=name,
        provider_hsa_id=hsa_id,
        occasion=sealed.occasions[one.session.task_id],
        is_corrected=one.id in sealed.corrected,
        answers=answers,
        scores=sealed.scores[one.id],
    )
