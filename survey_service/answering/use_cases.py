"""Starting to answer, going on, and completing: the patient's side of a survey."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import AnswerKind, Ask, Complete, Instrument, Item, Respondent, Score
from instruments.form import refusal
from survey_service.answering import queries
from survey_service.answering.queries import Session, answer_row
from survey_service.answering.records import answers, notices_given, responses, scores, sessions
from survey_service.answering.rules import (
    LoggedAnswer,
    Posted,
    Submission,
    Verdict,
    judge,
    read_posted,
    standing_entries,
)
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.plausibility import Seen, implausible
from survey_service.delivery.use_cases import deliver, keep_flags, share_response
from survey_service.errors import AccessDenied, BadInput, Closed, Conflict, Unavailable, mark
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.logging import get_logger
from survey_service.foundation.principals import Patient, Staff
from survey_service.foundation.services import Services
from survey_service.languages.queries import ApprovedWording, offered_together, wording
from survey_service.languages.rules import NOT_AVAILABLE, choose_language
from survey_service.licensing.queries import is_refused_at_the_gate
from survey_service.licensing.rules import Mode
from survey_service.people.queries import open_patient, sealed_patients
from survey_service.people.rules import age_on
from survey_service.scheduling.queries import Occasion, Task, occasion, occasion_of_task, tasks_of
from translations.catalogue import InstrumentWording
from translations.completeness import eligible_items

# The version of the information notice in ``http/templates/notice.html``: raise it when its meaning changes.
NOTICE_VERSION = "2026-11-22"
# Whoever began goes on: the questions are in words for the patient, or in words for who answers in their place.
BEGUN_BY_PATIENT = mark("The person has begun to answer this. Only they can go on.")
BEGUN_FOR_PATIENT = mark("Somebody who answers for you has begun this. Only they can go on.")
NOT_FOR_OTHERS = mark("Only the person it is about can answer this survey.")
NOT_HERE = mark("This survey cannot be answered just now. Your care unit can help you.")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who typed in what was answered on paper, and in how many answers the two typings differed."""

    staff_id: UUID
    differences: int


@dataclass(frozen=True, slots=True)
class SessionState:
    """Where a session stands: its log, what counts of it, and what comes next."""

    session: Session
    occasion: Occasion
    instrument: Instrument
    wording: InstrumentWording
    log: Sequence[LoggedAnswer]
    entries: Sequence[LoggedAnswer]
    step: Ask | Complete
    siblings: Sequence[Session]

    @property
    def next_sequence(self) -> int:
        return len(self.log) + 1


def start_survey(services: Services, occasion_id: UUID, *, locale: str, as_: Patient) -> UUID:
    """Record that the notice was given, and pin what will be asked; returns the session to go on with.

    Started again, from a double click or another device, it returns to the session that is under way. Raises
    ``Unavailable`` when there is no language, or no licence any more, to ask it in; what has begun may be finished.
    """
    try:
        return _start(services, occasion_id, locale=locale, as_=as_)
    except sa.exc.IntegrityError as refused:
        if is_refused_at_the_gate(refused):  # withdrawn, or midnight, between our look and the database's
            raise Unavailable(NOT_AVAILABLE) from None
        raise


def _start(services: Services, occasion_id: UUID, *, locale: str, as_: Patient) -> UUID:
    mode = mode_of(as_)
    with services.db.transaction(as_=as_) as connection:
        found = _opened_occasion(connection, services, occasion_id)
        tasks = queries.tasks_to_ask(connection, found.id, services.clock())
        begun = queries.sessions_of_tasks(connection, [task.id for task in tasks])
        if tasks and not can_go_on(found, tasks, begun, services.clock()):
            raise Closed("The time to answer this survey is over.")
        if len(begun) < len(tasks):
            use = found.use(services.clock(), mode)
            instruments = queries.instruments_at_hand(services, tasks, begun)
            if instruments is None:
                raise Unavailable(NOT_HERE)
            refuse_other_respondent(begun.values(), as_)
            if not suits(connection, services, instruments, found, as_):
                raise Unavailable(NOT_FOR_OTHERS)
            offered = offered_together(connection, services, instruments, use, respondent=respondent_of(as_))
            if not offered and as_.actor_id is not None:
                raise Unavailable(NOT_FOR_OTHERS)
            chosen = choose_language(offered, locale)
            notice_id = give_notice(connection, services, found, chosen)
            for task, instrument, shown in zip(tasks, instruments, offered[chosen], strict=True):
                begin_session(
                    connection,
                    task,
                    instrument,
                    found,
                    notice_id=notice_id,
                    shown=shown,
                    mode=mode,
                    at=services.clock(),
                    respondent=respondent_of(as_),
                )
            accesses = [
                Access(Activity.WRITE, Purpose.OWN_ACCESS, "occasion", found.id, as_.person_id, found.provider_id)
            ]
            record_access(connection, services.clock, accesses, by=as_)
        if not tasks:
            raise Conflict("You have already answered this.")
        session = queries.sessions_of_tasks(connection, [tasks[0].id])[tasks[0].id]
    return session.id


