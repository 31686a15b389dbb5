"""Releasing: what a provider has received and agreed to give, and no patient has refused, goes into the feed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Score
from survey_service.access.queries import all_units, provider
from survey_service.answering.queries import Response, response, scores_of
from survey_service.delivery.queries import current_version, flags_of, whereabouts
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import System
from survey_service.foundation.services import Services
from survey_service.registers.queries import agreements_in_force
from survey_service.registers.records import releases
from survey_service.registers.replacing import announce, set_aside
from survey_service.registers.rules import Agreement, agreed_scores, describe_score, newest_agreements
from survey_service.scheduling.queries import Occasion, occasion_of_task


def release_response(services: Services, response_id: UUID, *, as_: System) -> int:
    """Release a received response to every register that may have it; returns how many new releases there are.

    The database is the judge: each release points at the receipt, the agreement, the notice given, and the patient's
    choice not to object. Harmless when repeated.
    """

    def work(connection: Connection) -> int:
        found = response(connection, response_id)
        if found is None or whereabouts(connection, [response_id])[response_id].received_at is None:
            return 0
        asked_at = occasion_of_task(connection, found.session.task_id)
        if asked_at is None or asked_at.legal_regime != "health_care":
            return 0  # what is answered under social-service law never leaves for a register
        scores = scores_of(connection, [response_id])[response_id]
        written = {
            agreement.register_id: _write_release(connection, services, found, asked_at, agreement, scores)
            for agreement in newest_agreements(agreements_in_force(connection, as_.provider_id, services.clock()))
        }
        new = {register_id: release_id for register_id, release_id in written.items() if release_id is not None}
        announce(connection, services, response_id, new)
        return len(new)

    return services.db.run(work, as_=as_)


def _write_release(
    connection: Connection,
    services: Services,
    found: Response,
    asked_at: Occasion,
    agreement: Agreement,
    scores: Sequence[Score],
) -> UUID | None:
    """The new release, or None when there is nothing agreed, the patient has objected, or it was there before."""
    agreed = agreed_scores(scores, agreement)
    if not agreed:
        return None
    pseudonym: UUID | None = connection.execute(
        sa.text("SELECT join_register(:person, :register, :pseudonym, :at)"),
        {
            "person": found.person_id,
            "register": agreement.register_id,
            "pseudonym": new_id(),
            "at": services.clock(),
        },
    ).scalar_one()
    if pseudonym is None:
        return None
    release_id = new_id()
    earlier = set_aside(connection, found.id).get(agreement.register_id)
    reference = earlier.reference if earlier else new_id()
    version = current_version(connection, [found.id])[found.id].number
    is_new = insert_if_new(
        connection,
        upsert(releases)
        .values(
            id=release_id,
            response_id=found.id,
            provider_id=found.provider_id,
            person_id=found.person_id,
            register_id=agreement.register_id,
            agreement_id=agreement.id,
            notice_id=found.session.notice_id,
            reference=reference,
            version=version,
            payload=_payload(connection, found, asked_at, agreed, subject=pseudonym, reference=reference)
            | {"version": version, "flags": list(flags_of(connection, [found.id])[found.id])},
            released_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["response_id", "register_id"]),
    )
    return release_id if is_new else None


def _payload(
    connection: Connection,
    found: Response,
    asked_at: Occasion,
    agreed: Sequence[Score],
    *,
    subject: UUID,
    reference: UUID,
) -> dict[str, Any]:
    session = found.session
    return {
        # What the register and the provider call it between them: no other register calls it so.
        "response": str(reference),
        "subject": str(subject),
        "provider": provider(connection, found.provider_id).hsa_id,
        "unit": all_units(connection)[found.unit_id].hsa_id,
        "occasion": asked_at.code,
        "completed_at": found.completed_at.isoformat(),
        "instrument": session.instrument,
        "instrument_version": session.instrument_version,
        "instrument_hash": session.instrument_hash,
        "form": session.form or None,
        "wording": str(session.wording_id),
        "language": session.locale,
        "mode": session.mode,
        "respondent": session.respondent,
        "scores": [dict(describe_score(score)) for score in agreed],
    }
