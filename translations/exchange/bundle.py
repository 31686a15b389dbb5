"""What is given out for translation, and comes back: the texts of one subject in one language.

For values that every format carries without loss. Not for the formats.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from uuid import UUID

from translations.placeholders import wanted_forms
from translations.sentences import Value, Where, filled, mark
from translations.states import State
from translations.subjects import CONTEXT_END, INTERFACE

MOST_BYTES = 5 * 1024 * 1024
MOST_TEXTS = 5_000
# A cell of a spreadsheet has room for 32,767 UTF-16 units, and a character may take two.
MOST_CHARACTERS = 16_000

# What XML 1.0 cannot say, what it turns into something else (carriage return), and what ends a line in no PO file.
_NOT_CARRIED = re.compile("[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Stands for the end of a gettext context, which is a control character, where a format has no other way to write it.
SHOWN_END = "\u2404"


class NotExchangeable(ValueError):
    """A text cannot be given out in a file; the message names its context and the reason."""

    def __init__(self, context: str, problem: str, **values: Value) -> None:
        super().__init__(f"{context}: {filled(problem, values)}")
        self.context = context
        self.problem = problem
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSegment:
    """One text with its translation.

    ``source`` and ``target`` are the plural forms in the order of `translations.plurals.plural_forms`, or one text;
    ``target`` is empty, and ``state`` None, where there is no translation. ``translation_id`` is the version that
    was current when the text was given out. ``given`` tells what the target was then: where it does not agree
    with the target, somebody has worked on it. ``place`` is where the text stands in the file that it was read from.
    """

    context: str
    concept: str = ""
    source: tuple[str, ...]
    target: tuple[str, ...] = ()
    state: State | None = None
    translation_id: UUID | None = None
    given: str = ""
    place: Where = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "concept", " ".join(self.concept.split()))
        if not any(self.target):
            object.__setattr__(self, "target", ())
        if not self.given:
            object.__setattr__(self, "given", digest(self.translation_id, self.target))
        _check_characters(self)

    @property
    def is_touched(self) -> bool:
        """Whether the target is another than was given out."""
        return self.given != digest(self.translation_id, self.target)

    def with_target(self, *forms: str) -> "ExchangeSegment":
        """The text as somebody's tool gives it back, worked on."""
        return replace(self, target=forms, state=State.TRANSLATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The texts of a subject (`translations.subjects`) in the order of the form, in one language."""

    subject: str
    source_locale: str
    locale: str
    segments: tuple[ExchangeSegment, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for segment in self.segments:
            if segment.context in seen:
                raise NotExchangeable(segment.context, mark("is there twice"))
            seen.add(segment.context)
            _check_forms(self, segment)
        if len(self.segments) > MOST_TEXTS:
            raise NotExchangeable(self.subject, "has more than %(most)s texts", most=MOST_TEXTS)

    @property
    def by_context(self) -> dict[str, ExchangeSegment]:
        return {segment.context: segment for segment in self.segments}


def digest(*parts: object) -> str:
    """A short checksum: it finds what a tool or a slip has changed, not what somebody forges."""
    content = json.dumps(parts, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:16]


def interface_key(message_context: str | None, message: str) -> str:
    """The context of an interface text, as gettext keys it."""
    return message if message_context is None else f"{message_context}{CONTEXT_END}{message}"


def shown_context(context: str) -> str:
    """The context in characters that every file can carry; `context_shown` reads it back."""
    return context.replace(CONTEXT_END, SHOWN_END)


def context_shown(text: str) -> str:
    return text.replace(SHOWN_END, CONTEXT_END)


def _check_characters(segment: ExchangeSegment) -> None:
    # In the key of an interface text alone: each format writes it in its own way.
    texts = (*segment.context.split(CONTEXT_END, 1), segment.concept, *segment.source, *segment.target)
    for text in texts:
        if found := _NOT_CARRIED.search(text):
            problem = mark("holds %(character)s, which no file can carry")
            raise NotExchangeable(segment.context, problem, character=f"U+{ord(found.group()):04X}")
        if len(text) > MOST_CHARACTERS:
            problem = mark("has %(found)s characters, more than %(most)s")
            raise NotExchangeable(segment.context, problem, found=len(text), most=MOST_CHARACTERS)
    if SHOWN_END in segment.context:
        problem = mark("holds %(character)s, which stands for something else")
        raise NotExchangeable(segment.context, problem, character=f"U+{ord(SHOWN_END):04X}")


def _check_forms(bundle: Bundle, segment: ExchangeSegment) -> None:
    if not segment.source or not all(text.strip() for text in segment.source):
        raise NotExchangeable(segment.context, mark("has no source text"))
    if len(segment.source) > 1:
        if bundle.subject != INTERFACE:
            raise NotExchangeable(segment.context, mark("has plural forms, which only the interface can have"))
        wanted = wanted_forms(segment.source, bundle.source_locale)
        if len(segment.source) != len(wanted):
            problem = mark("must have the source forms %(forms)s")
            raise NotExchangeable(segment.context, problem, forms=", ".join(wanted))
    if segment.target and len(segment.target) != len(wanted_forms(segment.source, bundle.locale)):
        problem = mark("has %(found)s forms in %(language)s")
        raise NotExchangeable(segment.context, problem, found=len(segment.target), language=bundle.locale)
    if bundle.subject == INTERFACE and segment.context.rpartition(CONTEXT_END)[2] != segment.source[0]:
        raise NotExchangeable(segment.context, mark("is not the key of its source text"))
