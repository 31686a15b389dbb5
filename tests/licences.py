"""A service outside any demonstration, with licences and licensed wording on demand. The labels are made up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from joserfc.jwk import ECKey
from psycopg.rows import dict_row

from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient, Principal
from survey_service.foundation.services import Services
from survey_service.languages.use_cases import Acceptance, accept_labels
from survey_service.licensing.rules import Mode, UseOfAnswers
from survey_service.licensing.use_cases import Document, NewLicence, add_licence
from survey_service.scheduling.queries import Occasion, tasks_of
from survey_service.settings import Environment
from tests.conftest import TestDatabase
from tests.labels import LANGUAGE_VERSION, made_up, write_labels
from tests.world import World, make_world
from translations.labels import load_labels

Row = dict[str, Any]

AGREEMENT = Document("agreement.pdf", b"%PDF made up: an agreement")
CERTIFICATE = Document("certificate.pdf", b"%PDF made up: a certificate")


def outside_a_demonstration(services: Services, database: TestDatabase, register_key: ECKey) -> World:
    """A small world on a database for real use."""
    with database.connect("survey_owner") as connection:
        connection.execute("UPDATE deployment SET demonstration = false")
    settings = replace(services.settings, environment=Environment.PRODUCTION)
    return make_world(replace(services, settings=settings), register_key)


def today(world: World) -> date:
    return local_day(world.services.clock())


def license_use(world: World, **changes: Any) -> UUID:
    """A licence that covers what alice's unit orders, for a month from yesterday, but for ``changes``."""
    values: dict[str, Any] = {
        "provider_id": world.alice.provider_id,
        "unit_id": None,
        "instrument": "promis-anxiety",
        "instrument_version": None,
        "purpose": UseOfAnswers.CARE,
        "locales": frozenset({"sv"}),
        "modes": frozenset({Mode.WEB}),
        "valid_from": today(world) - timedelta(days=1),
        "valid_until": today(world) + timedelta(days=30),
        "licensee": "Region Ett",
        "reference": "A-1",
        "evidence": AGREEMENT,
        "recorded_by": "An operator",
    }
    return add_licence(world.services, NewLicence(**(values | changes)))


def accept(
    world: World, licence_id: UUID, folder: Path, *, instrument: str = "promis-anxiety", locale: str = "sv"
) -> UUID:
    """Made-up labels of the newest version, through the whole of what an operator does."""
    asked = world.services.library.latest(instrument)
    path = write_labels(folder / f"{instrument}.{locale}.csv", made_up(asked, title=f"Licensed {instrument}"))
    labels = load_labels(path, asked, locale=locale, language_version=LANGUAGE_VERSION)
    acceptance = Acceptance(
        content_hash=labels.wording.content_hash,
        licence_id=licence_id,
        certificate=CERTIFICATE,
        accepted_by="An operator",
    )
    return accept_labels(world.services, labels, acceptance)


def rows(database: TestDatabase, query: str, *parameters: Any) -> list[Row]:
    """What is there in truth, as the owner sees it."""
    with psycopg.connect(database.server.url("survey_owner", database.name), row_factory=dict_row) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def insert(world: World, table: str, row: Row, *, as_: Principal) -> None:
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    run(world, f"INSERT INTO {table} ({columns}) VALUES ({places})", row, as_=as_)


def run(world: World, statement: str, values: Row | None = None, *, as_: Principal) -> None:
    with world.services.db.transaction(as_=as_) as connection:
        connection.connection.cursor().execute(statement, values or {})


def forged_session(world: World, database: TestDatabase, patient: Patient, occasion: Occasion) -> Row:
    """A session that the patient's own SQL might begin, right in all but what a test changes. The notice is given."""
    with world.services.db.transaction(as_=patient) as connection:
        (task,) = tasks_of(connection, [occasion.id])
    instrument = world.services.library.get(task.instrument, task.instrument_version)
    notice = {
        "id": new_id(), "provider_id": occasion.provider_id, "person_id": patient.person_id,
        "occasion_id": occasion.id, "notice_version": str(new_id()), "locale": "sv", "given_at": datetime.now(UTC),
    }  # fmt: skip
    insert(world, "notices_given", notice, as_=patient)
    return {
        "id": new_id(), "provider_id": occasion.provider_id, "person_id": patient.person_id,
        "occasion_id": occasion.id, "task_id": task.id, "notice_id": notice["id"],
        "instrument": task.instrument, "instrument_version": task.instrument_version, "form": task.form,
        "instrument_hash": instrument.content_hash, "wording_id": wording_id(database, "licensed"),
        "locale": "sv", "mode": "web", "respondent": "self", "started_at": world.services.clock(),
    }  # fmt: skip


def wording_id(database: TestDatabase, kind: str, locale: str = "sv") -> UUID | None:
    found = rows(
        database,
        "SELECT id FROM wordings WHERE instrument = 'promis-anxiety' AND kind = %s AND locale = %s",
        kind,
        locale,
    )
    return found[0]["id"] if found else None
