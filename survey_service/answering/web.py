"""Answering in the browser: inbox, notice, one question a page, thanks. Works without JavaScript."""

from http import HTTPStatus
from typing import cast
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from instruments import AnswerKind, Ask, Item, QuestionKind
from survey_service.access.rules import COOKIE
from survey_service.access.use_cases import HeldForm, drop_held, end_sign_in, held_answer, hold_answer
from survey_service.answering import pages, question_page
from survey_service.answering.rules import LoggedAnswer, Posted, Way, read_whole
from survey_service.answering.use_cases import (
    SessionState,
    look_at_session,
    next_session,
    record_answer,
    start_survey,
)
from survey_service.errors import BadInput, Closed, Conflict, NotSignedIn, SurveyServiceError
from survey_service.foundation.principals import Gate
from survey_service.http.context import patient, principal, respondent, services, visitor
from survey_service.http.locale import current_locale, languages, remember_language
from survey_service.notifying.use_cases import write_in_language

blueprint = Blueprint("answering", __name__)

Form = MultiDict[str, str]

_DAY = ("year", "month", "day")


@blueprint.get("/inbox")
def inbox() -> ResponseReturnValue:
    return render_template("inbox.html", **pages.inbox(services(), as_=visitor()))


@blueprint.get("/surveys/<uuid:survey_id>")
def survey(survey_id: UUID) -> ResponseReturnValue:
    """The information notice; for a survey that is answered, what has become of it."""
    described = pages.notice(services(), survey_id, as_=respondent(), wanted=request.args.get("language"))
    if described is None:
        return _to_completed(survey_id)
    return render_template("notice.html", return_to=url_for(".survey", survey_id=survey_id), **described)


@blueprint.post("/surveys/<uuid:survey_id>", endpoint="start_survey")
def start(survey_id: UUID) -> ResponseReturnValue:
    """Note that the information was given, and begin or go on, in the language that the page promised."""
    promised = request.form.get("language", current_locale())
    try:
        session_id = start_survey(services(), survey_id, locale=promised, as_=respondent())
    except Conflict:
        return _to_completed(survey_id)
    return redirect(url_for("answering.question", session_id=session_id), code=303)


@blueprint.post("/language/<uuid:survey_id>")
def set_language(survey_id: UUID) -> ResponseReturnValue:
    """The language to answer in; where the interface has it, for the pages too, and for messages if that is wished."""
    who, language = respondent(), request.form.get("language", "")
    has_interface = language in {code for code, _ in languages()}
    if has_interface and request.form.get("write") == "1" and who.occasion_id is None and who.actor_id is None:
        write_in_language(services(), language, as_=who)
    response = cast("Response", redirect(url_for(".survey", survey_id=survey_id, language=language or None), code=303))
    if has_interface:
        remember_language(response, language, secure=services().settings.base_url.startswith("https://"))
    return response


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
    """Take an answer. What cannot be taken is said on the page; what was answered before is kept.

    Of somebody whose sign-in has just ended it is held. A script is told where to go instead of being led there.
    """
    if isinstance(principal(), Gate):
        return _told(_held(session_id, pressed=True))
    return _told(_recorded(session_id, request.form))


@blueprint.post("/sessions/<uuid:session_id>/kept")
def keep(session_id: UUID) -> ResponseReturnValue:
    """Time is over: hold what was filled in and not sent, and sign out."""
    if not isinstance(principal(), Gate):
        patient()
    answer = _held(session_id, pressed=False)
    end_sign_in(services(), request.cookies[COOKIE])
    return _told(answer)


@blueprint.get("/sessions/<uuid:session_id>/kept")
def kept(session_id: UUID) -> ResponseReturnValue:
    """Signed in again: what was held is taken as if it were sent just now, or shown for who had not sent it."""
    as_, token = patient(), request.cookies[COOKIE]
    held = held_answer(services(), token)
    if held is None or held.session_id != session_id:
        return redirect(url_for("answering.question", session_id=session_id), code=303)
    form = MultiDict(held.fields)
    if not held.pressed:
        return _shown_again(look_at_session(services(), session_id, as_=as_), form)
    try:
        answer = _recorded(session_id, form)
    except SurveyServiceError:
        drop_held(services(), token)
        raise
    drop_held(services(), token)
    return answer


@blueprint.get("/surveys/<uuid:survey_id>/done")
def completed(survey_id: UUID) -> ResponseReturnValue:
    return render_template("completed.html", **pages.completed(services(), survey_id, as_=visitor()))


