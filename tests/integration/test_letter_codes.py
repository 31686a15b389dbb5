"""The code in a letter: it opens one occasion as long as that is to be answered, and nothing else of anybody."""

import re
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from survey_service.access.letter_codes import code_for_letter, read_code, take_letter_code
from survey_service.access.rules import Role
from survey_service.delivery.flag_setting import set_letters_carry_codes
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Staff
from survey_service.people.rules import Identity
from survey_service.scheduling.enrolling import pause
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.enrolments import rows
from tests.integration.notices import letter_of
from tests.people_with_rights import colleague
from tests.world import World


@pytest.fixture
def manager(world: World) -> Staff:
    """Of alice's unit."""
    return colleague(world, Role.UNIT_MANAGER, name="mona")


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(name="Tyra Hemlighet")


@pytest.fixture
def here(world: World, identity: Identity, manager: Staff) -> Occasion:
    """An open occasion at a unit whose letters carry codes."""
    set_letters_carry_codes(world.services, True, as_=manager)
    return world.enrol(identity)[1]


def code_of(world: World, occasion: Occasion, dispatch_id: UUID) -> str:
    with world.services.db.transaction(as_=world.system) as connection:
        return code_for_letter(connection, world.services, dispatch_id=dispatch_id, occasion=occasion)


def made(world: World, database: TestDatabase, occasion: Occasion) -> str:
    """The code of a new letter about the occasion."""
    return code_of(world, occasion, letter_of(database, occasion))


def test_who_types_the_code_answers_the_one_occasion_at_home(
    world: World, app: Flask, database: TestDatabase, here: Occasion, identity: Identity
) -> None:
    """C1, A6"""
    _, other = world.enrol(identity, protocol="eq5d-only")
    home = Visitor(app)
    typed = made(world, database, here).lower().replace("-", " ").replace("0", "o")
    assert home.submit("/letter", "/letter", code=typed).headers["Location"] == f"/surveys/{here.id}"
    refused = ["/inbox", "/my-data", f"/surveys/{other.id}", f"/surveys/{here.id}/done", "/staff"]
    assert [home.get(path).status_code for path in refused] == [403] * 5
    assert "Hemlighet" not in home.get(f"/surveys/{here.id}").get_data(as_text=True)
    place = home.submit(f"/surveys/{here.id}", "/surveys/").headers["Location"]
    while place.startswith("/sessions/"):
        place = home.submit(place, "/sessions/", value="2").headers["Location"]
    assert place == "/letter/done"
    assert home.get(place).headers["Location"] == "/letter/thanks"
    assert rows(database, "SELECT mode FROM sessions") == [("web",)]
    assert home.get(f"/surveys/{here.id}").status_code == 303


def test_a_letter_printed_again_carries_the_same_code_and_another_letter_another(
    world: World, database: TestDatabase, here: Occasion
) -> None:
    letter = letter_of(database, here)
    code = code_of(world, here, letter)
    assert code_of(world, here, letter) == code
    _, other = world.enrol()
    assert made(world, database, other) != code
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)


def test_a_code_can_be_typed_again_until_the_occasion_is_answered(
    world: World, database: TestDatabase, here: Occasion
) -> None:
    """Who has stopped goes on with it; who has finished cannot."""
    code = made(world, database, here)
    for _ in range(2):
        assert take_letter_code(world.services, code, source="a")[1] == here.id
    world.answer(Patient(here.person_id), here)
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="a")


def test_a_code_ends_with_the_time_to_answer(
    world: World, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    code = made(world, database, here)
    clock.now = here.closes_at
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="a")


def test_a_code_of_an_order_that_is_paused_opens_nothing(world: World, database: TestDatabase, here: Occasion) -> None:
    code = made(world, database, here)
    pause(world.services, here.enrolment_id, as_=world.alice)
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="a")


def test_a_unit_that_takes_codes_away_takes_those_that_were_sent(
    world: World, database: TestDatabase, here: Occasion, manager: Staff
) -> None:
    code = made(world, database, here)
    set_letters_carry_codes(world.services, False, as_=manager)
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="a")
    assert code_of(world, here, new_id()) == ""


