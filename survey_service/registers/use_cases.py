"""Release by receipt, pull with a purpose, and the patient's objection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from instruments import Score
from survey_service.access.queries import all_units, provider
from survey_service.answering.queries import Response, response, responses_of_tasks, scores_of
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access, record_denial
from survey_service.delivery.queries import whereabouts
from survey_service.delivery.use_cases import RELEASE_JOB
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Operator, Patient, Register, System
from survey_service.foundation.services import Services
from survey_service.registers.queries import FeedEntry, agreements_in_force, feed_end, feed_page
from survey_service.registers.records import (
    agreement_variables,
    agreements,
    register_feeds,
    registers,
    releases,
)
from survey_service.registers.rules import (
    ACCEPTED_PURPOSE,
    Agreement,
    Cursor,
    agreed_scores,
    describe_score,
    newest_agreements,
    read_cursor,
    write_cursor,
)
from survey_service.scheduling.queries import Occasion, occasion_of_task, occasions_of_patient, tasks_of


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a register's feed. ``more`` says that the feed went on when the page was read."""

    entries: Sequence[FeedEntry]
    next_cursor: str
    more: bool


def release_response(services: Services, response_id: UUID, *, as_: System) -> int:
    """Release a received response to every register that may have it; returns how many new releases there are.

    The database is the judge: each release points at the receipt, the agreement, the notice given, and the patient's
    choice not to object. Harmless when repeated.
    """

    def work(connection: Connection) -> int:
        found = response(connection, response_id)
        if found is None or whereabouts(connection, [response_id])[response_id].received_at is None:
            return 0
        asked_at = occasion_of_task(connection, found.session.task_id)
        if asked_at is None or asked_at.legal_regime != "health_care":
            return 0  # what is answered under social-service law never leaves for a register
        scores = scores_of(connection, [response_id])[response_id]
        written = [
            _write_release(connection, services, found, asked_at, agreement, scores)
            for agreement in newest_agreements(agreements_in_force(connection, as_.provider_id, services.clock()))
        ]
        new = [release_id for release_id in written if release_id is not None]
        # Last, and in the order of the registers: the lock on a feed is held only until the commit that follows.
        for release_id in new:
            connection.execute(sa.text("SELECT announce_release(:release)"), {"release": release_id})
        return len(new)

    return services.db.run(work, as_=as_)


def pull(services: Services, *, cursor: str | None, limit: int, purpose: str | None, as_: Register) -> Page:
    """A page of the register's feed. Every result in it is logged, for the provider and the patient to see.

    Raises ``BadInput`` without the one purpose that disclosure rests on (and logs that), ``Conflict`` for a cursor of
    an earlier epoch, or beyond the end of the feed.
    """
    if purpose != ACCEPTED_PURPOSE:
        record_denial(services, Access(Activity.READ, Purpose.REGISTER, "feed"), by=as_, reason="purpose")
        raise BadInput(
            f"State the purpose of the pull. Results are disclosed for {ACCEPTED_PURPOSE} only.",
            fields={"purpose": f"Must be {ACCEPTED_PURPOSE}."},
        )
    with services.db.transaction(as_=as_) as connection:
        end = feed_end(connection)
        after = read_cursor(cursor) if cursor else Cursor(end.epoch, 0)
        if after.epoch != end.epoch or after.position > end.position:
            raise Conflict("The feed has been restored since that cursor was given. Start again without a cursor.")
        entries = feed_page(connection, after, limit=limit)
        reached = entries[-1].position if entries else after.position
        results = [entry.release_id for entry in entries if entry.payload is not None]
        connection.execute(
            sa.text("SELECT log_register_pull(:purpose, :events, :releases, :at)"),
            {
                "purpose": f"{Purpose.REGISTER.value} {purpose}",
                "events": [new_id() for _ in results],
                "releases": results,
                "at": services.clock(),
            },
        )
    return Page(entries=entries, next_cursor=write_cursor(Cursor(after.epoch, reached)), more=reached < end.position)


def object_to_register(services: Services, register_id: UUID, *, as_: Patient) -> None:
    """Say no to a register: what was released is withdrawn, and nothing more is released. Care is not touched."""
    services.db.run(
        lambda connection: _choose(connection, services, register_id, "object_to_register", as_=as_), as_=as_
    )


def withdraw_objection(services: Services, register_id: UUID, *, as_: Patient) -> None:
    """Allow a register again. What care has received is released anew."""

    def work(connection: Connection) -> None:
        _choose(connection, services, register_id, "withdraw_objection", as_=as_)
        tasks = tasks_of(connection, [one.id for one in occasions_of_patient(connection, services.clock())])
        answered = responses_of_tasks(connection, [task.id for task in tasks])
        for one in answered.values():
            enqueue(connection, RELEASE_JOB, provider_id=one.provider_id, response_id=one.id)

    services.db.run(work, as_=as_)


