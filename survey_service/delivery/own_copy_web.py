"""A patient's own answers and results to take home, in the browser: to read, for a spreadsheet, for other systems."""

import json

from flask import Blueprint, Response, make_response

from survey_service.delivery.own_copy import CopyFormat, own_copy
from survey_service.delivery.own_copy_document import own_document
from survey_service.delivery.own_copy_files import as_csv, as_fhir, name_of_file
from survey_service.http.context import reader, services

blueprint = Blueprint("own_copy", __name__)


@blueprint.get("/my-answers.pdf")
def document() -> Response:
    copy = own_copy(services(), CopyFormat.PDF, as_=reader())
    return _file(own_document(copy), "application/pdf", name_of_file("mina-svar", "pdf", copy.made_at))


@blueprint.get("/my-answers.csv")
def table() -> Response:
    copy = own_copy(services(), CopyFormat.CSV, as_=reader())
    return _file(as_csv(copy), "text/csv; charset=utf-8", name_of_file("mina-svar", "csv", copy.made_at))


@blueprint.get("/my-answers.json")
def fhir() -> Response:
    copy = own_copy(services(), CopyFormat.FHIR, as_=reader())
    body = json.dumps(as_fhir(copy), ensure_ascii=False, indent=1)
    return _file(body, "application/fhir+json", name_of_file("mina-svar", "json", copy.made_at))


def _file(body: str | bytes, kind: str, name: str) -> Response:
    answer = make_response(body)
    answer.content_type = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