def test_only_a_manager_lets_letters_carry_codes(world: World) -> None:
    with pytest.raises(AccessDenied):
        set_letters_carry_codes(world.services, True, as_=world.alice)


def test_who_guesses_is_told_to_wait_and_then_even_a_right_code_waits(
    world: World, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    """The limit is the database's: no process has to remember it."""
    code = made(world, database, here)
    for _ in range(20):
        with pytest.raises(BadInput, match="not right"):
            take_letter_code(world.services, "0000-0000-0000", source="guesser")
    with pytest.raises(BadInput, match="Wait an hour"):
        take_letter_code(world.services, code, source="guesser")
    assert take_letter_code(world.services, code, source="somebody else")[1] == here.id
    clock.advance(timedelta(hours=1, minutes=1))
    assert take_letter_code(world.services, code, source="guesser")[1] == here.id


def test_a_code_that_goes_round_stops_working(world: World, database: TestDatabase, here: Occasion) -> None:
    code = made(world, database, here)
    for number in range(30):
        take_letter_code(world.services, code, source=str(number))
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="one more")


def test_a_visit_that_stands_idle_has_ended(
    world: World, app: Flask, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    home = Visitor(app)
    home.submit("/letter", "/letter", code=made(world, database, here))
    assert home.get(f"/surveys/{here.id}").status_code == 200
    clock.advance(timedelta(minutes=10))
    assert home.get(f"/surveys/{here.id}").status_code == 303


def test_what_is_no_code_is_refused_without_being_shown_again(app: Flask, world: World) -> None:
    answer = Visitor(app).submit("/letter", "/letter", code="HEMLIGT")
    assert answer.status_code == 400
    assert "HEMLIGT" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("abcd efgh jkmn", "ABCDEFGHJKMN"),
        ("OIL0-0000-0000", "011000000000"),
        ("ABCD-EFGH-JKM", None),
        ("ABCD-EFGH-JKMU", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_it_was_meant(typed: str, read: str | None) -> None:
    assert read_code(typed) == read


def test_a_visit_is_logged(world: World, database: TestDatabase, here: Occasion) -> None:
    """G1"""
    take_letter_code(world.services, made(world, database, here), source="a")
    logged = "SELECT person_id, object_id FROM audit_events WHERE object_kind = 'letter_code'"
    assert rows(database, logged) == [(here.person_id, here.id)]


# ---- by SQL


def test_no_code_is_made_for_another_occasion_than_the_letters(
    world: World, database: TestDatabase, here: Occasion
) -> None:
    patient_here = world.enrol()[1]
    letter = letter_of(database, here)
    with database.connect("survey_owner") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO letter_codes (dispatch_id, provider_id, person_id, occasion_id, code_digest, made_at)"
            " VALUES (%s, %s, %s, %s, sha256('x'), now())",
            (letter, patient_here.provider_id, here.person_id, patient_here.id),
        )


@pytest.mark.parametrize("table", ["letter_codes", "letter_code_tries"])
@pytest.mark.parametrize("role", ["survey_gate", "survey_staff", "survey_patient"])
def test_nobody_reads_codes_or_who_tried(world: World, database: TestDatabase, table: str, role: str) -> None:
    with database.connect("survey_login") as connection:
        connection.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {table}")


def test_the_gate_makes_no_visit_but_by_a_code(world: World, database: TestDatabase, here: Occasion) -> None:
    with database.connect("survey_login") as connection:
        connection.execute("SET LOCAL ROLE survey_gate")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO letter_visits VALUES (%s, %s, %s, %s, sha256('x'), now(), now())",
                (new_id(), here.provider_id, here.person_id, here.id),
            )


def test_an_earlier_time_gives_no_code_back(
    world: World, database: TestDatabase, here: Occasion, clock: TestClock
) -> None:
    code = made(world, database, here)
    with database.connect("postgres") as connection:
        days = "opens_at = now() - interval '9 days', due_at = now() - interval '1 day', closes_at = now()"
        connection.execute(f"UPDATE occasions SET {days} WHERE id = %s", (here.id,))
    clock.now -= timedelta(days=2)
    with pytest.raises(BadInput):
        take_letter_code(world.services, code, source="a")
