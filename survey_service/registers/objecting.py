"""The patient's choice for each register: to object, and to allow again. Care is not touched."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from survey_service.answering.queries import responses_of_tasks
from survey_service.audit.rules import Access, Activity, Purpose
from survey_service.audit.use_cases import record_access
from survey_service.delivery.use_cases import RELEASE_JOB
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id
from survey_service.foundation.jobs import enqueue
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.registers.records import registers
from survey_service.scheduling.queries import occasions_of_patient, tasks_of


def object_to_register(services: Services, register_id: UUID, *, as_: Patient) -> None:
    """Say no to a register: what was released is withdrawn, its erasure is ordered, and nothing more is released."""

    def work(connection: Connection) -> None:
        _refuse_unknown(connection, register_id)
        connection.execute(sa.select(sa.func.object_to_register(register_id, services.clock(), new_id())))
        _log(connection, services, register_id, "object_to_register", as_=as_)

    services.db.run(work, as_=as_)


def withdraw_objection(services: Services, register_id: UUID, *, as_: Patient) -> None:
    """Allow a register again. What care has received is released anew."""

    def work(connection: Connection) -> None:
        _refuse_unknown(connection, register_id)
        connection.execute(sa.select(sa.func.withdraw_objection(register_id, services.clock())))
        _log(connection, services, register_id, "withdraw_objection", as_=as_)
        tasks = tasks_of(connection, [one.id for one in occasions_of_patient(connection, services.clock())])
        answered = responses_of_tasks(connection, [task.id for task in tasks])
        for one in answered.values():
            enqueue(connection, RELEASE_JOB, provider_id=one.provider_id, response_id=one.id)

    services.db.run(work, as_=as_)


def _refuse_unknown(connection: Connection, register_id: UUID) -> None:
    if connection.execute(sa.select(registers.c.id).where(registers.c.id == register_id)).first() is None:
        raise AccessDenied


def _log(connection: Connection, services: Services, register_id: UUID, what: str, *, as_: Patient) -> None:
    access = Access(Activity.WRITE, Purpose.OWN_ACCESS, what, register_id, as_.person_id)
    record_access(connection, services.clock, [access], by=as_)
