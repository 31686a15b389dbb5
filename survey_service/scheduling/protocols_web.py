"""Care protocols in the browser: read by the staff, written and applied by managers of units."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from survey_service.errors import BadInput, Conflict
from survey_service.http.context import services, staff
from survey_service.http.security import takes_up_to
from survey_service.scheduling import drafting, protocol_pages
from survey_service.scheduling.protocol_changing import publish_and_apply
from survey_service.scheduling.protocol_fields import NotYet, definition_of, with_occasion, without_occasion
from survey_service.scheduling.protocol_files import read_file, write_file

blueprint = Blueprint("protocols", __name__)

_LARGEST = 256 * 1024
_NOT_FIELDS = frozenset({"csrf_token", "step"})


@blueprint.get("/staff/protocols")
def protocols() -> ResponseReturnValue:
    return _list_page()


@blueprint.post("/staff/protocols")
@takes_up_to(_LARGEST)
def begin() -> ResponseReturnValue:
    """A new protocol, from its code or from a file."""
    try:
        definition = read_file(_file()) if _file() else None
        code = request.form.get("code", "") if definition is None else str(definition.get("code", ""))
        protocol_id = drafting.begin_protocol(services(), code=code, as_=staff())
        if definition is not None:
            drafting.draft_from_file(services(), protocol_id, definition, as_=staff())
    except BadInput as refused:
        return _list_page(values=request.form, errors=_sentences(refused)), 400
    return redirect(url_for("protocols.edit", protocol_id=protocol_id), code=303)


@blueprint.get("/staff/protocols/<uuid:protocol_id>")
def protocol(protocol_id: UUID) -> ResponseReturnValue:
    return render_template("staff/protocol.html", **protocol_pages.protocol(services(), protocol_id, as_=staff()))


@blueprint.get("/staff/protocols/<uuid:protocol_id>/file")
def file(protocol_id: UUID) -> ResponseReturnValue:
    """The newest version as a file."""
    newest = protocol_pages.newest(services(), protocol_id, as_=staff())
    return _download(write_file(newest.definition), f"{newest.definition['code']}.toml", "application/toml")


@blueprint.get("/staff/protocols/<uuid:protocol_id>/edit")
def edit(protocol_id: UUID) -> ResponseReturnValue:
    return _edit_page(protocol_id, is_checked="check" in request.args)


@blueprint.post("/staff/protocols/<uuid:protocol_id>/edit", endpoint="save")
@takes_up_to(_LARGEST)
def keep(protocol_id: UUID) -> ResponseReturnValue:
    """Keep what is written, whatever it is; then what the button says."""
    step = request.form.get("step", "save")
    if step == "discard":
        drafting.discard_draft(services(), protocol_id, as_=staff())
        return redirect(url_for("protocols.protocol", protocol_id=protocol_id), code=303)
    fields: Mapping[str, str] = {name: value for name, value in request.form.items() if name not in _NOT_FIELDS}
    anchor = None
    if step == "add":
        fields = with_occasion(fields)
        anchor = f"occasion-{fields['order'].rpartition(',')[2]}"
    elif step.startswith("remove-") and step[7:].isdecimal():
        fields = without_occasion(fields, int(step[7:]))
    drafting.save_draft(services(), protocol_id, fields, as_=staff())
    after = "protocols.preview" if step == "preview" else "protocols.edit"
    return redirect(url_for(after, protocol_id=protocol_id, _anchor=anchor), code=303)


@blueprint.post("/staff/protocols/<uuid:protocol_id>/file", endpoint="take_file")
@takes_up_to(_LARGEST)
def upload(protocol_id: UUID) -> ResponseReturnValue:
    """Take a file, or what was pasted, in as the draft."""
    try:
        drafting.draft_from_file(services(), protocol_id, read_file(_file()), as_=staff())
    except BadInput as refused:
        return _edit_page(protocol_id, errors={"file": next(iter(_sentences(refused).values()))}), 400
    return redirect(url_for("protocols.edit", protocol_id=protocol_id), code=303)


@blueprint.get("/staff/protocols/<uuid:protocol_id>/preview")
def preview(protocol_id: UUID) -> ResponseReturnValue:
    """What applying the draft would do; back to the form where it is no protocol yet."""
    draft = drafting.open_draft(services(), protocol_id, as_=staff())
    try:
        definition = definition_of(draft.fields)
        context = protocol_pages.preview(services(), protocol_id, definition, after=draft.after, as_=staff())
    except NotYet:
        return redirect(url_for("protocols.edit", protocol_id=protocol_id, check=1), code=303)
    except (BadInput, Conflict) as refused:
        return _edit_page(protocol_id, errors=_sentences(refused)), refused.status
    return render_template("staff/protocol_preview.html", **context)


@blueprint.get("/staff/protocols/<uuid:protocol_id>/preview.csv")
def preview_file(protocol_id: UUID) -> ResponseReturnValue:
    """Every row of the preview, of the patients of one's own unit."""
    draft = drafting.open_draft(services(), protocol_id, as_=staff())
    try:
        text = protocol_pages.preview_csv(services(), protocol_id, definition_of(draft.fields), as_=staff())
    except (NotYet, BadInput):
        return redirect(url_for("protocols.edit", protocol_id=protocol_id, check=1), code=303)
    except Conflict:
        return redirect(url_for("protocols.preview", protocol_id=protocol_id), code=303)
    return _download(text, "preview.csv", "text/csv")


