"""Reading care relations. Rows come sealed; open them once the transaction is over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.foundation.crypto import KeyStore, PersonCipher
from survey_service.people.records import patients
from survey_service.people.rules import Identity

NAME_IS_ERASED = "—"


@dataclass(frozen=True, slots=True)
class SealedPatient:
    """A care relation as stored."""

    provider_id: UUID
    person_id: UUID
    number: bytes
    name: bytes
    email: bytes | None
    phone: bytes | None
    locale: str


def sealed_patients(connection: Connection, person_ids: Collection[UUID]) -> list[SealedPatient]:
    """The care relations of these persons that the principal may see."""
    rows = connection.execute(sa.select(patients).where(patients.c.person_id.in_(person_ids))).all()
    return [
        SealedPatient(
            provider_id=row.provider_id,
            person_id=row.person_id,
            number=row.identity_number_sealed,
            name=row.name_sealed,
            email=row.email_sealed,
            phone=row.phone_sealed,
            locale=row.locale,
        )
        for row in rows
    ]


def open_patients(keys: KeyStore, sealed: Collection[SealedPatient]) -> Mapping[UUID, Identity]:
    """Identities by person id, in one visit to the key store. Erased persons are not there."""
    ciphers = keys.ciphers([one.person_id for one in sealed])
    return {one.person_id: open_patient(ciphers[one.person_id], one) for one in sealed if one.person_id in ciphers}


def open_patient(cipher: PersonCipher, sealed: SealedPatient) -> Identity:
    def opened(value: bytes, column: str) -> str:
        return cipher.open(
            value, table="patients", column=column, row=patient_row(sealed.provider_id, sealed.person_id)
        )

    return Identity(
        number=opened(sealed.number, "identity_number"),
        name=opened(sealed.name, "name"),
        email=None if sealed.email is None else opened(sealed.email, "email"),
        phone=None if sealed.phone is None else opened(sealed.phone, "phone"),
        locale=sealed.locale,
    )


def patient_row(provider_id: UUID, person_id: UUID) -> str:
    """The row's name in the associated data of its sealed columns."""
    return f"{provider_id}/{person_id}"
