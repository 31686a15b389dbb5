"""A tablet in the waiting room: a code that staff make for one occasion, and the sign-in that it gives, once.

The code and the tablet's secret are kept as digests. What the sign-in reaches is that one occasion: the principal says
so, and the database holds it to it (``tablet`` in ``migrations/main/0020_enrolment.py``).
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert

from survey_service.access.records import handovers
from survey_service.answering.queries import sessions_of_tasks, tasks_to_ask
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import BadInput, Closed
from survey_service.foundation.crypto import digest_token
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Patient, Staff
from survey_service.foundation.services import Services
from survey_service.scheduling.use_cases import own_occasion

# Long enough to walk to the patient, short enough that nobody finds it later.
CODE_LIVES = timedelta(minutes=5)
IDLE = timedelta(minutes=10)
LONGEST = timedelta(hours=2)
SEEN_GRANULARITY = timedelta(seconds=30)


def make_code(services: Services, occasion_id: UUID, *, attested: bool, as_: Staff) -> str:
    """A code for the patient who is here. ``attested``: that the member of staff knows who it is, which is logged.

    Raises ``AccessDenied`` for another unit's, ``BadInput`` unless attested, ``Closed`` when nothing is to be answered.
    """
    now = services.clock()
    code = secrets.token_urlsafe(32)
    with services.db.transaction(as_=as_) as connection:
        found = own_occasion(connection, occasion_id, as_=as_, now=now)
        if not attested:
            raise BadInput("Say that you have made sure who the patient is.")
        left = tasks_to_ask(connection, found.id, now)
        begun = sessions_of_tasks(connection, [task.id for task in left])
        if not left or not (found.is_open(now) or (found.is_answerable(now) and len(begun) == len(left))):
            raise Closed("There is nothing to answer here now.")
        connection.execute(
            insert(handovers).values(
                id=new_id(),
                provider_id=found.provider_id,
                person_id=found.person_id,
                occasion_id=found.id,
                unit_id=as_.unit_id,
                staff_id=as_.staff_id,
                code_digest=digest_token(code),
                made_at=now,
                expires_at=now + CODE_LIVES,
            )
        )
        signed = Access(Activity.SIGN, Purpose.CARE, "handover", found.id, found.person_id)
        record_access(connection, services.clock, [signed], by=as_)
    return code


def take_code(services: Services, code: str) -> tuple[str, UUID]:
    """Use a code up; returns the secret for the cookie, and the occasion. Raises ``Closed`` for any that is no good."""
    now = services.clock()
    token = secrets.token_urlsafe(32)
    with services.db.transaction(as_=Gate()) as connection:
        query = sa.select(handovers).where(handovers.c.code_digest == digest_token(code)).with_for_update()
        row = connection.execute(query).first()
        if row is None or row.taken_at is not None or now >= row.expires_at:
            raise Closed("This code has been used, or is too old. Ask for a new one.")
        taken = {"token_digest": digest_token(token), "taken_at": now, "last_seen_at": now}
        connection.execute(sa.update(handovers).where(handovers.c.id == row.id).values(**taken))
    who = Patient(row.person_id, row.occasion_id)
    with services.db.transaction(as_=who) as connection:
        entered = Access(Activity.SIGN_IN, Purpose.OWN_ACCESS, "handover", row.occasion_id, row.person_id)
        record_access(connection, services.clock, [entered], by=who)
    return token, row.occasion_id


def resume_tablet(connection: Connection, token: str, now: datetime) -> tuple[UUID, Patient, datetime, datetime] | None:
    """The tablet's sign-in behind a cookie, as the gate sees it; None when it has ended or stood idle."""
    row = connection.execute(sa.select(handovers).where(handovers.c.token_digest == digest_token(token))).first()
    if row is None or row.ended_at is not None or now >= row.last_seen_at + IDLE or now >= row.taken_at + LONGEST:
        return None
    seen_at = row.last_seen_at
    if now - seen_at >= SEEN_GRANULARITY:
        seen_at = now
        connection.execute(sa.update(handovers).where(handovers.c.id == row.id).values(last_seen_at=now))
    return row.id, Patient(row.person_id, row.occasion_id), row.taken_at + LONGEST, seen_at + IDLE


def end_tablet(connection: Connection, token: str, now: datetime) -> None:
    """End the tablet's sign-in, as the gate. Harmless when repeated."""
    connection.execute(
        sa.update(handovers)
        .where(handovers.c.token_digest == digest_token(token), handovers.c.ended_at.is_(None))
        .values(ended_at=now)
    )
