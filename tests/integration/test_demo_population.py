"""The people of the demonstration have what real ones have, and a year on the pages are those of a unit at work."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from joserfc.jwk import ECKey, KeySet

from survey_service.access.rules import StaffClaims
from survey_service.access.use_cases import sign_in_staff
from survey_service.app import create_app
from survey_service.demo.clock import MovedClock
from survey_service.demo.defects import PROTECTED_NAME
from survey_service.demo.people import LOA3
from survey_service.demo.population import STAFF_HSA_ID, UNIT_HSA_ID, populate
from survey_service.foundation.services import Services
from tests.browsing import Visitor
from tests.conftest import TestDatabase
from tests.travelling import travelled

Counted = Callable[[str], int]

# By defect, how many there are of it: at least one of each.
DEFECTS = {
    "missing": """SELECT count(*) FROM occasions o WHERE closes_at < now() AND withdrawn_at IS NULL
        AND NOT EXISTS (SELECT FROM sessions s WHERE s.occasion_id = o.id)""",
    "late": """SELECT count(*) FROM responses r JOIN sessions s ON s.id = r.session_id
        JOIN occasions o ON o.id = s.occasion_id WHERE r.completed_at > o.due_at + interval '1 day'""",
    "moved": "SELECT count(*) FROM enrolment_events WHERE kind = 'event_moved'",
    "deceased": "SELECT count(*) FROM enrolment_events WHERE kind = 'died'",
    "wrong patient": "SELECT count(*) FROM enrolments WHERE state = 'voided'",
    "duplicated": "SELECT count(*) FROM task_links",
    "two protocols": """SELECT count(*) FROM (SELECT person_id FROM enrolments e
        JOIN care_protocol_versions v ON v.id = e.protocol_version_id
        GROUP BY 1 HAVING count(DISTINCT v.protocol_id) > 1) AS more""",
    "two sides": """SELECT count(*) FROM (SELECT person_id FROM enrolments
        GROUP BY 1 HAVING count(DISTINCT side) > 1) AS more""",
    "five languages": "SELECT (count(DISTINCT locale) >= 5)::integer FROM patients",
    "not received": "SELECT count(*) FROM worklist_entries WHERE NOT received",
}


@pytest.fixture
def clock_of_demo(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / "clock")


@pytest.fixture
def demo(services: Services, clock_of_demo: MovedClock, register_key: ECKey) -> Services:
    found = replace(services, clock=clock_of_demo)
    populate(found, register_keys=KeySet([register_key]).as_dict(private=False), progress=lambda _what: None)
    return found


@pytest.fixture
def counted(database: TestDatabase) -> Counted:
    def ask(query: str) -> int:
        with database.connect("survey_owner") as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    return ask


def clinician(demo: Services) -> Visitor:
    app: Flask = create_app(demo)
    cookie = sign_in_staff(demo, StaffClaims(staff_hsa_id=STAFF_HSA_ID, unit_hsa_id=UNIT_HSA_ID, acr=LOA3))
    return Visitor(app, cookie)


def test_each_defect_of_a_real_population_is_there_and_a_year_on_the_pages_are_lived_in(
    demo: Services, clock_of_demo: MovedClock, counted: Counted
) -> None:
    assert {name for name, query in DEFECTS.items() if counted(query) < 1} == set()
    visitor = clinician(demo)
    assert PROTECTED_NAME in visitor.get("/staff").get_data(as_text=True)

    answered, enrolled = counted("SELECT count(*) FROM responses"), counted("SELECT count(*) FROM enrolments")
    travelled(demo, clock_of_demo, clock_of_demo() + timedelta(days=365))
    assert counted("SELECT count(*) FROM enrolments") >= enrolled + 50
    assert counted("SELECT count(*) FROM responses") >= answered + 100
    assert counted("SELECT count(*) FROM unit_flags") > 0
    assert counted("SELECT count(*) FROM assessments") > 50

    visitor = clinician(demo)
    worklist = visitor.get("/staff").get_data(as_text=True)
    assert "Flaggat av enhetens regler" in worklist
    assert "har väntat för länge på att någon bedömer" in worklist
    assert "Ingen inbjuden patient" not in worklist
    follow_up = visitor.get("/staff/follow-up").get_data(as_text=True)
    for heading in ("Svarsfrekvens", "Varför svar saknas", "Förändring sedan före"):
        assert heading in follow_up
