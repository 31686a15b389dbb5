"""Corrections and voiding are versions: the first stays, each can be scored again, and nobody sees the wrong one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Barrier, Thread, get_ident
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from instruments import Answered, AnswerKind
from survey_service.answering.queries import scores_of, scores_of_versions
from survey_service.delivery.corrections import correct_response
from survey_service.delivery.queries import Reason, VersionKind, current_version, read_explanation, versions_of
from survey_service.delivery.versions import look_at_version, recompute
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Principal
from survey_service.registers.entries import FeedEntry
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register
from survey_service.registers.releasing import release_batch
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.registers.tenants import agree
from tests.conftest import TestDatabase
from tests.integration.correcting import correct, feed, grounds, received, value, vas_in, void
from tests.world import AGREED, World


def vas(world: World, response_id: UUID, as_: Principal) -> float | None:
    with world.services.db.transaction(as_=as_) as connection:
        scores = {score.variable: score.value for score in scores_of(connection, [response_id])[response_id]}
    return scores.get("eq5d5l.vas")


# ---- what a version is


def test_a_correction_is_what_stands_for_the_unit_and_the_patient_and_the_first_stays_as_it_was(world: World) -> None:
    """B9"""
    patient, response_id = received(world)
    assert correct(world, response_id, 80) == 2
    assert (vas(world, response_id, world.alice), vas(world, response_id, patient)) == (80, 80)
    first = look_at_version(world.services, response_id, as_=world.alice, number=1)
    assert {answer.item_id: answer.value for answer in first.answers}["vas"] == 2
    assert {score.variable: score.value for score in first.scores}["eq5d5l.vas"] == 2


def test_a_second_correction_builds_on_the_first(world: World) -> None:
    _, response_id = received(world)
    correct(world, response_id, 80)
    assert (
        correct_response(world.services, response_id, value("mobility", 1), grounds(based_on=2), as_=world.alice) == 3
    )
    stands = look_at_version(world.services, response_id, as_=world.alice)
    scores = {score.variable: score.text or score.value for score in stands.scores}
    assert (scores["eq5d5l.profile"], scores["eq5d5l.vas"]) == ("12222", 80)


@pytest.mark.parametrize("protocol", ["eq5d-only", "anxiety-only"])
def test_the_scores_of_every_version_are_computed_again_from_its_answers(world: World, protocol: str) -> None:
    """What must never happen, 5"""
    _, response_id = received(world, protocol=protocol)
    asked = look_at_version(world.services, response_id, as_=world.alice).answers
    for based_on, code in ((1, 4), (2, 1)):
        given = value(asked[0].item_id, code)
        correct_response(world.services, response_id, given, grounds(based_on=based_on), as_=world.alice)
    for number in (1, 2, 3):
        version = look_at_version(world.services, response_id, as_=world.alice, number=number)
        assert {score.variable: score for score in recompute(version)} == {s.variable: s for s in version.scores}
        assert [answer.item_id for answer in version.answers] == [answer.item_id for answer in asked]


def test_an_adaptive_test_keeps_its_questions_and_why_it_stopped(world: World) -> None:
    _, response_id = received(world, protocol="anxiety-only")
    before = look_at_version(world.services, response_id, as_=world.alice)
    given = value(before.answers[0].item_id, 5)
    correct_response(world.services, response_id, given, grounds(), as_=world.alice)
    after = look_at_version(world.services, response_id, as_=world.alice)

    def score(version: Any, name: str) -> Any:
        return next(one for one in version.scores if one.variable == f"promis_anxiety.{name}")

    assert score(after, "t").value > score(before, "t").value
    assert score(after, "stop_reason") == score(before, "stop_reason")
    assert score(after, "n_items") == score(before, "n_items")


def test_a_question_that_was_never_asked_cannot_be_corrected(world: World) -> None:
    _, response_id = received(world, protocol="anxiety-only")
    standing = look_at_version(world.services, response_id, as_=world.alice)
    unasked = next(item for item in standing.instrument.items if item not in {a.item_id for a in standing.answers})
    with pytest.raises(BadInput):
        correct_response(world.services, response_id, value(unasked, 2), grounds(), as_=world.alice)


@pytest.mark.parametrize("given", [{"vas": 101}, {"vas": -1}, {"mobility": 6}, {"mobility": 0}], ids=str)
def test_what_the_question_does_not_take_is_refused_in_a_correction_too(world: World, given: dict[str, int]) -> None:
    """B12"""
    _, response_id = received(world)
    ((item_id, code),) = given.items()
    with pytest.raises(BadInput) as refused:
        correct_response(world.services, response_id, value(item_id, code), grounds(), as_=world.alice)
    assert set(refused.value.fields) == {item_id}
    with world.services.db.transaction(as_=world.alice) as connection:
        assert current_version(connection, [response_id])[response_id].number == 1


def test_a_correction_that_changes_nothing_is_refused(world: World) -> None:
    _, response_id = received(world)
    with pytest.raises(BadInput):
        correct(world, response_id, 2)


def test_a_voided_response_has_no_scores_and_takes_no_further_version(world: World) -> None:
    patient, response_id = received(world)
    assert void(world, response_id) == 2
    assert (vas(world, response_id, world.alice), vas(world, response_id, patient)) == (None, None)
    with world.services.db.transaction(as_=world.alice) as connection:
        first, voided = versions_of(connection, response_id)
        assert voided.kind is VersionKind.VOIDED
        assert scores_of_versions(connection, [first])[response_id]
    for based_on in (1, 2):
        with pytest.raises(Conflict):
            correct(world, response_id, 80, based_on=based_on)
        with pytest.raises(Conflict):
            void(world, response_id, based_on=based_on)


def test_what_nobody_has_received_can_be_neither_corrected_nor_voided(world: World) -> None:
    patient, occasion = world.enrol(protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    with pytest.raises(BadInput):
        correct(world, response_id, 80)
    with pytest.raises(BadInput):
        void(world, response_id)


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_only_the_unit_corrects(world: World, who: str) -> None:
    """A6"""
    _, response_id = received(world)
    with pytest.raises(AccessDenied):
        correct(world, response_id, 80, as_=getattr(world, who))
    with pytest.raises(AccessDenied):
        void(world, response_id, as_=getattr(world, who))


def test_the_explanation_is_kept_sealed_and_asked_for_where_the_list_does_not_say_why(
    world: World, database: TestDatabase
) -> None:
    patient, response_id = received(world)
    with pytest.raises(BadInput):
        correct(world, response_id, 80, reason=Reason.OTHER, explanation="  ")
    correct(world, response_id, 80, reason=Reason.OTHER, explanation="The patient rang.")
    with database.connect("survey_owner") as connection:
        ((sealed,),) = connection.execute("SELECT explanation_sealed FROM response_versions").fetchall()
    assert b"rang" not in sealed
    with world.services.db.transaction(as_=patient) as connection:
        version = current_version(connection, [response_id])[response_id]
    assert read_explanation(world.services.keys.cipher(patient.person_id), version) == "The patient rang."


# ---- twice, and two at once


def test_the_same_form_sent_twice_is_one_version(world: World) -> None:
    _, response_id = received(world)
    request_id = new_id()
    assert {correct(world, response_id, 80, request_id=request_id) for _ in range(2)} == {2}
    correct(world, response_id, 70, based_on=2)
    assert correct(world, response_id, 80, request_id=request_id) == 2
    assert vas(world, response_id, world.alice) == 70


def test_of_two_colleagues_at_once_one_is_told(world: World) -> None:
    _, response_id = received(world)
    both = Barrier(2)

    def attempt(act: Callable[[], int]) -> int | str:
        both.wait()
        try:
            return act()
        except Conflict:
            return "told"

    with ThreadPoolExecutor(2) as threads:
        acts = (lambda: correct(world, response_id, 80), lambda: void(world, response_id))
        outcomes = list(threads.map(attempt, acts))
    assert sorted(map(str, outcomes)) == ["2", "told"]
    with world.services.db.transaction(as_=world.alice) as connection:
        assert len(versions_of(connection, response_id)) == 2


# ---- registers


def test_a_correction_replaces_what_the_register_has_under_the_same_reference(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B9"""
    _, response_id = received(world)
    run_jobs()
    with database.connect("survey_owner") as connection:
        before = connection.execute("SELECT reference, version FROM releases").fetchall()
    correct(world, response_id, 80)
    assert feed(world) == [("result", None)]  # from the commit on, and before any job has run
    run_jobs()
    assert feed(world) == [("result", None), ("corrected", 80)]
    with database.connect("survey_owner") as connection:
        after = connection.execute("SELECT reference, version FROM releases").fetchall()
        replaces = connection.execute(
            "SELECT count(*) FROM feed_entries c JOIN feed_entries r ON r.release_id = c.replaces"
        ).fetchone()
        assert connection.execute("SELECT count(*) FROM releases_set_aside").fetchone() == (0,)
    assert (before, after) == ([(before[0][0], 1)], [(before[0][0], 2)])
    assert replaces == (1,)


