"""What the unit's pages show: one reading transaction each, then plain values for the templates."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Row

from instruments import AnswerKind, Instrument, Score, Variable
from survey_service.access.queries import Unit, alarm_email, all_units, manages_unit, staff_names
from survey_service.answering.queries import (
    Response,
    answered_as,
    instrument_of,
    open_corrections,
    open_log,
    responses_with_ids,
    scores_of_versions,
    sealed_log,
)
from survey_service.answering.rules import amended, effective_entries, standing_entries
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery import queries
from survey_service.delivery.care_words import describe_care, read_care
from survey_service.delivery.emergency import readable_response
from survey_service.delivery.flag_words import flag_in_words, record_text
from survey_service.delivery.record_systems import entries, require_manager
from survey_service.delivery.rules import Attempt, Ground, Outcome, Route, SystemState
from survey_service.delivery.use_cases import caring, scope_of
from survey_service.delivery.version_words import describe_versions, why_implausible
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.history.queries import has_history
from survey_service.http.locale import current_locale, language_name
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
from survey_service.languages.queries import wording
from survey_service.licensing.rules import Mode
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.registers.queries import given_of, register_names
from survey_service.scheduling.queries import Occasion, occasions_of_tasks
from survey_service.scheduling.rules import in_language
from translations.catalogue import InstrumentWording

Context = dict[str, Any]

# The oldest of what waits: the rest shows when these are received.
_MOST_ROWS = 100


def response(services: Services, response_id: UUID, *, as_: Staff) -> tuple[str, Context]:
    """The template and its values: the answers, or, before anybody has opened them, the page that asks to.

    Another unit's, open with a reason, is only read. Raises ``AccessDenied`` for what is not open.
    """
    with services.db.transaction(as_=as_) as connection:
        found, ground = readable_response(connection, services, response_id, as_=as_)
        # Open with a reason, it is shown as it stands at the unit that it was given to.
        unit_id = found.unit_id if ground else as_.unit_id
        happened = queries.whereabouts(connection, [found.id], at_unit=unit_id)[found.id]
        roles = answered_as(connection, found.session.id)
        shown = wording(connection, found.session.wording_id)
        sealed = sealed_patients(connection, [found.person_id])
        log = sealed_log(connection, found.session.id) if happened.read_at or ground else []
        versions = queries.versions_of(connection, found.id)
        corrections = queries.sealed_corrections(connection, found.id, up_to=len(versions))
        given, registers = given_of(connection, found.id), register_names(connection)
        flags = queries.flags_of_versions(connection, versions[-1:])[found.id]
        care = read_care(connection, found, versions[-1], unit_id, services.clock())
        scores = scores_of_versions(connection, versions[-1:])[found.id]
        asked_at = occasions_of_tasks(connection, [found.session.task_id])[found.session.task_id]
        names = {**staff_names(connection), **queries.record_system_names(connection)}
        units = all_units(connection)
        serving = queries.units_served(connection, [found.id])[found.id] - {unit_id}
        unlimited = ground is None and caring(connection, as_, services.clock()).protocols is None
        has_earlier = unlimited and has_history(connection, found.person_id, as_.unit_id)
        record_access(connection, services.clock, [_reading(found, happened, ground)], by=as_)
    patient = patient_words(open_patients(services.keys, sealed), found.person_id)
    described = _describe_response(found, happened, shown, asked_at) | patient
    described["answered_by"] = _roles(roles)
    described["assessed_by"] = names.get(happened.assessed_by) if happened.assessed_by else None
    if happened.read_at is None and ground is None:
        waiting = described | {"received_at": happened.received_at}
        return "staff/confirm_receipt.html", {"response": waiting, "also_for": _named(units, serving)}
    instrument = instrument_of(services, found.session)
    cipher = services.keys.cipher(found.person_id)
    return "staff/response.html", {
        "response": described,
        "patient": {"name": patient["patient_name"], "personal_number": patient["personal_number"]},
        "course_of": found.person_id,
        "earlier_of": found.person_id if has_earlier else None,
        "other_unit": units[found.unit_id].name if ground else None,
        "also_for": _named(units, serving),
        "corrected_by": units[found.unit_id].name if found.unit_id != unit_id else None,
        "receipt": happened.received_at_unit
        and {
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
        **describe_care(care, cipher, names),
        "unit_flags": [flag_in_words(flag, instrument, shown.texts) for flag in care.flags],
        "record_text": record_text(
            title=shown.texts["title"],
            answered_at=found.completed_at,
            instrument=instrument,
            scores=scores,
            flags=care.flags,
            texts=shown.texts,
        ),
        "versions": describe_versions(cipher, versions, names),
        "voided": versions[-1].kind is queries.VersionKind.VOIDED,
        "given": [
            {"register": registers[one.register_id], "reference": one.reference, "at": one.released_at} for one in given
        ],
    }


def _reading(found: Response, happened: queries.Whereabouts, ground: Ground | None) -> Access:
    """As the log has it: until it is opened nothing is shown but that it is there, as in the worklist."""
    if ground is not None:
        return Access(Activity.EMERGENCY, Purpose.CARE, "response", found.id, found.person_id, reason=ground)
    shown = "response" if happened.read_at else "worklist"
    return Access(Activity.READ, Purpose.CARE, shown, found.id, found.person_id)


def undelivered(services: Services, *, as_: Staff) -> Context:
    """What was given to the unit and nobody has received, the oldest first, and how far it has come. No names."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        scope = scope_of(caring(connection, as_, now))
        waiting = queries.unreceived(connection, as_.unit_id, limit=_MOST_ROWS, scope=scope)
        found = {one.id: one for one in responses_with_ids(connection, [one.response_id for one in waiting])}
        asked_at = occasions_of_tasks(connection, [one.session.task_id for one in found.values()])
        attempts = queries.attempts_of(connection, [one.response_id for one in waiting])
        count = queries.unreceived_count(connection, as_.unit_id, scope=scope)
        is_manager = manages_unit(connection, as_, now)
    return {
        "count": count,
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


def _named(units: Mapping[UUID, Unit], unit_ids: Collection[UUID]) -> list[str]:
    return sorted(units[one].name for one in unit_ids)


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
        "entered_at": found.session.started_at if found.session.mode == Mode.PAPER else None,
        "is_late": not asked_at.covers(found.completed_at),
        "occasion": in_language(asked_at.titles, current_locale()),
        "mode": _mode(found.session.mode),
        "language": language_name(found.session.locale, in_=current_locale()),
        "assessed_at": happened.assessed_at,
    }


def _roles(roles: Collection[str]) -> str | None:
    """Who answered, where it was not the patient alone."""
    words = {"guardian": gettext("A guardian"), "proxy": gettext("A proxy with a mandate")}
    return ", ".join(str(words[role]) for role in sorted(roles) if role in words) or None


def _mode(mode: str) -> str:
    words = {
        Mode.WEB: gettext("On the web"),
        Mode.TABLET: gettext("On the unit’s tablet"),
        Mode.PAPER: gettext("On paper, entered by the unit"),
        Mode.TELEPHONE: gettext("By telephone"),
    }
    return str(words.get(Mode(mode), mode))


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


def patient_words(identities: Mapping[UUID, Identity], person_id: UUID) -> Context:
    identity = identities.get(person_id)
    if identity is None:
        return {"patient_name": NAME_IS_ERASED, "personal_number": NAME_IS_ERASED}
    return {"patient_name": identity.name, "personal_number": f"{identity.number[:8]}-{identity.number[8:]}"}
