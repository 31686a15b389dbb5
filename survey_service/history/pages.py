"""What the unit sees of a patient's earlier results: where they come from, and who brought them here."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from instruments import Score
from survey_service.access.queries import rights_of, staff_names
from survey_service.access.rules import Right
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import ImportedResponse, ImportedScore, history_of, imported_scores_of
from survey_service.http.locale import current_locale, number
from survey_service.http.results import figure, label, why_missing
from survey_service.languages.queries import approved_wordings
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients

Context = dict[str, Any]
Texts = Mapping[str, str]


def earlier_results(services: Services, person_id: UUID, *, as_: Staff) -> Context:
    """The person's earlier results at the unit of the commission; opening them is logged.

    Raises ``AccessDenied`` where the unit has none.
    """
    with services.db.transaction(as_=as_) as connection:
        found = history_of(connection, person_id, as_.unit_id)
        rights = rights_of(connection, as_, services.clock())
        # They are of no protocol, so that who is limited to some sees none of them.
        if not found or not rights.may(Right.CARE) or rights.protocols is not None:
            raise AccessDenied
        scores = imported_scores_of(connection, [one.id for one in found])
        texts = {key: _texts(connection, services, *key) for key in {_key(one) for one in found}}
        names = staff_names(connection)
        sealed = sealed_patients(connection, [person_id])
        accesses = [Access(Activity.READ, Purpose.CARE, "imported_results", None, person_id)]
        record_access(connection, services.clock, accesses, by=as_)
    identity = open_patients(services.keys, sealed).get(person_id)
    return {
        "patient": {
            "name": identity.name if identity else NAME_IS_ERASED,
            "personal_number": f"{identity.number[:8]}-{identity.number[8:]}" if identity else NAME_IS_ERASED,
        },
        "results": [_describe(one, scores.get(one.id, ()), texts[_key(one)], names) for one in found],
    }


def _key(one: ImportedResponse) -> tuple[str, str, str]:
    return one.instrument, one.instrument_version, one.form


def _texts(connection: Connection, services: Services, instrument: str, version: str, form: str) -> Texts:
    """Names of the instrument and its scores in the reader's language, or the one there is."""
    worded = approved_wordings(connection, instrument, version)
    worded.sort(key=lambda one: one.wording.locale == current_locale())
    return worded[-1].wording.texts if worded else {}


def _describe(
    one: ImportedResponse, scores: Sequence[ImportedScore], texts: Texts, names: Mapping[UUID, str]
) -> Context:
    return {
        "title": texts.get("title", one.instrument),
        "version": one.instrument_version,
        "completed_on": one.completed_on,
        "source": one.source,
        "imported_at": one.imported_at,
        "imported_by": names.get(one.staff_id, NAME_IS_ERASED),
        "scores": [_score(score, texts) for score in scores],
    }


def _score(score: ImportedScore, texts: Texts) -> Context:
    as_scored = Score(
        variable=score.variable,
        value=score.value,
        text=score.text,
        missing_reason=score.missing_reason,
        method=score.method,
        method_hash="",
        algorithm="",
    )
    return {
        "variable": score.variable,
        "label": label(score.variable, texts),
        "shown": figure(as_scored),
        "missing": why_missing(score.missing_reason) if score.missing_reason else None,
        "se": None if score.standard_error is None else number(round(score.standard_error, 1)),
        "method": score.method,
        "is_computed": score.origin == "computed",
    }
