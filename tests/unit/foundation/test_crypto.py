"""Digests and sealed values. What every key store promises is in ``contract/test_key_store``."""

import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.foundation.crypto import (
    KeyWrapper,
    MemoryKeyStore,
    PersonCipher,
    Unreadable,
    digest_identity,
    digest_token,
    new_master_keyset,
    patient_reference,
    read_patient_reference,
)
from survey_service.foundation.db import new_id

KEY = bytes(range(32))
PLACE = {"table": "patients", "column": "name", "row": "1"}


@pytest.fixture(scope="module")
def cipher() -> PersonCipher:
    return MemoryKeyStore(KeyWrapper(new_master_keyset())).create(new_id())


def test_an_identity_digest_is_the_same_every_time_and_another_under_another_key() -> None:
    """B3"""
    digest = digest_identity("191212121212", key=KEY)
    assert digest == digest_identity("191212121212", key=KEY)
    assert digest == hmac.new(KEY, b"191212121212", hashlib.sha256).digest()
    assert digest != digest_identity("191212121212", key=bytes(32))
    assert digest != digest_identity("191212121213", key=KEY)


def test_a_token_is_stored_as_its_sha_256() -> None:
    # FIPS 180-4, the example "abc".
    assert digest_token("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(value=st.text())
def test_any_text_opens_as_it_was_sealed(cipher: PersonCipher, value: str) -> None:
    assert cipher.open(cipher.seal(value, **PLACE), **PLACE) == value


def test_the_same_value_sealed_twice_does_not_look_the_same(cipher: PersonCipher) -> None:
    assert cipher.seal("5", **PLACE) != cipher.seal("5", **PLACE)


@given(damaged=st.binary(max_size=80))
def test_what_was_never_sealed_does_not_open(cipher: PersonCipher, damaged: bytes) -> None:
    with pytest.raises(Unreadable):
        cipher.open(damaged, **PLACE)


def test_a_wrapped_key_opens_for_its_own_person_only() -> None:
    wrapper, person, other = KeyWrapper(new_master_keyset()), new_id(), new_id()
    wrapped = wrapper.new(person)
    sealed = wrapper.unwrap(wrapped, person).seal("5", **PLACE)
    assert wrapper.unwrap(wrapped, person).open(sealed, **PLACE) == "5"
    with pytest.raises(Unreadable):
        wrapper.unwrap(wrapped, other)


def test_neither_cipher_nor_wrapper_shows_its_key(cipher: PersonCipher) -> None:
    keyset = new_master_keyset()
    assert keyset not in repr(KeyWrapper(keyset))
    assert repr(cipher).startswith("<survey_service.foundation.crypto.PersonCipher object at ")


@given(person=st.uuids(), provider=st.uuids())
def test_a_patients_name_in_addresses_is_the_providers_own(person: UUID, provider: UUID) -> None:
    """G2"""
    name = patient_reference(person, provider_id=provider, key=b"k" * 32)
    assert name == patient_reference(person, provider_id=provider, key=b"k" * 32)
    assert read_patient_reference(name, provider_id=provider, key=b"k" * 32) == person
    assert read_patient_reference(name, provider_id=new_id(), key=b"k" * 32) is None
    assert read_patient_reference(name, provider_id=provider, key=b"l" * 32) is None
    assert person.hex not in name


@given(text=st.text(max_size=60))
def test_an_address_that_somebody_made_up_names_nobody(text: str) -> None:
    assert read_patient_reference(text, provider_id=UUID(int=1), key=b"k" * 32) is None
