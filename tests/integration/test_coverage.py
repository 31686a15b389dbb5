"""Coverage: what is counted, what a register is told of it, and what nobody can ask the database for."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from joserfc.jwk import ECKey
from psycopg.errors import InsufficientPrivilege

from survey_service.answering.queries import responses_with_ids
from survey_service.cli import main
from survey_service.delivery.use_cases import open_response
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.principals import Gate, Operator, Patient, Staff
from survey_service.registers.coverage import Comparison, Coverage, month_of, own_coverage, register_coverage
from survey_service.registers.coverage_rules import Measure
from survey_service.registers.feed import pull
from survey_service.registers.objecting import object_to_register
from survey_service.registers.rules import ACCEPTED_PURPOSE
from survey_service.scheduling.enrolling import end, void_enrolment
from survey_service.scheduling.queries import Occasion
from tests.architecture.test_routes import bearer_token
from tests.browsing import Visitor
from tests.conftest import BASE_URL, TestClock, TestDatabase
from tests.integration.sharing import asked_by_both
from tests.operating import environment_of
from tests.world import OTHER_UNIT_HSA, UNIT_HSA, World

Asked = list[tuple[Patient, Occasion]]


@pytest.fixture
def asked(world: World) -> Callable[..., Asked]:
    """So many patients that were asked, in the month in which the clock's week-old occasions opened."""

    def ask(count: int, *, by: Staff | None = None) -> Asked:
        return [world.enrol(by=by) for _ in range(count)]

    return ask


def month(world: World) -> date:
    """The month in which what is enrolled now opened."""
    return local_day(world.services.clock() - timedelta(days=7)).replace(day=1)


def later(clock: TestClock) -> None:
    """Past every window that is open now, to the middle of a later month."""
    clock.now = (clock.now.replace(day=15) + timedelta(days=62)).replace(day=15)


def answered(world: World, asked: Asked, *, received: bool = True) -> None:
    for patient, occasion in asked:
        (response_id,) = world.answer(patient, occasion)
        if received:
            open_response(world.services, response_id, as_=world.alice)


def shown(world: World, when: date, comparison: Comparison) -> dict[str | None, dict[str, str]]:
    """By unit's or provider's HSA id."""
    found = told(world, when, comparison)
    return {
        name[1] or name[0]: {one.value: group.figures[one].shown for one in Measure}
        for group in found.groups
        for name in [found.name(group)]
    }


def told(world: World, when: date, comparison: Comparison) -> Coverage:
    return register_coverage(world.services, first=when, last=when, comparison=comparison, as_=world.register)


def test_each_patient_is_counted_where_the_answers_stand(
    world: World, asked: Callable[..., Asked], run_jobs: Callable[[], None], clock: TestClock
) -> None:
    """B11"""
    answered(world, asked(6))
    run_jobs()
    answered(world, asked(7), received=False)
    asked(8)
    objecting = asked(5)
    for patient, _ in objecting:
        object_to_register(world.services, world.register.register_id, as_=patient)
    answered(world, objecting)
    when = month(world)
    later(clock)
    assert shown(world, when, Comparison.UNIT)[UNIT_HSA] == {
        "invited": "26-34", "answered": "18-22", "unanswered": "8", "waiting": "<5", "released": "6",
        "not_released": "12-16", "objected": "5", "without_notice": "<5", "unreceived": "7", "held": "<5",
        "pending": "<5", "implausible": "<5",
    }  # fmt: skip


def test_what_is_under_the_review_hold_is_held(
    world: World, database: TestDatabase, asked: Callable[..., Asked]
) -> None:
    answered(world, asked(2))
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE agreements SET review_hold_hours = 24")
    (row,) = own_coverage(world.services, as_=world.alice)["Register first"]
    assert row.counts == {"held": 2}


def test_what_is_answered_before_the_look_back_or_under_social_service_law_is_not_counted(
    world: World, database: TestDatabase, asked: Callable[..., Asked]
) -> None:
    """A1, B11"""
    answered(world, asked(2))
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE agreements SET look_back = (now() + interval '2 days')::date")
    assert own_coverage(world.services, as_=world.alice) == {"Register first": []}
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE agreements SET look_back = NULL")
        connection.execute("UPDATE enrolments SET legal_regime = 'social_service'")
    assert own_coverage(world.services, as_=world.alice) == {"Register first": []}


