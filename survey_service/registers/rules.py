"""What a register may be given, and where in its feed it stands. Pure."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from instruments import Score
from survey_service.errors import BadInput

# Disclosure to a quality register rests on the Patient Data Act, chapter 7, section 4 [B2].
ACCEPTED_PURPOSE = "PDL-7:4"
MOST_PER_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a provider has agreed to give a register."""

    id: UUID
    register_id: UUID
    version: int
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a feed. A restored database starts a new epoch, in which old places mean nothing."""

    epoch: int
    position: int


def agreed_scores(scores: Sequence[Score], agreement: Agreement) -> tuple[Score, ...]:
    """The scores the agreement names; all others stay with the provider."""
    return tuple(score for score in scores if score.variable in agreement.variables)


def newest_agreements(agreements: Collection[Agreement]) -> list[Agreement]:
    """One agreement a register, the highest version; in the order of the registers' ids, that of their feeds' locks."""
    newest: dict[UUID, Agreement] = {}
    for agreement in sorted(agreements, key=lambda one: one.version):
        newest[agreement.register_id] = agreement
    return [newest[register_id] for register_id in sorted(newest)]


def describe_score(score: Score) -> Mapping[str, Any]:
    """A score with every version that made it, so that the register never pools what cannot be pooled [D3]."""
    return {
        "variable": score.variable,
        "value": score.value,
        "text": score.text,
        "standard_error": score.standard_error,
        "missing_reason": score.missing_reason,
        "method": score.method,
        "method_hash": score.method_hash,
        "algorithm": score.algorithm,
    }


def write_cursor(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(f"{cursor.epoch}.{cursor.position}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Raises ``BadInput`` for anything that this service did not hand out."""
    try:
        epoch, position = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
        cursor = Cursor(epoch=int(epoch), position=int(position))
    except (ValueError, binascii.Error):
        cursor = Cursor(epoch=0, position=0)
    # Decoding is lenient: only the very text that was handed out is a cursor.
    if cursor.epoch < 1 or not 0 <= cursor.position < 2**62 or write_cursor(cursor) != text:
        raise BadInput("The cursor is not one that this service gave you.", fields={"cursor": "Start without one."})
    return cursor
