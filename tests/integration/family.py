"""A guardian and a child, a patient and a proxy, for tests of answering for somebody else."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from survey_service.access.mandates import acting, mandates_of
from survey_service.access.proxies import Proxy, enter_proxy
from survey_service.access.rules import MandateGround, PatientClaims
from survey_service.access.use_cases import SignedIn, resume, sign_in_patient
from survey_service.demo.people import LOA3, identity_number
from survey_service.foundation.clock import local_day
from survey_service.foundation.person_directory import Guardian, PersonFacts
from survey_service.foundation.principals import Gate, Patient
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import Occasion
from survey_service.scheduling.use_cases import publish_protocol
from tests.integration.senders import Directory
from tests.world import World, protocol_definition

GUARDIAN = identity_number(date(1984, 3, 9), 3)
PROXY = identity_number(date(1979, 11, 2), 5)


def with_child_protocol(world: World) -> World:
    """The world, with a protocol that asks what a guardian can answer."""
    made = publish_protocol(
        world.services,
        provider_id=world.alice.provider_id,
        definition=protocol_definition("child", ["eq5d-y-3l"], closes_days_after=60),
    )
    return replace(world, protocols=world.protocols | {"child": made})


def child_of(world: World, *, years: int, days: int = 100) -> Identity:
    """Somebody so old, and so many days more."""
    born = local_day(world.services.clock()) - timedelta(days=days)
    return world.new_identity(number=identity_number(born.replace(year=born.year - years, day=1), 7), name="Ebba Ek")


def say(directory: Directory, child: Identity, *, is_protected: bool = False) -> None:
    """That the guardian has the custody of the child."""
    directory.facts[child.number] = PersonFacts(
        child.number, is_protected=is_protected, guardians=(Guardian(GUARDIAN, None),)
    )


def sign_in(world: World, number: str = GUARDIAN) -> str:
    return sign_in_patient(world.services, PatientClaims(number=number, acr=LOA3))


def who_is(world: World, cookie: str) -> SignedIn:
    found = resume(world.services, cookie)
    assert found is not None
    return found


def holder(world: World, number: str, patient: Patient) -> Patient | None:
    """The principal that somebody is for the patient, now."""
    person_id = find_person(world.services, number)
    assert person_id is not None
    with world.services.db.transaction(as_=Gate()) as connection:
        return acting(mandates_of(connection, person_id, world.services.clock()), person_id, patient.person_id)


@dataclass(frozen=True)
class Entrusted:
    """A patient whom a proxy may answer for."""

    patient: Patient
    occasion: Occasion
    proxy: Patient


def entrust(world: World, identity: Identity, *, protocol: str = "child", may_read: bool = False) -> Entrusted:
    """The unit lets the proxy answer for a new patient."""
    patient, occasion = world.enrol(identity, protocol=protocol)
    last_day = local_day(world.services.clock()) + timedelta(days=90)
    given = Proxy(PROXY, "Per Ombud", last_day, may_read, MandateGround.TRUSTEE, "Pärm 3")
    enter_proxy(world.services, occasion.enrolment_id, given, as_=world.alice)
    found = holder(world, PROXY, patient)
    assert found is not None
    return Entrusted(patient, occasion, found)
