"""What keeps a text from being entered, as sentences for its translator. Pure.

Not for whether the translation is right.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from survey_service.errors import BadInput, mark
from translations.contexts import DIRECTION, DIRECTIONS, PARAGRAPHS
from translations.placeholders import Fault, problems, wanted_forms
from translations.subjects import SubjectKind

_REFUSED = mark("The text cannot be taken as it is.")
_SENTENCES: Mapping[Fault, str] = {
    Fault.FORMS: mark("The text needs these forms: %(what)s."),
    Fault.EMPTY: mark("The text is empty."),
    Fault.LOST: mark("The placeholder %(what)s is missing."),
    Fault.FOREIGN: mark("The placeholder %(what)s is not in the source."),
    Fault.PERCENT: mark("Write the percent sign as a word: the source has none."),
    Fault.CHARACTER: mark("The text holds a character that cannot be shown (%(what)s)."),
}
_MARKUP = mark("The text holds signs of markup (%(what)s) that the source does not have in the same way.")
_DIRECTION = mark("Write ltr or rtl: the way in which the scale runs.")
# What a browser could take for markup.
_TAG = re.compile(r"<[^>]*>|[<>]|&#?\w*;?")


@dataclass(frozen=True, slots=True)
class TextProblem:
    """One thing wrong with one form: the sentence, with what fills it in once it is translated.

    ``place`` is the form's, counted from 0; 0 also where all forms are meant.
    """

    context: str
    place: int
    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


class TextRefused(BadInput):
    """A text, or some of several, cannot stand in for the source; ``problems`` are all that were found."""

    def __init__(self, found: Sequence[TextProblem]) -> None:
        super().__init__(_REFUSED)
        self.problems = tuple(found)

    def __str__(self) -> str:
        return "\n".join(f"{one.context}: {one}" for one in self.problems)


def text_problems(
    kind: SubjectKind, context: str, source: Sequence[str], forms: Sequence[str], *, locale: str
) -> list[TextProblem]:
    """Everything that keeps these forms from standing in for the source."""
    places = {name: place for place, name in enumerate(wanted_forms(source, locale))}
    is_interface = kind is SubjectKind.INTERFACE
    found = [
        TextProblem(context, places.get(each.form, 0), _SENTENCES[each.fault], {"what": each.what})
        for each in problems(source, forms, locale=locale, formatted=is_interface, paragraphs=context in PARAGRAPHS)
    ]
    if is_interface:
        # The templates show these texts as they are, so that what looks like markup would be markup.
        allowed = {_markup(form) for form in source}
        found += [
            TextProblem(context, place, _MARKUP, {"what": " ".join(_markup(form)) or "–"})
            for place, form in enumerate(forms)
            if _markup(form) not in allowed
        ]
    elif context == DIRECTION and list(forms) not in [[one] for one in DIRECTIONS]:
        found.append(TextProblem(context, 0, _DIRECTION))
    return found


def _markup(text: str) -> tuple[str, ...]:
    return tuple(sorted(_TAG.findall(text)))
