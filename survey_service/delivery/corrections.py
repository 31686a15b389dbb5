"""Correcting and voiding what care has received: a new version each time, and the patient's own stays the first.

Nothing is overwritten. With the commit of a version every register loses sight of the one before; the worker then
gives them the new one, or tells them that there is none (`registers.replacing`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Answered
from survey_service.answering.queries import Response, corrected_row
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.plausibility import implausible
from survey_service.delivery.queries import (
    Reason,
    Version,
    VersionKind,
    current_version,
    version_of_request,
    version_row,
    whereabouts,
)
from survey_service.delivery.records import corrected_answers, corrected_scores, response_versions
from survey_service.delivery.use_cases import FLAG_JOB, RELEASE_JOB, keep_flags, receive_to_void, responsible_response
from survey_service.delivery.versions import Outcome, Standing, look_at_version, seen, weigh_correction
from survey_service.errors import BadInput, Conflict
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services

LONGEST_EXPLANATION = 1000


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why, of which version, and the form's own number, by which the same form sent twice is one version."""

    based_on: int
    reason: Reason
    explanation: str
    request_id: UUID


def correct_response(
    services: Services, response_id: UUID, given: Mapping[str, Answered | None], grounds: Grounds, *, as_: Staff
) -> int:
    """Write a corrected version; returns its number. The same form again changes nothing.

    Raises as ``look_at_version`` and ``weigh_correction`` do, and ``Conflict`` when a colleague was first.
    """
    check_grounds(grounds)
    standing = look_at_version(services, response_id, as_=as_, to_correct=True)
    with services.db.transaction(as_=as_) as connection:
        done = version_of_request(connection, response_id, grounds.request_id)
    if done is not None:
        return done.number
    refuse_unless_it_stands(standing.version, grounds)
    outcome = weigh_correction(standing, given)
    cipher = services.keys.cipher(standing.found.person_id)

    def work(connection: Connection) -> int:
        number, is_new = _write_version(
            connection, services, standing.found, VersionKind.CORRECTED, grounds, cipher=cipher, by=as_
        )
        if is_new:
            _write_parts(connection, standing, number, outcome, cipher)
            _keep_flags(connection, standing, number, outcome)
            _tell(connection, services, standing.found, "correction", by=as_)
            # The units' own flags were of the version before.
            enqueue(connection, FLAG_JOB, provider_id=as_.provider_id, response_id=response_id)
        return number

    return services.db.run(work, as_=as_)


def void_response(services: Services, response_id: UUID, grounds: Grounds, *, as_: Staff) -> int:
    """Say that the response is not to be used; returns the number of the version that says so. Nothing is erased.

    Raises ``AccessDenied`` for another unit's, ``BadInput`` for what nobody has received, ``Conflict`` when a colleague
    was first.
    """
    check_grounds(grounds)
    with services.db.transaction(as_=as_) as connection:
        found = responsible_response(connection, response_id, as_=as_, now=services.clock())
        if whereabouts(connection, [found.id])[found.id].received_at is None:
            raise BadInput("Open the response before you correct it.")
    cipher = services.keys.cipher(found.person_id)

    def work(connection: Connection) -> int:
        number, is_new = _write_version(connection, services, found, VersionKind.VOIDED, grounds, cipher=cipher, by=as_)
        if is_new:
            _tell(connection, services, found, "voiding", by=as_)
        return number

    return services.db.run(work, as_=as_)


def void_of_wrong_patient(
    connection: Connection,
    services: Services,
    given: Collection[Response],
    explanation: str,
    *,
    ciphers: Mapping[UUID, PersonCipher],
    as_: Staff,
) -> int:
    """Void these responses of the unit: they are about somebody else. Part of the commit that voids the enrolment.

    Returns how many stood. What nobody has received is received by it, since only what is received can be voided.
    """
    stands = current_version(connection, [one.id for one in given])
    voided = 0
    for found in given:
        if stands[found.id].kind is VersionKind.VOIDED:
            continue
        receive_to_void(connection, services, found, as_=as_)
        grounds = Grounds(stands[found.id].number, Reason.WRONG_PATIENT, explanation, new_id())
        cipher = ciphers[found.person_id]
        _write_version(connection, services, found, VersionKind.VOIDED, grounds, cipher=cipher, by=as_)
        _tell(connection, services, found, "voiding", by=as_)
        voided += 1
    return voided