@blueprint.post("/staff/protocols/<uuid:protocol_id>/publication")
def apply(protocol_id: UUID) -> ResponseReturnValue:
    """Publish what was looked at. Whoever looked at something else looks again."""
    draft = drafting.open_draft(services(), protocol_id, as_=staff())
    seen = request.form.get("seen", "")
    try:
        publish_and_apply(services(), protocol_id, definition_of(draft.fields), seen=seen, as_=staff())
    except NotYet:
        return redirect(url_for("protocols.edit", protocol_id=protocol_id, check=1), code=303)
    except (Conflict, BadInput) as refused:
        return _edit_page(protocol_id, errors=_sentences(refused)), refused.status
    return redirect(url_for("protocols.protocol", protocol_id=protocol_id), code=303)


def _file() -> str:
    """What was uploaded, or pasted. Raises ``BadInput``."""
    sent = request.files.get("upload")
    raw = sent.read() if sent is not None else b""
    try:
        return raw.decode("utf-8-sig") or request.form.get("file", "").strip()
    except UnicodeDecodeError:
        sentence = gettext("The file is not text in UTF-8.")
        raise BadInput("The file is not text in UTF-8.", fields={"file": sentence}) from None


def _sentences(refused: BadInput | Conflict) -> dict[str, str]:
    fields = refused.fields if isinstance(refused, BadInput) else {}
    found = {name: gettext(sentence, **refused.values) for name, sentence in fields.items()}
    return found or {"form": gettext(refused.sentence, **refused.values)}


def _list_page(*, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> str:
    context = protocol_pages.protocols(services(), as_=staff())
    return render_template("staff/protocols.html", **context, values=values or {}, errors=errors or {})


def _edit_page(protocol_id: UUID, *, is_checked: bool = False, errors: Mapping[str, str] | None = None) -> str:
    draft = drafting.open_draft(services(), protocol_id, as_=staff())
    found = dict(errors or {})
    if is_checked:
        try:
            definition_of(draft.fields)
        except NotYet as refused:
            found |= {name: gettext(sentence) for name, sentence in refused.errors.items()}
    context = protocol_pages.edit(services(), protocol_id, draft, as_=staff())
    return render_template(
        "staff/protocol_edit.html",
        **context,
        errors=found,
        values={**draft.fields, "file": request.form.get("file", "")},
    )


def _download(text: str, name: str, kind: str) -> Response:
    response = Response(text, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
