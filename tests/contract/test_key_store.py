"""What every key store promises, whichever it is."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from survey_service.foundation.crypto import (
    KeyStore,
    KeyWrapper,
    MemoryKeyStore,
    PersonErased,
    PostgresKeyStore,
    Unreadable,
    new_master_keyset,
)
from survey_service.foundation.db import new_id

PLACE = {"table": "answers", "column": "value", "row": "1"}


@pytest.fixture
def keyset() -> str:
    return new_master_keyset()


@pytest.fixture(params=["memory", "postgres"])
def keys(request: pytest.FixtureRequest, keyset: str) -> Iterator[KeyStore]:
    if request.param == "memory":
        yield MemoryKeyStore(KeyWrapper(keyset))
        return
    store = PostgresKeyStore(request.getfixturevalue("keys_url"), KeyWrapper(keyset))
    yield store
    store.close()


@pytest.fixture
def person() -> UUID:
    return new_id()


def test_what_is_sealed_opens_again_under_the_same_person(keys: KeyStore, person: UUID) -> None:
    """G4"""
    sealed = keys.create(person).seal("åäö 5", **PLACE)
    assert "åäö 5".encode() not in sealed
    assert keys.cipher(person).open(sealed, **PLACE) == "åäö 5"


def test_a_key_is_made_once(keys: KeyStore, person: UUID) -> None:
    sealed = keys.create(person).seal("5", **PLACE)
    assert keys.create(person).open(sealed, **PLACE) == "5"


@pytest.mark.parametrize("elsewhere", [{"table": "patients"}, {"column": "name"}, {"row": "2"}])
def test_a_value_that_was_copied_to_another_place_does_not_open(
    keys: KeyStore, person: UUID, elsewhere: dict[str, str]
) -> None:
    sealed = keys.create(person).seal("5", **PLACE)
    with pytest.raises(Unreadable):
        keys.cipher(person).open(sealed, **(PLACE | elsewhere))


def test_the_parts_of_a_place_cannot_be_pushed_together(keys: KeyStore, person: UUID) -> None:
    sealed = keys.create(person).seal("5", table="a", column="bc", row="1")
    with pytest.raises(Unreadable):
        keys.cipher(person).open(sealed, table="ab", column="c", row="1")


def test_a_value_does_not_open_under_another_person(keys: KeyStore, person: UUID) -> None:
    sealed = keys.create(person).seal("5", **PLACE)
    with pytest.raises(Unreadable):
        keys.create(new_id()).open(sealed, **PLACE)


@pytest.mark.parametrize("damage", [lambda it: it[:-1], lambda it: it[:-1] + bytes([it[-1] ^ 1]), lambda it: b""])
def test_a_damaged_value_does_not_open_and_says_nothing_of_itself(
    keys: KeyStore, person: UUID, damage: Callable[[bytes], bytes]
) -> None:
    sealed = keys.create(person).seal("secret answer", **PLACE)
    with pytest.raises(Unreadable) as refused:
        keys.cipher(person).open(damage(sealed), **PLACE)
    assert "secret" not in str(refused.value)


def test_there_is_no_cipher_of_somebody_unknown(keys: KeyStore, person: UUID) -> None:
    with pytest.raises(PersonErased):
        keys.cipher(person)


def test_an_erased_person_stays_erased(keys: KeyStore, person: UUID) -> None:
    """G3"""
    keys.create(person)
    keys.destroy(person)
    for ask in (keys.cipher, keys.create):
        with pytest.raises(PersonErased):
            ask(person)


def test_erasing_twice_and_erasing_somebody_unknown_is_harmless_and_lasts(keys: KeyStore, person: UUID) -> None:
    """G3"""
    keys.destroy(person)
    keys.destroy(person)
    with pytest.raises(PersonErased):
        keys.create(person)


def test_who_is_erased_while_the_key_is_being_made_is_erased(keys: KeyStore) -> None:
    """G3"""

    def make(person: UUID, together: Barrier) -> None:
        together.wait()
        with suppress(PersonErased):
            keys.create(person)

    def erase(person: UUID, together: Barrier) -> None:
        together.wait()
        keys.destroy(person)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(30):
            person, together = new_id(), Barrier(2)
            for one in [pool.submit(make, person, together), pool.submit(erase, person, together)]:
                one.result()
            assert keys.ciphers([person]) == {}


def test_ciphers_are_those_that_exist(keys: KeyStore) -> None:
    here, erased, unknown = new_id(), new_id(), new_id()
    sealed = keys.create(here).seal("5", **PLACE)
    keys.create(erased)
    keys.destroy(erased)
    found = keys.ciphers([here, here, erased, unknown])
    assert set(found) == {here}
    assert found[here].open(sealed, **PLACE) == "5"
    assert keys.ciphers([]) == {}


def test_stored_keys_are_of_no_use_without_the_master_key(keys_url: str, keyset: str, person: UUID) -> None:
    """G4"""
    store = PostgresKeyStore(keys_url, KeyWrapper(keyset))
    store.create(person)
    store.close()
    thief = PostgresKeyStore(keys_url, KeyWrapper(new_master_keyset()))
    with pytest.raises(Unreadable):
        thief.cipher(person)
    thief.close()


def test_a_stored_key_that_was_given_to_another_person_does_not_open(keys_url: str, keyset: str, person: UUID) -> None:
    store, other = PostgresKeyStore(keys_url, KeyWrapper(keyset)), new_id()
    store.create(person)
    with psycopg.connect(keys_url) as connection:
        connection.execute("INSERT INTO person_keys (person_id, wrapped) SELECT %s, wrapped FROM person_keys", [other])
    with pytest.raises(Unreadable):
        store.cipher(other)
    store.close()


def test_a_key_put_back_from_a_backup_is_refused(keys_url: str, keyset: str, person: UUID) -> None:
    """G3"""
    store = PostgresKeyStore(keys_url, KeyWrapper(keyset))
    store.create(person)
    with psycopg.connect(keys_url) as connection:
        backup = connection.execute("SELECT person_id, wrapped FROM person_keys").fetchone()
    store.destroy(person)
    with psycopg.connect(keys_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("INSERT INTO person_keys (person_id, wrapped) VALUES (%s, %s)", backup)
    store.close()
