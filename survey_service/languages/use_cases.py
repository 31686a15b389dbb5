"""Bringing wording into the database, which is the authority at run time: what ships, and what a rights-holder sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.languages.records import wordings
from survey_service.licensing.queries import recorded_licences
from survey_service.licensing.rules import LicenceRecord, State, state
from survey_service.licensing.use_cases import Document, keep_document
from translations.catalogue import InstrumentWording, WordingKind
from translations.labels import CheckedLabels


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Somebody's word that these labels are the rights-holder's.

    ``content_hash`` is that of the preview: what was looked at is what is accepted.
    """

    content_hash: str
    licence_id: UUID
    certificate: Document
    accepted_by: str


def seed_wordings(services: Services, shipped: Iterable[InstrumentWording]) -> int:
    """Enter every shipped wording that may be shown here and is not there yet; returns how many were new.

    Demonstration wording in a demonstration only, and there too what nobody who speaks the language has reviewed; the
    project's own elsewhere as well. What is there is never changed. Raises ``BadInput`` for licensed wording in a file
    that ships: it comes in by ``accept_labels`` or not at all.
    """
    rows = []
    for one in shipped:
        if one.kind is WordingKind.LICENSED:
            raise BadInput("Licensed wording is not seeded from files: it is accepted with its licence.")
        if services.settings.demonstration or (one.kind is WordingKind.OWN and one.reviewed_by_speaker):
            rows.append(_row(services, one))
    with services.db.transaction(as_=Operator()) as connection:
        return sum(insert_if_new(connection, insert(wordings).values(row).on_conflict_do_nothing()) for row in rows)


def accept_labels(services: Services, labels: CheckedLabels, acceptance: Acceptance) -> UUID:
    """Enter a rights-holder's wording, read-only from then on; returns its id.

    Raises ``BadInput`` when it is not what was previewed, the licence is not for it, or it has been accepted before.
    """
    wording = labels.wording
    if acceptance.content_hash != wording.content_hash:
        raise BadInput("The labels are not those that the preview showed: its hash is another.")
    if not acceptance.accepted_by.strip():
        raise BadInput("An acceptance names who accepts.")
    row = _row(services, wording)
    with services.db.transaction(as_=Operator()) as connection:
        licences = {one.id: one for one in recorded_licences(connection, wording.instrument)}
        _refuse_another_licence(services, wording, licences.get(acceptance.licence_id))
        row |= {
            "language_version": labels.language_version,
            "licence_id": acceptance.licence_id,
            "accepted_by": acceptance.accepted_by.strip(),
            "certificate_name": acceptance.certificate.name,
            "certificate_digest": keep_document(connection, acceptance.certificate),
        }
        if not insert_if_new(connection, insert(wordings).values(row).on_conflict_do_nothing()):
            raise BadInput("These labels have been accepted before.")
    return UUID(str(row["id"]))


def _refuse_another_licence(services: Services, wording: InstrumentWording, licence: LicenceRecord | None) -> None:
    if licence is None:
        raise BadInput("There is no such licence for this instrument.")
    if licence.instrument_version not in (None, wording.version):
        raise BadInput("The licence is for another version of the instrument.")
    if wording.locale not in licence.locales:
        raise BadInput("The licence does not cover this language.")
    if state(licence, local_day(services.clock())) in (State.ENDED, State.WITHDRAWN):
        raise BadInput("The licence has ended or been withdrawn.")


def _row(services: Services, one: InstrumentWording) -> dict[str, object]:
    return {
        "id": new_id(),
        "instrument": one.instrument,
        "instrument_version": one.version,
        "locale": one.locale,
        "respondent": one.respondent,
        "kind": one.kind,
        "content_hash": one.content_hash,
        "texts": dict(one.texts),
        "approved_at": services.clock(),
    }
