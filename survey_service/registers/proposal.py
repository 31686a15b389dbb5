"""A proposal for an agreement: as an operator writes it in a file, and what it may say. Pure.

The file is TOML; its fields are in ``docs/registers.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from instruments import Instrument, Library, QuestionKind, UnknownInstrument
from survey_service.foundation.clock import at_local_time
from survey_service.registers.rules import Identifier, OperatorRefused

_FIELDS = frozenset(
    {
        "register", "provider", "variables", "instruments", "item_answers", "identifier", "identifier_reason",
        "look_back", "review_hold_hours", "valid_from", "valid_until",
    }
)  # fmt: skip
# A year: what is held for longer is not under review.
MOST_HOLD_HOURS = 8760


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a provider would give a register. ``valid_until`` is the first moment after it; None has no end.

    ``look_back`` None is the day on which it begins. ``variables`` are spelt out: whole instruments have become theirs.
    """

    register: str
    provider: str
    variables: tuple[str, ...]
    item_answers: tuple[str, ...]
    identifier: Identifier
    identifier_reason: str | None
    look_back: date | None
    review_hold_hours: int
    valid_from: datetime
    valid_until: datetime | None


def read_proposal(data: Mapping[str, Any], library: Library) -> Proposal:
    """The proposal that a file holds. Raises ``OperatorRefused`` with one sentence for the first wrong."""
    if unknown := sorted(set(data) - _FIELDS):
        raise OperatorRefused(f"The agreement has no field {unknown[0]}.")
    valid_until = _day(data, "valid_until")
    valid_from = _day(data, "valid_from")
    if valid_from is None:
        raise OperatorRefused("The agreement lacks valid_from, the day on which it begins.")
    whole = [_instrument(library, one) for one in _texts(data, "instruments")]
    named = [*_texts(data, "variables"), *(variable.name for one in whole for variable in one.variables)]
    return Proposal(
        register=_text(data, "register"),
        provider=_text(data, "provider"),
        variables=tuple(sorted(set(named))),
        item_answers=tuple(sorted(set(_texts(data, "item_answers")))),
        identifier=_identifier(data),
        identifier_reason=_text(data, "identifier_reason") if "identifier_reason" in data else None,
        look_back=_day(data, "look_back"),
        review_hold_hours=_hours(data),
        valid_from=at_local_time(valid_from, time(0, 0)),
        valid_until=None if valid_until is None else at_local_time(valid_until + timedelta(days=1), time(0, 0)),
    )


def refuse_unsound(proposal: Proposal, library: Library) -> None:
    """Raises ``OperatorRefused`` with one sentence for what no agreement may say."""
    catalogue = {
        variable.name: instrument
        for instrument in map(library.latest, library.ids())
        for variable in instrument.variables
        if variable.definition.strip()
    }
    if not proposal.variables:
        raise OperatorRefused("The agreement names no variable.")
    if unknown := sorted(set(proposal.variables) - set(catalogue)):
        raise OperatorRefused(f"No instrument defines the variable {unknown[0]}.")
    agreed = {catalogue[name].id for name in proposal.variables}
    for one in proposal.item_answers:
        _refuse_item_answers(_instrument(library, one), agreed)
    if proposal.identifier is Identifier.PERSONAL_NUMBER and not (proposal.identifier_reason or "").strip():
        raise OperatorRefused("The personal number is given only for a recorded reason: write identifier_reason.")
    if proposal.valid_until is not None and proposal.valid_until <= proposal.valid_from:
        raise OperatorRefused("The agreement ends before it begins.")
    if not 0 <= proposal.review_hold_hours <= MOST_HOLD_HOURS:
        raise OperatorRefused(f"The review hold is 0 to {MOST_HOLD_HOURS} hours.")


def _refuse_item_answers(instrument: Instrument, agreed: set[str]) -> None:
    if instrument.id not in agreed:
        raise OperatorRefused(
            f"Item answers of {instrument.id} go with a variable of it, and the agreement names none."
        )
    for item in instrument.items.values():
        if item.kind is QuestionKind.FREE_TEXT:
            raise OperatorRefused(
                f"{instrument.id} may not give item answers: {item.id} is in the patient's own words, which can name"
                " anybody."
            )


def _instrument(library: Library, id_: str) -> Instrument:
    try:
        return library.latest(id_)
    except UnknownInstrument:
        raise OperatorRefused(f"There is no instrument {id_}.") from None


def _identifier(data: Mapping[str, Any]) -> Identifier:
    try:
        return Identifier(data.get("identifier", Identifier.PSEUDONYM))
    except ValueError:
        raise OperatorRefused(f"The identifier is one of {', '.join(Identifier)}.") from None


def _hours(data: Mapping[str, Any]) -> int:
    hours = data.get("review_hold_hours", 0)
    if not isinstance(hours, int) or isinstance(hours, bool):
        raise OperatorRefused("review_hold_hours is a number of whole hours.")
    return hours


def _day(data: Mapping[str, Any], name: str) -> date | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise OperatorRefused(f"{name} is a day, written as 2026-12-01 without quotation marks.")
    return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise OperatorRefused(f"The agreement lacks {name}, or it is no text.")
    return value.strip()


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise OperatorRefused(f"{name} is a list of texts.")
    return tuple(value)
