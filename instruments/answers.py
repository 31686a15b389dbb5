"""What a respondent did with the items, and what it is worth: answers in, scores out.

Values only: not for storing them, and not for the rules that turn the one into the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from instruments.errors import AnswerNotAccepted

# Stored scores carry six decimals: processors differ in the last bits, and nobody measures beyond these.
DECIMALS = 6


class AnswerKind(StrEnum):
    """What the respondent did with an item that was asked."""

    VALUE = "value"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not_applicable"


class MissingReason(StrEnum):
    """Why a score has no value."""

    SKIPPED = "skipped"
    """The respondent went past an item that the score needs."""
    NOT_APPLICABLE = "not_applicable"
    """An item that the score needs does not apply to the respondent."""
    UNANSWERED = "unanswered"
    """An item that the score needs was never asked or answered."""
    NO_ANSWERS = "no_answers"
    """No item was answered at all, so there is nothing to score."""
    NOT_STOPPED = "not_stopped"
    """The adaptive test had not come to its end."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One item and what the respondent did with it; ``value`` is None unless the kind is VALUE."""

    item_id: str
    value: int | None
    kind: AnswerKind

    def __post_init__(self) -> None:
        if (self.value is None) == (self.kind is AnswerKind.VALUE):
            raise AnswerNotAccepted(f"item {self.item_id}: a value goes with the kind 'value' and no other")


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
