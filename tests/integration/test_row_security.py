"""Row-level security, tried by SQL as each role: what is another's is neither seen, nor changed, nor added to."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege, UniqueViolation

from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Principal, Staff
from tests.architecture.catalogue import APPEND_ONLY, NOT_PERSONAL
from tests.conftest import TestDatabase
from tests.household import Household, Row, count, settle, small_database
from tests.world import World

OF_A_PERSON = (
    "patients", "enrolments", "occasions", "tasks", "messages", "dispatches", "dispatch_attempts", "notices_given",
    "sessions", "answers", "responses", "scores", "deliveries", "receipts", "readings", "assessments", "releases",
)  # fmt: skip
LOGINS = ("survey_login", "survey_register", "survey_worker", "survey_operator")


@pytest.fixture
def household(world: World, database: TestDatabase, run_jobs: Callable[[], None]) -> Household:
    return settle(world, database, run_jobs)


def refusal(household: Household, act: Callable[[], object]) -> type[Exception] | None:
    """By which error the database refuses, or None."""
    try:
        act()
    except psycopg.Error as error:
        return type(error)
    return None


# ---- seeing


def test_each_sees_their_own_rows_and_nobody_elses(household: Household) -> None:
    """A6"""
    world = household.world
    for table in OF_A_PERSON:
        of_patient = household.rows(
            f"SELECT count(*) AS n FROM {table} WHERE person_id = %s", household.patient.person_id
        )[0]["n"]
        of_provider = household.rows(
            f"SELECT count(*) AS n FROM {table} WHERE provider_id = %s", world.alice.provider_id
        )[0]["n"]
        assert of_patient > 0, table
        assert household.count(table, as_=household.patient) == of_patient, table
        assert household.count(table, as_=world.system) == of_provider, table
        assert household.count(table, as_=world.alice) == of_provider, table


def test_nobody_sees_the_rows_of_another_person_or_provider(household: Household) -> None:
    """A6"""
    for intruder in (household.stranger, household.world.charlie, household.outsider):
        with household.world.services.db.transaction(as_=intruder) as connection:
            for table in OF_A_PERSON:
                about = {"it": household.patient.person_id}
                seen = connection.execute(sa.text(f"SELECT count(*) FROM {table} WHERE person_id = :it"), about)
                assert seen.scalar_one() == 0, (intruder, table)


def test_those_who_need_no_patient_data_cannot_ask_for_it(household: Household) -> None:
    """B1"""
    closed = {*OF_A_PERSON, "persons", "register_choices", "register_pseudonyms", "audit_events"}
    for principal in (Gate(), Operator(), household.world.register):
        mine = {"releases"} if principal == household.world.register else set()
        assert {table for table in closed if not refused_to_read(household, table, principal)} == mine


def test_a_register_reads_its_own_releases_and_feed_and_no_others(household: Household) -> None:
    """B1"""
    for table in ("releases", "feed_entries", "register_feeds"):
        assert household.count(table, as_=household.world.register) == 1
    assert household.count("releases", as_=household.world.other_register) == 0
    assert household.count("feed_entries", as_=household.world.other_register) == 0


def refused_to_read(household: Household, table: str, principal: Principal) -> bool:
    try:
        household.count(table, as_=principal)
    except sa.exc.ProgrammingError as error:
        return isinstance(error.orig, InsufficientPrivilege)
    return False


def test_nobody_at_all_reads_persons_or_pseudonyms(household: Household) -> None:
    """B3"""
    everybody = (household.patient, household.world.alice, household.world.system)
    for table in ("persons", "register_pseudonyms"):
        assert all(refused_to_read(household, table, one) for one in everybody)


def test_the_peoples_login_can_do_nothing_outside_a_transaction_of_ours(database: TestDatabase) -> None:
    with database.connect("survey_login") as connection:
        connection.autocommit = True
        for table in (*OF_A_PERSON, *NOT_PERSONAL, "persons", "sign_ins", "audit_events"):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(f"SELECT FROM public.{table}".encode())
        with pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT FROM jobs.procrastinate_jobs")


@pytest.mark.parametrize("login", LOGINS)
def test_a_login_that_says_on_whose_behalf_it_acts_only_by_setting_still_is_itself(
    household: Household, login: str
) -> None:
    """Setting app.person without stepping into a role opens nothing; and no login can become another's role."""
    with household.database.connect(login) as connection:
        connection.autocommit = True
        others = {"survey_register", "survey_worker", "survey_operator", "survey_owner"} - {login}
        for role in others:
            with pytest.raises(InsufficientPrivilege):
                connection.execute(f"SET ROLE {role}".encode())
        connection.execute("SELECT set_config('app.person', %s, false)", [str(household.patient.person_id)])
        with pytest.raises(InsufficientPrivilege):
            connection.execute(f"SELECT FROM public.{'persons' if login == 'survey_worker' else 'answers'}".encode())


