"""Versions, reasons and flags in words, for the unit and for the patient."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext

from survey_service.delivery.plausibility import Rule
from survey_service.delivery.queries import Reason, Version, VersionKind, read_explanation
from survey_service.foundation.crypto import PersonCipher


def reason_words(reason: Reason) -> str:
    words = {
        Reason.SLIP: gettext("The patient has told us of a slip"),
        Reason.WRONG_PATIENT: gettext("The answers are another patient's"),
        Reason.ANSWERED_BY_ANOTHER: gettext("Somebody else answered"),
        Reason.OTHER: gettext("Another reason"),
    }
    return str(words[reason])


def reasons() -> list[tuple[str, str]]:
    """Codes and words, as a form offers them."""
    return [(reason.value, reason_words(reason)) for reason in Reason]


def why_implausible(rule: str) -> str:
    """What a flag says, in one sentence. A rule of another time is told by its id."""
    sentences = {
        Rule.TOO_FAST: gettext("Answered faster than the questions can be read."),
        Rule.SAME_POSITION: gettext("The same place was chosen in every question."),
        Rule.EQ5D_CONTRADICTION: gettext("The number for health today contradicts the other answers."),
        Rule.OUT_OF_WINDOW: gettext("Answered outside the time that it was meant for."),
        Rule.AGE: gettext("The survey is for other ages than the patient's."),
    }
    return str(sentences.get(Rule(rule), rule)) if rule in set(Rule) else rule


def describe_versions(
    cipher: PersonCipher, versions: Sequence[Version], names: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """Every version after the patient's own, the newest first. Empty where there is only that."""
    return [
        {
            "number": version.number,
            "voided": version.kind is VersionKind.VOIDED,
            "at": version.at,
            "by": names.get(version.staff_id, "") if version.staff_id else "",
            "reason": reason_words(version.reason) if version.reason else "",
            "explanation": read_explanation(cipher, version),
        }
        for version in reversed(versions)
        if version.kind is not VersionKind.ANSWERED
    ]
