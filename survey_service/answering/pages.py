"""What the patient's pages show: one reading transaction each, then plain values for the templates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import Connection

from instruments import Ask, Instrument, Item, QuestionKind, Score
from survey_service.access.queries import all_providers, all_units
from survey_service.answering.queries import (
    Response,
    responses_of_tasks,
    scores_of,
    sessions_of_tasks,
    unanswered_tasks,
)
from survey_service.answering.rules import LoggedAnswer
from survey_service.answering.use_cases import SessionState, instruments_of
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.queries import Whereabouts, whereabouts
from survey_service.errors import AccessDenied, Closed
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, language_name, number, text_direction
from survey_service.languages.queries import offered_languages, offered_wordings, titles
from survey_service.languages.rules import choose_language
from survey_service.notifying.queries import inbox as inbox_messages
from survey_service.registers.queries import my_objections, registers_served_by
from survey_service.scheduling.queries import Occasion, Task, occasion, occasions_of_patient, tasks_of
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]


def inbox(services: Services, *, as_: Patient) -> Context:
    """What waits, what was answered and became of it, and the messages."""
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasions_of_patient(connection, now)
        tasks = tasks_of(connection, [one.id for one in found])
        answered = responses_of_tasks(connection, [task.id for task in tasks])
        begun = sessions_of_tasks(connection, [task.id for task in tasks])
        waiting = [
            one
            for one in found
            if one.is_open(now) and any(t.occasion_id == one.id and t.id not in answered for t in tasks)
        ]
        providers = all_providers(connection)
        return {
            "waiting": [
                _survey(connection, services, one, _tasks_left(tasks, one, answered), others=len(waiting) - 1)
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

    Raises ``AccessDenied`` for another's survey or one that has not opened, ``Closed`` for one that is over.
    """
    now = services.clock()
    with services.db.transaction(as_=as_) as connection:
        found = occasion(connection, occasion_id)
        if found is None or found.opens_at > now:
            raise AccessDenied
        tasks = tasks_of(connection, [found.id])
        left = unanswered_tasks(connection, found.id)
        if not left:
            return None
        if not found.is_open(now):
            raise Closed("The time to answer this survey is over.")
        objections = my_objections(connection)
        begun = sessions_of_tasks(connection, [task.id for task in tasks])
        locale = (
            next(iter(begun.values())).locale
            if begun
            else _language(connection, services, instruments_of(services, tasks))
        )
        return {
            "survey": _survey(connection, services, found, left, others=0) | {"started": bool(begun)},
            "registers": [
                {"name": one.name, "authority": one.cpua_authority, "objected": one.id in objections}
                for one in registers_served_by(connection, [found.provider_id], now)
            ],
            "offered_language": language_name(locale, in_=current_locale()),
        }


def question(
    state: SessionState, *, item: Item, changing: LoggedAnswer | None, typed: int | None, errors: Mapping[str, str]
) -> Context:
    """One question: the open one, or an earlier one that is being changed; with what was ``typed`` and not taken."""
    texts = state.wording.texts
    position = _position(state, changing)
    part_number = [one.id for one in state.siblings].index(state.session.id) + 1
    return {
        "session_id": state.session.id,
        "sequence": state.next_sequence,
        "supersedes": changing.sequence if changing else None,
        "changing": changing is not None,
        "adaptive": state.instrument.adaptive,
        "item_id": item.id,
        "position": position,
        "questions": _honest_range(state, position),
        "progress": _progress(state),
        "part_number": part_number,
        "part_count": len(state.siblings),
        "intro": texts.get("intro") if position == 1 else None,
        "recall": texts.get("recall"),
        "question": texts[f"item:{item.id}"],
        "kind": "vas" if item.kind is QuestionKind.VISUAL_ANALOGUE_SCALE else "single_choice",
        "options": [{"code": code, "label": texts[f"option:{item.option_set}:{code}"]} for code in item.options],
        "vas": _scale(state, item),
        "selected": typed if typed is not None else changing.answer.value if changing else None,
        "skippable": item.skippable,
        "previous_sequence": _previous(state, changing),
        "wording_language": state.wording.locale,
        "wording_direction": text_direction(state.wording.locale),
        "footer": texts["footer"],
        "errors": errors,
    }


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
        scores = scores_of(connection, [one.id for one in answered])
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
    return {
        "unit_name": described[0]["unit_name"],
        "responses": described,
        "scores": [
            {"title": entry["title"], "text": sentence}
            for entry in described
            if (sentence := explain_scores(scores[entry["id"]]))
        ],
    }


