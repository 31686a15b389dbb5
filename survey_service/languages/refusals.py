"""Why a file is refused, in the reader's language. For the desk; the command line tells the same in English."""

from survey_service.http.locale import gettext, number
from translations.po import WordingError
from translations.sentences import Place, PlaceKind, Value, Where
from translations.subjects import CONTEXT_END


def told(error: WordingError) -> str:
    """File, place, text and reason, as far as there are any."""
    values = {name: _value(value) for name, value in error.values.items()}
    reason = gettext(error.problem, **values) if values else gettext(error.problem)
    context = error.context.rpartition(CONTEXT_END)[2]
    return ": ".join(part for part in (error.file, place(error.place), context, reason) if part)


def place(where: Where) -> str:
    """A place in a file; names that stand in the file itself are the same in every language."""
    if isinstance(where, str):
        return where
    return {
        PlaceKind.LINE: gettext("line %(number)s", number=where.name),
        PlaceKind.ROW: gettext("row %(number)s", number=where.name),
        PlaceKind.COLUMN: gettext("column %(name)s", name=where.name),
        PlaceKind.UNIT: gettext("unit %(name)s", name=where.name),
        PlaceKind.GROUP: gettext("group %(name)s", name=where.name),
        PlaceKind.SUBJECT: gettext("what is translated"),
        PlaceKind.SOURCE_LANGUAGE: gettext("source language"),
        PlaceKind.LANGUAGE: gettext("language"),
    }[where.kind]


def _value(value: Value) -> str:
    return place(value) if isinstance(value, Place) else number(value)
