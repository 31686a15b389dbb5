"""What a result says to a register: plain facts and agreed scores, and apart from them what stays sealed. Pure.

Field by field in ``docs/registers.md``. Not for how a feed writes it down (``formats``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from instruments import Answered, AnswerValue, Score
from survey_service.answering.queries import Response
from survey_service.foundation.clock import local_day
from survey_service.foundation.crypto import PersonCipher
from survey_service.registers.rules import Agreement, agreed_scores, describe_score
from survey_service.scheduling.queries import Occasion


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A received response as a register may be told of it. ``reference`` is what that register calls it.

    ``subject`` is None where the agreement gives the personal number, which is sealed. ``flags`` name what the unit was
    told is implausible [B12].
    """

    response: Response
    occasion: Occasion
    scores: Sequence[Score]
    provider_hsa_id: str
    unit_hsa_id: str
    reference: UUID
    version: int
    subject: str | None
    flags: Sequence[str] = ()


def payload(result: Result, agreement: Agreement) -> dict[str, Any]:
    """What is told in the open: nothing that the agreement does not name, and nothing that names anybody."""
    found, session, asked_at = result.response, result.response.session, result.occasion
    return {
        "response": str(result.reference),
        "version": result.version,
        "subject": result.subject,
        "provider": result.provider_hsa_id,
        "unit": result.unit_hsa_id,
        "instrument": session.instrument,
        "instrument_version": session.instrument_version,
        "instrument_hash": session.instrument_hash,
        "form": session.form or None,
        "wording": str(session.wording_id),
        "language": session.locale,
        "mode": session.mode,
        "respondent": session.respondent,
        "occasion": asked_at.code,
        "occasion_due_on": local_day(asked_at.due_at).isoformat(),
        "within_window": asked_at.covers(found.completed_at),
        "event": {
            "kind": asked_at.anchor_kind,
            "date": asked_at.anchor_date.isoformat(),
            "procedure": asked_at.procedure_id,
            "side": asked_at.side,
        },
        "completed_at": found.completed_at.isoformat(),
        "flags": list(result.flags),
        "scores": [dict(describe_score(score)) for score in agreed_scores(result.scores, agreement)],
        "agreement": {"id": str(agreement.id), "version": agreement.version},
    }


def sealed_content(*, number: str | None, answers: Sequence[Answered] | None) -> Mapping[str, Any] | None:
    """What is told only when it is pulled: a personal number, item answers, or both; None where neither is agreed."""
    content: dict[str, Any] = {}
    if number is not None:
        content["subject"] = number
    if answers is not None:
        content["answers"] = [
            {"item": one.item_id, "kind": one.kind.value, "value": _plain(one.value)} for one in answers
        ]
    return content or None


def seal_content(cipher: PersonCipher, release_id: UUID, content: Mapping[str, Any]) -> bytes:
    """Under the person's key, bound to its release: erasing the person makes it unreadable."""
    written = json.dumps(content, ensure_ascii=False)
    return cipher.seal(written, table="releases", column="sealed", row=str(release_id))


def open_content(cipher: PersonCipher, release_id: UUID, sealed: bytes) -> Mapping[str, Any]:
    """What ``seal_content`` sealed. Raises ``Unreadable`` for what comes from another release."""
    opened: Mapping[str, Any] = json.loads(cipher.open(sealed, table="releases", column="sealed", row=str(release_id)))
    return opened


def _plain(value: AnswerValue | None) -> Any:
    """An answer's value as JSON has it: numbers and texts as they are, several options as a list, a date as ISO."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case tuple():
            return list(value)
        case date():
            return value.isoformat()
        case _:
            return value