def done(connection: Connection, answered: Sequence[Response]) -> list[Context]:
    """Answered surveys, newest first, with what has become of each."""
    happened = whereabouts(connection, [one.id for one in answered])
    units = all_units(connection)
    titled = titles(connection, {one.session.wording_id for one in answered})
    newest_first = sorted(answered, key=lambda one: one.completed_at, reverse=True)
    return [
        {
            "id": one.id,
            "title": titled[one.session.wording_id],
            "unit_name": units[one.unit_id].name,
            "completed_at": one.completed_at,
            **_steps(happened[one.id]),
        }
        for one in newest_first
    ]


def explain_scores(scores: Sequence[Score]) -> str:
    """A patient's result in words, with its uncertainty. Empty where there is nothing to say."""
    sentences = []
    for score in scores:
        if score.value is None:
            continue
        if score.variable.endswith(".t") and score.standard_error is not None:
            sentences.append(
                gettext(
                    "Your result is %(value)s, most likely between %(low)s and %(high)s. In the group it is compared"
                    " with, the average is 50. A higher figure means more of what the questions asked about.",
                    value=number(round(score.value, 1)),
                    low=number(round(score.value - 2 * score.standard_error, 1)),
                    high=number(round(score.value + 2 * score.standard_error, 1)),
                )
            )
        if score.variable.endswith(".vas"):
            sentences.append(
                gettext(
                    "You put your health today at %(value)s on a scale from 0 to 100.",
                    value=number(score.value),
                )
            )
    return " ".join(sentences)


def _tasks_left(tasks: Sequence[Task], one: Occasion, answered: Mapping[UUID, Response]) -> list[Task]:
    return [task for task in tasks if task.occasion_id == one.id and task.id not in answered]


def _survey(
    connection: Connection, services: Services, one: Occasion, tasks: Sequence[Task], *, others: int
) -> Context:
    instruments = instruments_of(services, tasks)
    locale = current_locale()
    languages = offered_languages(connection, services, instruments)
    offered = choose_language(languages, locale) if languages else None
    return {
        "id": one.id,
        "title": in_language(one.titles, locale),
        "why": in_language(one.reasons, locale),
        "unit_name": all_units(connection)[one.unit_id].name,
        "provider_name": all_providers(connection)[one.provider_id].name,
        "questions": _sum_ranges([instrument.estimated_questions for instrument in instruments]),
        "minutes": sum(instrument.estimated_minutes for instrument in instruments),
        "closes_at": one.last_moment,
        "relation": gettext("You have other surveys waiting too.") if others else None,
        "parts": [
            {
                "title": offered_wordings(connection, services, instrument)[offered].wording.texts["title"],
                "questions": instrument.estimated_questions,
                "minutes": instrument.estimated_minutes,
            }
            for instrument in instruments
            if offered is not None
        ],
        "unavailable": offered is None,
    }


def _language(connection: Connection, services: Services, instruments: Sequence[Instrument]) -> str:
    """The language the questions would be in, for somebody who reads the interface in the current one."""
    return choose_language(offered_languages(connection, services, instruments), current_locale())


def _sum_ranges(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def _position(state: SessionState, changing: LoggedAnswer | None) -> int:
    if changing is not None:
        return [entry.sequence for entry in state.entries].index(changing.sequence) + 1
    assert isinstance(state.step, Ask)
    return state.step.position


def _honest_range(state: SessionState, position: int) -> tuple[int, int]:
    """Fewest and most questions as far as is known now: never fewer than the one being asked."""
    low, high = state.instrument.estimated_questions
    return max(low, position), max(high, position)


def _progress(state: SessionState) -> float:
    """How far along, between 0 and 1, counted against the most questions there can be."""
    return min(1.0, len(state.entries) / state.instrument.estimated_questions[1])


def _previous(state: SessionState, changing: LoggedAnswer | None) -> int | None:
    """The answer that Back leads to."""
    if not state.instrument.changeable:
        return None
    earlier = [entry.sequence for entry in state.entries]
    if changing is not None:
        earlier = earlier[: earlier.index(changing.sequence)]
    return earlier[-1] if earlier else None


def _scale(state: SessionState, item: Item) -> Context | None:
    if item.kind is not QuestionKind.VISUAL_ANALOGUE_SCALE:
        return None
    texts = state.wording.texts
    return {
        "top": texts[f"{item.id}:top"],
        "bottom": texts[f"{item.id}:bottom"],
        "instruction": texts[f"{item.id}:instruction"],
        "minimum": item.minimum,
        "maximum": item.maximum,
    }


def _steps(happened: Whereabouts) -> Mapping[str, datetime | str | None]:
    return {
        "received_at": happened.received_at,
        "received_by": None,
        "read_at": happened.read_at,
        "assessed_at": happened.assessed_at,
    }
