"""The kinds of question: which answers each one takes, and how an answer is read and written as text.

For one question by itself. Not for its wording, and not for whether it is asked.

Texts as a form sends them are read by `read`; a stored answer is written by `write` and comes back the same by
``read([text])``. What cannot be read is None: the caller says so to the respondent, in words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from instruments.answers import AnswerValue

# Other scripts' digits are digits to Python too, so forms are read by ASCII.
_WHOLE = re.compile(r"-?[0-9]{1,6}")
_NUMBER = re.compile(r"-?[0-9]{1,9}([.,][0-9]{1,6})?")
# What no database or file in UTF-8 can hold.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class QuestionKind(StrEnum):
    """How an item is answered."""

    SINGLE_CHOICE = "single_choice"
    SEVERAL_CHOICES = "several_choices"
    NUMBER = "number"
    VISUAL_ANALOGUE_SCALE = "visual_analogue_scale"
    FREE_TEXT = "free_text"
    DATE = "date"
    STATEMENT = "statement"


class _WholeNumber:
    """What is answered by one whole number, whatever the number stands for."""

    __slots__ = ()

    def read(self, texts: Sequence[str]) -> int | None:
        return _whole(texts)

    def write(self, value: AnswerValue) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class SingleChoice(_WholeNumber):
    """One of the ``options``, codes in printed order; ``option_set`` is the key of their wording."""

    kind: ClassVar = QuestionKind.SINGLE_CHOICE
    option_set: str
    options: tuple[int, ...]

    def accepts(self, value: AnswerValue) -> bool:
        return type(value) is int and value in self.options


@dataclass(frozen=True, slots=True)
class SeveralChoices:
    """Any number of the ``options`` but none at all; ``alone`` are those that rule out every other one."""

    kind: ClassVar = QuestionKind.SEVERAL_CHOICES
    option_set: str
    options: tuple[int, ...]
    alone: tuple[int, ...] = ()

    def accepts(self, value: AnswerValue) -> bool:
        if not isinstance(value, tuple) or not value or list(value) != sorted(set(value)):
            return False
        return all(type(code) is int and code in self.options for code in value) and (
            len(value) == 1 or not any(code in self.alone for code in value)
        )

    def read(self, texts: Sequence[str]) -> tuple[int, ...] | None:
        codes = [_whole([part]) for text in texts for part in text.split(",")]
        known = sorted({code for code in codes if code is not None})
        return tuple(known) if known and None not in codes else None

    def write(self, value: AnswerValue) -> str:
        assert isinstance(value, tuple)
        return ",".join(map(str, value))


@dataclass(frozen=True, slots=True)
class Number:
    """A number from ``minimum`` to ``maximum`` with at most so many decimals. ``unit`` is a UCUM code, or empty."""

    kind: ClassVar = QuestionKind.NUMBER
    minimum: Decimal
    maximum: Decimal
    decimals: int
    unit: str = ""

    def accepts(self, value: AnswerValue) -> bool:
        if not isinstance(value, Decimal) or not value.is_finite():
            return False
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)  # it is a letter for what is not finite
        return self.minimum <= value <= self.maximum and -exponent <= self.decimals

    def read(self, texts: Sequence[str]) -> Decimal | None:
        """With a decimal comma or a decimal point."""
        text = texts[0].strip() if len(texts) == 1 else ""
        if not _NUMBER.fullmatch(text):
            return None
        # 72.50 and 72.5 are the same answer, as are -0 and 0, and 1E+1 is no way to write ten.
        return Decimal(f"{Decimal(text.replace(',', '.')).normalize() + 0:f}")

    def write(self, value: AnswerValue) -> str:
        assert isinstance(value, Decimal)
        return f"{value:f}"


@dataclass(frozen=True, slots=True)
class Scale(_WholeNumber):
    """A whole number on a line from ``minimum`` to ``maximum``, such as EQ VAS."""

    kind: ClassVar = QuestionKind.VISUAL_ANALOGUE_SCALE
    minimum: int
    maximum: int

    def accepts(self, value: AnswerValue) -> bool:
        return type(value) is int and self.minimum <= value <= self.maximum


@dataclass(frozen=True, slots=True)
class FreeText:
    """Words, at most ``longest`` characters."""

    kind: ClassVar = QuestionKind.FREE_TEXT
    longest: int

    def accepts(self, value: AnswerValue) -> bool:
        """As `read` gives it, so that what is stored is read back the same."""
        if not isinstance(value, str) or len(value) > self.longest or _UNSTORABLE.search(value):
            return False
        return value == self.read([value])

    def read(self, texts: Sequence[str]) -> str | None:
        """Line ends as browsers send them become one kind; space around the text is no part of it."""
        text = texts[0].replace("\r\n", "\n").replace("\r", "\n").strip() if len(texts) == 1 else ""
        return text or None

    def write(self, value: AnswerValue) -> str:
        assert isinstance(value, str)
        return value


@dataclass(frozen=True, slots=True)
class Day:
    """A date from ``earliest`` to ``latest``, both included."""

    kind: ClassVar = QuestionKind.DATE
    earliest: date
    latest: date

    def accepts(self, value: AnswerValue) -> bool:
        return type(value) is date and self.earliest <= value <= self.latest

    def read(self, texts: Sequence[str]) -> date | None:
        """As browsers send it, and as Swedes write it: 2026-11-22 or 20261122."""
        text = texts[0].strip() if len(texts) == 1 else ""
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}", text):
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None

    def write(self, value: AnswerValue) -> str:
        assert isinstance(value, date)
        return value.isoformat()


@dataclass(frozen=True, slots=True)
class Statement:
    """Something to read. It takes no answer."""

    kind: ClassVar = QuestionKind.STATEMENT

    def accepts(self, value: AnswerValue) -> bool:  # because every kind of question answers this
        return False

    def read(self, texts: Sequence[str]) -> None:
        return None

    def write(self, value: AnswerValue) -> str:
        raise AssertionError("a statement has no answer")


Question = SingleChoice | SeveralChoices | Number | Scale | FreeText | Day | Statement


def _whole(texts: Sequence[str]) -> int | None:
    text = texts[0].strip() if len(texts) == 1 else ""
    return int(text) if _WHOLE.fullmatch(text) else None
