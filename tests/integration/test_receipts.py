"""Receipt by each route that the protocol allows, and by no other; received, read and assessed are three things."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from notifications.channels.memory import MemoryChannel
from survey_service.cli import main
from survey_service.delivery import jobs as delivery_jobs
from survey_service.delivery.pushing import acknowledge_fetched
from survey_service.delivery.queries import alarmed, needs_a_look, unreceived_by_unit, whereabouts
from survey_service.delivery.record_systems import Entered, activate, enter, pause, set_alarm_email
from survey_service.delivery.rules import Outcome, SystemRoute
from survey_service.delivery.use_cases import assess_response, confirm_receipts, open_response, take_into_archive
from survey_service.delivery.watching import watch
from survey_service.errors import AccessDenied, BadInput
from survey_service.foundation.principals import Operator, RecordSystem, System
from survey_service.foundation.services import Services
from survey_service.settings import Settings
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.operating import environment_of
from tests.world import UNIT_HSA, World


def answered(world: World, protocol: str = "anxiety-only"):
    patient, occasion = world.enrol(protocol=protocol)
    (response_id,) = world.answer(patient, occasion)
    return patient, response_id


def happened(world: World, response_id):
    with world.services.db.transaction(as_=world.alice) as connection:
        return whereabouts(connection, [response_id])[response_id]


def jobs(database: TestDatabase, name: str) -> int:
    with database.connect("survey_owner") as connection:
        query = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = %s"
        return connection.execute(query, [name]).fetchone()[0]


@pytest.fixture
def journal(world: World, register_key) -> RecordSystem:
    """A record system of alice's provider that comes to fetch."""
    from joserfc.jwk import KeySet

    jwks = KeySet([register_key]).as_dict(private=False)
    system_id = enter(world.services, Entered(name="Journal", route=SystemRoute.FETCH, jwks=jwks), as_=world.bob)
    activate(world.services, system_id, as_=world.bob)
    return RecordSystem(system_id, world.bob.provider_id)


# ---- by a person, one by one or several at once


def test_a_receipt_in_bulk_is_a_receipt_and_no_reading_and_no_assessment(
    world: World, services: Services, database: TestDatabase
) -> None:
    """A3"""
    chosen = [answered(world)[1] for _ in range(3)]
    assert confirm_receipts(services, chosen, as_=world.alice) == 3
    for one in chosen:
        seen = happened(world, one)
        assert seen.received_at is not None
        assert (seen.route, seen.read_at, seen.assessed_at) == ("confirmed_in_bulk", None, None)
    assert jobs(database, "registers.release") == 3
    assert confirm_receipts(services, chosen, as_=world.alice) == 0


def test_what_was_received_unread_cannot_be_assessed_before_it_is_opened(world: World, services: Services) -> None:
    """A3"""
    _, response_id = answered(world)
    confirm_receipts(services, [response_id], as_=world.alice)
    with pytest.raises(BadInput):
        assess_response(services, response_id, as_=world.alice)
    open_response(services, response_id, as_=world.alice)
    assess_response(services, response_id, as_=world.alice)
    assert happened(world, response_id).route == "confirmed_in_bulk"


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_nobody_confirms_what_another_unit_has_to_receive(world: World, services: Services, who: str) -> None:
    """A6"""
    _, response_id = answered(world)
    with pytest.raises(AccessDenied):
        confirm_receipts(services, [response_id], as_=getattr(world, who))
    assert happened(world, response_id).received_at is None


def test_the_worklist_confirms_several_and_shows_nothing_of_their_answers(world: World, app: Flask) -> None:
    """A3"""
    chosen = [answered(world)[1] for _ in range(2)]
    staff = Visitor(app, world.staff_cookie(world.alice))
    page = staff.page("/staff").form("/staff/receipts")
    sent = {"csrf_token": page.fields["csrf_token"], "response": [str(one) for one in chosen]}
    assert staff.raw_post("/staff/receipts", data=sent).status_code == 303
    listed = staff.get("/staff").get_data(as_text=True)
    assert "SE 2" not in listed
    assert listed.count("Mottaget") >= 2
    shown = staff.get(f"/staff/responses/{chosen[0]}").get_data(as_text=True)
    assert "<table" not in shown


def test_nothing_is_flagged_as_long_as_nobody_says_what_is_unusual(world: World, services: Services) -> None:
    _, response_id = answered(world)
    with services.db.transaction(as_=world.alice) as connection:
        assert needs_a_look(connection, [response_id]) == frozenset()


# ---- into the archive


