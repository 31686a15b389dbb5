"""Collecting once: two orders of one provider for the same instrument, in windows that overlap, are asked as one [B6].

The later task points at the earlier, which is the one that is asked. Whether it is in effect just now is judged when
somebody is about to be asked (`answering.queries.tasks_left`): what is paused, withdrawn or over answers for nothing.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from survey_service.answering.queries import sessions_of_tasks
from survey_service.delivery.use_cases import share_response
from survey_service.foundation.clock import Clock
from survey_service.foundation.principals import AtUnit
from survey_service.scheduling.records import enrolments, occasions, task_links, tasks
from survey_service.scheduling.rules import EnrolmentState

# Two orders for one patient, changed at once, look at each other one after the other.
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:person || :provider, 7))")


def collect_once(connection: Connection, clock: Clock, enrolment_id: UUID, *, person_id: UUID, as_: AtUnit) -> None:
    """Join what an enrolment asks with what the provider's other orders ask of the same patient in the same window.

    Only within one provider, whose rows are all that can be seen here; never of two sides; and never what is begun.
    """
    connection.execute(_ONE_AT_A_TIME, {"person": str(person_id), "provider": str(as_.provider_id)})
    taken: set[UUID] = set()
    for pair in connection.execute(_pairs(enrolment_id, person_id)).all():
        mine_first = pair.theirs_opens_at > pair.opens_at
        later, earlier = (pair.theirs, pair.mine) if mine_first else (pair.mine, pair.theirs)
        if later in taken or _is_in_the_way(connection, later, earlier):
            continue
        taken.add(later)
        _link(connection, clock, later, earlier)
        share_response(connection, clock, task_id=earlier)


def _pairs(enrolment_id: UUID, person_id: UUID) -> sa.Select[tuple[object, ...]]:
    """Tasks of the enrolment, each beside one of another order that asks the same."""
    t, o, e = tasks.alias("t"), occasions.alias("o"), enrolments.alias("e")
    t2, o2, e2 = tasks.alias("t2"), occasions.alias("o2"), enrolments.alias("e2")
    return (
        sa.select(
            t.c.id.label("mine"),
            t2.c.id.label("theirs"),
            o.c.opens_at,
            o2.c.opens_at.label("theirs_opens_at"),
        )
        .select_from(t)
        .join(o, o.c.id == t.c.occasion_id)
        .join(e, e.c.id == o.c.enrolment_id)
        .join(
            t2,
            sa.and_(
                t2.c.person_id == t.c.person_id,
                t2.c.provider_id == t.c.provider_id,
                t2.c.instrument == t.c.instrument,
                t2.c.instrument_version == t.c.instrument_version,
                t2.c.form == t.c.form,
            ),
        )
        .join(o2, o2.c.id == t2.c.occasion_id)
        .join(e2, e2.c.id == o2.c.enrolment_id)
        .where(
            e.c.id == enrolment_id,
            t.c.person_id == person_id,
            e2.c.id != e.c.id,
            e.c.state == EnrolmentState.ACTIVE,
            e2.c.state == EnrolmentState.ACTIVE,
            o.c.withdrawn_at.is_(None),
            o2.c.withdrawn_at.is_(None),
            o.c.opens_at < o2.c.closes_at,
            o2.c.opens_at < o.c.closes_at,
            e.c.side.is_not_distinct_from(e2.c.side),
        )
        .order_by(o.c.opens_at, t.c.id, o2.c.opens_at, t2.c.id)
    )


def _is_in_the_way(connection: Connection, later: UUID, earlier: UUID) -> bool:
    """Whether one of them is joined already, in a way that a second link would make a chain of; or is begun."""
    links = task_links.c
    chained = sa.or_(links.task_id.in_([later, earlier]), links.served_by == later)
    if connection.execute(sa.select(links.task_id).where(chained).limit(1)).first() is not None:
        return True
    return bool(sessions_of_tasks(connection, [later]))


def _link(connection: Connection, clock: Clock, later: UUID, earlier: UUID) -> None:
    asked = ("provider_id", "person_id", "instrument", "instrument_version", "form")
    connection.execute(
        insert(task_links).from_select(
            ["task_id", "served_by", "made_at", *asked],
            sa.select(
                tasks.c.id, sa.literal(earlier, sa.Uuid), sa.literal(clock(), sa.DateTime(timezone=True)),
                *(tasks.c[name] for name in asked),
            ).where(tasks.c.id == later),
        )
    )  # fmt: skip