def mode_of(who: Patient) -> Mode:
    """How somebody answers who is signed in so."""
    return Mode.WEB if who.occasion_id is None or who.by_letter else Mode.TABLET


def respondent_of(who: Patient) -> Respondent:
    """In whose words somebody is asked who is signed in so."""
    return Respondent.SELF if who.actor_id is None else Respondent.PROXY


def refuse_other_respondent(begun: Iterable[Session], who: Patient) -> None:
    """Raise ``AccessDenied`` where the patient has begun and another would go on, or the other way about."""
    if any(one.respondent != respondent_of(who) for one in begun):
        raise AccessDenied(begun_by_other(who))


def begun_by_other(who: Patient) -> str:
    """Why somebody cannot go on with what the other has begun."""
    return BEGUN_FOR_PATIENT if who.actor_id is None else BEGUN_BY_PATIENT


def suits(
    connection: Connection, services: Services, instruments: Iterable[Instrument], found: Occasion, who: Patient
) -> bool:
    """Whether all of the instruments can be answered by somebody else about a patient of that age; one's own can."""
    if who.actor_id is None:
        return True
    age = _age(connection, services.keys.cipher(found.person_id), found.provider_id, found.person_id, services.clock())
    return age is not None and all(one.covers(Respondent.PROXY, age) for one in instruments)


def look_at_session(services: Services, session_id: UUID, *, as_: Patient) -> SessionState:
    """Where the session stands. Raises ``AccessDenied`` for another's, ``Closed`` when the window has closed."""
    cipher = services.keys.cipher(as_.person_id)
    with services.db.transaction(as_=as_) as connection:
        session = _own_session(connection, session_id)
        refuse_other_respondent([session], as_)
        return session_state(connection, services, session, cipher)


def record_answer(services: Services, session_id: UUID, given: Submission | Posted, *, as_: Patient) -> SessionState:
    """Append an answer; with the last one, complete the response in the same commit.

    The same submission again changes nothing and succeeds. Raises ``Conflict`` when another device was first,
    ``BadInput`` for an answer to a question that was not asked or a value that it does not take.
    """
    cipher = services.keys.cipher(as_.person_id)

    def work(connection: Connection) -> SessionState:
        # The lock first, the answers in a statement of their own: merged into one, a waiter would see stale rows.
        session = _own_session(connection, session_id, lock=True)
        refuse_other_respondent([session], as_)
        state = session_state(connection, services, session, cipher)
        submission = given if isinstance(given, Submission) else read_posted(given, state.instrument.items)
        match judge(state.log, submission):
            case Verdict.ALREADY_RECORDED:
                return state
            case Verdict.CONFLICT:
                raise Conflict(
                    "This question was already answered, perhaps on another device. Here is where you are now."
                )
            case Verdict.APPEND:
                check_submission(state, submission)
                append_answer(connection, services, state, submission, cipher, by=as_.acts)
            case unknown:
                assert_never(unknown)
        state = with_answer(state, submission)
        if isinstance(state.step, Complete):
            complete_response(connection, services, state, cipher, by=as_)
        return state

    return services.db.run(work, as_=as_)


def next_session(services: Services, state: SessionState, *, as_: Patient) -> UUID | None:
    """The session that follows a completed one, or None when the occasion is answered in full."""
    # Whoever begins an occasion begins all of its sessions, so that one alone has none that could wait.
    if len(state.siblings) == 1:
        return None
    with services.db.transaction(as_=as_) as connection:
        waiting = queries.tasks_to_ask(connection, state.occasion.id, services.clock())
        begun = queries.sessions_of_tasks(connection, [task.id for task in waiting])
        return next((begun[task.id].id for task in waiting if task.id in begun), None)


def _opened_occasion(connection: Connection, services: Services, occasion_id: UUID) -> Occasion:
    found = occasion(connection, occasion_id)
    if found is None or found.opens_at > services.clock():
        raise AccessDenied
    return found


def can_go_on(one: Occasion, left: Sequence[Task], begun: Mapping[UUID, Session], now: datetime) -> bool:
    """Whether it can be begun; or finished, since all that is left of it has been, whatever was decided meanwhile."""
    return one.is_open(now) or (one.is_answerable(now) and bool(left) and all(task.id in begun for task in left))


