"""The translators' desk in the browser. Everything works without script; nothing is overwritten."""

import re
from uuid import UUID

from babel import UnknownLocaleError
from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from survey_service.errors import AccessDenied, BadInput, NotSignedIn
from survey_service.http.context import services, translator
from survey_service.http.locale import gettext, language_name, preview_in
from survey_service.http.problems import page as problem_page
from survey_service.http.security import framed_by_own_pages, frames_own_pages, takes_up_to
from survey_service.languages import approval, exchange_page, pages, posted, preview_page, text_page, workflow
from survey_service.languages.checks import TextRefused
from survey_service.languages.desk_queries import Segment, evidence_of
from survey_service.languages.filters import Filters
from survey_service.languages.text_page import Attempt
from survey_service.languages.workflow import Overtaken
from translations.exchange.files import FileFormat
from translations.plurals import cldr_locale

blueprint = Blueprint("languages", __name__, url_prefix="/translate")

_MEGABYTE = 1024 * 1024
_LARGEST_FILE = 2 * _MEGABYTE
# The file comes back with the preview's form, in base64.
_LARGEST_IMPORT = 3 * _MEGABYTE
# As we write them: language, then script, territory or variant, joined as Babel joins them.
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z0-9]{2,8})*")


@blueprint.before_request
def _know_the_language() -> None:
    """An address in a language that there is not leads nowhere."""
    code = (request.view_args or {}).get("locale")
    if code is not None and not _is_language(code):
        abort(404)


@blueprint.errorhandler(NotSignedIn)
def _send_to_sign_in(error: NotSignedIn) -> ResponseReturnValue:
    """To the translators' page, not the patients'."""
    if request.method != "GET":
        return problem_page(error.status, error.sentence)
    return redirect(url_for("languages.sign_in"), code=303)


@blueprint.get("")
def desk() -> ResponseReturnValue:
    return render_template("translate/desk.html", **pages.desk(services(), as_=translator(), values={}, errors={}))


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return render_template("translate/sign_in.html")


@blueprint.get("/open")
def open_language() -> ResponseReturnValue:
    """To a subject in a language that nobody has begun."""
    as_, code, about = translator(), request.args.get("language", ""), request.args.get("subject", "")
    if _is_language(code) and about:
        return redirect(url_for("languages.subject", locale=code, subject=about), code=303)
    errors = {"language": gettext("Choose a language.")}
    context = pages.desk(services(), as_=as_, values=request.args, errors=errors)
    return render_template("translate/desk.html", **context), 400


@blueprint.get("/<locale>/glossary")
def glossary(locale: str) -> ResponseReturnValue:
    return _glossary_page(locale, errors={})


@blueprint.post("/<locale>/glossary", endpoint="add_term")
def add_term(locale: str) -> ResponseReturnValue:
    form = request.form
    try:
        workflow.enter_term(
            services(),
            term=form.get("term", ""),
            locale=locale,
            translation=form.get("translation", ""),
            note=form.get("note", ""),
            as_=translator(),
        )
    except BadInput as refused:
        return _glossary_page(locale, errors=posted.sentences(refused)), 400
    return redirect(url_for("languages.glossary", locale=locale), code=303)


@blueprint.get("/<locale>/<subject>")
def subject(locale: str, subject: str) -> ResponseReturnValue:
    return _subject_page(locale, subject, errors={})


@blueprint.post("/<locale>/<subject>/steps")
@takes_up_to(_LARGEST_FILE)
def take_steps(locale: str, subject: str) -> ResponseReturnValue:
    """Take the ticked texts a step further. Those that cannot be taken are named with the reason."""
    chosen = [found for text in request.form.getlist("text") if (found := posted.uuid(text))]
    if not chosen:
        return _subject_page(locale, subject, errors={"form": gettext("Tick at least one text.")}), 400
    try:
        refused = workflow.take_steps(
            services(),
            chosen,
            state=posted.state(),
            note=posted.words("note"),
            evidence=posted.evidence(),
            as_=translator(),
        )
    except BadInput as error:
        return _subject_page(locale, subject, errors=posted.sentences(error)), 400
    taken = len(chosen) - len(refused)
    flash(str(ngettext("%(num)s text has been taken further.", "%(num)s texts have been taken further.", taken)))
    for sentence in sorted({one.sentence for one in refused}):
        many = sum(one.sentence == sentence for one in refused)
        flash(f"{ngettext('%(num)s text was left:', '%(num)s texts were left:', many)} {gettext(sentence)}")
    return redirect(url_for("languages.subject", locale=locale, subject=subject, **_filters().query), code=303)


