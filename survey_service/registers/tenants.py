"""Registers as tenants: entered by an operator, activated once somebody answers for them, suspended, retired.

Every step is on record. What providers agree to give them is ``agreeing``.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import all_providers
from survey_service.foundation.crypto import service_cipher
from survey_service.foundation.db import insert_if_new, new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.registers.agreeing import approve_on_paper, propose
from survey_service.registers.proposal import Proposal
from survey_service.registers.queries import RegisterRecord, all_registers, recorded_agreements
from survey_service.registers.records import (
    register_decisions,
    register_feeds,
    register_pseudonym_keys,
    registers,
)
from survey_service.registers.rules import (
    BACKLOG_JOB,
    PSEUDONYM_KEY_PLACE,
    AgreementState,
    Identifier,
    OperatorRefused,
    RegisterState,
    Side,
    refuse_private_keys,
    refuse_register_code,
    refuse_step,
)

NO_KEYS: Mapping[str, Any] = {"keys": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRegister:
    """A register as it is entered: a draft, that may lack what it needs to be active."""

    code: str
    name: str
    cpua_authority: str
    legal_ground: str
    contact: str
    client_id: str


def enter_register(services: Services, new: NewRegister, *, jwks: Mapping[str, Any] = NO_KEYS) -> UUID:
    """Enter a draft; ``jwks`` may be told later. Raises ``OperatorRefused`` for a code or a client id that is taken."""
    refuse_register_code(new.code)
    if not new.name.strip():
        raise OperatorRefused("A register has a name.")
    register_id = new_id()
    values = {
        "id": register_id,
        "code": new.code,
        "name": new.name.strip(),
        "cpua_authority": new.cpua_authority.strip(),
        "legal_ground": new.legal_ground.strip(),
        "contact": new.contact.strip(),
        "client_id": new.client_id.strip() or new.code,
        "state": RegisterState.DRAFT,
        "jwks": dict(refuse_private_keys(jwks)) if jwks != NO_KEYS else dict(NO_KEYS),
    }
    with services.db.transaction(as_=Operator()) as connection:
        if not insert_if_new(connection, upsert(registers).values(values).on_conflict_do_nothing()):
            raise OperatorRefused("There is a register with this code or client id already.")
        connection.execute(insert(register_feeds).values(register_id=register_id, epoch=1, last=0))
        _record(connection, services, register_id, "entered", "entered as a draft")
    return register_id


def change_register(
    services: Services,
    register_id: UUID,
    *,
    note: str,
    contact: str | None = None,
    cpua_authority: str | None = None,
    legal_ground: str | None = None,
    jwks: Mapping[str, Any] | None = None,
) -> None:
    """Change what is given, and nothing else. New keys take the place of the old ones at once."""
    _refuse_empty_note(note)
    given = {"contact": contact, "cpua_authority": cpua_authority, "legal_ground": legal_ground}
    values: dict[str, Any] = {name: value.strip() for name, value in given.items() if value is not None}
    if jwks is not None:
        values["jwks"] = dict(refuse_private_keys(jwks))
    with services.db.transaction(as_=Operator()) as connection:
        state = _locked_state(connection, register_id)
        if state is RegisterState.ACTIVE and not all(value for value in values.values()):
            raise OperatorRefused("An active register keeps its authority, legal ground and contact.")
        connection.execute(sa.update(registers).where(registers.c.id == register_id).values(values))
        _record(connection, services, register_id, "changed", note)


def make_pseudonym_key(services: Services, register_id: UUID, *, note: str) -> str:
    """A new key for keyed pseudonyms, in hexadecimal, shown this once: hand it to the register by a safe way.

    Raises ``OperatorRefused`` where there is one: another would give everybody another pseudonym.
    """
    _refuse_empty_note(note)
    key = secrets.token_hex(32)
    cipher = service_cipher(services.settings.master_keyset)
    with services.db.transaction(as_=Operator()) as connection:
        _locked_state(connection, register_id)
        sealed = cipher.seal(key, **PSEUDONYM_KEY_PLACE, row=str(register_id))
        row = upsert(register_pseudonym_keys).values(register_id=register_id, sealed=sealed).on_conflict_do_nothing()
        if not insert_if_new(connection, row):
            raise OperatorRefused("The register has a key for pseudonyms, and keeps it.")
        _record(connection, services, register_id, "changed", note)
    return key


def activate_register(services: Services, register_id: UUID, *, note: str) -> None:
    """From draft or suspension. What it could not have meanwhile is released.

    Raises ``OperatorRefused`` without the authority that answers for it, a legal ground, a contact, or keys [B2].
    """

    def work(connection: Connection) -> None:
        _step(connection, services, register_id, RegisterState.ACTIVE, note=note)
        now = services.clock()
        agreed = recorded_agreements(connection, now, register_id=register_id)
        for provider_id in {one.provider_id for one in agreed if one.state is AgreementState.IN_FORCE}:
            enqueue(connection, BACKLOG_JOB, provider_id=provider_id, register_id=register_id)

    services.db.run(work, as_=Operator())


def suspend_register(services: Services, register_id: UUID, *, note: str) -> None:
    """From now on its tokens are refused and nothing is released to it, until it is active again."""
    services.db.run(
        lambda connection: _step(connection, services, register_id, RegisterState.SUSPENDED, note=note), as_=Operator()
    )


def retire_register(services: Services, register_id: UUID, *, note: str) -> None:
    """For good."""
    services.db.run(
        lambda connection: _step(connection, services, register_id, RegisterState.RETIRED, note=note), as_=Operator()
    )


def register_with_code(connection: Connection, code: str) -> RegisterRecord:
    """Raises ``OperatorRefused`` when there is none."""
    for one in all_registers(connection):
        if one.code == code:
            return one
    raise OperatorRefused(f"There is no register {code} here.")


def add_register(
    services: Services,
    *,
    code: str,
    name: str,
    cpua_authority: str,
    client_id: str,
    jwks: Mapping[str, Any],
    legal_ground: str = "PDL 7 kap. 4 §",
    contact: str = "the register's office",
) -> UUID:
    """Enter a register and activate it, for a demonstration and for tests. Raises ``OperatorRefused`` as those do."""
    new = NewRegister(
        code=code,
        name=name,
        cpua_authority=cpua_authority,
        legal_ground=legal_ground,
        contact=contact,
        client_id=client_id,
    )
    if not cpua_authority.strip():
        raise OperatorRefused("A register cannot be active without a responsible authority (CPUA).")
    register_id = enter_register(services, new, jwks=jwks)
    activate_register(services, register_id, note="entered and activated in one step")
    return register_id


def agree(services: Services, *, provider_id: UUID, register_id: UUID, variables: Sequence[str], **terms: Any) -> UUID:
    """Propose an agreement and enter what both signed, in one step, for a demonstration and for tests.

    ``terms`` are fields of ``Proposal``. Raises ``OperatorRefused`` as ``propose`` does.
    """
    with services.db.transaction(as_=Operator()) as connection:
        code = next(one.code for one in all_registers(connection) if one.id == register_id)
        hsa_id = all_providers(connection)[provider_id].hsa_id
    defaults: dict[str, Any] = {
        "item_answers": (),
        "identifier": Identifier.PSEUDONYM,
        "identifier_reason": None,
        "look_back": None,
        "review_hold_hours": 0,
        # A moment ago: what is done next, at the same reading of the clock, is under it.
        "valid_from": services.clock() - timedelta(seconds=1),
        "valid_until": None,
    }
    proposal = Proposal(register=code, provider=hsa_id, variables=tuple(variables), **(defaults | terms))
    agreement_id = propose(services, proposal)
    approve_on_paper(services, agreement_id, sides=tuple(Side), by="entered by the operator", document="not on paper")
    return agreement_id


def _step(connection: Connection, services: Services, register_id: UUID, to: RegisterState, *, note: str) -> None:
    _refuse_empty_note(note)
    refuse_step(_locked_state(connection, register_id), to)
    if to is RegisterState.ACTIVE:
        _refuse_incomplete(connection, register_id)
    connection.execute(sa.update(registers).where(registers.c.id == register_id).values(state=to))
    _record(connection, services, register_id, to, note)


def _locked_state(connection: Connection, register_id: UUID) -> RegisterState:
    found = connection.execute(
        sa.select(registers.c.state).where(registers.c.id == register_id).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise OperatorRefused("There is no such register.")
    return RegisterState(found)


def _refuse_incomplete(connection: Connection, register_id: UUID) -> None:
    (register,) = (one for one in all_registers(connection) if one.id == register_id)
    if not register.cpua_authority:
        raise OperatorRefused("A register cannot be active without a responsible authority (CPUA).")
    if not register.legal_ground:
        raise OperatorRefused("A register cannot be active without its legal ground.")
    if not register.contact:
        raise OperatorRefused("A register cannot be active without a contact.")
    if not register.key_ids:
        raise OperatorRefused("A register cannot be active without the keys that its client signs with.")


def _refuse_empty_note(note: str) -> None:
    if not note.strip():
        raise OperatorRefused("Say why, in a few words: it is kept with the step.")


def _record(connection: Connection, services: Services, register_id: UUID, decision: str, note: str) -> None:
    connection.execute(
        insert(register_decisions).values(
            id=new_id(), register_id=register_id, decision=decision, note=note.strip(), decided_at=services.clock()
        )
    )