def test_what_was_never_asked_is_not_counted(world: World, asked: Callable[..., Asked]) -> None:
    """B11: withdrawn with its enrolment, or planned for the wrong patient."""
    asked(1)
    for stop in (end, void_enrolment):
        _, occasion = world.enrol()
        stop(world.services, occasion.enrolment_id, "A mistake", as_=world.alice)
    (row,) = own_coverage(world.services, as_=world.alice)["Register first"]
    assert row.counts == {"waiting": 1}


def test_what_another_order_answered_is_answered_at_both_units(world: World) -> None:
    """B6, B11"""
    shared = asked_by_both(world)
    with world.services.db.transaction(as_=world.alice) as connection:
        (found,) = responses_with_ids(connection, [shared.response_id])
    assert found.unit_id == world.alice.unit_id
    counted = own_coverage(world.services, as_=world.alice)["Register first"]
    assert [row.counts for row in counted] == [{"unreceived": 1}] * 2


def test_a_flagged_result_is_counted_beside_where_it_stands(
    world: World, database: TestDatabase, asked: Callable[..., Asked], run_jobs: Callable[[], None]
) -> None:
    """B12"""
    answered(world, asked(2))
    run_jobs()
    with database.connect("survey_owner") as connection:
        connection.execute(
            """UPDATE releases SET payload = payload || '{"flags": ["implausible"]}'
               WHERE id = (SELECT min(id::text)::uuid FROM releases)"""
        )
    (row,) = own_coverage(world.services, as_=world.alice)["Register first"]
    assert row.counts == {"released": 2, "implausible": 1}


def test_an_agreement_that_only_one_side_has_approved_counts_nobody(
    world: World, database: TestDatabase, asked: Callable[..., Asked]
) -> None:
    """B2"""
    asked(1)
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM agreement_approvals WHERE side = 'register'")
    assert own_coverage(world.services, as_=world.alice) == {"Register first": []}


def test_an_instrument_that_is_not_agreed_on_is_not_counted(world: World, database: TestDatabase) -> None:
    world.enrol(protocol="eq5d-only")
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM agreement_variables WHERE variable LIKE 'eq5d%'")
    assert own_coverage(world.services, as_=world.alice) == {"Register first": []}


def test_a_patient_with_two_surveys_is_one_patient_where_the_one_behind_stands(world: World) -> None:
    patient, occasion = world.enrol(protocol="both")
    state = world.start(patient, occasion)
    for _ in range(6):
        state = world.give(state, patient)
    (row,) = own_coverage(world.services, as_=world.alice)["Register first"]
    assert row.counts == {"waiting": 1}


# ---- nothing below the suppression


def test_neither_units_nor_providers_nor_all_give_a_small_unit_away(
    world: World, asked: Callable[..., Asked], clock: TestClock
) -> None:
    """B11: the unit with three would follow from the provider's total and the other unit's nine."""
    answered(world, asked(9), received=False)
    answered(world, asked(3, by=world.bob), received=False)
    when = month(world)
    later(clock)
    units = shown(world, when, Comparison.UNIT)
    assert (units[UNIT_HSA]["unreceived"], units[OTHER_UNIT_HSA]["unreceived"]) == ("9", "<5")
    assert shown(world, when, Comparison.PROVIDER)["SE2321000016-p1"]["unreceived"] == "9-13"
    assert shown(world, when, Comparison.ALL)[None]["unreceived"] == "9-13"


def test_whatever_period_is_asked_for_a_month_is_told_in_the_same_words(
    world: World, asked: Callable[..., Asked], clock: TestClock
) -> None:
    """B11: nothing is left when one period is taken from another, since no figure spans two months."""
    answered(world, asked(9), received=False)
    first = month(world)
    later(clock)
    asked(2)
    second = month(world)
    later(clock)
    both = register_coverage(
        world.services, first=first, last=second, comparison=Comparison.UNIT, as_=world.register
    ).groups
    alone = [*told(world, first, Comparison.UNIT).groups, *told(world, second, Comparison.UNIT).groups]
    assert both == alone
    assert {one.month for one in both} == {first, second}


