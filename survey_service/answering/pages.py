"""What the patient's pages show: one reading transaction each, then plain values for the templates.

But for the page of a question (`question_page`), which has been read when it is asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from instruments import Family
from notifications.ladder import Kind
from survey_service.access.queries import all_providers, all_units
from survey_service.answering.queries import (
    Response,
    instrument_of,
    instruments_at_hand,
    responses_of_tasks,
    scores_of_versions,
    served_tasks,
    sessions_of_tasks,
    tasks_to_ask,
)
from survey_service.answering.sensitive import may_hurt
from survey_service.answering.survey_words import reading, survey
from survey_service.answering.use_cases import (
    NOT_FOR_OTHERS,
    NOT_HERE,
    can_go_on,
    refuse_other_respondent,
    respondent_of,
)
from survey_service.answering.waiting_words import Waiting, relations, suggestion
from survey_service.audit.queries import fetched_by_registers
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import (
    Reason,
    Version,
    VersionKind,
    Whereabouts,
    current_version,
    read_explanation,
    whereabouts,
)
from survey_service.delivery.rules import Route
from survey_service.errors import AccessDenied, Closed, Unavailable
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext, language_name
from survey_service.http.own_results import own_results
from survey_service.languages.queries import titles, wording
from survey_service.languages.rules import NOT_AVAILABLE
from survey_service.notifying.queries import inbox as inbox_messages
from survey_service.registers.queries import my_objections, register_names, registers_served_by
from survey_service.scheduling.queries import (
    Occasion,
    Task,
    occasion,
    occasions_of_patient,
    occasions_of_tasks,
    tasks_of,
    tasks_served_by,
)
from survey_service.scheduling.rules import ReceiptPlan

Context = dict[str, Any]


def inbox(services: Services, *, as_: Patient) -> Context:
    """What waits, what was answered and became of it, and the messages."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasions_of_patient(connection, now)
        tasks = tasks_of(connection, [one.id for one in found])
        answered = responses_of_tasks(connection, [task.id for task in tasks])
        waiting = _waiting(connection, services, found, tasks, answered, now, as_)
        together = [one.words for one in waiting]
        return {
            "waiting": [one.described | {"relations": relations(one.words, together)} for one in waiting],
            "suggestion": suggestion([one.words for one in waiting if not one.described["unavailable"]]),
            "done": done(connection, _shown(answered.values(), as_)),
            "messages": _messages(connection, {one.words.occasion.id: one.words.title for one in waiting}),
        }


def _messages(connection: Connection, titles_of_waiting: Mapping[UUID, str]) -> list[Context]:
    """What came and when; what is still to be answered has its link."""
    providers = all_providers(connection)
    return [
        {
            "sent_at": message.sent_at,
            "text": _message(message.kind, providers[message.provider_id].name),
            "survey_id": message.occasion_id if message.occasion_id in titles_of_waiting else None,
            "title": titles_of_waiting.get(message.occasion_id),
        }
        for message in inbox_messages(connection)
    ]


def _message(kind: str, provider: str) -> str:
    if kind == Kind.INVITATION:
        return gettext("%(provider)s has a survey for you.", provider=provider)
    return gettext("%(provider)s reminds you of a survey.", provider=provider)


@dataclass(frozen=True, slots=True)
class _Waits:
    """A survey that waits: as the inbox shows it, and what is told of how it stands to the others."""

    described: Context
    words: Waiting


def _waiting(
    connection: Connection,
    services: Services,
    found: Sequence[Occasion],
    tasks: Sequence[Task],
    answered: Mapping[UUID, Response],
    now: datetime,
    as_: Patient,
) -> list[_Waits]:
    """Those of the occasions that can be answered now, the one that closes first at the top."""
    begun = sessions_of_tasks(connection, [task.id for task in tasks])
    served = served_tasks(connection, [task.id for task in tasks if task.id not in answered], now)
    asked = [task for task in tasks if task.id not in served]
    waiting = []
    for one in found:
        left = _tasks_left(asked, one, answered)
        if left and can_go_on(one, left, begun, now):
            own = {task.id: begun[task.id] for task in tasks if task.occasion_id == one.id and task.id in begun}
            described = survey(connection, services, one, left, own, as_=as_)
            waiting.append(_Waits(described | {"started": bool(own)}, _in_words(connection, one, left, described)))
    return waiting


