"""Files for agencies' own tools: out, and back in with a look at what they would change before anything is saved."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Collection, Sequence
from typing import Any

from flask import url_for

from survey_service.errors import BadInput, mark
from survey_service.foundation.principals import Translator
from survey_service.foundation.services import Services
from survey_service.http.locale import gettext
from survey_service.languages.checks import TextProblem, text_problems
from survey_service.languages.desk_queries import subject_kind
from survey_service.languages.desk_words import differences
from survey_service.languages.exporting import bundle
from survey_service.languages.pages import frame
from survey_service.languages.refusals import place, told
from survey_service.languages.subject_names import SubjectName, named
from survey_service.languages.workflow import NewText, import_bundle
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.exchange.files import FileFormat, file_name, read_bundle, write_bundle
from translations.exchange.preview import CHOSEN, TAKEN, Change, Preview, PreviewLine, compare
from translations.po import WordingError
from translations.states import State
from translations.subjects import INTERFACE, SubjectKind

Context = dict[str, Any]

# Said in full, text by text; the others are counted.
_TOLD = (Change.CONFLICT, Change.STALE, Change.REFUSED, Change.NEW, Change.CHANGED, Change.UNKNOWN, Change.MISSING)


def exported(services: Services, about: str, code: str, form: FileFormat, *, as_: Translator) -> tuple[str, str, bytes]:
    """Name, media type and content of the file."""
    bundle = _bundle(services, about, code, as_=as_)
    return file_name(bundle, form), form.media_type, write_bundle(bundle, form)


def import_page(services: Services, about: str, code: str, *, as_: Translator, errors: dict[str, str]) -> Context:
    """Where a file is chosen."""
    with services.db.transaction(as_=as_) as connection:
        subject_kind(connection, about)
        name = named(connection, services, about)
    return _page(name, code) | {"preview": None, "errors": errors}


def look(
    services: Services, about: str, code: str, content: bytes, *, file: str, as_: Translator, notice: str | None = None
) -> Context:
    """What the file would change. Raises ``BadInput`` with the place and the reason where it cannot be used."""
    preview = _preview(services, about, code, content, file=file, as_=as_)
    with services.db.transaction(as_=as_) as connection:
        name = named(connection, services, about)
    counts = preview.counts
    groups = [_group(preview, name, change) for change in (*_TOLD, Change.UNCHANGED) if counts[change]]
    return _page(name, code) | {
        "errors": {},
        "notice": notice,
        "preview": {
            "file": file,
            "groups": groups,
            "accepted": sum(counts[change] for change in TAKEN),
            "choosable": sum(counts[change] for change in CHOSEN),
            "content": b64encode(content).decode(),
            "digest": _digest(preview),
        },
    }


def take_in(
    services: Services,
    about: str,
    code: str,
    content: bytes,
    *,
    file: str,
    seen: str,
    also: Collection[str],
    as_: Translator,
) -> int | None:
    """Save what was looked at, and what was ticked of the rest; None when it is not what was looked at any more."""
    preview = _preview(services, about, code, content, file=file, as_=as_)
    if _digest(preview) != seen:
        return None
    taken = preview.taken(also).segments
    return import_bundle(
        services,
        subject=about,
        locale=code,
        texts=[
            NewText(
                context=one.context,
                forms=one.target,
                replaces=one.translation_id,
                draft=one.state is State.DRAFT,
            )
            for one in taken
        ],
        as_=as_,
    )


def _preview(services: Services, about: str, code: str, content: bytes, *, file: str, as_: Translator) -> Preview:
    now = _bundle(services, about, code, as_=as_)

    def check(text: ExchangeSegment, forms: Sequence[str]) -> list[TextProblem]:
        return text_problems(_kind(about), text.context, text.source, forms, locale=code)

    try:
        return compare(now, read_bundle(content, file=file), file=file, check=check)
    except WordingError as error:
        raise BadInput(mark("The file cannot be used: %(reason)s"), values={"reason": told(error)}) from None


def _bundle(services: Services, about: str, code: str, *, as_: Translator) -> Bundle:
    """The texts as they are now."""
    with services.db.transaction(as_=as_) as connection:
        return bundle(connection, about, code)


def _page(name: SubjectName, code: str) -> Context:
    return {
        **frame(name, code),
        "address": url_for("languages.import_file", locale=code, subject=name.subject),
        "notice": None,
    }


def _group(preview: Preview, name: SubjectName, change: Change) -> Context:
    """The texts of which the same becomes; those that nobody touched are only counted."""
    lines = [line for line in preview.lines if line.change is change]
    return {
        "label": _label(change),
        "explanation": _explanation(change),
        "open": change in CHOSEN or change is Change.REFUSED,
        "choosable": change in CHOSEN,
        "count": len(lines),
        "changes": [_change(name, line) for line in lines] if change in _TOLD else [],
    }


def _change(name: SubjectName, line: PreviewLine) -> Context:
    now, read = line.now, line.read
    one = now or read
    assert one is not None
    return {
        "context": line.context,
        "name": name.text(line.context),
        "shown_context": name.shown_context(line.context),
        "place": place(line.place),
        "source": " / ".join(one.source),
        "pieces": differences(now.target if now else (), read.target) if read else [],
        "problems": _problems(line),
    }


def _problems(line: PreviewLine) -> list[str]:
    """Why a translation cannot be taken, as its page would say it."""
    return [gettext(one.sentence, **one.values) for one in line.problems if isinstance(one, TextProblem)]


def _kind(about: str) -> SubjectKind:
    """As far as the checks of a text ask for it."""
    return SubjectKind.INTERFACE if about == INTERFACE else SubjectKind.OWN


def _digest(preview: Preview) -> str:
    """What was looked at: of each text what would become of it, and what it would replace."""
    seen = [
        [
            line.change,
            line.context,
            str(line.now.translation_id if line.now else ""),
            line.read.target if line.read else (),
        ]
        for line in preview.lines
    ]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()


def _label(change: Change) -> str:
    return {
        Change.NEW: gettext("New translations"),
        Change.CHANGED: gettext("Changed translations"),
        Change.UNCHANGED: gettext("Without change"),
        Change.CONFLICT: gettext("Changed here and in the file"),
        Change.STALE: gettext("Translated from an older source"),
        Change.REFUSED: gettext("Cannot be taken in"),
        Change.UNKNOWN: gettext("Texts that are no more"),
        Change.MISSING: gettext("Texts that have come since"),
    }[change]


def _explanation(change: Change) -> str:
    return {
        Change.NEW: gettext("They are saved."),
        Change.CHANGED: gettext("They replace the translation that is here. It stays in the history."),
        Change.CONFLICT: gettext(
            "Somebody changed them here after the file was downloaded. Tick those where the file is to win."
        ),
        Change.STALE: gettext(
            "The source has changed since the file was downloaded. Tick those that are right all the same."
        ),
        Change.REFUSED: gettext("Put them right in the file or here. They are left out."),
        Change.UNKNOWN: gettext("They are left out."),
        Change.MISSING: gettext("The file does not have them. They stay as they are."),
    }.get(change, "")
