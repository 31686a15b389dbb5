"""Filling an empty service with a made-up population, through the service's own use cases.

Two providers, so that one can be seen not to see the other; a register with an agreement; patients before, in and after
their surveys, with answers, receipts and gaps.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib import resources
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from instruments import Ask, Family, FreeText, Instrument, Item, Scale, SeveralChoices, SingleChoice
from survey_service.access.rules import Role
from survey_service.access.use_cases import add_provider, add_staff_member, add_translator, add_unit
from survey_service.answering.rules import Submission, Way, read_answer
from survey_service.answering.use_cases import SessionState, look_at_session, next_session, record_answer, start_survey
from survey_service.delivery.flag_setting import NewRule, set_rule
from survey_service.delivery.flagging import Bound, Criterion, GivenAnswer, Worsening
from survey_service.delivery.queries import worklist
from survey_service.delivery.use_cases import assess_response, open_response, take_into_archive
from survey_service.demo.defects import add_defects
from survey_service.demo.environment import REGISTER_CLIENT_ID
from survey_service.demo.people import (
    SINGLE_FACTOR,
    DemoUser,
    identity_number,
    made_up_patients,
    patient_user,
    staff_user,
    translator_user,
)
from survey_service.demo.registered import CHILD, PARENT
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator, Patient, Staff, System
from survey_service.foundation.services import Services
from survey_service.insight.use_cases import make_figures
from survey_service.languages.seeding import seed_shipped
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.registers.tenants import add_register, agree
from survey_service.scheduling.queries import occasions_of_enrolment
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol

PATIENTS = 24

# The clinician to be, and the protocol (by its Swedish name) that asks one instrument alone.
CLINICIAN = "karin (clinician, two factors)"
REPLAY_PROTOCOLS = {"promis-anxiety": "Avstämning inför ditt besök"}

PROTOCOLS = ("knee.toml", "check_in.toml", "visit.toml", "rehabilitation.toml", "child.toml")

STAFF_HSA_ID = "SE2321000016-karin"
MANAGER_HSA_ID = "SE2321000016-margit"
ADMINISTRATOR_HSA_ID = "SE2321000016-adam"
OFFICER_HSA_ID = "SE2321000016-disa"
NEIGHBOUR_HSA_ID = "SE2321000016-nora"
UNIT_HSA_ID = "SE2321000016-orto"
NEIGHBOUR_UNIT_HSA_ID = "SE2321000016-akut"
TRANSLATOR_HSA_ID = "SE2321000016-aino"
REVIEWER_HSA_ID = "SE2321000016-sami"
OTHER_STAFF_HSA_ID = "SE5561234567-olof"
OTHER_UNIT_HSA_ID = "SE5561234567-kust"

# Those who wait for somebody to sign in as them.
WAITING = Identity(identity_number(date(1958, 4, 12), 1), "Anna Lind", "anna@example.se", None, "sv")
ANSWERED = Identity(identity_number(date(1971, 9, 3), 2), "Bo Strand", "bo@example.se", None, "sv")
ENGLISH = Identity(identity_number(date(1990, 1, 20), 3), "Leila Haddad", "leila@example.se", None, "en")
# A child, for whom a parent may answer.
VERA = Identity(CHILD, "Vera Gran", None, None, "sv")

AGREED_VARIABLES = (
    "eq5d5l.profile",
    "eq5d5l.index",
    "eq5d5l.vas",
    "promis_anxiety.t",
    "promis_anxiety.n_items",
    "promis_anxiety.stop_reason",
    "prem_overall.top_two",
)


def demo_users() -> list[DemoUser]:
    """Whom the local identity provider offers to be."""
    return [
        patient_user("anna (patient, has a survey waiting)", WAITING.number),
        patient_user("bo (patient, has answered)", ANSWERED.number),
        patient_user("leila (patient, reads English)", ENGLISH.number),
        patient_user("petra (parent of Vera, 10 years, who has a survey waiting)", PARENT),
        staff_user(CLINICIAN, staff_hsa_id=STAFF_HSA_ID, unit_hsa_id=UNIT_HSA_ID),
        staff_user("margit (manager of the unit)", staff_hsa_id=MANAGER_HSA_ID, unit_hsa_id=UNIT_HSA_ID),
        staff_user("adam (administrator: rights)", staff_hsa_id=ADMINISTRATOR_HSA_ID, unit_hsa_id=UNIT_HSA_ID),
        staff_user("disa (data protection officer)", staff_hsa_id=OFFICER_HSA_ID, unit_hsa_id=UNIT_HSA_ID),
        staff_user(
            "nora (clinician of another unit)", staff_hsa_id=NEIGHBOUR_HSA_ID, unit_hsa_id=NEIGHBOUR_UNIT_HSA_ID
        ),
        staff_user(
            "olof (clinician of another provider)", staff_hsa_id=OTHER_STAFF_HSA_ID, unit_hsa_id=OTHER_UNIT_HSA_ID
        ),
        staff_user(
            "karin, one factor only (is refused)", staff_hsa_id=STAFF_HSA_ID, unit_hsa_id=UNIT_HSA_ID, acr=SINGLE_FACTOR
        ),
        translator_user("aino (translator)", TRANSLATOR_HSA_ID),
        translator_user("sami (translator, reviews and approves)", REVIEWER_HSA_ID),
    ]


@dataclass(frozen=True, slots=True)
class Organisation:
    """A provider's unit with a clinician and the unit's protocols by code."""

    staff: Staff
    protocols: Mapping[str, UUID]


def is_populated(services: Services) -> bool:
    with services.db.transaction(as_=Operator()) as connection:
        return connection.execute(sa.text("SELECT EXISTS (SELECT FROM providers)")).scalar_one() is True


def populate(services: Services, *, register_keys: Mapping[str, Any], progress: Callable[[str], None]) -> None:
    """Make the population. The same one every time, dated from today."""
    progress("wording")
    add_texts(services)
    progress("organisations")
    home = add_home_organisation(services, register_keys=register_keys)
    add_other_organisation(services)
    progress("patients")
    _enrol_waiting(services, home)
    _enrol(services, home, VERA, anchor=local_day(services.clock()) + timedelta(days=5), protocol="child-check")
    for serial, identity in enumerate([ANSWERED, *made_up_patients(PATIENTS)]):
        _live_through(services, home, identity, serial)
    for serial, identity in enumerate(made_up_patients(PATIENTS)):
        if serial % 2:
            _visit(services, home, identity, serial)
    add_defects(services, home.staff, home.protocols["knee-follow-up"], after=PATIENTS)
    make_figures(services, as_=System(home.staff.provider_id))


def add_texts(services: Services) -> None:
    """What ships, as approved; and two people to go on with it: nobody approves own work."""
    seed_shipped(services)
    add_translator(services, hsa_id=TRANSLATOR_HSA_ID, name="Aino Mäki")
    add_translator(services, hsa_id=REVIEWER_HSA_ID, name="Sami Haddad", may_review=True, may_approve=True)


def add_home_organisation(services: Services, *, register_keys: Mapping[str, Any]) -> Organisation:
    """The region with its orthopaedic unit, and the register that it has an agreement with."""
    provider_id = add_provider(
        services,
        hsa_id="SE2321000016-region",
        name="Region Exempel",
        sender_name="Region Exempel",
        legal_regime="health_care",
    )
    organisation = _add_unit(
        services,
        provider_id,
        unit=(UNIT_HSA_ID, "Ortopedmottagningen Exempelstad"),
        clinician=(STAFF_HSA_ID, "Karin Norén"),
    )
    manager = _add_colleagues(services, organisation.staff)
    _set_flags(services, manager)
    register_id = add_register(
        services,
        code="example-register",
        name="Exempelregistret",
        cpua_authority="Region Exempel, regionstyrelsen",
        client_id=REGISTER_CLIENT_ID,
        jwks=register_keys,
    )
    # What was answered in the last year, so that there is something to see.
    a_year_ago = services.clock() - timedelta(days=365)
    agree(
        services,
        provider_id=provider_id,
        register_id=register_id,
        variables=AGREED_VARIABLES,
        look_back=local_day(a_year_ago),
    )
    return organisation


def _add_colleagues(services: Services, staff: Staff) -> Staff:
    """Those who manage, set rights and watch over the provider, and a clinician of the unit next door.

    Returns the unit's manager.
    """
    since = services.clock() - _AT_WORK
    ids = {}
    for hsa_id, name, role in (
        (MANAGER_HSA_ID, "Margit Holm", Role.UNIT_MANAGER),
        (ADMINISTRATOR_HSA_ID, "Adam Gran", Role.ADMINISTRATOR),
        (OFFICER_HSA_ID, "Disa Fors", Role.DATA_PROTECTION_OFFICER),
    ):
        ids[role] = add_staff_member(
            services,
            provider_id=staff.provider_id,
            unit_id=staff.unit_id,
            hsa_id=hsa_id,
            name=name,
            role=role.value,
            since=since,
        )
    next_door = add_unit(
        services, provider_id=staff.provider_id, hsa_id=NEIGHBOUR_UNIT_HSA_ID, name="Akutmottagningen Exempelstad"
    )
    add_staff_member(
        services,
        provider_id=staff.provider_id,
        unit_id=next_door,
        hsa_id=NEIGHBOUR_HSA_ID,
        name="Nora Sjö",
        since=since,
    )
    return Staff(ids[Role.UNIT_MANAGER], staff.provider_id, staff.unit_id)


def _set_flags(services: Services, manager: Staff) -> None:
    """What the unit wants to see first: worse than last time, and one item whenever it is answered."""
    rules: dict[str, Criterion] = {
        "promis-anxiety": Worsening("promis_anxiety.t"),
        "promis-depression": GivenAnswer("EDDEP39", Bound.AT_LEAST, 2),
    }
    for instrument, criterion in rules.items():
        why = "Vi vill ringa inom ett dygn."
        set_rule(services, NewRule(instrument, criterion, why, new_id()), as_=manager)


def add_other_organisation(services: Services) -> Organisation:
    """Another provider, which must never see the first one's patients."""
    provider_id = add_provider(
        services, hsa_id="SE5561234567-ab", name="Kustvård AB", sender_name="Kustvård", legal_regime="health_care"
    )
    return _add_unit(
        services,
        provider_id,
        unit=(OTHER_UNIT_HSA_ID, "Kustmottagningen"),
        clinician=(OTHER_STAFF_HSA_ID, "Olof Ek"),
    )


