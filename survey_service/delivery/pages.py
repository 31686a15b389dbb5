"""What the unit's pages show: one reading transaction each, then plain values for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Connection, Row

from instruments import AnswerKind, Instrument, Score, Variable
from survey_service.access.queries import all_units, staff_names
from survey_service.answering.queries import (
    Response,
    completed_task_ids,
    open_log,
    responses_with_ids,
    scores_of,
    sealed_log,
    why_not_asked,
)
from survey_service.answering.rules import standing_entries
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery import queries
from survey_service.delivery.use_cases import own_response
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import has_history
from survey_service.http.locale import current_locale, language_name, number
from survey_service.http.results import answer, band, figure, label, made_of, why_missing
from survey_service.languages.queries import wording, wordings_with_ids
from survey_service.licensing.rules import Refusal
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion, occasions_of_tasks, waiting_occasions_of_unit
from survey_service.scheduling.rules import in_language
from translations.catalogue import InstrumentWording

Context = dict[str, Any]

# As many as a person can take in; the rest is reached by filters (issue "care units").
_MOST_ROWS = 100
# What a line of the worklist leaves out: it is on the response's own page.
_LEFT_OUT = frozenset({"theta", "n_items", "stop_reason", "lss", "lfs"})
_MOST_FIGURES = 4


@dataclass(frozen=True, slots=True)
class _Row:
    """A response in the worklist, before names are opened."""

    happened: queries.Whereabouts
    completed_at: datetime
    instrument: Instrument
    texts: Mapping[str, str]
    occasion: Occasion
    scores: Sequence[Score]


def worklist(services: Services, *, only_unread: bool, as_: Staff) -> Context:
    """New answers first, then the latest; and who has not answered yet. Each patient shown is logged."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rows = _rows(connection, services, only_unread=only_unread, as_=as_)
        expected = waiting_occasions_of_unit(
            connection, as_.unit_id, now, completed=completed_task_ids(), limit=_MOST_ROWS
        )
        refusals = why_not_asked(connection, services, expected)
        shown = {row.happened.person_id for row in rows} | {one.person_id for one in expected}
        sealed = sealed_patients(connection, shown)
        names = staff_names(connection)
        counted = queries.counts(connection, as_.unit_id)
        accesses = [Access(Activity.READ, Purpose.CARE, "worklist", None, person_id) for person_id in sorted(shown)]
        record_access(connection, services.clock, accesses, by=as_)
    identities = open_patients(services.keys, sealed)
    return {
        "filter": "unread" if only_unread else "all",
        "counts": counted,
        "responses": [_describe_row(row, identities, names) for row in rows],
        "outstanding": [_describe_expected(one, identities, now, refusals.get(one.id)) for one in expected],
    }


def _rows(connection: Connection, services: Services, *, only_unread: bool, as_: Staff) -> list[_Row]:
    listed = queries.worklist(connection, as_.unit_id, only_unread=only_unread, limit=_MOST_ROWS)
    responses = {one.id: one for one in responses_with_ids(connection, [one.response_id for one in listed])}
    scores = scores_of(connection, list(responses))
    worded = wordings_with_ids(connection, {one.session.wording_id for one in responses.values()})
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in responses.values()])
    return [
        _Row(
            happened=one,
            completed_at=found.completed_at,
            instrument=services.library.get(found.session.instrument, found.session.instrument_version),
            texts=worded[found.session.wording_id].texts,
            occasion=asked_at[found.session.task_id],
            scores=scores[found.id],
        )
        for one in listed
        for found in [responses[one.response_id]]
    ]


def _describe_row(row: _Row, identities: Mapping[UUID, Identity], names: Mapping[UUID, str]) -> Context:
    happened = row.happened
    return {
        "id": happened.response_id,
        **_patient(identities, happened.person_id),
        "instrument_title": row.texts["title"],
        "occasion": in_language(row.occasion.titles, current_locale()),
        "completed_at": row.completed_at,
        "received_at": happened.received_at,
        "received_by": names.get(happened.received_by) if happened.received_by else None,
        "read_at": happened.read_at,
        "assessed_at": happened.assessed_at,
        # Before the receipt the list says that there are answers, not which.
        "summary": summarise(row.instrument, row.scores, row.texts) if happened.received_at else None,
    }


def _describe_expected(
    one: Occasion, identities: Mapping[UUID, Identity], now: datetime, refusal: Refusal | None
) -> Context:
    return {
        "patient_name": _patient(identities, one.person_id)["patient_name"],
        "title": in_language(one.titles, current_locale()),
        "due_at": one.due_at,
        "state": "late" if local_day(one.due_at) < local_day(now) else "invited",
        # Why the patient is not asked, where a licence or a wording is missing.
        "refusal": gettext(refusal.why.value, **refusal.values) if refusal else None,
    }


