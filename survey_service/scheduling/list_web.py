"""A list of patients in the browser: choose a file, look at what becomes of each row, enrol; keep the report."""

import csv
from collections import Counter
from io import StringIO
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.access.queries import rights_of
from survey_service.errors import BadInput
from survey_service.foundation.principals import Staff
from survey_service.http.context import services, staff
from survey_service.http.locale import current_locale
from survey_service.http.security import takes_up_to
from survey_service.scheduling.listing import RowOutcome, RowReport, enrol_list
from survey_service.scheduling.lists import COLUMNS, LARGEST_FILE, read_list
from survey_service.scheduling.queries import PublishedProtocol, published_protocols
from survey_service.scheduling.rules import in_language

blueprint = Blueprint("enrolment_list", __name__)


@blueprint.get("/staff/enrolments/list")
def choose() -> ResponseReturnValue:
    return _page(staff(), errors={})


@blueprint.post("/staff/enrolments/list")
@takes_up_to(2 * LARGEST_FILE)
def look_or_enrol() -> ResponseReturnValue:
    """First what would become of each row; once that is confirmed, the enrolments. The file goes with the form."""
    as_ = staff()
    file = request.files.get("file")
    content = file.read() if file else request.form.get("content", "").encode()
    try:
        protocol = _protocol(request.form.get("protocol", ""), as_)
        if not content:
            raise BadInput("Choose a file.", fields={"file": "Choose a file."})
        lines = read_list(content)
        told = list(enrol_list(services(), lines, protocol, apply="confirmed" in request.form, as_=as_))
    except BadInput as refused:
        named = {name: gettext(sentence, **refused.values) for name, sentence in refused.fields.items()}
        return _page(as_, errors=named or {"file": gettext(refused.sentence, **refused.values)}), 400
    if "report" in request.form:
        return _report(told)
    return render_template(
        "staff/list_report.html",
        rows=[_describe(one) for one in told],
        counts=[(words, Counter(one.outcome for one in told)[outcome]) for outcome, words in _words().items()],
        applied="confirmed" in request.form,
        content=content.decode("utf-8-sig"),
        protocol_id=protocol.id,
        return_to=url_for(".choose"),
    )


def _protocol(written: str, as_: Staff) -> PublishedProtocol:
    with services().db.transaction(as_=as_) as connection:
        for one in published_protocols(connection):
            if str(one.id) == written:
                return one
    raise BadInput("That protocol is not one of yours.", fields={"protocol": "Choose a protocol."})


def _page(as_: Staff, *, errors: dict[str, str]) -> str:
    with services().db.transaction(as_=as_) as connection:
        rights = rights_of(connection, as_, services().clock())
        found = [one for one in published_protocols(connection) if rights.covers(one.id)]
    chosen = request.form.get("protocol")
    protocols: list[tuple[UUID, str]] = [(one.id, in_language(one.protocol.names, current_locale())) for one in found]
    return render_template(
        "staff/list.html", columns=", ".join(COLUMNS), protocols=protocols, chosen=chosen, errors=errors
    )


def _describe(one: RowReport) -> dict[str, object]:
    why = gettext(one.why, **(one.values or {})) if one.why else ""
    return {"line": one.line, "outcome": _words()[one.outcome], "why": why, "enrolment_id": one.enrolment_id}


def _report(told: list[RowReport]) -> Response:
    """A CSV line for each row, which names nobody: numbers of lines, and why."""
    out = StringIO(newline="")
    csv.writer(out).writerows(
        [("line", "outcome", "why"), *((one["line"], one["outcome"], one["why"]) for one in map(_describe, told))]
    )
    headers = {"Content-Disposition": "attachment; filename=report.csv"}
    return Response(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8", headers=headers)


def _words() -> dict[RowOutcome, str]:
    return {
        RowOutcome.ACCEPTED: gettext("Accepted"),
        RowOutcome.MOVED: gettext("Moved"),
        RowOutcome.CANCELLED: gettext("Cancelled"),
        RowOutcome.ALREADY_THERE: gettext("Already there"),
        RowOutcome.REFUSED: gettext("Refused"),
    }
