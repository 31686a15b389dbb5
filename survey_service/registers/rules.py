"""What a register may be given, and where in its feed it stands. Pure."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from instruments import Score
from survey_service.errors import BadInput
from survey_service.foundation.clock import local_day

# Disclosure to a quality register rests on the Patient Data Act, chapter 7, section 4 [B2].
ACCEPTED_PURPOSE = "PDL-7:4"
MOST_PER_PAGE = 1000
# RFC 7518: the private members of EC and RSA keys, and of symmetric ones.
_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


_CODE = re.compile(r"[a-z0-9-]{1,60}")
BACKLOG_JOB = "registers.release_backlog"
# Where the key of a register lies sealed; the row is the register's id.
PSEUDONYM_KEY_PLACE = {"table": "register_pseudonym_keys", "column": "sealed"}


class OperatorRefused(BadInput):
    """An operator's command cannot be carried out. Shown on the command line alone, so in English."""


class RegisterState(StrEnum):
    """Where a register stands: draft, then active and suspended in turn, then retired for good."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


_STEPS = frozenset(
    {
        (RegisterState.DRAFT, RegisterState.ACTIVE),
        (RegisterState.ACTIVE, RegisterState.SUSPENDED),
        (RegisterState.SUSPENDED, RegisterState.ACTIVE),
        (RegisterState.DRAFT, RegisterState.RETIRED),
        (RegisterState.ACTIVE, RegisterState.RETIRED),
        (RegisterState.SUSPENDED, RegisterState.RETIRED),
    }
)


def refuse_step(here: RegisterState, to: RegisterState) -> None:
    """Raises ``BadInput`` unless a register goes from the one state to the other."""
    if (here, to) not in _STEPS:
        raise OperatorRefused(f"A register that is {here} does not become {to}.")


def refuse_register_code(code: str) -> None:
    """Raises ``BadInput`` unless it is one: it is in commands, files and tokens."""
    if not _CODE.fullmatch(code):
        raise OperatorRefused("The code of a register is lower-case letters, digits and dashes.")


class Identifier(StrEnum):
    """What a register is told of whose a result is [B3]."""

    PSEUDONYM = "pseudonym"
    """Random, and different for each register."""
    KEYED_PSEUDONYM = "keyed_pseudonym"
    """One that the register can compute from the personal number with its own key."""
    PERSONAL_NUMBER = "personal_number"
    """The number itself, sealed until it is pulled; the agreement records the reason."""


class Side(StrEnum):
    """Who has to say yes."""

    PROVIDER = "provider"
    REGISTER = "register"


class AgreementState(StrEnum):
    """Where an agreement stands at a moment, its register aside."""

    PROPOSED = "proposed"
    """One side, or both, has not said yes."""
    COMING = "coming"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    """The next version has begun: this one gives nothing more, also when the next has ended."""
    ENDED = "ended"


class Withheld(StrEnum):
    """Why a received response is not released under an agreement."""

    SOCIAL_SERVICE = "social_service"
    VOIDED = "voided"
    BEFORE_LOOK_BACK = "before_look_back"
    NOTICE_AFTER_ANSWERS = "notice_after_answers"
    NOTHING_AGREED = "nothing_agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a provider has agreed to give a register. ``item_answers`` names instruments; ``look_back`` is a day."""

    id: UUID
    register_id: UUID
    version: int
    variables: frozenset[str]
    item_answers: frozenset[str]
    identifier: Identifier
    look_back: date
    review_hold: timedelta

    def needs_opening(self, instrument: str) -> bool:
        """Whether something that is sealed here has to be opened for it."""
        return self.identifier is not Identifier.PSEUDONYM or instrument in self.item_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What decides whether a received response may be released."""

    legal_regime: str
    completed_at: datetime
    received_at: datetime
    notice_given_at: datetime
    voided: bool
    variables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Held:
    """Not yet: the provider may still correct it."""

    until: datetime


def judge(received: Received, agreement: Agreement, now: datetime) -> Withheld | Held | None:
    """Why the response is not released under an agreement in force; None where it is. The database judges the same."""
    if received.legal_regime != "health_care":
        return Withheld.SOCIAL_SERVICE
    if received.voided:
        return Withheld.VOIDED
    if local_day(received.completed_at) < agreement.look_back:
        return Withheld.BEFORE_LOOK_BACK
    if received.notice_given_at > received.completed_at:
        return Withheld.NOTICE_AFTER_ANSWERS
    if not received.variables & agreement.variables:
        return Withheld.NOTHING_AGREED
    until = received.received_at + agreement.review_hold
    return Held(until) if now < until else None


def keyed_pseudonym(key: bytes, number: str) -> str:
    """HMAC-SHA256 of the twelve digits of the personal number, in lower-case hexadecimal: the register does the same.

    >>> keyed_pseudonym(bytes(32), "191212121212")[:16]
    '4e5004100217a8bc'
    """
    return hmac.digest(key, number.encode("ascii"), hashlib.sha256).hex()


def agreement_state(
    *, approved: Collection[Side], valid_from: datetime, valid_until: datetime | None, now: datetime
) -> AgreementState:
    """Where an agreement stands now. One that has ended has, whether it was ever approved or not."""
    if valid_until is not None and now >= valid_until:
        return AgreementState.ENDED
    if set(approved) != set(Side):
        return AgreementState.PROPOSED
    return AgreementState.COMING if now < valid_from else AgreementState.IN_FORCE


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


def refuse_private_keys(jwks: Mapping[str, Any]) -> Mapping[str, Any]:
    """The key set, if it is one of public signing keys. Raises ``BadInput``: a private key has no business here."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, Mapping) for key in keys):
        raise OperatorRefused("The key file is no JSON Web Key Set with at least one key.")
    for key in keys:
        if set(key) & _PRIVATE_PARTS or key.get("kty") not in {"EC", "RSA"}:
            raise OperatorRefused(
                "The key file holds more than public EC or RSA keys: the private part stays with the register."
            )
    return jwks


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
