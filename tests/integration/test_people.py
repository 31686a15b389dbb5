"""A person over all providers, the care relation of each, and what the database can tell without a key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import pytest

from survey_service.foundation.crypto import PersonErased, Unreadable
from survey_service.people.queries import open_patient, open_patients, sealed_patients
from survey_service.people.use_cases import ensure_person, find_person
from tests.world import World


@pytest.fixture
def rows(database) -> Callable[..., list[tuple]]:
    """What the database holds, seen past every policy."""

    def fetch(query: str, *values: object) -> list[tuple]:
        with database.connect("postgres") as connection:
            return connection.execute(query, values).fetchall()

    return fetch


def test_knowing_a_person_twice_is_knowing_one_person(world: World, rows) -> None:
    number = world.new_identity().number
    first = ensure_person(world.services, number, as_=world.alice)
    assert ensure_person(world.services, number, as_=world.charlie) == first
    assert find_person(world.services, number) == first
    assert rows("SELECT count(*) FROM persons") == [(1,)]


def test_two_providers_who_meet_a_person_at_once_know_one_person(world: World, rows) -> None:
    number = world.new_identity().number
    barrier = Barrier(4)

    def meet(who: str) -> UUID:
        barrier.wait()
        return ensure_person(world.services, number, as_=getattr(world, who))

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(meet, ["alice", "bob", "charlie", "alice"]))
    assert len(found) == 1
    assert rows("SELECT count(*) FROM persons") == [(1,)]


def test_a_stranger_is_nobody(world: World) -> None:
    assert find_person(world.services, world.new_identity().number) is None


def test_the_database_alone_does_not_tell_who_somebody_is(world: World, rows) -> None:
    """G4"""
    identity = world.new_identity(name="Tyra Hemlighet", phone="0701740605")
    world.enrol(identity)
    stored = b" ".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for table in ("persons", "patients", "enrolments", "occasions")
        for row in rows(f"SELECT * FROM {table}")
        for value in row
    )
    for secret in (identity.number, identity.number[2:], "Tyra", identity.email, identity.phone):
        assert secret is not None
        assert secret.encode() not in stored


def test_the_same_value_of_two_persons_is_not_stored_alike(world: World, rows) -> None:
    """G4"""
    for _ in range(2):
        world.enrol(world.new_identity(name="Tyra Testsson"))
    assert len(set(rows("SELECT name_sealed FROM patients"))) == 2


def test_a_sealed_value_moved_to_another_place_does_not_open(world: World) -> None:
    """G4"""
    patient, _occasion = world.enrol()
    with world.services.db.transaction(as_=world.alice) as connection:
        (sealed,) = sealed_patients(connection, [patient.person_id])
    cipher = world.services.keys.cipher(patient.person_id)
    assert open_patient(cipher, sealed).name.startswith("Test")
    with pytest.raises(Unreadable):
        open_patient(cipher, replace(sealed, name=sealed.number))
    with pytest.raises(Unreadable):
        open_patient(cipher, replace(sealed, provider_id=world.charlie.provider_id))


def test_an_erased_person_is_not_there_and_not_made_again(world: World) -> None:
    """G3"""
    identity = world.new_identity()
    patient, _occasion = world.enrol(identity)
    world.services.keys.destroy(patient.person_id)
    with world.services.db.transaction(as_=world.alice) as connection:
        sealed = sealed_patients(connection, [patient.person_id])
    assert open_patients(world.services.keys, sealed) == {}
    with pytest.raises(PersonErased):
        ensure_person(world.services, identity.number, as_=world.alice)


@pytest.mark.parametrize("who", ["charlie", "system of another", "another patient"])
def test_a_care_relation_is_seen_by_its_provider_and_its_person_only(world: World, who: str) -> None:
    """A6"""
    from survey_service.foundation.principals import System

    patient, _occasion = world.enrol()
    other, _other_occasion = world.enrol()
    principal = {
        "charlie": world.charlie,
        "system of another": System(world.charlie.provider_id),
        "another patient": other,
    }[who]
    with world.services.db.transaction(as_=principal) as connection:
        assert sealed_patients(connection, [patient.person_id]) == []
    for allowed in (world.alice, world.bob, world.system, patient):
        with world.services.db.transaction(as_=allowed) as connection:
            assert len(sealed_patients(connection, [patient.person_id])) == 1
