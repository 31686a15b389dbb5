"""What the patient's pages show: one reading transaction each, then plain values for the templates.

But for the page of a question (`question_page`), which has been read when it is asked for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from instruments import Family, Instrument
from survey_service.access.queries import all_providers, all_units
from survey_service.answering.queries import (
    Response,
    Session,
    instrument_of,
    instruments_at_hand,
    responses_of_tasks,
    scores_of_versions,
    served_tasks,
    sessions_of_tasks,
    tasks_to_ask,
)
from survey_service.answering.use_cases import NOT_HERE, can_go_on, mode_of
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
from survey_service.http.locale import current_locale, gettext, language_name, ngettext
from survey_service.http.own_results import own_results
from survey_service.languages.queries import offered_together, titles, wording
from survey_service.languages.rules import NOT_AVAILABLE, choose_language
from survey_service.licensing.rules import Mode
from survey_service.notifying.queries import inbox as inbox_messages
from survey_service.registers.queries import my_objections, registers_served_by
from survey_service.scheduling.queries import (
    Occasion,
    Task,
    occasion,
    occasions_of_patient,
    occasions_of_tasks,
    tasks_of,
)
from survey_service.scheduling.rules import ReceiptPlan, ReceiptPolicy, in_language

Context = dict[str, Any]


def inbox(services: Services, *, as_: Patient) -> Context:
    """What waits, what was answered and became of it, and the messages."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasions_of_patient(connection, now)
        tasks = tasks_of(connection, [one.id for one in found])
        answered = responses_of_tasks(connection, [task.id for task in tasks])
        begun = sessions_of_tasks(connection, [task.id for task in tasks])
        served = served_tasks(connection, [task.id for task in tasks if task.id not in answered], now)
        asked = [task for task in tasks if task.id not in served]
        waiting = [
            one for one in found if (left := _tasks_left(asked, one, answered)) and can_go_on(one, left, begun, now)
        ]
        providers = all_providers(connection)
        return {
            "waiting": [
                _survey(connection, services, one, _tasks_left(asked, one, answered), begun, others=len(waiting) - 1)
                | {"started": any(t.occasion_id == one.id and t.id in begun for t in tasks)}
                for one in waiting
            ],
            "done": done(connection, list(answered.values())),
            "messages": [
                {
                    "sent_at": message.sent_at,
                    "text": gettext("%(provider)s has a survey for you.", provider=providers[message.provider_id].name),
                }
                for message in inbox_messages(connection)
            ],
        }