def _own_session(connection: Connection, session_id: UUID, *, lock: bool = False) -> Session:
    session = queries.session(connection, session_id, lock=lock)
    if session is None:
        raise AccessDenied
    return session


def session_state(connection: Connection, services: Services, session: Session, cipher: PersonCipher) -> SessionState:
    # First of all: what was answered can only be read by the definition that it was answered by.
    instrument = queries.instrument_of(services, session)
    if instrument is None:
        get_logger().error("session.instrument_gone", session_id=str(session.id))
        raise Unavailable(
            "This survey has changed since you began. Your answers are kept, and the operator has been told."
        )
    log = queries.open_log(cipher, queries.sealed_log(connection, session.id), instrument.items)
    shown = wording(connection, session.wording_id)
    task_occasion, siblings = _occasion_of(connection, session)
    entries = standing_entries(log, instrument)
    step = instrument.next_step([entry.answer for entry in entries], eligible=eligible_items(instrument, shown))
    return SessionState(
        session=session,
        occasion=task_occasion,
        instrument=instrument,
        wording=shown,
        log=log,
        entries=entries,
        step=step,
        siblings=siblings,
    )


def with_answer(state: SessionState, submission: Submission) -> SessionState:
    """The state once the submission is in the log. What else it is made of is pinned, and the session is locked."""
    log = [*state.log, LoggedAnswer(submission.sequence, submission.answer, submission.supersedes)]
    entries = standing_entries(log, state.instrument)
    eligible = eligible_items(state.instrument, state.wording)
    step = state.instrument.next_step([entry.answer for entry in entries], eligible=eligible)
    return replace(state, log=log, entries=entries, step=step)


def _occasion_of(connection: Connection, session: Session) -> tuple[Occasion, list[Session]]:
    found = occasion_of_task(connection, session.task_id)
    if found is None:
        raise AccessDenied
    tasks = tasks_of(connection, [found.id])
    begun = queries.sessions_of_tasks(connection, [task.id for task in tasks])
    return found, [begun[task.id] for task in tasks if task.id in begun]


def check_submission(state: SessionState, submission: Submission) -> None:
    """Raise unless the submission answers the question that is open, or one that may be changed."""
    if isinstance(state.step, Complete):
        raise Conflict("You have already answered this.")
    item = state.step.item if submission.supersedes is None else _changed_item(state, submission.supersedes)
    answer = submission.answer
    if answer.item_id != item.id:
        raise BadInput("That question is not the one being asked. Here is where you are now.")
    if refusal(item, answer):
        if answer.kind is AnswerKind.SKIPPED:
            raise BadInput("This question cannot be skipped.")
        raise BadInput("That answer is not one of those that can be given.")


def _changed_item(state: SessionState, sequence: int) -> Item:
    if not state.instrument.changeable:
        raise BadInput("Earlier answers cannot be changed in this survey.")
    for entry in state.entries:
        if entry.sequence == sequence:
            return state.instrument.items[entry.answer.item_id]
    raise Conflict("That answer has already been changed. Here is where you are now.")


def append_answer(
    connection: Connection,
    services: Services,
    state: SessionState,
    submission: Submission,
    cipher: PersonCipher,
    *,
    by: UUID,
) -> None:
    # A form on paper has its own rules for the day on which it was filled in.
    if state.session.mode != Mode.PAPER and not state.occasion.is_answerable(services.clock()):
        raise Closed("The time to answer this survey is over. What you answered before is kept.")
    session, answer = state.session, submission.answer
    sealed = None
    if answer.value is not None:
        row = answer_row(session.id, submission.sequence)
        written = state.instrument.items[answer.item_id].question.write(answer.value)
        sealed = cipher.seal(written, table="answers", column="value", row=row)
    connection.execute(
        insert(answers).values(
            session_id=session.id,
            sequence=submission.sequence,
            provider_id=session.provider_id,
            person_id=session.person_id,
            item_id=answer.item_id,
            kind=answer.kind.value,
            value_sealed=sealed,
            supersedes=submission.supersedes,
            answered_by=by,
            answered_at=services.clock(),
        )
    )


def give_notice(
    connection: Connection, services: Services, found: Occasion, locale: str, *, version: str = NOTICE_VERSION
) -> UUID:
    connection.execute(
        upsert(notices_given)
        .values(
            id=new_id(),
            provider_id=found.provider_id,
            person_id=found.person_id,
            occasion_id=found.id,
            notice_version=version,
            locale=locale,
            given_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["occasion_id", "notice_version", "locale"])
    )
    notice_id: UUID = connection.execute(
        sa.select(notices_given.c.id).where(
            notices_given.c.occasion_id == found.id,
            notices_given.c.notice_version == version,
            notices_given.c.locale == locale,
        )
    ).scalar_one()
    return notice_id


