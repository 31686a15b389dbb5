"""What a file that came back would change, text by text, before anybody lets it.

For comparing what is there now with what was read. Not for taking it in.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from translations.contexts import PARAGRAPHS
from translations.exchange.bundle import Bundle, ExchangeSegment
from translations.placeholders import FormProblem, problems
from translations.po import WordingError
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


# What is taken in unless somebody says otherwise, and what somebody may say otherwise of.
TAKEN = frozenset({Change.NEW, Change.CHANGED})
CHOSEN = frozenset({Change.CONFLICT, Change.STALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """One text on both sides: ``now`` is None for an unknown one, ``read`` for a missing one."""

    change: Change
    now: ExchangeSegment | None
    read: ExchangeSegment | None
    problems: tuple[FormProblem, ...] = ()

    @property
    def context(self) -> str:
        segment = self.read or self.now
        assert segment, "a line has a text on one side at least"
        return segment.context

    @property
    def place(self) -> str:
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


def compare(now: Bundle, read: Bundle, *, file: str) -> Preview:
    """What taking in ``read`` would change of ``now``.

    Raises
    ------
    WordingError
        If the file is of another subject or language.
    """
    for name, mine, theirs in (
        ("subject", now.subject, read.subject),
        ("source language", now.source_locale, read.source_locale),
        ("language", now.locale, read.locale),
    ):
        if mine != theirs:
            raise WordingError(file, name, f"{theirs!r} is not {mine!r}")
    now_by_context, read_by_context = now.by_context, read.by_context
    lines = [_line(now, segment, read_by_context.get(segment.context)) for segment in now.segments]
    unknown = (segment for segment in read.segments if segment.context not in now_by_context)
    lines += [PreviewLine(change=Change.UNKNOWN, now=None, read=segment) for segment in unknown]
    return Preview(now=now, lines=tuple(lines))


def _line(bundle: Bundle, now: ExchangeSegment, read: ExchangeSegment | None) -> PreviewLine:
    if read is None:
        return PreviewLine(change=Change.MISSING, now=now, read=None)
    if not read.is_touched or read.target == now.target:
        return PreviewLine(change=Change.UNCHANGED, now=now, read=read)
    found = problems_of(bundle, now, read)
    return PreviewLine(change=_change(now, read, found), now=now, read=read, problems=found)


def problems_of(bundle: Bundle, now: ExchangeSegment, read: ExchangeSegment) -> tuple[FormProblem, ...]:
    """What keeps the translation that was read from standing in for the source as it is now."""
    is_interface = bundle.subject == INTERFACE
    return problems(
        now.source,
        # A text that was emptied has its forms still, all of them empty.
        read.target or ("",) * len(now.target or read.source),
        locale=bundle.locale,
        formatted=is_interface,
        paragraphs=not is_interface and now.context in PARAGRAPHS,
    )


def _change(now: ExchangeSegment, read: ExchangeSegment, found: tuple[FormProblem, ...]) -> Change:
    if read.source != now.source:
        return Change.STALE
    if found:
        return Change.REFUSED
    if read.translation_id != now.translation_id:
        return Change.CONFLICT
    return Change.CHANGED if now.target else Change.NEW