def _in_words(connection: Connection, one: Occasion, left: Sequence[Task], described: Context) -> Waiting:
    units = all_units(connection)
    serves = {
        units[other.unit_id].name
        for task in left
        for other in tasks_served_by(connection, task.id).values()
        if other.unit_id != one.unit_id
    }
    return Waiting(
        occasion=one,
        title=described["title"],
        unit_name=described["unit_name"],
        provider_name=described["provider_name"],
        instruments=frozenset(task.instrument for task in left),
        minutes=described["minutes"],
        serves=sorted(serves),
    )


def notice(services: Services, occasion_id: UUID, *, as_: Patient, wanted: str | None = None) -> Context | None:
    """The information given before the first question, or None when all is answered.

    ``wanted``: the language of the questions that was chosen on the page.

    Raises ``AccessDenied`` for another's survey or one that has not opened, ``Closed`` for one that is over,
    ``Unavailable`` for one that cannot be shown.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasion(connection, occasion_id)
        if found is None or found.opens_at > now:
            raise AccessDenied
        tasks = tasks_of(connection, [found.id])
        left = tasks_to_ask(connection, found.id, now)
        if not left:
            return None
        begun = sessions_of_tasks(connection, [task.id for task in tasks])
        if not can_go_on(found, left, begun, now):
            raise Closed("The time to answer this survey is over.")
        refuse_other_respondent(begun.values(), as_)
        objections = my_objections(connection)
        if instruments_at_hand(services, left, begun) is None:
            raise Unavailable(NOT_HERE)
        described = survey(connection, services, found, left, begun, as_=as_, wanted=wanted)
        locale = described["offered_locale"]
        if locale is None:
            raise Unavailable(NOT_AVAILABLE if as_.actor_id is None else NOT_FOR_OTHERS)
        return {
            "survey": described
            | {
                "started": bool(begun),
                "relations": _relations(connection, services, found, now, as_) if as_.occasion_id is None else [],
            },
            "registers": [
                {"name": one.name, "authority": one.cpua_authority, "objected": one.id in objections}
                for one in registers_served_by(connection, [found.provider_id], now)
            ],
            "offered_language": language_name(locale, in_=current_locale()),
            "offered_locale": locale,
            "question_languages": [
                {"code": code, "name": language_name(code, in_=code), "here": language_name(code, in_=current_locale())}
                for code in described["languages"]
            ],
        }


def _relations(connection: Connection, services: Services, one: Occasion, now: datetime, as_: Patient) -> list[str]:
    """How the survey stands to the patient's others that wait."""
    found = occasions_of_patient(connection, now)
    tasks = tasks_of(connection, [other.id for other in found])
    answered = responses_of_tasks(connection, [task.id for task in tasks])
    together = [other.words for other in _waiting(connection, services, found, tasks, answered, now, as_)]
    own = next((other for other in together if other.occasion.id == one.id), None)
    return relations(own, together) if own else []


def has_answers(services: Services, occasion_id: UUID, *, as_: Patient) -> bool:
    """Whether something was answered at the occasion itself, so that there is a page that thanks for it."""
    with services.db.transaction(as_=as_) as connection:
        tasks = tasks_of(connection, [occasion_id])
        return bool(responses_of_tasks(connection, [task.id for task in tasks]))


