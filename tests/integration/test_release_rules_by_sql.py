"""What may not be released, tried by SQL against the database's own judgement: each rule, each role, races."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege

from survey_service.delivery.use_cases import open_response
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Principal
from survey_service.registers.agreeing import end_agreement
from survey_service.registers.releasing import release_batch
from survey_service.registers.tenants import activate_register, agree, suspend_register
from tests.conftest import TestClock, TestDatabase
from tests.household import Household, Row, settle
from tests.world import AGREED, World


@pytest.fixture
def household(world: World, database: TestDatabase, run_jobs: Callable[[], None]) -> Household:
    return settle(world, database, run_jobs)


@pytest.fixture
def release(household: Household) -> Row:
    """A release of the completed response that may be written: received just now, and all else as it should be."""
    open_response(household.world.services, household.completed, as_=household.world.alice)
    (there,) = household.rows("SELECT * FROM releases")
    (session,) = household.rows(
        "SELECT s.notice_id FROM sessions s JOIN responses r ON r.session_id = s.id WHERE r.id = %s",
        household.completed,
    )
    return there | {
        "id": new_id(),
        "response_id": household.completed,
        "notice_id": session["notice_id"],
        "reference": new_id(),
        "released_at": household.world.services.clock(),
    }


def refused_by(household: Household, row: Row) -> str | None:
    """The rule that the database names, as it refuses the service itself."""
    try:
        household.insert("releases", row, as_=household.world.system)
    except CheckViolation as refused:
        return refused.diag.constraint_name
    return None


def owner(household: Household, statement: str, *values: Any) -> None:
    """As nobody of the service could: a truth that is changed under it."""
    with household.database.connect("survey_owner") as connection:
        connection.execute(statement.encode(), values)


def test_the_release_that_the_others_spoil_is_right(household: Household, release: Row) -> None:
    assert refused_by(household, release) is None


@pytest.mark.parametrize("side", ["provider", "register"])
def test_an_agreement_that_one_side_has_not_approved_releases_nothing(
    household: Household, release: Row, side: str
) -> None:
    """B2"""
    owner(household, "DELETE FROM agreement_approvals WHERE side = %s", side)
    assert refused_by(household, release) == "releases_agreement_approved"
    assert release_batch(household.world.services, [household.completed], as_=household.world.system) == 0


def test_an_approval_of_tomorrow_releases_nothing_today(household: Household, release: Row) -> None:
    """B2"""
    owner(household, "UPDATE agreement_approvals SET approved_at = now() + interval '1 day'")
    assert refused_by(household, release) == "releases_agreement_approved"


@pytest.mark.parametrize("change", ["valid_from = now() + interval '1 day'", "valid_until = now() - interval '0'"])
def test_an_agreement_that_has_not_begun_or_has_ended_releases_nothing(
    household: Household, release: Row, change: str, clock: TestClock
) -> None:
    """B2"""
    owner(household, f"UPDATE agreements SET {change}")
    clock.advance(timedelta(minutes=5))
    later = release | {"released_at": clock()}
    assert refused_by(household, later) == "releases_agreement_in_force"
    assert release_batch(household.world.services, [household.completed], as_=household.world.system) == 0


def test_an_agreement_that_was_replaced_releases_nothing_even_when_the_next_has_ended(
    household: Household, release: Row, clock: TestClock
) -> None:
    """B2"""
    world = household.world
    provider_id, register_id = world.alice.provider_id, world.register.register_id
    following = agree(world.services, provider_id=provider_id, register_id=register_id, variables=AGREED[:1])
    assert refused_by(household, release) == "releases_agreement_superseded"
    clock.advance(timedelta(minutes=1))
    end_agreement(world.services, following, as_=Operator())
    assert refused_by(household, release | {"released_at": clock()}) == "releases_agreement_superseded"
    assert release_batch(world.services, [household.completed], as_=world.system) == 0


def test_nothing_is_released_to_a_register_that_is_not_active(household: Household, release: Row) -> None:
    """B2"""
    world = household.world
    suspend_register(world.services, world.register.register_id, note="an inspection")
    assert refused_by(household, release) == "releases_register_active"
    assert release_batch(world.services, [household.completed], as_=world.system) == 0
    activate_register(world.services, world.register.register_id, note="all is well")
    assert refused_by(household, release) is None


def test_nothing_is_released_before_the_review_hold_is_over(
    household: Household, release: Row, clock: TestClock
) -> None:
    owner(household, "UPDATE agreements SET review_hold_hours = 24")
    clock.advance(timedelta(hours=24) - timedelta(seconds=1))
    assert refused_by(household, release | {"released_at": clock()}) == "releases_review_hold"
    assert release_batch(household.world.services, [household.completed], as_=household.world.system) == 0
    clock.advance(timedelta(seconds=1))
    assert refused_by(household, release | {"released_at": clock()}) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agreements SET look_back = current_date + 2",
        "UPDATE enrolments SET legal_regime = 'social_service'",
    ],
)
def test_what_is_older_than_the_look_back_or_of_social_service_is_not_released(
    household: Household, release: Row, change: str
) -> None:
    """A1, B9"""
    owner(household, change)
    assert refused_by(household, release) == "releases_look_back_or_regime"
    assert release_batch(household.world.services, [household.completed], as_=household.world.system) == 0


def test_a_score_that_no_agreement_names_is_not_released(household: Household, release: Row) -> None:
    """B2"""
    score = release["payload"]["scores"][0]
    more = release["payload"] | {"scores": [score, score | {"variable": "promis_anxiety.theta"}]}
    assert refused_by(household, release | {"payload": more}) == "releases_agreed_variables"


def test_answers_given_before_the_notice_are_not_released(household: Household, release: Row) -> None:
    """B5"""
    owner(household, "UPDATE notices_given SET given_at = given_at + interval '1 day'")
    assert refused_by(household, release) == "releases_notice_before"
    assert release_batch(household.world.services, [household.completed], as_=household.world.system) == 0


@pytest.mark.parametrize("subject", [None, "19121212-1212", str(UUID(int=7)), "a" * 64])
def test_another_identifier_than_the_agreed_one_is_not_released(
    household: Household, release: Row, subject: str | None
) -> None:
    """B3"""
    named = release | {"payload": release["payload"] | {"subject": subject}}
    assert refused_by(household, named) == "releases_agreed_identifier"


@pytest.mark.parametrize("subject", [None, "191212121212", str(UUID(int=7))])
def test_under_a_keyed_pseudonym_nothing_but_a_digest_names_the_patient(
    household: Household, release: Row, subject: str | None
) -> None:
    """B3"""
    owner(household, "UPDATE agreements SET identifier = 'keyed_pseudonym'")
    named = release | {"payload": release["payload"] | {"subject": subject}}
    assert refused_by(household, named) == "releases_agreed_identifier"
    digest = release | {"payload": release["payload"] | {"subject": "0f" * 32}}
    assert refused_by(household, digest) is None


def test_under_a_personal_number_the_open_part_names_nobody(household: Household, release: Row) -> None:
    """B3"""
    owner(household, "UPDATE agreements SET identifier = 'personal_number', identifier_reason = 'linkage'")
    assert refused_by(household, release) == "releases_agreed_identifier"
    assert refused_by(household, release | {"payload": release["payload"] | {"subject": None}}) is None


def test_nothing_sealed_goes_along_unless_it_was_agreed(household: Household, release: Row) -> None:
    """B2"""
    assert refused_by(household, release | {"sealed": b"x"}) == "releases_agreed_item_answers"
    owner(
        household,
        "INSERT INTO agreement_item_answers (agreement_id, instrument) SELECT id, 'eq5d-5l' FROM agreements",
    )
    assert refused_by(household, release | {"sealed": b"x"}) == "releases_agreed_item_answers"
    owner(
        household,
        "INSERT INTO agreement_item_answers (agreement_id, instrument) SELECT id, 'promis-anxiety' FROM agreements",
    )
    assert refused_by(household, release | {"sealed": b"x"}) is None


# ---- who says yes, and who ends


def approval(household: Household, **changes: Any) -> Row:
    world = household.world
    agreement = agree_on_nothing_yet(household)
    return {
        "agreement_id": agreement["id"],
        "provider_id": agreement["provider_id"],
        "register_id": agreement["register_id"],
        "side": "provider",
        "approved_at": world.services.clock(),
        "staff_id": world.alice.staff_id,
        "approved_by": "Alice Ask",
        "document": None,
    } | changes


def agree_on_nothing_yet(household: Household) -> Row:
    owner(household, "DELETE FROM releases")
    owner(household, "DELETE FROM agreement_approvals")
    (agreement,) = household.rows("SELECT * FROM agreements")
    return agreement


def test_nobody_approves_for_a_provider_but_the_manager_of_a_unit_of_it(household: Household) -> None:
    """A4, B2"""
    world = household.world
    wanted = approval(household)
    tried: list[tuple[Principal, dict[str, Any]]] = [
        (world.alice, {}),  # a clinician
        (world.alice, {"side": "register"}),
        (world.alice, {"staff_id": None}),
        (world.bob, {}),
        (world.charlie, {"staff_id": world.charlie.staff_id}),
        (household.patient, {}),
        (world.system, {}),
        (world.register, {"staff_id": None}),
        (world.register, {"staff_id": None, "side": "register"}),
        (Gate(), {}),
        (Operator(), {"staff_id": None}),  # without a document
        (Operator(), {"document": "x"}),  # in a clinician's name
    ]
    for principal, changes in tried:
        with pytest.raises(InsufficientPrivilege):
            household.insert("agreement_approvals", wanted | changes, as_=principal)
    owner(household, "UPDATE commissions SET role = 'unit_manager' WHERE staff_id = %s", world.alice.staff_id)
    household.insert("agreement_approvals", wanted, as_=world.alice)


def test_a_register_approves_its_own_agreements_and_for_itself_alone(household: Household) -> None:
    """B2"""
    world = household.world
    values = {"agreement": agree_on_nothing_yet(household)["id"]}
    call = "SELECT approve_for_register(%(agreement)s, 'me', now())"
    everybody: list[Principal] = [world.alice, household.patient, world.system, Gate(), Operator()]
    for principal in everybody:
        with pytest.raises(InsufficientPrivilege):
            household.execute(call, values, as_=principal)
    household.execute(call, values, as_=world.other_register)
    assert household.rows("SELECT * FROM agreement_approvals") == []
    household.execute(call, values, as_=world.register)
    assert [row["side"] for row in household.rows("SELECT * FROM agreement_approvals")] == ["register"]


def test_what_was_agreed_never_changes_and_what_has_ended_does_not_go_on(household: Household) -> None:
    """B2"""
    world = household.world
    for column in ("identifier = 'keyed_pseudonym'", "review_hold_hours = 0", "look_back = NULL", "valid_from = now()"):
        with pytest.raises(InsufficientPrivilege):
            household.execute(f"UPDATE agreements SET {column}", as_=Operator())
    for table in ("agreement_variables", "agreement_item_answers", "agreement_approvals"):
        with pytest.raises(InsufficientPrivilege):
            household.execute(f"DELETE FROM {table}", as_=Operator())
    everybody: list[Principal] = [world.alice, household.patient, world.system, world.register, Gate()]
    for principal in everybody:
        with pytest.raises(InsufficientPrivilege):
            household.execute("UPDATE agreements SET valid_until = now()", as_=principal)
    household.execute("UPDATE agreements SET valid_until = now() + interval '1 day'", as_=Operator())
    for longer in ("NULL", "now() + interval '2 days'"):
        with pytest.raises(CheckViolation, match="not made to last longer"):
            household.execute(f"UPDATE agreements SET valid_until = {longer}", as_=Operator())


def test_only_a_manager_ends_for_the_provider_and_only_its_own(household: Household) -> None:
    """A4"""
    world = household.world
    (agreement,) = household.rows("SELECT id FROM agreements")
    values = {"agreement": agreement["id"]}
    call = "SELECT end_own_agreement(%(agreement)s, now() + interval '1 second')"
    everybody: list[Principal] = [world.alice, world.charlie, household.patient, world.register, world.system]
    for principal in everybody:
        with pytest.raises(InsufficientPrivilege):
            household.execute(call, values, as_=principal)
    owner(household, "UPDATE commissions SET role = 'unit_manager'")
    household.execute(call, values, as_=world.charlie)
    assert household.row("agreements", id=agreement["id"])["valid_until"] is None
    household.execute(call, values, as_=world.alice)
    assert household.row("agreements", id=agreement["id"])["valid_until"] is not None


@pytest.mark.parametrize("missing", ["cpua_authority = ' '", "legal_ground = ''", "contact = ' '", "jwks = '{}'"])
def test_a_register_is_not_active_without_what_it_takes_whoever_says_so(household: Household, missing: str) -> None:
    """B2"""
    with pytest.raises(CheckViolation):
        household.execute(f"UPDATE registers SET {missing}", as_=Operator())


def test_a_retired_register_stays_retired(household: Household) -> None:
    """B2"""
    household.execute("UPDATE registers SET state = 'retired'", as_=Operator())
    for state in ("draft", "active", "suspended"):
        with pytest.raises(CheckViolation):
            household.execute(f"UPDATE registers SET state = '{state}'", as_=Operator())


def test_no_register_reads_or_replaces_the_key_of_another_or_its_own(household: Household) -> None:
    """B3"""
    world = household.world
    everybody: list[Principal] = [world.alice, household.patient, world.register, Gate()]
    for principal in everybody:
        with pytest.raises(InsufficientPrivilege):
            household.execute("SELECT * FROM register_pseudonym_keys", as_=principal)
    for statement in ("UPDATE register_pseudonym_keys SET sealed = 'x'", "DELETE FROM register_pseudonym_keys"):
        with pytest.raises(InsufficientPrivilege):
            household.execute(statement, as_=Operator())


# ---- races


@contextmanager
def held_feed(database: TestDatabase, register_id: UUID) -> Iterator[None]:
    """While the block runs, a release waits at its last step."""
    with database.connect("survey_owner") as connection:
        connection.execute("SELECT FROM register_feeds WHERE register_id = %s FOR UPDATE", [register_id])
        yield


def wait_until_waiting(database: TestDatabase, sessions: int) -> None:
    deadline = monotonic() + 4
    with database.connect("survey_owner") as connection:
        connection.autocommit = True
        while monotonic() < deadline:
            found = connection.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
                " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
            ).fetchone()
            if found == (sessions,):
                return
            sleep(0.01)
    raise AssertionError("nobody came to wait")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.mark.parametrize("what", ["end", "suspend"])
def test_an_end_or_a_suspension_waits_for_the_release_under_way_and_comes_after_it(
    household: Household, pool: ThreadPoolExecutor, what: str
) -> None:
    """B2"""
    world, register_id = household.world, household.world.register.register_id
    open_response(world.services, household.completed, as_=world.alice)
    (agreement,) = household.rows("SELECT id FROM agreements")
    with held_feed(household.database, register_id):
        releasing = pool.submit(release_batch, world.services, [household.completed], as_=world.system)
        wait_until_waiting(household.database, 1)
        stopping = (
            pool.submit(end_agreement, world.services, agreement["id"], as_=Operator())
            if what == "end"
            else pool.submit(suspend_register, world.services, register_id, note="an inspection")
        )
        wait_until_waiting(household.database, 2)
        assert not stopping.done()
    assert releasing.result() == 1
    stopping.result()
    assert release_batch(world.services, [household.completed], as_=world.system) == 0


@pytest.mark.parametrize("statement", ["UPDATE agreements SET valid_until = %s", "UPDATE registers SET state = %s"])
def test_a_release_that_meets_an_end_or_a_suspension_under_way_is_not_written(
    household: Household, pool: ThreadPoolExecutor, statement: str
) -> None:
    """B2"""
    world = household.world
    open_response(world.services, household.completed, as_=world.alice)
    value = world.services.clock() if "agreements" in statement else "suspended"
    with household.database.connect("survey_operator") as connection:
        connection.execute(statement.encode(), [value])
        releasing = pool.submit(release_batch, world.services, [household.completed], as_=world.system)
        wait_until_waiting(household.database, 1)
    assert releasing.result() == 0
    assert len(household.rows("SELECT * FROM releases")) == 1