def add_register(
    services: Services, *, code: str, name: str, cpua_authority: str, client_id: str, jwks: Mapping[str, Any]
) -> UUID:
    """Enter a register and activate it. Raises ``BadInput`` without the authority that answers for it [B2]."""
    if not cpua_authority.strip():
        raise BadInput("A register cannot be active without a responsible authority (CPUA).")
    register_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        connection.execute(
            insert(registers).values(
                id=register_id,
                code=code,
                name=name,
                cpua_authority=cpua_authority,
                state="active",
                client_id=client_id,
                jwks=dict(jwks),
            )
        )
        connection.execute(insert(register_feeds).values(register_id=register_id, epoch=1, last=0))
    return register_id


def agree(services: Services, *, provider_id: UUID, register_id: UUID, variables: Sequence[str]) -> UUID:
    """Enter the next version of an agreement. Raises ``BadInput`` for a variable that no instrument defines [B8]."""
    defined = {variable.name for one in services.library.ids() for variable in services.library.latest(one).variables}
    if unknown := sorted(set(variables) - defined):
        raise BadInput(f"No instrument defines the variable {unknown[0]}.")
    agreement_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        latest: int = connection.execute(
            sa.select(sa.func.coalesce(sa.func.max(agreements.c.version), 0)).where(
                agreements.c.provider_id == provider_id, agreements.c.register_id == register_id
            )
        ).scalar_one()
        connection.execute(
            insert(agreements).values(
                id=agreement_id,
                provider_id=provider_id,
                register_id=register_id,
                version=latest + 1,
                valid_from=services.clock() - timedelta(seconds=1),
            )
        )
        connection.execute(
            insert(agreement_variables),
            [{"agreement_id": agreement_id, "variable": variable} for variable in sorted(set(variables))],
        )
    return agreement_id


def _write_release(
    connection: Connection,
    services: Services,
    found: Response,
    asked_at: Occasion,
    agreement: Agreement,
    scores: Sequence[Score],
) -> UUID | None:
    """The new release, or None when there is nothing agreed, the patient has objected, or it was there before."""
    agreed = agreed_scores(scores, agreement)
    if not agreed:
        return None
    pseudonym: UUID | None = connection.execute(
        sa.text("SELECT join_register(:person, :register, :pseudonym, :at)"),
        {
            "person": found.person_id,
            "register": agreement.register_id,
            "pseudonym": new_id(),
            "at": services.clock(),
        },
    ).scalar_one()
    if pseudonym is None:
        return None
    release_id = new_id()
    is_new = insert_if_new(
        connection,
        upsert(releases)
        .values(
            id=release_id,
            response_id=found.id,
            provider_id=found.provider_id,
            person_id=found.person_id,
            register_id=agreement.register_id,
            agreement_id=agreement.id,
            notice_id=found.session.notice_id,
            payload=_payload(connection, found, asked_at, agreed, pseudonym),
            released_at=services.clock(),
        )
        .on_conflict_do_nothing(index_elements=["response_id", "agreement_id"]),
    )
    return release_id if is_new else None


def _payload(
    connection: Connection, found: Response, asked_at: Occasion, agreed: Sequence[Score], pseudonym: UUID
) -> dict[str, Any]:
    session = found.session
    return {
        # The response's own id says nothing of the person; the register and the provider refer to it by this.
        "response": str(found.id),
        "subject": str(pseudonym),
        "provider": provider(connection, found.provider_id).hsa_id,
        "unit": all_units(connection)[found.unit_id].hsa_id,
        "occasion": asked_at.code,
        "completed_at": found.completed_at.isoformat(),
        "instrument": session.instrument,
        "instrument_version": session.instrument_version,
        "instrument_hash": session.instrument_hash,
        "form": session.form or None,
        "wording": str(session.wording_id),
        "language": session.locale,
        "mode": session.mode,
        "respondent": session.respondent,
        "scores": [dict(describe_score(score)) for score in agreed],
    }


def _choose(connection: Connection, services: Services, register_id: UUID, function: str, *, as_: Patient) -> None:
    if connection.execute(sa.select(registers.c.id).where(registers.c.id == register_id)).first() is None:
        raise AccessDenied
    call = sa.func.object_to_register if function == "object_to_register" else sa.func.withdraw_objection
    connection.execute(sa.select(call(register_id, services.clock())))
    access = Access(Activity.WRITE, Purpose.OWN_ACCESS, function, register_id, as_.person_id)
    record_access(connection, services.clock, [access], by=as_)