def _recorded(session_id: UUID, form: Form) -> ResponseReturnValue:
    as_ = respondent()
    try:
        state = record_answer(services(), session_id, _posted(form), as_=as_)
    except (BadInput, Conflict) as refused:
        return _refused(look_at_session(services(), session_id, as_=as_), form, refused)
    return _onward(state)


def _held(session_id: UUID, *, pressed: bool) -> ResponseReturnValue:
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    token = request.cookies.get(COOKIE)
    if token is None or not hold_answer(services(), token, HeldForm(session_id, fields, pressed=pressed)):
        raise NotSignedIn
    return redirect(url_for("access.signed_out", kept=1), code=303)


def _told(answer: ResponseReturnValue) -> ResponseReturnValue:
    """The answer for who asked: a script goes by itself, so that it knows what has come through."""
    is_script = request.accept_mimetypes.best == "application/json"
    if is_script and isinstance(answer, BaseResponse) and answer.status_code == HTTPStatus.SEE_OTHER:
        return {"next": answer.location}
    return answer


def _posted(form: Form) -> Posted:
    """The form as it came. Raises ``BadInput`` for what no form of ours sends."""
    sequence, supersedes = read_whole(form.get("sequence", "")), read_whole(form.get("supersedes", ""))
    if sequence is None or (supersedes is None and form.get("supersedes")):
        raise BadInput("That answer could not be read. Try once more.")
    texts = _texts(form)
    way = Way.NOT_APPLICABLE if texts == (AnswerKind.NOT_APPLICABLE,) else Way.ANSWER
    return Posted(sequence, form.get("item", ""), texts, Way.SKIP if "skip" in form else way, supersedes)


def _texts(form: Form) -> tuple[str, ...]:
    """The answer as the kinds of question read it: what was left empty is no text, and a day is one (2026-11-22)."""
    year, month, day = (form.get(part, "").strip() for part in _DAY)
    written = [f"{year}-{month:0>2}-{day:0>2}"] if year or month or day else []
    return tuple(text for text in (*written, *form.getlist("value")) if text)


def _typed(item: Item, form: Form) -> list[str]:
    """What was chosen or written, to be shown again as it was; a day's three fields each by itself."""
    parts = [form.get(part, "") for part in _DAY] if item.kind is QuestionKind.DATE else []
    return [*parts, *form.getlist("value")]


def _refused(state: SessionState, form: Form, refused: BadInput | Conflict) -> ResponseReturnValue:
    """The question as it stands now, with the sentence that says why the answer was not taken, and what was typed."""
    if not isinstance(state.step, Ask):
        return _onward(state)
    changing = _entry(state, read_whole(form.get("supersedes", ""))) if isinstance(refused, BadInput) else None
    item = state.instrument.items[changing.answer.item_id] if changing else state.step.item
    sentence, typed = gettext(refused.sentence), None
    if form.get("item") == item.id:
        typed = _typed(item, form)
        if isinstance(refused, BadInput) and "skip" not in form:
            sentence = question_page.refused(item, _texts(form), state.wording.texts, otherwise=sentence)
    return _page(state, item, changing=changing, typed=typed, errors={"value": sentence}), refused.status


def _shown_again(state: SessionState, form: Form) -> ResponseReturnValue:
    """The question with what had been filled in, to be sent or changed; where it is asked no more, the one that is."""
    changing = _entry(state, read_whole(form.get("supersedes", "")))
    item = state.instrument.items.get(form.get("item", ""))
    is_asked = isinstance(state.step, Ask) and (changing is not None or state.step.item == item)
    if item is None or not is_asked:
        return _onward(state)
    return _page(state, item, changing=changing, typed=_typed(item, form), is_kept=True)


def _page(
    state: SessionState,
    item: Item,
    *,
    changing: LoggedAnswer | None = None,
    typed: list[str] | None = None,
    errors: dict[str, str] | None = None,
    is_kept: bool = False,
) -> str:
    if not state.occasion.is_answerable(services().clock()):
        raise Closed("The time to answer this survey is over. What you answered before is kept.")
    context = question_page.question(state, item=item, changing=changing, typed=typed, errors=errors or {})
    return render_template("question.html", **context, **({"is_kept": True} if is_kept else {}))


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
    if not pages.has_answers(services(), survey_id, as_=visitor()):  # another order asks it, or has been answered
        return redirect(url_for("answering.inbox"), code=303)
    return redirect(url_for("answering.completed", survey_id=survey_id), code=303)


def _entry(state: SessionState, sequence: int | None) -> LoggedAnswer | None:
    return next((entry for entry in state.entries if entry.sequence == sequence), None)
