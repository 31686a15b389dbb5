"""What must never happen, tried through the code and by SQL. Numbered:

1. A register sees anything of a response before its receipt. 2. An answer confirmed to a patient is lost, or counted
twice. 3. A provider reads another's patients (``test_row_security``). 4. Text that is not approved in that language
reaches a patient. 5. A score cannot be recomputed. 6. A notice reveals health. 7. An access goes unlogged (refusals:
``architecture/test_routes``). 8. A form runs without its licence outside a demonstration (``test_licence_gate`` too).
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from joserfc.jwk import ECKey
from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    InsufficientPrivilege,
    NotNullViolation,
    UniqueViolation,
)

from notifications.channels.memory import MemoryChannel
from notifications.message import Email, RevealingMessage, refuse_revealing
from survey_service.answering.queries import open_log, response, scores_of, sealed_log
from survey_service.answering.records import answers
from survey_service.answering.rules import standing_entries
from survey_service.answering.use_cases import record_answer, start_survey
from survey_service.delivery.use_cases import open_response
from survey_service.errors import BadInput, Conflict, Unavailable
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Principal, System
from survey_service.foundation.services import Services
from survey_service.languages.queries import wording
from survey_service.licensing.use_cases import withdraw_licence
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register, withdraw_objection
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.registers.tenants import agree
from survey_service.settings import Environment
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.household import Household, Row, settle
from tests.licences import accept, license_use, outside_a_demonstration
from tests.world import AGREED, World, submission_for
from translations.completeness import eligible_items

JOIN = "SELECT join_register(%(person)s, %(register)s, %(pseudonym)s, now())"


@pytest.fixture
def household(world: World, database: TestDatabase, run_jobs: Callable[[], None]) -> Household:
    return settle(world, database, run_jobs)


@pytest.fixture
def release(household: Household) -> Row:
    """A release of the completed response, right in all but the receipt that is not there."""
    (there,) = household.rows("SELECT * FROM releases")
    session = household.rows(
        "SELECT s.notice_id FROM sessions s JOIN responses r ON r.session_id = s.id WHERE r.id = %s",
        household.completed,
    )
    return there | {
        "id": new_id(),
        "response_id": household.completed,
        "notice_id": session[0]["notice_id"],
        "reference": new_id(),
    }


def entries(world: World) -> list[tuple[str, Any]]:
    """The register's feed, as its client would get it: kind, and what is in it."""
    page = pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    return [(entry.kind, entry.payload and entry.payload["response"]) for entry in page.entries]


# ---- 1. before the receipt


def test_a_release_without_a_receipt_cannot_be_written_whatever_the_code_does(
    household: Household, release: Row
) -> None:
    """A2"""
    with pytest.raises(ForeignKeyViolation, match="receipts"):
        household.insert("releases", release, as_=household.world.system)
    open_response(household.world.services, household.completed, as_=household.world.alice)
    household.insert("releases", release, as_=household.world.system)


def test_only_the_service_itself_writes_releases_and_only_by_the_feeds_function_announces_them(
    household: Household, release: Row
) -> None:
    """A2, B1"""
    world = household.world
    everybody: list[Principal] = [household.patient, world.alice, world.register, Gate(), Operator()]
    for principal in everybody:
        with pytest.raises(InsufficientPrivilege):
            household.insert("releases", release, as_=principal)
    entry = {
        "register_id": world.register.register_id,
        "epoch": 1,
        "position": 9,
        "kind": "result",
        "release_id": new_id(),
    }
    for principal in [*everybody, world.system]:
        with pytest.raises(InsufficientPrivilege):
            household.insert("feed_entries", entry, as_=principal)


@pytest.mark.parametrize("kind", ["of another provider", "that is not there"])
def test_a_release_that_is_not_the_providers_own_cannot_be_announced(household: Household, kind: str) -> None:
    (there,) = household.rows("SELECT id FROM releases")
    release_id, system = (there["id"], household.outsider) if kind == "of another provider" else (
        new_id(), household.world.system,
    )  # fmt: skip
    with pytest.raises(InsufficientPrivilege):
        household.execute("SELECT announce_release(%(it)s)", {"it": release_id}, as_=system)


