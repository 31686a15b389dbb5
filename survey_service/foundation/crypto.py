"""Encryption under a key per person, and digests of identity numbers.

Every sealed value is bound to its place (table, column, row), so a ciphertext copied to another row does not open.
Person keys are wrapped by the master key and kept in a database of their own; destroying a person's key erases what
was sealed under it, in every copy and backup of the main database. Keys are read for each use and never cached, so an
erasure takes effect at once (unwrapping takes about 20 microseconds).
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
import tink
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from tink import aead, secret_key_access

from survey_service.errors import SurveyServiceError, mark
from survey_service.foundation.db import make_engine, reconnecting

aead.register()

# Where a key is made and its person erased at once: without it neither sees the other, and the key lives on.
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))")


class PersonErased(SurveyServiceError):
    """What was stored about this person has been erased and cannot be read."""

    status = 410
    code = "person-erased"

    def __init__(self) -> None:
        super().__init__(mark("What was stored about this person has been erased and cannot be read."))


class Unreadable(SurveyServiceError):
    """A stored value does not open under its key in its place."""

    def __init__(self) -> None:
        super().__init__(mark("A stored value could not be read. The operator has been told."))


class PersonCipher:
    """Seals and opens the values of one person."""

    def __init__(self, primitive: aead.Aead) -> None:
        self._primitive = primitive

    def seal(self, value: str, *, table: str, column: str, row: str) -> bytes:
        return bytes(self._primitive.encrypt(value.encode(), _place(table, column, row)))

    def open(self, sealed: bytes, *, table: str, column: str, row: str) -> str:
        """The value. Raises ``Unreadable`` when it was tampered with or comes from another place."""
        try:
            return bytes(self._primitive.decrypt(sealed, _place(table, column, row))).decode()
        except tink.TinkError:
            raise Unreadable from None


class KeyStore(Protocol):
    """Where person keys live. One contract test runs on every adapter."""

    def create(self, person_id: UUID) -> PersonCipher:
        """The person's cipher, made at the first call. Raises ``PersonErased`` for one who has been erased."""

    def cipher(self, person_id: UUID) -> PersonCipher:
        """The person's cipher. Raises ``PersonErased`` when there is none."""

    def ciphers(self, person_ids: Collection[UUID]) -> Mapping[UUID, PersonCipher]:
        """Those that exist, in one round trip: an erased person is simply not there."""

    def destroy(self, person_id: UUID) -> None:
        """Erase: the key is gone and cannot be made again. Harmless when repeated."""

    def is_ready(self) -> bool:
        """Whether keys can be read."""

    def close(self) -> None:
        """Let go of what is held. Harmless when repeated."""


class KeyWrapper:
    """Makes, wraps and unwraps person keys under the master keyset."""

    def __init__(self, master_keyset: str) -> None:
        handle = tink.json_proto_keyset_format.parse(master_keyset, secret_key_access.TOKEN)
        self._master = handle.primitive(aead.Aead)

    def new(self, person_id: UUID) -> bytes:
        handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
        return bytes(tink.proto_keyset_format.serialize_encrypted(handle, self._master, person_id.bytes))

    def unwrap(self, wrapped: bytes, person_id: UUID) -> PersonCipher:
        """The cipher. Raises ``Unreadable`` for a key of another person or under another master key."""
        try:
            handle = tink.proto_keyset_format.parse_encrypted(wrapped, self._master, person_id.bytes)
        except tink.TinkError:
            raise Unreadable from None
        return PersonCipher(handle.primitive(aead.Aead))


