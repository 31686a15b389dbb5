"""What a file that came back would change, text by text, before anybody lets it.

For comparing what is there now with what was read. Not for taking it in.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from translations.contexts import PARAGRAPHS
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.placeholders import FormProblem, problems
from translations.po import WordingError
from translations.sentences import Place, PlaceKind, Where, mark
from translations.subjects import INTERFACE


class Change(StrEnum):
    """What became of one text."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    """Nobody worked on it in the file, or it says what is there already."""
    CONFLICT = "conflict"
    """Changed in the file and here, since it was given out."""
    STALE = "stale"
    """Translated from a source text that has changed since."""
    REFUSED = "refused"
    """It would break a page: a placeholder or a plural form is lost, or it is empty now."""
    UNKNOWN = "unknown"
    """No text of the subject has that context now."""
    MISSING = "missing"
    """It is not in the file: it has come since."""


# What is wrong with the forms of a text, given the text as it is now.
Check = Callable[[ExchangeSegment, Sequence[str]], Sequence[object]]

# What is taken in unless somebody says otherwise, and what somebody may say otherwise of.
TAKEN = frozenset({Change.NEW, Change.CHANGED})
CHOSEN = frozenset({Change.CONFLICT, Change.STALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """One text on both sides: ``now`` is None for an unknown one, ``read`` for a missing one.

    ``problems`` are what the check found; ``str`` tells each.
    """

    change: Change
    now: ExchangeSegment | None
    read: ExchangeSegment | None
    problems: tuple[object, ...] = ()

    @property
    def context(self) -> str:
        segment = self.read or self.now
        assert segment, "a line has a text on one side at least"
        return segment.context

    @property
    def place(self) -> Where:
        """Where the text stands in the file; empty if it does not."""
        return self.read.place if self.read else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would change, in the order of the form; what is unknown comes last."""

    now: Bundle
    lines: tuple[PreviewLine, ...]

    @property
    def counts(self) -> dict[Change, int]:
        """How many of each, with those that there are none of."""
        found = Counter(line.change for line in self.lines)
        return {change: found[change] for change in Change}

    def taken(self, also: Collection[str] = ()) -> Bundle:
        """The texts to take in: new and changed ones, and of the `CHOSEN` those whose contexts are in ``also``.

        Each is to replace the translation that is there now (``translation_id``), so that whatever changes between
        this preview and the taking in is a conflict again.
        """
        return replace(self.now, segments=tuple(self._taken(also)))

    def _taken(self, also: Collection[str]) -> Iterator[ExchangeSegment]:
        for line in self.lines:
            if line.now is None or line.read is None:
                continue
            if line.change in TAKEN or (line.change in CHOSEN and not line.problems and line.context in also):
                yield replace(line.read, source=line.now.source, translation_id=line.now.translation_id)


def compare(now: Bundle, read: Bundle, *, file: str, check: Check | None = None) -> Preview:
    """What taking in ``read`` would change of ``now``.

    ``check`` tells what keeps forms from standing in for a text's source: whoever takes them in checks more than
    placeholders, plural forms and characters, and a text that will be refused then is to be shown as refused.

    Raises
    ------
    WordingError
        If the file is of another subject or language.
    """
    for kind, mine, theirs in (
        (PlaceKind.SUBJECT, now.subject, read.subject),
        (PlaceKind.SOURCE_LANGUAGE, now.source_locale, read.source_locale),
        (PlaceKind.LANGUAGE, now.locale, read.locale),
    ):
        if mine != theirs:
            values = {"found": repr(theirs), "wanted": repr(mine)}
            raise WordingError(file, Place(kind), mark("%(found)s is not %(wanted)s"), values=values)
    now_by_context, read_by_context = now.by_context, read.by_context
    lines = [
        _line(segment, read_by_context.get(segment.context), check or partial(_problems, now))
        for segment in now.segments
    ]
    unknown = (segment for segment in read.segments if segment.context not in now_by_context)
    lines += [PreviewLine(change=Change.UNKNOWN, now=None, read=segment) for segment in unknown]
    return Preview(now=now, lines=tuple(lines))


def _line(now: ExchangeSegment, read: ExchangeSegment | None, check: Check) -> PreviewLine:
    if read is None:
        return PreviewLine(change=Change.MISSING, now=now, read=None)
    if not read.is_touched or read.target == now.target:
        return PreviewLine(change=Change.UNCHANGED, now=now, read=read)
    # A text that was emptied has its forms still, all of them empty.
    found = tuple(check(now, read.target or ("",) * len(now.target or read.source)))
    return PreviewLine(change=_change(now, read, is_sound=not found), now=now, read=read, problems=found)


def _problems(bundle: Bundle, now: ExchangeSegment, forms: Sequence[str]) -> tuple[FormProblem, ...]:
    is_interface = bundle.subject == INTERFACE
    paragraphs = not is_interface and now.context in PARAGRAPHS
    return problems(now.source, forms, locale=bundle.locale, formatted=is_interface, paragraphs=paragraphs)


def _change(now: ExchangeSegment, read: ExchangeSegment, *, is_sound: bool) -> Change:
    if read.source != now.source:
        return Change.STALE
    if not is_sound:
        return Change.REFUSED
    if read.translation_id != now.translation_id:
        return Change.CONFLICT
    return Change.CHANGED if now.target else Change.NEW
