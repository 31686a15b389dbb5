"""Fixtures: one PostgreSQL a process, a database of its own for each test that wants one, and a small world in it.

alice works at a unit, bob at another unit of the same provider, charlie at another provider: what alice may, bob and
charlie may not.
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

# The test extra brings lxml, which the service does not have: openpyxl is to parse with defusedxml, as it does there.
os.environ["OPENPYXL_LXML"] = "False"

import psycopg
import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from joserfc.jwk import ECKey
from psycopg import sql

from instruments import Library
from notifications.channels import Gateway
from notifications.channels.memory import MemoryChannel
from survey_service.app import create_app
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.demo.people import LOA3
from survey_service.foundation.crypto import KeyWrapper, MemoryKeyStore, new_master_keyset
from survey_service.foundation.db import Database
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import InterfaceTexts
from survey_service.languages.use_cases import seed_wordings
from survey_service.notifying.jobs import Sending
from survey_service.settings import (
    DatabaseUrls,
    Environment,
    IdentityProvider,
    Mail,
    NoticeSettings,
    RecordSystemSettings,
    Settings,
)
from survey_service.worker import create_worker
from tests.world import World, make_world
from translations.catalogue import wordings_at_hand

T = TypeVar("T")

TEMPLATE = "survey_template"
WORLD_TEMPLATE = "survey_world_template"
KEYS_TEMPLATE = "survey_keys_template"
BASE_URL = "http://survey.test"
# For what a run of all tests keeps at once, several times over.
_ROOM = 4 * 2**30


class TestClock:
    """The time, as the test sets it. Starts at the real one, because the database has a clock of its own."""

    __test__ = False

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@contextmanager
def folder_for_a_server() -> Iterator[Path]:
    """A folder for a PostgreSQL of a test's own.

    Not below pytest's: every run that starts closes that one to other users, and as root the server is another user, so
    that two runs on one machine would end each other's server. In memory where there is room: a database is copied
    there in a fifth of the time.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    with TemporaryDirectory(prefix="survey-tests-", dir=memory if has_room else None) as folder:
        yield Path(folder)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    with folder_for_a_server() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The server, with template databases at the newest revision. Durability is off: nothing here is to be kept."""
    unsafe = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")
    with folder_for_a_server() as folder:
        server = EmbeddedPostgres(folder / "postgres", settings=unsafe)
        server.prepare(main=TEMPLATE, keys=KEYS_TEMPLATE)
        yield server
        server.stop()


@dataclass(frozen=True)
class TestDatabase:
    """A database of one test's own."""

    __test__ = False

    server: EmbeddedPostgres
    name: str

    @property
    def urls(self) -> DatabaseUrls:
        return self.server.urls(main=self.name)

    def connect(self, role: str) -> psycopg.Connection:
        """A bare connection as a login, to try by SQL what the code would not."""
        return psycopg.connect(self.server.url(role, self.name))


def clone(server: EmbeddedPostgres, template: str, name: str = "") -> str:
    name = name or f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER survey_owner")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        for role in ("survey_login", "survey_register", "survey_worker", "survey_operator", "survey_keys"):
            grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            connection.execute(grant.format(sql.Identifier(name), sql.Identifier(role)))
    return name


