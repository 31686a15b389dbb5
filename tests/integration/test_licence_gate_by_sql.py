"""No session without its licence, and no licence but an operator's: by SQL alone, as every login [D1]."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, InsufficientPrivilege

import migrations
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Gate, Operator, Patient, Principal, Translator
from survey_service.foundation.services import Services
from survey_service.licensing import queries
from survey_service.licensing.rules import Mode, Use, UseOfAnswers, licensed_locales
from survey_service.licensing.use_cases import withdraw_licence
from survey_service.settings import Environment, SettingsError
from survey_service.wiring import build_services, refuse_another_deployment
from tests.conftest import TestDatabase
from tests.licences import (
    Row,
    forged_session,
    insert,
    license_use,
    rows,
    run,
    today,
    wording_id,
)
from tests.world import World
from translations.catalogue import load_wordings


def refusal(act: Callable[[], object]) -> type[Exception] | None:
    try:
        act()
    except psycopg.Error as error:
        return type(error)
    return None


# ---- the database alone: sessions


def test_a_session_by_sql_needs_what_a_session_by_the_service_needs(
    real: World, licence: UUID, database: TestDatabase
) -> None:
    """D1: the row that the refusals below change is one that is taken."""
    patient, occasion = real.enrol()
    insert(real, "sessions", forged_session(real, database, patient, occasion), as_=patient)


def test_demonstration_wording_is_refused_by_the_database_outside_a_demonstration(
    real: World, licence: UUID, database: TestDatabase
) -> None:
    """D1"""
    patient, occasion = real.enrol()
    demonstration = next(
        one for one in load_wordings(real.services.library) if (one.instrument, one.locale) == ("promis-anxiety", "sv")
    )
    with real.services.db.transaction(as_=Operator()) as connection:
        connection.connection.cursor().execute(
            "INSERT INTO wordings (id, instrument, instrument_version, locale, kind, content_hash, texts, approved_at)"
            " VALUES (%s, %s, %s, 'sv', 'demonstration', 'x', '{}', now())",
            [new_id(), demonstration.instrument, demonstration.version],
        )
    forged = forged_session(real, database, patient, occasion) | {"wording_id": wording_id(database, "demonstration")}
    with pytest.raises(CheckViolation, match="for a demonstration"):
        insert(real, "sessions", forged, as_=patient)


@pytest.mark.parametrize("days", [-40, -2, 40])
def test_no_other_date_on_a_session_brings_a_licence_into_force(
    days: int, real: World, licence: UUID, database: TestDatabase
) -> None:
    """D1: on forged days before, in and after it, with a licence that has ended today."""
    patient, occasion = real.enrol()
    forged = forged_session(real, database, patient, occasion)
    withdraw_licence(real.services, licence, reason="Recorded anew", by="An operator")
    license_use(real, valid_from=today(real) - timedelta(days=30), valid_until=today(real) - timedelta(days=1))
    license_use(real, valid_from=today(real) + timedelta(days=1), valid_until=today(real) + timedelta(days=60))
    moment = real.services.clock() + timedelta(days=days)
    with pytest.raises(CheckViolation, match="no licence in force"):
        insert(real, "sessions", forged | {"started_at": moment}, as_=patient)


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_id": "bob's"},
        {"provider_id": "charlie's"},
        {"instrument": "eq5d-5l"},
        {"purpose": UseOfAnswers.QUALITY_FOLLOW_UP},
        {"modes": {Mode.TABLET, Mode.PAPER}},
        {"locales": {"en", "da"}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_database_takes_no_session_that_the_licence_does_not_cover(
    changes: Row, real: World, licence: UUID, database: TestDatabase
) -> None:
    """D1"""
    patient, occasion = real.enrol()
    forged = forged_session(real, database, patient, occasion)
    withdraw_licence(real.services, licence, reason="Recorded anew", by="An operator")
    named = {"bob's": real.bob.unit_id, "charlie's": real.charlie.provider_id}
    license_use(
        real, **{key: named[value] if value in ("bob's", "charlie's") else value for key, value in changes.items()}
    )
    with pytest.raises(CheckViolation, match="no licence in force"):
        insert(real, "sessions", forged, as_=patient)


def test_a_mode_that_the_licence_does_not_name_is_refused_by_the_database(
    real: World, licence: UUID, database: TestDatabase
) -> None:
    """C3, D1"""
    patient, occasion = real.enrol()
    forged = forged_session(real, database, patient, occasion)
    for mode in ("tablet", "paper", "telephone"):
        with pytest.raises(CheckViolation, match="no licence in force"):
            insert(real, "sessions", forged | {"mode": mode}, as_=patient)
    insert(real, "sessions", forged, as_=patient)


# ---- the database alone: licences, wording, deployment


def everybody(world: World) -> list[Principal]:
    """One of each principal, the operator at the end."""
    patient = Patient(new_id())
    return [Gate(), world.alice, patient, Translator(new_id()), world.register, world.system, Operator()]


def test_nobody_but_an_operator_records_a_licence_or_a_withdrawal(
    real: World, licence: UUID, database: TestDatabase
) -> None:
    """D1"""
    (there,) = rows(database, "SELECT * FROM licences")
    withdrawal = {
        "licence_id": licence, "provider_id": there["provider_id"], "reason": "x", "withdrawn_by": "x",
        "withdrawn_at": datetime.now(UTC),
    }  # fmt: skip
    document = {"digest": "sha256:x", "content": b"x"}
    *others, operator = everybody(real)
    for principal in others:
        for table, row in (
            ("licences", there | {"id": new_id()}),
            ("licence_withdrawals", withdrawal),
            ("rights_documents", document),
        ):
            with pytest.raises(InsufficientPrivilege):
                insert(real, table, row, as_=principal)
    insert(real, "licences", there | {"id": new_id()}, as_=operator)
    insert(real, "licence_withdrawals", withdrawal, as_=operator)


def test_a_licence_never_changes_whoever_asks(real: World, licence: UUID) -> None:
    """D1"""
    for principal in everybody(real):
        for statement in (
            "UPDATE licences SET valid_until = NULL",
            "DELETE FROM licences",
            "DELETE FROM licence_withdrawals",
            "UPDATE rights_documents SET content = 'x'",
            "UPDATE deployment SET demonstration = true",
            "INSERT INTO deployment VALUES (true, true)",
            "DELETE FROM deployment",
        ):
            with pytest.raises(InsufficientPrivilege):
                run(real, statement, as_=principal)


def test_staff_see_their_own_providers_licences_and_nobody_but_an_operator_the_documents(
    real: World, licence: UUID
) -> None:
    """A6"""
    license_use(real, provider_id=real.charlie.provider_id)
    for principal, seen in ((real.alice, 1), (real.charlie, 1), (real.system, 1), (Operator(), 2)):
        with real.services.db.transaction(as_=principal) as connection:
            found = queries.recorded_licences(connection)
        assert len(found) == seen, principal
    *others, operator = everybody(real)
    for principal in others:
        with pytest.raises(InsufficientPrivilege):
            run(real, "SELECT FROM rights_documents", as_=principal)
    run(real, "SELECT FROM rights_documents", as_=operator)
    for principal in (Gate(), Patient(new_id()), real.register, Translator(new_id())):
        with pytest.raises(InsufficientPrivilege):
            run(real, "SELECT FROM licences", as_=principal)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"unit_id": "charlie's"}, ForeignKeyViolation),
        ({"provider_id": "nobody's"}, ForeignKeyViolation),
        ({"evidence_digest": "sha256:none"}, ForeignKeyViolation),
        ({"purpose": "marketing"}, CheckViolation),
        ({"modes": ["web", "fax"]}, CheckViolation),
        ({"modes": []}, CheckViolation),
        ({"locales": []}, CheckViolation),
        ({"locales": ["sv", None]}, CheckViolation),
        ({"valid_until": date(2000, 1, 1)}, CheckViolation),
        ({"reference": ""}, CheckViolation),
    ],
)
def test_a_licence_that_licenses_nothing_is_refused_by_the_database(
    changes: Row, error: type[Exception], real: World, licence: UUID, database: TestDatabase
) -> None:
    (there,) = rows(database, "SELECT * FROM licences")
    named = {"charlie's": real.charlie.unit_id, "nobody's": new_id()}
    changed = {key: named.get(value, value) if isinstance(value, str) else value for key, value in changes.items()}
    with pytest.raises(error):
        insert(real, "licences", there | {"id": new_id()} | changed, as_=Operator())


def test_accepted_wording_is_read_only_for_every_login(real: World, licence: UUID) -> None:
    """E1"""
    for principal in everybody(real):
        for statement in (
            "UPDATE wordings SET texts = '{}'",
            "UPDATE wordings SET kind = 'own', language_version = NULL, licence_id = NULL",
            "UPDATE wordings SET certificate_name = 'other'",
            "DELETE FROM wordings",
        ):
            with pytest.raises(InsufficientPrivilege):
                run(real, statement, as_=principal)


def test_licensed_wording_by_sql_needs_a_licence_for_it_and_no_other_wording_names_one(
    real: World, licence: UUID, database: TestDatabase
) -> None:
    """E1"""
    there = rows(database, "SELECT * FROM wordings WHERE kind = 'licensed'")[0] | {"texts": "{}"}
    other = license_use(real, instrument="eq5d-5l")

    def entered(**changes: Any) -> type[Exception] | None:
        row = there | {"id": new_id(), "content_hash": str(new_id())} | changes
        return refusal(lambda: insert(real, "wordings", row, as_=Operator()))

    assert entered() is None
    assert entered(licence_id=None) is CheckViolation
    assert entered(certificate_digest=None) is CheckViolation
    assert entered(language_version=None) is CheckViolation
    assert entered(kind="own") is CheckViolation
    assert entered(licence_id=other) is CheckViolation
    assert entered(locale="da") is CheckViolation
    withdraw_licence(real.services, licence, reason="Terms changed", by="An operator")
    assert entered() is CheckViolation


def test_a_database_for_real_use_never_becomes_a_demonstration_even_for_its_owner(
    real: World, database: TestDatabase
) -> None:
    """D1"""
    for statement in (
        "UPDATE deployment SET demonstration = true",
        "DELETE FROM deployment",
        "TRUNCATE deployment",
    ):
        with database.connect("survey_owner") as connection, pytest.raises(CheckViolation):
            connection.execute(statement.encode())
    with pytest.raises(migrations.RealDatabase, match="never becomes a demonstration"):
        migrations.declare(database.server.url("survey_owner", database.name), demonstration=True)
    assert rows(database, "SELECT demonstration FROM deployment") == [{"demonstration": False}]


@pytest.mark.parametrize("environment", list(Environment))
def test_a_process_does_not_start_on_a_database_for_another_use(
    environment: Environment, services: Services, database: TestDatabase
) -> None:
    """D1"""
    settings = replace(services.settings, environment=environment)
    if environment is Environment.PRODUCTION:
        with pytest.raises(SettingsError, match="is production, but the database is for a demonstration"):
            build_services(settings)
    refuse_another_deployment(services.settings)
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE deployment SET demonstration = false")
    if environment is Environment.DEMONSTRATION:
        with pytest.raises(SettingsError, match="is demonstration, but the database is for real use"):
            build_services(settings)
    else:
        refuse_another_deployment(settings)


def test_a_process_does_not_start_on_a_database_that_does_not_say_what_it_is_for(
    services: Services, database: TestDatabase
) -> None:
    with database.connect("survey_owner") as connection:
        connection.execute("DELETE FROM deployment")
    with pytest.raises(SettingsError, match="does not say whether it is for a demonstration"):
        refuse_another_deployment(services.settings)
    away = replace(services.settings.databases, login="postgresql://survey_login@127.0.0.1:1/nowhere")
    with pytest.raises(SettingsError, match="cannot be reached"):
        refuse_another_deployment(replace(services.settings, databases=away))


# ---- one word on what a licence covers


def test_the_database_and_the_rules_say_the_same_of_every_licence_and_use(real: World) -> None:
    """D1: two dozen licences of all kinds, four hundred uses."""
    chance = random.Random(4)
    units = [real.alice.unit_id, real.bob.unit_id]
    start = today(real)
    licence_ids = [
        license_use(
            real,
            unit_id=chance.choice([None, *units]),
            instrument=chance.choice(["promis-anxiety", "eq5d-5l"]),
            instrument_version=chance.choice([None, "1.0"]),
            purpose=chance.choice(list(UseOfAnswers)),
            locales=frozenset(chance.sample(["sv", "en", "da", "fi"], chance.randint(1, 3))),
            modes=frozenset(chance.sample(list(Mode), chance.randint(1, 3))),
            valid_from=start + timedelta(days=chance.randint(-4, 2)),
            valid_until=chance.choice([None, start + timedelta(days=chance.randint(2, 6))]),
        )
        for _ in range(24)
    ]
    for licence_id in licence_ids[::5]:
        withdraw_licence(real.services, licence_id, reason="x", by="x")
    found = []
    with real.services.db.transaction(as_=real.alice) as connection:
        recorded = queries.recorded_licences(connection)
        for _ in range(400):
            use = Use(
                real.alice.provider_id,
                chance.choice(units),
                chance.choice(list(UseOfAnswers)),
                chance.choice(list(Mode)),
                start + timedelta(days=chance.randint(-6, 8)),
            )
            asked = (chance.choice(["promis-anxiety", "eq5d-5l"]), chance.choice(["1.0", "2.0"]))
            by_rules = licensed_locales(recorded, *asked, use)
            assert queries.licensed_locales(connection, *asked, use) == by_rules
            found.append(by_rules)
    assert len(set(found)) > 5
