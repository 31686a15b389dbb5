"""Transactions on behalf of a principal.

``with db.transaction(as_=principal) as connection`` is the only way to the database. The principal decides the login,
the role and the row-level security settings, all LOCAL to the transaction, so that nothing leaks through the pool.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import sleep
from typing import TypeVar, assert_never
from uuid import UUID

import sqlalchemy as sa
import uuid6
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql import Insert

from survey_service.foundation.principals import (
    Gate,
    Operator,
    Patient,
    Principal,
    RecordSystem,
    Register,
    Staff,
    System,
    Translator,
)
from survey_service.settings import DatabaseUrls

T = TypeVar("T")

metadata = sa.MetaData()

# A waiting request is better refused than queued for ever; a forgotten transaction must not hold locks.
_SESSION_LIMITS = (
    "-c search_path=public,jobs -c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
)
# Serialisation failure and deadlock: the other transaction has won, ours can simply be done again.
_RETRIED_STATES = frozenset({"40001", "40P01"})
_ATTEMPTS = 3

_ENTER = sa.text(
    "SELECT set_config('role', coalesce(:role, 'none'), true), set_config('app.actor', :actor, true),"
    " set_config('app.provider', :provider, true), set_config('app.person', :person, true),"
    " set_config('app.register', :register, true), set_config('app.occasion', :occasion, true)"
)


def new_id() -> UUID:
    """A UUIDv7: made here, because an insert-only role cannot use RETURNING; in time order, for the indexes."""
    return uuid6.uuid7()


def insert_if_new(connection: Connection, statement: Insert) -> bool:
    """Run an INSERT … ON CONFLICT DO NOTHING; whether the row is new. Needs no RETURNING, hence no SELECT grant."""
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def among(column: sa.ColumnElement[UUID], ids: Collection[UUID]) -> sa.ColumnElement[bool]:
    """Whether the column is one of the ids: one parameter however many there are, where IN takes one for each, and is
    another statement to prepare for every number of them."""
    return column == sa.func.any(sa.cast(list(ids), sa.ARRAY(sa.Uuid)))


def refused_by(error: sa.exc.DBAPIError) -> str:
    """Name of the constraint, or of the rule of a trigger, that a row did not keep; empty where there is none."""
    return str(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or "")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the database is told about a principal. An empty setting matches no row."""

    login: str
    role: str | None = None
    actor: UUID | str = ""
    provider: UUID | str = ""
    person: UUID | str = ""
    register: UUID | str = ""
    occasion: UUID | str = ""


def _entry(principal: Principal) -> _Entry:
    match principal:
        case Gate():
            return _Entry(login="login", role="survey_gate")
        case Staff():
            return _Entry(login="login", role="survey_staff", actor=principal.staff_id, provider=principal.provider_id)
        case Patient():
            person = principal.person_id
            occasion = principal.occasion_id or ""
            return _Entry(login="login", role="survey_patient", actor=principal.acts, person=person, occasion=occasion)
        case Translator():
            return _Entry(login="login", role="survey_translator", actor=principal.translator_id)
        case Register():
            register = principal.register_id
            return _Entry(login="register", actor=register, register=register)
        case RecordSystem():
            return _Entry(
                login="login",
                role="survey_record_system",
                actor=principal.record_system_id,
                provider=principal.provider_id,
            )
        case System():
            return _Entry(login="worker", provider=principal.provider_id)
        case Operator():
            return _Entry(login="operator")
        case _:
            assert_never(principal)


class Database:
    """The service's database, with one pool for each login."""

    def __init__(self, urls: DatabaseUrls, *, pool_size: int = 8) -> None:
        self._engines: Mapping[str, Engine] = {
            login: make_engine(url, pool_size=pool_size)
            for login, url in {
                "login": urls.login,
                "register": urls.register,
                "worker": urls.worker,
                "operator": urls.operator,
            }.items()
        }

    @contextmanager
    def transaction(self, *, as_: Principal) -> Iterator[Connection]:
        """Commit at the end of the block, roll back if it raises. Nothing slow and nothing remote inside."""
        entry = _entry(as_)
        with reconnecting(lambda: self._entered(entry)) as connection:
            yield connection
            connection.commit()

    def _entered(self, entry: _Entry) -> Connection:
        connection = self._engines[entry.login].connect()
        try:
            connection.execute(
                _ENTER,
                {
                    "role": entry.role,
                    "actor": str(entry.actor),
                    "provider": str(entry.provider),
                    "person": str(entry.person),
                    "register": str(entry.register),
                    "occasion": str(entry.occasion),
                },
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def run(self, work: Callable[[Connection], T], *, as_: Principal) -> T:
        """``work`` in a transaction, done again when another transaction got in its way (40001, 40P01)."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.transaction(as_=as_) as connection:
                    return work(connection)
            except sa.exc.DBAPIError as error:
                if attempt == _ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _RETRIED_STATES:
                    raise
                sleep(0.02 * attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def is_ready(self) -> bool:
        """Whether every login can reach the database."""
        try:
            for engine in self._engines.values():
                reconnecting(partial(_look, engine))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        for engine in self._engines.values():
            engine.dispose()


def reconnecting(work: Callable[[], T]) -> T:
    """``work``, once more where the database had been away: the first to use a connection again learns of it.

    In place of asking each connection beforehand whether it is alive, a round trip on every request. Only for what has
    had no effect by then, or may be repeated.
    """
    try:
        return work()
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return work()


def _look(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine that never prints a value: parameters are hidden from errors and logs."""
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,
        connect_args={"options": _SESSION_LIMITS},
    )
    event.listen(engine, "connect", _prepare_sooner)
    return engine


def _prepare_sooner(dbapi_connection: object, _record: object) -> None:
    # psycopg prepares a statement at its fifth use; ours recur on every request.
    dbapi_connection.prepare_threshold = 2  # type: ignore[attr-defined]  # because SQLAlchemy types it as object
