"""The database's own catalogue keeps the rules of ``catalogue``, and each rule is shown able to fail."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from tests.architecture import catalogue
from tests.architecture.catalogue import RULES, Rule
from tests.conftest import KEYS_TEMPLATE, TestDatabase

A_TABLE = "(id uuid PRIMARY KEY, provider_id uuid NOT NULL, person_id uuid NOT NULL"


@pytest.fixture
def catalog(database: TestDatabase) -> Iterator[Connection[Any]]:
    """The migrated database as the cluster's administrator, in a transaction that is rolled back: roles included."""
    with psycopg.connect(database.server.url("postgres", database.name)) as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_migrated_database_keeps(rule: Rule, catalog: Connection[Any]) -> None:
    """A2, A6, G2"""
    assert rule(catalog) == []


BREACHES = [
    (
        catalogue.tables_without_row_security,
        f"CREATE TABLE diagnoses {A_TABLE})",
        "diagnoses has no row-level security",
    ),
    (
        catalogue.tables_without_row_security,
        "CREATE TABLE notes (id uuid PRIMARY KEY, text text)",
        "notes has no row-level security",
    ),
    (
        catalogue.tables_without_row_security,
        "ALTER TABLE answers DISABLE ROW LEVEL SECURITY",
        "answers has no row-level security",
    ),
    (
        catalogue.tables_without_row_security,
        "ALTER TABLE wordings ADD COLUMN person_id uuid",
        "wordings is listed as not personal but has a person_id",
    ),
    (
        catalogue.tables_without_a_policy,
        "GRANT SELECT ON register_pseudonyms TO survey_staff",
        "register_pseudonyms is granted to survey_staff without a policy",
    ),
    (
        catalogue.tables_without_a_policy,
        "DROP POLICY patient ON answers",
        "answers is granted to survey_patient without a policy",
    ),
    (
        catalogue.tables_without_a_policy,
        "CREATE POLICY open ON scores USING (person_id IS NOT NULL)",
        "scores has a policy for everybody",
    ),
    (
        catalogue.policies_that_show_every_row,
        "CREATE POLICY curious ON scores TO survey_operator USING (true)",
        "scores shows every row to survey_operator",
    ),
    (
        catalogue.foreign_keys_without_owner,
        f"CREATE TABLE notes {A_TABLE}, response_id uuid REFERENCES responses)",
        "notes (response_id) refers to responses without provider_id and person_id",
    ),
    (
        catalogue.foreign_keys_without_owner,
        f"CREATE TABLE notes {A_TABLE}, unit_id uuid REFERENCES units)",
        "notes (unit_id) refers to units without provider_id",
    ),
    (
        catalogue.foreign_keys_without_owner,
        "CREATE TABLE notes (response_id uuid PRIMARY KEY REFERENCES responses)",
        "notes hangs on responses but has no person_id",
    ),
    (
        catalogue.personal_tables_without_a_parent,
        f"CREATE TABLE notes {A_TABLE})",
        "notes has a person_id that refers to nothing",
    ),
    (
        catalogue.columns_that_may_be_null,
        "ALTER TABLE answers ALTER COLUMN person_id DROP NOT NULL",
        "answers.person_id may be null",
    ),
    (catalogue.roles_with_power, "ALTER ROLE survey_worker SUPERUSER", "survey_worker is a superuser"),
    (catalogue.roles_with_power, "ALTER ROLE survey_staff BYPASSRLS", "survey_staff bypasses row-level security"),
    (catalogue.roles_with_power, "ALTER ROLE survey_operator CREATEROLE", "survey_operator may create roles"),
    (catalogue.roles_with_power, "ALTER ROLE survey_owner BYPASSRLS", "survey_owner bypasses row-level security"),
    (catalogue.roles_with_power, "ALTER TABLE scores OWNER TO survey_worker", "survey_worker owns something"),
    (
        catalogue.roles_with_company,
        "GRANT survey_staff TO survey_register",
        "survey_register is a member of survey_staff and inherits it",
    ),
    (
        catalogue.roles_with_company,
        "GRANT survey_staff TO survey_login WITH INHERIT TRUE",
        "survey_login is a member of survey_staff and inherits it",
    ),
    (
        catalogue.roles_with_company,
        "GRANT survey_owner TO survey_login WITH INHERIT FALSE",
        "survey_login is a member of survey_owner",
    ),
    (
        catalogue.append_only_tables_that_can_change,
        "GRANT UPDATE (value_sealed) ON answers TO survey_patient",
        "survey_patient may UPDATE answers",
    ),
    (
        catalogue.append_only_tables_that_can_change,
        "GRANT DELETE ON releases TO survey_worker",
        "survey_worker may DELETE releases",
    ),
    (
        catalogue.append_only_tables_that_can_change,
        "GRANT TRUNCATE ON audit_events_rest TO survey_operator",
        "survey_operator may TRUNCATE audit_events_rest",
    ),
    (
        catalogue.functions_that_lend_power,
        "CREATE FUNCTION lend() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT'",
        "lend() has no search path of its own",
    ),
    (
        catalogue.functions_that_lend_power,
        "CREATE FUNCTION lend() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT'",
        "lend() can be misled by a temporary table",
    ),
    (
        catalogue.functions_that_lend_power,
        "GRANT EXECUTE ON FUNCTION join_register TO PUBLIC",
        "join_register(uuid,uuid,uuid,timestamp with time zone) may be executed by everybody",
    ),
    (catalogue.enumerated_types, "CREATE TYPE mood AS ENUM ('good', 'bad')", "mood is an enum"),
    (
        catalogue.partitions_in_the_open,
        "CREATE TABLE audit_events_1999 PARTITION OF audit_events FOR VALUES FROM ('1999-01-01') TO ('2000-01-01')",
        "audit_events_1999 is a partition without row-level security",
    ),
    (
        catalogue.partitions_in_the_open,
        "GRANT SELECT ON messages_rest TO survey_patient",
        "messages_rest is a partition with a grant of its own",
    ),
    (catalogue.grants_to_everybody, "GRANT SELECT ON providers TO PUBLIC", "everybody may SELECT providers"),
    (catalogue.grants_to_everybody, "GRANT USAGE ON SCHEMA jobs TO PUBLIC", "everybody may USAGE jobs"),
]


@pytest.mark.parametrize(("rule", "breach", "sentence"), BREACHES, ids=[sentence for _, _, sentence in BREACHES])
def test_a_breach_is_named(rule: Rule, breach: str, sentence: str, catalog: Connection[Any]) -> None:
    catalog.execute("SET LOCAL search_path = public")
    catalog.execute(breach.encode())
    assert sentence in rule(catalog)


def test_every_rule_is_shown_able_to_fail() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)


def test_only_the_key_stores_own_login_reaches_person_keys_and_an_erasure_cannot_be_taken_back(postgres) -> None:
    """G3"""
    with psycopg.connect(postgres.url("postgres", KEYS_TEMPLATE)) as connection:
        granted = connection.execute(
            """SELECT c.relname, a.grantee::regrole::text, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
               FROM pg_class c, LATERAL aclexplode(c.relacl) a
               WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner GROUP BY 1, 2 ORDER BY 1"""
        ).fetchall()
    assert granted == [
        ("erasures", "survey_keys", "INSERT, SELECT"),
        ("person_keys", "survey_keys", "DELETE, INSERT, SELECT"),
    ]