@blueprint.get("/<locale>/<subject>/version")
def version(locale: str, subject: str) -> ResponseReturnValue:
    return render_template(
        "translate/version.html", **pages.version(services(), subject, locale, as_=translator()), notice=_notice()
    )


@blueprint.post("/<locale>/<subject>/version")
def approve(locale: str, subject: str) -> ResponseReturnValue:
    """Make the version that patients read from now on: of the texts that were looked at, or not at all."""
    try:
        approval.approve_wording(
            services(),
            subject=subject,
            locale=locale,
            seen=request.form.get("seen", ""),
            without_stale="without_stale" in request.form,
            as_=translator(),
        )
    except BadInput as refused:
        context = pages.version(services(), subject, locale, as_=translator()) | {"errors": posted.sentences(refused)}
        return render_template("translate/version.html", **context, notice=None), 400
    flash(gettext("The version is made. Patients read it from now on."))
    return redirect(url_for("languages.version", locale=locale, subject=subject), code=303)


@blueprint.get("/<locale>/<subject>/preview")
@frames_own_pages
def preview(locale: str, subject: str) -> ResponseReturnValue:
    context = preview_page.choice_of_pages(
        services(),
        subject,
        locale,
        request.args.get("page", ""),
        posted.uuid(request.args.get("text", "")),
        as_=translator(),
    )
    return render_template("translate/preview.html", **context)


@blueprint.get("/<locale>/<subject>/preview/<page>")
@framed_by_own_pages
def framed(locale: str, subject: str, page: str) -> ResponseReturnValue:
    """A page as patients would see it, for the frames of the preview."""
    found = preview_page.framed(services(), subject, locale, page, as_=translator())
    preview_in(locale, found.interface)
    return render_template(
        found.template,
        **found.context,
        is_preview=True,
        languages=[(locale, language_name(locale, in_=locale))],
        signed_in=None if found.template in preview_page.BEFORE_SIGN_IN else "patient",
        signed_in_name=None,
        unit_name=None,
    )


@blueprint.get("/<locale>/<subject>/export/<ending>")
def export(locale: str, subject: str, ending: str) -> ResponseReturnValue:
    if ending not in set(FileFormat):
        abort(404)
    name, media_type, content = exchange_page.exported(
        services(), subject, locale, FileFormat(ending), as_=translator()
    )
    return _download(name, content, media_type)


@blueprint.get("/<locale>/<subject>/import")
def import_file(locale: str, subject: str) -> ResponseReturnValue:
    context = exchange_page.import_page(services(), subject, locale, as_=translator(), errors={})
    return render_template("translate/import.html", **context)


@blueprint.post("/<locale>/<subject>/import", endpoint="take_in_file")
@takes_up_to(_LARGEST_IMPORT)
def take_in_file(locale: str, subject: str) -> ResponseReturnValue:
    """Look at a file; then, by the form of that page, save what was looked at."""
    try:
        file, content = posted.imported()
        if "digest" not in request.form:
            context = exchange_page.look(services(), subject, locale, content, file=file, as_=translator())
            return render_template("translate/import.html", **context)
        saved = exchange_page.take_in(
            services(),
            subject,
            locale,
            content,
            file=file,
            seen=request.form["digest"],
            also=frozenset(request.form.getlist("also")),
            as_=translator(),
        )
        if saved is None:
            notice = gettext("Something has changed since you looked. Look once more.")
            context = exchange_page.look(
                services(), subject, locale, content, file=file, as_=translator(), notice=notice
            )
            return render_template("translate/import.html", **context), 409
    except (BadInput, Overtaken) as refused:
        errors = {"file": gettext(refused.sentence, **refused.values)}
        context = exchange_page.import_page(services(), subject, locale, as_=translator(), errors=errors)
        return render_template("translate/import.html", **context), refused.status
    flash(str(ngettext("%(num)s text has been saved.", "%(num)s texts have been saved.", saved)))
    return redirect(url_for("languages.subject", locale=locale, subject=subject), code=303)


@blueprint.get("/<locale>/texts/<uuid:source_id>")
def text(locale: str, source_id: UUID) -> ResponseReturnValue:
    return _text_page(locale, source_id, Attempt())


