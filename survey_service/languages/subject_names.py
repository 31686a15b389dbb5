"""What a subject and its parts are called for people: an instrument's title, and "Question 3: choice 2 of 5".

For words on the desk's pages. Contexts stay what they are, for searching and for files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from instruments import Instrument, Item, SeveralChoices, SingleChoice
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext
from survey_service.http.results import label
from survey_service.languages.desk_queries import titles
from translations.contexts import DIRECTION, FRAME, NOT_APPLICABLE, RECALL
from translations.subjects import CONTEXT_END, instrument_of

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class SubjectName:
    """``title`` is the instrument's own, in the reader's language where it has been translated.

    ``instrument`` is None for the interface, and for what is in the library no more.
    """

    subject: str
    title: str
    instrument: Instrument | None

    @property
    def details(self) -> str:
        """Which version of it, and about whom."""
        about = instrument_of(self.subject)
        if about is None:
            return ""
        who = gettext("about somebody else") if about.respondent == "proxy" else ""
        return " · ".join(part for part in (about.instrument, about.version, who) if part)

    def text(self, context: str) -> str:
        """The part of the instrument; of the interface, the beginning of the text."""
        if instrument_of(self.subject) is None:
            return _shortened(context.rpartition(CONTEXT_END)[2])
        return (_part(self.instrument, context) if self.instrument else "") or context

    def shown_context(self, context: str) -> str:
        """For the small print; empty where it is the name already."""
        return "" if self.text(context) == context or instrument_of(self.subject) is None else context


def named(connection: Connection, services: Services, subject: str) -> SubjectName:
    return all_named(connection, services, [subject])[0]


def all_named(connection: Connection, services: Services, subjects: Sequence[str]) -> list[SubjectName]:
    """In the order of ``subjects``."""
    reading = current_locale()
    # Plain Swedish is the interface's alone: forms are in Swedish.
    known = titles(connection, (reading, reading.partition("_")[0]))
    return [_named(services, subject, known.get(subject, "")) for subject in subjects]


def _named(services: Services, subject: str, title: str) -> SubjectName:
    about = instrument_of(subject)
    if about is None:
        return SubjectName(subject, gettext("The service's own texts"), None)
    instrument = services.library.installed(about.instrument, about.version)
    return SubjectName(subject, title or about.instrument, instrument)


def question_name(instrument: Instrument, item_id: str) -> str:
    """By its place in the form, which translators see in the preview too."""
    return gettext("Question %(number)s", number=list(instrument.items).index(item_id) + 1)


def _part(instrument: Instrument, context: str) -> str:
    kind, _, rest = context.partition(":")
    if kind in (*FRAME, RECALL, DIRECTION, NOT_APPLICABLE):
        return _frame_part(kind, rest)
    if kind == "item" and rest in instrument.items:
        return question_name(instrument, rest)
    if kind == "option":
        return _choice(instrument, *rest.rpartition(":")[::2])
    if kind == "score":
        return gettext("Name of the result %(name)s", name=label(rest, {}))
    return _item_part(instrument, kind, rest) if kind in instrument.items else ""


def _frame_part(kind: str, rest: str) -> str:
    if rest:
        return gettext("The period asked about, in some questions")
    return {
        "title": gettext("Title"),
        "intro": gettext("Introduction"),
        "footer": gettext("Whose words they are"),
        RECALL: gettext("The period asked about"),
        DIRECTION: gettext("The way in which scales run"),
        NOT_APPLICABLE: gettext("The answer that a question does not apply"),
    }[kind]


def _choice(instrument: Instrument, option_set: str, code: str) -> str:
    """By the place in which it is shown; options may be shared."""
    asking = [item for item in instrument.items.values() if _options(item)[0] == option_set]
    places = [str(one) for one in _options(asking[0])[1]] if asking else []
    if code not in places:
        return ""
    values = {
        "question": question_name(instrument, asking[0].id),
        "place": places.index(code) + 1,
        "count": len(places),
    }
    if len(asking) > 1:
        return gettext("%(question)s and others: choice %(place)s of %(count)s", **values)
    return gettext("%(question)s: choice %(place)s of %(count)s", **values)


def _options(item: Item) -> tuple[str, tuple[int, ...]]:
    match item.question:
        case SingleChoice(option_set, options) | SeveralChoices(option_set, options):
            return option_set, options
        case _:
            return "", ()


def _item_part(instrument: Instrument, item_id: str, part: str) -> str:
    question = question_name(instrument, item_id)
    return {
        "hint": gettext("%(question)s: hint", question=question),
        "unit": gettext("%(question)s: unit", question=question),
        "top": gettext("%(question)s: upper end of the scale", question=question),
        "bottom": gettext("%(question)s: lower end of the scale", question=question),
        "instruction": gettext("%(question)s: how the scale is used", question=question),
    }.get(part, "")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1].rstrip() + "…"