def test_only_the_person_objects_and_only_for_themselves(household: Household) -> None:
    """B4"""
    world = household.world
    values = {"register": world.register.register_id, "order": new_id()}
    for principal in (world.alice, world.system, world.register, Gate(), Operator()):
        for call in ("object_to_register(%(register)s, now(), %(order)s)", "withdraw_objection(%(register)s, now())"):
            with pytest.raises(InsufficientPrivilege):
                household.execute(f"SELECT {call}", values, as_=principal)
    object_to_register(world.services, world.register.register_id, as_=household.stranger)
    assert len(household.rows("SELECT * FROM releases")) == 1


def test_nothing_is_released_for_a_person_who_has_objected(household: Household, release: Row) -> None:
    """B4"""
    world = household.world
    open_response(world.services, household.completed, as_=world.alice)
    object_to_register(world.services, world.register.register_id, as_=household.patient)
    with pytest.raises(ForeignKeyViolation, match="register_choices"):
        household.insert("releases", release, as_=world.system)
    with pytest.raises(CheckViolation):
        household.insert("releases", release | {"objected": True}, as_=world.system)
    assert release_batch(world.services, [household.completed], as_=world.system) == 0


def test_an_objection_cannot_be_overwritten_by_the_service(household: Household) -> None:
    """B4"""
    world = household.world
    object_to_register(world.services, world.register.register_id, as_=household.patient)
    values = {"person": household.patient.person_id, "register": world.register.register_id, "pseudonym": new_id()}
    household.execute(JOIN, values, as_=world.system)
    assert household.row("register_choices", person_id=household.patient.person_id)["objected"] is True
    with pytest.raises(InsufficientPrivilege):
        household.execute("UPDATE register_choices SET objected = false", as_=world.system)


def test_a_release_needs_an_agreement_of_that_provider_with_that_register(household: Household, release: Row) -> None:
    """B2"""
    world = household.world
    register_id, other_id = world.register.register_id, world.other_register.register_id
    open_response(world.services, household.completed, as_=world.alice)
    foreign = agree(world.services, provider_id=world.charlie.provider_id, register_id=register_id, variables=AGREED)
    with pytest.raises(ForeignKeyViolation, match="agreement"):
        household.insert("releases", release | {"agreement_id": foreign}, as_=world.system)
    values = {"person": household.patient.person_id, "register": other_id, "pseudonym": new_id()}
    household.execute(JOIN, values, as_=world.system)
    with pytest.raises(ForeignKeyViolation, match="agreement"):
        household.insert("releases", release | {"register_id": other_id}, as_=world.system)


def test_a_release_needs_the_notice_given_to_that_person(household: Household, release: Row) -> None:
    """B5"""
    world = household.world
    open_response(world.services, household.completed, as_=world.alice)
    other, occasion = world.enrol()
    world.start(other, occasion)
    foreign = household.row("notices_given", person_id=other.person_id)["id"]
    with pytest.raises(ForeignKeyViolation, match="notice"):
        household.insert("releases", release | {"notice_id": foreign}, as_=world.system)


@contextmanager
def held_feed(database: TestDatabase, register_id: UUID) -> Iterator[None]:
    """While the block runs, whoever comes to the register's feed waits: the last step of a release or an objection."""
    with database.connect("survey_owner") as connection:
        connection.execute("SELECT FROM register_feeds WHERE register_id = %s FOR UPDATE", [register_id])
        yield


def wait_until_waiting(database: TestDatabase, sessions: int) -> None:
    """Until so many sessions of this database wait for a lock."""
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


def test_an_objection_that_meets_a_release_under_way_withdraws_it(
    household: Household, pool: ThreadPoolExecutor
) -> None:
    """B4"""
    world, register_id = household.world, household.world.register.register_id
    open_response(world.services, household.completed, as_=world.alice)
    with held_feed(household.database, register_id):
        releasing = pool.submit(release_batch, world.services, [household.completed], as_=world.system)
        wait_until_waiting(household.database, 1)
        objecting = pool.submit(object_to_register, world.services, register_id, as_=household.patient)
        wait_until_waiting(household.database, 2)
    assert releasing.result() == 1
    objecting.result()
    assert household.rows("SELECT * FROM releases") == []
    assert [kind for kind, _ in entries(world)] == ["result", "result", "withdrawn", "withdrawn", "erasure"]
    assert [payload for _, payload in entries(world)] == [None] * 5


