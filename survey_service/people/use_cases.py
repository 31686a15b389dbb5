"""Knowing a person, and entering the care relation."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from survey_service.foundation.crypto import PersonCipher, digest_identity
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Staff
from survey_service.foundation.services import Services
from survey_service.people.queries import patient_row
from survey_service.people.records import patients
from survey_service.people.rules import Identity


def ensure_person(services: Services, number: str, *, as_: Staff) -> UUID:
    """The person's id over all providers, and a key to seal under. Repeating it changes nothing."""
    digest = digest_identity(number, key=services.settings.identity_key)
    with services.db.transaction(as_=as_) as connection:
        person_id: UUID = connection.execute(
            sa.text("SELECT find_or_create_person(:digest, :new_id)"), {"digest": digest, "new_id": new_id()}
        ).scalar_one()
    services.keys.create(person_id)
    return person_id


def find_person(services: Services, number: str) -> UUID | None:
    """The person with this identity number, if any provider has entered one."""
    digest = digest_identity(number, key=services.settings.identity_key)
    with services.db.transaction(as_=Gate()) as connection:
        found: UUID | None = connection.execute(sa.text("SELECT find_person(:digest)"), {"digest": digest}).scalar_one()
    return found


def enter_care_relation(
    connection: Connection,
    *,
    provider_id: UUID,
    person_id: UUID,
    identity: Identity,
    cipher: PersonCipher,
    at: datetime,
) -> None:
    """Write, or bring up to date, what this provider knows about the person. Part of the caller's transaction."""

    def sealed(value: str | None, column: str) -> bytes | None:
        row = patient_row(provider_id, person_id)
        return None if value is None else cipher.seal(value, table="patients", column=column, row=row)

    values = {
        "identity_number_sealed": sealed(identity.number, "identity_number"),
        "name_sealed": sealed(identity.name, "name"),
        "email_sealed": sealed(identity.email, "email"),
        "phone_sealed": sealed(identity.phone, "phone"),
        "locale": identity.locale,
    }
    connection.execute(
        insert(patients)
        .values(provider_id=provider_id, person_id=person_id, created_at=at, **values)
        .on_conflict_do_update(index_elements=["provider_id", "person_id"], set_=values)
    )
