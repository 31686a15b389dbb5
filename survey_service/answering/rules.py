"""What the log of answers means, and whether one more may be added. Pure.

The log is append-only. ``sequence`` is an answer's place in it; the form carries the place it expects to write, so a
double click, an old page and a second device are told apart without guessing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from instruments import Answered, AnswerKind, FreeText, Instrument, Item, QuestionKind
from instruments.form import in_play
from survey_service.errors import BadInput

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


class Way(Enum):
    """Which button the respondent pressed."""

    ANSWER = auto()
    SKIP = auto()
    NOT_APPLICABLE = auto()


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it came: the texts of the answer are read once it is known which question they are for."""

    sequence: int
    item_id: str
    texts: tuple[str, ...]
    way: Way
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


def standing_entries(log: Sequence[LoggedAnswer], instrument: Instrument) -> tuple[LoggedAnswer, ...]:
    """``effective_entries`` that count for the instrument, in the order of its questions.

    When an earlier answer was changed so that a question would no longer be asked, its answer stays in the log and
    stands aside; changed back, it stands again.
    """
    entries = effective_entries(log, adaptive=instrument.adaptive)
    if instrument.adaptive:
        return entries
    by_item = {entry.answer.item_id: entry for entry in entries}
    counted = in_play(instrument.items, {item: entry.answer for item, entry in by_item.items()})
    return tuple(by_item[item] for item in instrument.items if item in counted)


def amended(
    log: Sequence[LoggedAnswer], corrections: Mapping[str, Answered], instrument: Instrument
) -> tuple[Answered, ...]:
    """The answers that count once the unit's ``corrections`` (by item) are in place, in the order of the questions.

    An adaptive test keeps the questions that were asked. In a fixed form a corrected answer may bring questions in, or
    take them out of play, as the patient's own change would.
    """
    answers = {entry.answer.item_id: entry.answer for entry in effective_entries(log, adaptive=instrument.adaptive)}
    answers |= corrections
    if instrument.adaptive:
        return tuple(answers.values())
    counted = in_play(instrument.items, answers)
    return tuple(answers[item] for item in instrument.items if item in counted)


def read_posted(posted: Posted, items: Mapping[str, Item]) -> Submission:
    """What the form says. Raises ``BadInput`` for another survey's question, and for what is no answer to this one."""
    item = items.get(posted.item_id)
    if item is None:
        raise BadInput("That question is not the one being asked. Here is where you are now.")
    answer = read_answer(item, posted.texts, way=posted.way)
    if answer is None:
        raise BadInput("Choose an answer, or skip the question.")
    return Submission(sequence=posted.sequence, answer=answer, supersedes=posted.supersedes)


def read_answer(item: Item, texts: Sequence[str], *, way: Way = Way.ANSWER) -> Answered | None:
    """An answer from a form's texts, or None when they are not one of this kind of question."""
    if item.kind is QuestionKind.STATEMENT:
        return Answered(item_id=item.id, value=None, kind=AnswerKind.SHOWN)
    match way:
        case Way.SKIP:
            return Answered(item_id=item.id, value=None, kind=AnswerKind.SKIPPED)
        case Way.NOT_APPLICABLE:
            return Answered(item_id=item.id, value=None, kind=AnswerKind.NOT_APPLICABLE)
        case Way.ANSWER:
            value = item.question.read(texts)
            if isinstance(item.question, FreeText) and item.skippable and not "".join(texts).strip():
                # Nobody has to say that there is nothing more to say.
                return Answered(item_id=item.id, value=None, kind=AnswerKind.SKIPPED)
            return None if value is None else Answered(item_id=item.id, value=value, kind=AnswerKind.VALUE)


def read_whole(text: str) -> int | None:
    """A number as our forms write it, or None. ASCII only: other scripts' digits are digits to Python too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
