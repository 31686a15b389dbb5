"""The unit's worklist: flags at the top, what nobody has received next, then the latest; and who has not answered yet.

Names are sealed, so the list is in the order of time, and searched by personal number: a number is found by its digest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Connection

from instruments import Instrument, Score
from notifications.ladder import Unreached
from survey_service.access.queries import Unit, all_units, staff_names
from survey_service.access.rules import Rights
from survey_service.answering.queries import (
    instrument_of,
    responses_with_ids,
    scores_of_versions,
    why_not_asked,
)
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery import queries
from survey_service.delivery import worklist_queries as lists
from survey_service.delivery.flag_words import flag_in_words
from survey_service.delivery.pages import patient_words
from survey_service.delivery.rules import Show
from survey_service.delivery.use_cases import caring, scope_of
from survey_service.delivery.worklist_queries import Entry, UnitFlag, Wanted
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, number
from survey_service.http.results import figure, in_catalogue_order, label
from survey_service.languages.queries import wordings_with_ids
from survey_service.licensing.rules import Mode, Refusal
from survey_service.notifying.queries import reminded_at, unreached_occasions, why_not_answered, why_unreached
from survey_service.notifying.rules import ADDRESS_HELPS, PAPER_HELPS, UNREACHED_IN_WORDS
from survey_service.notifying.use_cases import NonResponse
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import (
    Occasion,
    occasions_of_tasks,
    opened_occasions_of_unit,
    people_due,
    published_protocols,
    waiting_occasions_of_unit,
)
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]

# As many as a person can take in; the rest is on the next page, or reached by filters.
ROWS = 25
_MOST_ON_TOP = 10
MOST_PAGES = 200
# What a line of the worklist leaves out: it is on the response's own page.
_LEFT_OUT = frozenset({"theta", "n_items", "stop_reason", "lss", "lfs"})
_MOST_FIGURES = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see of the worklist. ``patient`` is whom a personal number led to."""

    show: Show = Show.ALL
    protocol_id: UUID | None = None
    patient: UUID | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class _Row:
    """A response in the worklist, before names are opened. ``instrument`` is None when it is gone."""

    happened: queries.Whereabouts
    completed_at: datetime
    is_on_paper: bool
    instrument: Instrument | None
    texts: Mapping[str, str]
    occasion: Occasion
    scores: Sequence[Score]
    version: queries.Version
    flags: Sequence[str]
    unit_flags: Sequence[UnitFlag]
    entry: Entry
    also_for: Collection[UUID]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who has not answered yet, and what has been done about it. ``untold``: those whom nothing has reached."""

    untold: Sequence[Occasion]
    expected: Sequence[Occasion]
    refusals: Mapping[UUID, Refusal]
    reminded: Mapping[UUID, datetime]
    reasons: Mapping[UUID, str]
    unreached: Mapping[UUID, Unreached]


def worklist(services: Services, asked: Asked, *, as_: Staff) -> Context:
    """A page of the list. Each patient shown is logged."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        rights = caring(connection, as_, now)
        ids, top, has_more = _chosen(connection, asked, rights, now, as_)
        rows = _rows(connection, services, [*top, *ids], as_.unit_id)
        waiting = _waiting(connection, services, asked, rights, now, as_)
        shown = {row.happened.person_id for row in rows}
        shown |= {one.person_id for one in (*waiting.untold, *waiting.expected)}
        sealed = sealed_patients(connection, shown)
        names, units = staff_names(connection), all_units(connection)
        around = _around(connection, asked, rights, as_)
        accesses = [Access(Activity.READ, Purpose.CARE, "worklist", None, person_id) for person_id in sorted(shown)]
        record_access(connection, services.clock, accesses, by=as_)
    identities = open_patients(services.keys, sealed)
    described = {row.happened.response_id: _describe_row(row, identities, names, units) for row in rows}
    implausible = {row.happened.response_id for row in rows if row.flags and row.happened.received_at is None}
    # What seems implausible can be confirmed in no list: it stands apart, to be opened one by one.
    apart = [described[one] for one in ids if one in implausible]
    return around | {
        "has_more": has_more,
        "on_top": [described[one] for one in top],
        "apart": apart,
        "responses": [described[one] for one in ids if one not in implausible],
        "untold": [_describe_untold(one, identities, waiting) for one in waiting.untold],
        "outstanding": [_describe_expected(one, identities, now, waiting) for one in waiting.expected],
        "non_responses": non_responses(),
        "patient": _searched(asked.patient, identities),
        "patient_id": asked.patient,
        "since": now.isoformat(),
    }


