"""What people do while time goes on in the demonstration: they are enrolled, answer or do not, and are cared for.

Not those who wait for somebody to sign in as them. The same every time for the same people and days.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import uuid5

from survey_service.access.queries import commission_in_force
from survey_service.answering.queries import tasks_to_ask
from survey_service.demo.people import made_up_patients
from survey_service.demo.population import (
    ANSWERED,
    ENGLISH,
    STAFF_HSA_ID,
    UNIT_HSA_ID,
    WAITING,
    answer_all,
    care_for,
)
from survey_service.foundation.clock import at_local_time, local_day
from survey_service.foundation.principals import Gate, Patient, Staff
from survey_service.foundation.services import Services
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.scheduling.queries import Occasion, enrolment_count, occasions_of_unit, published_protocols
from survey_service.scheduling.use_cases import Order, enrol_patient

_PROTOCOL = "knee-follow-up"
_IN_THE_MORNING = time(10)
_WAITING_LIST = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class _Expected:
    """An occasion, and a person's own chance: the same one each time it is looked at."""

    occasion: Occasion
    number: str

    def chance(self) -> Random:
        return Random(f"{self.number} {self.occasion.code} {self.occasion.side}")  # noqa: S311  # needs no secrets


def live(services: Services, since: datetime, until: datetime) -> None:
    """Let pass what people do between two moments. Nothing where the demonstration's unit is not."""
    with services.db.transaction(as_=Gate()) as connection:
        staff = commission_in_force(connection, staff_hsa_id=STAFF_HSA_ID, unit_hsa_id=UNIT_HSA_ID, now=until)
    if staff is None:
        return
    for monday in _mondays(local_day(since), local_day(until)):
        _enrol_newcomer(services, staff, monday)
    for expected in _expected(services, staff, since, until):
        _answer(services, staff, expected, since, until)


def _mondays(after: date, until: date) -> Iterator[date]:
    days = (after + timedelta(days=one) for one in range(1, (until - after).days + 1))
    return (day for day in days if day.weekday() == 0)


def _enrol_newcomer(services: Services, staff: Staff, monday: date) -> None:
    """Every week somebody is put on the list for an operation."""
    moment = at_local_time(monday, _IN_THE_MORNING)
    then = replace(services, clock=lambda: moment)
    with services.db.transaction(as_=staff) as connection:
        (identity,) = made_up_patients(1, seed=enrolment_count(connection))
        protocol_id = next(one.id for one in published_protocols(connection) if one.protocol.code == _PROTOCOL)
    order = Order(
        identity=identity,
        protocol_id=protocol_id,
        anchor_date=monday + _WAITING_LIST,
        care_contact="Operation",
        request_id=uuid5(staff.unit_id, monday.isoformat()),
    )
    enrol_patient(then, order, as_=staff)


def _expected(services: Services, staff: Staff, since: datetime, until: datetime) -> list[_Expected]:
    with services.db.transaction(as_=staff) as connection:
        found = occasions_of_unit(connection, staff.unit_id, opens_before=until, closes_after=since)
        sealed = sealed_patients(connection, {one.person_id for one in found})
    numbers = {person_id: one.number for person_id, one in open_patients(services.keys, sealed).items()}
    left_alone = {WAITING.number, ENGLISH.number, ANSWERED.number}
    return [
        _Expected(one, numbers[one.person_id])
        for one in found
        if one.person_id in numbers and numbers[one.person_id] not in left_alone
    ]


def _answer(services: Services, staff: Staff, expected: _Expected, since: datetime, until: datetime) -> None:
    occasion, chance = expected.occasion, expected.chance()
    moment = occasion.opens_at + (occasion.closes_at - occasion.opens_at) * chance.uniform(0.05, 0.9)
    if not since < moment <= until or not occasion.is_open(moment) or chance.random() < 0.25:
        return
    if not _is_asked(services, occasion, moment):
        return
    then = replace(services, clock=lambda: moment)
    answer_all(then, occasion.id, as_=Patient(occasion.person_id), chance=chance, theta=_theta(expected, chance))
    care_for(services, staff, moment, now=until, chance=chance, always=False)


def _is_asked(services: Services, occasion: Occasion, moment: datetime) -> bool:
    with services.db.transaction(as_=Patient(occasion.person_id)) as connection:
        return bool(tasks_to_ask(connection, occasion.id, moment))


def _theta(expected: _Expected, chance: Random) -> float:
    """Most are better after the operation, and one in five is worse."""
    usual = Random(expected.number).gauss(0.3, 0.9)  # noqa: S311  # needs no secrets
    if local_day(expected.occasion.due_at) <= expected.occasion.anchor_date:
        return usual
    return usual + (2.0 if chance.random() < 0.2 else -0.7)
