"""Changing a protocol for those enrolled: what was previewed is what is there afterwards, and nothing begun moves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from survey_service.scheduling.drafting import open_draft, save_draft
from survey_service.scheduling.enrolling import pause
from survey_service.scheduling.jobs import change_protocol
from survey_service.scheduling.protocol_changing import change_portion, progress, publish_and_apply
from survey_service.scheduling.protocol_previewing import ChangeKind, Preview, preview_change
from survey_service.scheduling.protocol_queries import standing_of
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from tests.conftest import TestDatabase
from tests.world import World, protocol_definition

CODE = "knee"


def occasion(code: str, due_day: int = 0, **changes: Any) -> dict[str, Any]:
    (made,) = protocol_definition(CODE, ["promis-anxiety"])["occasions"]
    return {**made, "code": code, "due_day": due_day, **changes}


def definition(*occasions: dict[str, Any]) -> dict[str, Any]:
    return {**protocol_definition(CODE, []), "occasions": list(occasions)}


@pytest.fixture
def knee(world: World) -> UUID:
    first = definition(occasion("before", 0), occasion("later", 30))
    return publish_protocol(world.services, provider_id=world.bob.provider_id, definition=first)


def enrol(world: World, protocol_id: UUID, *, days_ago: int = 0, by: Staff | None = None) -> UUID:
    order = Order(
        identity=world.new_identity(),
        protocol_id=protocol_id,
        anchor_date=local_day(world.services.clock()) - timedelta(days=days_ago),
        care_contact="Visit",
        request_id=new_id(),
    )
    return enrol_patient(world.services, order, as_=by or world.bob)


def apply(world: World, protocol_id: UUID, changed: dict[str, Any], *, by: Staff | None = None) -> Preview:
    """Look, and do what was looked at."""
    seen = preview_change(world.services, protocol_id, changed, as_=by or world.bob)
    publish_and_apply(world.services, protocol_id, changed, seen=seen.fingerprint, as_=by or world.bob)
    return seen


def plans(world: World, *enrolment_ids: UUID) -> dict[UUID, dict[str, tuple[Any, ...]]]:
    """What stands for each, by the code of the occasion."""
    with world.services.db.transaction(as_=world.bob) as connection:
        found = standing_of(connection, enrolment_ids)
    return {
        id_: {one.code: (one.opens_at, one.closes_at) for one in found[id_] if not one.is_withdrawn}
        for id_ in enrolment_ids
    }


def expected(
    preview: Preview, before: dict[UUID, dict[str, tuple[Any, ...]]]
) -> dict[UUID, dict[str, tuple[Any, ...]]]:
    """What the preview says will stand."""
    after = {id_: dict(standing) for id_, standing in before.items()}
    for change in preview.changes:
        if change.kind is ChangeKind.WITHDRAWN:
            del after[change.enrolled.id][change.code]
        else:
            assert change.after is not None
            after[change.enrolled.id][change.code] = change.after
    return after


OCCASIONS = st.lists(
    st.builds(
        lambda code, due, opens, closes, times: occasion(
            code,
            due,
            opens_days_before=opens,
            closes_days_after=closes,
            **({"series": {"every_days": 9, "times": times}} if code == "diary" else {}),
        ),
        st.sampled_from(["before", "later", "year", "diary"]),
        st.integers(-20, 60),
        st.integers(0, 10),
        st.integers(0, 20),
        st.integers(2, 4),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one["code"],
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OCCASIONS, OCCASIONS)
def test_what_the_preview_said_is_what_is_in_the_database_afterwards(
    world: World, run_jobs: Callable[[], None], first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    """A2: whatever is changed, and also when it is changed again."""
    name = f"p{new_id().hex[:12]}"
    protocol_id = publish_protocol(
        world.services, provider_id=world.bob.provider_id, definition={**definition(occasion("now", 5)), "code": name}
    )
    who = [enrol(world, protocol_id, days_ago=days, by=by) for days, by in [(0, world.bob), (12, world.alice)]]
    for occasions in (first, second):
        before = plans(world, *who)
        seen = apply(world, protocol_id, {**definition(occasion("now", 5), *occasions), "code": name})
        run_jobs()
        assert plans(world, *who) == expected(seen, before)


def test_what_is_begun_is_neither_moved_nor_withdrawn_and_answered_is_not_asked_again(
    world: World, knee: UUID, run_jobs: Callable[[], None]
) -> None:
    """A2: completed occasions are never reissued."""
    world.protocols[CODE] = knee
    patient, first = world.enrol(protocol=CODE, by=world.bob)
    world.answer(patient, first)
    before = plans(world, first.enrolment_id)[first.enrolment_id]
    seen = apply(world, knee, definition(occasion("before", 3), occasion("year", 365)))
    run_jobs()
    after = plans(world, first.enrolment_id)[first.enrolment_id]
    assert after["before"] == before["before"]
    assert set(after) == {"before", "year"}
    assert [(one.kind, one.code) for one in seen.changes] == [
        (ChangeKind.ADDED, "year"),
        (ChangeKind.WITHDRAWN, "later"),
    ]


def test_done_twice_it_is_done_once(world: World, knee: UUID, run_jobs: Callable[[], None], rows: Any) -> None:
    enrolment_id = enrol(world, knee)
    changed = definition(occasion("before", 0), occasion("year", 365))
    seen = preview_change(world.services, knee, changed, as_=world.bob)
    ids = {publish_and_apply(world.services, knee, changed, seen=seen.fingerprint, as_=world.bob) for _ in range(2)}
    run_jobs()
    (version_id,) = ids
    everybody = {"first": str(UUID(int=0)), "last": str(UUID(int=2**128 - 1))}
    change_protocol(world.services, provider_id=str(world.bob.provider_id), version_id=str(version_id), **everybody)
    events = rows("SELECT kind, detail FROM enrolment_events WHERE enrolment_id = %s", enrolment_id)
    assert events == [("protocol_changed", {"from": 1, "to": 2, "added": 1, "moved": 0, "withdrawn": 1})]


def test_another_draft_than_the_one_looked_at_is_not_applied(world: World, knee: UUID, rows: Any) -> None:
    seen = preview_change(world.services, knee, definition(occasion("before", 1)), as_=world.bob)
    with pytest.raises(Conflict):
        publish_and_apply(world.services, knee, definition(occasion("before", 2)), seen=seen.fingerprint, as_=world.bob)
    assert rows("SELECT max(version) FROM care_protocol_versions WHERE protocol_id = %s", knee) == [(1,)]


def test_a_preview_of_a_version_that_is_no_longer_the_newest_is_not_applied(world: World, knee: UUID) -> None:
    changed = definition(occasion("before", 1))
    seen = preview_change(world.services, knee, changed, as_=world.bob)
    publish_protocol(world.services, provider_id=world.bob.provider_id, definition=definition(occasion("before", 9)))
    with pytest.raises(Conflict):
        publish_and_apply(world.services, knee, changed, seen=seen.fingerprint, as_=world.bob)


def test_a_published_occasion_keeps_what_it_asks_and_another_code_may_ask_otherwise(world: World, knee: UUID) -> None:
    """A2"""
    other = {"instruments": [{"id": "eq5d-5l", "version": "1.0"}]}
    with pytest.raises(BadInput, match="before is published"):
        preview_change(world.services, knee, definition(occasion("before", 0, **other)), as_=world.bob)
    seen = preview_change(world.services, knee, definition(occasion("before-2", 0, **other)), as_=world.bob)
    assert seen.after == 1


def test_those_paused_get_the_version_and_no_occasion(
    world: World, knee: UUID, run_jobs: Callable[[], None], rows: Any
) -> None:
    enrolment_id = enrol(world, knee)
    pause(world.services, enrolment_id, as_=world.bob)
    before = plans(world, enrolment_id)
    seen = apply(world, knee, definition(occasion("before", 0), occasion("year", 365)))
    run_jobs()
    assert (seen.paused, seen.changes) == (1, ())
    assert plans(world, enrolment_id) == before
    changed = rows("SELECT detail FROM enrolment_events WHERE kind = 'protocol_changed'")
    assert changed == [({"from": 1, "to": 2},)]


def test_one_that_fails_does_not_keep_the_others_waiting(world: World, knee: UUID, database: TestDatabase) -> None:
    """And is done when the job comes again."""
    who = [enrol(world, knee) for _ in range(3)]
    changed = definition(occasion("before", 0), occasion("year", 365))
    seen = preview_change(world.services, knee, changed, as_=world.bob)
    version_id = publish_and_apply(world.services, knee, changed, seen=seen.fingerprint, as_=world.bob)
    portion = {"version_id": version_id, "first": who[0], "last": who[-1], "as_": world.system}
    with database.connect("survey_owner") as connection:
        connection.execute("SELECT FROM enrolments WHERE id = %s FOR UPDATE", [who[0]])
        with pytest.raises(Exception, match=r"lock timeout|statement timeout|canceling"):
            change_portion(world.services, **portion)  # type: ignore[arg-type]
        assert left(world, knee) == 1
    assert change_portion(world.services, **portion) == 1  # type: ignore[arg-type]
    assert left(world, knee) == 0


def left(world: World, protocol_id: UUID) -> int:
    with world.services.db.transaction(as_=world.bob) as connection:
        return progress(connection, protocol_id, 2)


def test_new_words_reach_what_is_not_begun(world: World, knee: UUID, run_jobs: Callable[[], None], rows: Any) -> None:
    enrolment_id = enrol(world, knee)
    renamed = definition(occasion("before", 0, titles={"sv": "Nytt"}), occasion("later", 30))
    apply(world, knee, renamed)
    run_jobs()
    titles = rows("SELECT titles ->> 'sv' FROM occasions WHERE enrolment_id = %s ORDER BY due_at", enrolment_id)
    assert titles == [("Nytt",), ("Inför besöket",)]


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_only_a_manager_of_a_unit_of_the_provider_looks_writes_and_applies(world: World, knee: UUID, who: str) -> None:
    """A1"""
    as_ = getattr(world, who)
    for attempt in (
        lambda: preview_change(world.services, knee, definition(occasion("before", 1)), as_=as_),
        lambda: publish_and_apply(world.services, knee, definition(occasion("before", 1)), seen="", as_=as_),
        lambda: save_draft(world.services, knee, {}, as_=as_),
        lambda: open_draft(world.services, knee, as_=as_),
    ):
        with pytest.raises(AccessDenied):
            attempt()


INSERTS = {
    "care_protocols": "INSERT INTO care_protocols (id, provider_id, code) VALUES (%(new)s, %(provider)s, 'mine')",
    "care_protocol_versions": """INSERT INTO care_protocol_versions
        (id, protocol_id, provider_id, version, definition, published_at, published_by)
        VALUES (%(new)s, %(protocol)s, %(provider)s, 2, '{}', now(), %(staff)s)""",
    "protocol_drafts": """INSERT INTO protocol_drafts (protocol_id, provider_id, staff_id, after, fields, saved_at)
        VALUES (%(protocol)s, %(provider)s, %(staff)s, 1, '{}', now())""",
}


@pytest.mark.parametrize("table", INSERTS)
@pytest.mark.parametrize(("who", "may"), [("bob", True), ("alice", False), ("charlie", False)])
def test_by_sql_too_only_a_manager_writes_and_only_for_the_own_provider(
    world: World, knee: UUID, database: TestDatabase, table: str, who: str, may: bool
) -> None:
    """A1, A3"""
    as_: Staff = getattr(world, who)
    values = {"new": new_id(), "provider": world.bob.provider_id, "protocol": knee, "staff": as_.staff_id}
    with database.connect("survey_login") as connection:
        connection.execute("SET LOCAL ROLE survey_staff")
        connection.execute("SELECT set_config('app.actor', %s, true)", [str(as_.staff_id)])
        connection.execute("SELECT set_config('app.provider', %s, true)", [str(as_.provider_id)])
        if may:
            connection.execute(INSERTS[table], values)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(INSERTS[table], values)


def test_nobody_publishes_in_the_name_of_another(world: World, knee: UUID, database: TestDatabase) -> None:
    values = {"new": new_id(), "provider": world.bob.provider_id, "protocol": knee, "staff": world.alice.staff_id}
    with database.connect("survey_login") as connection:
        connection.execute("SET LOCAL ROLE survey_staff")
        connection.execute("SELECT set_config('app.actor', %s, true)", [str(world.bob.staff_id)])
        connection.execute("SELECT set_config('app.provider', %s, true)", [str(world.bob.provider_id)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(INSERTS["care_protocol_versions"], values)


def test_a_draft_is_its_writers_own(world: World, knee: UUID) -> None:
    save_draft(world.services, knee, {"name_sv": "Bobs"}, as_=world.bob)
    assert open_draft(world.services, knee, as_=world.bob).fields["name_sv"] == "Bobs"


@pytest.fixture
def rows(database: TestDatabase) -> Callable[..., list[tuple[Any, ...]]]:
    def read(query: str, *values: object) -> list[tuple[Any, ...]]:
        with database.connect("survey_owner") as connection:
            return connection.execute(query, values).fetchall()

    return read
