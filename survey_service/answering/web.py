"""Answering in the browser: inbox, notice, one question a page, thanks. Works without JavaScript."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from instruments import Ask, Item
from survey_service.answering import pages
from survey_service.answering.rules import LoggedAnswer, Submission, read_answer, read_whole
from survey_service.answering.use_cases import (
    SessionState,
    look_at_session,
    next_session,
    record_answer,
    start_survey,
)
from survey_service.errors import BadInput, Closed, Conflict
from survey_service.http.context import patient, services
from survey_service.http.locale import current_locale

blueprint = Blueprint("answering", __name__)


@blueprint.get("/inbox")
def inbox() -> ResponseReturnValue:
    return render_template("inbox.html", **pages.inbox(services(), as_=patient()))


@blueprint.get("/surveys/<uuid:survey_id>")
def survey(survey_id: UUID) -> ResponseReturnValue:
    """The information notice; for a survey that is answered, what has become of it."""
    described = pages.notice(services(), survey_id, as_=patient())
    if described is None:
        return _to_completed(survey_id)
    return render_template("notice.html", **described)


@blueprint.post("/surveys/<uuid:survey_id>", endpoint="start_survey")
def start(survey_id: UUID) -> ResponseReturnValue:
    """Note that the information was given, and begin or go on."""
    try:
        session_id = start_survey(services(), survey_id, locale=current_locale(), as_=patient())
    except Conflict:
        return _to_completed(survey_id)
    return redirect(url_for("answering.question", session_id=session_id), code=303)


@blueprint.get("/sessions/<uuid:session_id>")
def question(session_id: UUID) -> ResponseReturnValue:
    """The question that is open now, on whichever device."""
    state = look_at_session(services(), session_id, as_=patient())
    if not isinstance(state.step, Ask):
        return _onward(state)
    return _page(state, state.step.item)


@blueprint.get("/sessions/<uuid:session_id>/answers/<int:sequence>")
def change(session_id: UUID, sequence: int) -> ResponseReturnValue:
    """An earlier question, to be changed. Whatever cannot be changed leads to the question that is open."""
    state = look_at_session(services(), session_id, as_=patient())
    changing = _entry(state, sequence)
    if changing is None or not state.instrument.changeable or not isinstance(state.step, Ask):
        return redirect(url_for("answering.question", session_id=session_id), code=303)
    return _page(state, state.instrument.items[changing.answer.item_id], changing=changing)


@blueprint.post("/sessions/<uuid:session_id>")
def record(session_id: UUID) -> ResponseReturnValue:
    """Take an answer. What cannot be taken is said on the page; what was answered before is kept."""
    as_ = patient()
    try:
        submission = _submission()
        state = record_answer(services(), session_id, submission, as_=as_)
    except (BadInput, Conflict) as refused:
        return _refused(look_at_session(services(), session_id, as_=as_), refused)
    return _onward(state)


@blueprint.get("/surveys/<uuid:survey_id>/done")
def completed(survey_id: UUID) -> ResponseReturnValue:
    return render_template("completed.html", **pages.completed(services(), survey_id, as_=patient()))


def _submission() -> Submission:
    """The answer in the form. Raises ``BadInput`` for what no form of ours sends, and for no answer at all."""
    form = request.form
    sequence, supersedes = read_whole(form.get("sequence", "")), read_whole(form.get("supersedes", ""))
    if sequence is None or (supersedes is None and form.get("supersedes")):
        raise BadInput("That answer could not be read. Try once more.")
    answer = read_answer(form.get("item", ""), form.get("value"), skipped="skip" in form)
    if answer is None:
        raise BadInput("Choose an answer, or skip the question.")
    return Submission(sequence=sequence, answer=answer, supersedes=supersedes)


def _refused(state: SessionState, refused: BadInput | Conflict) -> ResponseReturnValue:
    """The question as it stands now, with the sentence that says why the answer was not taken, and what was typed."""
    if not isinstance(state.step, Ask):
        return _onward(state)
    form = request.form
    changing = _entry(state, read_whole(form.get("supersedes", ""))) if isinstance(refused, BadInput) else None
    item = state.instrument.items[changing.answer.item_id] if changing else state.step.item
    sentence = gettext(refused.sentence)
    if isinstance(refused, BadInput) and form.get("item") == item.id and item.minimum is not None:
        sentence = gettext("Write a whole number from %(low)s to %(high)s.", low=item.minimum, high=item.maximum)
    typed = read_whole(form.get("value", "")) if form.get("item") == item.id else None
    return _page(state, item, changing=changing, typed=typed, errors={"value": sentence}), refused.status


def _page(
    state: SessionState,
    item: Item,
    *,
    changing: LoggedAnswer | None = None,
    typed: int | None = None,
    errors: dict[str, str] | None = None,
) -> str:
    if not state.occasion.is_open(services().clock()):
        raise Closed("The time to answer this survey is over. What you answered before is kept.")
    context = pages.question(state, item=item, changing=changing, typed=typed, errors=errors or {})
    return render_template("question.html", **context)


def _onward(state: SessionState) -> ResponseReturnValue:
    """To the next question, the next part, or the end."""
    if isinstance(state.step, Ask):
        return redirect(url_for("answering.question", session_id=state.session.id), code=303)
    following = next_session(services(), state, as_=patient())
    if following is not None:
        return redirect(url_for("answering.question", session_id=following), code=303)
    return _to_completed(state.occasion.id)


def _to_completed(survey_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("answering.completed", survey_id=survey_id), code=303)


def _entry(state: SessionState, sequence: int | None) -> LoggedAnswer | None:
    return next((entry for entry in state.entries if entry.sequence == sequence), None)