def test_a_correction_before_the_release_is_what_is_released(world: World, run_jobs: Callable[[], None]) -> None:
    """The review hold is there for this."""
    _, response_id = received(world)
    correct(world, response_id, 80)
    run_jobs()
    assert feed(world) == [("result", 80)]


def test_a_voided_response_is_withdrawn_with_an_order_to_erase(world: World, run_jobs: Callable[[], None]) -> None:
    """B9"""
    _, response_id = received(world)
    run_jobs()
    void(world, response_id)
    assert feed(world) == [("result", None)]
    run_jobs()
    run_jobs()
    assert feed(world) == [("result", None), ("withdrawn", None), ("erasure", None)]
    assert release_batch(world.services, [response_id], as_=world.system) == 0


def test_an_objection_between_a_correction_and_its_release_is_kept(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B4"""
    patient, response_id = received(world)
    run_jobs()
    correct(world, response_id, 80)
    object_to_register(world.services, world.register.register_id, as_=patient)
    run_jobs()
    assert feed(world) == [("result", None), ("withdrawn", None), ("erasure", None)]
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT reason FROM erasure_orders").fetchall() == [("objection",)]


def test_whatever_is_at_work_at_once_no_register_is_left_with_the_old_version(world: World) -> None:
    """B4, B9. Releasing, correcting and objecting race; then the jobs that are left are run."""
    for objects in (False, True):
        patient, response_id = received(world)
        others = len(feed(world))
        start = Barrier(3)

        def release(response_id: UUID = response_id, start: Barrier = start) -> None:
            start.wait()
            release_batch(world.services, [response_id], as_=world.system)

        def amend(response_id: UUID = response_id, start: Barrier = start) -> None:
            start.wait()
            correct(world, response_id, 80)

        def third(patient: Any = patient, objects: bool = objects, start: Barrier = start) -> None:
            start.wait()
            if objects:
                object_to_register(world.services, world.register.register_id, as_=patient)
            else:
                feed(world)

        with ThreadPoolExecutor(3) as threads:
            for done in [threads.submit(act) for act in (release, amend, third)]:
                done.result()
        seen = [shown for _, shown in feed(world)[others:] if shown is not None]
        assert seen in ([], [80])
        release_batch(world.services, [response_id], as_=world.system)
        seen = [shown for _, shown in feed(world)[others:] if shown is not None]
        assert seen == ([] if objects else [80])


def pulled(world: World) -> Sequence[FeedEntry]:
    return pull(world.services, cursor=None, limit=1000, purpose=ACCEPTED_PURPOSE, as_=world.register).entries


def vas_of(entries: Sequence[FeedEntry]) -> list[tuple[float | None, float | None]]:
    """EQ VAS as it is told, as a score and as an answer."""
    told = [entry.payload for entry in entries if entry.payload]
    answers = [{one["item"]: one["value"] for one in payload.get("answers", ())} for payload in told]
    return [(vas_in(payload), given.get("vas")) for payload, given in zip(told, answers, strict=True)]


@contextmanager
def before_statement(number: int, act: Callable[[], None]) -> Iterator[None]:
    """``act`` is called just before the nth statement that this thread sends."""
    here, statements = get_ident(), count(1)

    def listen(*_: object) -> None:
        if get_ident() == here and next(statements) == number:
            act()

    event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", listen)


@pytest.mark.parametrize("answers_too", [False, True], ids=["scores", "answers"])
def test_a_correction_at_any_statement_of_a_release_leaves_no_register_with_the_old_version(
    world: World, run_jobs: Callable[[], None], answers_too: bool
) -> None:
    """B4, B9. Each statement sees what was committed before it: what is told must still be of one version."""
    if answers_too:
        provider_id, register_id = world.alice.provider_id, world.register.register_id
        agreed = {"variables": AGREED, "item_answers": ("eq5d-5l",)}
        agree(world.services, provider_id=provider_id, register_id=register_id, **agreed)
    for number in count(1):
        _, response_id = received(world)
        others = len(pulled(world))
        correction = Thread(target=correct, args=(world, response_id, 80))

        def begin(correction: Thread = correction) -> None:
            # It ends at once, or waits for what the release has locked.
            correction.start()
            correction.join(timeout=0.3)

        with before_statement(number, begin):
            release_batch(world.services, [response_id], as_=world.system)
        if correction.ident is None:
            assert number > 10
            return
        correction.join()
        whole = (80, 80 if answers_too else None)
        assert vas_of(pulled(world)[others:]) in ([], [whole])
        run_jobs()
        assert vas_of(pulled(world)[others:]) == [whole]


# ---- by SQL


def by_sql(world: World, statement: str, as_: Principal, **values: Any) -> None:
    with world.services.db.transaction(as_=as_) as connection:
        connection.execute(sa.text(statement), values)


VERSION = """INSERT INTO response_versions
    (response_id, version, provider_id, person_id, kind, reason, staff_id, request_id, at)
    VALUES (:response, :version, :provider, :person, :kind, 'slip', :staff, gen_random_uuid(), :at)"""


def version_by_sql(world: World, response_id: UUID, person_id: UUID, *, as_: Principal, **changes: Any) -> None:
    values = {
        "response": response_id,
        "version": 2,
        "provider": world.alice.provider_id,
        "person": person_id,
        "kind": "voided",
        "staff": world.alice.staff_id,
        "at": world.services.clock(),
    }
    by_sql(world, VERSION, as_, **(values | changes))


def test_by_sql_a_version_has_to_be_the_next_one_by_the_units_own(world: World) -> None:
    patient, response_id = received(world)
    tried: list[tuple[Principal, dict[str, Any]]] = [
        (world.alice, {"version": 3}),
        (world.alice, {"version": 1}),
        (world.alice, {"staff": world.bob.staff_id}),
        (world.bob, {"staff": world.bob.staff_id}),
        (world.charlie, {"staff": world.charlie.staff_id}),
        (world.charlie, {"staff": world.charlie.staff_id, "provider": world.charlie.provider_id}),
        (patient, {}),
        (world.system, {}),
    ]
    for as_, changes in tried:
        with pytest.raises(sa.exc.DBAPIError):
            version_by_sql(world, response_id, patient.person_id, as_=as_, **changes)
    version_by_sql(world, response_id, patient.person_id, as_=world.alice)
    for kind in ("voided", "corrected"):
        with pytest.raises(sa.exc.DBAPIError):
            version_by_sql(world, response_id, patient.person_id, as_=world.alice, version=3, kind=kind)


def test_by_sql_nothing_is_received_by_being_corrected(world: World) -> None:
    """A3"""
    patient, occasion = world.enrol(protocol="eq5d-only")
    (response_id,) = world.answer(patient, occasion)
    with pytest.raises(sa.exc.IntegrityError):
        version_by_sql(world, response_id, patient.person_id, as_=world.alice)


@pytest.mark.parametrize("table", ["response_versions", "corrected_answers", "corrected_scores"])
def test_by_sql_what_is_written_is_never_changed_or_added_to(world: World, table: str) -> None:
    _, response_id = received(world)
    correct(world, response_id, 80)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET version = 9"):
        with pytest.raises(sa.exc.ProgrammingError):
            by_sql(world, statement, world.alice)
    if table != "response_versions":
        column = "item_id" if table == "corrected_answers" else "variable"
        columns = "provider_id, person_id, kind, value_sealed"
        if table == "corrected_scores":
            columns = "provider_id, person_id, value, text, missing_reason, method, method_hash, algorithm"
        more = f"INSERT INTO {table} (response_id, version, {column}, {columns})"
        with pytest.raises(sa.exc.IntegrityError):
            by_sql(world, f"{more} SELECT response_id, version, 'x', {columns} FROM {table} LIMIT 1", world.alice)


def test_by_sql_no_version_but_the_one_that_stands_is_released(
    world: World, database: TestDatabase, run_jobs: Callable[[], None]
) -> None:
    """B9"""
    _, response_id = received(world)
    run_jobs()
    with database.connect("survey_owner") as connection:
        connection.execute("CREATE TABLE kept AS SELECT * FROM releases")
    correct(world, response_id, 80)
    with database.connect("survey_owner") as connection, pytest.raises(psycopg.errors.SerializationFailure):
        connection.execute("INSERT INTO releases SELECT * FROM kept")


def test_another_patients_version_is_not_seen(world: World) -> None:
    patient, response_id = received(world)
    stranger, _ = world.enrol()
    correct(world, response_id, 80)
    for who, number in ((patient, 2), (world.alice, 2), (stranger, 1), (world.charlie, 1)):
        with world.services.db.transaction(as_=who) as connection:
            assert current_version(connection, [response_id])[response_id].number == number


def test_an_answer_can_be_taken_back(world: World) -> None:
    """Missing is not zero."""
    _, response_id = received(world)
    taken_back = {"vas": Answered("vas", None, AnswerKind.SKIPPED)}
    correct_response(world.services, response_id, taken_back, grounds(), as_=world.alice)
    assert vas(world, response_id, world.alice) is None
