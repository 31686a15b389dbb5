"""Answering for somebody else: guardians whom the directory names, proxies whom a unit enters; and nobody else."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from survey_service.access.mandates import act_for, act_for_oneself, wards_of
from survey_service.access.proxies import end_own_proxy, end_proxy, read_proxy
from survey_service.access.queries import mandates_about
from survey_service.access.rules import handed_over_at
from survey_service.answering.pages import notice
from survey_service.answering.use_cases import NOT_FOR_OTHERS, look_at_session
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied, BadInput, SignInRefused, Unavailable
from survey_service.foundation.clock import local_day
from survey_service.foundation.person_directory import NO_DIRECTORY
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import shipped_texts
from survey_service.people.rules import Identity
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.integration.family import (
    PROXY,
    child_of,
    entrust,
    holder,
    say,
    sign_in,
    who_is,
    with_child_protocol,
)
from tests.integration.senders import Directory, kept
from tests.world import World

# What a holder who may only answer must not see a row of.
HIDDEN = (
    "scores", "response_flags", "messages", "dispatches", "dispatch_attempts", "dispatch_receipts", "releases",
    "enrolment_events", "contact_choices", "patient_blocks", "register_choices", "audit_events", "mandates",
    "imported_responses", "imported_scores", "emergency_accesses", "erasure_orders",
)  # fmt: skip
NEEDED = ("patients", "enrolments", "occasions", "tasks", "sessions", "answers", "responses", "deliveries")


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def services(services: Services, directory: Directory) -> Services:
    return replace(services, directory=directory)


@pytest.fixture
def world(world: World) -> World:
    return with_child_protocol(world)


@pytest.fixture
def child(world: World) -> Identity:
    return child_of(world, years=8)


def count(world: World, table: str, *, as_: Patient) -> int:
    with world.services.db.transaction(as_=as_) as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def swedish(sentence: str) -> str:
    return str(shipped_texts()["sv"].gettext(sentence))


# ---- guardians


def test_a_guardian_who_is_no_patient_signs_in_and_answers_for_a_child(
    world: World, directory: Directory, child: Identity, database: TestDatabase
) -> None:
    """C5: the answers are of a series of their own, and say who gave them."""
    patient, occasion = world.enrol(child, protocol="child")
    say(directory, child)
    cookie = sign_in(world)
    guardian = who_is(world, cookie).principal
    assert isinstance(guardian, Patient)
    (ward,) = wards_of(world.services, guardian.person_id)
    assert (ward.name, ward.age) == ("Ebba Ek", 8)

    act_for(world.services, cookie, ward.mandate_id)
    acting = who_is(world, cookie).principal
    assert acting == Patient(patient.person_id, actor_id=guardian.person_id, may_read=True)
    world.answer(acting, occasion)

    assert kept(database, "SELECT DISTINCT respondent FROM sessions") == [("proxy",)]
    assert kept(database, "SELECT DISTINCT answered_by, person_id FROM answers") == [
        (guardian.person_id, patient.person_id)
    ]
    logged = kept(database, "SELECT DISTINCT actor_id FROM audit_events WHERE object_kind = 'response'")
    assert logged == [(guardian.person_id,)]
    began = "SELECT actor_id, person_id, reason FROM audit_events WHERE object_kind = 'mandate'"
    assert kept(database, began) == [(guardian.person_id, patient.person_id, "begun")]

    act_for_oneself(world.services, cookie, was=acting)
    assert who_is(world, cookie).principal == guardian


def test_at_thirteen_the_child_answers_alone(
    world: World, directory: Directory, child: Identity, clock: TestClock
) -> None:
    """C5: the acting that is under way ends with the last second of being twelve."""
    patient, _ = world.enrol(child, protocol="child")
    say(directory, child)
    clock.now = handed_over_at(child.number) - timedelta(minutes=1)
    cookie = sign_in(world)
    (ward,) = wards_of(world.services, who_is(world, cookie).principal.person_id)  # type: ignore[union-attr]
    act_for(world.services, cookie, ward.mandate_id)
    assert who_is(world, cookie).principal == replace(patient, actor_id=holder_id(world, cookie))

    clock.advance(timedelta(minutes=1))
    now = who_is(world, cookie)
    assert now.mandate_ended
    assert now.principal != patient
    assert not now.answers_for_others
    assert wards_of(world.services, holder_id(world, cookie)) == []
    assert who_is(world, sign_in(world, child.number)).principal == patient


def holder_id(world: World, cookie: str) -> object:
    found = who_is(world, cookie).principal
    assert isinstance(found, Patient)
    return found.acts


def test_what_the_directory_said_stands_for_a_day_when_it_is_down(
    world: World, directory: Directory, child: Identity, clock: TestClock
) -> None:
    world.enrol(child, protocol="child")
    say(directory, child)
    sign_in(world)
    down = replace(world, services=replace(world.services, directory=NO_DIRECTORY))

    clock.advance(timedelta(hours=23))
    assert who_is(down, sign_in(down)).answers_for_others
    clock.advance(timedelta(hours=2))
    assert not who_is(down, sign_in(down)).answers_for_others


def test_who_is_no_longer_said_to_be_a_guardian_is_none_from_the_next_sign_in(
    world: World, directory: Directory, child: Identity
) -> None:
    world.enrol(child, protocol="child")
    say(directory, child)
    cookie = sign_in(world)
    directory.facts.clear()
    sign_in(world)
    assert not who_is(world, cookie).answers_for_others


def test_a_stranger_without_children_here_is_still_refused(world: World, directory: Directory, child: Identity) -> None:
    say(directory, child)  # a child whom nobody has asked anything
    with pytest.raises(SignInRefused):
        sign_in(world)


def test_of_a_child_with_a_protected_identity_no_name_is_shown(
    world: World, directory: Directory, child: Identity, app: Flask
) -> None:
    """C5: the guardian answers all the same."""
    world.enrol(child, protocol="child")
    say(directory, child, is_protected=True)
    visitor = Visitor(app, sign_in(world))
    chosen = visitor.get("/acting-for").get_data(as_text=True)
    visitor.submit("/acting-for", "/acting-for/")
    answering = visitor.get("/inbox").get_data(as_text=True)
    for page in (chosen, answering):
        assert "Ebba" not in page
        assert child.number[:4] in page
    assert "/surveys/" in answering


# ---- proxies


def test_a_proxy_answers_and_reads_nothing(world: World, child: Identity) -> None:
    """C5: what is waiting, and that it was received; no score, course, message or access."""
    entrusted = entrust(world, child)
    proxy = entrusted.proxy
    assert not proxy.may_read
    world.answer(proxy, entrusted.occasion)

    assert {table for table in HIDDEN if count(world, table, as_=proxy)} == set()
    assert {table for table in NEEDED if not count(world, table, as_=proxy)} == set()
    with world.services.db.transaction(as_=entrusted.patient) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM scores")).scalar_one() > 0


def test_a_proxy_whose_mandate_says_so_reads_what_came_of_it(world: World, child: Identity) -> None:
    entrusted = entrust(world, child, may_read=True)
    world.answer(entrusted.proxy, entrusted.occasion)
    assert count(world, "scores", as_=entrusted.proxy) > 0
    assert count(world, "mandates", as_=entrusted.proxy) == 0


def test_a_proxy_reaches_only_the_provider_that_entered_the_mandate(world: World) -> None:
    """A6"""
    identity = world.new_identity()
    entrusted = entrust(world, identity, protocol="anxiety-only", may_read=True)
    world.enrol(identity, by=world.charlie)
    with world.services.db.transaction(as_=entrusted.proxy) as connection:
        for table in ("patients", "occasions", "tasks", "enrolments"):
            found = connection.execute(sa.text(f"SELECT DISTINCT provider_id FROM {table}")).scalars().all()
            assert found == [world.alice.provider_id], table


@pytest.mark.parametrize("who", ["unit", "patient"])
def test_an_ended_mandate_ends_at_once_and_what_was_answered_is_kept(
    world: World, child: Identity, who: str, app: Flask
) -> None:
    """C5: refused at the next press, in one sentence; A2: nothing is lost."""
    entrusted = entrust(world, child)
    cookie = sign_in(world, PROXY)
    visitor = Visitor(app, cookie)
    visitor.submit("/acting-for", "/acting-for/")
    question = visitor.submit(f"/surveys/{entrusted.occasion.id}", "/surveys/").headers["Location"]
    form = visitor.page(question).form("/sessions/").fields
    answered = visitor.submit(question, "/sessions/", value="1")
    assert answered.status_code == 303

    with world.services.db.transaction(as_=entrusted.patient) as connection:
        (mandate,) = mandates_about(connection, entrusted.patient.person_id)
    if who == "unit":
        end_proxy(world.services, entrusted.occasion.enrolment_id, mandate.id, as_=world.alice)
    else:
        end_own_proxy(world.services, mandate.id, as_=entrusted.patient)
    refused = visitor.raw_post(question, data=form | {"value": "1", "sequence": "2"})
    assert refused.status_code == 403
    assert swedish("You can no longer answer for this person. What you have answered is kept.") in refused.text
    assert visitor.get("/inbox").status_code == 200
    assert count(world, "answers", as_=entrusted.patient) == 1


def test_the_patient_does_not_go_on_in_words_for_another_nor_the_other_way_about(world: World, child: Identity) -> None:
    entrusted = entrust(world, child)
    state = world.give(world.start(entrusted.proxy, entrusted.occasion), entrusted.proxy, value=1)
    with pytest.raises(AccessDenied):
        look_at_session(world.services, state.session.id, as_=entrusted.patient)
    with pytest.raises(AccessDenied):
        notice(world.services, entrusted.occasion.id, as_=entrusted.patient)


def test_what_has_no_words_for_another_is_not_offered(world: World, app: Flask) -> None:
    """D1: and the page says so in one sentence."""
    entrusted = entrust(world, world.new_identity(), protocol="anxiety-only")
    with pytest.raises(Unavailable, match="Only the person it is about"):
        world.start(entrusted.proxy, entrusted.occasion)
    visitor = Visitor(app, sign_in(world, PROXY))
    visitor.submit("/acting-for", "/acting-for/")
    shown = visitor.get("/inbox").get_data(as_text=True)
    assert swedish(NOT_FOR_OTHERS) in shown
    assert f"/surveys/{entrusted.occasion.id}" not in shown


def test_only_the_patient_decides(world: World, child: Identity, app: Flask) -> None:
    entrust(world, child, may_read=True)
    visitor = Visitor(app, sign_in(world, PROXY))
    visitor.submit("/acting-for", "/acting-for/")
    assert [visitor.get(path).status_code for path in ("/my-data", "/contact", "/my-results", "/inbox")] == [
        403, 403, 200, 200,
    ]  # fmt: skip


def test_what_staff_enter_has_an_end_and_a_ground(world: World) -> None:
    today = local_day(world.services.clock())
    form = {"personal_number": PROXY, "name": "Per", "ground": "trustee", "last_day": str(today)}
    assert not read_proxy(form, today).may_read
    for field, bad in {
        "personal_number": "1", "name": "", "ground": "kindness", "last_day": str(today + timedelta(days=800)),
    }.items():  # fmt: skip
        with pytest.raises(BadInput) as refused:
            read_proxy(form | {field: bad}, today)
        assert set(refused.value.fields) == {field}


def test_the_unit_enters_a_proxy_and_reads_in_which_role_it_was_answered(
    world: World, child: Identity, app: Flask
) -> None:
    """C5: the role in words, and no name; the patient reads in My data who may answer."""
    patient, occasion = world.enrol(child, protocol="child")
    unit = Visitor(app, world.staff_cookie(world.alice))
    page = f"/staff/enrolments/{occasion.enrolment_id}/mandates"
    last_day = str(local_day(world.services.clock()))
    form = {"personal_number": PROXY, "name": "Per Ombud", "ground": "trustee", "last_day": last_day}
    assert unit.submit(page, page, **form).status_code == 303
    assert "Per Ombud" in unit.get(page).text

    proxy = holder(world, PROXY, patient)
    assert proxy is not None
    (answered,) = world.answer(proxy, occasion)
    open_response(world.services, answered, as_=world.alice)
    shown = unit.get(f"/staff/responses/{answered}").text
    assert swedish("A proxy with a mandate") in shown
    assert "Per Ombud" not in shown

    mine = Visitor(app, world.patient_cookie(child))
    assert "Per Ombud" in mine.get("/my-data").text
    assert mine.submit("/my-data", "/my-data/mandates/").status_code == 303
    assert holder(world, PROXY, patient) is None


# ---- by SQL


def test_to_set_whom_one_acts_for_opens_nothing_without_a_mandate(world: World, child: Identity) -> None:
    """A6: the database asks for the mandate, whatever the code says."""
    patient, occasion = world.enrol(child, protocol="child")
    stranger, _ = world.enrol()
    intruder = Patient(patient.person_id, actor_id=stranger.person_id)
    for table in (*NEEDED, *HIDDEN):
        assert count(world, table, as_=intruder) == 0, table
    with pytest.raises((AccessDenied, sa.exc.ProgrammingError)):
        world.start(intruder, occasion)
    with pytest.raises(sa.exc.ProgrammingError), world.services.db.transaction(as_=intruder) as connection:
        connection.execute(
            sa.text("SELECT object_to_register(:r, now(), gen_random_uuid())"), {"r": world.register.register_id}
        )


def test_an_answer_in_the_name_of_who_holds_no_mandate_is_refused_whoever_writes_it(
    world: World, child: Identity, database: TestDatabase
) -> None:
    """C5"""
    entrusted = entrust(world, child)
    state = world.give(world.start(entrusted.proxy, entrusted.occasion), entrusted.proxy, value=1)
    stranger, _ = world.enrol()
    copy = (
        "INSERT INTO answers (session_id, sequence, provider_id, person_id, item_id, kind, answered_by, answered_at)"
        " SELECT session_id, 2, provider_id, person_id, item_id, 'skipped', %s, now() FROM answers"
        " WHERE session_id = %s"
    )
    with database.connect("survey_owner") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(copy.encode(), [stranger.person_id, state.session.id])


def test_a_tablet_or_a_letter_never_acts_for_another(world: World, child: Identity) -> None:
    entrusted = entrust(world, child)
    lent = replace(entrusted.proxy, occasion_id=entrusted.occasion.id)
    for table in NEEDED:
        assert count(world, table, as_=lent) == 0, table


def test_staff_see_and_end_only_what_their_own_provider_entered(world: World, child: Identity) -> None:
    """A6"""
    entrust(world, child)
    with world.services.db.transaction(as_=world.charlie) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM mandates")).scalar_one() == 0
        assert connection.execute(sa.text("UPDATE mandates SET ended_at = now()")).rowcount == 0
