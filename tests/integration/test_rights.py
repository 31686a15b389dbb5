"""Who may what: each role on each page; what an administrator can set and nobody else can, also by SQL."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from survey_service.access.queries import commissions_of, rights_of
from survey_service.access.rights import end_commission, give_commission, make_administrator
from survey_service.access.rules import Right, Role
from survey_service.access.use_cases import resume
from survey_service.cli import main
from survey_service.delivery.queries import worklist
from survey_service.delivery.use_cases import assess_response, confirm_receipts, open_response, scope_of
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id, refused_by
from survey_service.foundation.principals import Operator, Principal, Staff
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.operating import environment_of
from tests.people_with_rights import colleague, commission, commission_of, cookie, limited
from tests.world import UNIT_HSA, World

# Columns: clinician, unit manager, administrator, data protection officer.
PAGES: Mapping[str, tuple[int, int, int, int]] = {
    "/staff": (200, 200, 403, 403),
    "/staff/undelivered": (200, 200, 403, 403),
    "/staff/enrolments/new": (200, 200, 403, 403),
    "/staff/enrolments/{enrolment}": (200, 200, 403, 403),
    "/staff/enrolments/{enrolment}/mandates": (200, 200, 403, 403),
    "/staff/responses/{response}": (200, 200, 403, 403),
    "/staff/responses/{response}/correction": (200, 200, 403, 403),
    "/staff/responses/{response}/voiding": (200, 200, 403, 403),
    "/staff/responses/{response}/versions/1": (200, 200, 403, 403),
    "/staff/responses/{response}/emergency": (303, 303, 403, 403),
    "/staff/queries": (200, 200, 403, 403),
    "/staff/new?since=2026-01-01T00:00:00%2B00:00": (200, 200, 403, 403),
    "/staff/enrolments/list": (200, 200, 403, 403),
    "/staff/patients/{person}/course": (200, 200, 403, 403),
    "/staff/patients/{person}/course.pdf": (200, 200, 403, 403),
    "/staff/patients/{person}/units": (200, 200, 403, 403),
    "/staff/occasions/{waiting}/paper": (200, 200, 403, 403),
    "/staff/occasions/{waiting}/entry": (200, 200, 403, 403),
    "/staff/occasions/{waiting}/hand-over": (200, 200, 403, 403),
    "/staff/follow-up": (200, 200, 403, 403),
    "/staff/follow-up/figures.csv": (200, 200, 403, 403),
    "/staff/notices": (200, 200, 403, 403),
    "/staff/flags": (403, 200, 403, 403),
    "/staff/protocols": (200, 200, 403, 403),
    "/staff/protocols/{protocol}": (200, 200, 403, 403),
    "/staff/protocols/{protocol}/file": (200, 200, 403, 403),
    "/staff/protocols/{protocol}/edit": (403, 200, 403, 403),
    "/staff/protocols/{protocol}/preview": (403, 200, 403, 403),
    "/staff/protocols/{protocol}/preview.csv": (403, 200, 403, 403),
    "/staff/settings/record-system": (403, 200, 403, 403),
    "/staff/registers": (200, 200, 200, 200),
    "/staff/registers/pulls": (200, 200, 200, 200),
    "/staff/registers/coverage": (200, 200, 200, 200),
    "/staff/rights": (403, 403, 200, 200),
    "/staff/rights.csv": (403, 403, 200, 200),
    "/staff/oversight": (403, 403, 403, 200),
    "/staff/oversight.csv": (403, 403, 403, 200),
}


@pytest.fixture
def adam(world: World) -> Staff:
    """An administrator who is no clinician."""
    return colleague(world, Role.ADMINISTRATOR, name="adam")


@pytest.fixture
def disa(world: World) -> Staff:
    """A data protection officer."""
    return colleague(world, Role.DATA_PROTECTION_OFFICER, name="disa")


def received(world: World, protocol: str = "eq5d-only") -> tuple[UUID, UUID]:
    """A response that alice has opened, and its enrolment."""
    patient, occasion = world.enrol(protocol=protocol)
    (response_id,) = world.answer(patient, occasion)
    open_response(world.services, response_id, as_=world.alice)
    return response_id, occasion.enrolment_id


def test_each_role_opens_the_pages_that_are_its_own_and_no_others(world: World, app: Flask) -> None:
    """G2"""
    response_id, enrolment_id = received(world)
    patient, waiting = world.enrol()
    named = {
        "response": response_id,
        "enrolment": enrolment_id,
        "person": world.reference(patient),
        "waiting": waiting.id,
        "protocol": world.protocols["anxiety-only"],
    }
    visitors = []
    for role in Role:
        colleague(world, role, name=role.value)
        visitors.append(Visitor(app, cookie(world, role.value)))
    answered = {page: tuple(visitor.get(page.format(**named)).status_code for visitor in visitors) for page in PAGES}
    assert answered == PAGES


def test_the_table_above_has_every_page_for_staff(app: Flask) -> None:
    elsewhere = {"/staff/sign-in", "/staff/sign-in/callback", "/staff/patients/{}/history"}
    rules = {re.sub(r"<[^>]+>", "{}", rule.rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    named = {re.sub(r"\{\w+\}|(?<=versions/)1", "{}", page.partition("?")[0]) for page in PAGES}
    assert {rule for rule in rules if rule.startswith("/staff")} - elsewhere == named


def test_the_document_on_rights_has_every_page_for_staff(app: Flask) -> None:
    """G2: what decides on each is written down where a provider can read it."""
    told = (Path(__file__).parents[2] / "docs" / "rights.md").read_text(encoding="utf-8")
    rules = {re.sub(r"<[^>]+>", "<id>", rule.rule) for rule in app.url_map.iter_rules()}
    elsewhere = {"/staff/sign-in", "/staff/sign-in/callback"}
    pages = {rule for rule in rules if rule.startswith("/staff")} - elsewhere
    assert pages == set(re.findall(r"`(/staff[^`]*)`", told.partition("| page | rule |")[2]))


def test_a_page_that_somebody_adds_is_closed_to_who_is_not_in_care(
    world: World, app: Flask, adam: Staff, disa: Staff
) -> None:
    app.add_url_rule("/staff/new-page", view_func=lambda: "patients", methods=["GET"])
    codes = [Visitor(app, cookie(world, name)).get("/staff/new-page").status_code for name in ("adam", "disa", "alice")]
    assert codes == [403, 403, 200]


@pytest.mark.parametrize("name", ["adam", "disa"])
def test_who_is_not_in_care_is_told_so_and_receives_reads_and_assesses_nothing(
    world: World, app: Flask, adam: Staff, disa: Staff, name: str
) -> None:
    response_id, _ = received(world)
    page = unescape(Visitor(app, cookie(world, name)).get("/staff").get_data(as_text=True))
    assert "Patienter och deras svar är för enhetens behandlare och chefer." in page
    who = {"adam": adam, "disa": disa}[name]
    for act in (open_response, assess_response):
        with pytest.raises(AccessDenied):
            act(world.services, response_id, as_=who)
    with pytest.raises(AccessDenied):
        confirm_receipts(world.services, [response_id], as_=who)


# ---- limited to protocols


def test_a_clinician_who_is_limited_sees_and_opens_the_protocols_own_responses_only(world: World, adam: Staff) -> None:
    """A6, G2"""
    (own, enrolled), (other, _) = received(world, "anxiety-only"), received(world, "eq5d-only")
    lina = limited(world, "anxiety-only", by=adam)
    open_response(world.services, own, as_=lina)
    with pytest.raises(AccessDenied):
        open_response(world.services, other, as_=lina)
    with pytest.raises(AccessDenied):
        confirm_receipts(world.services, [own, other], as_=lina)
    assert enrolled


def test_a_worklist_is_limited_as_its_reader_is(world: World, app: Flask, adam: Staff) -> None:
    (own, mine), (other, theirs) = received(world, "anxiety-only"), received(world, "eq5d-only")
    waiting, _ = world.enrol(protocol="eq5d-only")
    limited(world, "anxiety-only", by=adam)
    lina = Visitor(app, cookie(world, "lina"))
    page = lina.get("/staff").get_data(as_text=True)
    assert str(own) in page
    assert str(other) not in page
    assert page.count("Testsson") == 1
    assert lina.get(f"/staff/enrolments/{mine}").status_code == 200
    assert lina.get(f"/staff/enrolments/{theirs}").status_code == 403
    assert lina.get(f"/staff/responses/{other}").status_code == 403
    assert waiting


def test_a_limit_is_no_limit_to_who_has_another_commission_without_one(world: World, adam: Staff) -> None:
    lina = limited(world, "anxiety-only", by=adam)
    give_commission(world.services, commission(world), as_=adam)
    with world.services.db.transaction(as_=lina) as connection:
        assert rights_of(connection, lina, world.services.clock()).protocols is None


def test_a_limited_clinician_orders_by_the_protocol_and_no_other(world: World, adam: Staff) -> None:
    lina = limited(world, "anxiety-only", by=adam)
    world.enrol(protocol="anxiety-only", by=lina)
    with pytest.raises(BadInput):
        world.enrol(protocol="eq5d-only", by=lina)


# ---- setting rights


def test_an_administrator_gives_and_ends_in_the_browser_and_what_ended_stays_to_be_seen(
    world: World, app: Flask, adam: Staff, database: TestDatabase
) -> None:
    """G2"""
    visitor = Visitor(app, cookie(world, "adam"))
    form = {
        "hsa_id": "SE2321000016-lina",
        "name": "Lina Ny",
        "unit": str(world.alice.unit_id),
        "role": "clinician",
        "valid_from": local_day(world.services.clock()).isoformat(),
    }
    assert visitor.submit("/staff/rights", "/staff/rights", **form | {"hsa_id": ""}).status_code == 400
    request = {"request_id": str(new_id())}
    for _ in range(2):  # a double click
        assert visitor.post("/staff/rights", page="/staff/rights", **form, **request).status_code == 303
    lina = cookie(world, "lina")
    assert Visitor(app, lina).get("/staff").status_code == 200
    given = UUID(request["request_id"])
    assert visitor.post(f"/staff/rights/{given}/end", page="/staff/rights").status_code == 303
    assert resume(world.services, lina) is None
    page = visitor.get("/staff/rights").get_data(as_text=True)
    assert page.count("Lina Ny") == 1
    assert "Adam" in page
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT object_id, reason, actor_id FROM audit_events WHERE object_kind = 'commission' ORDER BY id"
        ).fetchall()
    assert logged == [(given, "given clinician", adam.staff_id), (given, "ended", adam.staff_id)]


def test_nobody_sets_their_own_rights(world: World, adam: Staff) -> None:
    with pytest.raises(AccessDenied, match="Nobody sets their own rights"):
        give_commission(world.services, commission(world, name="adam"), as_=adam)
    with pytest.raises(AccessDenied, match="Nobody sets their own rights"):
        end_commission(world.services, commission_of(world, adam), as_=adam)


def test_of_two_administrators_who_end_each_other_one_is_left(world: World, adam: Staff) -> None:
    eve = colleague(world, Role.ADMINISTRATOR, name="eve")
    assert end_commission(world.services, commission_of(world, eve), as_=adam)
    with pytest.raises(AccessDenied):
        end_commission(world.services, commission_of(world, adam), as_=eve)


def test_an_administrator_of_one_provider_sets_nothing_at_another(world: World, adam: Staff) -> None:
    """A6"""
    theirs = commission_of(world, world.charlie)
    assert not end_commission(world.services, theirs, as_=adam)
    with pytest.raises(sa.exc.IntegrityError):
        give_commission(world.services, commission(world, unit_id=world.charlie.unit_id), as_=adam)


def test_a_data_protection_officer_has_no_other_commission_at_the_same_time(world: World, adam: Staff) -> None:
    give_commission(world.services, commission(world, role=Role.DATA_PROTECTION_OFFICER), as_=adam)
    with pytest.raises(BadInput, match="no other commission"):
        give_commission(world.services, commission(world), as_=adam)


def test_what_is_given_is_not_dated_back_and_only_clinicians_are_limited(world: World, adam: Staff) -> None:
    now = world.services.clock()
    with pytest.raises(BadInput, match="ends after it begins"):
        give_commission(world.services, commission(world, valid_until=now), as_=adam)
    protocols = [world.protocols["eq5d-only"]]
    with pytest.raises(BadInput, match="limited to protocols"):
        give_commission(world.services, commission(world, role=Role.UNIT_MANAGER, protocols=protocols), as_=adam)
    old = commission(world, valid_from=now - timedelta(days=30))
    give_commission(world.services, old, as_=adam)
    with world.services.db.transaction(as_=adam) as connection:
        (given,) = [one for one in commissions_of(connection, limit=100) if one.id == old.id]
    assert given.valid_from == now


def test_one_that_is_ended_before_it_begins_is_never_in_force(world: World, adam: Staff, clock: TestClock) -> None:
    later = commission(world, valid_from=clock() + timedelta(days=10))
    give_commission(world.services, later, as_=adam)
    assert end_commission(world.services, later.id, as_=adam)
    assert not end_commission(world.services, later.id, as_=adam)
    with world.services.db.transaction(as_=adam) as connection:
        (given,) = [one for one in commissions_of(connection, limit=100) if one.id == later.id]
    assert given.valid_until == given.valid_from


def test_an_operator_enters_the_first_administrator(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: TestClock
) -> None:
    for name, value in environment_of(world.services.settings).items():
        monkeypatch.setenv(name, value)
    arguments = ["administrators", "add", "--unit", UNIT_HSA, "--hsa-id", "SE2321000016-first", "--name", "Första"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "sets the rights of Region Ett" in result.output
    clock.advance(timedelta(hours=1))  # the command has the real time
    assert resume(world.services, cookie(world, "first")) is not None


def test_an_operator_makes_an_administrator_of_somebody_who_is_there(world: World) -> None:
    who = world.alice
    staff_id = make_administrator(
        world.services, provider_id=who.provider_id, unit_id=who.unit_id, hsa_id="SE2321000016-alice", name="Alice"
    )
    assert staff_id == who.staff_id
    with world.services.db.transaction(as_=who) as connection:
        rights = rights_of(connection, who, world.services.clock())
    assert [rights.may(right) for right in (Right.CARE, Right.SET_RIGHTS, Right.OVERSEE)] == [True, True, False]


# ---- by SQL


def refusal(world: World, who: Principal, statement: str, **values: object) -> str | None:
    """The rule by which the database refuses, its class where it has no name, or None."""
    try:
        with world.services.db.transaction(as_=who) as connection:
            connection.execute(sa.text(statement), values)
    except sa.exc.DBAPIError as error:
        return refused_by(error) or type(error.orig).__name__
    return None


ADD = "SELECT add_commission(:id, :staff, :unit, 'administrator', :at, NULL, '{}', :at)"


def test_staff_write_no_commission_and_no_limit_by_sql(world: World, adam: Staff) -> None:
    """A6, G2"""
    row = {"id": new_id(), "p": adam.provider_id, "s": adam.staff_id, "u": adam.unit_id, "at": world.services.clock()}
    insert = "INSERT INTO commissions (id, provider_id, staff_id, unit_id, role, valid_from) VALUES"
    for who in (world.alice, world.bob, adam):
        assert refusal(world, who, f"{insert} (:id, :p, :s, :u, 'clinician', :at)", **row) == "InsufficientPrivilege"
        for statement in (
            "UPDATE commissions SET valid_until = NULL",
            "DELETE FROM commissions",
            "DELETE FROM commission_protocols",
            "UPDATE staff_members SET hsa_id = hsa_id",
        ):
            assert refusal(world, who, statement) == "InsufficientPrivilege"


def test_the_functions_serve_nobody_but_an_administrator_in_force(world: World, adam: Staff, disa: Staff) -> None:
    now = world.services.clock()
    values = {"staff": world.charlie.staff_id, "unit": world.alice.unit_id, "at": now}
    commissioned = commission_of(world, world.alice)
    for who in (world.alice, world.bob, world.charlie, disa):
        assert refusal(world, who, ADD, id=new_id(), **values) == "commissions_administrator"
        end = refusal(world, who, "SELECT end_commission(:id, :at)", id=commissioned, at=now)
        assert end == "commissions_administrator"
        member = refusal(world, who, "SELECT add_member(:id, 'x', 'x', :at)", id=new_id(), at=now)
        assert member == "commissions_administrator"
    assert refusal(world, Operator(), ADD, id=new_id(), **values) == "InsufficientPrivilege"


def test_an_administrator_whose_time_is_over_does_not_get_it_back_by_naming_an_earlier_time(
    world: World, adam: Staff
) -> None:
    eve = colleague(world, Role.ADMINISTRATOR, name="eve")
    then = world.services.clock()
    end_commission(world.services, commission_of(world, eve), as_=adam)
    for at in (then - timedelta(hours=1), then + timedelta(hours=1)):
        values = {"staff": world.bob.staff_id, "unit": world.bob.unit_id, "at": at}
        assert refusal(world, eve, ADD, id=new_id(), **values) == "commissions_administrator"


def test_nobody_gives_themselves_anything_by_sql(world: World, adam: Staff) -> None:
    values = {"staff": adam.staff_id, "unit": adam.unit_id, "at": world.services.clock()}
    assert refusal(world, adam, ADD, id=new_id(), **values) == "commissions_own"


def test_who_is_not_in_care_makes_no_receipt_reading_or_assessment_by_sql(
    world: World, adam: Staff, disa: Staff
) -> None:
    """A3"""
    patient, occasion = world.enrol()
    (response_id,) = world.answer(patient, occasion)
    about = {"r": response_id, "p": world.alice.provider_id, "o": patient.person_id, "at": world.services.clock()}
    receipt = (
        "INSERT INTO receipts (response_id, provider_id, person_id, unit_id, staff_id, route, received_at)"
        " VALUES (:r, :p, :o, :u, :s, 'opened_by_person', :at)"
    )
    later = [
        f"INSERT INTO {table} (response_id, provider_id, person_id, unit_id, staff_id, {at})"
        " VALUES (:r, :p, :o, :u, :s, :at)"
        for table, at in (("readings", "read_at"), ("assessments", "assessed_at"))
    ]
    own = {who: about | {"s": who.staff_id, "u": who.unit_id} for who in (adam, disa)}
    refused = [refusal(world, who, receipt, **values) for who, values in own.items()]
    open_response(world.services, response_id, as_=world.alice)
    refused += [refusal(world, who, statement, **values) for who, values in own.items() for statement in later]
    assert refused == ["commissions_in_care"] * 6


def test_the_code_and_the_database_list_the_same_worklist_for_who_is_limited(world: World, adam: Staff) -> None:
    """The limit goes into the query: what it leaves out is not read at all."""
    own, _ = received(world, "anxiety-only")
    received(world, "eq5d-only")
    lina = limited(world, "anxiety-only", by=adam)
    with world.services.db.transaction(as_=lina) as connection:
        scope = scope_of(rights_of(connection, lina, world.services.clock()))
        listed = worklist(connection, lina.unit_id, only_unread=False, limit=10, scope=scope)
    assert [one.response_id for one in listed] == [own]