def test_the_archive_takes_in_what_nobody_opens_and_the_register_may_then_have_it(
    world: World, run_jobs: Callable[[], None], database: TestDatabase, app: Flask
) -> None:
    """A3: a follow-up that nobody opens still reaches the register lawfully."""
    _, response_id = answered(world, "by-archive")
    assert happened(world, response_id).received_at is None
    run_jobs()  # to the archive
    run_jobs()  # what follows from it
    seen = happened(world, response_id)
    assert (seen.route, seen.read_at) == ("taken_into_archive", None)
    with database.connect("survey_owner") as connection:
        assert connection.execute("SELECT count(*) FROM releases").fetchone() == (1,)
        logged = "SELECT actor_kind FROM audit_events WHERE object_kind = 'receipt'"
        assert connection.execute(logged).fetchall() == [("system",)]


@pytest.mark.parametrize("protocol", ["anxiety-only", "by-record-system"])
def test_the_archive_takes_in_nothing_where_the_protocol_does_not_say_so(world: World, protocol: str) -> None:
    """A2"""
    _, response_id = answered(world, protocol)
    assert take_into_archive(world.services, response_id, as_=world.system) is False
    assert happened(world, response_id).received_at is None


@pytest.mark.parametrize("protocol", ["anxiety-only", "by-record-system"])
def test_nor_can_it_by_sql(world: World, protocol: str) -> None:
    """A2: the database judges the policy too."""
    _, response_id = answered(world, protocol)
    row = sa.text(
        "INSERT INTO receipts (response_id, provider_id, person_id, unit_id, route, received_at)"
        " SELECT response_id, provider_id, person_id, unit_id, 'taken_into_archive', now() FROM deliveries"
        " WHERE response_id = :id"
    )
    with pytest.raises(sa.exc.IntegrityError), world.services.db.transaction(as_=world.system) as connection:
        connection.execute(row, {"id": response_id})


def test_the_patient_is_told_beforehand_who_reads_and_afterwards_who_received(
    world: World, app: Flask, run_jobs: Callable[[], None]
) -> None:
    """A3, C2"""
    identity = world.new_identity()
    patient, occasion = world.enrol(identity, protocol="by-archive")
    visitor = Visitor(app, world.patient_cookie(identity))
    told = visitor.get(f"/surveys/{occasion.id}").get_data(as_text=True)
    assert "Ingen på Enhet Ett läser" in told
    assert "Personalen använder" not in told
    world.answer(patient, occasion)
    run_jobs()
    done = visitor.get(f"/surveys/{occasion.id}/done").get_data(as_text=True)
    assert "Mottaget i arkivet hos Enhet Ett" in done
    assert "Ingen på Enhet Ett läser" in done
    assert "Inte läst än" not in done


# ---- by a record system


def test_an_acknowledgement_is_the_receipt_and_a_second_one_changes_nothing(
    world: World, services: Services, journal: RecordSystem, database: TestDatabase, app: Flask
) -> None:
    """A3"""
    _, response_id = answered(world, "by-record-system")
    assert acknowledge_fetched(services, response_id, "QR/17", as_=journal) is Outcome.ACKNOWLEDGED
    first = happened(world, response_id)
    assert acknowledge_fetched(services, response_id, "QR/18", as_=journal) is Outcome.ACKNOWLEDGED_AGAIN
    assert happened(world, response_id) == first
    assert (first.route, first.read_at) == ("acknowledged_by_record_system", None)
    assert jobs(database, "registers.release") == 1
    with database.connect("survey_owner") as connection:
        kept = connection.execute("SELECT external_id FROM delivery_attempts ORDER BY id").fetchall()
        assert kept == [("QR/17",), ("QR/18",)]
        assert connection.execute("SELECT external_id FROM receipts").fetchall() == [("QR/17",)]
    staff = Visitor(app, world.staff_cookie(world.alice))
    staff.submit("/staff", f"/staff/responses/{response_id}")
    assert "Journal" in staff.get(f"/staff/responses/{response_id}").get_data(as_text=True)


def test_where_a_person_has_to_receive_an_acknowledgement_is_kept_but_is_no_receipt(
    world: World, services: Services, journal: RecordSystem
) -> None:
    """A3"""
    _, response_id = answered(world, "anxiety-only")
    assert acknowledge_fetched(services, response_id, "QR/17", as_=journal) is Outcome.ACKNOWLEDGED
    assert happened(world, response_id).received_at is None


def test_another_providers_response_cannot_be_acknowledged(
    world: World, services: Services, journal: RecordSystem
) -> None:
    """A6"""
    patient, occasion = world.enrol(by=world.charlie, protocol="by-record-system")
    (response_id,) = world.answer(patient, occasion)
    with pytest.raises(AccessDenied):
        acknowledge_fetched(services, response_id, "QR/17", as_=journal)


# ---- nobody


