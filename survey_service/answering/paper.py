"""Answers on paper: which form is printed, and typing in what came back.

What is typed in completes the response as a patient's last answer does: scored, judged, delivered in one commit. It is
typed in whenever it comes, and counts from the day on which it was filled in. A bank is printed as its short form, and
scored by the bank all the same. Typing twice is the pages' affair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from instruments import Answered, AnswerKind, Ask, Instrument, Item, QuestionKind
from instruments.form import refusal
from survey_service.access.queries import late_paper_days
from survey_service.answering.queries import sessions_of_tasks, unanswered_tasks
from survey_service.answering.rules import Submission, Way, read_answer
from survey_service.answering.use_cases import (
    NOT_HERE,
    NOTICE_VERSION,
    Entry,
    append_answer,
    begin_session,
    complete_response,
    give_notice,
    session_state,
    with_answer,
)
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput, Closed, Conflict, Unavailable, mark
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.languages.queries import ApprovedWording, offered_together
from survey_service.languages.rules import NOT_AVAILABLE, choose_language
from survey_service.licensing.queries import is_refused_at_the_gate
from survey_service.licensing.rules import Mode
from survey_service.people.queries import sealed_patients
from survey_service.scheduling.queries import Occasion, Task
from survey_service.scheduling.use_cases import own_occasion

# The notice is printed above the questions.
PAPER_NOTICE = f"{NOTICE_VERSION}/paper"
# What somebody types for a mark that cannot be told, such as two boxes ticked.
UNREADABLE = "ambiguous"
# Paper tells the day, not the time.
_NOON = time(12)

Given = Mapping[str, Answered]


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument of the form, as it is printed."""

    task: Task
    instrument: Instrument
    shown: ApprovedWording

    def field(self, item: Item) -> str:
        """The name of a question's field on the page: two instruments may have items of one name."""
        return f"value-{self.task.position}-{item.id}"


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What is printed for an occasion, in the patient's language. So many days after the window it may be filled in."""

    occasion: Occasion
    parts: Sequence[Part]
    late_days: int


def look_at_paper(services: Services, occasion_id: UUID, *, to_enter: bool = False, as_: Staff) -> PaperForm:
    """The form on paper, to print or ``to_enter`` what came back; looking at it is logged.

    Raises ``AccessDenied`` for another unit's, ``Closed`` when it is not asked any more (what came back is entered
    after the window too), ``Conflict`` when the patient has begun on a screen or all is answered, ``Unavailable`` where
    no licence or wording lets it be asked on paper.
    """
    with services.db.transaction(as_=as_) as connection:
        form = _form(connection, services, occasion_id, as_, to_enter=to_enter)
        access = Access(Activity.READ, Purpose.CARE, "paper_form", form.occasion.id, form.occasion.person_id)
        record_access(connection, services.clock, [access], by=as_)
    return form


def read_part(part: Part, texts: Mapping[str, Sequence[str]]) -> tuple[Given, list[str]]:
    """What was typed, by item, and the fields that hold no answer to their question. What is empty was skipped."""
    given, refused = {}, []
    for item in part.instrument.items.values():
        if item.kind is QuestionKind.STATEMENT:
            continue
        answer = _read(item, texts.get(item.id, ()))
        if answer is None or (refusal(item, answer) and answer.kind is not AnswerKind.SKIPPED):
            refused.append(part.field(item))
        else:
            given[item.id] = answer
    return given, refused


def differing(part: Part, first: Given, second: Given) -> list[str]:
    """The items whose answer was not typed the same twice."""
    return [item_id for item_id in part.instrument.items if first.get(item_id) != second.get(item_id)]


def filled_at(form: PaperForm, filled_on: date | None, now: datetime) -> datetime:
    """The moment that a form counts from, of the day on which it was filled in. Raises ``BadInput`` for no such day."""
    asked = form.occasion
    last_day = local_day(asked.last_moment)
    sentence = None
    if filled_on is None:
        sentence = mark("Write the day on which it was filled in.")
    elif filled_on > local_day(now):
        sentence = mark("That day has not come yet.")
    elif filled_on < local_day(asked.opens_at):
        sentence = mark("The survey had not opened on that day.")
    elif filled_on > last_day + timedelta(days=form.late_days):
        sentence = mark("The time to answer was over on that day, and the unit takes nothing that was filled in later.")
    if filled_on is None or sentence:
        raise BadInput("Filled in on a day that cannot be.", fields={"filled_on": sentence or ""})
    moment = now if filled_on == local_day(now) else at_local_time(filled_on, _NOON)
    return max(asked.opens_at, min(moment, asked.last_moment) if filled_on == last_day else moment)


