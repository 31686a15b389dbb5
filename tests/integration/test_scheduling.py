"""Enrolment, on the page and by the use case: what a unit can order, and what it is refused."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from survey_service.demo.people import identity_number
from survey_service.errors import AccessDenied, BadInput, Conflict
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Operator, Patient, Register, System
from survey_service.people.queries import open_patients, sealed_patients
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import occasions_of_enrolment
from survey_service.scheduling.use_cases import Order, enrol_patient, publish_protocol
from tests.browsing import Visitor
from tests.world import World, protocol_definition

FORM = "/staff/enrolments/new"


@pytest.fixture
def rows(database) -> Callable[..., list[tuple]]:
    """What the database holds, seen past every policy."""

    def fetch(query: str, *values: object) -> list[tuple]:
        with database.connect("postgres") as connection:
            return connection.execute(query, values).fetchall()

    return fetch


@pytest.fixture
def alice(world: World, app: Flask) -> Visitor:
    return Visitor(app, world.staff_cookie(world.alice))


@pytest.fixture
def filled(world: World, clock) -> dict[str, str]:
    """The form, filled in rightly."""
    identity = world.new_identity()
    return {
        "personal_number": f"{identity.number[:8]}-{identity.number[8:]}",
        "name": "Tyra Testsson",
        "email": "tyra@example.se",
        "phone": "070-174 06 05",
        "language": "sv",
        "protocol": str(world.protocols["both"]),
        "anchor_date": local_day(clock()).isoformat(),
        "care_contact": "Återbesök",
    }


@pytest.fixture
def order(world: World, clock) -> Callable[..., Order]:
    def make(**changes: Any) -> Order:
        values: dict[str, Any] = {
            "identity": world.new_identity(),
            "protocol_id": world.protocols["both"],
            "anchor_date": local_day(clock()),
            "care_contact": "Visit",
            "request_id": new_id(),
        }
        return Order(**(values | changes))

    return make


def errors(response: TestResponse) -> dict[str, str]:
    """The sentences at the fields."""
    found = re.findall(r'<p class="field-error" id="(\w+)-error">([^<]*)</p>', response.get_data(as_text=True))
    return {name: unescape(sentence) for name, sentence in found}


def values(response: TestResponse) -> dict[str, str]:
    """What stands in the fields, the choice of language aside: an unknown one cannot be shown."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", response.get_data(as_text=True)):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if 'class="input' in tag or " checked" in tag:
            found[attributes["name"]] = unescape(attributes["value"])
    return found


# ---- the happy path


def test_a_unit_orders_and_sees_what_it_ordered(alice: Visitor, filled: dict[str, str], rows) -> None:
    """A1, F2"""
    ordered = alice.submit(FORM, FORM, **filled)
    assert ordered.status_code == 303
    page = alice.get(ordered.headers["Location"]).get_data(as_text=True)
    assert "Tyra Testsson" in page
    assert "Uppföljning" in page
    assert rows("SELECT instrument FROM tasks ORDER BY position") == [("eq5d-5l",), ("promis-anxiety",)]


def test_an_order_names_provider_unit_contact_and_legal_regime(world: World, order: Callable[..., Order], rows) -> None:
    """A1, A4"""
    enrol_patient(world.services, order(care_contact="  Remiss 17 "), as_=world.alice)
    assert rows("SELECT provider_id, unit_id, care_contact, legal_regime, ordered_by, purpose FROM enrolments") == [
        (world.alice.provider_id, world.alice.unit_id, "Remiss 17", "health_care", world.alice.staff_id, "care")
    ]


def test_an_order_is_logged(world: World, order: Callable[..., Order], rows) -> None:
    """G2"""
    enrol_patient(world.services, order(), as_=world.alice)
    logged = rows("SELECT actor_kind, activity, object_kind, outcome FROM audit_events")
    assert logged == [("staff", "Skriva", "enrolment", "allowed")]


