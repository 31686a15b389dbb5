"""Knowing a person, and entering the care relation."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from survey_service.foundation.crypto import PersonCipher, PersonErased, digest_identity
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, RecordSystem, Staff
from survey_service.foundation.services import Services
from survey_service.people.queries import patient_row
from survey_service.people.records import patients
from survey_service.people.rules import Identity


def ensure_person(services: Services, number: str, *, as_: Staff | RecordSystem) -> UUID:
    """The person's id over all providers, and a key to seal under. Repeating it changes nothing."""
    digest = digest_identity(number, key=services.settings.identity_key)
    with services.db.transaction(as_=as_) as connection:
        person_id: UUID = connection.execute(
            sa.text("SELECT find_or_create_person(:digest, :new_id)"), {"digest": digest, "new_id": new_id()}
        ).scalar_one()
    services.keys.create(person_id)
    return person_id


def ensure_people(
    services: Services, numbers: Collection[str], *, as_: Staff
) -> Mapping[str, tuple[UUID, PersonCipher]]:
    """``ensure_person`` for many at once: id and cipher by identity number. Who has been erased is not there."""
    in_order = sorted(numbers)  # two at once take the same rows in the same order
    digests = [digest_identity(number, key=services.settings.identity_key) for number in in_order]
    with services.db.transaction(as_=as_) as connection:
        rows = connection.execute(
            sa.text(
                "SELECT find_or_create_person(digest, new_id)"
                " FROM unnest(CAST(:digests AS bytea[]), CAST(:ids AS uuid[])) AS n (digest, new_id)"
            ),
            {"digests": digests, "ids": [new_id() for _ in in_order]},
        ).scalars()
        person_ids = dict(zip(in_order, rows, strict=True))
    ciphers = dict(services.keys.ciphers(list(person_ids.values())))
    for person_id in set(person_ids.values()) - set(ciphers):
        with suppress(PersonErased):
            ciphers[person_id] = services.keys.create(person_id)
    return {number: (one, ciphers[one]) for number, one in person_ids.items() if one in ciphers}


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

    values = _sealed_identity(provider_id, person_id, identity, cipher)
    connection.execute(
        insert(patients)
        .values(provider_id=provider_id, person_id=person_id, created_at=at, **values)
        .on_conflict_do_update(index_elements=["provider_id", "person_id"], set_=values)
    )


def enter_missing_care_relations(
    connection: Connection,
    *,
    provider_id: UUID,
    identities: Mapping[tuple[UUID, PersonCipher], Identity],
    at: datetime,
) -> None:
    """Write what this provider knows about those whom it does not know yet, and leave the others as they are."""
    known = set(
        connection.execute(
            sa.select(patients.c.person_id).where(
                patients.c.provider_id == provider_id, patients.c.person_id.in_([one for one, _ in identities])
            )
        ).scalars()
    )
    rows = [
        {"provider_id": provider_id, "person_id": person_id, "created_at": at}
        | _sealed_identity(provider_id, person_id, identity, cipher)
        for (person_id, cipher), identity in identities.items()
        if person_id not in known
    ]
    if rows:
        connection.execute(insert(patients).on_conflict_do_nothing(), rows)


def change_addresses(
    connection: Connection,
    provider_id: UUID,
    person_id: UUID,
    cipher: PersonCipher,
    *,
    email: str | None,
    phone: str | None,
) -> None:
    """Where this provider writes to the person; None is nowhere. Part of the caller's transaction."""
    row = patient_row(provider_id, person_id)
    sealed = {
        f"{column}_sealed": None if value is None else cipher.seal(value, table="patients", column=column, row=row)
        for column, value in (("email", email), ("phone", phone))
    }
    own = (patients.c.provider_id == provider_id, patients.c.person_id == person_id)
    connection.execute(sa.update(patients).where(*own).values(**sealed))


def _sealed_identity(provider_id: UUID, person_id: UUID, identity: Identity, cipher: PersonCipher) -> dict[str, Any]:
    def sealed(value: str | None, column: str) -> bytes | None:
        row = patient_row(provider_id, person_id)
        return None if value is None else cipher.seal(value, table="patients", column=column, row=row)

    return {
        "identity_number_sealed": sealed(identity.number, "identity_number"),
        "name_sealed": sealed(identity.name, "name"),
        "email_sealed": sealed(identity.email, "email"),
        "phone_sealed": sealed(identity.phone, "phone"),
        "locale": identity.locale,
    }
