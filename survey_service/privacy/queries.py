"""Reading a patient's blocks: the patient their own, staff only whether there is one, and not whose."""

from collections.abc import Set
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import ARRAY

from survey_service.access.queries import all_units
from survey_service.privacy.records import patient_blocks


def is_blocked(connection: Connection, response_id: UUID) -> bool:
    """For staff: whether the patient has closed the response to other units of the provider."""
    return connection.execute(sa.select(sa.func.is_blocked(response_id))).scalar_one() is True


def closed_units(connection: Connection, person_id: UUID, own: UUID) -> frozenset[UUID]:
    """For staff of a unit: the others of the provider whose answers the patient has closed to it.

    For leaving out what is theirs. No page tells whose a block is.
    """
    others = sorted(all_units(connection).keys() - {own})
    unit = sa.func.unnest(sa.bindparam("others", others, ARRAY(sa.Uuid))).column_valued("unit")
    return frozenset(connection.execute(sa.select(unit).where(sa.func.is_unit_blocked(person_id, unit))).scalars())


def my_blocks(connection: Connection) -> Set[UUID]:
    """For the patient: the units whose answers no other unit is to see."""
    standing = sa.select(patient_blocks.c.unit_id).where(patient_blocks.c.lifted_at.is_(None))
    return set(connection.execute(standing).scalars())
