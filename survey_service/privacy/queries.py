"""Reading a patient's blocks: the patient their own, staff only whether there is one, and not whose."""

from collections.abc import Set
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.privacy.records import patient_blocks


def is_blocked(connection: Connection, response_id: UUID) -> bool:
    """For staff: whether the patient has closed the response to other units of the provider."""
    return connection.execute(sa.select(sa.func.is_blocked(response_id))).scalar_one() is True


def my_blocks(connection: Connection) -> Set[UUID]:
    """For the patient: the units whose answers no other unit is to see."""
    standing = sa.select(patient_blocks.c.unit_id).where(patient_blocks.c.lifted_at.is_(None))
    return set(connection.execute(standing).scalars())