def begin_session(
    connection: Connection,
    task: Task,
    instrument: Instrument,
    found: Occasion,
    *,
    notice_id: UUID,
    shown: ApprovedWording,
    mode: Mode,
    at: datetime,
    entry: Entry | None = None,
    respondent: Respondent = Respondent.SELF,
) -> bool:
    """Pin what is asked; False when the task has been begun before."""
    return insert_if_new(
        connection,
        upsert(sessions)
        .values(
            id=new_id(),
            provider_id=found.provider_id,
            person_id=found.person_id,
            occasion_id=found.id,
            task_id=task.id,
            notice_id=notice_id,
            instrument=instrument.id,
            instrument_version=instrument.version,
            instrument_hash=instrument.content_hash,
            form=instrument.form,
            wording_id=shown.id,
            locale=shown.wording.locale,
            mode=mode,
            respondent=respondent.value,
            started_at=at,
            entered_by=entry.staff_id if entry else None,
            entry_differences=entry.differences if entry else None,
        )
        .on_conflict_do_nothing(index_elements=["task_id"]),
    )


def _keep_scores(connection: Connection, response_id: UUID, owner: Mapping[str, UUID], scored: Sequence[Score]) -> None:
    rows = [
        {
            "response_id": response_id,
            "variable": score.variable,
            "value": score.value,
            "text": score.text,
            "standard_error": score.standard_error,
            "missing_reason": score.missing_reason,
            "method": score.method,
            "method_hash": score.method_hash,
            "algorithm": score.algorithm,
            **owner,
        }
        for score in scored
    ]
    if rows:  # not every form is scored
        connection.execute(insert(scores), rows)


def complete_response(
    connection: Connection,
    services: Services,
    state: SessionState,
    cipher: PersonCipher,
    *,
    by: Patient | Staff,
    answered_at: datetime | None = None,
) -> UUID:
    """Response, scores, delivery and audit event: one commit with the last answer.

    ``answered_at`` is when it was answered, where that was not just now.
    """
    session = state.session
    response_id = new_id()
    now = services.clock()
    completed_at = answered_at or now
    owner = {"provider_id": session.provider_id, "person_id": session.person_id}
    connection.execute(
        insert(responses).values(
            id=response_id,
            session_id=session.id,
            unit_id=state.occasion.unit_id,
            last_sequence=len(state.log),
            completed_at=completed_at,
            **owner,
        )
    )
    given = [entry.answer for entry in state.entries]
    scored = state.instrument.score(given, eligible=eligible_items(state.instrument, state.wording))
    _keep_scores(connection, response_id, owner, scored)
    deliver(
        connection,
        response_id=response_id,
        provider_id=session.provider_id,
        person_id=session.person_id,
        unit_id=state.occasion.unit_id,
        at=now,
        receipt=state.occasion.receipt,
    )
    share_response(connection, services.clock, task_id=session.task_id)
    flags = implausible(_seen(connection, state, scored, cipher, completed_at))
    keep_flags(connection, flags, response_id=response_id, version=1, **owner)
    purpose = Purpose.CARE if isinstance(by, Staff) else Purpose.OWN_ACCESS
    access = Access(Activity.WRITE, purpose, "response", response_id, session.person_id, session.provider_id)
    record_access(connection, services.clock, [access], by=by)
    return response_id


def _seen(
    connection: Connection, state: SessionState, scored: Sequence[Score], cipher: PersonCipher, completed_at: datetime
) -> Seen:
    """The response as the rules of plausibility see it."""
    session = state.session
    return Seen(
        instrument=state.instrument,
        respondent=state.session.respondent,
        answers=[entry.answer for entry in state.entries],
        scores=scored,
        # Nobody took the times of what was answered on paper.
        answered_at=[] if state.session.mode == Mode.PAPER else queries.answered_at(connection, state.session.id),
        completed_at=completed_at,
        opens_at=state.occasion.opens_at,
        closes_at=state.occasion.closes_at,
        age=_age(connection, cipher, session.provider_id, session.person_id, completed_at),
    )


def _age(connection: Connection, cipher: PersonCipher, provider_id: UUID, person_id: UUID, at: datetime) -> int | None:
    known = [one for one in sealed_patients(connection, [person_id]) if one.provider_id == provider_id]
    return age_on(open_patient(cipher, known[0]).number, local_day(at)) if known else None
