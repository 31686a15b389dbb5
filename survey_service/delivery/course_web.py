"""A patient's course in the browser: for the unit, for the patient, and as a document for the record."""

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from survey_service.delivery.course_document import document
from survey_service.delivery.course_page import describe, patient_of
from survey_service.delivery.course_reading import course_of_patient, own_course
from survey_service.foundation.clock import local_day
from survey_service.http import context
from survey_service.http.context import services, staff
from survey_service.http.locale import current_locale, write_in
from survey_service.http.references import person_of

blueprint = Blueprint("course", __name__)

# The record is kept in Swedish, whatever language its reader has chosen for the pages.
_LANGUAGE_OF_RECORDS = "sv"


@blueprint.get("/staff/patients/<patient>/course")
def course(patient: str) -> ResponseReturnValue:
    person_id = person_of(patient)
    found = course_of_patient(services(), person_id, locale=current_locale(), as_=staff())
    return render_template(
        "staff/course.html", person_id=person_id, patient=patient_of(found), **describe(services(), found)
    )


@blueprint.get("/staff/patients/<patient>/course.pdf")
def record(patient: str) -> Response:
    """The same for the record. Its name on disk says the day and nobody."""
    write_in(_LANGUAGE_OF_RECORDS)
    found = course_of_patient(services(), person_of(patient), locale=_LANGUAGE_OF_RECORDS, as_=staff())
    made_at = services().clock()
    answer = make_response(document(describe(services(), found), patient_of(found), made_at=made_at))
    answer.content_type = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="resultat-{local_day(made_at)}.pdf"'
    return answer


@blueprint.get("/my-results")
def my_results() -> ResponseReturnValue:
    found = own_course(services(), locale=current_locale(), as_=context.reader())
    return render_template("my_results.html", **describe(services(), found, plain=True))