def completed(services: Services, occasion_id: UUID, *, as_: Patient) -> Context:
    """Thanks, what becomes of the answers, and the patient's own result."""
    with services.db.transaction(as_=as_) as connection:
        found = occasion(connection, occasion_id)
        if found is None:
            raise AccessDenied
        tasks = tasks_of(connection, [found.id])
        answered = list(responses_of_tasks(connection, [task.id for task in tasks]).values())
        if not answered:
            raise AccessDenied
        stands = current_version(connection, [one.id for one in answered])
        scores = scores_of_versions(connection, stands.values())
        if not _shown(answered, as_):
            raise AccessDenied
        # Who may only answer reads nothing here but that it was received.
        seen = answered if as_.may_read else []
        record_access(
            connection,
            services.clock,
            [
                Access(Activity.READ, Purpose.OWN_ACCESS, "response", one.id, as_.person_id, one.provider_id)
                for one in seen
            ],
            by=as_,
        )
        described = done(connection, answered)
        asked = {one.id: instrument_of(services, one.session) for one in answered}
        told = {
            one.id: own_results(
                asked[one.id],
                scores[one.id],
                wording(connection, one.session.wording_id).texts,
                name=f"result-{count}",
            )
            for count, one in enumerate(seen, start=1)
        }
    cipher = services.keys.cipher(as_.person_id)
    for entry in described:
        if entry["amended"] and as_.may_read:
            entry["amended"]["explanation"] = read_explanation(cipher, stands[entry["id"]])
    return {
        "unit_name": described[0]["unit_name"],
        "reading": reading(found.receipt, described[0]["unit_name"]),
        "is_read": found.receipt.read_within_hours is not None,
        "responses": described,
        "scores": [
            {"title": entry["title"], "results": told[entry["id"]]} for entry in described if told.get(entry["id"])
        ],
        "may_hurt": any(may_hurt(one) for one in asked.values() if one),
        # What a PREM tells is about the care, not about the patient's health.
        "tells_of_health": any(one.family is Family.PROM for id_, one in asked.items() if one and told.get(id_)),
    }


def _shown(answered: Iterable[Response], as_: Patient) -> list[Response]:
    """What there is to tell of: all, but for who may only answer, who is told of what was answered for the person."""
    return [one for one in answered if as_.may_read or one.session.respondent == respondent_of(as_)]


def done(connection: Connection, answered: Sequence[Response]) -> list[Context]:
    """Answered surveys, newest first, with what has become of each."""
    happened = whereabouts(connection, [one.id for one in answered])
    fetched = fetched_by_registers(connection, [one.id for one in answered])
    registers = register_names(connection)
    stands = current_version(connection, [one.id for one in answered])
    units = all_units(connection)
    titled = titles(connection, {one.session.wording_id for one in answered})
    asked_at = occasions_of_tasks(connection, [one.session.task_id for one in answered])
    newest_first = sorted(answered, key=lambda one: one.completed_at, reverse=True)
    return [
        {
            "id": one.id,
            "title": titled[one.session.wording_id],
            "unit_name": units[one.unit_id].name,
            "completed_at": one.completed_at,
            **_steps(
                happened[one.id],
                asked_at[one.session.task_id].receipt,
                units[happened[one.id].received_at_unit or one.unit_id].name,
            ),
            "amended": _amended(stands[one.id]),
            "fetched": [{"register": registers.get(id_, ""), "at": at} for id_, at in fetched[one.id].items()],
        }
        for one in newest_first
    ]


def _tasks_left(tasks: Sequence[Task], one: Occasion, answered: Mapping[UUID, Response]) -> list[Task]:
    return [task for task in tasks if task.occasion_id == one.id and task.id not in answered]


def _amended(version: Version) -> Context | None:
    """That the unit corrected or voided, when and why. What it wrote is opened on the survey's own page only."""
    if version.reason is None:
        return None
    words = {
        Reason.SLIP: gettext("you told the unit of a slip"),
        Reason.WRONG_PATIENT: gettext("the answers are not about you"),
        Reason.ANSWERED_BY_ANOTHER: gettext("somebody else had answered"),
        Reason.OTHER: gettext("another reason"),
    }
    return {
        "voided": version.kind is VersionKind.VOIDED,
        "at": version.at,
        "reason": words[version.reason],
        "explanation": "",
    }


def _steps(happened: Whereabouts, plan: ReceiptPlan, unit_name: str) -> Mapping[str, datetime | str | bool | None]:
    match happened.route:
        case Route.ACKNOWLEDGED_BY_RECORD_SYSTEM:
            received = gettext("Received by the record system of %(unit)s", unit=unit_name)
        case Route.TAKEN_INTO_ARCHIVE:
            received = gettext("Received in the archive of %(unit)s", unit=unit_name)
        case _:
            received = gettext("Received by %(unit)s", unit=unit_name)
    return {
        "received": received,
        "is_read": plan.read_within_hours is not None,
        "received_at": happened.received_at,
        "read_at": happened.read_at,
        "assessed_at": happened.assessed_at,
    }
