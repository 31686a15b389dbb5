"""A patient's course: who may see it, what stands in it, and that the document for the record says the same."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from survey_service.delivery.course_document import document
from survey_service.delivery.course_reading import course_of_patient
from survey_service.delivery.use_cases import open_response
from survey_service.errors import AccessDenied
from survey_service.foundation.clock import local_day
from survey_service.foundation.db import new_id
from survey_service.foundation.principals import Patient
from survey_service.history.use_cases import import_history
from survey_service.people.rules import Identity
from survey_service.people.use_cases import find_person
from survey_service.scheduling.queries import Occasion, occasions_of_enrolment
from survey_service.scheduling.rules import BodySide
from survey_service.scheduling.use_cases import Order, enrol_patient
from tests.browsing import Visitor
from tests.conftest import TestClock, TestDatabase
from tests.earlier_results import scored_row, write_rows
from tests.integration.correcting import correct, void
from tests.world import World

FIGURE = re.compile(r"\d+,\d+")
SHOWN = re.compile(r'<td class="figure">(\d+(?:,\d+)?)')


@dataclass
class Follow:
    """A patient whom alice follows, and the pages about the course."""

    world: World
    app: Flask
    clock: TestClock
    identity: Identity
    answered: list[UUID] = field(default_factory=list)

    def ask(self, protocol: str = "anxiety-only", *, side: BodySide | None = None) -> tuple[Patient, Occasion]:
        services = self.world.services
        order = Order(
            identity=self.identity,
            protocol_id=self.world.protocols[protocol],
            anchor_date=local_day(services.clock()),
            care_contact="Visit",
            request_id=new_id(),
            side=side,
        )
        enrolment_id = enrol_patient(services, order, as_=self.world.alice)
        with services.db.transaction(as_=self.world.alice) as connection:
            (occasion,) = occasions_of_enrolment(connection, enrolment_id)
        return Patient(self.person_id), occasion

    def answer(
        self, protocol: str = "anxiety-only", *, value: int = 2, side: BodySide | None = None, opened: bool = True
    ) -> UUID:
        (response_id,) = self.world.answer(*self.ask(protocol, side=side), value=value)
        if opened:
            open_response(self.world.services, response_id, as_=self.world.alice)
        self.answered.append(response_id)
        self.clock.advance(timedelta(days=40))
        return response_id

    def bring(self, folder: Path, **changes: str) -> None:
        file = write_rows(folder / "earlier.csv", [scored_row(self.world, self.identity.number, **changes)])
        import_history(
            self.world.services, file, source="Register ett", skip_bad=False, told=lambda _: None, as_=self.world.alice
        )

    @property
    def person_id(self) -> UUID:
        found = find_person(self.world.services, self.identity.number)
        assert found is not None
        return found

    @property
    def path(self) -> str:
        return f"/staff/patients/{self.world.reference(Patient(self.person_id))}/course"

    def staff_page(self) -> str:
        visitor = Visitor(self.app, self.world.staff_cookie(self.world.alice))
        return unescape(visitor.get(self.path).get_data(as_text=True))

    def own_page(self) -> str:
        visitor = Visitor(self.app, self.world.patient_cookie(self.identity))
        return unescape(visitor.get("/my-results").get_data(as_text=True))

    def record(self) -> Any:
        return Visitor(self.app, self.world.staff_cookie(self.world.alice)).get(f"{self.path}.pdf")


@pytest.fixture
def follow(world: World, app: Flask, clock: TestClock) -> Follow:
    return Follow(world, app, clock, world.new_identity(name="Tyra Hemlighet"))


def pictures(page: str) -> list[ElementTree.Element]:
    found = re.findall(r"<svg [^>]*class=\"course\".*?</svg>", page, re.DOTALL)
    return [ElementTree.fromstring(one) for one in found]


def marks(picture: ElementTree.Element) -> int:
    return sum(1 for one in picture.iter() if one.get("class") in {"course-point", "course-hollow"})


def table_of(page: str) -> str:
    return page.partition('<table class="course-table">')[2].partition("</table>")[0]


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


# ---- who may see it


def test_opening_a_course_is_logged_and_the_patient_sees_it(follow: Follow, database: TestDatabase) -> None:
    """D4"""
    follow.answer()
    follow.staff_page()
    follow.record()
    with database.connect("survey_owner") as connection:
        logged = connection.execute(
            "SELECT count(*) FROM audit_events WHERE object_kind = 'course' AND person_id = %s", [follow.person_id]
        ).fetchone()
    mine = Visitor(follow.app, follow.world.patient_cookie(follow.identity)).get("/my-data").get_data(as_text=True)
    assert logged == (2,)
    assert "Såg dina resultat över tid" in mine


def test_a_unit_without_an_enrolment_sees_no_course(follow: Follow) -> None:
    follow.answer()
    with pytest.raises(AccessDenied):
        course_of_patient(follow.world.services, follow.person_id, locale="sv", as_=follow.world.bob)


def test_a_unit_sees_its_own_part_of_the_course_and_not_another_units(follow: Follow) -> None:
    """Bob's unit follows the patient too: what it asked is not alice's to see."""
    world, mine = follow.world, follow.answer()
    patient, occasion = world.enrol(follow.identity, by=world.bob)
    (theirs,) = world.answer(patient, occasion)
    open_response(world.services, theirs, as_=world.bob)
    points = {
        who: [one.id for one in course_of_patient(world.services, patient.person_id, locale="sv", as_=who).points]
        for who in (world.alice, world.bob)
    }
    assert points == {world.alice: [mine], world.bob: [theirs]}


def test_a_unit_that_took_over_the_enrolment_sees_what_was_answered_before(
    follow: Follow, database: TestDatabase
) -> None:
    """And the unit that had it still sees what it asked; only that unit may open the answers."""
    world, response_id = follow.world, follow.answer()
    with database.connect("survey_owner") as connection:
        connection.execute(
            "INSERT INTO enrolment_events (id, provider_id, person_id, enrolment_id, kind, reason, staff_id, at)"
            " SELECT gen_random_uuid(), provider_id, person_id, id, %s, 'a test', ordered_by, now() FROM enrolments",
            ["transferred"],
        )
        connection.execute("UPDATE enrolments SET unit_id = %s", [world.bob.unit_id])
    seen = {
        who: course_of_patient(world.services, follow.person_id, locale="sv", as_=who)
        for who in (world.alice, world.bob)
    }
    assert [[one.id for one in course.points] for course in seen.values()] == [[response_id], [response_id]]
    assert [course.may_open for course in seen.values()] == [{response_id}, set()]


def test_the_enrolment_of_a_wrong_patient_gives_no_course(follow: Follow, database: TestDatabase) -> None:
    follow.answer()
    with database.connect("survey_owner") as connection:
        connection.execute(
            "INSERT INTO enrolment_events (id, provider_id, person_id, enrolment_id, kind, reason, staff_id, at)"
            " SELECT gen_random_uuid(), provider_id, person_id, id, %s, 'a test', ordered_by, now() FROM enrolments",
            ["voided"],
        )
        connection.execute("UPDATE enrolments SET state = 'voided'")
    with pytest.raises(AccessDenied):
        course_of_patient(follow.world.services, follow.person_id, locale="sv", as_=follow.world.alice)


def test_the_response_and_the_enrolment_lead_to_the_course(follow: Follow) -> None:
    response_id = follow.answer()
    visitor = Visitor(follow.app, follow.world.staff_cookie(follow.world.alice))
    assert follow.path in visitor.get(f"/staff/responses/{response_id}").get_data(as_text=True)


# ---- what stands in it


def test_what_nobody_has_opened_is_told_of_and_not_shown(follow: Follow) -> None:
    """A3: the course is no way past the receipt."""
    follow.answer(opened=False)
    page = follow.staff_page()
    assert pictures(page) == []
    assert "Inte öppnat än" in table_of(page)
    assert not FIGURE.search(table_of(page))


def test_a_patient_sees_the_own_answers_before_anybody_opens_them(follow: Follow) -> None:
    follow.answer(opened=False)
    (picture,) = pictures(follow.own_page())
    assert marks(picture) == 1


def test_the_patient_and_the_unit_read_the_same_figures(follow: Follow) -> None:
    """C4"""
    follow.answer(value=2)
    follow.answer(value=4)
    mine, theirs = (SHOWN.findall(table_of(page)) for page in (follow.own_page(), follow.staff_page()))
    assert len(theirs) == 2
    assert mine == theirs


def test_a_patient_reads_between_which_figures_a_result_most_likely_is(follow: Follow) -> None:
    """C4: 1.96 standard errors on each side, the same in words, picture and table."""
    follow.answer()
    page = follow.own_page()
    low, high = FIGURE.findall(table_of(page))[1:3]
    assert f"troligen mellan {low} och {high}" in page
    error = FIGURE.findall(table_of(follow.staff_page()))[1]
    width = (float(high.replace(",", ".")) - float(low.replace(",", "."))) / 2
    assert width == pytest.approx(1.96 * float(error.replace(",", ".")), abs=0.2)


def test_the_table_has_every_figure_of_the_picture(follow: Follow) -> None:
    """C6"""
    for value in (1, 3, 5):
        follow.answer(value=value)
    page = follow.staff_page()
    assert marks(pictures(page)[0]) == 3
    assert table_of(page).count("±") == 3


def test_what_is_voided_is_a_row_and_no_point(follow: Follow) -> None:
    """B12"""
    follow.answer()
    void(follow.world, follow.answer(value=5))
    page = follow.staff_page()
    assert marks(pictures(page)[0]) == 1
    assert "Lagt åt sidan: ska inte användas" in table_of(page)


def test_what_is_corrected_shows_its_newest_version_and_a_mark_on_the_axis(follow: Follow) -> None:
    """B12"""
    correct(follow.world, follow.answer("eq5d-only"), 77)
    page = follow.staff_page()
    assert "77" in table_of(page)
    assert "rättades" in page
    assert "Rättad" in table_of(page)


def test_a_profile_is_told_dimension_by_dimension(follow: Follow) -> None:
    follow.answer("eq5d-only", value=2)
    table = table_of(follow.staff_page())
    assert "Rörlighet" in table
    assert re.findall(r'<td class="figure">(\d)</td>', table)[:5] == ["2"] * 5


def test_forms_about_one_knee_are_no_series_with_forms_about_the_other(follow: Follow) -> None:
    """A1"""
    follow.answer(side=BodySide.LEFT)
    follow.answer(side=BodySide.RIGHT)
    page = follow.staff_page()
    assert [marks(picture) for picture in pictures(page)] == [1, 1]
    assert "· Vänster</h2>" in page
    assert "· Höger</h2>" in page


def test_imported_figures_stand_apart_and_say_where_they_come_from(follow: Follow, tmp_path: Path) -> None:
    """B13"""
    follow.answer()
    follow.bring(tmp_path)
    page = follow.staff_page()
    (picture,) = pictures(page)
    kinds = [one.get("class") for one in picture.iter() if one.get("class") in {"course-point", "course-hollow"}]
    assert sorted(filter(None, kinds)) == ["course-hollow", "course-point"]
    assert "Inläst från Register ett" in table_of(page)
    assert "en ny linje, B: siffrorna kommer från ett annat håll" in page


def test_a_course_of_nothing_says_so(follow: Follow) -> None:
    follow.ask()
    assert "Inget är besvarat än." in follow.staff_page()
    assert "Du har inga resultat än." in follow.own_page()


def test_only_the_newest_responses_are_shown_and_the_page_says_so(
    follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey_service.delivery.course_reading.MOST_RESPONSES", 2)
    for value in (1, 3, 5):
        follow.answer(value=value)
    page = follow.staff_page()
    assert marks(pictures(page)[0]) == 2
    assert "Bara de senaste resultaten visas." in page


def test_the_number_of_queries_does_not_grow_with_the_course(follow: Follow, tmp_path: Path) -> None:
    follow.bring(tmp_path)
    counted = []
    for times in (1, 3):
        for protocol in ("anxiety-only", "eq5d-only") * times:
            follow.answer(protocol)
        with statements(follow.world) as asked:
            course_of_patient(follow.world.services, follow.person_id, locale="sv", as_=follow.world.alice)
        counted.append(len(asked))
    assert counted[0] == counted[1]
    assert counted[0] <= 24


# ---- the document for the record


def test_the_document_has_the_figures_of_the_page_and_no_more(follow: Follow, tmp_path: Path) -> None:
    """C4"""
    follow.bring(tmp_path)
    for value in (1, 3, 5):
        follow.answer(value=value)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(follow.record().get_data())).pages)
    figures = FIGURE.findall(table_of(follow.staff_page()))
    assert sorted(FIGURE.findall(text)) == sorted(figures)


def test_the_document_is_tagged_in_swedish_and_names_the_patient_inside_only(follow: Follow) -> None:
    """C6; whatever language its reader has chosen."""
    follow.answer()
    visitor = Visitor(follow.app, follow.world.staff_cookie(follow.world.alice))
    visitor.post("/language", page=follow.path, language="ar", next="/staff")
    answer = visitor.get(f"{follow.path}.pdf")
    document = PdfReader(BytesIO(answer.get_data()))
    root: Any = document.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "sv")
    assert b"pdfuaid:part" in document.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # because it has some
    assert "Tyra Hemlighet" in document.pages[0].extract_text()
    assert "Resultat över tid" in document.pages[0].extract_text()
    outside = f"{document.metadata} {answer.headers}"
    assert "Hemlighet" not in outside
    assert follow.identity.number[2:8] not in outside


def test_a_name_is_never_a_command_in_the_document(follow: Follow) -> None:
    follow.identity = follow.world.new_identity(name='#panic("x") $*_ <a>')
    follow.answer()
    text = PdfReader(BytesIO(follow.record().get_data())).pages[0].extract_text()
    assert '#panic("x") $*_ <a>' in text


@pytest.mark.parametrize("name", ["محمد عليّ", "Łukasz Đỗ", "王小明"])
def test_a_name_in_any_script_has_its_document(follow: Follow, name: str) -> None:
    follow.identity = follow.world.new_identity(name=name)
    follow.answer()
    assert follow.record().status_code == 200


def test_a_letter_that_no_font_has_costs_the_standard_and_not_the_document(app: Flask, clock: TestClock) -> None:
    """A letter for private use; the compiler's own refusal quotes it, and reaches nobody."""
    with app.test_request_context():
        made = document(
            {"panels": [], "is_cut": False}, {"name": "\ue123", "personal_number": "19500101-0000"}, made_at=clock()
        )
    assert "19500101-0000" in PdfReader(BytesIO(made)).pages[0].extract_text()


def test_no_address_or_title_says_who_it_is_about(follow: Follow) -> None:
    """D3"""
    follow.answer()
    title = follow.staff_page().partition("<title>")[2].partition("</title>")[0]
    assert "Hemlighet" not in title
    assert follow.identity.number not in follow.path
