"""Agreements between a provider and a register: proposed by an operator, approved by both, ended by either.

An agreement is a version that never changes but for its end; to change what is given, propose the next. Whatever puts
one in force makes up for what was received within its look-back.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import all_providers, manages_unit, staff_names
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Operator, Register, Staff
from survey_service.foundation.services import Services
from survey_service.registers.proposal import Proposal, refuse_unsound
from survey_service.registers.queries import AgreementRecord, all_registers, pseudonym_keys, recorded_agreements
from survey_service.registers.records import (
    agreement_approvals,
    agreement_item_answers,
    agreement_variables,
    agreements,
)
from survey_service.registers.rules import BACKLOG_JOB, AgreementState, Identifier, OperatorRefused, RegisterState, Side


def propose(services: Services, proposal: Proposal) -> UUID:
    """Enter the next version of an agreement; nobody has said yes to it yet.

    Raises ``OperatorRefused`` for what no agreement may say: an undefined variable [B8], a provider that is none [A4].
    """
    refuse_unsound(proposal, services.library)
    agreement_id = new_id()
    with services.db.transaction(as_=Operator()) as connection:
        provider_id, register_id = _parties(connection, proposal)
        if proposal.identifier is Identifier.KEYED_PSEUDONYM and register_id not in pseudonym_keys(connection):
            raise OperatorRefused(
                "A keyed pseudonym takes a key that the register shares: make one with survey registers keys."
            )
        # Two proposals at once would both be the next version: the unique key lets one of them through.
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
                valid_from=proposal.valid_from,
                valid_until=proposal.valid_until,
                identifier=proposal.identifier,
                identifier_reason=proposal.identifier_reason,
                look_back=proposal.look_back,
                review_hold_hours=proposal.review_hold_hours,
                proposed_at=services.clock(),
            )
        )
        connection.execute(
            insert(agreement_variables),
            [{"agreement_id": agreement_id, "variable": one} for one in sorted(set(proposal.variables))],
        )
        if proposal.item_answers:
            connection.execute(
                insert(agreement_item_answers),
                [{"agreement_id": agreement_id, "instrument": one} for one in sorted(set(proposal.item_answers))],
            )
    return agreement_id


def approve_for_provider(services: Services, agreement_id: UUID, *, as_: Staff) -> None:
    """The manager of a unit says yes for the provider. Harmless when repeated. Raises ``AccessDenied`` to others."""

    def work(connection: Connection) -> None:
        found = _managed(connection, services, agreement_id, as_=as_)
        _refuse_ended(found)
        _approve(
            connection, services, found, Side.PROVIDER, by=staff_names(connection)[as_.staff_id], staff_id=as_.staff_id
        )
        _log(connection, services, found, as_=as_)

    services.db.run(work, as_=as_)


def approve_for_register(services: Services, agreement_id: UUID, *, as_: Register) -> None:
    """The register's client says yes for it. Harmless when repeated. Raises ``AccessDenied`` for another's."""

    def work(connection: Connection) -> None:
        found = _agreement(connection, services, agreement_id)
        if found is None or found.register_id != as_.register_id:
            raise AccessDenied
        _refuse_ended(found)
        connection.execute(
            sa.select(sa.func.approve_for_register(agreement_id, "the register's client", services.clock()))
        )

    services.db.run(work, as_=as_)


def approve_on_paper(
    services: Services, agreement_id: UUID, *, sides: Collection[Side], by: str, document: str
) -> None:
    """Enter what was signed on paper. Raises ``OperatorRefused`` without the document's name and the enterer's."""
    if not by.strip() or not document.strip():
        raise OperatorRefused("Name the document that was signed, and who enters it.")

    def work(connection: Connection) -> None:
        found = _existing(connection, services, agreement_id)
        _refuse_ended(found)
        for side in sides:
            _approve(connection, services, found, side, by=by.strip(), document=document.strip())

    services.db.run(work, as_=Operator())


def end_agreement(services: Services, agreement_id: UUID, *, as_: Staff | Operator) -> None:
    """End it now: nothing more is released under it. What was released stays with the register."""

    def work(connection: Connection) -> None:
        if isinstance(as_, Staff):
            found = _managed(connection, services, agreement_id, as_=as_)
            _refuse_ended(found)
            connection.execute(sa.select(sa.func.end_own_agreement(agreement_id, services.clock())))
            _log(connection, services, found, as_=as_)
            return
        found = _existing(connection, services, agreement_id)
        _refuse_ended(found)
        # One that has not begun never does.
        end = max(services.clock(), found.valid_from)
        connection.execute(sa.update(agreements).where(agreements.c.id == agreement_id).values(valid_until=end))

    services.db.run(work, as_=as_)


def _parties(connection: Connection, proposal: Proposal) -> tuple[UUID, UUID]:
    """Provider and register. A register can never be the controller: it is no provider [A4]."""
    codes = {one.code: one for one in all_registers(connection)}
    if proposal.register not in codes:
        raise OperatorRefused(f"There is no register {proposal.register} here.")
    if codes[proposal.register].state is RegisterState.RETIRED:
        raise OperatorRefused(f"The register {proposal.register} is retired.")
    if proposal.provider in codes or proposal.provider == proposal.register:
        raise OperatorRefused(
            f"{proposal.provider} is a register, and a register is never the controller: name a provider."
        )
    for one in all_providers(connection).values():
        if one.hsa_id == proposal.provider:
            return one.id, codes[proposal.register].id
    raise OperatorRefused(f"There is no care provider {proposal.provider} here.")


def _approve(
    connection: Connection,
    services: Services,
    found: AgreementRecord,
    side: Side,
    *,
    by: str,
    staff_id: UUID | None = None,
    document: str | None = None,
) -> None:
    """Both may say yes at once, neither seeing the other, so each enqueues the backlog: one finds it in force."""
    now = services.clock()
    is_new = insert_if_new(
        connection,
        upsert(agreement_approvals)
        .values(
            agreement_id=found.id,
            provider_id=found.provider_id,
            register_id=found.register_id,
            side=side,
            approved_at=now,
            staff_id=staff_id,
            approved_by=by,
            document=document,
        )
        .on_conflict_do_nothing(),
    )
    if is_new:
        _make_up(connection, found, at=max(now, found.valid_from))


def _make_up(connection: Connection, found: AgreementRecord, *, at: datetime) -> None:
    enqueue(connection, BACKLOG_JOB, at=at, provider_id=found.provider_id, register_id=found.register_id)


def _agreement(connection: Connection, services: Services, agreement_id: UUID) -> AgreementRecord | None:
    found = recorded_agreements(connection, services.clock(), agreement_id=agreement_id)
    return found[0] if found else None


def _existing(connection: Connection, services: Services, agreement_id: UUID) -> AgreementRecord:
    found = _agreement(connection, services, agreement_id)
    if found is None:
        raise OperatorRefused("There is no such agreement.")
    return found


def _managed(connection: Connection, services: Services, agreement_id: UUID, *, as_: Staff) -> AgreementRecord:
    found = _agreement(connection, services, agreement_id)
    if found is None or found.provider_id != as_.provider_id:
        raise AccessDenied
    if not manages_unit(connection, as_, services.clock()):
        raise AccessDenied("Only the manager of a unit can do that.")
    return found


def _refuse_ended(found: AgreementRecord) -> None:
    if found.state is AgreementState.ENDED:
        raise BadInput("The agreement has ended. The next version takes its place.")


def _log(connection: Connection, services: Services, found: AgreementRecord, *, as_: Staff) -> None:
    access = Access(Activity.SIGN, Purpose.ADMINISTRATION, "agreement", found.id, None)
    record_access(connection, services.clock, [access], by=as_)
