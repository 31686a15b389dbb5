"""A patient chooses how to be written to, by every provider; and alone sees what all of them have written."""

import re
from datetime import time, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import Connection, insert

from notifications.timing import Hours
from survey_service.foundation.crypto import Unreadable
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Patient, System
from survey_service.foundation.services import Services
from survey_service.notifying.addressing import Choices
from survey_service.notifying.choosing import choose, my_choices
from survey_service.notifying.contact_queries import Arrival, invitations_since, written_to_me
from survey_service.notifying.records import contact_choices, dispatch_attempts, dispatches
from survey_service.people.rules import Identity
from survey_service.scheduling.queries import Occasion
from tests.browsing import Visitor
from tests.world import World

OWN = Choices(
    email="egen@example.se",
    phone="0701740605",
    channels=("sms", "email"),
    hours=Hours(time(9), time(18)),
    every_day=False,
    locale="fi",
    most_invitations=2,
)


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(email="tyra@example.se")


@pytest.fixture
def patient(world: World, identity: Identity) -> Patient:
    return world.enrol(identity)[0]


@pytest.fixture
def visitor(app: Flask, world: World, identity: Identity, patient: Patient) -> Visitor:
    return Visitor(app, world.patient_cookie(identity))


def chosen(services: Services, patient: Patient) -> Choices | None:
    with services.db.transaction(as_=patient) as connection:
        return my_choices(connection, services.keys.cipher(patient.person_id), as_=patient)


def page(visitor: Visitor) -> str:
    return unescape(visitor.get("/contact").get_data(as_text=True))


def tell(
    connection: Connection, occasion: Occasion, services: Services, *, channel: str, outcomes: tuple[str, ...] = ()
) -> None:
    """An invitation on a channel, and what was tried."""
    common = {"provider_id": occasion.provider_id, "person_id": occasion.person_id}
    dispatch_id = new_id()
    connection.execute(
        insert(dispatches).values(
            id=dispatch_id,
            occasion_id=occasion.id,
            kind="invitation",
            channel=channel,
            created_at=services.clock(),
            **common,
        )
    )
    for outcome in outcomes:
        connection.execute(
            insert(dispatch_attempts).values(
                id=new_id(), dispatch_id=dispatch_id, outcome=outcome, attempted_at=services.clock(), **common
            )
        )


# ---- choosing


def test_what_is_chosen_is_found_again(services: Services, patient: Patient) -> None:
    choose(services, OWN, as_=patient)
    assert chosen(services, patient) == OWN
    silent = Choices(None, None, (), every_day=True)
    choose(services, silent, as_=patient)
    assert chosen(services, patient) == silent


def test_addresses_lie_sealed_under_the_key_of_their_person(services: Services, world: World, patient: Patient) -> None:
    """G4: copied to another person's row they do not open."""
    choose(services, OWN, as_=patient)
    other, _ = world.enrol()
    with services.db.transaction(as_=patient) as connection:
        row = connection.execute(sa.select(contact_choices)).one()
        assert b"egen" not in row.email_sealed
        with pytest.raises(Unreadable):
            services.keys.cipher(other.person_id).open(
                row.email_sealed, table="contact_choices", column="email", row=str(other.person_id)
            )


def test_nobody_else_reads_the_choices(services: Services, world: World, patient: Patient) -> None:
    """C2, A6: not the unit, not another patient; a worker only of its provider's patients."""
    choose(services, OWN, as_=patient)
    stranger, _ = world.enrol()
    with services.db.transaction(as_=stranger) as connection:
        assert connection.execute(sa.select(contact_choices)).all() == []
    for principal in (world.alice, world.system):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            services.db.transaction(as_=principal) as connection,
        ):
            connection.execute(sa.select(contact_choices))
    query = sa.text("SELECT count(*) FROM contact_choices_of(CAST(:people AS uuid[]))")
    for provider_id, seen in ((world.alice.provider_id, 1), (world.charlie.provider_id, 0)):
        with services.db.transaction(as_=System(provider_id)) as connection:
            assert connection.execute(query, {"people": [patient.person_id]}).scalar_one() == seen


# ---- the page


def test_the_page_shows_what_happens_to_who_has_chosen_nothing(visitor: Visitor) -> None:
    shown = page(visitor)
    assert "tyra@example.se" in shown
    assert re.search(r'<option value="1" selected>', shown)


def test_a_choice_is_saved_and_told(visitor: Visitor, services: Services, patient: Patient) -> None:
    fields = {"way-email": "1", "email": "egen@example.se", "since": "09:00", "until": "18:00", "most": "2"}
    answer = visitor.post("/contact", page="/contact", **fields)
    assert answer.location == "/contact?saved=1"
    assert "Dina val är sparade" in visitor.get(answer.location).get_data(as_text=True)
    saved = chosen(services, patient)
    assert saved is not None
    assert (saved.email, saved.channels) == ("egen@example.se", ("email",))
    assert (saved.hours, saved.most_invitations) == (Hours(time(9), time(18)), 2)
    assert 'value="egen@example.se"' in page(visitor)


