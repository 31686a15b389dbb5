"""A small world for tests: two providers, three clinicians, a register, and patients on demand."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from joserfc.jwk import ECKey, KeySet

from instruments import Ask
from survey_service.access.rules import PatientClaims, StaffClaims
from survey_service.access.use_cases import (
    add_provider,
    add_staff_member,
    add_unit,
    sign_in_patient,
    sign_in_staff,
)
from survey_service.answering.queries import responses_of_tasks
from survey_service.answering.rules import Submission, Way, read_answer
from survey_service.answering.use_cases import SessionState, look_at_session, next_session, record_answer, start_survey
from survey_service.demo.people import LOA3, identity_number
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import patient_reference
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Register, Staff, System
from survey_service.foundation.services import Services
from survey_service.languages.use_cases import seed_wordings
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.registers.tenants import add_register, agree
from survey_service.scheduling.queries import Occasion, occasions_of_enrolment, tasks_of
from survey_service.scheduling.rules import BodySide
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from translations.catalogue import wordings_at_hand

ALICE_HSA, BOB_HSA, CHARLIE_HSA = "SE2321000016-alice", "SE2321000016-bob", "SE5561234567-charlie"
UNIT_HSA, OTHER_UNIT_HSA, FOREIGN_UNIT_HSA = "SE2321000016-u1", "SE2321000016-u2", "SE5561234567-u3"
AGREED = ("eq5d5l.index", "eq5d5l.vas", "promis_anxiety.t", "promis_anxiety.n_items")


@dataclass(frozen=True)
class World:
    """alice and bob work for one provider, at two units, bob as a manager; charlie works for another."""

    services: Services
    alice: Staff
    bob: Staff
    charlie: Staff
    register: Register
    other_register: Register
    protocols: dict[str, UUID]
    charlies_protocols: dict[str, UUID]
    _serial: Any = field(default_factory=count)

    @property
    def system(self) -> System:
        return System(self.alice.provider_id)

    def new_identity(self, **changes: Any) -> Identity:
        serial = next(self._serial)
        values: dict[str, Any] = {
            "number": identity_number(date(1950 + serial // 20, 1 + serial % 12, 5), serial),
            "name": f"Test Testsson {serial}",
            "email": f"test{serial}@example.se",
            "phone": None,
            "locale": "sv",
        }
        return Identity(**(values | changes))

    def enrol(
        self,
        identity: Identity | None = None,
        *,
        protocol: str = "anxiety-only",
        by: Staff | None = None,
        side: BodySide | None = None,
    ) -> tuple[Patient, Occasion]:
        """A patient with one open occasion of a protocol: "anxiety-only", "eq5d-only", "both" …

        Somebody who is asked the same twice at once answers it once; for that not to be, the orders name other sides.
        """
        identity = identity or self.new_identity()
        by = by or self.alice
        protocols = self.charlies_protocols if by == self.charlie else self.protocols
        order = Order(
            identity=identity,
            protocol_id=protocols[protocol],
            anchor_date=local_day(self.services.clock()),
            care_contact="Visit",
            request_id=new_id(),
            side=side,
        )
        enrolment_id = enrol_patient(self.services, order, as_=by)
        person_id = find_person(self.services, identity.number)
        assert person_id is not None
        with self.services.db.transaction(as_=by) as connection:
            occasion = occasions_of_enrolment(connection, enrolment_id)[0]
        return Patient(person_id), occasion

    def answer(self, patient: Patient, occasion: Occasion, *, value: int = 2) -> list[UUID]:
        """Answer an occasion to its end, every choice with ``value``; returns the responses in order."""
        read_at = self.services.clock() - timedelta(minutes=10)
        state = self.start(patient, occasion, at=read_at)
        while True:
            while isinstance(state.step, Ask):
                read_at += timedelta(seconds=9)  # faster answers would be flagged as not read
                calm = replace(self.services, clock=lambda at=read_at: at)
                state = record_answer(calm, state.session.id, submission_for(state, value), as_=patient)
            following = next_session(self.services, state, as_=patient)
            if following is None:
                break
            state = look_at_session(self.services, following, as_=patient)
        with self.services.db.transaction(as_=patient) as connection:
            tasks = tasks_of(connection, [occasion.id])
            responses = responses_of_tasks(connection, [task.id for task in tasks])
        return [responses[task.id].id for task in tasks]

    def start(self, patient: Patient, occasion: Occasion, *, at: datetime | None = None) -> SessionState:
        then = replace(self.services, clock=lambda: at) if at else self.services
        session_id = start_survey(then, occasion.id, locale="sv", as_=patient)
        return look_at_session(self.services, session_id, as_=patient)

    def give(self, state: SessionState, patient: Patient, *, value: int | None = 2) -> SessionState:
        """Answer the open question (None skips it)."""
        return record_answer(self.services, state.session.id, submission_for(state, value), as_=patient)

    def reference(self, patient: Patient, *, to: Staff | None = None) -> str:
        """What addresses call the patient at the provider of ``to``, alice unless told otherwise."""
        provider_id = (to or self.alice).provider_id
        return patient_reference(patient.person_id, provider_id=provider_id, key=self.services.settings.identity_key)

    def patient_cookie(self, identity: Identity) -> str:
        return sign_in_patient(self.services, PatientClaims(number=identity.number, acr=LOA3))

    def staff_cookie(self, who: Staff) -> str:
        hsa = {self.alice: (ALICE_HSA, UNIT_HSA), self.bob: (BOB_HSA, OTHER_UNIT_HSA)}
        staff_hsa, unit_hsa = hsa.get(who, (CHARLIE_HSA, FOREIGN_UNIT_HSA))
        return sign_in_staff(self.services, StaffClaims(staff_hsa_id=staff_hsa, unit_hsa_id=unit_hsa, acr=LOA3))


def submission_for(state: SessionState, value: int | None) -> Submission:
    """What the page of the open question would send."""
    assert isinstance(state.step, Ask)
    way = Way.SKIP if value is None else Way.ANSWER
    answer = read_answer(state.step.item, [str(value)], way=way)
    assert answer is not None
    return Submission(sequence=state.next_sequence, answer=answer)


def make_world(services: Services, register_key: ECKey) -> World:
    seed_wordings(services, wordings_at_hand(services.library, services.settings.instruments))
    here = add_provider(
        services, hsa_id="SE2321000016-p1", name="Region Ett", sender_name="Region Ett", legal_regime="health_care"
    )
    there = add_provider(
        services, hsa_id="SE5561234567-p2", name="Bolag Två", sender_name="Bolag Två", legal_regime="health_care"
    )
    alice = _clinician(services, here, (UNIT_HSA, "Enhet Ett"), (ALICE_HSA, "Alice Ask"))
    bob = _clinician(services, here, (OTHER_UNIT_HSA, "Enhet Två"), (BOB_HSA, "Bob Bok"), role="unit_manager")
    charlie = _clinician(services, there, (FOREIGN_UNIT_HSA, "Enhet Tre"), (CHARLIE_HSA, "Charlie Cederlund"))
    registers = [
        add_register(
            services,
            code=code,
            name=f"Register {code}",
            cpua_authority="Region Ett",
            client_id=code,
            jwks=KeySet([register_key]).as_dict(private=False),
        )
        for code in ("first", "second")
    ]
    # Since yesterday: surveys are answered in the minutes before now, which at midnight is another day.
    yesterday = replace(services, clock=lambda: services.clock() - timedelta(days=1))
    agree(yesterday, provider_id=here, register_id=registers[0], variables=AGREED)
    return World(
        services=services,
        alice=alice,
        bob=bob,
        charlie=charlie,
        register=Register(registers[0]),
        other_register=Register(registers[1]),
        protocols=_protocols(services, here),
        charlies_protocols=_protocols(services, there),
    )


def _clinician(
    services: Services, provider_id: UUID, unit: tuple[str, str], member: tuple[str, str], *, role: str = "clinician"
) -> Staff:
    unit_id = add_unit(services, provider_id=provider_id, hsa_id=unit[0], name=unit[1])
    staff_id = add_staff_member(
        services,
        provider_id=provider_id,
        unit_id=unit_id,
        hsa_id=member[0],
        name=member[1],
        role=role,
        since=services.clock() - timedelta(days=800),  # what tests do in earlier days, they had the right to
    )
    return Staff(staff_id, provider_id, unit_id)


def _protocols(services: Services, provider_id: UUID) -> dict[str, UUID]:
    instruments = {"anxiety-only": ["promis-anxiety"], "eq5d-only": ["eq5d-5l"], "both": ["eq5d-5l", "promis-anxiety"]}
    definitions = [protocol_definition(code, asked) for code, asked in instruments.items()]
    definitions += [
        protocol_definition("by-record-system", ["promis-anxiety"], receipt={"policy": "record_system"}),
        protocol_definition("by-archive", ["promis-anxiety"], receipt={"policy": "archive", "read_within_hours": 0}),
    ]
    return {
        definition["code"]: publish_protocol(services, provider_id=provider_id, definition=definition)
        for definition in definitions
    }


def protocol_definition(
    code: str, instruments: list[str], *, receipt: dict[str, Any] | None = None, **occasion: Any
) -> dict[str, Any]:
    """A protocol with one occasion that is open on the anchor date."""
    return {
        **({"receipt": receipt} if receipt else {}),
        "code": code,
        "names": {"sv": "Uppföljning", "en": "Follow-up"},
        "reasons": {"sv": "Vi vill veta hur du mår.", "en": "We want to know how you are."},
        "anchor_kind": "visit",
        "purpose": "care",
        "occasions": [
            {
                "code": "visit",
                "titles": {"sv": "Inför besöket", "en": "Before the visit"},
                "due_day": 0,
                "opens_days_before": 7,
                "closes_days_after": 14,
                "instruments": [{"id": one, "version": "1.0"} for one in instruments],
                **occasion,
            }
        ],
    }
