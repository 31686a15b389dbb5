"""What the unit's pages show: one reading transaction each, then plain values for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Connection, Row

from instruments import AnswerKind, Instrument, Score, Variable
from survey_service.access.queries import alarm_email, all_units, manages_unit, staff_names
from survey_service.answering.queries import (
    Response,
    completed_task_ids,
    instrument_of,
    open_corrections,
    open_log,
    responses_with_ids,
    scores_of_versions,
    sealed_log,
    why_not_asked,
)
from survey_service.answering.rules import amended, effective_entries, standing_entries
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery import queries
from survey_service.delivery.record_systems import entries, require_manager
from survey_service.delivery.rules import Attempt, Outcome, Route, SystemState
from survey_service.delivery.use_cases import own_response
from survey_service.delivery.version_words import describe_versions, why_implausible
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import has_history
from survey_service.http.locale import current_locale, language_name, number
from survey_service.http.results import (
    answer,
    band,
    direction,
    figure,
    important_change,
    in_catalogue_order,
    label,
    made_of,
    why_missing,
)
from survey_service.languages.queries import wording, wordings_with_ids
from survey_service.licensing.rules import Refusal
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.registers.queries import given_of, register_names
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
    """A response in the worklist, before names are opened. ``instrument`` is None when it is gone."""

    happened: queries.Whereabouts
    completed_at: datetime
    instrument: Instrument | None
    texts: Mapping[str, str]
    occasion: Occasion
    scores: Sequence[Score]
    version: queries.Version
    flags: Sequence[str]


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
        late = queries.alarmed(connection, as_.unit_id)
        flagged = queries.needs_a_look(connection, [row.happened.response_id for row in rows])
        accesses = [Access(Activity.READ, Purpose.CARE, "worklist", None, person_id) for person_id in sorted(shown)]
        record_access(connection, services.clock, accesses, by=as_)
    identities = open_patients(services.keys, sealed)
    described = [_describe_row(row, identities, names) for row in rows]
    # What is flagged can be confirmed in no list: it stands apart, to be opened one by one.
    apart = [row for row in described if row["id"] in flagged and not row["received_at"]]
    return {
        "filter": "unread" if only_unread else "all",
        "counts": counted,
        "alarmed": late,
        "apart": apart,
        "responses": [row for row in described if row not in apart],
        "outstanding": [_describe_expected(one, identities, now, refusals.get(one.id)) for one in expected],
    }


def _rows(connection: Connection, services: Services, *, only_unread: bool, as_: Staff) -> list[_Row]:
    listed = queries.worklist(connection, as_.unit_id, only_unread=only_unread, limit=_MOST_ROWS)
    responses = {one.id: one for one in responses_with_ids(connection, [one.response_id for one in listed])}
    stands = queries.current_version(connection, list(responses))
    scores = scores_of_versions(connection, stands.values())
    flags = queries.flags_of_versions(connection, stands.values())
    worded = wordings_with_ids(connection, {one.session.wording_id for one in responses.values()})
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in responses.values()])
    return [
        _Row(
            happened=one,
            completed_at=found.completed_at,
            instrument=instrument_of(services, found.session),
            texts=worded[found.session.wording_id].texts,
            occasion=asked_at[found.session.task_id],
            scores=scores[found.id],
            version=stands[found.id],
            flags=flags[found.id],
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
        # Until somebody has opened them the list says that there are answers, not which.
        "summary": summarise(row.instrument, row.scores, row.texts) if happened.read_at else None,
        "version": row.version.kind.value,
        "flagged": bool(row.flags) and happened.received_at is not None,
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
        log = sealed_log(connection, found.session.id) if happened.read_at else []
        versions = queries.versions_of(connection, found.id)
        corrections = queries.sealed_corrections(connection, found.id, up_to=len(versions))
        flags = queries.flags_of_versions(connection, versions[-1:])[found.id]
        given, registers = given_of(connection, found.id), register_names(connection)
        scores = scores_of_versions(connection, versions[-1:])[found.id]
        asked_at = occasions_of_tasks(connection, [found.session.task_id])[found.session.task_id]
        names = {**staff_names(connection), **queries.record_system_names(connection)}
        units = all_units(connection)
        has_earlier = has_history(connection, found.person_id, as_.unit_id)
        # Until it is opened nothing of the response is shown but that it is there, as in the worklist.
        shown_kind = "response" if happened.read_at else "worklist"
        accesses = [Access(Activity.READ, Purpose.CARE, shown_kind, found.id, found.person_id)]
        record_access(connection, services.clock, accesses, by=as_)
    patient = _patient(open_patients(services.keys, sealed), found.person_id)
    described = _describe_response(found, happened, shown, asked_at) | patient
    described["assessed_by"] = names.get(happened.assessed_by) if happened.assessed_by else None
    if happened.read_at is None or happened.received_at is None or happened.received_at_unit is None:
        return "staff/confirm_receipt.html", {"response": described | {"received_at": happened.received_at}}
    instrument = instrument_of(services, found.session)
    cipher = services.keys.cipher(found.person_id)
    return "staff/response.html", {
        "response": described,
        "patient": {"name": patient["patient_name"], "personal_number": patient["personal_number"]},
        "earlier_of": found.person_id if has_earlier else None,
        "receipt": {
            "at": happened.received_at,
            "by": names.get(happened.received_by or happened.record_system_id or found.id),
            "unit_name": units[happened.received_at_unit].name,
            "route": _route(happened.route),
        },
        "scores": score_rows(instrument, scores, shown.texts),
        "index_is_made_of": made_of(instrument.scoring, scores) if instrument else [],
        "gone": None if instrument else f"{found.session.instrument} {found.session.instrument_version}",
        "answers": _answer_rows(cipher, instrument, shown, log, corrections),
        "flags": [why_implausible(rule) for rule in flags],
        "versions": describe_versions(cipher, versions, names),
        "voided": versions[-1].kind is queries.VersionKind.VOIDED,
        "given": [
            {"register": registers[one.register_id], "reference": one.reference, "at": one.released_at} for one in given
        ],
    }


def undelivered(services: Services, *, as_: Staff) -> Context:
    """What nobody at the unit has received, the oldest first, and how far it has come. Nobody is named."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        waiting = queries.unreceived(connection, as_.unit_id, limit=_MOST_ROWS)
        found = {one.id: one for one in responses_with_ids(connection, [one.response_id for one in waiting])}
        asked_at = occasions_of_tasks(connection, [one.session.task_id for one in found.values()])
        attempts = queries.attempts_of(connection, [one.response_id for one in waiting])
        counted = queries.counts(connection, as_.unit_id)
        is_manager = manages_unit(connection, as_, now)
    return {
        "count": counted["unread"],
        "is_manager": is_manager,
        "waiting": [
            {
                "id": one.response_id,
                "occasion": in_language(asked_at[found[one.response_id].session.task_id].titles, current_locale()),
                "delivered_at": one.delivered_at,
                "is_late": one.alarm_at <= now,
                "attempts": len(attempts[one.response_id]),
                "last": _last_outcome(attempts[one.response_id]),
            }
            for one in waiting
        ],
    }


