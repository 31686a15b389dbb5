"""Reading sessions, answers, responses and scores. Row-level security decides whose."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from instruments import Answered, AnswerKind, AnswerValue, Instrument, Item, Provenance, Score
from survey_service.answering.records import answers, notices_given, responses, scores, sessions
from survey_service.answering.rules import LoggedAnswer
from survey_service.delivery.queries import (
    Version,
    VersionKind,
    corrected_scores_of,
    current_version,
    read_score,
    responses_shared_with,
    responses_sharing_tasks,
    shared_tasks,
)
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import among
from survey_service.foundation.services import Services
from survey_service.languages.queries import why_not_offered
from survey_service.licensing.rules import Refusal, Use, Why
from survey_service.scheduling.queries import Occasion, Task, answered_together, tasks_at, tasks_of


@dataclass(frozen=True, slots=True)
class Session:
    """One instrument being answered, with everything that was pinned when it began."""

    id: UUID
    provider_id: UUID
    person_id: UUID
    task_id: UUID
    notice_id: UUID
    instrument: str
    instrument_version: str
    instrument_hash: str
    form: str
    wording_id: UUID
    locale: str
    mode: str
    respondent: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Response:
    """One instrument answered in one session."""

    id: UUID
    provider_id: UUID
    person_id: UUID
    unit_id: UUID
    completed_at: datetime
    session: Session

    @property
    def provenance(self) -> Provenance:
        """How the response came about. A wording is an immutable row: its id says which texts were shown."""
        session = self.session
        return Provenance(
            instrument=session.instrument,
            instrument_version=session.instrument_version,
            form=session.form,
            wording=str(session.wording_id),
            locale=session.locale,
            respondent=session.respondent,
            mode=session.mode,
        )


def session(connection: Connection, session_id: UUID, *, lock: bool = False) -> Session | None:
    """The session, or None when there is none that the principal may see. ``lock`` holds it to the end."""
    query = sa.select(sessions).where(sessions.c.id == session_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _session(row)


def sessions_of_tasks(connection: Connection, task_ids: Collection[UUID]) -> Mapping[UUID, Session]:
    """Sessions that have begun, by task."""
    rows = connection.execute(sa.select(sessions).where(among(sessions.c.task_id, task_ids))).all()
    return {row.task_id: _session(row) for row in rows}


def begun_occasions(connection: Connection, occasion_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the occasions that somebody has begun to answer."""
    query = sa.select(sessions.c.occasion_id).where(among(sessions.c.occasion_id, occasion_ids))
    return frozenset(connection.execute(query).scalars())