def test_a_role_without_settings_sees_nothing(household: Household) -> None:
    """An empty setting is what the pool leaves behind: it matches no row, and it is no error."""
    for role, login in (
        ("survey_staff", "survey_login"),
        ("survey_patient", "survey_login"),
        ("none", "survey_worker"),
    ):
        with household.database.connect(login) as connection:
            for value in (None, ""):
                connection.execute("SELECT set_config('role', %s, true)", [role])
                if value is not None:
                    connection.execute(
                        "SELECT set_config('app.person', '', true), set_config('app.provider', '', true)"
                    )
                assert connection.execute("SELECT count(*) FROM answers").fetchone() == (0,)
                connection.rollback()


def test_what_one_transaction_may_is_gone_in_the_next_on_the_same_connection(
    household: Household, database: TestDatabase
) -> None:
    db = small_database(database)
    with db.transaction(as_=household.patient) as connection:
        backend = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        assert count(connection, "answers") > 0
    with db.transaction(as_=household.stranger) as connection:
        assert connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() == backend
        assert count(connection, "answers") == 0
    with pytest.raises(sa.exc.ProgrammingError), db.transaction(as_=Gate()) as connection:
        count(connection, "answers")
    with db.transaction(as_=Gate()) as connection:
        left = connection.execute(
            sa.text("SELECT current_user, current_setting('app.person'), current_setting('app.provider')")
        ).one()
    assert left == ("survey_gate", "", "")
    db.close()


def test_a_transaction_that_fails_leaves_no_principal_behind(household: Household, database: TestDatabase) -> None:
    db = small_database(database)
    with pytest.raises(ZeroDivisionError), db.transaction(as_=household.world.alice):
        raise ZeroDivisionError
    (engine,) = {db._engines["login"]}
    with engine.connect() as connection:
        left = connection.execute(sa.text("SELECT current_user, current_setting('app.provider', true)")).one()
    assert left in {("survey_login", ""), ("survey_login", None)}
    db.close()


# ---- adding


def forged_by_patient(household: Household) -> dict[str, Row]:
    """Rows that another patient might write about this one: each would be true if this one wrote it."""
    task = household.row("tasks", id=household.waiting_task)
    session = household.row("sessions", id=household.session_id)
    response = household.row("responses", id=household.received)
    answer = household.row("answers", session_id=household.session_id, sequence=1)
    (score, *_) = household.rows("SELECT * FROM scores WHERE response_id = %s", household.received)
    (given, *_) = household.rows("SELECT * FROM notices_given")
    notice = given | {"id": new_id(), "occasion_id": task["occasion_id"]}
    asked = {"task_id": task["id"], "occasion_id": task["occasion_id"], "notice_id": notice["id"]}
    return {
        "notices_given": notice,
        "sessions": session | {"id": new_id()} | asked,
        "answers": answer | {"sequence": 2},
        "responses": response | {"id": new_id(), "session_id": household.session_id, "last_sequence": 2},
        "scores": score | {"variable": "made_up"},
    }


def forged_by_staff(household: Household, by: Staff) -> dict[str, Row]:
    """Rows that another provider's staff might write about this provider's patient."""
    enrolment = household.row("enrolments", id=household.waiting.enrolment_id)
    receipt = household.row("receipts", response_id=household.received)
    (reading,) = household.rows("SELECT * FROM readings")
    occasion = household.row("occasions", id=household.waiting.id)
    return {
        "enrolments": enrolment | {"id": new_id(), "request_id": new_id()},
        "occasions": occasion | {"id": new_id(), "code": "extra"},
        "tasks": household.row("tasks", id=household.waiting_task)
        | {"id": new_id(), "position": 2, "instrument": "eq5d-5l"},
        # In their own name: in another's, row-level security refuses before the key is looked at.
        "receipts": receipt | {"response_id": household.completed, "staff_id": by.staff_id},
        "readings": reading
        | {"read_at": household.world.services.clock()}
        | {"staff_id": household.world.bob.staff_id},
        "assessments": household.row("assessments", response_id=household.received)
        | {"response_id": household.completed},
    }


def forged_by_worker(household: Household) -> dict[str, Row]:
    """Rows that the service, at work for another provider, might write about this provider's patient."""
    (message, *_) = household.rows("SELECT * FROM messages")
    dispatch = household.row("dispatches", occasion_id=message["occasion_id"], channel="email")
    (attempt, *_) = household.rows("SELECT * FROM dispatch_attempts")
    (release,) = household.rows("SELECT * FROM releases")
    return {
        "messages": message | {"id": new_id()},
        "dispatches": dispatch | {"id": new_id(), "occasion_id": household.waiting.id},
        "dispatch_attempts": attempt | {"id": new_id(), "gateway_message_id": None},
        "releases": release | {"id": new_id(), "response_id": household.completed, "reference": new_id()},
    }


