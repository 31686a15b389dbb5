"""What is handed to a record system: read in a transaction, opened and signed after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from instruments import Score
from survey_service.access.queries import all_units, provider
from survey_service.answering.queries import Response, open_log, response, scores_of, sealed_log
from survey_service.answering.rules import standing_entries
from survey_service.delivery.signing import SigningKey
from survey_service.foundation.services import Services
from survey_service.interop.observations import ScoreFacts
from survey_service.interop.response_bundle import CompletedResponse, response_bundle
from survey_service.people.queries import SealedPatient, open_patient, sealed_patients
from survey_service.scheduling.queries import occasion_of_task


@dataclass(frozen=True, slots=True)
class SealedParcel:
    """A response with everything that belongs to it, as stored."""

    response: Response
    provider_hsa_id: str
    unit_hsa_id: str
    occasion: str
    patient: SealedPatient
    log: Sequence[Row[Any]]
    scores: Sequence[Score]


def sealed_parcel(connection: Connection, response_id: UUID) -> SealedParcel | None:
    """None for a response that the principal may not see."""
    found = response(connection, response_id)
    asked_at = occasion_of_task(connection, found.session.task_id) if found else None
    if found is None or asked_at is None:
        return None
    (patient,) = sealed_patients(connection, [found.person_id])
    return SealedParcel(
        response=found,
        provider_hsa_id=provider(connection, found.provider_id).hsa_id,
        unit_hsa_id=all_units(connection)[found.unit_id].hsa_id,
        occasion=asked_at.code,
        patient=patient,
        log=sealed_log(connection, found.session.id),
        scores=scores_of(connection, [found.id])[found.id],
    )


def open_parcel(services: Services, sealed: SealedParcel) -> dict[str, Any] | None:
    """The Bundle, signed; None when the person has been erased."""
    session = sealed.response.session
    cipher = services.keys.ciphers([session.person_id]).get(session.person_id)
    if cipher is None:
        return None
    instrument = services.library.get(session.instrument, session.instrument_version, session.form)
    units = {variable.name: variable.unit for variable in instrument.variables}
    told = CompletedResponse(
        id=sealed.response.id,
        identity_number=open_patient(cipher, sealed.patient).number,
        provider_hsa_id=sealed.provider_hsa_id,
        unit_hsa_id=sealed.unit_hsa_id,
        instrument=session.instrument,
        instrument_version=session.instrument_version,
        instrument_hash=session.instrument_hash,
        form=session.form,
        wording=session.wording_id,
        locale=session.locale,
        mode=session.mode,
        respondent=session.respondent,
        occasion=sealed.occasion,
        completed_at=sealed.response.completed_at,
        answers=[
            entry.answer for entry in standing_entries(open_log(cipher, sealed.log, instrument.items), instrument)
        ],
        items=instrument.items,
        scores=[score_facts(score, unit=units.get(score.variable, "")) for score in sealed.scores],
    )
    return response_bundle(told, sign=SigningKey.of(services.settings).sign_detached)


def score_facts(score: Score, *, unit: str) -> ScoreFacts:
    """The score as `interop` tells it; ``unit`` is the catalogue's."""
    return ScoreFacts(
        variable=score.variable,
        unit=unit,
        value=score.value,
        text=score.text,
        standard_error=score.standard_error,
        missing_reason=score.missing_reason,
        method=score.method,
        method_hash=score.method_hash,
        algorithm=score.algorithm,
    )