def test_a_release_that_meets_an_objection_under_way_is_not_written(
    household: Household, pool: ThreadPoolExecutor
) -> None:
    """B4"""
    world, register_id = household.world, household.world.register.register_id
    open_response(world.services, household.completed, as_=world.alice)
    with held_feed(household.database, register_id):
        objecting = pool.submit(object_to_register, world.services, register_id, as_=household.patient)
        wait_until_waiting(household.database, 1)
        releasing: Future[int] = pool.submit(release_batch, world.services, [household.completed], as_=world.system)
        wait_until_waiting(household.database, 2)
    objecting.result()
    assert releasing.result() == 0
    assert household.rows("SELECT * FROM releases") == []
    assert [kind for kind, _ in entries(world)] == ["result", "withdrawn", "erasure"]
    assert [payload for _, payload in entries(world)] == [None] * 3


def test_however_often_released_at_once_a_result_is_announced_once(
    household: Household, pool: ThreadPoolExecutor
) -> None:
    world = household.world
    open_response(world.services, household.completed, as_=world.alice)
    together = Barrier(4)

    def release() -> int:
        together.wait()
        return release_batch(world.services, [household.completed], as_=world.system)

    assert sorted(one.result() for one in [pool.submit(release) for _ in range(4)]) == [0, 0, 0, 1]
    assert len(entries(world)) == 2


def test_what_was_withdrawn_comes_back_only_when_the_patient_allows_it(
    household: Household, run_jobs: Callable[[], None]
) -> None:
    """B4"""
    world, register_id = household.world, household.world.register.register_id
    object_to_register(world.services, register_id, as_=household.patient)
    run_jobs()
    assert household.rows("SELECT * FROM releases") == []
    withdraw_objection(world.services, register_id, as_=household.patient)
    run_jobs()
    assert [row["response_id"] for row in household.rows("SELECT * FROM releases")] == [household.received]


# ---- 2. no answer lost, none counted twice


def test_a_place_in_a_session_takes_one_answer(household: Household) -> None:
    first = household.row("answers", session_id=household.session_id, sequence=1)
    with pytest.raises(UniqueViolation):
        household.insert("answers", first, as_=household.patient)


def test_of_two_devices_that_answer_at_once_one_is_kept_and_the_other_is_told(
    world: World, pool: ThreadPoolExecutor
) -> None:
    patient, occasion = world.enrol()
    state = world.start(patient, occasion)
    together = Barrier(2)

    def answer(value: int) -> bool:
        together.wait()
        try:
            record_answer(world.services, state.session.id, submission_for(state, value), as_=patient)
        except Conflict:
            return False
        return True

    taken = [one.result() for one in [pool.submit(answer, value) for value in (1, 5)]]
    assert sorted(taken) == [False, True]
    with world.services.db.transaction(as_=patient) as connection:
        rows = sealed_log(connection, state.session.id)
        log = open_log(world.services.keys.cipher(patient.person_id), rows, state.instrument.items)
    assert [entry.answer.value for entry in log] == [1 if taken[0] else 5]


def test_a_completed_response_takes_no_more_answers(household: Household) -> None:
    """A2"""
    session_id = household.row("responses", id=household.completed)["session_id"]
    answer = household.row("answers", session_id=session_id, sequence=1) | {"sequence": 99}
    with pytest.raises(CheckViolation):
        household.insert("answers", answer, as_=household.patient)


def test_a_session_has_one_response_and_a_response_one_receipt(household: Household) -> None:
    again = household.row("responses", id=household.completed) | {"id": new_id()}
    with pytest.raises(UniqueViolation):
        household.insert("responses", again, as_=household.patient)
    receipt = household.row("receipts", response_id=household.received)
    with pytest.raises(UniqueViolation):
        household.insert("receipts", receipt, as_=household.world.alice)