class PostgresKeyStore:
    """Person keys in a PostgreSQL database of their own."""

    def __init__(self, url: str, wrapper: KeyWrapper) -> None:
        self._engine = make_engine(url)
        # One statement needs no BEGIN and no COMMIT around it, and every request reads a key.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._wrapper = wrapper

    def create(self, person_id: UUID) -> PersonCipher:
        try:
            reconnecting(lambda: self._create(person_id))
        except sa.exc.IntegrityError:
            raise PersonErased from None
        return self.cipher(person_id)

    def _create(self, person_id: UUID) -> None:
        with self._engine.begin() as connection:
            connection.execute(_ONE_AT_A_TIME, {"id": str(person_id)})
            connection.execute(
                sa.text("INSERT INTO person_keys (person_id, wrapped) VALUES (:id, :wrapped) ON CONFLICT DO NOTHING"),
                {"id": person_id, "wrapped": self._wrapper.new(person_id)},
            )

    def cipher(self, person_id: UUID) -> PersonCipher:
        found = self.ciphers([person_id])
        if person_id not in found:
            raise PersonErased
        return found[person_id]

    def ciphers(self, person_ids: Collection[UUID]) -> Mapping[UUID, PersonCipher]:
        rows = reconnecting(lambda: self._rows(set(person_ids)))
        return {row.person_id: self._wrapper.unwrap(row.wrapped, row.person_id) for row in rows}

    def _rows(self, person_ids: Collection[UUID]) -> Sequence[sa.Row[Any]]:
        with self._reading.connect() as connection:
            return connection.execute(
                sa.text("SELECT person_id, wrapped FROM person_keys WHERE person_id = ANY(:ids)"),
                {"ids": list(person_ids)},
            ).all()

    def destroy(self, person_id: UUID) -> None:
        reconnecting(lambda: self._destroy(person_id))

    def _destroy(self, person_id: UUID) -> None:
        with self._engine.begin() as connection:
            connection.execute(_ONE_AT_A_TIME, {"id": str(person_id)})
            connection.execute(
                sa.text("INSERT INTO erasures (person_id) VALUES (:id) ON CONFLICT DO NOTHING"),
                {"id": person_id},
            )
            connection.execute(sa.text("DELETE FROM person_keys WHERE person_id = :id"), {"id": person_id})

    def is_ready(self) -> bool:
        try:
            self.ciphers([])
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        self._engine.dispose()


class MemoryKeyStore:
    """Person keys in memory, for tests that need no second database."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        self._wrapped: dict[UUID, bytes] = {}
        self._erased: set[UUID] = set()

    def create(self, person_id: UUID) -> PersonCipher:
        if person_id in self._erased:
            raise PersonErased
        self._wrapped.setdefault(person_id, self._wrapper.new(person_id))
        return self.cipher(person_id)

    def cipher(self, person_id: UUID) -> PersonCipher:
        if person_id not in self._wrapped:
            raise PersonErased
        return self._wrapper.unwrap(self._wrapped[person_id], person_id)

    def ciphers(self, person_ids: Collection[UUID]) -> Mapping[UUID, PersonCipher]:
        return {one: self.cipher(one) for one in person_ids if one in self._wrapped}

    def destroy(self, person_id: UUID) -> None:
        self._erased.add(person_id)
        self._wrapped.pop(person_id, None)

    def is_ready(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held."""


def service_cipher(master_keyset: str) -> PersonCipher:
    """For the few secrets of the service itself that lie in rows, such as the key that a register shares with us."""
    handle = tink.json_proto_keyset_format.parse(master_keyset, secret_key_access.TOKEN)
    return PersonCipher(handle.primitive(aead.Aead))


def new_master_keyset() -> str:
    """A fresh master keyset (JSON). Production keeps it in a secret store; losing it is losing every sealed value."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return str(tink.json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def digest_identity(number: str, *, key: bytes) -> bytes:
    """HMAC-SHA256 of a normalised identity number: finds the person again, tells nothing without the key."""
    return hmac.digest(key, number.encode(), hashlib.sha256)


def patient_reference(person_id: UUID, *, provider_id: UUID, key: bytes) -> str:
    """What addresses call a patient of one provider: always the same there, and another at the next provider.

    AES-SIV (RFC 5297) with a key of its own: it tells nobody who it is, and cannot be made up.
    """
    sealed = _references(key).encrypt(person_id.bytes, [provider_id.bytes])
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_patient_reference(text: str, *, provider_id: UUID, key: bytes) -> UUID | None:
    """Whom ``patient_reference`` named at the provider; None for what is none of it."""
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return UUID(bytes=_references(key).decrypt(sealed, [provider_id.bytes]))
    except (ValueError, InvalidTag):
        return None


def _references(key: bytes) -> AESSIV:
    return AESSIV(hmac.digest(key, b"patient references", hashlib.sha512))


def device_tag(person_id: UUID, actor_id: UUID, *, key: bytes) -> str:
    """By which a device knows whose an answer is that it keeps, and who gave it: tells nothing, and is used nowhere
    else."""
    own = hmac.digest(key, b"answers kept on a device", hashlib.sha256)
    return hmac.digest(own, person_id.bytes + actor_id.bytes, hashlib.sha256)[:8].hex()


def digest_token(token: str) -> bytes:
    """SHA-256 of a random token: what is stored in place of the token itself."""
    # A stranger's "token" can be any text, half a surrogate pair too: it is then one that nobody has.
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _place(table: str, column: str, row: str) -> bytes:
    return "\x1f".join((table, column, row)).encode()