def test_what_happens_in_a_month_changes_nothing_that_is_told_in_it(
    world: World, asked: Callable[..., Asked], run_jobs: Callable[[], None], clock: TestClock
) -> None:
    """B11: asking every day does not show one patient answer, one response received, or one say no."""
    invited = asked(8)
    answered(world, invited[:6])
    run_jobs()
    when = month(world)
    later(clock)
    before = told(world, when, Comparison.UNIT)
    object_to_register(world.services, world.register.register_id, as_=invited[0][0])
    clock.advance(timedelta(days=1))
    assert told(world, when, Comparison.UNIT) == before


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (0, 0, "have ended"),  # this month
        (-1, -2, "the first one first"),
        (-40, -1, "at most 25"),
    ],
)
def test_months_that_cannot_be_told_of_are_refused(world: World, first: int, last: int, why: str) -> None:
    today = local_day(world.services.clock())
    months = [date(today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1, 1) for n in (first, last)]
    with pytest.raises(BadInput, match=why):
        register_coverage(
            world.services, first=months[0], last=months[1], comparison=Comparison.ALL, as_=world.register
        )


FUNCTIONS = {
    "count_coverage": "(NULL, '{}', '{}', NULL, NULL, NULL, NULL)",
    "coverage_counts": "(NULL, '{}', '{}', NULL, NULL, NULL)",
    "coverage_of_own_units": "(NULL, '{}', '{}', NULL, NULL, NULL)",
}


def test_only_the_service_and_the_provider_itself_can_ask_the_database_for_counts(world: World) -> None:
    """B1, B11: a register's role has no function and no table that counts anybody."""
    patient, _ = world.enrol()
    may = {(Operator(), "coverage_counts"), (world.alice, "coverage_of_own_units")}
    everybody = (world.register, world.system, patient, Gate(), Operator(), world.alice)
    for principal in everybody:
        for name, arguments in FUNCTIONS.items():
            assert is_allowed(world, principal, f"SELECT * FROM {name}{arguments}") is ((principal, name) in may)
    for table in ("occasions", "tasks", "responses", "receipts", "register_choices", "sessions", "notices_given"):
        assert not is_allowed(world, world.register, f"SELECT count(*) FROM {table}")


def is_allowed(world: World, principal: Any, statement: str) -> bool:
    try:
        with world.services.db.transaction(as_=principal) as connection:
            connection.execute(sa.text(statement))
    except sa.exc.ProgrammingError as refused:
        return not isinstance(refused.orig, InsufficientPrivilege)
    return True


# ---- the provider itself


def test_a_provider_sees_its_own_units_as_they_are_and_no_objection_by_itself(
    world: World, asked: Callable[..., Asked]
) -> None:
    """A6, B11"""
    (patient, occasion), _ = asked(2)
    asked(1, by=world.charlie)
    object_to_register(world.services, world.register.register_id, as_=patient)
    answered(world, [(patient, occasion)])
    (row,) = own_coverage(world.services, as_=world.alice)["Register first"]
    assert (row.unit, row.counts) == ("Enhet Ett", {"other": 1, "waiting": 1})
    assert own_coverage(world.services, as_=world.charlie) == {}


def test_a_pull_is_seen_by_the_provider_and_by_the_patient(
    world: World, app: Flask, run_jobs: Callable[[], None]
) -> None:
    """B10, G2: register, purpose, time, how many."""
    identity = world.new_identity()
    answered(world, [world.enrol(identity), world.enrol()])
    run_jobs()
    pull(world.services, cursor=None, limit=100, purpose=ACCEPTED_PURPOSE, as_=world.register)
    page = Visitor(app, world.staff_cookie(world.bob)).get("/staff/registers/pulls").get_data(as_text=True)
    assert "<bdi>Register first</bdi>" in page
    assert '<td class="figure">2</td>' in page
    assert "atientdatalagen" in page
    other = Visitor(app, world.staff_cookie(world.charlie)).get("/staff/registers/pulls").get_data(as_text=True)
    assert "Register first" not in other
    mine = Visitor(app, world.patient_cookie(identity)).get("/my-data").get_data(as_text=True)
    assert mine.count("Register first") == 3  # the choice, what became of the answers, and the pull


def test_the_coverage_page_shows_the_providers_own_units(world: World, app: Flask, asked: Callable[..., Asked]) -> None:
    asked(3)
    page = Visitor(app, world.staff_cookie(world.alice)).get("/staff/registers/coverage").get_data(as_text=True)
    assert "<bdi>Register first</bdi>" in page
    assert page.count('<td class="figure">3</td>') == 2  # invited, and can still answer


