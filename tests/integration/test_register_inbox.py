"""What a register tells us takes effect at once, once, and is read by nobody but those it concerns."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from psycopg.errors import InsufficientPrivilege
from werkzeug.test import TestResponse

from survey_service.delivery.use_cases import open_response
from survey_service.foundation.principals import Operator, Patient
from survey_service.registers.inbox_queries import unconfirmed_erasures
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from tests.browsing import Visitor
from tests.conftest import BASE_URL, TestDatabase
from tests.integration.pulling import INBOX, ask, claims, feed, signed
from tests.world import World

Tell = Callable[..., TestResponse]


@pytest.fixture
def tell(client: FlaskClient, bearer: dict[str, str]) -> Tell:
    """A message of the first register; a new one unless ``id`` says otherwise."""

    def send(**message: Any) -> TestResponse:
        return client.post(INBOX, json={"id": str(uuid4())} | message, headers=bearer, base_url=BASE_URL)

    return send


@pytest.fixture
def patient(world: World) -> Patient:
    """Somebody with one released result."""
    found, occasion = world.enrol(world.new_identity(name="Tyra Hemlig"))
    (response_id,) = world.answer(found, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    return found


@pytest.fixture
def result(patient: Patient, client: FlaskClient, bearer: dict[str, str]) -> dict[str, Any]:
    """What the register was told of that result."""
    (entry,) = feed(client, bearer).get_json()["entries"]
    return dict(entry["result"])


def messages(database: TestDatabase) -> list[tuple[Any, ...]]:
    with database.connect("postgres") as connection:
        return connection.execute("SELECT kind, person_id FROM register_messages").fetchall()


def the_order(client: FlaskClient, bearer: dict[str, str]) -> str:
    (order,) = [entry["order"] for entry in feed(client, bearer).get_json()["entries"] if entry["kind"] == "erasure"]
    return str(order)


def test_an_order_to_erase_is_confirmed_once(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], world: World, patient: Patient, database: TestDatabase
) -> None:
    """B4"""
    object_to_register(world.services, world.register.register_id, as_=patient)
    order = the_order(client, bearer)
    assert tell(kind="erasure_confirmed", order=order).get_json()["new"] is True
    assert tell(kind="erasure_confirmed", order=order).get_json()["new"] is False
    assert messages(database) == [("erasure_confirmed", patient.person_id)]


def test_an_order_of_another_register_cannot_be_confirmed(
    client: FlaskClient, bearer: dict[str, str], world: World, patient: Patient, register_key: ECKey, database
) -> None:
    """B1"""
    object_to_register(world.services, world.register.register_id, as_=patient)
    order = the_order(client, bearer)
    token = ask(client, signed(register_key, claims(iss="second", sub="second"))).get_json()["access_token"]
    message = {"id": str(uuid4()), "kind": "erasure_confirmed", "order": order}
    answer = client.post(INBOX, json=message, headers={"Authorization": f"Bearer {token}"}, base_url=BASE_URL)
    assert (answer.status_code, list(answer.get_json()["fields"])) == (400, ["order"])
    assert messages(database) == []


@pytest.mark.parametrize("by", ["subject", "response"])
def test_an_objection_told_to_the_register_takes_effect_here_at_once(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], result: dict[str, Any], by: str
) -> None:
    """B4"""
    assert tell(kind="objection_received", **{by: result[by]}).status_code == 200
    assert [entry["kind"] for entry in feed(client, bearer).get_json()["entries"]] == ["withdrawn", "erasure"]


@pytest.mark.parametrize("by", ["subject", "response"])
def test_an_objection_sent_again_changes_nothing(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], result: dict[str, Any], database: TestDatabase, by: str
) -> None:
    message = {"id": str(uuid4()), "kind": "objection_received", by: result[by]}
    assert [tell(**message).get_json()["new"] for _ in range(3)] == [True, False, False]
    assert len(feed(client, bearer).get_json()["entries"]) == 2
    assert len(messages(database)) == 1


def test_the_objection_holds_for_what_is_answered_later(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], result: dict[str, Any], world: World, patient: Patient
) -> None:
    """B4"""
    tell(kind="objection_received", subject=result["subject"])
    with world.services.db.transaction(as_=patient) as connection:
        from survey_service.registers.queries import my_objections

        assert my_objections(connection) == {world.register.register_id}


def test_a_person_that_the_register_computes_a_name_for_is_found_by_it(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], result: dict[str, Any], database: TestDatabase
) -> None:
    """B3"""
    computed = "ab" * 32
    with database.connect("postgres") as connection:
        connection.execute(
            "UPDATE releases SET payload = payload || jsonb_build_object('subject', %s::text)", [computed]
        )
    assert tell(kind="objection_received", subject=computed).status_code == 200


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "objection_received", "subject": "somebody"},
        {"kind": "objection_received", "subject": str(UUID(int=1))},
        {"kind": "objection_received", "response": str(UUID(int=1))},
        {"kind": "data_query", "response": str(UUID(int=1)), "text": "Why?"},
        {"kind": "erasure_confirmed", "order": str(UUID(int=1))},
    ],
    ids=str,
)
def test_what_the_register_was_never_given_is_refused(tell: Tell, message: dict[str, str]) -> None:
    """B12"""
    assert (tell(**message).status_code, tell(**message).get_json()["code"]) == (400, "bad-input")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "hello"},
        {"kind": "erasure_confirmed"},
        {"kind": "objection_received"},
        {"kind": "objection_received", "subject": "a", "response": str(UUID(int=1))},
        {"kind": "data_query", "response": str(UUID(int=1))},
        {"kind": "data_query", "response": str(UUID(int=1)), "text": "x" * 2001},
        {"kind": "data_query", "response": "x", "text": "?"},
        {"kind": "data_query", "response": str(UUID(int=1)), "text": "?", "order": str(UUID(int=1))},
        {"kind": "erasure_confirmed", "order": str(UUID(int=1)), "id": "1"},
    ],
    ids=str,
)
def test_half_a_message_is_refused(tell: Tell, message: dict[str, str]) -> None:
    """B12"""
    assert tell(**message).status_code == 422


def test_a_question_reaches_the_unit_and_no_other_and_looking_is_logged(
    tell: Tell, result: dict[str, Any], world: World, app: Flask, database: TestDatabase
) -> None:
    """B12, G2"""
    text = "Is the left knee meant, where the procedure says right?"
    assert tell(kind="data_query", response=result["response"], text=text).status_code == 200
    shown = {
        name: Visitor(app, world.staff_cookie(who)).get("/staff/queries").get_data(as_text=True)
        for name, who in {"alice": world.alice, "bob": world.bob, "charlie": world.charlie}.items()
    }
    assert {name: text in page for name, page in shown.items()} == {"alice": True, "bob": False, "charlie": False}
    assert "Tyra Hemlig" in shown["alice"]
    assert "Register first" in shown["alice"]
    with database.connect("postgres") as connection:
        logged = connection.execute("SELECT actor_id FROM audit_events WHERE object_kind = 'register_query'").fetchall()
    assert logged == [(world.alice.staff_id,)]


def test_a_question_is_sealed_and_goes_with_the_person(
    tell: Tell, result: dict[str, Any], world: World, patient: Patient, app: Flask, database: TestDatabase
) -> None:
    """G3"""
    text = "Is the left knee meant?"
    tell(kind="data_query", response=result["response"], text=text)
    with database.connect("postgres") as connection:
        (sealed,) = connection.execute("SELECT text_sealed FROM register_messages").fetchone()
    assert text.encode() not in bytes(sealed)
    world.services.keys.destroy(patient.person_id)
    page = Visitor(app, world.staff_cookie(world.alice)).get("/staff/queries")
    assert page.status_code == 200
    assert text not in page.get_data(as_text=True)


def test_the_patient_sees_the_erasure_ordered_and_then_confirmed(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], world: World, app: Flask
) -> None:
    """B4, B10"""
    identity = world.new_identity()
    patient, occasion = world.enrol(identity)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    release_batch(world.services, [response_id], as_=world.system)
    object_to_register(world.services, world.register.register_id, as_=patient)
    visitor = Visitor(app, world.patient_cookie(identity))
    assert "Registret har inte bekräftat än" in visitor.get("/my-data").get_data(as_text=True)
    tell(kind="erasure_confirmed", order=the_order(client, bearer))
    page = visitor.get("/my-data").get_data(as_text=True)
    assert "Registret har inte bekräftat än" not in page
    assert "Registret bekräftade" in page


@pytest.mark.parametrize("statement", ["SELECT * FROM register_messages", "DELETE FROM register_messages"])
def test_the_register_reads_and_changes_no_message(database: TestDatabase, statement: str) -> None:
    """B1"""
    with database.connect("survey_register") as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement)


def test_the_operator_sees_which_orders_are_unconfirmed_and_nobody(
    tell: Tell, client: FlaskClient, bearer: dict[str, str], world: World, patient: Patient
) -> None:
    """B4, G1"""
    object_to_register(world.services, world.register.register_id, as_=patient)
    with world.services.db.transaction(as_=Operator()) as connection:
        (waiting,) = unconfirmed_erasures(connection)
    assert (str(waiting.order_id), waiting.releases) == (the_order(client, bearer), 1)
    tell(kind="erasure_confirmed", order=str(waiting.order_id))
    with world.services.db.transaction(as_=Operator()) as connection:
        assert unconfirmed_erasures(connection) == []