def refuse_unless_it_stands(version: Version, grounds: Grounds) -> None:
    """Raise ``Conflict`` when the form was filled in for a version that does not stand any more."""
    if version.number != grounds.based_on or version.kind is VersionKind.VOIDED:
        raise Conflict("A colleague has changed this response meanwhile. Here is how it stands now.")


def check_grounds(grounds: Grounds) -> None:
    """Raise ``BadInput`` for an explanation that is missing where it has to be there, or is too long."""
    written = len(grounds.explanation.strip())
    if written > LONGEST_EXPLANATION or (grounds.reason is Reason.OTHER and not written):
        sentence = "Write in a few words why."
        raise BadInput("Write in a few words why.", fields={"explanation": sentence})


def _write_version(
    connection: Connection,
    services: Services,
    found: Response,
    kind: VersionKind,
    grounds: Grounds,
    *,
    cipher: PersonCipher,
    by: Staff,
) -> tuple[int, bool]:
    """The version's number, and whether it is new. The primary key decides who was first."""
    if done := version_of_request(connection, found.id, grounds.request_id):
        return done.number, False
    refuse_unless_it_stands(current_version(connection, [found.id])[found.id], grounds)
    number = grounds.based_on + 1
    is_new = insert_if_new(
        connection,
        upsert(response_versions)
        .values(
            response_id=found.id,
            version=number,
            provider_id=found.provider_id,
            person_id=found.person_id,
            kind=kind.value,
            reason=grounds.reason.value,
            explanation_sealed=_sealed_explanation(cipher, found.id, number, grounds.explanation.strip()),
            staff_id=by.staff_id,
            request_id=grounds.request_id,
            at=services.clock(),
        )
        .on_conflict_do_nothing(),
    )
    if not is_new and version_of_request(connection, found.id, grounds.request_id) is None:
        raise Conflict("A colleague has changed this response meanwhile. Here is how it stands now.")
    return number, is_new


def _sealed_explanation(cipher: PersonCipher, response_id: UUID, number: int, written: str) -> bytes | None:
    if not written:
        return None
    return cipher.seal(written, table="response_versions", column="explanation", row=version_row(response_id, number))


def _write_parts(
    connection: Connection, standing: Standing, number: int, outcome: Outcome, cipher: PersonCipher
) -> None:
    found, items = standing.found, standing.instrument.items
    owner = {
        "response_id": found.id,
        "version": number,
        "provider_id": found.provider_id,
        "person_id": found.person_id,
    }

    def sealed(answer: Answered) -> bytes | None:
        if answer.value is None:
            return None
        place = corrected_row(found.id, number, answer.item_id)
        written = items[answer.item_id].question.write(answer.value)
        return cipher.seal(written, table="corrected_answers", column="value", row=place)

    answered = [
        {"item_id": answer.item_id, "kind": answer.kind.value, "value_sealed": sealed(answer), **owner}
        for answer in outcome.changed
    ]
    scored = [
        {
            "variable": score.variable,
            "value": score.value,
            "text": score.text,
            "standard_error": score.standard_error,
            "missing_reason": score.missing_reason,
            "method": score.method,
            "method_hash": score.method_hash,
            "algorithm": score.algorithm,
            **owner,
        }
        for score in outcome.scores
    ]
    for table, rows in ((corrected_answers, answered), (corrected_scores, scored)):
        if rows:
            connection.execute(insert(table), rows)


def _keep_flags(connection: Connection, standing: Standing, number: int, outcome: Outcome) -> None:
    found = standing.found
    keep_flags(
        connection,
        implausible(seen(standing, outcome)),
        response_id=found.id,
        version=number,
        provider_id=found.provider_id,
        person_id=found.person_id,
    )


def _tell(connection: Connection, services: Services, found: Response, what: str, *, by: Staff) -> None:
    """Log it, and let the worker tell those who have the version before: registers, and the record system."""
    access = Access(Activity.WRITE, Purpose.CARE, what, found.id, found.person_id)
    record_access(connection, services.clock, [access], by=by)
    enqueue(connection, RELEASE_JOB, provider_id=found.provider_id, response_id=found.id)
