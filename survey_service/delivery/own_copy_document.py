"""A patient's own copy as a document: tagged PDF/UA by typst, with headings, tables and the reader's language.

What is said goes in as data, never as typst source, so that no answer can be a command.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from survey_service.delivery.course_document import compiled
from survey_service.delivery.own_copy import OwnCopy, OwnResponse
from survey_service.delivery.own_copy_files import status, told_answers, told_scores
from survey_service.http import __file__ as http
from survey_service.http.locale import current_locale, gettext, language_name, long_datetime, number, text_direction

_LAYOUT = Path(http).parent / "templates" / "documents" / "own_copy.typ"


def own_document(copy: OwnCopy) -> bytes:
    """The PDF, in the language of the request. The title in its metadata names nobody."""
    locale = current_locale()
    values = {
        "language": locale.partition("_")[0],
        "direction": text_direction(locale),
        "words": _words(),
        "name": copy.name,
        "made": gettext("Made %(time)s from the answers that stood then.", time=long_datetime(copy.made_at)),
        "notes": _notes(copy),
        "responses": [_response(one) for one in copy.responses],
    }
    return compiled(_LAYOUT, json.dumps(values), copy.made_at)


def _words() -> Mapping[str, str]:
    return {
        "title": gettext("My answers and results"),
        "nothing": gettext("You have not answered anything yet."),
        "answers": gettext("Your answers"),
        "question": gettext("Question"),
        "answer": gettext("Your answer"),
        "results": gettext("Your result"),
        "result": gettext("Result"),
        "figure": gettext("Figure"),
        "error": gettext("Standard error"),
        "page": gettext("Page"),
    }


def _notes(copy: OwnCopy) -> list[str]:
    """What the reader has to know before the figures."""
    notes = [gettext("A result is not a diagnosis. Small changes can be chance. Ask your care unit if you wonder.")]
    if copy.puts_aside:
        notes.append(gettext("Answers that a care unit has put aside are not here."))
    if copy.is_cut:
        notes.append(gettext("Only the newest answers are here."))
    return notes


def _response(one: OwnResponse) -> dict[str, Any]:
    said = [
        gettext("From %(unit)s, %(provider)s", unit=one.unit.name, provider=one.provider_name),
        gettext("Answered %(time)s", time=long_datetime(one.response.completed_at)),
        gettext(
            "Language of the questions: %(language)s",
            language=language_name(one.wording.locale, in_=current_locale()),
        ),
        *([status(one)] if one.is_corrected else []),
    ]
    return {
        "title": one.wording.texts["title"],
        "language": one.wording.locale.partition("_")[0],
        "direction": text_direction(one.wording.locale),
        "said": said,
        "answers": [[question, words] for _, question, words in told_answers(one)],
        "scores": [
            [name, words, "" if score.standard_error is None else number(round(score.standard_error, 1))]
            for score, name, words in told_scores(one)
        ],
    }