def completed_occasions(connection: Connection, occasion_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the occasions of which everything is answered, by themselves or by another order's answer."""
    asked = tasks_of(connection, list(occasion_ids))
    ids = [task.id for task in asked]
    done = responses_of_tasks(connection, ids).keys() | shared_tasks(connection, ids)
    return frozenset(occasion_ids) - {task.occasion_id for task in asked if task.id not in done}


def answered_as(connection: Connection, session_id: UUID) -> frozenset[str]:
    """For the unit: in which roles it was answered ('self', 'guardian', 'proxy'), never by whom."""
    return frozenset(connection.execute(sa.select(sa.func.answered_as(session_id))).scalars())


def instrument_of(services: Services, session: Session) -> Instrument | None:
    """The instrument as it was when the session began; None when the operator has removed or changed it since."""
    found = services.library.installed(session.instrument, session.instrument_version, session.form)
    return found if found is not None and found.content_hash == session.instrument_hash else None


def instruments_at_hand(
    services: Services, tasks: Sequence[Task], begun: Mapping[UUID, Session]
) -> list[Instrument] | None:
    """What the tasks ask, in their order; None when something of it is not here, so that it cannot be gone on with."""
    found = [
        instrument_of(services, begun[task.id])
        if task.id in begun
        else services.library.installed(task.instrument, task.instrument_version, task.form)
        for task in tasks
    ]
    here = [one for one in found if one is not None]
    return here if len(here) == len(tasks) else None


def sealed_log(connection: Connection, session_id: UUID) -> Sequence[Row[tuple[object, ...]]]:
    """The session's answers as stored. Open them with ``open_log``."""
    return connection.execute(
        sa.select(answers).where(answers.c.session_id == session_id).order_by(answers.c.sequence)
    ).all()


def answered_at(connection: Connection, session_id: UUID) -> list[datetime]:
    """When each answer of the session was written, in order."""
    return list(
        connection.execute(
            sa.select(answers.c.answered_at).where(answers.c.session_id == session_id).order_by(answers.c.sequence)
        ).scalars()
    )


def open_log(
    cipher: PersonCipher, rows: Sequence[Row[tuple[object, ...]]], items: Mapping[str, Item] | None
) -> list[LoggedAnswer]:
    """The answers in clear; ``items`` are those of the session's instrument, which know how each was written.

    Without them, of an instrument that is gone, each value is the text that is stored.
    """
    return [
        LoggedAnswer(
            sequence=row.sequence,
            answer=Answered(
                item_id=row.item_id,
                kind=AnswerKind(row.kind),
                value=_open_value(cipher, row, None if items is None else items[row.item_id]),
            ),
            supersedes=row.supersedes,
        )
        for row in rows
    ]


def _open_value(cipher: PersonCipher, row: Row[tuple[object, ...]], item: Item | None) -> AnswerValue | None:
    if row.value_sealed is None:
        return None
    place = answer_row(row.session_id, row.sequence)
    text = cipher.open(row.value_sealed, table="answers", column="value", row=place)
    return text if item is None else item.question.read([text])


def answer_row(session_id: UUID, sequence: int) -> str:
    """The row's name in the associated data of its sealed value."""
    return f"{session_id}/{sequence}"


def response(connection: Connection, response_id: UUID) -> Response | None:
    found = _responses(connection, responses.c.id == response_id)
    return found[0] if found else None


def responses_of_tasks(connection: Connection, task_ids: Collection[UUID]) -> Mapping[UUID, Response]:
    """Completed responses, by task."""
    found = _responses(connection, among(sessions.c.task_id, task_ids))
    return {one.session.task_id: one for one in found}


def previous_responses(connection: Connection, found: Response, *, unit_id: UUID, limit: int) -> list[Response]:
    """What the patient answered before at the unit, to the same instrument as the same respondent, newest first."""
    same, session = responses.c, found.session
    earlier = sa.and_(
        same.person_id == found.person_id,
        _at_unit(unit_id),
        same.completed_at < found.completed_at,
        sessions.c.instrument == session.instrument,
        sessions.c.instrument_version == session.instrument_version,
        sessions.c.respondent == session.respondent,
    )
    return _responses(connection, earlier, limit=limit)


def _at_unit(unit_id: UUID) -> sa.ColumnElement[bool]:
    """Given to the unit, or answering an order of the unit too."""
    return sa.or_(responses.c.unit_id == unit_id, responses.c.id.in_(responses_shared_with(unit_id)))


def responses_with_ids(connection: Connection, response_ids: Collection[UUID]) -> list[Response]:
    return _responses(connection, among(responses.c.id, response_ids))


def responses_of_person(
    connection: Connection,
    person_id: UUID,
    *,
    of_occasions: sa.Select[tuple[UUID]],
    without_units: Collection[UUID] = (),
    limit: int,
) -> list[Response]:
    """The person's completed responses to what was asked at these occasions (a select of ids), newest first.

    What another order's answer has answered is there by that answer, unless one of ``without_units`` was given it.
    """
    answered_there = sa.or_(
        sessions.c.occasion_id.in_(of_occasions), responses.c.id.in_(responses_sharing_tasks(tasks_at(of_occasions)))
    )
    theirs = responses.c.unit_id.in_(without_units)
    return _responses(connection, sa.and_(responses.c.person_id == person_id, answered_there, ~theirs), limit=limit)


def unanswered_tasks(connection: Connection, occasion_id: UUID) -> list[Task]:
    """What remains of an occasion, in order; what another order has answered does not."""
    tasks = tasks_of(connection, [occasion_id])
    done = responses_of_tasks(connection, [task.id for task in tasks])
    shared = shared_tasks(connection, [task.id for task in tasks])
    return [task for task in tasks if task.id not in done and task.id not in shared]


def served_tasks(connection: Connection, task_ids: Collection[UUID], now: datetime) -> frozenset[UUID]:
    """Those of the tasks that another order has answered, or is about to: they are not asked now [B6]."""
    if not task_ids:
        return frozenset()
    query = sa.text("SELECT served_tasks(CAST(:tasks AS uuid[]), :now)")
    return frozenset(connection.execute(query, {"tasks": list(task_ids), "now": now}).scalars())


def tasks_to_ask(connection: Connection, occasion_id: UUID, now: datetime) -> list[Task]:
    """What is to be asked of an occasion now, in order: not answered, and not waiting for another order's answer."""
    left = unanswered_tasks(connection, occasion_id)
    served = served_tasks(connection, [task.id for task in left], now)
    return [task for task in left if task.id not in served]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an occasion. ``waits_until``: all of it waits for another order's answer, that long at most."""

    tasks: tuple[Task, ...]
    waits_until: datetime | None = None


def left_of(connection: Connection, occasion_ids: Collection[UUID], now: datetime) -> Mapping[UUID, Left]:
    """By occasion, what is neither answered nor shared, in a handful of queries for a list."""
    asked = tasks_of(connection, list(occasion_ids))
    ids = [task.id for task in asked]
    done = responses_of_tasks(connection, ids).keys() | shared_tasks(connection, ids)
    left: dict[UUID, list[Task]] = {one: [] for one in occasion_ids}
    for task in asked:
        if task.id not in done:
            left[task.occasion_id].append(task)
    served = served_tasks(connection, [task.id for tasks in left.values() for task in tasks], now)
    ends = {one.task_id: one.closes_at for one in answered_together(connection, occasion_ids)} if served else {}
    return {
        occasion_id: Left(tuple(tasks), min(ends[task.id] for task in tasks))
        if tasks and all(task.id in served for task in tasks)
        else Left(tuple(tasks))
        for occasion_id, tasks in left.items()
    }


def why_not_asked(connection: Connection, services: Services, asked: Sequence[Occasion]) -> Mapping[UUID, Refusal]:
    """By occasion, why what is left of it may not be asked now.

    What has begun may be finished whatever becomes of its licence [D1], unless its instrument is gone.
    """
    tasks = tasks_of(connection, [one.id for one in asked])
    begun = sessions_of_tasks(connection, [task.id for task in tasks])
    answered = responses_of_tasks(connection, begun)
    judged: dict[tuple[Use, tuple[tuple[str, str, str], ...]], Refusal | None] = {}
    found = {}
    for one in asked:
        own = [task for task in tasks if task.occasion_id == one.id and task.id not in answered]
        gone = [task.instrument for task in own if task.id in begun and not instrument_of(services, begun[task.id])]
        if gone:
            found[one.id] = Refusal(Why.NOT_HERE, ", ".join(gone))
            continue
        left = tuple((task.instrument, task.instrument_version, task.form) for task in own if task.id not in begun)
        key = (one.use(services.clock()), left)
        if left and key not in judged:
            judged[key] = why_not_offered(connection, services, left, key[0])
        refusal = judged.get(key)
        if refusal is not None:
            found[one.id] = refusal
    return found


def scores_of(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, tuple[Score, ...]]:
    """Scores of the version that stands of each response, in the order of their variables' names.

    None for a form that is not scored, and none for a response that has been voided.
    """
    return scores_of_versions(connection, current_version(connection, response_ids).values())


def recent_scores(
    connection: Connection, person_id: UUID, *, unit_id: UUID, since: datetime
) -> list[tuple[str, float, datetime]]:
    """Variable, value and moment of what the person answered to the unit since then, as it stands now."""
    rows = connection.execute(
        sa.select(responses.c.id, responses.c.completed_at).where(
            responses.c.person_id == person_id, _at_unit(unit_id), responses.c.completed_at >= since
        )
    ).all()
    found = scores_of(connection, [row.id for row in rows])
    return [
        (score.variable, score.value, row.completed_at)
        for row in rows
        for score in found[row.id]
        if score.value is not None
    ]


def scores_of_versions(connection: Connection, versions: Collection[Version]) -> Mapping[UUID, tuple[Score, ...]]:
    """Scores of one version of each response, whether or not it stands.

    For whoever tells the version too: a version that is asked for twice may have changed meanwhile.
    """
    first = _first_scores(connection, [one.response_id for one in versions if one.number == 1])
    corrected = corrected_scores_of(connection, [one for one in versions if one.kind is VersionKind.CORRECTED])
    return {one.response_id: (*first.get(one.response_id, ()), *corrected.get(one.response_id, ())) for one in versions}


def _first_scores(connection: Connection, response_ids: Collection[UUID]) -> Mapping[UUID, list[Score]]:
    found: dict[UUID, list[Score]] = defaultdict(list)
    if not response_ids:
        return found
    rows = connection.execute(
        sa.select(scores).where(among(scores.c.response_id, response_ids)).order_by(scores.c.variable)
    ).all()
    for row in rows:
        found[row.response_id].append(read_score(row))
    return found


def open_corrections(
    cipher: PersonCipher, rows: Sequence[Row[Any]], items: Mapping[str, Item] | None
) -> Mapping[str, Answered]:
    """Corrected answers in clear by item, the latest of each: rows as ``sealed_corrections`` gives them.

    Without ``items``, of an instrument that is gone, as ``open_log``.
    """
    return {
        row.item_id: Answered(
            item_id=row.item_id,
            kind=AnswerKind(row.kind),
            value=_open_corrected(cipher, row, None if items is None else items[row.item_id]),
        )
        for row in rows
    }


def _open_corrected(cipher: PersonCipher, row: Row[Any], item: Item | None) -> AnswerValue | None:
    if row.value_sealed is None:
        return None
    place = corrected_row(row.response_id, row.version, row.item_id)
    text = cipher.open(row.value_sealed, table="corrected_answers", column="value", row=place)
    return text if item is None else item.question.read([text])


def corrected_row(response_id: UUID, version: int, item_id: str) -> str:
    """The row's name in the associated data of its sealed value."""
    return f"{response_id}/{version}/{item_id}"


def notice_given(connection: Connection, occasion_id: UUID) -> bool:
    """Whether the information notice of this occasion has been given."""
    return (
        connection.execute(
            sa.select(notices_given.c.id).where(notices_given.c.occasion_id == occasion_id).limit(1)
        ).first()
        is not None
    )


def notices_given_at(connection: Connection, notice_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """When each of these information notices was given."""
    rows = connection.execute(
        sa.select(notices_given.c.id, notices_given.c.given_at).where(notices_given.c.id.in_(notice_ids))
    ).all()
    return {row.id: row.given_at for row in rows}


def sealed_logs(connection: Connection, session_ids: Collection[UUID]) -> Mapping[UUID, list[Row[tuple[object, ...]]]]:
    """Answers as stored, by session. Open each with ``open_log``."""
    found: dict[UUID, list[Row[tuple[object, ...]]]] = {session_id: [] for session_id in session_ids}
    rows = connection.execute(
        sa.select(answers).where(answers.c.session_id.in_(session_ids)).order_by(answers.c.sequence)
    ).all()
    for row in rows:
        found[row.session_id].append(row)
    return found


def _responses(
    connection: Connection, condition: sa.ColumnElement[bool], *, limit: int | None = None
) -> list[Response]:
    rows = connection.execute(
        sa.select(
            responses.c.id.label("response_id"),
            responses.c.unit_id,
            responses.c.completed_at,
            *sessions.c,
        )
        .join(sessions, sessions.c.id == responses.c.session_id)
        .where(condition)
        .order_by(responses.c.completed_at.desc(), responses.c.id)
        .limit(limit)
    ).all()
    return [
        Response(
            id=row.response_id,
            provider_id=row.provider_id,
            person_id=row.person_id,
            unit_id=row.unit_id,
            completed_at=row.completed_at,
            session=_session(row),
        )
        for row in rows
    ]


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        provider_id=row.provider_id,
        person_id=row.person_id,
        task_id=row.task_id,
        notice_id=row.notice_id,
        instrument=row.instrument,
        instrument_version=row.instrument_version,
        instrument_hash=row.instrument_hash,
        form=row.form,
        wording_id=row.wording_id,
        locale=row.locale,
        mode=row.mode,
        respondent=row.respondent,
        started_at=row.started_at,
    )