def test_no_messages_at_all_is_a_choice(visitor: Visitor, services: Services, patient: Patient) -> None:
    assert visitor.post("/contact", page="/contact", none="1").status_code == 303
    saved = chosen(services, patient)
    assert saved is not None
    assert saved.channels == ()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"way-email": "1", "email": "tyra"}, "email"),
        ({"way-email": "1", "phone": "084650000"}, "phone"),
        ({"way-email": "1", "phone": "x"}, "phone"),
        ({"way-email": "1", "since": "09:00"}, "since"),
        ({"way-email": "1", "since": "18:00", "until": "09:00"}, "since"),
        ({"way-email": "1", "since": "soon", "until": "later"}, "since"),
        ({"way-email": ""}, "none"),
        ({"way-fax": "1"}, "none"),
    ],
)
def test_an_error_is_named_at_its_field_and_nothing_written_is_lost(
    visitor: Visitor, services: Services, patient: Patient, fields: dict[str, str], wrong: str
) -> None:
    answer = visitor.post("/contact", page="/contact", **({"email": "egen@example.se"} | fields))
    shown = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 400
    assert f'href="#{wrong}"' in shown
    assert f'id="{wrong}-error"' in shown
    assert f'value="{fields.get("email", "egen@example.se")}"' in shown
    assert chosen(services, patient) is None


def test_a_way_without_an_address_is_refused(app: Flask, world: World) -> None:
    identity = world.new_identity(email=None)
    world.enrol(identity)
    visitor = Visitor(app, world.patient_cookie(identity))
    answer = visitor.post("/contact", page="/contact", **{"way-email": "1"})
    assert answer.status_code == 400
    assert 'id="email-error"' in answer.get_data(as_text=True)


def test_values_that_the_form_does_not_offer_are_as_if_nothing_was_chosen(
    visitor: Visitor, services: Services, patient: Patient
) -> None:
    visitor.post("/contact", page="/contact", **{"way-email": "1", "most": "100000", "language": "xx"})
    saved = chosen(services, patient)
    assert saved is not None
    assert (saved.most_invitations, saved.locale) == (None, None)


def test_inbox_and_my_data_lead_to_the_choices(visitor: Visitor) -> None:
    for path in ("/inbox", "/my-data"):
        assert 'href="/contact"' in visitor.get(path).get_data(as_text=True)


# ---- what was written


def test_the_patient_sees_what_every_provider_has_written_and_what_became_of_it(
    visitor: Visitor, services: Services, world: World, identity: Identity, clock
) -> None:
    """C2: by which way and whether it arrived, never what it was about."""
    patient, occasion = world.enrol(identity, protocol="eq5d-only", by=world.charlie)
    with services.db.transaction(as_=System(world.charlie.provider_id)) as connection:
        tell(connection, occasion, services, channel="inbox")
        tell(connection, occasion, services, channel="email", outcomes=("temporary", "sent"))
        tell(connection, occasion, services, channel="sms", outcomes=("permanent",))
    with services.db.transaction(as_=patient) as connection:
        written = written_to_me(connection)
    assert {one.channel: one.arrival for one in written} == {
        "inbox": Arrival.HERE,
        "email": Arrival.SENT,
        "sms": Arrival.FAILED,
    }
    shown = page(visitor)
    assert "<strong>E-post</strong> · <bdi>Bolag Två</bdi> · Skickat" in shown
    assert not any(title in shown for title in occasion.titles.values())


@pytest.mark.parametrize(
    ("receipts", "arrival"),
    [(("delivered",), Arrival.ARRIVED), (("bounced",), Arrival.FAILED), (("delivered", "returned"), Arrival.FAILED)],
)
def test_what_the_gateway_heard_afterwards_counts_most(
    services: Services, world: World, receipts: tuple[str, ...], arrival: Arrival
) -> None:
    patient, occasion = world.enrol()
    with services.db.transaction(as_=world.system) as connection:
        tell(connection, occasion, services, channel="email", outcomes=("sent",))
        dispatch_id = connection.execute(sa.select(dispatches.c.id)).scalar_one()
    receive = sa.text("SELECT receive_dispatch('mail', NULL, :dispatch, :outcome, NULL, now())")
    with services.db.transaction(as_=Gate()) as connection:
        for outcome in receipts:
            connection.execute(receive, {"dispatch": dispatch_id, "outcome": outcome})
    with services.db.transaction(as_=patient) as connection:
        (written,) = written_to_me(connection)
    assert written.arrival is arrival


def test_only_invitations_of_the_period_count(services: Services, world: World, identity: Identity, clock) -> None:
    """C2"""
    patient, earlier = world.enrol(identity)
    with services.db.transaction(as_=world.system) as connection:
        tell(connection, earlier, services, channel="inbox")
    clock.advance(timedelta(days=40))
    _, later = world.enrol(identity, protocol="eq5d-only", by=world.charlie)
    with services.db.transaction(as_=System(world.charlie.provider_id)) as connection:
        tell(connection, later, services, channel="inbox")
        tell(connection, later, services, channel="email", outcomes=("sent",))
    with services.db.transaction(as_=patient) as connection:
        counted = invitations_since(connection, services.clock() - timedelta(days=30))
    assert counted == {world.charlie.provider_id: 1}
