"""Answering in the browser: inbox, notice, one question a page, thanks. Works without JavaScript."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from instruments import AnswerKind, Ask, Item, QuestionKind
from survey_service.answering import pages, question_page
from survey_service.answering.rules import LoggedAnswer, Posted, Way, read_whole
from survey_service.answering.use_cases import (
    SessionState,
    look_at_session,
    next_session,
    record_answer,
    start_survey,
)
from survey_service.errors import BadInput, Closed, Conflict
from survey_service.http.context import patient, respondent, services
from survey_service.http.locale import current_locale

blueprint = Blueprint("answering", __name__)

_DAY = ("year", "month", "day")


@blueprint.get("/inbox")
def inbox() -> ResponseReturnValue:
    return render_template("inbox.html", **pages.inbox(services(), as_=patient()))


@blueprint.get("/surveys/<uuid:survey_id>")
def survey(survey_id: UUID) -> ResponseReturnValue:
    """The information notice; for a survey that is answered, what has become of it."""
    described = pages.notice(services(), survey_id, as_=respondent())
    if described is None:
        return _to_completed(survey_id)
    return render_template("notice.html", **described)


@blueprint.post("/surveys/<uuid:survey_id>", endpoint="start_survey")
def start(survey_id: UUID) -> ResponseReturnValue:
    """Note that the information was given, and begin or go on, in the language that the page promised."""
    promised = request.form.get("language", current_locale())
    try:
        session_id = start_survey(services(), survey_id, locale=promised, as_=respondent())
    except Conflict:
        return _to_completed(survey_id)
    return redirect(url_for("answering.question", session_id=session_id), code=303)


@blueprint.get("/sessions/<uuid:session_id>")
def question(session_id: UUID) -> ResponseReturnValue:
    """The question that is open now, on whichever device."""
    state = look_at_session(services(), session_id, as_=respondent())
    if not isinstance(state.step, Ask):
        return _onward(state)
    return _page(state, state.step.item)


@blueprint.get("/sessions/<uuid:session_id>/answers/<int:sequence>")
def change(session_id: UUID, sequence: int) -> ResponseReturnValue:
    """An earlier question, to be changed. Whatever cannot be changed leads to the question that is open."""
    state = look_at_session(services(), session_id, as_=respondent())
    changing = _entry(state, sequence)
    if changing is None or not state.instrument.changeable or not isinstance(state.step, Ask):
        return redirect(url_for("answering.question", session_id=session_id), code=303)
    return _page(state, state.instrument.items[changing.answer.item_id], changing=changing)


@blueprint.post("/sessions/<uuid:session_id>")
def record(session_id: UUID) -> ResponseReturnValue:
    """Take an answer. What cannot be taken is said on the page; what was answered before is kept."""
    as_ = respondent()
    try:
        state = record_answer(services(), session_id, _posted(), as_=as_)
    except (BadInput, Conflict) as refused:
        return _refused(look_at_session(services(), session_id, as_=as_), refused)
    return _onward(state)


@blueprint.get("/surveys/<uuid:survey_id>/done")
def completed(survey_id: UUID) -> ResponseReturnValue:
    return render_template("completed.html", **pages.completed(services(), survey_id, as_=patient()))


def _posted() -> Posted:
    """The form as it came. Raises ``BadInput`` for what no form of ours sends."""
    form = request.form
    sequence, supersedes = read_whole(form.get("sequence", "")), read_whole(form.get("supersedes", ""))
    if sequence is None or (supersedes is None and form.get("supersedes")):
        raise BadInput("That answer could not be read. Try once more.")
    texts = _texts()
    way = Way.NOT_APPLICABLE if texts == (AnswerKind.NOT_APPLICABLE,) else Way.ANSWER
    return Posted(sequence, form.get("item", ""), texts, Way.SKIP if "skip" in form else way, supersedes)


def _texts() -> tuple[str, ...]:
    """The answer as the kinds of question read it: what was left empty is no text, and a day is one (2026-11-22)."""
    year, month, day = (request.form.get(part, "").strip() for part in _DAY)
    written = [f"{year}-{month:0>2}-{day:0>2}"] if year or month or day else []
    return tuple(text for text in (*written, *request.form.getlist("value")) if text)


def _typed(item: Item) -> list[str]:
    """What was chosen or written, to be shown again as it was; a day's three fields each by itself."""
    parts = [request.form.get(part, "") for part in _DAY] if item.kind is QuestionKind.DATE else []
    return [*parts, *request.form.getlist("value")]


def _refused(state: SessionState, refused: BadInput | Conflict) -> ResponseReturnValue:
    """The question as it stands now, with the sentence that says why the answer was not taken, and what was typed."""
    if not isinstance(state.step, Ask):
        return _onward(state)
    form = request.form
    changing = _entry(state, read_whole(form.get("supersedes", ""))) if isinstance(refused, BadInput) else None
    item = state.instrument.items[changing.answer.item_id] if changing else state.step.item
    sentence, typed = gettext(refused.sentence), None
    if form.get("item") == item.id:
        typed = _typed(item)
        if isinstance(refused, BadInput) and "skip" not in form:
            sentence = question_page.refused(item, _texts(), state.wording.texts, otherwise=sentence)
    return _page(state, item, changing=changing, typed=typed, errors={"value": sentence}), refused.status


def _page(
    state: SessionState,
    item: Item,
    *,
    changing: LoggedAnswer | None = None,
    typed: list[str] | None = None,
    errors: dict[str, str] | None = None,
) -> str:
    if not state.occasion.is_answerable(services().clock()):
        raise Closed("The time to answer this survey is over. What you answered before is kept.")
    context = question_page.question(state, item=item, changing=changing, typed=typed, errors=errors or {})
    return render_template("question.html", **context)


def _onward(state: SessionState) -> ResponseReturnValue:
    """To the next question, the next part, or the end."""
    if isinstance(state.step, Ask):
        return redirect(url_for("answering.question", session_id=state.session.id), code=303)
    following = next_session(services(), state, as_=respondent())
    if following is not None:
        return redirect(url_for("answering.question", session_id=following), code=303)
    return _to_completed(state.occasion.id)


def _to_completed(survey_id: UUID) -> ResponseReturnValue:
    if respondent().occasion_id is not None:
        return redirect(url_for("letter.done" if respondent().by_letter else "handover.done"), code=303)
    if not pages.has_answers(services(), survey_id, as_=patient()):  # another order asks it, or has been answered
        return redirect(url_for("answering.inbox"), code=303)
    return redirect(url_for("answering.completed", survey_id=survey_id), code=303)


def _entry(state: SessionState, sequence: int | None) -> LoggedAnswer | None:
    return next((entry for entry in state.entries if entry.sequence == sequence), None)