def notice(services: Services, occasion_id: UUID, *, as_: Patient) -> Context | None:
    """The information given before the first question, or None when all is answered.

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
        objections = my_objections(connection)
        instruments = instruments_at_hand(services, left, begun)
        if instruments is None:
            raise Unavailable(NOT_HERE)
        locale = (
            next(iter(begun.values())).locale if begun else _language(connection, services, found, instruments, as_)
        )
        return {
            "survey": _survey(connection, services, found, left, begun, others=0, mode=mode_of(as_))
            | {"started": bool(begun)},
            "registers": [
                {"name": one.name, "authority": one.cpua_authority, "objected": one.id in objections}
                for one in registers_served_by(connection, [found.provider_id], now)
            ],
            "offered_language": language_name(locale, in_=current_locale()),
            "offered_locale": locale,
        }


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
        record_access(
            connection,
            services.clock,
            [
                Access(Activity.READ, Purpose.OWN_ACCESS, "response", one.id, as_.person_id, one.provider_id)
                for one in answered
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
            for count, one in enumerate(answered, start=1)
        }
    cipher = services.keys.cipher(as_.person_id)
    for entry in described:
        if entry["amended"]:
            entry["amended"]["explanation"] = read_explanation(cipher, stands[entry["id"]])
    return {
        "unit_name": described[0]["unit_name"],
        "reading": reading(found.receipt, described[0]["unit_name"]),
        "is_read": found.receipt.read_within_hours is not None,
        "responses": described,
        "scores": [{"title": entry["title"], "results": told[entry["id"]]} for entry in described if told[entry["id"]]],
        # What a PREM tells is about the care, not about the patient's health.
        "tells_of_health": any(one.family is Family.PROM for id_, one in asked.items() if one and told[id_]),
    }


def done(connection: Connection, answered: Sequence[Response]) -> list[Context]:
    """Answered surveys, newest first, with what has become of each."""
    happened = whereabouts(connection, [one.id for one in answered])
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
        }
        for one in newest_first
    ]


def _tasks_left(tasks: Sequence[Task], one: Occasion, answered: Mapping[UUID, Response]) -> list[Task]:
    return [task for task in tasks if task.occasion_id == one.id and task.id not in answered]


def _survey(
    connection: Connection,
    services: Services,
    one: Occasion,
    tasks: Sequence[Task],
    begun: Mapping[UUID, Session],
    *,
    others: int,
    mode: Mode = Mode.WEB,
) -> Context:
    here = instruments_at_hand(services, tasks, begun)
    instruments = here or []
    locale = current_locale()
    titled = _titles_of_parts(connection, services, one, tasks, begun, instruments, mode) if here else None
    return {
        "id": one.id,
        "title": in_language(one.titles, locale),
        "why": in_language(one.reasons, locale),
        "unit_name": all_units(connection)[one.unit_id].name,
        "provider_name": all_providers(connection)[one.provider_id].name,
        "questions": _sum_ranges([instrument.estimated_questions for instrument in instruments]),
        "minutes": sum(instrument.estimated_minutes for instrument in instruments),
        "closes_at": one.last_moment,
        "is_read": one.receipt.read_within_hours is not None,
        "reading": reading(one.receipt, all_units(connection)[one.unit_id].name),
        "confirming": _confirming(one.receipt),
        "relation": gettext("You have other surveys waiting too.") if others else None,
        "parts": [
            {"title": title, "questions": instrument.estimated_questions, "minutes": instrument.estimated_minutes}
            for instrument, title in zip(instruments, titled or [], strict=bool(titled))
        ],
        "unavailable": gettext(NOT_AVAILABLE if here else NOT_HERE) if titled is None else None,
    }


def _titles_of_parts(
    connection: Connection,
    services: Services,
    one: Occasion,
    tasks: Sequence[Task],
    begun: Mapping[UUID, Session],
    instruments: Sequence[Instrument],
    mode: Mode,
) -> list[str] | None:
    """What the parts are called in the language they are asked in; None when they may not be asked [D1, E2].

    What has begun goes on in the wording it began with, whatever has become of its licence.
    """
    if all(task.id in begun for task in tasks):
        shown = [begun[task.id].wording_id for task in tasks]
        found = titles(connection, shown)
        return [found[wording_id] for wording_id in shown]
    use = one.use(services.clock(), mode)
    offered = offered_together(connection, services, instruments, use)
    if not offered:
        return None
    return [one.wording.texts["title"] for one in offered[choose_language(offered, current_locale())]]


def _language(
    connection: Connection, services: Services, one: Occasion, instruments: Sequence[Instrument], as_: Patient
) -> str:
    """The language the questions would be in, for somebody who reads the interface in the current one."""
    use = one.use(services.clock(), mode_of(as_))
    return choose_language(offered_together(connection, services, instruments, use), current_locale())


def _sum_ranges(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def reading(plan: ReceiptPlan, unit_name: str) -> str:
    """What the patient is told about who reads the answers, and when."""
    hours = plan.read_within_hours
    if hours is None:
        return gettext(
            "Nobody at %(unit)s reads these answers one by one. They are kept, and used to make care better. Contact"
            " %(unit)s yourself if you need help or an answer.",
            unit=unit_name,
        )
    if hours < 48:
        return ngettext(
            "Somebody at %(unit)s reads your answers within %(num)s hour.",
            "Somebody at %(unit)s reads your answers within %(num)s hours.",
            hours,
            unit=unit_name,
        )
    return ngettext(
        "Somebody at %(unit)s reads your answers within %(num)s day.",
        "Somebody at %(unit)s reads your answers within %(num)s days.",
        ceil(hours / 24),
        unit=unit_name,
    )


def _confirming(plan: ReceiptPlan) -> str:
    """What the patient is told about how the answers are received."""
    match plan.policy:
        case ReceiptPolicy.PERSON:
            return gettext("The unit confirms that it has received them. You see when.")
        case ReceiptPolicy.RECORD_SYSTEM:
            return gettext("The unit's record system confirms that it has received them. You see when.")
        case ReceiptPolicy.ARCHIVE:
            return gettext("The unit's archive takes them in at once. You see when.")


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
