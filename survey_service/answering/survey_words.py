"""One survey in the patient's words: what it is, who asks and reads, how long it takes, and in which languages.

For the inbox and the page before the first question, in a transaction that they have opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from instruments import Instrument
from survey_service.access.queries import all_providers, all_units
from survey_service.answering.queries import Session, instruments_at_hand
from survey_service.answering.sensitive import may_hurt
from survey_service.answering.use_cases import (
    NOT_FOR_OTHERS,
    NOT_HERE,
    begun_by_other,
    mode_of,
    respondent_of,
    suits,
)
from survey_service.answering.waiting_words import closes, language_note
from survey_service.foundation.principals import Patient
from survey_service.foundation.services import Services
from survey_service.http.locale import current_locale, gettext, ngettext
from survey_service.languages.queries import offered_together, titles
from survey_service.languages.rules import NOT_AVAILABLE, choose_language
from survey_service.scheduling.queries import Occasion, Task
from survey_service.scheduling.rules import ReceiptPlan, ReceiptPolicy, in_language

Context = dict[str, Any]


def survey(
    connection: Connection,
    services: Services,
    one: Occasion,
    tasks: Sequence[Task],
    begun: Mapping[UUID, Session],
    *,
    as_: Patient,
    wanted: str | None = None,
) -> Context:
    """``tasks`` are what is left of it, and ``begun`` its own sessions; ``wanted``: the language asked for, if any."""
    here = instruments_at_hand(services, tasks, begun)
    instruments = here or []
    locale = current_locale()
    asked = _asked(connection, services, one, tasks, begun, instruments, as_, wanted or locale) if here else None
    return {
        "id": one.id,
        "title": in_language(one.titles, locale),
        "why": in_language(one.reasons, locale),
        "unit_name": all_units(connection)[one.unit_id].name,
        "provider_name": all_providers(connection)[one.provider_id].name,
        "questions": _sum_ranges([instrument.estimated_questions for instrument in instruments]),
        "minutes": sum(instrument.estimated_minutes for instrument in instruments),
        "closes_at": one.last_moment,
        "closes": closes(one.last_moment, services.clock()),
        "may_hurt": any(may_hurt(instrument) for instrument in instruments),
        "is_read": one.receipt.read_within_hours is not None,
        "reading": reading(one.receipt, all_units(connection)[one.unit_id].name),
        "confirming": _confirming(one.receipt),
        "parts": [
            {"title": title, "questions": instrument.estimated_questions, "minutes": instrument.estimated_minutes}
            for instrument, title in zip(instruments, asked.titles if asked else [], strict=bool(asked))
        ],
        "unavailable": _unavailable(tasks, begun, as_, is_here=bool(here), is_offered=bool(asked)),
        "offered_locale": asked.locale if asked else None,
        "languages": asked.languages if asked else [],
        "language_note": language_note(asked.locale, among=asked.languages) if asked else None,
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """In which language the parts are asked, what they are called in it, and in which others they can be."""

    locale: str
    titles: Sequence[str]
    languages: Sequence[str]


def _asked(
    connection: Connection,
    services: Services,
    one: Occasion,
    tasks: Sequence[Task],
    begun: Mapping[UUID, Session],
    instruments: Sequence[Instrument],
    as_: Patient,
    wanted: str,
) -> _Asked | None:
    """None when the parts may not be asked [D1, E2].

    What has begun goes on in the wording it began with, whatever has become of its licence.
    """
    if all(task.id in begun for task in tasks):
        shown = [begun[task.id].wording_id for task in tasks]
        found = titles(connection, shown)
        locale = begun[tasks[0].id].locale
        return _Asked(locale, [found[wording_id] for wording_id in shown], [locale])
    use = one.use(services.clock(), mode_of(as_))
    offered = offered_together(connection, services, instruments, use, respondent=respondent_of(as_))
    if not offered or not suits(connection, services, instruments, one, as_):
        return None
    locale = next(iter(begun.values())).locale if begun else choose_language(offered, wanted)
    worded = offered.get(locale) or offered[choose_language(offered, wanted)]
    return _Asked(locale, [each.wording.texts["title"] for each in worded], [locale] if begun else sorted(offered))


def _unavailable(
    tasks: Sequence[Task], begun: Mapping[UUID, Session], as_: Patient, *, is_here: bool, is_offered: bool
) -> str | None:
    """Why it cannot be answered, in one sentence; None when it can."""
    if any(begun[task.id].respondent != respondent_of(as_) for task in tasks if task.id in begun):
        return gettext(begun_by_other(as_))
    if is_offered:
        return None
    if not is_here:
        return gettext(NOT_HERE)
    return gettext(NOT_AVAILABLE if as_.actor_id is None else NOT_FOR_OTHERS)


def _sum_ranges(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def reading(plan: ReceiptPlan, unit_name: str) -> str:
    """What the patient is told about who reads the answers, and when."""
    hours = plan.read_within_hours
    if hours is None:
        return gettext(
            "Nobody at %(unit)s reads these answers one by one. They are kept, and used to make care better. Contact"
            " %(unit)s yourself if you need help or an answer.",
            unit=unit_name,
        )
    if hours < 48:
        return ngettext(
            "Somebody at %(unit)s reads your answers within %(num)s hour.",
            "Somebody at %(unit)s reads your answers within %(num)s hours.",
            hours,
            unit=unit_name,
        )
    return ngettext(
        "Somebody at %(unit)s reads your answers within %(num)s day.",
        "Somebody at %(unit)s reads your answers within %(num)s days.",
        ceil(hours / 24),
        unit=unit_name,
    )


def _confirming(plan: ReceiptPlan) -> str:
    """What the patient is told about how the answers are received."""
    match plan.policy:
        case ReceiptPolicy.PERSON:
            return gettext("The unit confirms that it has received them. You see when.")
        case ReceiptPolicy.RECORD_SYSTEM:
            return gettext("The unit's record system confirms that it has received them. You see when.")
        case ReceiptPolicy.ARCHIVE:
            return gettext("The unit's archive takes them in at once. You see when.")