def test_a_response_cannot_claim_answers_that_are_not_there(household: Household) -> None:
    session = household.row("sessions", id=household.session_id)
    claim = household.row("responses", id=household.completed) | {
        "id": new_id(), "session_id": session["id"], "last_sequence": 7,
    }  # fmt: skip
    with pytest.raises(ForeignKeyViolation):
        household.insert("responses", claim, as_=household.patient)


def test_a_response_cannot_leave_out_an_answer_that_is_on_its_way(
    household: Household, pool: ThreadPoolExecutor
) -> None:
    """The answer is written but not yet committed when the response is: the response waits, and sees it."""
    answer = household.row("answers", session_id=household.session_id, sequence=1) | {"sequence": 2}
    early = household.row("responses", id=household.completed) | {
        "id": new_id(), "session_id": household.session_id, "last_sequence": 1,
    }  # fmt: skip
    with household.world.services.db.transaction(as_=household.patient) as connection:
        connection.execute(sa.insert(answers), [answer])
        completing = pool.submit(household.insert, "responses", early, as_=household.patient)
        wait_until_waiting(household.database, 1)
    with pytest.raises(CheckViolation):
        completing.result()


# ---- 4. only approved wording


def test_a_session_shows_approved_wording_of_its_own_instrument_and_language(household: Household) -> None:
    """E1, E2"""
    session = household.row("sessions", id=household.session_id)
    notice = household.row("notices_given", id=session["notice_id"]) | {
        "id": new_id(), "occasion_id": household.waiting.id,
    }  # fmt: skip
    household.insert("notices_given", notice, as_=household.patient)
    new = session | {
        "id": new_id(), "task_id": household.waiting_task,
        "notice_id": notice["id"], "occasion_id": household.waiting.id,
    }  # fmt: skip
    with pytest.raises(ForeignKeyViolation, match="notice"):  # given, but for another occasion [B5]
        household.insert("sessions", new | {"notice_id": session["notice_id"]}, as_=household.patient)
    (other_instrument,) = household.rows("SELECT id FROM wordings WHERE instrument = 'eq5d-5l' AND locale = 'sv'")
    (other_language,) = household.rows("SELECT id FROM wordings WHERE instrument = 'promis-anxiety' AND locale = 'en'")
    for wording_id in (other_instrument["id"], other_language["id"], new_id()):
        with pytest.raises(ForeignKeyViolation, match="wording"):
            household.insert("sessions", new | {"wording_id": wording_id}, as_=household.patient)
    for changes in ({"locale": "so"}, {"instrument_version": "2.0"}):
        with pytest.raises(ForeignKeyViolation):
            household.insert("sessions", new | changes, as_=household.patient)
    with pytest.raises(NotNullViolation):
        household.insert("sessions", new | {"wording_id": None}, as_=household.patient)
    household.insert("sessions", new, as_=household.patient)


def test_nobody_who_runs_the_service_changes_an_approved_text(household: Household) -> None:
    """E1"""
    for principal in (household.patient, household.world.alice, household.world.system, Operator(), Gate()):
        with pytest.raises(InsufficientPrivilege):
            household.execute("UPDATE wordings SET texts = texts", as_=principal)


# ---- 5. scores can be recomputed


@pytest.mark.parametrize("protocol", ["anxiety-only", "eq5d-only"])
@pytest.mark.parametrize("value", [1, 3])
def test_every_stored_score_is_the_one_that_its_stored_answers_give(world: World, protocol: str, value: int) -> None:
    """D2, D3"""
    patient, occasion = world.enrol(protocol=protocol)
    (response_id,) = world.answer(patient, occasion, value=value)
    with world.services.db.transaction(as_=world.alice) as connection:
        found = response(connection, response_id)
        assert found is not None
        stored = scores_of(connection, [response_id])[response_id]
        shown = wording(connection, found.session.wording_id)
        rows = sealed_log(connection, found.session.id)
    instrument = world.services.library.get(found.session.instrument, found.session.instrument_version)
    log = open_log(world.services.keys.cipher(patient.person_id), rows, instrument.items)
    again = instrument.score(
        [entry.answer for entry in standing_entries(log, instrument)], eligible=eligible_items(instrument, shown)
    )
    assert instrument.content_hash == found.session.instrument_hash
    assert sorted(again, key=lambda score: score.variable) == list(stored)
    assert all(score.method and score.method_hash and score.algorithm for score in stored)