# Longer than anything in the population is old: who opened a response had the right to.
_AT_WORK = timedelta(days=730)
# What a question takes; faster answers would be flagged as not read.
_READING = timedelta(seconds=9)


def answer_all(services: Services, occasion_id: UUID, *, as_: Patient, chance: Random, theta: float) -> None:
    """Answer an occasion to its end as somebody with this theta would."""
    state = look_at_session(services, start_survey(services, occasion_id, locale="sv", as_=as_), as_=as_)
    while True:
        while isinstance(state.step, Ask):
            services = replace(services, clock=_at(services.clock() + _READING))
            state = record_answer(services, state.session.id, _submission(state, chance, theta), as_=as_)
        following = next_session(services, state, as_=as_)
        if following is None:
            return
        state = look_at_session(services, following, as_=as_)


def _add_unit(
    services: Services, provider_id: UUID, *, unit: tuple[str, str], clinician: tuple[str, str]
) -> Organisation:
    unit_id = add_unit(services, provider_id=provider_id, hsa_id=unit[0], name=unit[1])
    staff_id = add_staff_member(
        services,
        provider_id=provider_id,
        unit_id=unit_id,
        hsa_id=clinician[0],
        name=clinician[1],
        since=services.clock() - _AT_WORK,
    )
    definitions = [_definition(name) for name in PROTOCOLS]
    return Organisation(
        staff=Staff(staff_id, provider_id, unit_id),
        protocols={
            definition["code"]: publish_protocol(services, provider_id=provider_id, definition=definition)
            for definition in definitions
        },
    )