def test_the_coverage_page_shows_another_month_and_none_to_come(
    world: World, app: Flask, asked: Callable[..., Asked]
) -> None:
    asked(3)
    visitor = Visitor(app, world.staff_cookie(world.alice))
    shown = {month: visitor.get(f"/staff/registers/coverage?month={month}") for month in ("2020-01", "2999-01", "x")}
    assert "Register first" in shown["2020-01"].get_data(as_text=True)
    assert '<td class="figure">' not in shown["2020-01"].get_data(as_text=True)
    assert '<td class="figure">3</td>' in shown["2999-01"].get_data(as_text=True), "this month stands in"
    assert shown["x"].status_code == 400


# ---- over the wire, and for the operator


@pytest.fixture
def ask_api(app: Flask, world: World, register_key: ECKey, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # because no test has a certificate

    def get(when: date, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {bearer_token(app, register_key)}"}
        span = {"from": f"{when:%Y-%m}", "to": f"{when:%Y-%m}"}
        return app.test_client().get(
            "/api/v1/registers/me/coverage", query_string=span | query, headers=headers, base_url=BASE_URL
        )

    return get


def last_month(world: World) -> date:
    return (local_day(world.services.clock()).replace(day=1) - timedelta(days=1)).replace(day=1)


def opened_last_month(world: World, database: TestDatabase, asked: Asked) -> None:
    """As if the occasions had opened in the month before this one, where the token's own clock stands."""
    with database.connect("survey_owner") as connection:
        for _, occasion in asked:
            at = world.services.clock().replace(day=1) - timedelta(days=10)
            connection.execute("UPDATE occasions SET opens_at = %s WHERE id = %s", [at, occasion.id])
        connection.execute("UPDATE agreements SET valid_from = valid_from - interval '90 days'")
        connection.execute("UPDATE agreement_approvals SET approved_at = approved_at - interval '90 days'")


def test_a_register_asks_in_json_for_numerator_denominator_and_rule(
    world: World, database: TestDatabase, asked: Callable[..., Asked], ask_api: Callable[..., Any]
) -> None:
    """B11"""
    opened_last_month(world, database, asked(6))
    answer = ask_api(last_month(world), comparison="unit")
    body = answer.get_json()
    assert answer.status_code == 200
    (group,) = body["groups"]
    assert (group["provider"], group["unit"]) == ("SE2321000016-p1", UNIT_HSA)
    assert group["figures"]["waiting"] == {"shown": "6", "low": 6, "high": 6}
    assert group["rates"]["response"]["denominator"]["shown"] == "6-18"
    assert {"response_rate", "coverage_rate", *group["figures"]} == set(body["rules"])
    assert "below 5" in body["suppression"]


def test_a_register_asks_in_csv(
    world: World, database: TestDatabase, asked: Callable[..., Asked], ask_api: Callable[..., Any]
) -> None:
    opened_last_month(world, database, asked(3))
    answer = ask_api(last_month(world), format="csv")
    assert answer.mimetype == "text/csv"
    lines = list(csv.DictReader(StringIO(answer.get_data(as_text=True))))
    assert {line["measure"]: line["shown"] for line in lines}["waiting"] == "<5"
    assert all(line["rule"] and line["suppression"] for line in lines)


def test_a_question_that_cannot_be_answered_is_a_problem_in_one_sentence(
    world: World, ask_api: Callable[..., Any]
) -> None:
    for query in ({"from": "2026-13"}, {"comparison": "patient"}, {"format": "xml"}):
        assert ask_api(last_month(world), **query).status_code in {400, 422}
    assert ask_api(local_day(world.services.clock())).status_code == 400


def test_the_operator_sees_what_the_register_is_told(
    world: World, database: TestDatabase, keys_url: str, asked: Callable[..., Asked]
) -> None:
    opened_last_month(world, database, asked(6))
    when = f"{last_month(world):%Y-%m}"
    settings = replace(world.services.settings, databases=replace(world.services.settings.databases, keys=keys_url))
    arguments = ["registers", "coverage", "first", "--from", when, "--to", when, "--by", "all", "--json"]
    result = CliRunner().invoke(main, arguments, env=environment_of(settings))
    assert result.exit_code == 0, result.output
    assert '"waiting": "6"' in result.stdout
    assert "below 5" in result.stderr
    refused = CliRunner().invoke(main, [*arguments[:2], "nobody", *arguments[3:]], env=environment_of(settings))
    assert refused.stderr == "Error: There is no register of that code.\n"


def test_a_month_is_read_as_people_write_it() -> None:
    assert month_of("2026-09") == date(2026, 9, 1)
    with pytest.raises(BadInput):
        month_of("september")
