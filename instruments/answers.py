"""What a respondent did with the items, and what it is worth: answers in, scores out.

Values only: not for storing them, and not for the rules that turn the one into the other.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from instruments.errors import AnswerNotAccepted

# Stored scores carry six decimals: processors differ in the last bits, and nobody measures beyond these.
DECIMALS = 6

# A code or a point on a scale; a number; the codes of several choices, ascending; a text; a day.
AnswerValue = int | Decimal | tuple[int, ...] | str | date


class AnswerKind(StrEnum):
    """What the respondent did with an item that was asked."""

    VALUE = "value"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not_applicable"
    SHOWN = "shown"
    """A statement was shown; it takes no answer."""
    AMBIGUOUS = "ambiguous"
    """On paper: marked so that the answer cannot be told, such as two boxes ticked."""
    OUT_OF_RANGE = "out_of_range"
    """On paper or in older data: a value that the item does not have."""


class MissingReason(StrEnum):
    """Why a score has no value."""

    SKIPPED = "skipped"
    """The respondent went past an item that the score needs."""
    NOT_APPLICABLE = "not_applicable"
    """An item that the score needs does not apply to the respondent."""
    AMBIGUOUS = "ambiguous"
    """An item that the score needs was marked so that its answer cannot be told."""
    OUT_OF_RANGE = "out_of_range"
    """An item that the score needs holds a value that it cannot have."""
    UNANSWERED = "unanswered"
    """An item that the score needs was never asked or answered."""
    TOO_FEW_ANSWERED = "too_few_answered"
    """Fewer items were answered than the score needs."""
    NO_ANSWERS = "no_answers"
    """No item was answered at all, so there is nothing to score."""
    NOT_IN_TABLE = "not_in_table"
    """The look-up table has no entry for the sum."""
    NOT_STOPPED = "not_stopped"
    """The adaptive test had not come to its end."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One item and what the respondent did with it; ``value`` is None unless the kind is VALUE."""

    item_id: str
    value: AnswerValue | None
    kind: AnswerKind

    def __post_init__(self) -> None:
        if (self.value is None) == (self.kind is AnswerKind.VALUE):
            raise AnswerNotAccepted(f"item {self.item_id}: a value goes with the kind 'value' and no other")

    @property
    def code(self) -> int | None:
        """The value of a choice or of a scale; None for every other answer."""
        return self.value if type(self.value) is int else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One variable of a response, with everything needed to compute it again.

    ``value`` and ``standard_error`` are rounded to six decimals; both are on the variable's own scale.
    ``text`` holds a variable that is not a number. A score that has neither tells its ``missing_reason``; a
    text may carry one too, when part of it is missing. ``method`` is what was applied, ``method_hash`` its
    content, ``algorithm`` how, with the version of the computation.
    """

    variable: str
    method: str
    method_hash: str
    algorithm: str
    value: float | None = None
    text: str | None = None
    standard_error: float | None = None
    missing_reason: str | None = None

    def __post_init__(self) -> None:
        if self.value is None and self.text is None and self.missing_reason is None:
            raise ValueError(f"{self.variable}: a missing score needs its reason")
        for name in ("value", "standard_error"):
            number = getattr(self, name)
            if number is not None:
                object.__setattr__(self, name, round(float(number), DECIMALS))
        if self.missing_reason is not None:
            object.__setattr__(self, "missing_reason", str(self.missing_reason))
