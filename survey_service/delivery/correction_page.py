"""What the pages of correcting and voiding show, as plain values for the templates."""

from collections.abc import Mapping, Sequence
from typing import Any

from instruments import Answered, Item, QuestionKind, Score
from survey_service.access.queries import staff_names
from survey_service.answering.question_page import as_given, worded
from survey_service.answering.question_page import typed as typed_in
from survey_service.delivery.pages import score_rows
from survey_service.delivery.queries import versions_of
from survey_service.delivery.version_words import describe_versions, reasons
from survey_service.delivery.versions import Outcome, Standing
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.results import answer

Context = dict[str, Any]
Fields = Mapping[str, Sequence[str]]


def field_of(item_id: str) -> str:
    """The name of a question's field on the page."""
    return f"value-{item_id}"


def questions_asked(standing: Standing) -> list[Item]:
    """What may be corrected: of an adaptive test what was asked, of a fixed form every question."""
    items = standing.instrument.items
    asked = [one.item_id for one in standing.answers] if standing.instrument.adaptive else list(items)
    return [items[item_id] for item_id in asked if items[item_id].kind is not QuestionKind.STATEMENT]


def correction(
    standing: Standing, *, request_id: str, typed: Fields | None, values: Mapping[str, str], errors: Mapping[str, str]
) -> Context:
    """The form, filled in with what stands or with what was ``typed`` (by item)."""
    stands = {one.item_id: one for one in standing.answers}
    asked = questions_asked(standing)
    return {
        **_about(standing, request_id=request_id, values=values, errors=errors),
        "questions": [
            _question(standing, item, stands.get(item.id), typed[item.id] if typed is not None else None, errors)
            for item in asked
        ],
        "branches": any(item.ask_when for item in asked),
    }


def preview(
    standing: Standing, outcome: Outcome, *, request_id: str, sent: Sequence[tuple[str, str]], values: Mapping[str, str]
) -> Context:
    """Answers and scores before and after; ``sent`` are the form's fields, to be sent again when it is confirmed."""
    items, texts = standing.instrument.items, standing.wording.texts
    before = {one.item_id: one for one in standing.answers}

    def said(one: Answered | None) -> str | None:
        return answer(items[one.item_id], one, texts) if one else None

    return {
        **_about(standing, request_id=request_id, values=values, errors={}),
        "changed": [
            {"question": texts[f"item:{one.item_id}"], "before": said(before.get(one.item_id)), "after": said(one)}
            for one in outcome.changed
        ],
        "scores": _before_and_after(standing, outcome.scores),
        "reason_words": dict(reasons())[values["reason"]],
        "sent": sent,
    }


def voiding(standing: Standing, *, request_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> Context:
    return _about(standing, request_id=request_id, values=values, errors=errors)


def earlier(services: Services, standing: Standing, *, as_: Staff) -> Context:
    """A version that does not stand any more, with its answers and scores."""
    with services.db.transaction(as_=as_) as connection:
        versions = versions_of(connection, standing.found.id)
        names = staff_names(connection)
    cipher = services.keys.cipher(standing.found.person_id)
    told = describe_versions(cipher, versions, names)
    items, texts = standing.instrument.items, standing.wording.texts
    return {
        **_about(standing, request_id="", values={}, errors={}),
        "version": next((one for one in told if one["number"] == standing.version.number), None),
        "number": standing.version.number,
        "scores": score_rows(standing.instrument, standing.scores, texts),
        "answers": [
            {"question": texts[f"item:{one.item_id}"], "answer": answer(items[one.item_id], one, texts)}
            for one in standing.answers
            if items[one.item_id].kind is not QuestionKind.STATEMENT
        ],
    }


def _about(standing: Standing, *, request_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> Context:
    identity = standing.identity
    return {
        "response_id": standing.found.id,
        "title": standing.wording.texts["title"],
        "patient_name": identity.name if identity else "—",
        "completed_at": standing.found.completed_at,
        "based_on": standing.version.number,
        "request_id": request_id,
        "reasons": reasons(),
        "values": values,
        "errors": errors,
    }


def _question(
    standing: Standing,
    item: Item,
    stands: Answered | None,
    typed: Sequence[str] | None,
    errors: Mapping[str, str],
) -> Context:
    """The question as the patient saw it, but for a scale: a number is typed, and no picture is drawn."""
    given = as_given(item, stands) if typed is None else list(typed)
    shown = typed_in(item, worded(standing.instrument, item, standing.wording, given=given, is_first=False))
    field = field_of(item.id)
    return shown | {"field": field, "failed": errors.get(field), "unasked": stands is None, "optional": item.skippable}


def _before_and_after(standing: Standing, after: Sequence[Score]) -> list[Context]:
    texts = standing.wording.texts
    now = {row["variable"]: row for row in score_rows(standing.instrument, standing.scores, texts)}
    then = score_rows(standing.instrument, after, texts)
    return [row | {"before": now[row["variable"]]["shown"] if row["variable"] in now else None} for row in then]