def test_a_patient_adds_nothing_to_another_patients_survey(household: Household) -> None:
    """Neither under the other's name, which the policy refuses, nor under their own, which the foreign keys refuse."""
    stranger = household.stranger
    for table, row in forged_by_patient(household).items():
        # An answer in another's name needs a mandate: row-level security refuses it before the key is looked at.
        own = row | {name: stranger.person_id for name in ("person_id", "answered_by") if name in row}
        assert refusal(household, lambda t=table, r=row: household.insert(t, r, as_=stranger)) is InsufficientPrivilege
        assert refusal(household, lambda t=table, r=own: household.insert(t, r, as_=stranger)) is ForeignKeyViolation, (
            table
        )


def test_staff_of_another_provider_add_nothing_about_a_patient(household: Household) -> None:
    """A6"""
    charlie = household.world.charlie
    for table, row in forged_by_staff(household, household.world.charlie).items():
        own = row | {"provider_id": charlie.provider_id}
        assert refusal(household, lambda t=table, r=row: household.insert(t, r, as_=charlie)) is InsufficientPrivilege
        assert refusal(household, lambda t=table, r=own: household.insert(t, r, as_=charlie)) is ForeignKeyViolation, (
            table
        )


def test_the_service_at_work_for_one_provider_writes_nothing_about_anothers_patient(household: Household) -> None:
    outsider = household.outsider
    for table, row in forged_by_worker(household).items():
        own = row | {"provider_id": outsider.provider_id}
        assert refusal(household, lambda t=table, r=row: household.insert(t, r, as_=outsider)) is InsufficientPrivilege
        assert refusal(household, lambda t=table, r=own: household.insert(t, r, as_=outsider)) is ForeignKeyViolation, (
            table
        )


def test_the_forged_rows_are_refused_for_whom_they_are_about_and_for_nothing_else(household: Household) -> None:
    """The same rows, written by the one who may: so the refusals above are not slips of the pen."""
    for table, row in forged_by_patient(household).items():
        household.insert(table, row, as_=household.patient)
    for table, row in forged_by_staff(household, household.world.alice).items():
        household.insert(table, row, as_=household.world.alice)
    for table, row in forged_by_worker(household).items():
        if table != "releases":  # what a release still lacks is in test_must_never_happen
            household.insert(table, row, as_=household.world.system)


def test_nobody_but_a_care_unit_orders(household: Household) -> None:
    """A1"""
    world = household.world
    enrolment = forged_by_staff(household, world.alice)["enrolments"]
    for principal in (household.patient, world.register, world.system, Gate(), Operator()):
        refused = refusal(household, lambda p=principal: household.insert("enrolments", enrolment, as_=p))
        assert refused is InsufficientPrivilege, principal


def test_a_patient_cannot_deliver_in_anothers_name(household: Household) -> None:
    row = household.row("deliveries", response_id=household.completed)
    assert refusal(household, lambda: household.insert("deliveries", row, as_=household.stranger)) is (
        InsufficientPrivilege
    )
    own = row | {"person_id": household.stranger.person_id}
    assert refusal(household, lambda: household.insert("deliveries", own, as_=household.stranger)) is UniqueViolation


# ---- changing


@pytest.mark.parametrize(
    "verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_nobody_changes_or_removes_what_is_appended(household: Household, verb: str) -> None:
    world = household.world
    for table in APPEND_ONLY:
        column = {
            "feed_entries": "release_id", "wordings": "locale", "agreement_variables": "variable",
            "rights_documents": "digest", "deployment": "demonstration", "translation_subjects": "kind",
            "source_texts": "forms", "translations": "forms", "translation_steps": "state",
            "evidence_documents": "digest", "translation_comments": "text", "glossary_terms": "term",
            "wording_decisions": "decision", "interface_versions": "texts",
        }  # fmt: skip
        statement = verb.format(table=table, column=column.get(table, "provider_id"))
        for principal in (household.patient, world.alice, world.system, world.register, Gate(), Operator()):
            refused = refusal(household, lambda s=statement, p=principal: household.execute(s, as_=p))
            assert refused is InsufficientPrivilege, (table, principal)


def test_what_may_be_changed_is_changed_by_its_owner_only(household: Household) -> None:
    world = household.world
    lock = "UPDATE sessions SET locked = locked"
    rename = "UPDATE patients SET locale = 'en'"
    assert household.execute(lock, as_=household.patient) > 0
    assert household.execute(lock, as_=household.stranger) == 0
    assert household.execute(rename, as_=world.alice) > 0
    assert household.execute(rename + f" WHERE person_id = '{household.patient.person_id}'", as_=world.charlie) == 0


def test_a_patient_cannot_be_moved_to_another_provider(household: Household) -> None:
    move = "UPDATE patients SET provider_id = %(there)s WHERE person_id = %(who)s"
    values: dict[str, Any] = {"there": household.world.charlie.provider_id, "who": household.stranger.person_id}
    assert refusal(household, lambda: household.execute(move, values, as_=household.world.alice)) is (
        InsufficientPrivilege
    )
