"""What the log of answers means, and whether one more may be added. Pure.

The log is append-only. ``sequence`` is an answer's place in it; the form carries the place it expects to write, so a
double click, an old page and a second device are told apart without guessing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from instruments import Answered, AnswerKind

_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class LoggedAnswer:
    """One entry of a session's log. ``supersedes`` is the sequence of the answer it replaces."""

    sequence: int
    answer: Answered
    supersedes: int | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a form sent: an answer, and the place in the log that it was written for."""

    sequence: int
    answer: Answered
    supersedes: int | None = None


class Verdict(Enum):
    """Whether a submission may be written."""

    APPEND = auto()
    ALREADY_RECORDED = auto()
    CONFLICT = auto()


def judge(log: Sequence[LoggedAnswer], submission: Submission) -> Verdict:
    """Compare a submission with the log it wants to join.

    The next free place: append. A place that holds the very same answer: the same click twice. Any other place:
    somebody, on another device or in an old page, was first.
    """
    if submission.sequence == len(log) + 1:
        return Verdict.APPEND
    if 1 <= submission.sequence <= len(log):
        there = log[submission.sequence - 1]
        if there.answer == submission.answer and there.supersedes == submission.supersedes:
            return Verdict.ALREADY_RECORDED
    return Verdict.CONFLICT


def effective_entries(log: Sequence[LoggedAnswer], *, adaptive: bool) -> tuple[LoggedAnswer, ...]:
    """The answers that count, in the order in which their questions were asked.

    In a fixed form a change replaces the one answer. In an adaptive test it also drops every answer after it, because
    those questions were chosen for the answer that is no more.
    """
    entries: list[LoggedAnswer] = []
    for entry in log:
        if entry.supersedes is None:
            entries.append(entry)
            continue
        place = next(i for i, earlier in enumerate(entries) if earlier.sequence == entry.supersedes)
        entries[place:] = [entry] if adaptive else [entry, *entries[place + 1 :]]
    return tuple(entries)


def effective_answers(log: Sequence[LoggedAnswer], *, adaptive: bool) -> tuple[Answered, ...]:
    """``effective_entries`` without their places in the log."""
    return tuple(entry.answer for entry in effective_entries(log, adaptive=adaptive))


def read_answer(item_id: str, value: str | None, *, skipped: bool) -> Answered | None:
    """An answer from a form's text, or None when it is not a whole number."""
    if skipped:
        return Answered(item_id=item_id, value=None, kind=AnswerKind.SKIPPED)
    number = read_whole((value or "").strip())
    return None if number is None else Answered(item_id=item_id, value=number, kind=AnswerKind.VALUE)


def read_whole(text: str) -> int | None:
    """A number as our forms write it, or None. ASCII only: other scripts' digits are digits to Python too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
