"""The unit's own flags: who sets the rules, what they raise, and when somebody is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from survey_service.delivery.flag_raising import raise_flags
from survey_service.delivery.flag_setting import NewRule, retire_rule, set_flag_hours, set_rule
from survey_service.delivery.flagging import Bound, Criterion, GivenAnswer, Threshold, Worsening
from survey_service.delivery.queries import current_version
from survey_service.delivery.use_cases import assess_response, open_response
from survey_service.delivery.watching import watch_flags
from survey_service.delivery.worklist_queries import (
    RuleState,
    Show,
    UnitFlag,
    Wanted,
    entry_ids,
    escalated,
    rules_of,
    unit_flags_of,
)
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Staff
from tests.world import World

RunJobs = Callable[[], None]
T = "promis_anxiety.t"


def add_rule(
    world: World, criterion: Criterion, *, instrument: str = "promis-anxiety", by: Staff | None = None
) -> None:
    new = NewRule(instrument=instrument, criterion=criterion, reason="We want to ring.", request_id=new_id())
    set_rule(world.services, new, as_=by or world.bob)


def raised(world: World, response_id, *, by: Staff | None = None) -> list[UnitFlag]:  # type: ignore[no-untyped-def]
    with world.services.db.transaction(as_=by or world.bob) as connection:
        stands = current_version(connection, [response_id])
        return list(unit_flags_of(connection, stands, (by or world.bob).unit_id)[response_id])


def listed(world: World, show: Show, *, by: Staff) -> list:  # type: ignore[type-arg]
    wanted = Wanted(unit_id=by.unit_id, staff_id=by.staff_id, show=show)
    with world.services.db.transaction(as_=by) as connection:
        return entry_ids(connection, wanted, limit=10)


def test_a_response_that_meets_a_rule_is_flagged_right_after_its_delivery(world: World, run_jobs: RunJobs) -> None:
    add_rule(world, Threshold(T, Bound.AT_LEAST, 60))
    patient, occasion = world.enrol(by=world.bob)
    (calm,) = world.answer(patient, occasion, value=1)
    other, later = world.enrol(by=world.bob)
    (worried,) = world.answer(other, later, value=5)
    run_jobs()
    assert raised(world, calm) == []
    (flag,) = raised(world, worried)
    assert flag.value is not None
    assert flag.value >= 60
    assert listed(world, Show.FLAGGED, by=world.bob) == [worried]


def test_a_flagged_answer_is_known_to_have_been_given_and_is_not_kept(world: World, run_jobs: RunJobs) -> None:
    """A5: answers are sealed under the person's key."""
    (first, *_) = world.services.library.get("eq5d-5l", "1.0").items
    add_rule(world, GivenAnswer(first, Bound.AT_LEAST, 4), instrument="eq5d-5l")
    patient, occasion = world.enrol(protocol="eq5d-only", by=world.bob)
    (response_id,) = world.answer(patient, occasion, value=4)
    run_jobs()
    (flag,) = raised(world, response_id)
    assert (flag.value, flag.earlier_value) == (None, None)


def test_worsening_is_against_the_response_before_and_tells_both_changes(
    world: World, run_jobs: RunJobs, clock
) -> None:
    add_rule(world, Worsening(T))
    who = world.new_identity()
    patient, occasion = world.enrol(who, by=world.bob)
    (before,) = world.answer(patient, occasion, value=1)
    clock.advance(timedelta(days=30))
    _, again = world.enrol(who, by=world.bob)
    (after,) = world.answer(patient, again, value=5)
    run_jobs()
    (flag,) = raised(world, after)
    assert flag.earlier_id == before
    assert flag.value is not None
    assert flag.earlier_value is not None
    assert flag.important_change is not None
    assert flag.reliable_change is not None
    assert flag.value - flag.earlier_value > max(flag.important_change, flag.reliable_change)
    assert raised(world, before) == []


def test_judging_twice_flags_once(world: World, run_jobs: RunJobs) -> None:
    add_rule(world, Threshold(T, Bound.AT_LEAST, 40))
    patient, occasion = world.enrol(by=world.bob)
    (response_id,) = world.answer(patient, occasion, value=5)
    run_jobs()
    assert raise_flags(world.services, response_id, as_=world.system) == 1
    assert len(raised(world, response_id)) == 1


