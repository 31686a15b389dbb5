"""What the desk's forms sent, and what was wrong with it in the reader's words."""

from base64 import b64decode
from binascii import Error as NotBase64
from uuid import UUID

from flask import request

from survey_service.errors import BadInput
from survey_service.http.locale import gettext
from survey_service.languages.checks import TextRefused
from survey_service.languages.rules import State
from survey_service.languages.workflow import Evidence

_LONGEST_FILE_NAME = 100


def state() -> State:
    """Where a text is to go, by the button that was pressed."""
    try:
        return State(request.form.get("state", ""))
    except ValueError:
        raise BadInput("Choose what to do with the texts.") from None


def words(name: str) -> str:
    """What was written in a field of many lines."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()


def evidence() -> Evidence | None:
    """The document that was attached, where one was."""
    file = request.files.get("evidence")
    if file is None or not file.filename:
        return None
    return Evidence(_plain(file.filename), file.read())


def imported() -> tuple[str, bytes]:
    """Name and content: of the file that was chosen, or of the one that was looked at."""
    if "content" in request.form:
        try:
            return _plain(request.form.get("name", "")), b64decode(request.form["content"], validate=True)
        except NotBase64:
            raise BadInput("The file cannot be read.") from None
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("Choose a file.")
    return _plain(file.filename), file.read()


def _plain(name: str) -> str:
    """A file's name without folders and without signs that cannot be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-_LONGEST_FILE_NAME:]


def sentences(refused: BadInput, *, otherwise: str = "form") -> dict[str, str]:
    """What is wrong by field, in the reader's language."""
    by_field = {field: gettext(sentence, **refused.values) for field, sentence in refused.fields.items()}
    return by_field or {otherwise: gettext(refused.sentence, **refused.values)}


def sentences_of_forms(refused: TextRefused) -> dict[str, str]:
    """The same by the field of each plural form."""
    found: dict[str, str] = {}
    for one in refused.problems:
        name = f"form-{one.place}"
        found[name] = f"{found.get(name, '')} {gettext(one.sentence, **one.values)}".strip()
    return found


def uuid(text: str) -> UUID | None:
    """None for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
