"""Everything that sending a batch needs, read in a handful of queries: what is asked, what was sent, and of whom."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from notifications.ladder import Ladder, Unreached
from notifications.timing import Hours
from survey_service.access.queries import provider
from survey_service.answering.queries import Left, left_of, why_not_asked
from survey_service.foundation.crypto import PersonCipher
from survey_service.foundation.db import among
from survey_service.foundation.services import Services
from survey_service.licensing.rules import Refusal
from survey_service.notifying.addressing import Choices, LastFacts
from survey_service.notifying.claiming import Claim
from survey_service.notifying.deciding import Attempt, Dispatch
from survey_service.notifying.records import (
    contact_choices,
    dispatch_attempts,
    dispatch_receipts,
    dispatches,
    notices,
    person_facts,
    reminders,
)
from survey_service.notifying.revealing import secrets_of
from survey_service.people.queries import SealedPatient, sealed_patients
from survey_service.scheduling.queries import Occasion, notice_plans, occasions_with_ids
from survey_service.scheduling.rules import NoticePlan

# Functions that tell a worker of patients of its own provider, and of no others.
_CHOICES = sa.text("SELECT * FROM contact_choices_of(CAST(:people AS uuid[]))").columns(*contact_choices.c)
_VISITS = sa.text("SELECT person_id, at FROM last_visits_of(CAST(:people AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Looked:
    """One notice with all that the database knows of it."""

    claim: Claim
    occasion: Occasion
    left: Left
    refusal: Refusal | None
    sent: tuple[Dispatch, ...]
    asked_for: Mapping[str, datetime]
    signed_in_at: datetime | None
    ladder: Ladder
    unreached: Unreached | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """A batch of one provider. ``secrets`` are, by occasion, the texts that a message must not hold."""

    sender_name: str
    notices: Sequence[Looked]
    secrets: Mapping[UUID, tuple[str, ...]] = field(repr=False)
    patients: Mapping[UUID, SealedPatient]
    choices: Mapping[UUID, sa.Row[Any]] = field(repr=False)
    facts: Mapping[UUID, LastFacts] = field(repr=False)


def look(connection: Connection, services: Services, claims: Collection[Claim], provider_id: UUID) -> Sight:
    """What is known of these notices of one provider. What the provider has none of is not among them."""
    found = occasions_with_ids(connection, [one.occasion_id for one in claims])
    occasions, people = list(found.values()), {one.person_id for one in found.values()}
    left = left_of(connection, found, services.clock())
    asking = [one for one in occasions if one.is_open(services.clock()) and left[one.id].tasks]
    refusals = why_not_asked(connection, services, asking) if asking else {}
    sent, asked_for = _dispatches(connection, found), _reminders(connection, found)
    visits = {row.person_id: row.at for row in connection.execute(_VISITS, {"people": list(people)})}
    reasons, plans = _reasons(connection, found), notice_plans(connection, found)
    return Sight(
        sender_name=provider(connection, provider_id).sender_name,
        notices=[
            Looked(
                claim=one,
                occasion=occasion,
                left=left[occasion.id],
                refusal=refusals.get(occasion.id),
                sent=tuple(sent[occasion.id]),
                asked_for=asked_for[occasion.id],
                signed_in_at=visits.get(occasion.person_id),
                ladder=_ladder(plans[occasion.id]),
                unreached=reasons.get(occasion.id),
            )
            for one in claims
            if (occasion := found.get(one.occasion_id)) is not None
        ],
        secrets=secrets_of(connection, asking) if asking else {},
        patients={one.person_id: one for one in sealed_patients(connection, people)},
        choices={row.person_id: row for row in connection.execute(_CHOICES, {"people": list(people)})},
        facts=_facts(connection, people),
    )


def _ladder(plan: NoticePlan) -> Ladder:
    return Ladder(timedelta(days=plan.other_way_after_days), timedelta(days=plan.letter_after_days))


def _dispatches(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, list[Dispatch]]:
    rows = connection.execute(sa.select(dispatches).where(among(dispatches.c.occasion_id, occasion_ids))).all()
    ids = [row.id for row in rows]
    attempts, receipts = _attempts(connection, ids), _receipts(connection, ids)
    found: dict[UUID, list[Dispatch]] = defaultdict(list)
    for row in rows:
        found[row.occasion_id].append(
            Dispatch(
                id=row.id,
                kind=row.kind,
                channel=row.channel,
                created_at=row.created_at,
                rung=row.rung,
                reminder_id="" if row.reminder_id is None else str(row.reminder_id),
                address_digest=row.address_digest,
                attempts=tuple(attempts[row.id]),
                receipts=tuple(receipts[row.id]),
            )
        )
    return found


def _attempts(connection: Connection, dispatch_ids: Collection[UUID]) -> Mapping[UUID, list[Attempt]]:
    found: dict[UUID, list[Attempt]] = defaultdict(list)
    table = dispatch_attempts.c
    query = sa.select(table.dispatch_id, table.outcome, table.attempted_at).where(
        among(table.dispatch_id, dispatch_ids)
    )
    for row in connection.execute(query.order_by(table.id)) if dispatch_ids else ():
        found[row.dispatch_id].append(Attempt(row.outcome, row.attempted_at))
    return found


def _receipts(connection: Connection, dispatch_ids: Collection[UUID]) -> Mapping[UUID, list[Attempt]]:
    found: dict[UUID, list[Attempt]] = defaultdict(list)
    table = dispatch_receipts.c
    query = sa.select(table.dispatch_id, table.outcome, table.at).where(among(table.dispatch_id, dispatch_ids))
    for row in connection.execute(query) if dispatch_ids else ():
        found[row.dispatch_id].append(Attempt(row.outcome, row.at))
    return found


def _reminders(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, Mapping[str, datetime]]:
    found: dict[UUID, dict[str, datetime]] = defaultdict(dict)
    query = sa.select(reminders.c.occasion_id, reminders.c.id, reminders.c.at)
    for row in connection.execute(query.where(among(reminders.c.occasion_id, occasion_ids))):
        found[row.occasion_id][str(row.id)] = row.at
    return found


def _reasons(connection: Connection, occasion_ids: Collection[UUID]) -> Mapping[UUID, Unreached]:
    query = sa.select(notices.c.occasion_id, notices.c.unreached).where(
        among(notices.c.occasion_id, occasion_ids), notices.c.unreached.is_not(None)
    )
    return {row.occasion_id: Unreached(row.unreached) for row in connection.execute(query)}


def _facts(connection: Connection, people: Collection[UUID]) -> Mapping[UUID, LastFacts]:
    rows = connection.execute(sa.select(person_facts).where(among(person_facts.c.person_id, people))).all()
    return {row.person_id: LastFacts(row.is_protected, row.deceased_on, row.checked_at) for row in rows}


def opened_choices(cipher: PersonCipher, row: sa.Row[Any]) -> Choices:
    """How the patient wants to be written to, in clear."""

    def opened(value: bytes | None, column: str) -> str | None:
        place = str(row.person_id)
        return None if value is None else cipher.open(value, table="contact_choices", column=column, row=place)

    return Choices(
        email=opened(row.email_sealed, "email"),
        phone=opened(row.phone_sealed, "phone"),
        channels=tuple(row.channels),
        hours=None if row.hours_since is None else Hours(row.hours_since, row.hours_until),
        every_day=row.every_day,
        locale=row.locale,
    )