@pytest.mark.parametrize("who", ["register", "patient", "system", "operator"])
def test_nobody_but_a_care_unit_can_order(world: World, order: Callable[..., Order], rows, who: str) -> None:
    """A1"""
    patient, _occasion = world.enrol()
    before = rows("SELECT count(*) FROM enrolments")
    principals = {
        "register": Register(world.register.register_id),
        "patient": Patient(patient.person_id),
        "system": System(world.alice.provider_id),
        "operator": Operator(),
    }
    with pytest.raises(AccessDenied):
        enrol_patient(world.services, order(), as_=principals[who])
    assert rows("SELECT count(*) FROM enrolments") == before


# ---- each field wrong in turn

WRONG = {
    "a number with a wrong last digit": ("personal_number", "19121212-1213"),
    "no number": ("personal_number", ""),
    "a number of letters": ("personal_number", "yyyymmdd-nnnn"),
    "a number in other digits": ("personal_number", "١٩١٢١٢١٢-١٢١٢"),
    "a huge number": ("personal_number", "9" * 5000),
    "a number with a zero byte": ("personal_number", "19121212\x001212"),
    "no name": ("name", "   "),
    "a name that never ends": ("name", "x" * 201),
    "a name with a zero byte": ("name", "Tyra\x00"),
    "an address without an at": ("email", "tyra.example.se"),
    "an address of two lines": ("email", "tyra@example.se\r\nBcc: all@example.se"),
    "an address with a zero byte": ("email", "tyra\x00@example.se"),
    "an address without an end": ("email", "tyra@example"),
    "a phone of letters": ("phone", "ring mig"),
    "a phone too short": ("phone", "12345"),
    "a phone too long": ("phone", "1" * 16),
    "a phone in other digits": ("phone", "٠٧٠١٧٤٠٦٠٥"),
    "an unknown language": ("language", "xx"),
    "no language": ("language", ""),
    "no protocol": ("protocol", ""),
    "a protocol that is no id": ("protocol", "1"),
    "a protocol that is not there": ("protocol", "01970000-0000-7000-8000-000000000000"),
    "no date": ("anchor_date", ""),
    "a date that is not": ("anchor_date", "2026-02-30"),
    "a date the other way": ("anchor_date", "12/24/2026"),
    "a date of a child's child": ("anchor_date", "2099-01-01"),
    "a date long ago": ("anchor_date", "0001-01-01"),
    "a date at the end of time": ("anchor_date", "9999-12-31"),
    "no care contact": ("care_contact", "  "),
    "a care contact that never ends": ("care_contact", "x" * 201),
    "a care contact with a zero byte": ("care_contact", "Besök\x00"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_gets_one_sentence_and_the_others_are_kept(
    alice: Visitor, filled: dict[str, str], rows, name: str, value: str
) -> None:
    """B12"""
    refused = alice.submit(FORM, FORM, **(filled | {name: value}))
    assert refused.status_code == 400
    assert list(errors(refused)) == [name]
    assert errors(refused)[name].endswith(".")
    kept = values(refused)
    assert {key: kept.get(key) for key in filled if key not in {name, "language"}} == {
        key: one for key, one in filled.items() if key not in {name, "language"}
    }
    assert rows("SELECT 1 FROM enrolments") == rows("SELECT 1 FROM patients") == []


@pytest.mark.parametrize("name", sorted({name for name, _ in WRONG.values()}))
def test_the_sentence_at_a_field_is_in_the_readers_language(alice: Visitor, filled: dict[str, str], name: str) -> None:
    """E2"""
    wrong = [value for field, value in WRONG.values() if field == name]
    swedish = [errors(alice.submit(FORM, FORM, **(filled | {name: value})))[name] for value in wrong]
    alice.post("/language", page=FORM, language="en", next=FORM)
    english = [errors(alice.submit(FORM, FORM, **(filled | {name: value})))[name] for value in wrong]
    assert all(one != other for one, other in zip(swedish, english, strict=True))


def test_an_empty_form_has_a_sentence_for_each_field_that_is_needed(alice: Visitor, rows) -> None:
    refused = alice.submit(FORM, FORM)
    assert set(errors(refused)) == {"personal_number", "name", "protocol", "anchor_date", "care_contact", "language"}
    assert rows("SELECT 1 FROM enrolments") == []


def test_what_was_written_comes_back_as_text_never_as_markup(alice: Visitor, filled: dict[str, str]) -> None:
    nasty = '"><script>alert(1)</script>'
    page = alice.submit(FORM, FORM, **(filled | {"name": nasty, "care_contact": ""})).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_name_of_markup_is_shown_as_text_wherever_it_is_shown(alice: Visitor, filled: dict[str, str]) -> None:
    ordered = alice.submit(FORM, FORM, **(filled | {"name": "<b>Tyra</b>"}))
    for path in (ordered.headers["Location"], "/staff"):
        page = alice.get(path).get_data(as_text=True)
        assert "<b>Tyra" not in page
        assert "&lt;b&gt;Tyra" in page


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_of_another_site_orders_nothing(alice: Visitor, filled: dict[str, str], rows, token: str | None) -> None:
    fields = filled | ({} if token is None else {"csrf_token": token})
    refused = alice.raw_post(FORM, data=fields)
    assert refused.status_code == 400
    assert "för länge" in refused.get_data(as_text=True)
    assert rows("SELECT 1 FROM enrolments") == []


def test_a_form_with_another_sessions_token_orders_nothing(
    alice: Visitor, world: World, app: Flask, filled: dict[str, str], rows
) -> None:
    theirs = Visitor(app, world.staff_cookie(world.bob)).token(FORM)
    assert alice.raw_post(FORM, data=filled | {"csrf_token": theirs}).status_code == 400
    assert rows("SELECT 1 FROM enrolments") == []


# ---- the same order twice


def test_the_same_form_twice_is_one_order(alice: Visitor, filled: dict[str, str], rows) -> None:
    form = alice.page(FORM).form(FORM).fields | filled
    first, second = (alice.raw_post(FORM, data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert rows("SELECT count(*) FROM enrolments") == rows("SELECT count(*) FROM occasions") == [(1,)]


def test_the_same_form_at_once_is_one_order(world: World, order: Callable[..., Order], rows) -> None:
    same = order()
    barrier = Barrier(3)

    def send(_tab: int) -> UUID:
        barrier.wait()
        return enrol_patient(world.services, same, as_=world.alice)

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(send, range(3)))) == 1
    assert rows("SELECT count(*) FROM enrolments") == rows("SELECT count(*) FROM persons") == [(1,)]


def test_a_form_put_right_after_a_refusal_keeps_its_request(alice: Visitor, filled: dict[str, str], rows) -> None:
    form = alice.page(FORM).form(FORM).fields | filled
    refused = alice.raw_post(FORM, data=form | {"name": ""})
    assert f'name="request_id" value="{form["request_id"]}"' in refused.get_data(as_text=True)
    assert alice.raw_post(FORM, data=form).status_code == 303
    assert rows("SELECT request_id::text FROM enrolments") == [(form["request_id"],)]


def test_a_sent_form_filled_in_for_somebody_else_is_not_taken_for_the_first(
    world: World, order: Callable[..., Order], rows
) -> None:
    """Back, another patient's number, send: neither a silent nothing nor two orders under one request."""
    first = order()
    enrol_patient(world.services, first, as_=world.alice)
    with pytest.raises(Conflict):
        enrol_patient(world.services, replace(first, identity=world.new_identity()), as_=world.alice)
    assert rows("SELECT count(*) FROM enrolments") == rows("SELECT count(*) FROM patients") == [(1,)]


def test_a_request_of_another_unit_tells_nothing(world: World, order: Callable[..., Order], rows, app: Flask) -> None:
    """A6"""
    first = order()
    enrolment_id = enrol_patient(world.services, first, as_=world.alice)
    bob = Visitor(app, world.staff_cookie(world.bob))
    assert bob.get(f"/staff/enrolments/{enrolment_id}").status_code == 403
    foreign = replace(first, protocol_id=world.charlies_protocols["both"])
    assert enrol_patient(world.services, foreign, as_=world.charlie) != enrolment_id


@pytest.mark.parametrize("request_id", ["", "x", "0", "\x00"])
def test_a_form_without_its_request_is_still_one_order(
    alice: Visitor, filled: dict[str, str], rows, request_id: str
) -> None:
    assert alice.submit(FORM, FORM, **filled, request_id=request_id).status_code == 303
    assert rows("SELECT count(*) FROM enrolments") == [(1,)]


# ---- whose


def test_another_providers_protocol_is_refused(
    world: World, alice: Visitor, filled: dict[str, str], order: Callable[..., Order], rows
) -> None:
    """A6"""
    theirs = world.charlies_protocols["both"]
    assert list(errors(alice.submit(FORM, FORM, **(filled | {"protocol": str(theirs)})))) == ["protocol"]
    with pytest.raises(BadInput):
        enrol_patient(world.services, order(protocol_id=theirs), as_=world.alice)
    assert rows("SELECT 1 FROM enrolments") == rows("SELECT 1 FROM patients") == []
    assert str(theirs) not in alice.get(FORM).get_data(as_text=True)


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_the_page_of_an_enrolment_is_its_own_units_and_a_try_is_logged(
    world: World, app: Flask, order: Callable[..., Order], rows, who: str
) -> None:
    """A6, G2"""
    enrolment_id = enrol_patient(world.services, order(), as_=world.alice)
    other = getattr(world, who)
    assert Visitor(app, world.staff_cookie(other)).get(f"/staff/enrolments/{enrolment_id}").status_code == 403
    assert rows("SELECT actor_id, object_id FROM audit_events WHERE outcome = 'denied'") == [
        (other.staff_id, enrolment_id)
    ]


def test_an_enrolment_that_is_not_there_looks_like_another_units(alice: Visitor) -> None:
    assert alice.get(f"/staff/enrolments/{new_id()}").status_code == 403
    assert alice.get("/staff/enrolments/17").status_code == 404


def test_a_patient_cannot_order(world: World, app: Flask, filled: dict[str, str], rows) -> None:
    """A1"""
    identity = world.new_identity()
    world.enrol(identity)
    visitor = Visitor(app, world.patient_cookie(identity))
    assert visitor.get(FORM).status_code == 403
    token = visitor.token("/inbox")
    assert visitor.raw_post(FORM, data=filled | {"csrf_token": token}).status_code == 403
    assert rows("SELECT count(*) FROM enrolments") == [(1,)]


# ---- when


@pytest.mark.parametrize("days", [-3 * 366 - 1, 3 * 366 + 1])
def test_a_date_more_than_three_years_away_is_refused(
    world: World, order: Callable[..., Order], clock, days: int
) -> None:
    """F1"""
    with pytest.raises(BadInput) as refused:
        enrol_patient(world.services, order(anchor_date=local_day(clock()) + timedelta(days=days)), as_=world.alice)
    assert list(refused.value.fields) == ["anchor_date"]


def test_a_date_with_which_all_is_over_is_refused_and_writes_nothing(
    world: World, order: Callable[..., Order], clock, rows
) -> None:
    """F1"""
    with pytest.raises(BadInput) as refused:
        enrol_patient(world.services, order(anchor_date=local_day(clock()) - timedelta(days=15)), as_=world.alice)
    assert list(refused.value.fields) == ["anchor_date"]
    assert rows("SELECT 1 FROM enrolments") == rows("SELECT 1 FROM patients") == rows("SELECT 1 FROM occasions") == []


def test_an_occasion_that_is_over_is_left_out_of_an_order(world: World, order: Callable[..., Order], clock) -> None:
    """F1"""
    definition = protocol_definition("series", ["eq5d-5l"])
    baseline = definition["occasions"][0]
    definition["occasions"] = [baseline, baseline | {"code": "year", "due_day": 365}]
    protocol_id = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    past = local_day(clock()) - timedelta(days=200)
    enrolment_id = enrol_patient(world.services, order(protocol_id=protocol_id, anchor_date=past), as_=world.alice)
    with world.services.db.transaction(as_=world.alice) as connection:
        assert [one.code for one in occasions_of_enrolment(connection, enrolment_id)] == ["year"]


# ---- who a form is for


def _child(world: World, clock, *, years: int) -> Identity:
    """Somebody who turned so many years old on the first day of the year."""
    return world.new_identity(number=identity_number(date(local_day(clock()).year - years, 1, 1), 7))


@pytest.mark.parametrize(
    ("instrument", "years"), [("eq5d-y-3l", 4), ("eq5d-y-3l", 8), ("eq5d-y-3l", 15), ("eq5d-5l", 16)]
)
def test_a_form_is_ordered_for_those_it_is_meant_for_or_somebody_answers_about(
    world: World, order: Callable[..., Order], clock, instrument: str, years: int
) -> None:
    """F1"""
    definition = protocol_definition("by-age", [instrument])
    protocol_id = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    identity = _child(world, clock, years=years)
    assert enrol_patient(world.services, order(protocol_id=protocol_id, identity=identity), as_=world.alice)


@pytest.mark.parametrize(("instrument", "years"), [("eq5d-y-3l", 3), ("eq5d-y-3l", 16), ("eq5d-5l", 15)])
def test_a_form_for_another_age_is_refused_in_one_sentence(
    world: World, order: Callable[..., Order], clock, rows, instrument: str, years: int
) -> None:
    """F1"""
    definition = protocol_definition("by-age", [instrument])
    protocol_id = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    identity = _child(world, clock, years=years)
    with pytest.raises(BadInput, match="not meant for somebody of the patient's age") as refused:
        enrol_patient(world.services, order(protocol_id=protocol_id, identity=identity), as_=world.alice)
    assert list(refused.value.fields) == ["protocol"]
    assert rows("SELECT 1 FROM enrolments") == rows("SELECT 1 FROM patients") == rows("SELECT 1 FROM persons") == []


def test_who_outgrows_a_form_before_its_last_occasion_is_not_half_enrolled(
    world: World, order: Callable[..., Order], clock, rows
) -> None:
    """F1: the unit is told, rather than the data thinned in silence."""
    definition = protocol_definition("by-age", ["eq5d-y-3l"])
    definition["occasions"].append(definition["occasions"][0] | {"code": "year", "due_day": 366})
    protocol_id = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    identity = _child(world, clock, years=15)
    with pytest.raises(BadInput, match="age"):
        enrol_patient(world.services, order(protocol_id=protocol_id, identity=identity), as_=world.alice)
    assert rows("SELECT 1 FROM enrolments") == []


# ---- the same person again


def test_a_second_enrolment_brings_the_contacts_up_to_date_and_adds_an_occasion(
    world: World, alice: Visitor, filled: dict[str, str], rows
) -> None:
    alice.submit(FORM, FORM, **filled)
    again = filled | {"name": "Tyra Nygift", "email": "", "phone": "+46 70 174 06 06", "language": "en"}
    assert alice.submit(FORM, FORM, **again).status_code == 303
    assert rows("SELECT count(*) FROM persons") == rows("SELECT count(*) FROM patients") == [(1,)]
    assert rows("SELECT count(*) FROM occasions") == [(2,)]
    person_id = find_person(world.services, filled["personal_number"].replace("-", ""))
    assert person_id is not None
    with world.services.db.transaction(as_=world.alice) as connection:
        sealed = sealed_patients(connection, [person_id])
    identity = open_patients(world.services.keys, sealed)[person_id]
    assert (identity.name, identity.email, identity.phone, identity.locale) == (
        "Tyra Nygift",
        None,
        "+46701740606",
        "en",
    )


@pytest.mark.parametrize("written", ["{short}", "{long}", "{century}-{rest}", " {century}{rest} "])
def test_however_the_number_is_written_it_is_one_person(
    world: World, alice: Visitor, filled: dict[str, str], rows, written: str
) -> None:
    digits = filled["personal_number"].replace("-", "")
    alice.submit(FORM, FORM, **filled)
    number = written.format(short=f"{digits[2:8]}-{digits[8:]}", long=digits, century=digits[:8], rest=digits[8:])
    assert alice.submit(FORM, FORM, **(filled | {"personal_number": number})).status_code == 303
    assert rows("SELECT count(*) FROM persons") == [(1,)]


def test_a_person_known_to_two_providers_is_one_person_with_two_relations_unseen_by_each_other(
    world: World, rows
) -> None:
    """A6, B6"""
    identity = world.new_identity(name="Tyra Hos Ett")
    patient, here = world.enrol(identity)
    same, there = world.enrol(replace(identity, name="Tyra Hos Två"), by=world.charlie)
    assert patient == same
    assert rows("SELECT count(*) FROM persons") == [(1,)]
    for staff, name, mine, other in (
        (world.alice, "Tyra Hos Ett", here, there),
        (world.charlie, "Tyra Hos Två", there, here),
    ):
        with world.services.db.transaction(as_=staff) as connection:
            sealed = sealed_patients(connection, [patient.person_id])
            assert len(occasions_of_enrolment(connection, mine.enrolment_id)) == 1
            assert occasions_of_enrolment(connection, other.enrolment_id) == []
        (identity_here,) = open_patients(world.services.keys, sealed).values()
        assert identity_here.name == name
    with world.services.db.transaction(as_=patient) as connection:
        assert len(sealed_patients(connection, [patient.person_id])) == 2


def test_the_worklist_of_one_provider_shows_nothing_of_the_other(world: World, app: Flask) -> None:
    """A6"""
    identity = world.new_identity(name="Tyra Hos Ett")
    world.enrol(identity)
    charlie = Visitor(app, world.staff_cookie(world.charlie))
    assert "Tyra" not in charlie.get("/staff").get_data(as_text=True)
    bob = Visitor(app, world.staff_cookie(world.bob))
    assert "Tyra" not in bob.get("/staff").get_data(as_text=True)


# ---- protocols


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: one["occasions"].clear(),
        lambda one: one.pop("purpose"),
        lambda one: one["occasions"][0].pop("titles"),
        lambda one: one["occasions"][0]["instruments"].clear(),
        lambda one: one["occasions"][0].update(opens_days_before=-1),
        lambda one: one["occasions"].append(one["occasions"][0]),
        lambda one: one["occasions"][0]["instruments"][0].update(id="eq5d-9l"),
        lambda one: one["occasions"][0]["instruments"][0].update(version="9.9"),
    ],
)
def test_a_protocol_that_cannot_be_carried_out_is_not_published(world: World, spoil, rows) -> None:
    """B7"""
    before = rows("SELECT count(*) FROM care_protocol_versions")
    definition = protocol_definition("spoiled", ["eq5d-5l"])
    spoil(definition)
    with pytest.raises(BadInput):
        publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    assert rows("SELECT count(*) FROM care_protocol_versions") == before


def test_a_new_version_of_a_protocol_leaves_those_enrolled_before_as_they_were(
    world: World, order: Callable[..., Order], rows
) -> None:
    enrolment_id = enrol_patient(world.services, order(protocol_id=world.protocols["both"]), as_=world.alice)
    definition = protocol_definition("both", ["eq5d-5l"])
    definition["occasions"][0]["code"] = "visit-2"  # because an occasion keeps what it asks
    again = publish_protocol(world.services, provider_id=world.alice.provider_id, definition=definition)
    assert again == world.protocols["both"]
    later = enrol_patient(world.services, order(protocol_id=again), as_=world.alice)
    count = "SELECT count(*) FROM tasks JOIN occasions ON occasions.id = occasion_id WHERE enrolment_id = %s"
    assert (rows(count, enrolment_id), rows(count, later)) == ([(2,)], [(1,)])
