"""What a patient takes home: the own answers and scores, as they stand, in three kinds of file, and nobody else's."""

import csv
import json
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fhir.resources.R4B.bundle import Bundle
from flask import Flask
from pypdf import PdfReader
from werkzeug.test import TestResponse

from survey_service.access.rules import may_read_own
from survey_service.audit.records import audit_events
from survey_service.delivery.own_copy import CopyFormat, own_copy
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient
from survey_service.people.rules import Identity
from tests.browsing import Visitor
from tests.integration.correcting import correct, void
from tests.world import World

ALL = ("pdf", "csv", "json")


@dataclass
class Home:
    """A patient with something answered, and the files."""

    world: World
    app: Flask
    identity: Identity
    patients: list[Patient] = field(default_factory=list)

    def answer(self, protocol: str = "eq5d-only", *, value: int = 2) -> UUID:
        patient, occasion = self.world.enrol(self.identity, protocol=protocol)
        self.patients.append(patient)
        (response_id,) = self.world.answer(patient, occasion, value=value)
        open_response(self.world.services, response_id, as_=self.world.alice)
        return response_id

    def get(self, ending: str, *, language: str = "sv") -> TestResponse:
        visitor = Visitor(self.app, self.world.patient_cookie(self.identity))
        visitor.submit("/inbox", "/language", language=language)
        return visitor.get(f"/my-answers.{ending}")

    def rows(self, **options: str) -> list[dict[str, str]]:
        text = self.get("csv", **options).get_data().decode("utf-8-sig")
        return list(csv.DictReader(StringIO(text, newline="")))

    def bundle(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("json").get_data())
        return found

    def document(self, **options: str) -> PdfReader:
        return PdfReader(BytesIO(self.get("pdf", **options).get_data()))


@pytest.fixture
def home(world: World, app: Flask) -> Home:
    return Home(world, app, world.new_identity(name="Tyra Hemlighet"))


def text_of(document: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in document.pages)


def test_a_table_has_one_row_for_each_answer_and_each_score(home: Home) -> None:
    """C4: the question in the words it was asked in, with its code beside it."""
    home.answer(value=2)
    rows = home.rows()
    answers = [row for row in rows if row["Slag"] == "Svar"]
    assert [row["Kod"] for row in answers] == [
        "mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression", "vas",
    ]  # fmt: skip
    assert all(row["Lagrat värde"] == "2" for row in answers)
    assert all(row["Fråga eller resultat"] != row["Kod"] for row in answers)
    assert {row["Kod"]: row["Lagrat värde"] for row in rows}["eq5d5l.profile"] == "22222"


def test_a_table_opens_in_a_spreadsheet_with_every_letter(home: Home) -> None:
    home.answer()
    answer = home.get("csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.get_data().startswith(b"\xef\xbb\xbf")


def test_a_question_stays_in_the_language_that_it_was_answered_in(home: Home) -> None:
    """E1: the approved wording is what was answered; only the frame is the reader's."""
    home.answer()
    swedish, english = home.rows(), home.rows(language="en")
    assert [row["Question or result"] for row in english if row["Kind"] == "Answer"] == [
        row["Fråga eller resultat"] for row in swedish if row["Slag"] == "Svar"
    ]
    assert {row["Language"] for row in english} == {"Swedish"}


def test_other_systems_get_every_response_and_score_as_fhir(home: Home) -> None:
    """B9, C4: a collection that the models of the standard accept, about the patient by identity number."""
    first, second = home.answer("eq5d-only"), home.answer("anxiety-only")
    bundle = home.bundle()
    Bundle.model_validate(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert bundle["type"] == "collection"
    assert kinds.count("QuestionnaireResponse") == 2
    assert set(kinds) == {"QuestionnaireResponse", "Observation"}
    told = {
        entry["resource"]["identifier"]["value"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "QuestionnaireResponse"
    }
    assert told == {str(first), str(second)}
    assert {entry["resource"]["subject"]["identifier"]["value"] for entry in bundle["entry"]} == {home.identity.number}
    assert not [entry for entry in bundle["entry"] if "request" in entry]


@pytest.mark.parametrize("language", ["sv", "en", "ar"])
def test_the_document_is_tagged_in_the_readers_language(home: Home, language: str) -> None:
    """C4, C6"""
    home.answer("anxiety-only")
    document = home.document(language=language)
    assert document.trailer["/Root"]["/Lang"].startswith(language)
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in document.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert "Hemlighet" not in str(document.metadata)


def test_the_document_says_the_answers_and_the_result(home: Home) -> None:
    """C4"""
    home.answer("anxiety-only")
    row = next(row for row in home.rows() if row["Kod"] == "promis_anxiety.t")
    said = text_of(home.document())
    assert row["Svar eller siffra"] in said
    assert "Tyra Hemlighet" in said


@pytest.mark.parametrize("ending", ALL)
def test_no_name_of_a_file_says_whose_it_is(home: Home, ending: str) -> None:
    home.answer()
    named = home.get(ending).headers["Content-Disposition"]
    assert named == f'attachment; filename="mina-svar-{home.world.services.clock().date()}.{ending}"'


@pytest.mark.parametrize("ending", ALL)
def test_who_has_answered_nothing_gets_a_file_that_says_so(home: Home, ending: str) -> None:
    home.world.enrol(home.identity)
    assert home.get(ending).status_code == 200


def test_what_the_unit_corrected_is_told_as_corrected_and_what_it_put_aside_is_not_told(home: Home) -> None:
    """G3"""
    correct(home.world, home.answer("eq5d-only"), 77)
    void(home.world, home.answer("anxiety-only"))
    rows = home.rows()
    assert {row["Kod"]: row["Lagrat värde"] for row in rows if row["Slag"] == "Svar"}["vas"] == "77"
    assert {row["Status"] for row in rows} == {"Rättad"}
    assert "har lagt åt sidan" in text_of(home.document())


def test_nobody_elses_answers_are_in_the_files(home: Home) -> None:
    """A6"""
    other = Home(home.world, home.app, home.world.new_identity(name="Någon Annan"))
    other.answer("anxiety-only")
    home.answer("eq5d-only")
    assert not [row for row in home.rows() if row["Kod"].startswith("promis")]
    assert other.identity.number not in json.dumps(home.bundle())


def test_taking_answers_home_is_logged_with_the_kind_of_file(home: Home) -> None:
    """G2"""
    home.answer()
    for ending in ALL:
        home.get(ending)
    with home.world.services.db.transaction(as_=home.patients[0]) as connection:
        logged = connection.execute(
            sa.select(audit_events.c.reason).where(audit_events.c.object_kind == "own_copy").order_by(audit_events.c.at)
        ).scalars()
        assert sorted(filter(None, logged)) == ["csv", "fhir", "pdf"]


@pytest.mark.parametrize("by_letter", [False, True], ids=["tablet", "letter"])
def test_a_session_of_one_survey_takes_nothing_home(home: Home, by_letter: bool) -> None:
    """C5: somebody at a tablet, or with the code of a letter, only answers."""
    home.answer()
    guest = Patient(home.patients[0].person_id, occasion_id=new_id(), by_letter=by_letter)
    assert not may_read_own(guest)
    with pytest.raises(AccessDenied):
        own_copy(home.world.services, CopyFormat.CSV, as_=guest)


def test_an_answer_is_never_a_formula_of_a_spreadsheet(home: Home) -> None:
    home.answer()
    text = home.get("csv").get_data(as_text=True)
    assert not [line for line in text.splitlines() if line.startswith(("=", "+", "@"))]
