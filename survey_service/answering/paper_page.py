"""What the printed form and the pages of typing it in show, as plain values for the templates."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_babel import gettext

from instruments import Answered, Item, QuestionKind
from survey_service.access.queries import all_providers, all_units
from survey_service.answering.paper import PaperForm, Part, look_at_paper
from survey_service.answering.question_page import as_given, typed, worded
from survey_service.errors import mark
from survey_service.foundation.principals import Staff
from survey_service.foundation.services import Services
from survey_service.http.locale import gettext_in, text_direction
from survey_service.http.results import answer
from survey_service.people.queries import NAME_IS_ERASED, open_patients, sealed_patients
from survey_service.scheduling.rules import in_language

Context = dict[str, Any]
# In the patient's language, who reads no other.
_FILLED_IN = mark("The day on which I filled this in (year, month, day):")
Typed = Mapping[UUID, Mapping[str, Sequence[str]]]
"""What stands in the fields, by task and item."""


def form(services: Services, occasion_id: UUID, *, as_: Staff) -> Context:
    """The form to print. Raises as ``look_at_paper``."""
    found = look_at_paper(services, occasion_id, as_=as_)
    locale = found.parts[0].shown.wording.locale
    with services.db.transaction(as_=as_) as connection:
        unit, provider = all_units(connection)[as_.unit_id], all_providers(connection)[as_.provider_id]
    return _about(services, found, as_=as_) | {
        "unit_name": unit.name,
        "provider_name": provider.name,
        "why": in_language(found.occasion.reasons, locale),
        "closes_at": found.occasion.last_moment,
        "filled_in": gettext_in(locale, _FILLED_IN),
        "wording_language": locale,
        "wording_direction": text_direction(locale),
        "parts": [
            {"title": part.shown.wording.texts["title"], "questions": [_worded(part, item) for item in _items(part)]}
            for part in found.parts
        ],
    }


def entry(
    services: Services,
    found: PaperForm,
    *,
    stage: str,
    typed_in: Typed,
    sent: Sequence[tuple[str, str]],
    differ: Mapping[str, str],
    errors: Mapping[str, str],
    as_: Staff,
) -> Context:
    """The fields of every question on one page; ``sent`` goes along with the form, ``differ`` tells of two typings."""
    return _about(services, found, as_=as_) | {
        "stage": stage,
        "opens_at": found.occasion.opens_at,
        "closes_at": found.occasion.last_moment,
        "sent": sent,
        "differences": len(differ),
        "errors": errors,
        "parts": [
            {
                "title": part.shown.wording.texts["title"],
                "questions": [
                    _field(part, item, typed_in.get(part.task.id, {}).get(item.id, ()), differ, errors)
                    for item in _items(part)
                    if item.kind is not QuestionKind.STATEMENT
                ],
            }
            for part in found.parts
        ],
    }


def both_typings(part: Part, item: Item, first: Answered | None, second: Answered | None) -> str:
    """That an answer was not typed the same twice, and how it was typed."""
    texts = part.shown.wording.texts
    said = [answer(item, one, texts) if one else None for one in (first, second)]
    shown = [one or gettext("No answer") for one in said]
    return str(gettext("First: %(first)s. Second: %(second)s. Look at the paper.", first=shown[0], second=shown[1]))


def fields_of(part: Part, given: Mapping[str, Answered]) -> Mapping[str, Sequence[str]]:
    """Answers as the form would send them."""
    return {item_id: as_given(part.instrument.items[item_id], one) for item_id, one in given.items()}


def _about(services: Services, found: PaperForm, *, as_: Staff) -> Context:
    with services.db.transaction(as_=as_) as connection:
        sealed = sealed_patients(connection, [found.occasion.person_id])
    identity = open_patients(services.keys, sealed).get(found.occasion.person_id)
    number = f"{identity.number[:8]}-{identity.number[8:]}" if identity else NAME_IS_ERASED
    return {
        "occasion_id": found.occasion.id,
        "title": in_language(found.occasion.titles, found.parts[0].shown.wording.locale),
        "patient_name": identity.name if identity else NAME_IS_ERASED,
        "personal_number": number,
    }


def _items(part: Part) -> list[Item]:
    return list(part.instrument.items.values())


def _worded(part: Part, item: Item) -> Context:
    return worded(part.instrument, item, part.shown.wording, given=[], is_first=item is _items(part)[0])


def _field(
    part: Part, item: Item, texts: Sequence[str], differ: Mapping[str, str], errors: Mapping[str, str]
) -> Context:
    shown = typed(item, worded(part.instrument, item, part.shown.wording, given=list(texts), is_first=False))
    field = part.field(item)
    failed = errors.get(field) or differ.get(field)
    return shown | {"field": field, "failed": failed, "unasked": False, "optional": item.skippable}