def non_responses() -> list[tuple[str, str]]:
    """Why somebody did not answer, as a form offers it."""
    words = {
        NonResponse.DECLINED: gettext("Does not want to"),
        NonResponse.TOO_ILL: gettext("Is too ill"),
        NonResponse.DIED: gettext("Has died"),
        NonResponse.MOVED: gettext("Has moved"),
        NonResponse.LANGUAGE: gettext("Not in a language that the patient reads"),
        NonResponse.OTHER: gettext("Another reason"),
    }
    return [(reason.value, said) for reason, said in words.items()]


def _chosen(
    connection: Connection, asked: Asked, rights: Rights, now: datetime, as_: Staff
) -> tuple[list[UUID], list[UUID], bool]:
    """The page's responses; those that stand at the top of the first page, flagged; and whether there is a next one."""
    wanted = Wanted(
        unit_id=as_.unit_id,
        staff_id=as_.staff_id,
        show=asked.show,
        protocol_id=asked.protocol_id,
        person_id=asked.patient,
        protocols=rights.protocols,
        today=_today(connection, now, as_) if asked.show is Show.TODAY else (),
    )
    ids = lists.entry_ids(connection, wanted, limit=ROWS + 1, offset=(asked.page - 1) * ROWS)
    top: list[UUID] = []
    if asked.page == 1 and asked.show in {Show.ALL, Show.UNREAD}:
        top = lists.entry_ids(connection, replace(wanted, show=Show.FLAGGED), limit=_MOST_ON_TOP)
    return [one for one in ids[:ROWS] if one not in top], top, len(ids) > ROWS


def _today(connection: Connection, now: datetime, as_: Staff) -> frozenset[UUID]:
    day = local_day(now)
    return people_due(connection, as_.unit_id, day) | lists.clinic_list(connection, as_.unit_id, day)


def _around(connection: Connection, asked: Asked, rights: Rights, as_: Staff) -> Context:
    """What stands around the list: counts, alarms, filters."""
    locale = current_locale()
    return {
        "filter": asked.show.value,
        "page": asked.page,
        "protocol": asked.protocol_id,
        "protocols": [
            (one.id, in_language(one.protocol.names, locale))
            for one in published_protocols(connection)
            if rights.covers(one.id)
        ],
        "counts": {
            **queries.counts(connection, as_.unit_id, scope=scope_of(rights)),
            "flagged": lists.flagged_count(connection, as_.unit_id, protocols=rights.protocols),
            "mine": lists.mine_count(connection, as_.unit_id, as_.staff_id, protocols=rights.protocols),
        },
        "alarmed": queries.alarmed(connection, as_.unit_id, scope=scope_of(rights)),
        "escalated": lists.escalated(connection, as_.unit_id, protocols=rights.protocols),
    }


def _waiting(
    connection: Connection, services: Services, asked: Asked, rights: Rights, now: datetime, as_: Staff
) -> _Waiting:
    """The most urgent of those who have not answered: on the first page, where no filter rules them out."""
    if asked.page > 1 or asked.show in {Show.FLAGGED, Show.MINE} or asked.protocol_id:
        return _Waiting((), (), {}, {}, {}, {})
    expected = waiting_occasions_of_unit(
        connection,
        as_.unit_id,
        now,
        limit=ROWS,
        person_id=asked.patient,
        protocols=rights.protocols,
    )
    untold = opened_occasions_of_unit(
        connection,
        as_.unit_id,
        now,
        limit=ROWS,
        chosen=unreached_occasions(),
        waiting=True,
        person_id=asked.patient,
        protocols=rights.protocols,
    )
    ids = [one.id for one in expected]
    unreached = why_unreached(connection, [*ids, *(one.id for one in untold)])
    return _Waiting(
        # Somebody can have been told between the two looks.
        [one for one in untold if one.id in unreached],
        expected,
        why_not_asked(connection, services, expected),
        reminded_at(connection, ids),
        why_not_answered(connection, ids),
        unreached,
    )


def _searched(patient: UUID | None, identities: Mapping[UUID, Identity]) -> Context | None:
    """Whom a search found, if the unit has anything of them on this page."""
    if patient is None:
        return None
    return patient_words(identities, patient) if patient in identities else {"patient_name": None}