def _definition(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("protocols", name).read_text(encoding="utf-8"))


def _enrol_waiting(services: Services, home: Organisation) -> None:
    for identity in (WAITING, ENGLISH):
        _enrol(services, home, identity, anchor=local_day(services.clock()) + timedelta(days=5))


def _live_through(services: Services, home: Organisation, identity: Identity, serial: int) -> None:
    """Somebody whose operation was some time ago: occasions answered or missed, received or not."""
    chance = Random(serial)  # noqa: S311  # because these people need no secrets
    now = services.clock()
    anchor = local_day(now) - timedelta(days=chance.randint(-6, 120))
    then = replace(services, clock=_at(now - timedelta(days=130)))
    enrolment_id = _enrol(then, home, identity, anchor=anchor)
    with services.db.transaction(as_=home.staff) as connection:
        occasions = occasions_of_enrolment(connection, enrolment_id)
    person_id = find_person(services, identity.number)
    assert person_id is not None
    theta = chance.gauss(0.3, 0.9)
    for occasion in occasions:
        moment = occasion.opens_at + (occasion.closes_at - occasion.opens_at) * chance.uniform(0.05, 0.6)
        if moment > now or (chance.random() < 0.2 and identity is not ANSWERED):
            continue
        at_that_time = replace(services, clock=_at(moment))
        answer_all(at_that_time, occasion.id, as_=Patient(person_id), chance=chance, theta=theta)
        theta -= 0.4
        care_for(services, home.staff, moment, now=now, chance=chance, always=identity is ANSWERED)


