"""A world with something to steal: a patient with a survey in each state, and those whom it does not concern."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.foundation.db import Database
from survey_service.foundation.principals import Patient, Principal, System
from survey_service.scheduling.queries import Occasion, tasks_of
from survey_service.scheduling.rules import BodySide
from tests.conftest import TestDatabase
from tests.world import World

Row = dict[str, Any]


@dataclass(frozen=True)
class Household:
    """``received`` is released too, ``completed`` waits for its receipt, ``session_id`` is under way with one answer,
    and ``waiting`` has not been begun. ``stranger`` is another patient of the same unit; ``outsider`` is the service at
    work for charlie's provider.
    """

    world: World
    database: TestDatabase
    patient: Patient
    stranger: Patient
    outsider: System
    received: UUID
    completed: UUID
    session_id: UUID
    waiting: Occasion
    waiting_task: UUID

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """What is there in truth, as the owner sees it."""
        with psycopg.connect(self.database.server.url("survey_owner", self.database.name), row_factory=dict_row) as c:
            return c.execute(query.encode(), parameters).fetchall()

    def row(self, table: str, **where: Any) -> Row:
        """The one row that meets ``where``."""
        condition = " AND ".join(f"{column} = %s" for column in where)
        (found,) = self.rows(f"SELECT * FROM {table} WHERE {condition}", *where.values())
        return found

    def insert(self, table: str, row: Mapping[str, Any], *, as_: Principal) -> None:
        """By SQL, on behalf of a principal, as ``Database.transaction`` would have it."""
        computed = self._computed(table)
        values = {
            name: Jsonb(value) if isinstance(value, dict) else value
            for name, value in row.items()
            if name not in computed
        }
        columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
        self.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", values, as_=as_)

    def _computed(self, table: str) -> set[str]:
        """Columns that the database computes, and nobody may write, not even in a copy of a row."""
        query = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''"
        return {row["attname"] for row in self.rows(query, table)}

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, *, as_: Principal) -> int:
        """Run a statement on behalf of a principal; returns how many rows it touched."""
        with self.world.services.db.transaction(as_=as_) as connection:
            cursor = connection.connection.cursor()
            cursor.execute(statement, values or {})
            return int(cursor.rowcount)

    def count(self, table: str, *, as_: Principal) -> int:
        with self.world.services.db.transaction(as_=as_) as connection:
            return count(connection, table)


def count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def settle(world: World, database: TestDatabase, run_jobs: Callable[[], None]) -> Household:
    identity = world.new_identity()
    patient, first = world.enrol(identity)
    (received,) = world.answer(patient, first)
    open_response(world.services, received, as_=world.alice)
    assess_response(world.services, received, as_=world.alice)
    _, second = world.enrol(identity, side=BodySide.LEFT)
    (completed,) = world.answer(patient, second)
    _, third = world.enrol(identity, side=BodySide.RIGHT)
    begun = world.give(world.start(patient, third), patient)
    run_jobs()
    _, waiting = world.enrol(identity, side=BodySide.BOTH)
    stranger, _ = world.enrol()
    world.enrol(by=world.charlie)
    with world.services.db.transaction(as_=patient) as connection:
        (task,) = tasks_of(connection, [waiting.id])
    return Household(
        world=world,
        database=database,
        patient=patient,
        stranger=stranger,
        outsider=System(world.charlie.provider_id),
        received=received,
        completed=completed,
        session_id=begun.session.id,
        waiting=waiting,
        waiting_task=task.id,
    )


def small_database(database: TestDatabase) -> Database:
    """A pool of one connection, so that whatever a transaction leaves behind is met by the next."""
    return Database(database.urls, pool_size=1)