# ---- 6. a notice says nothing of health


def test_the_invitation_names_neither_instrument_occasion_unit_nor_patient(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None], database: TestDatabase
) -> None:
    """C1"""
    identity = world.new_identity(name="Maj Mattsson")
    world.enrol(identity, protocol="both")
    run_jobs()
    (email,) = mailbox.sent
    with database.connect("survey_owner") as connection:
        titles = connection.execute("SELECT texts ->> 'title', instrument FROM wordings").fetchall()
        asked = connection.execute("SELECT titles, reasons FROM occasions").fetchall()
    secrets = {text for row in titles for text in row}
    secrets |= {text for row in asked for texts in row for text in texts.values()}
    secrets |= {"Enhet Ett", "EQ-5D", "PROMIS", "Maj Mattsson", "Mattsson", identity.number, identity.number[2:8]}
    rendered = "\n".join((email.sender_name, email.subject, email.text, email.html)).casefold()
    assert [secret for secret in secrets if secret.casefold() in rendered] == []
    refuse_revealing(email, secrets=secrets)


def test_the_links_in_the_invitation_say_nothing_of_whom_or_what(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    world.enrol()
    run_jobs()
    (email,) = mailbox.sent
    assert f"{world.services.settings.base_url}/inbox" in email.text
    base_url = world.services.settings.base_url
    assert set(re.findall(r'href="([^"]*)"', email.html)) == {f"{base_url}/inbox", f"{base_url}/contact"}


@pytest.mark.parametrize("part", ["sender_name", "subject", "text", "html"])
def test_a_message_that_reveals_is_refused_wherever_it_does(part: str) -> None:
    harmless = Email(key="1", to="a@example.se", sender_name="Region", subject="Hej", text="Hej", html="<p>Hej</p>")
    refuse_revealing(harmless, secrets=["Psykiatri", "", "  "])
    with pytest.raises(RevealingMessage):
        refuse_revealing(replace(harmless, **{part: "Från PSYKIATRI väst"}), secrets=["psykiatri"])


def test_an_invitation_that_would_reveal_is_not_sent_and_the_inbox_has_it_all_the_same(
    world: World, mailbox: MemoryChannel, run_jobs: Callable[[], None], database: TestDatabase
) -> None:
    """A sender that was named after what it asks: the title of the instrument in one of its languages."""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE providers SET sender_name = 'Frågor om oro, Region Ett'")
    world.enrol()
    run_jobs()
    assert mailbox.sent == []
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)
        assert connection.execute("SELECT outcome FROM dispatch_attempts").fetchall() == [("refused",)]


# ---- 7. no access goes unlogged


def test_nobody_writes_the_log_in_anothers_name_or_about_anothers_patient(household: Household) -> None:
    """G2"""
    world = household.world
    (event, *_) = household.rows(
        "SELECT * FROM audit_events WHERE actor_kind = 'staff' AND actor_id = %s", world.alice.staff_id
    )
    event |= {"id": new_id()}
    household.insert("audit_events", event, as_=world.alice)
    forged: list[tuple[Principal, dict[str, Any]]] = [
        (world.bob, {}),
        (world.alice, {"provider_id": world.charlie.provider_id}),
        (world.alice, {"actor_kind": "system"}),
        (household.patient, {}),
        (household.patient, {"actor_kind": "patient", "actor_id": household.stranger.person_id}),
        (household.stranger, {"actor_kind": "patient", "actor_id": household.stranger.person_id}),
        (world.register, {"actor_kind": "register", "actor_id": world.register.register_id}),
        (world.system, {}),
        (Operator(), {"actor_kind": "operator"}),
    ]
    for principal, changes in forged:
        with pytest.raises(InsufficientPrivilege):
            household.insert("audit_events", event | changes | {"id": new_id()}, as_=principal)