def record_system(services: Services, *, as_: Staff) -> Context:
    """The provider's record system and the draft of another. Raises ``AccessDenied`` for who is no manager."""
    with services.db.transaction(as_=as_) as connection:
        require_manager(connection, services, as_)
        known = entries(connection)
        email = alarm_email(connection, as_.unit_id)
    words = {
        SystemState.DRAFT: gettext("Not in use yet"),
        SystemState.ACTIVE: gettext("In use"),
        SystemState.PAUSED: gettext("Paused"),
    }
    return {
        "systems": [
            {
                "id": one.id,
                "name": one.name,
                "state": one.state.value,
                "state_in_words": words[one.state],
                "route": one.route.value,
                "base_url": one.base_url,
                "client_id": one.client_id,
            }
            for one in known
        ],
        "alarm_email": email or "",
        "jwks_url": f"{services.settings.base_url}/.well-known/jwks.json",
        "token_url": f"{services.settings.base_url}/api/v1/token",
    }


def _route(route: str | None) -> str:
    described = {
        Route.OPENED_BY_PERSON: gettext("Opened by a person"),
        Route.CONFIRMED_IN_BULK: gettext("Confirmed from the list, unread"),
        Route.ACKNOWLEDGED_BY_RECORD_SYSTEM: gettext("Acknowledged by the record system"),
        Route.TAKEN_INTO_ARCHIVE: gettext("Taken into the archive"),
    }
    return str(described[Route(route)]) if route else ""


def _last_outcome(attempts: Sequence[Attempt]) -> str | None:
    if not attempts:
        return None
    described = {
        Outcome.ACKNOWLEDGED: gettext("The record system has it"),
        Outcome.ACKNOWLEDGED_AGAIN: gettext("The record system has it"),
        Outcome.ACCEPTED: gettext("The record system took it, but has not confirmed it"),
        Outcome.TEMPORARY: gettext("The record system did not answer as it should"),
        Outcome.REFUSED: gettext("The record system refused it"),
    }
    return str(described[attempts[-1].outcome])


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
    cipher: PersonCipher,
    instrument: Instrument | None,
    shown: InstrumentWording,
    sealed: Sequence[Row[Any]],
    corrected: Sequence[Row[Any]],
) -> list[Context]:
    """What was asked and what stands, in order; answers that were changed, or no longer count, are not shown.

    The time is the patient's own: None for an answer of the unit's. Of an instrument that is gone nobody can say which
    count, but for those that were changed.
    """
    answered_at = {row.sequence: row.answered_at for row in sealed}
    items = instrument.items if instrument else None
    log = open_log(cipher, sealed, items)
    entries = standing_entries(log, instrument) if instrument else effective_entries(log, adaptive=False)
    own = {entry.answer: answered_at[entry.sequence] for entry in entries}
    corrections = open_corrections(cipher, corrected, items)
    if instrument:
        stands = amended(log, corrections, instrument)
    else:
        stands = tuple(({one.item_id: one for one in own} | dict(corrections)).values())
    return [
        {
            "question": shown.texts[f"item:{one.item_id}"],
            "answer": answer(items[one.item_id] if items else None, one, shown.texts),
            "at": own.get(one),
        }
        for one in stands
        if one.kind is not AnswerKind.SHOWN
    ]


def summarise(instrument: Instrument | None, scores: Sequence[Score], texts: Mapping[str, str]) -> str:
    """The figures a clinician looks for first, on one line."""
    parts = []
    for _, score in in_catalogue_order(instrument, scores):
        name = score.variable.rpartition(".")[2]
        if name in _LEFT_OUT or (score.value is None and score.text is None):
            continue
        named = "T" if name == "t" and f"score:{score.variable}" not in texts else label(score.variable, texts)
        error = score.standard_error
        shown = f"{named} {figure(score)}"
        parts.append(shown if error is None else f"{shown} (SE {number(round(error, 1))})")
    return " · ".join(parts[:_MOST_FIGURES])


def score_rows(instrument: Instrument | None, scores: Sequence[Score], texts: Mapping[str, str]) -> list[Context]:
    return [_score_row(variable, score, texts) for variable, score in in_catalogue_order(instrument, scores)]


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
        "direction": direction(variable),
        "important_change": important_change(variable),
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