def response(services: Services, response_id: UUID, *, as_: Staff) -> tuple[str, Context]:
    """The template and its values: the answers, or, before anybody has opened them, the page that asks to.

    Raises ``AccessDenied`` for another unit's.
    """
    with services.db.transaction(as_=as_) as connection:
        found = own_response(connection, response_id, as_=as_)
        happened = queries.whereabouts(connection, [found.id])[found.id]
        shown = wording(connection, found.session.wording_id)
        sealed = sealed_patients(connection, [found.person_id])
        log = sealed_log(connection, found.session.id) if happened.received_at else []
        scores = scores_of(connection, [found.id])[found.id]
        asked_at = occasions_of_tasks(connection, [found.session.task_id])[found.session.task_id]
        names = staff_names(connection)
        units = all_units(connection)
        has_earlier = has_history(connection, found.person_id, as_.unit_id)
        # Before the receipt nothing of the response is shown but that it is there, as in the worklist.
        shown_kind = "response" if happened.received_at else "worklist"
        accesses = [Access(Activity.READ, Purpose.CARE, shown_kind, found.id, found.person_id)]
        record_access(connection, services.clock, accesses, by=as_)
    patient = _patient(open_patients(services.keys, sealed), found.person_id)
    described = _describe_response(found, happened, shown, asked_at) | patient
    described["assessed_by"] = names.get(happened.assessed_by) if happened.assessed_by else None
    if happened.received_at is None or happened.received_by is None or happened.received_at_unit is None:
        return "staff/confirm_receipt.html", {"response": described}
    instrument = services.library.get(found.session.instrument, found.session.instrument_version, found.session.form)
    return "staff/response.html", {
        "response": described,
        "patient": {"name": patient["patient_name"], "personal_number": patient["personal_number"]},
        "earlier_of": found.person_id if has_earlier else None,
        "receipt": {
            "at": happened.received_at,
            "by": names.get(happened.received_by, NAME_IS_ERASED),
            "unit_name": units[happened.received_at_unit].name,
            "route": gettext("Opened by a person"),
        },
        "scores": _score_rows(instrument, scores, shown.texts),
        "index_is_made_of": made_of(instrument.scoring, scores),
        "answers": _answer_rows(services.keys.cipher(found.person_id), instrument, shown, log),
    }


def _describe_response(
    found: Response, happened: queries.Whereabouts, shown: InstrumentWording, asked_at: Occasion
) -> Context:
    return {
        "id": found.id,
        "instrument_title": shown.texts["title"],
        "completed_at": found.completed_at,
        "occasion": in_language(asked_at.titles, current_locale()),
        "mode": gettext("On the web") if found.session.mode == "web" else found.session.mode,
        "language": language_name(found.session.locale, in_=current_locale()),
        "assessed_at": happened.assessed_at,
    }


def _answer_rows(
    cipher: PersonCipher, instrument: Instrument, shown: InstrumentWording, sealed: Sequence[Row[Any]]
) -> list[Context]:
    """What was asked and answered, in order; answers that were changed, or no longer count, are not shown."""
    answered_at = {row.sequence: row.answered_at for row in sealed}
    entries = standing_entries(open_log(cipher, sealed, instrument.items), instrument)
    return [
        {
            "question": shown.texts[f"item:{entry.answer.item_id}"],
            "answer": answer(instrument.items[entry.answer.item_id], entry.answer, shown.texts),
            "at": answered_at[entry.sequence],
        }
        for entry in entries
        if entry.answer.kind is not AnswerKind.SHOWN
    ]


def summarise(instrument: Instrument, scores: Sequence[Score], texts: Mapping[str, str]) -> str:
    """The figures a clinician looks for first, on one line."""
    parts = []
    for _, score in _in_catalogue_order(instrument, scores):
        name = score.variable.rpartition(".")[2]
        if name in _LEFT_OUT or (score.value is None and score.text is None):
            continue
        named = "T" if name == "t" and f"score:{score.variable}" not in texts else label(score.variable, texts)
        error = score.standard_error
        shown = f"{named} {figure(score)}"
        parts.append(shown if error is None else f"{shown} (SE {number(round(error, 1))})")
    return " · ".join(parts[:_MOST_FIGURES])


def _in_catalogue_order(instrument: Instrument, scores: Sequence[Score]) -> list[tuple[Variable, Score]]:
    by_name = {score.variable: score for score in scores}
    return [(variable, by_name[variable.name]) for variable in instrument.variables if variable.name in by_name]


def _score_rows(instrument: Instrument, scores: Sequence[Score], texts: Mapping[str, str]) -> list[Context]:
    return [_score_row(variable, score, texts) for variable, score in _in_catalogue_order(instrument, scores)]


def _score_row(variable: Variable, score: Score, texts: Mapping[str, str]) -> Context:
    name = score.variable.rpartition(".")[2]
    is_t = name == "t" and score.value is not None and score.standard_error is not None
    digits = 1 if name == "t" else 3
    return {
        "variable": score.variable,
        "label": label(score.variable, texts),
        "shown": figure(score),
        "missing": why_missing(score.missing_reason) if score.missing_reason else None,
        "band": band(variable, score),
        "value": None if score.value is None else round(score.value, digits),
        "se": None if score.standard_error is None else round(score.standard_error, digits),
        "method": score.method,
        "t_score": is_t,
    }


def _patient(identities: Mapping[UUID, Identity], person_id: UUID) -> Context:
    identity = identities.get(person_id)
    if identity is None:
        return {"patient_name": NAME_IS_ERASED, "personal_number": NAME_IS_ERASED}
    return {"patient_name": identity.name, "personal_number": f"{identity.number[:8]}-{identity.number[8:]}"}