@pytest.mark.parametrize(
    ("page", "object_kind"),
    [
        ("/staff", "worklist"),
        ("/staff/responses/{received}", "response"),
        ("/staff/enrolments/{enrolment}", "enrolment"),
    ],
)
def test_each_page_that_names_a_patient_to_staff_is_logged_for_that_patient(
    household: Household, app: Flask, page: str, object_kind: str
) -> None:
    """G2"""
    world = household.world
    path = page.format(received=household.received, enrolment=household.waiting.enrolment_id)
    query = (
        "SELECT count(*) AS n FROM audit_events WHERE actor_id = %s AND person_id = %s AND object_kind = %s"
        " AND activity = 'Läsa' AND outcome = 'allowed'"
    )
    parameters = (world.alice.staff_id, household.patient.person_id, object_kind)
    (before,) = household.rows(query, *parameters)
    answer = Visitor(app, world.staff_cookie(world.alice)).get(path)
    assert "Test Testsson 0" in answer.get_data(as_text=True)
    (after,) = household.rows(query, *parameters)
    assert after["n"] == before["n"] + 1


def test_an_access_that_cannot_be_logged_does_not_happen(household: Household, app: Flask) -> None:
    """G2"""
    world = household.world
    visitor = Visitor(app, world.staff_cookie(world.alice))
    token = visitor.token()
    with household.database.connect("survey_owner") as connection:
        connection.execute("REVOKE INSERT ON audit_events FROM survey_staff")
    shown = visitor.get(f"/staff/responses/{household.received}")
    opened = visitor.raw_post(f"/staff/responses/{household.completed}", data={"csrf_token": token})
    assert (shown.status_code, opened.status_code) == (500, 500)
    assert "Test Testsson" not in shown.get_data(as_text=True)
    assert household.rows("SELECT * FROM receipts WHERE response_id = %s", household.completed) == []


def test_every_result_that_a_register_pulls_is_logged_and_a_pull_without_its_purpose_is_logged_too(
    household: Household, world: World
) -> None:
    """B10, G2"""
    assert len(entries(world)) == 1
    (logged,) = household.rows("SELECT * FROM audit_events WHERE actor_kind = 'register' AND outcome = 'allowed'")
    assert (logged["actor_id"], logged["person_id"], logged["object_id"]) == (
        world.register.register_id,
        household.patient.person_id,
        household.received,
    )


# ---- 8. no form without its licence


def test_demonstration_wording_is_not_asked_outside_a_demonstration(world: World, services: Services) -> None:
    """D1"""
    patient, occasion = world.enrol(protocol="both")
    production = replace(services, settings=replace(services.settings, environment=Environment.PRODUCTION))
    with pytest.raises(Unavailable):
        start_survey(production, occasion.id, locale="sv", as_=patient)
    with services.db.transaction(as_=System(world.alice.provider_id)) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM sessions")).scalar_one() == 0


def test_licensed_wording_is_asked_outside_a_demonstration_with_its_licence_and_not_without(
    services: Services, database: TestDatabase, register_key: ECKey, tmp_path: Path
) -> None:
    """D1: in the code and by SQL, every way to fall short is in ``test_licence_gate`` and ``_by_sql``."""
    real = outside_a_demonstration(services, database, register_key)
    with pytest.raises(BadInput, match="needs a licence"):
        real.enrol()
    licence_id = license_use(real)
    accept(real, licence_id, tmp_path)
    patient, occasion = real.enrol()
    other, other_occasion = real.enrol()
    start_survey(real.services, occasion.id, locale="en", as_=patient)
    withdraw_licence(real.services, licence_id, reason="Terms changed", by="An operator")
    with pytest.raises(Unavailable):
        start_survey(real.services, other_occasion.id, locale="en", as_=other)
    with real.services.db.transaction(as_=patient) as connection:
        assert connection.execute(sa.text("SELECT locale FROM sessions")).scalars().all() == ["sv"]
