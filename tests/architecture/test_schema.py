"""The tables in the code are those of the migrated database, and every migration can be taken back."""

import importlib
import pkgutil
import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import Connection, sql
from sqlalchemy.dialects import postgresql

import migrations
import survey_service
from survey_service.demo.embedded import EmbeddedPostgres
from survey_service.foundation.db import metadata
from tests.conftest import TestDatabase, drop

# Tables of the database that the code has no business with, or reaches by functions only.
ONLY_IN_THE_DATABASE = {
    "alembic_version": "the schema's revision",
    "last_visits": "reached through last_visits_of",
    "letter_code_tries": "counted by take_letter_code",
    "persons": "reached through find_or_create_person and find_person",
}

Columns = dict[str, tuple[str, bool, bool]]


def tables_in_code() -> dict[str, Columns]:
    """Columns by table: type, whether null is allowed, whether part of the primary key."""
    for module in pkgutil.walk_packages(survey_service.__path__, "survey_service."):
        if module.name.endswith(".records"):
            importlib.import_module(module.name)
    dialect = postgresql.dialect()
    return {
        table.name: {
            column.name: (column.type.compile(dialect).lower(), bool(column.nullable), column.primary_key)
            for column in table.columns
        }
        for table in metadata.tables.values()
    }


def tables_in_database(connection: Connection[Any]) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for table, column, kind, nullable, is_key in connection.execute(
        """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                  coalesce(a.attnum = ANY(p.conkey), false)
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
           LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
           WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
    ):
        found.setdefault(table, {})[column] = (kind, nullable, is_key)
    return found


def differences(code: dict[str, Columns], database: dict[str, Columns]) -> list[str]:
    """One sentence for each table or column in which the two are not the same."""
    expected = set(database) - set(ONLY_IN_THE_DATABASE)
    return [
        *(f"{table} is not in the code" for table in sorted(expected - set(code))),
        *(f"{table} is not in the database" for table in sorted(set(code) - set(database))),
        *(
            f"{table}.{column}: {code[table].get(column)} in the code, {database[table].get(column)} in the database"
            for table in sorted(expected & set(code))
            for column in sorted(code[table] | database[table])
            if code[table].get(column) != database[table].get(column)
        ),
    ]


def test_the_tables_in_the_code_are_those_of_the_database(database: TestDatabase) -> None:
    with database.connect("survey_owner") as connection:
        assert differences(tables_in_code(), tables_in_database(connection)) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("CREATE TABLE notes (id uuid)", "notes is not in the code"),
        ("DROP TABLE readings", "readings is not in the database"),
        (
            "ALTER TABLE scores ALTER COLUMN method DROP NOT NULL",
            "scores.method: ('text', False, False) in the code, ('text', True, False) in the database",
        ),
        (
            "ALTER TABLE answers ADD COLUMN note text",
            "answers.note: None in the code, ('text', True, False) in the database",
        ),
    ],
)
def test_a_difference_is_named(change: str, sentence: str, database: TestDatabase) -> None:
    with database.connect("survey_owner") as connection:
        connection.execute(change.encode())
        assert sentence in differences(tables_in_code(), tables_in_database(connection))
        connection.rollback()


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[dict[str, str]]:
    """Names of two databases without a schema."""
    names = {tree: f"empty_{secrets.token_hex(6)}" for tree in (migrations.MAIN, migrations.KEYS)}
    migrations.prepare_cluster(postgres.admin_url, main=names[migrations.MAIN], keys=names[migrations.KEYS])
    yield names
    for name in names.values():
        drop(postgres, name)


def left_behind(connection: Connection[Any]) -> list[str]:
    """What a database holds beside the schema's revision."""
    ours = "NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')"
    rows = connection.execute(
        sql.SQL(
            f"""SELECT 'relation ' || relname FROM pg_class WHERE relnamespace {ours}
                UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace {ours}
                UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace {ours}
                UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE oid {ours} AND nspname <> 'public'
                UNION ALL SELECT 'policy ' || polname FROM pg_policy
                UNION ALL SELECT 'right of ' || a.grantee::regrole FROM pg_namespace n, aclexplode(n.nspacl) a
                    JOIN pg_roles r ON r.oid = a.grantee
                    WHERE r.rolname LIKE 'survey%' AND n.nspname = 'public' ORDER BY 1"""
        )
    ).fetchall()
    return [name for (name,) in rows if "alembic_version" not in name]


@pytest.mark.parametrize("tree", [migrations.MAIN, migrations.KEYS])
def test_migrations_go_up_and_down_and_up_again_and_leave_nothing_behind(
    tree: str, empty: dict[str, str], postgres: EmbeddedPostgres
) -> None:
    """G4"""
    url = postgres.url("survey_owner", empty[tree])
    with psycopg.connect(url, autocommit=True) as connection:
        before = left_behind(connection)
        migrations.upgrade(url, tree)
        there = left_behind(connection)
        migrations.downgrade(url, tree, "base")
        assert left_behind(connection) == before == []
        migrations.upgrade(url, tree)
        assert left_behind(connection) == there != []


def test_the_newest_migration_of_each_tree_is_one() -> None:
    """Two heads would mean that two steps were written beside each other."""
    for tree in (migrations.MAIN, migrations.KEYS):
        config = migrations._config("", tree)
        assert len(ScriptDirectory.from_config(config).get_heads()) == 1