def test_what_nobody_receives_raises_one_alarm_and_tells_the_unit_and_the_operator_nothing_but_that(
    world: World, services: Services, clock: TestClock, mailbox: MemoryChannel, run_jobs: Callable[[], None], app: Flask
) -> None:
    """A3"""
    set_alarm_email(services, "enheten@example.se", as_=world.bob)
    identity = world.new_identity(email=None)
    patient, occasion = world.enrol(identity, by=world.bob)
    (response_id,) = world.answer(patient, occasion)
    clock.advance(timedelta(hours=73))
    assert [watch(services, as_=world.system) for _ in range(2)] == [1, 0]
    run_jobs()
    assert sorted(mail.to for mail in mailbox.sent) == ["enheten@example.se", "operator@example.se"]
    for mail in mailbox.sent:
        told = f"{mail.sender_name}{mail.subject}{mail.text}{mail.html}"
        assert not [word for word in ("Enhet", "Region", identity.name, "promis", "ångest") if word in told]
    with services.db.transaction(as_=world.bob) as connection:
        assert alarmed(connection, world.bob.unit_id) == 1
    with services.db.transaction(as_=Operator()) as connection:
        (found,) = unreceived_by_unit(connection, clock())
    assert (found.unit_id, found.waiting, found.alarmed) == (world.bob.unit_id, 1, 1)
    staff = Visitor(app, world.staff_cookie(world.bob))
    assert "/staff/undelivered" in staff.get("/staff").get_data(as_text=True)
    assert identity.name not in staff.get("/staff/undelivered").get_data(as_text=True)
    open_response(services, response_id, as_=world.bob)
    with services.db.transaction(as_=world.bob) as connection:
        assert alarmed(connection, world.bob.unit_id) == 0


def test_what_was_received_in_time_raises_no_alarm(world: World, services: Services, clock: TestClock) -> None:
    _, response_id = answered(world)
    open_response(services, response_id, as_=world.alice)
    clock.advance(timedelta(hours=80))
    assert watch(services, as_=world.system) == 0


def test_what_another_provider_has_not_received_is_not_this_ones_alarm(
    world: World, services: Services, clock: TestClock
) -> None:
    """B2"""
    answered(world)
    clock.advance(timedelta(hours=71))
    assert watch(services, as_=world.system) == 0
    clock.advance(timedelta(hours=2))
    assert watch(services, as_=System(world.charlie.provider_id)) == 0
    assert watch(services, as_=world.system) == 1


def test_what_goes_wrong_for_one_provider_keeps_no_other_from_its_alarm(
    world: World, services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A3"""
    for unlucky in (world.alice.provider_id, world.charlie.provider_id):
        asked: list[UUID] = []

        def look(_: Services, *, as_: System, unlucky: UUID = unlucky, asked: list[UUID] = asked) -> int:
            asked.append(as_.provider_id)
            if as_.provider_id == unlucky:
                raise RuntimeError
            return 0

        monkeypatch.setattr(delivery_jobs, "watch_provider", look)
        with pytest.raises(ExceptionGroup):
            delivery_jobs.watch(services)
        assert {world.alice.provider_id, world.charlie.provider_id} <= set(asked)


def test_a_unit_with_many_alarms_is_told_once_an_hour(
    world: World, services: Services, clock: TestClock, mailbox: MemoryChannel, run_jobs: Callable[[], None]
) -> None:
    set_alarm_email(services, "enheten@example.se", as_=world.bob)
    waiting = []
    for _ in range(3):
        patient, occasion = world.enrol(world.new_identity(email=None), by=world.bob)
        waiting += world.answer(patient, occasion)
    clock.advance(timedelta(hours=73))
    assert watch(services, as_=world.system) == len(waiting)
    run_jobs()
    assert len(mailbox.sent) == 2


def test_only_a_manager_connects_a_record_system(world: World, services: Services, journal: RecordSystem) -> None:
    """A6"""
    for who in (world.alice, world.charlie):
        with pytest.raises(AccessDenied):
            pause(services, journal.record_system_id, as_=who)
        with pytest.raises(AccessDenied):
            set_alarm_email(services, "x@example.se", as_=who)


def test_a_manager_cannot_set_the_alarm_of_another_providers_unit(world: World, services: Services) -> None:
    with services.db.transaction(as_=world.bob) as connection:
        connection.execute(sa.text("SELECT set_alarm_email(:unit, 'x@example.se')"), {"unit": world.charlie.unit_id})
    with services.db.transaction(as_=Operator()) as connection:
        found = connection.execute(
            sa.text("SELECT alarm_email FROM units WHERE id = :unit"), {"unit": world.charlie.unit_id}
        ).scalar_one()
    assert found is None


def test_the_operator_sees_counts_by_unit_and_nobody(world: World, clock: TestClock, settings: Settings) -> None:
    """H2"""
    answered(world)
    environment = environment_of(settings)
    said = CliRunner().invoke(main, ["deliveries"], env=environment)
    assert said.exit_code == 0, said.output
    assert UNIT_HSA in said.output
    told = json.loads(CliRunner().invoke(main, ["deliveries", "--json"], env=environment).output)
    assert told["survey_deliveries_waiting"] == [{"labels": {"unit": UNIT_HSA}, "value": 1}]
    assert told["survey_deliveries_too_late"] == [{"labels": {"unit": UNIT_HSA}, "value": 0}]