def _visit(services: Services, home: Organisation, identity: Identity, serial: int) -> None:
    """Somebody who was at the clinic lately, and most often tells how it was."""
    chance = Random(1000 + serial)  # noqa: S311  # because these people need no secrets
    now = services.clock()
    visited = local_day(now) - timedelta(days=chance.randint(3, 20))
    then = replace(services, clock=_at(now - timedelta(days=30)))
    enrolment_id = _enrol(then, home, identity, anchor=visited, protocol="after-visit", care_contact="Besök")
    with services.db.transaction(as_=home.staff) as connection:
        (occasion,) = occasions_of_enrolment(connection, enrolment_id)
    person_id = find_person(services, identity.number)
    assert person_id is not None
    moment = occasion.opens_at + timedelta(hours=chance.uniform(0, 40))
    if moment < now and chance.random() < 0.7:
        at_that_time = replace(services, clock=_at(moment))
        answer_all(at_that_time, occasion.id, as_=Patient(person_id), chance=chance, theta=chance.gauss(-0.4, 0.8))
        _take_in(at_that_time, home, moment)


def _take_in(services: Services, home: Organisation, answered_at: datetime) -> None:
    """Nobody opens these: the archive has them at once."""
    with services.db.transaction(as_=home.staff) as connection:
        unread = worklist(connection, home.staff.unit_id, only_unread=True, limit=100)
    for row in unread:
        if row.delivered_at == answered_at:
            take_into_archive(services, row.response_id, as_=System(home.staff.provider_id))


def care_for(
    services: Services, staff: Staff, answered_at: datetime, *, now: datetime, chance: Random, always: bool
) -> None:
    """The clinician opens most responses within a few days, and assesses most of those."""
    opened_at = answered_at + timedelta(hours=chance.uniform(1, 90))
    if opened_at > now:
        opened_at = now
    if not always and chance.random() < 0.25:
        return
    at_that_time = replace(services, clock=_at(opened_at))
    with services.db.transaction(as_=staff) as connection:
        unread = worklist(connection, staff.unit_id, only_unread=True, limit=100)
    for row in unread:
        if answered_at <= row.delivered_at < answered_at + timedelta(hours=1):
            open_response(at_that_time, row.response_id, as_=staff)
            if always or chance.random() < 0.7:
                assess_response(at_that_time, row.response_id, as_=staff)


def _enrol(
    services: Services,
    home: Organisation,
    identity: Identity,
    *,
    anchor: date,
    protocol: str = "knee-follow-up",
    care_contact: str = "Operation",
) -> UUID:
    order = Order(
        identity=identity,
        protocol_id=home.protocols[protocol],
        anchor_date=anchor,
        care_contact=care_contact,
        request_id=new_id(),
    )
    return enrol_patient(services, order, as_=home.staff)


def _submission(state: SessionState, chance: Random, theta: float) -> Submission:
    assert isinstance(state.step, Ask)
    item = state.step.item
    way = Way.SKIP if item.skippable and chance.random() < 0.02 else Way.ANSWER
    answer = read_answer(item, _texts(state.instrument, item, chance, theta), way=way)
    assert answer is not None
    return Submission(sequence=state.next_sequence, answer=answer)


def _texts(instrument: Instrument, item: Item, chance: Random, theta: float) -> list[str]:
    """What somebody who is this badly off (``theta``, 0 is as people are) would choose or write."""
    match item.question:
        case SingleChoice(_, options) | SeveralChoices(_, options):
            # Printed from the best to the worst, but for experiences, which are printed the other way.
            codes = options if instrument.family is Family.PROM else options[::-1]
            place = round((len(codes) - 1) * (0.3 + 0.2 * theta + chance.gauss(0, 0.12)))
            return [str(codes[max(0, min(len(codes) - 1, place))])]
        case Scale(low, high):
            return [str(max(low, min(high, round(high - (high - low) * (0.25 + 0.15 * theta) + chance.gauss(0, 8)))))]
        case FreeText():
            return ["Det tog tid att komma fram på telefon."]
        case _:
            return []


def _at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment
