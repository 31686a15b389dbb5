"""What must never happen 6: a notice reveals health. Tried in every format, and on what the database keeps of it."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from structlog.testing import capture_logs

from notifications.channels import Gateway
from notifications.channels.memory import MemoryChannel
from notifications.message import Email, Format, Letter, Note, PostalAddress, Sms
from survey_service.access.use_cases import add_provider
from survey_service.errors import BadInput
from survey_service.foundation.person_directory import PersonFacts
from survey_service.notifying.addressing import Choices
from survey_service.notifying.choosing import choose
from survey_service.people.rules import Identity
from tests.conftest import TestClock, TestDatabase
from tests.integration.senders import Directory, kept, send, with_ways
from tests.world import World

HOME = PostalAddress("Tyra Hemlighet", "Provgatan 1", "123 45", "Provstad")


@pytest.fixture
def identity(world: World) -> Identity:
    return world.new_identity(name="Tyra Hemlighet", phone="0701740605")


def words_of(message: Email | Sms | Letter | Note) -> str:
    """Everything but the address that it goes to."""
    return " ".join(str(getattr(message, name)) for name in message.__slots__ if name != "to").casefold()


@pytest.mark.parametrize("format", Format)
def test_no_format_tells_what_it_is_about(
    world: World, identity: Identity, database: TestDatabase, format: Format
) -> None:
    """C1, E1: not the unit, the occasion, the instrument or who the patient is."""
    services, ways = with_ways(world.services, **{format.value: format})
    services = replace(services, directory=Directory({identity.number: PersonFacts(identity.number, address=HOME)}))
    world.enrol(identity)
    send(services)
    (message,) = ways[format.value].sent
    titles = kept(database, "SELECT DISTINCT jsonb_path_query(titles, '$.*') #>> '{}' FROM occasions")
    named = kept(database, "SELECT DISTINCT texts ->> 'title' FROM wordings WHERE instrument = 'promis-anxiety'")
    secrets = {text for (text,) in (*titles, *named)} | {"Enhet Ett", "promis", "Hemlighet", identity.number}
    assert len(secrets) > 4
    assert [secret for secret in secrets if secret.casefold() in words_of(message)] == []


@pytest.mark.parametrize("format", Format)
def test_a_message_of_any_format_that_would_tell_is_not_sent(
    world: World, identity: Identity, database: TestDatabase, format: Format
) -> None:
    """C1: the provider was given a telling name behind the service's back."""
    services, ways = with_ways(world.services, **{format.value: format})
    services = replace(services, directory=Directory({identity.number: PersonFacts(identity.number, address=HOME)}))
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE providers SET sender_name = 'Region Ett Psykiatri'")
    world.enrol(identity)
    send(services)
    assert ways[format.value].sent == []
    assert kept(database, "SELECT unreached FROM notices") == [("revealing",)]
    assert kept(database, "SELECT count(*) FROM messages") == [(1,)]


def test_an_address_of_the_gateway_that_would_tell_holds_everything_back(world: World) -> None:
    """C1: the domain that a message comes from is read as well."""
    channel = MemoryChannel(Format.EMAIL, envelope=("svar@onkologi.example.se",))
    services = replace(world.services, gateways=(Gateway("mail", "email", channel, per_second=1000),))
    world.enrol()
    send(services)
    assert channel.sent == []


def test_what_is_kept_of_messages_has_no_room_for_what_they_said(database: TestDatabase) -> None:
    """C1, in SQL: of text there are codes from closed lists, and what gateways call a message."""
    texts = kept(
        database,
        """SELECT c.table_name, c.column_name FROM information_schema.columns c
           WHERE c.table_schema = 'public' AND c.data_type IN ('text', 'jsonb', 'character varying')
             AND c.table_name IN ('notices', 'dispatches', 'dispatch_attempts', 'dispatch_receipts')
           ORDER BY 1, 2""",
    )
    assert texts == [
        ("dispatch_attempts", "gateway"),
        ("dispatch_attempts", "gateway_message_id"),
        ("dispatch_attempts", "outcome"),
        ("dispatch_receipts", "code"),
        ("dispatch_receipts", "outcome"),
        ("dispatches", "channel"),
        ("dispatches", "kind"),
        ("notices", "unreached"),
    ]


