"""A bundle as a PO file, in gettext's own shape, so that every PO editor shows it well.

What only we need stands in the header (``X-Subject`` …) and in the last ``#.`` comment of each entry (``[mark …]``).
A text that somebody is still at is marked fuzzy.
"""

import re
from collections.abc import Iterator

from babel.messages.catalog import Message

from translations.exchange.bundle import Bundle, ExchangeSegment, NotExchangeable, interface_key
from translations.exchange.collecting import Head, ReadText, collect, mark_of
from translations.placeholders import wanted_forms
from translations.plurals import NoPluralForms, agrees_with_cldr, plural_forms, plural_header
from translations.po import Entries, WordingError, line_at, parse_into
from translations.po_writing import PoEntry, po_text
from translations.sentences import mark
from translations.states import State
from translations.subjects import CONTEXT_END, INTERFACE

# Some tools break long comments into several.
_MARK = re.compile(r"(?:(?P<concept>.*) )?\[mark (?P<mark>[^\[\]]*)\]")
_AT_WORK = (State.DRAFT, State.WITHDRAWN)


def write_po(bundle: Bundle) -> bytes:
    """Raises ``NotExchangeable`` if the source language has not gettext's two forms."""
    headers = {
        "Project-Id-Version": bundle.subject,
        "Language": bundle.locale,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plural_header(bundle.locale),
        "X-Subject": bundle.subject,
        "X-Source-Language": bundle.source_locale,
        "X-Target-Language": bundle.locale,
        "X-Texts": str(len(bundle.segments)),
    }
    entries = (_entry(bundle, segment) for segment in bundle.segments)
    return po_text(headers, entries, file=bundle.subject).encode()


def read_po(content: bytes, *, file: str) -> Bundle:
    """Raises ``WordingError`` naming the line."""
    entries = parse_into(_Texts(file), content)
    head = _head(entries)
    if any(not isinstance(message.id, str) for message in entries.messages):
        _check_plural_forms(entries, head.locale)
    return collect(head, _texts(entries, head), file=file)


class _Texts(Entries):
    """The entries in their order, with and without contexts and plural forms."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.messages: list[Message] = []

    def keep(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        first = id if isinstance(id, str) else id[0]
        # Babel would merge the comments of the two.
        if self.get(first, message.context) is not None:
            raise WordingError(self.file, line_at(message.lineno or 0), mark("an entry occurs twice"))
        self.messages.append(message)


def _entry(bundle: Bundle, segment: ExchangeSegment) -> PoEntry:
    is_interface = bundle.subject == INTERFACE
    named, end, _source = segment.context.rpartition(CONTEXT_END)
    shape = [*segment.source, ""]
    if len(segment.source) > 2:
        raise NotExchangeable(segment.context, "has more source forms than the two of a PO file")
    forms = segment.target or ("",) * len(wanted_forms(segment.source, bundle.locale))
    is_plural = len(segment.source) > 1
    flags = ["fuzzy"] if segment.target and segment.state in _AT_WORK else []
    if is_interface and any("%(" in text for text in segment.source):
        flags.append("python-format")
    return PoEntry(
        context=(named if end else None) if is_interface else segment.context,
        source=shape[0],
        source_plural=shape[1],
        text="" if is_plural else forms[0],
        plural=forms if is_plural else (),
        concept=segment.concept,
        flags=tuple(flags),
        mark=f"[mark {mark_of(bundle, segment)}]",
    )


def _head(entries: _Texts) -> Head:
    if entries.charset.lower().replace("-", "") != "utf8":
        values = {"found": repr(entries.charset), "wanted": "UTF-8"}
        raise WordingError(entries.file, "Content-Type", mark("%(found)s is not %(wanted)s"), values=values)
    subject, locale = entries.header("X-Subject"), entries.header("X-Target-Language")
    named = entries.header("Language")
    if named.replace("-", "_").lower() != locale.replace("-", "_").lower():
        values = {"found": repr(named), "wanted": repr(locale)}
        raise WordingError(entries.file, "Language", mark("%(found)s is not %(wanted)s"), values=values)
    texts = entries.header("X-Texts")
    if not texts.isdecimal():
        raise WordingError(entries.file, "X-Texts", mark("is no number"))
    return Head(subject, entries.header("X-Source-Language"), locale, int(texts))


def _check_plural_forms(entries: _Texts, locale: str) -> None:
    header = entries.header("Plural-Forms")
    try:
        agrees = agrees_with_cldr(header, locale)
    except NoPluralForms:
        agrees = False
    if not agrees:
        forms = ", ".join(plural_forms(locale))
        problem = mark("does not have the forms %(forms)s, in this order")
        raise WordingError(entries.file, "Plural-Forms", problem, values={"forms": forms})


def _texts(entries: _Texts, head: Head) -> Iterator[ReadText]:
    for message in entries.messages:
        place = line_at(message.lineno or 0)
        source = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        target = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        context = interface_key(message.context, source[0]) if head.subject == INTERFACE else message.context
        marked = _MARK.fullmatch(" ".join(message.auto_comments))
        if not marked or not context:
            problem = mark("the entry has no mark or no context: it was not given out here")
            raise WordingError(entries.file, place, problem)
        yield ReadText(
            context=context,
            concept=marked["concept"] or "",
            source=source,
            target=target,
            mark=marked["mark"],
            place=place,
            finished=not message.fuzzy,
        )
