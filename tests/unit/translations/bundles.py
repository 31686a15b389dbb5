"""Bundles for tests: what is shipped, and texts with every character that files stumble over."""

import random
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from babel.messages.pofile import read_po

from translations.catalogue import InstrumentWording
from translations.exchange.bundle import Bundle, ExchangeSegment, interface_key
from translations.interface import FILE, SHIPPED
from translations.plurals import plural_forms
from translations.states import State
from translations.subjects import INTERFACE, InstrumentSubject

SUBJECT = "instrument:morning:1.0:self"
NOBODYS = (
    "a\u00a0b\u202fc",  # blanks that do not break
    " first and last ",
    "two\nlines\n",
    "a\ttab",
    "she said \"yes\" and 'no' \\ \\n",
    "a < b & c > d ]]> &amp; <b>x</b>",
    "\u200fسلام\u200e \u2068Anna\u2069",
    "\u202bturned\u202c",
    "👩🏽‍⚕️ 𝄞",
    "=1+1",
    "#N/A",
    "10",
    "_x000D_ _x0041_ _x005F_x0041_",
    "100 % %% %(name)s {name}",
    "e\u0301 é",
    "-- +1 @x",
    "#. not a comment",
    'msgid "x"',
    "\ufeff",
)


def instrument_bundle(wording: InstrumentWording) -> Bundle:
    """A shipped wording as it would be given out."""
    subject = InstrumentSubject(wording.instrument, wording.version, wording.respondent)
    segments = (
        _worked_on(
            number,
            context=context,
            concept=wording.concepts.get(context, ""),
            source=(source,),
            target=(wording.texts[context],) if context in wording.texts else (),
        )
        for number, (context, source) in enumerate(wording.sources.items())
    )
    return Bundle(subject=str(subject), source_locale="en", locale=wording.locale, segments=tuple(segments))


def interface_bundle(locale: str, folder: Path = SHIPPED) -> Bundle:
    """A shipped catalogue as it would be given out."""
    with (folder / locale / FILE).open("rb") as file:
        catalogue = read_po(file, locale=locale)
    segments = []
    for number, message in enumerate(each for each in catalogue if each.id):
        source = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        target = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        key = interface_key(message.context, source[0])
        segments.append(_worked_on(number, context=key, concept="", source=source, target=target))
    return Bundle(subject=INTERFACE, source_locale="en", locale=locale, segments=tuple(segments))


def awkward(locale: str = "ar") -> Bundle:
    """Every text that files stumble over, in both places, with empty targets and every state."""
    return Bundle(
        subject=SUBJECT,
        source_locale="en",
        locale=locale,
        segments=tuple(
            _worked_on(number, context=f"item:{number}", concept=f"[mark] {text}", source=(f"{text}?",), target=target)
            for number, (text, target) in enumerate((text, target) for text in NOBODYS for target in ((text,), ()))
        ),
    )


def plurals(locale: str) -> Bundle:
    """An interface with and without contexts and plural forms, one of them half translated."""
    forms = tuple(f"%(num)s {name}" for name in plural_forms(locale))
    one, many = "%(num)s thing", "%(num)s things"
    segments = (
        _worked_on(0, context="Save", source=("Save",), target=("Spara",)),
        _worked_on(1, context="menu\x04Save", source=("Save",), target=()),
        _worked_on(2, context=one, concept="how many", source=(one, many), target=forms),
        _worked_on(3, context=f"menu\x04{one}", source=(one, many), target=()),
        _worked_on(4, context="x\ny", source=("x\ny", "z"), target=(*forms[:-1], "")),
    )
    return Bundle(subject=INTERFACE, source_locale="en", locale=locale, segments=segments)


def simple(**targets: str) -> Bundle:
    """A small form of which the named parts are translated."""
    sources = {"title": "Your morning", "item:slept": "How did you sleep?", "item:woke": "How did you wake, {name}?"}
    segments = (
        _worked_on(number, context=context, source=(source,), target=(targets[context],) if context in targets else ())
        for number, (context, source) in enumerate(sources.items())
    )
    return Bundle(subject=SUBJECT, source_locale="en", locale="fi", segments=tuple(segments))


def _worked_on(
    number: int, *, context: str, source: tuple[str, ...], target: tuple[str, ...], concept: str = ""
) -> ExchangeSegment:
    translated = any(target)
    return ExchangeSegment(
        context=context,
        concept=concept,
        source=source,
        target=target,
        state=list(State)[number % len(State)] if translated else None,
        translation_id=UUID(int=random.Random(number).getrandbits(128)) if translated else None,
    )


def changed(bundle: Bundle, context: str, *forms: str) -> Bundle:
    """The bundle with one text worked on outside."""
    return _replaced(bundle, {context: bundle.by_context[context].with_target(*forms)})


def _replaced(bundle: Bundle, by_context: dict[str, ExchangeSegment]) -> Bundle:
    def segments() -> Iterator[ExchangeSegment]:
        for segment in bundle.segments:
            yield by_context.get(segment.context, segment)

    return Bundle(
        subject=bundle.subject,
        source_locale=bundle.source_locale,
        locale=bundle.locale,
        segments=tuple(segments()),
    )
