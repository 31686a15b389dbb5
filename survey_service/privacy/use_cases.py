"""A patient's own decisions about who sees what."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as upsert

from survey_service.access.queries import all_units
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.people.queries import sealed_patients
from survey_service.privacy.records import patient_blocks


def block_unit(services: Services, unit_id: UUID, *, as_: Patient) -> None:
    """Close the unit's answers to other units of its provider, from now on. Harmless when repeated.

    Raises ``AccessDenied`` for a unit of a provider that does not have the patient.
    """
    with services.db.transaction(as_=as_) as connection:
        unit = all_units(connection).get(unit_id)
        known = {one.provider_id for one in sealed_patients(connection, [as_.person_id])}
        if unit is None or unit.provider_id not in known:
            raise AccessDenied
        row = {"id": new_id(), "provider_id": unit.provider_id, "person_id": as_.person_id, "unit_id": unit_id}
        connection.execute(upsert(patient_blocks).values(row | {"set_at": services.clock()}).on_conflict_do_nothing())
        _log(services, connection, unit_id, "set", as_=as_)


def lift_block(services: Services, unit_id: UUID, *, as_: Patient) -> None:
    """Open them again. Harmless when there is no block."""
    with services.db.transaction(as_=as_) as connection:
        standing = (patient_blocks.c.unit_id == unit_id, patient_blocks.c.lifted_at.is_(None))
        connection.execute(sa.update(patient_blocks).where(*standing).values(lifted_at=services.clock()))
        _log(services, connection, unit_id, "lifted", as_=as_)


def _log(services: Services, connection: sa.Connection, unit_id: UUID, what: str, *, as_: Patient) -> None:
    access = Access(Activity.WRITE, Purpose.OWN_ACCESS, "block", unit_id, as_.person_id, reason=what)
    record_access(connection, services.clock, [access], by=as_)
