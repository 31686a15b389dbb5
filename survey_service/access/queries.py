"""Reading organisations: names for pages, units for choices."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.access.records import providers, staff_members, units


@dataclass(frozen=True, slots=True)
class Provider:
    id: UUID
    hsa_id: str
    name: str
    sender_name: str
    legal_regime: str


@dataclass(frozen=True, slots=True)
class Unit:
    id: UUID
    provider_id: UUID
    hsa_id: str
    name: str


_PROVIDERS = sa.select(
    providers.c.id, providers.c.hsa_id, providers.c.name, providers.c.sender_name, providers.c.legal_regime
)


def provider(connection: Connection, provider_id: UUID) -> Provider:
    return Provider(*connection.execute(_PROVIDERS.where(providers.c.id == provider_id)).one())


def all_providers(connection: Connection) -> Mapping[UUID, Provider]:
    return {row.id: Provider(*row) for row in connection.execute(_PROVIDERS).all()}


def all_units(connection: Connection) -> Mapping[UUID, Unit]:
    rows = connection.execute(sa.select(units.c.id, units.c.provider_id, units.c.hsa_id, units.c.name)).all()
    return {row.id: Unit(*row) for row in rows}


def staff_names(connection: Connection) -> Mapping[UUID, str]:
    """Names of the provider's staff, by id."""
    rows = connection.execute(sa.select(staff_members.c.id, staff_members.c.name)).all()
    return {row.id: row.name for row in rows}
