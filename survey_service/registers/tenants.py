"""Registers as tenants, and what providers agree to give them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import insert

from survey_service.errors import BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator
from survey_service.foundation.services import Services
from survey_service.registers.records import (
    agreement_approvals,
    agreement_variables,
    agreements,
    register_feeds,
    registers,
)


def add_register(
    services: Services,
    *,
    code: str,
    name: str,
    cpua_authority: str,
    client_id: str,
    jwks: Mapping[str, Any],
    legal_ground: str = "PDL 7 kap. 4 §",
    contact: str = "",
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
                legal_ground=legal_ground,
                contact=contact,
            )
        )
        connection.execute(insert(register_feeds).values(register_id=register_id, epoch=1, last=0))
    return register_id


def agree(services: Services, *, provider_id: UUID, register_id: UUID, variables: Sequence[str]) -> UUID:
    """Enter the next version of an agreement. Raises ``BadInput`` for a variable that no instrument defines [B8]."""
    defined = {variable.name for one in services.library.ids() for variable in services.library.latest(one).variables}
    if unknown := sorted(set(variables) - defined):
        raise BadInput(f"No instrument defines the variable {unknown[0]}.")
    agreement_id, now = new_id(), services.clock() - timedelta(seconds=1)
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
                valid_from=now,
                identifier="pseudonym",
                review_hold_hours=0,
                proposed_at=now,
            )
        )
        connection.execute(
            insert(agreement_variables),
            [{"agreement_id": agreement_id, "variable": variable} for variable in sorted(set(variables))],
        )
        connection.execute(
            insert(agreement_approvals),
            [
                {
                    "agreement_id": agreement_id,
                    "provider_id": provider_id,
                    "register_id": register_id,
                    "side": side,
                    "approved_at": now,
                    "approved_by": "entered by the operator",
                    "document": "entered by the operator",
                }
                for side in ("provider", "register")
            ],
        )
    return agreement_id