def test_a_rule_that_is_over_flags_nothing_more_and_its_versions_stay(world: World, run_jobs: RunJobs) -> None:
    add_rule(world, Threshold(T, Bound.AT_LEAST, 40))
    with world.services.db.transaction(as_=world.bob) as connection:
        (rule,) = rules_of(connection, world.bob.unit_id)
    retire_rule(world.services, rule.rule_id, reason="Too many.", request_id=new_id(), as_=world.bob)
    patient, occasion = world.enrol(by=world.bob)
    (response_id,) = world.answer(patient, occasion, value=5)
    run_jobs()
    assert raised(world, response_id) == []
    with world.services.db.transaction(as_=world.bob) as connection:
        (rule,) = rules_of(connection, world.bob.unit_id)
    assert (rule.number, rule.state) == (2, RuleState.RETIRED)


def test_a_rule_looks_at_its_own_units_responses_only(world: World, run_jobs: RunJobs) -> None:
    add_rule(world, Threshold(T, Bound.AT_LEAST, 0))
    patient, occasion = world.enrol(by=world.alice)
    (response_id,) = world.answer(patient, occasion, value=5)
    run_jobs()
    assert raised(world, response_id, by=world.alice) == []


def test_only_the_manager_of_a_unit_sets_its_rules_and_hours(world: World) -> None:
    with pytest.raises(AccessDenied):
        add_rule(world, Threshold(T, Bound.AT_LEAST, 60), by=world.alice)
    with pytest.raises(AccessDenied):
        set_flag_hours(world.services, 8, as_=world.alice)


@pytest.mark.parametrize(
    "criterion",
    [
        Threshold("promis_anxiety.no_such", Bound.AT_LEAST, 60),
        GivenAnswer("NO_SUCH", Bound.AT_LEAST, 2),
        Worsening("promis_anxiety.n_items"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(world: World, criterion: Criterion) -> None:
    with pytest.raises(BadInput):
        add_rule(world, criterion)


def test_what_is_flagged_and_not_assessed_in_time_alarms_once_and_assessing_ends_it(
    world: World, run_jobs: RunJobs, clock, mailbox
) -> None:
    """A3, C5"""
    set_flag_hours(world.services, 8, as_=world.bob)
    add_rule(world, Threshold(T, Bound.AT_LEAST, 40))
    patient, occasion = world.enrol(by=world.bob)
    (response_id,) = world.answer(patient, occasion, value=5)
    run_jobs()
    sent = len(mailbox.sent)
    assert watch_flags(world.services, as_=world.system) == 0
    clock.advance(timedelta(hours=9))
    assert watch_flags(world.services, as_=world.system) == 1
    assert watch_flags(world.services, as_=world.system) == 0
    run_jobs()
    (told,) = mailbox.sent[sent:]
    assert "Testsson" not in told.text + told.subject
    with world.services.db.transaction(as_=world.bob) as connection:
        assert escalated(connection, world.bob.unit_id, protocols=None) == 1
    open_response(world.services, response_id, as_=world.bob)
    assess_response(world.services, response_id, as_=world.bob)
    with world.services.db.transaction(as_=world.bob) as connection:
        assert escalated(connection, world.bob.unit_id, protocols=None) == 0
    assert listed(world, Show.FLAGGED, by=world.bob) == []


def test_no_patient_and_no_register_reads_the_units_flags(world: World) -> None:
    """B1: a unit's flags are its own."""
    patient, _ = world.enrol()
    for principal in (patient, world.register):
        for table in ("unit_flags", "unit_flag_rules", "staff_notes", "hand_overs", "worklist_entries"):
            with (
                pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
                world.services.db.transaction(as_=principal) as connection,
            ):
                connection.execute(sa.text(f"SELECT FROM {table}"))


def test_by_sql_too_a_rule_is_made_by_the_units_manager_and_in_order(world: World) -> None:
    insert = sa.text(
        "INSERT INTO unit_flag_rules (id, rule_id, version, provider_id, unit_id, state, kind, instrument, variable,"
        " reason, staff_id, request_id, at) VALUES (:id, :id, :version, :provider, :unit, 'active', 'worsening', 'i',"
        " 'v', 'r', :staff, :id, now())"
    )
    for who, version, rule in ((world.alice, 1, "by_manager"), (world.bob, 2, "in_order")):
        values = {"id": new_id(), "version": version, "provider": who.provider_id, "unit": who.unit_id}
        with (
            pytest.raises(sa.exc.IntegrityError, match=r"manager|next version") as refused,
            world.services.db.transaction(as_=who) as connection,
        ):
            connection.execute(insert, {**values, "staff": who.staff_id})
        assert refused.value.orig.diag.constraint_name == f"unit_flag_rules_{rule}"  # type: ignore[union-attr]