def _rows(connection: Connection, services: Services, ids: Sequence[UUID], unit_id: UUID) -> list[_Row]:
    happened = queries.whereabouts(connection, ids, at_unit=unit_id)
    responses = {one.id: one for one in responses_with_ids(connection, ids)}
    stands = queries.current_version(connection, ids)
    scores, flags = (
        scores_of_versions(connection, stands.values()),
        queries.flags_of_versions(connection, stands.values()),
    )
    unit_flags, entries = lists.unit_flags_of(connection, stands, unit_id), lists.entries_of(connection, unit_id, ids)
    serving = queries.units_served(connection, ids)
    worded = wordings_with_ids(connection, {one.session.wording_id for one in responses.values()})
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in responses.values()])
    return [
        _Row(
            happened=happened[one],
            completed_at=found.completed_at,
            is_on_paper=found.session.mode == Mode.PAPER,
            instrument=instrument_of(services, found.session),
            texts=worded[found.session.wording_id].texts,
            occasion=asked_at[found.session.task_id],
            scores=scores[found.id],
            version=stands[found.id],
            flags=flags[found.id],
            unit_flags=unit_flags[found.id],
            entry=entries[found.id],
            also_for=serving[found.id] - {unit_id},
        )
        for one in ids
        for found in [responses[one]]
    ]


def _describe_row(
    row: _Row, identities: Mapping[UUID, Identity], names: Mapping[UUID, str], units: Mapping[UUID, Unit]
) -> Context:
    happened, also_for = row.happened, row.also_for
    return {
        "id": happened.response_id,
        **patient_words(identities, happened.person_id),
        "instrument_title": row.texts["title"],
        "occasion": in_language(row.occasion.titles, current_locale()),
        "completed_at": row.completed_at,
        "is_on_paper": row.is_on_paper,
        "is_late": not row.occasion.covers(row.completed_at),
        "received_at": happened.received_at,
        "received_by": names.get(happened.received_by) if happened.received_by else None,
        # Another unit that asked the same was first: the receipt is the provider's, and this unit has yet to look.
        "received_at_unit": next((units[one].name for one in also_for if one == happened.received_at_unit), None),
        "is_new": not row.entry.received,
        "also_for": sorted(units[one].name for one in also_for),
        "read_at": happened.read_at,
        "assessed_at": happened.assessed_at,
        # Until somebody has opened them the list says that there are answers, not which.
        "summary": summarise(row.instrument, row.scores, row.texts) if happened.read_at else None,
        "version": row.version.kind.value,
        "flagged": bool(row.flags) and happened.received_at is not None,
        "unit_flag_count": len(row.unit_flags),
        # As with the figures: that it is flagged is said at once, why once somebody has opened it.
        "unit_flags": [flag_in_words(one, row.instrument, row.texts) for one in row.unit_flags if happened.read_at],
        "assigned_to": names.get(row.entry.assigned_to) if row.entry.assigned_to else None,
    }


def _describe_untold(one: Occasion, identities: Mapping[UUID, Identity], waiting: _Waiting) -> Context:
    why = waiting.unreached[one.id]
    return {
        "id": one.id,
        "enrolment_id": one.enrolment_id,
        "person_id": one.person_id,
        "patient_name": patient_words(identities, one.person_id)["patient_name"],
        "title": in_language(one.titles, current_locale()),
        "why": gettext(UNREACHED_IN_WORDS[why]),
        "paper_helps": why in PAPER_HELPS,
        "address_helps": why in ADDRESS_HELPS,
    }


def _describe_expected(one: Occasion, identities: Mapping[UUID, Identity], now: datetime, waiting: _Waiting) -> Context:
    refusal, reminded = waiting.refusals.get(one.id), waiting.reminded.get(one.id)
    return {
        "id": one.id,
        "request_id": str(new_id()),
        "patient_name": patient_words(identities, one.person_id)["patient_name"],
        "title": in_language(one.titles, current_locale()),
        "due_at": one.due_at,
        "told": one.id not in waiting.unreached,
        "state": "late" if local_day(one.due_at) < local_day(now) else "invited",
        # Why the patient is not asked, where a licence or a wording is missing.
        "refusal": gettext(refusal.why.value, **refusal.values) if refusal else None,
        "reminded_at": reminded,
        "may_remind": refusal is None and (reminded is None or local_day(reminded) < local_day(now)),
        "reason": dict(non_responses()).get(waiting.reasons.get(one.id, "")),
    }


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