def drop(server: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[TestDatabase]:
    """Empty, or with the small world in it where the test asks for that."""
    if "world" in request.fixturenames:
        request.getfixturevalue("world_as_made")
    name = clone(postgres, WORLD_TEMPLATE if "world" in request.fixturenames else TEMPLATE)
    yield TestDatabase(postgres, name)
    drop(postgres, name)


@pytest.fixture
def keys_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A key store's database of this test's own."""
    name = clone(postgres, KEYS_TEMPLATE)
    yield postgres.url("survey_keys", name)
    drop(postgres, name)


@pytest.fixture(scope="session")
def shipped_library() -> Library:
    return Library.load()


@pytest.fixture(scope="session")
def library(shipped_library: Library) -> Library:
    """What the services of a test know; a file with instruments of its own puts them here."""
    return shipped_library


@pytest.fixture(scope="session")
def register_key() -> ECKey:
    return ECKey.generate_key("P-384", auto_kid=True)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def mailbox() -> MemoryChannel:
    return MemoryChannel()


@pytest.fixture
def settings(database: TestDatabase) -> Settings:
    return settings_for(database)


def settings_for(database: TestDatabase) -> Settings:
    identity = IdentityProvider("http://identity.test", "client", "secret", accepted_acr=(LOA3,))
    return Settings(
        environment=Environment.DEMONSTRATION,
        base_url=BASE_URL,
        databases=database.urls,
        secret_key=secrets.token_hex(16),
        master_keyset=new_master_keyset(),
        identity_key=secrets.token_bytes(32),
        token_key=json.loads(json.dumps(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))),
        patient_identity=identity,
        staff_identity=identity,
        mail=Mail("localhost", 25, "no-reply@example.se", starttls=False),
        operator_email="operator@example.se",
        # At every hour, at once and without end, so that what a test does not ask about is not in its way.
        notices=NoticeSettings(opens=time(0), closes=time(0), every_day=True, spread_seconds=0, most_invitations=1000),
        record_systems=RecordSystemSettings(
            signing_key=ECKey.generate_key("P-384", auto_kid=True).as_dict(private=True),  # type: ignore[arg-type]
        ),
    )


@pytest.fixture
def services(settings: Settings, clock: TestClock, library: Library, mailbox: MemoryChannel) -> Iterator[Services]:
    db = Database(settings.databases, pool_size=4)
    yield Services(
        settings=settings,
        db=db,
        keys=MemoryKeyStore(KeyWrapper(settings.master_keyset)),
        clock=clock,
        library=library,
        gateways=(Gateway("mail", "email", mailbox, per_second=1000),),
    )
    db.close()


@pytest.fixture(scope="session")
def world_as_made(postgres: EmbeddedPostgres, shipped_library: Library, register_key: ECKey) -> World:
    """The small world, made once and copied for each test that wants it: a database is copied sooner than it is filled.

    Its services are gone: use ``world``.
    """
    settings = settings_for(TestDatabase(postgres, clone(postgres, TEMPLATE, WORLD_TEMPLATE)))
    db = Database(settings.databases, pool_size=1)
    keys = MemoryKeyStore(KeyWrapper(settings.master_keyset))
    gateways = (Gateway("mail", "email", MemoryChannel()),)
    made = make_world(Services(settings, db, keys, TestClock(), shipped_library, gateways), register_key)
    db.close()  # nobody may be connected to what is copied
    return made


@pytest.fixture
def world(services: Services, world_as_made: World, shipped_library: Library) -> World:
    if services.library is not shipped_library:  # what a file has of its own is worded here too
        seed_wordings(services, wordings_at_hand(services.library, services.settings.instruments))
    return replace(world_as_made, services=services, _serial=count())


def work_off(services: Services) -> None:
    """Run every job that is due, as the worker would."""
    worker = create_worker(services)

    def work() -> None:
        worker.run(until_idle=True)
        # What is due by the test's clock, without waiting for the minute.
        Sending(services, InterfaceTexts(services))()

    without_event_loop(work)


def without_event_loop(work: Callable[[], T]) -> T:
    """Do what runs a worker in a thread of its own: a browser test keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@pytest.fixture
def run_jobs(services: Services) -> Callable[[], None]:
    """``work_off`` on the services of the test."""
    return partial(work_off, services)


class CompiledTemplates(BytecodeCache):
    """Templates as one test compiled them, for the next: each has an application of its own."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session")
def compiled_templates() -> CompiledTemplates:
    return CompiledTemplates()


@pytest.fixture
def app(services: Services, compiled_templates: CompiledTemplates) -> Flask:
    made = create_app(services)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


@pytest.fixture(scope="session")
def shared() -> Path:
    """Respondent-level reference data, which stays outside the project; a test says so when it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "reference"
    if not folder.is_dir():
        pytest.skip("needs the respondent-level data in shared/reference beside the checkout")
    return folder