@blueprint.post("/<locale>/texts/<uuid:source_id>", endpoint="save")
def save(locale: str, source_id: UUID) -> ResponseReturnValue:
    """Save a translation of what is on the page. Another's that came first is shown beside it."""
    found = text_page.read(services(), source_id, locale, as_=translator())
    forms = [form.replace("\r\n", "\n") for form in request.form.getlist("form")]
    try:
        workflow.translate(
            services(),
            subject=found.subject,
            context=found.context,
            locale=locale,
            forms=forms,
            replaces=posted.uuid(request.form.get("replaces", "")),
            draft=request.form.get("go") == "draft",
            as_=translator(),
        )
    except BadInput as refused:
        told = posted.sentences_of_forms(refused) if isinstance(refused, TextRefused) else posted.sentences(refused)
        return _text_page(locale, source_id, Attempt(forms=forms, errors=told)), 400
    except Overtaken as refused:
        return _text_page(locale, source_id, Attempt(forms=forms, overtaken_by=refused.other)), 409
    name = text_page.name_of(services(), found, as_=translator())
    flash(gettext("Saved: %(name)s", name=name.text(found.context)))
    return redirect(_next_address(found, locale), code=303)


@blueprint.get("/<locale>/texts/<uuid:source_id>/history")
def history(locale: str, source_id: UUID) -> ResponseReturnValue:
    return render_template("translate/history.html", **pages.history(services(), source_id, locale, as_=translator()))


@blueprint.post("/<locale>/texts/<uuid:source_id>/steps")
@takes_up_to(_LARGEST_FILE)
def take_step(locale: str, source_id: UUID) -> ResponseReturnValue:
    translation_id = posted.uuid(request.form.get("translation", ""))
    if translation_id is None:
        raise AccessDenied
    try:
        workflow.take_step(
            services(),
            translation_id=translation_id,
            state=posted.state(),
            note=posted.words("note"),
            evidence=posted.evidence(),
            as_=translator(),
        )
    except BadInput as refused:
        attempt = Attempt(errors=posted.sentences(refused, otherwise="note"), values=request.form)
        return _text_page(locale, source_id, attempt), 400
    except Overtaken as refused:
        return _text_page(locale, source_id, Attempt(overtaken_by=refused.other, values=request.form)), 409
    return redirect(_address(locale, source_id), code=303)


@blueprint.post("/<locale>/texts/<uuid:source_id>/comments")
def comment(locale: str, source_id: UUID) -> ResponseReturnValue:
    found = text_page.read(services(), source_id, locale, as_=translator())
    try:
        workflow.comment(
            services(),
            subject=found.subject,
            context=found.context,
            locale=locale,
            text=posted.words("comment"),
            as_=translator(),
        )
    except BadInput as refused:
        attempt = Attempt(errors=posted.sentences(refused, otherwise="comment"), values=request.form)
        return _text_page(locale, source_id, attempt), 400
    return redirect(_address(locale, source_id), code=303)


@blueprint.get("/evidence/<uuid:step_id>")
def evidence(step_id: UUID) -> ResponseReturnValue:
    """What a step rests on. It is downloaded, never shown as a page of ours."""
    with services().db.transaction(as_=translator()) as connection:
        found = evidence_of(connection, step_id)
    if found is None:
        raise AccessDenied
    return _download(*found, "application/octet-stream")


def _subject_page(locale: str, about: str, *, errors: dict[str, str]) -> str:
    context = pages.subject(services(), about, locale, _filters(), as_=translator())
    return render_template("translate/subject.html", **context, errors=errors, notice=_notice())


def _text_page(locale: str, source_id: UUID, attempt: Attempt) -> str:
    found, filters = text_page.read(services(), source_id, locale, as_=translator()), _filters()
    after = text_page.following(services(), found, filters, as_=translator())
    name = text_page.name_of(services(), found, as_=translator())
    context = text_page.page(found, name, filters, attempt=attempt, after=after)
    return render_template("translate/segment.html", **context, notice=_notice())


def _glossary_page(locale: str, *, errors: dict[str, str]) -> str:
    context = pages.glossary(services(), locale, as_=translator(), values=request.form, errors=errors)
    return render_template("translate/glossary.html", **context)


def _next_address(found: Segment, locale: str) -> str:
    """Where a translator goes on after saving: the next text that is shown, the list at its end, or here."""
    if request.form.get("go") != "next":
        return _address(locale, found.source_id)
    after = text_page.following(services(), found, _filters(), as_=translator())
    if after is not None:
        return _address(locale, after)
    return url_for("languages.subject", locale=locale, subject=found.subject, **_filters().query)


def _address(locale: str, source_id: UUID) -> str:
    return url_for("languages.text", locale=locale, source_id=source_id, **_filters().query)


def _filters() -> Filters:
    return Filters.read(request.args)


def _notice() -> str | None:
    return " ".join(str(message) for message in get_flashed_messages()) or None


def _download(name: str, content: bytes, media_type: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _is_language(code: str) -> bool:
    """Whether CLDR knows it, so that its plurals and its direction are known."""
    try:
        cldr_locale(code)
    except UnknownLocaleError:
        return False
    return _LANGUAGE.fullmatch(code) is not None