def enter_paper(
    services: Services,
    occasion_id: UUID,
    given: Mapping[UUID, Given],
    *,
    filled_on: date | None,
    differences: int,
    as_: Staff,
) -> list[UUID]:
    """Write what was answered on paper, by task, and complete the responses; returns them in order.

    Raises as ``look_at_paper`` and ``filled_at``, and ``BadInput`` by field for a question that has to be answered:
    what cannot be read is typed as such.
    """
    now = services.clock()
    try:
        with services.db.transaction(as_=as_) as connection:
            found = _form(connection, services, occasion_id, as_, to_enter=True)
        cipher = services.keys.cipher(found.occasion.person_id)

        def work(connection: Connection) -> list[UUID]:
            form = _form(connection, services, occasion_id, as_, to_enter=True)
            moment = filled_at(form, filled_on, now)
            then = replace(services, clock=lambda: moment)
            locale = form.parts[0].shown.wording.locale
            notice_id = give_notice(connection, then, form.occasion, locale, version=PAPER_NOTICE)
            entry = Entry(as_.staff_id, differences)
            for part in form.parts:
                if not begin_session(
                    connection, part.task, part.instrument, form.occasion,
                    notice_id=notice_id, shown=part.shown, mode=Mode.PAPER, at=now, entry=entry,
                ):  # fmt: skip
                    raise Conflict("The patient has begun to answer this on a screen.")
            return [
                _complete(connection, services, part, given[part.task.id], cipher, moment=moment, as_=as_)
                for part in form.parts
            ]

        return services.db.run(work, as_=as_)
    except sa.exc.IntegrityError as refused:
        if is_refused_at_the_gate(refused):
            raise Unavailable(NOT_AVAILABLE) from None
        raise


def _form(connection: Connection, services: Services, occasion_id: UUID, as_: Staff, *, to_enter: bool) -> PaperForm:
    now = services.clock()
    found = own_occasion(connection, occasion_id, as_=as_, now=now)
    if not (found.is_enterable(now) if to_enter else found.is_open(now)):
        raise Closed("The time to answer this survey is over.")
    tasks = unanswered_tasks(connection, found.id)
    if not tasks:
        raise Conflict("This has been answered already.")
    if sessions_of_tasks(connection, [task.id for task in tasks]):
        raise Conflict("The patient has begun to answer this on a screen.")
    whole = [services.library.installed(task.instrument, task.instrument_version, task.form) for task in tasks]
    instruments = [one.in_form(one.paper_form if one.adaptive else one.form) for one in whole if one is not None]
    if len(instruments) < len(tasks):
        raise Unavailable(NOT_HERE)
    offered = offered_together(connection, services, instruments, replace(found.use(now), mode=Mode.PAPER))
    if not offered:
        raise Unavailable(NOT_AVAILABLE)
    patients = sealed_patients(connection, [found.person_id])
    chosen = choose_language(offered, patients[0].locale if patients else "")
    parts = zip(tasks, instruments, offered[chosen], strict=True)
    late_days = late_paper_days(connection, found.unit_id)
    return PaperForm(found, [Part(task, instrument, shown) for task, instrument, shown in parts], late_days)


def _complete(
    connection: Connection,
    services: Services,
    part: Part,
    given: Given,
    cipher: PersonCipher,
    *,
    moment: datetime,
    as_: Staff,
) -> UUID:
    then = replace(services, clock=lambda: moment)
    session = sessions_of_tasks(connection, [part.task.id])[part.task.id]
    state = session_state(connection, services, session, cipher)
    while isinstance(state.step, Ask):
        answer = _answer(part, state.step.item, given)
        submission = Submission(state.next_sequence, answer)
        append_answer(connection, then, state, submission, cipher, by=state.session.person_id)
        state = with_answer(state, submission)
    return complete_response(connection, services, state, cipher, by=as_, answered_at=moment)


def _answer(part: Part, item: Item, given: Given) -> Answered:
    if item.kind is QuestionKind.STATEMENT:
        return Answered(item.id, None, AnswerKind.SHOWN)
    answer = given.get(item.id) or Answered(item.id, None, AnswerKind.SKIPPED)
    if refusal(item, answer):
        raise BadInput("This question has to be answered.", fields={part.field(item): ""})
    return answer


def _read(item: Item, texts: Sequence[str]) -> Answered | None:
    if tuple(texts) == (UNREADABLE,):
        return Answered(item.id, None, AnswerKind.AMBIGUOUS)
    if tuple(texts) == (AnswerKind.NOT_APPLICABLE,):
        return read_answer(item, texts, way=Way.NOT_APPLICABLE)
    return read_answer(item, texts, way=Way.ANSWER if texts else Way.SKIP)