@pytest.mark.parametrize("name", ["Ortopedi Syd", "Region Ett, barnpsykiatrin", "—", "Cancercentrum"])
def test_a_provider_gets_no_telling_sender_name(world: World, name: str) -> None:
    """C1: nor one of which a phone could show nothing."""
    with pytest.raises(BadInput) as refused:
        add_provider(world.services, hsa_id="SE1", name="Bolag", sender_name=name, legal_regime="health_care")
    assert "sender_name" in refused.value.fields


def test_a_number_that_has_been_replaced_is_written_to_and_flagged_without_saying_whose(
    world: World, identity: Identity
) -> None:
    """C1: a samordningsnummer became a personnummer."""
    services, ways = with_ways(world.services, note=Format.NOTE)
    renewed = world.new_identity().number
    services = replace(services, directory=Directory({identity.number: PersonFacts(renewed)}))
    patient, _ = world.enrol(identity)
    with capture_logs() as logged:
        send(services)
    (message,) = ways["note"].sent
    assert message.to == renewed
    (flagged,) = [line for line in logged if line["event"] == "person.has_new_number"]
    assert flagged == {"event": "person.has_new_number", "log_level": "warning", "count": 1}
    assert not any(who in str(logged) for who in (identity.number, renewed, str(patient.person_id)))


# ---- the patient's limit over all providers


def test_over_two_providers_there_are_no_more_invitations_than_the_patient_wants(
    world: World, identity: Identity, database: TestDatabase, clock: TestClock
) -> None:
    """C2: neither more in a period, nor put off past half of the window, nor told because of whom."""
    services, ways = with_ways(world.services, email=Format.EMAIL)
    patient, _ = world.enrol(identity)
    choose(services, Choices(None, None, ("email",), most_invitations=1), as_=patient)
    send(services)
    world.enrol(identity, protocol="eq5d-only", by=world.charlie)
    send(services)
    assert len(ways["email"].sent) == 1
    ((next_at, opens_at, closes_at),) = kept(
        database,
        """SELECT n.next_at, o.opens_at, o.closes_at FROM notices n JOIN occasions o ON o.id = n.occasion_id
           WHERE n.unreached = 'deferred'""",
    )
    assert clock() < next_at <= opens_at + (closes_at - opens_at) / 2
    clock.advance(next_at - clock() + timedelta(seconds=1))
    send(services)
    assert kept(database, "SELECT count(*) FROM notices WHERE unreached = 'deferred'") == [(0,)]
    assert len(ways["email"].sent) == 2


def test_two_providers_that_ask_at_once_keep_to_the_limit_together(
    world: World, identity: Identity, database: TestDatabase
) -> None:
    """C2"""
    services, _ = with_ways(world.services, email=Format.EMAIL)
    patient, _ = world.enrol(identity)
    choose(services, Choices(None, None, ("email",), most_invitations=1), as_=patient)
    world.enrol(identity, protocol="eq5d-only", by=world.charlie)
    threads = [Thread(target=send, args=(services,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert kept(database, "SELECT count(*) FROM dispatches WHERE channel = 'inbox'") == [(1,)]


def test_staff_learn_that_it_was_deferred_and_nothing_of_whom_by(world: World, identity: Identity) -> None:
    """C2, in SQL: every table that staff may read, asked in every way that they may."""
    services, _ = with_ways(world.services, email=Format.EMAIL)
    patient, _ = world.enrol(identity)
    choose(services, Choices(None, None, ("email",), most_invitations=1), as_=patient)
    send(services)
    world.enrol(identity, protocol="eq5d-only", by=world.charlie)
    send(services)
    with services.db.transaction(as_=world.charlie) as connection:
        assert connection.exec_driver_sql("SELECT unreached FROM notices").scalars().all() == ["deferred"]
        for table in ("dispatches", "dispatch_attempts", "messages", "notices"):
            rows = connection.exec_driver_sql(f"SELECT DISTINCT provider_id FROM {table}").scalars().all()
            assert set(rows) <= {world.charlie.provider_id}
