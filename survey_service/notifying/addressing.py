"""By which channels a patient can be written to just now, and at what addresses. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from notifications.ladder import Reach, Unreached
from notifications.message import Format, PostalAddress
from notifications.timing import Hours
from survey_service.foundation.person_directory import PersonFacts
from survey_service.people.rules import Identity, age_on

Address = str | PostalAddress

_OF_AGE = 18
_SWEDEN = "+46"
_SWEDISH_MOBILE = "+467"


@dataclass(frozen=True, slots=True)
class Choices:
    """What the patient chose for every provider. ``channels`` in the order of preference; empty is none at all."""

    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    channels: tuple[str, ...]
    hours: Hours | None = None
    every_day: bool | None = None
    locale: str | None = None
    most_invitations: int | None = None


@dataclass(frozen=True, slots=True)
class LastFacts:
    """What the person directory said the last time that it was asked."""

    is_protected: bool = field(repr=False)
    deceased_on: date | None = field(repr=False)
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Addressee:
    """What is known of one patient at the moment of sending. ``facts`` is None while the directory cannot be asked,
    or does not know the number."""

    person_id: UUID
    identity: Identity
    choices: Choices | None = None
    facts: PersonFacts | None = field(default=None, repr=False)
    last: LastFacts | None = None


def reach_of(one: Addressee, formats: Mapping[str, Format], *, today: date) -> tuple[Reach, Mapping[str, Address]]:
    """The channels for the ladder, in order, with the address of each. ``formats``: by channel, of those configured.

    Who has protected identity is written to only where the patient asked for it. A letter goes to an address that the
    directory has just told, and to a child's guardian.
    """
    channels = _wanted(one.choices, formats)
    if one.choices is not None and not one.choices.channels:
        return Reach((), Unreached.DECLINED), {}
    found = ((channel, _address(one, formats[channel], today)) for channel in channels)
    addresses = {channel: address for channel, address in found if address is not None}
    return Reach(tuple(addresses), _why_not(one, [formats[channel] for channel in channels])), addresses


def is_protected(one: Addressee) -> bool:
    """As the directory says, or else as it said last."""
    known = one.facts or one.last
    return known is not None and known.is_protected


def has_new_number(one: Addressee) -> bool:
    """Whether the care relation has a number that is no longer in force."""
    return one.facts is not None and one.facts.number != one.identity.number


def mobile_number(phone: str) -> str | None:
    """The number as gateways want it (E.164), taken as Swedish without a country code; None for a landline."""
    if phone.startswith("00"):
        phone = f"+{phone[2:]}"
    elif phone.startswith("0"):
        phone = f"+46{phone[1:]}"
    elif not phone.startswith("+"):
        phone = f"+{phone}"
    return None if phone.startswith(_SWEDEN) and not phone.startswith(_SWEDISH_MOBILE) else phone


def _wanted(choices: Choices | None, formats: Mapping[str, Format]) -> list[str]:
    """In the patient's order, or else as configured, with what costs paper last."""
    if choices is not None:
        return [one for one in choices.channels if one in formats]
    return sorted(formats, key=lambda one: formats[one] is Format.LETTER)


def _address(one: Addressee, format: Format, today: date) -> Address | None:
    match format:
        case Format.EMAIL:
            return _given(one, "email")
        case Format.SMS:
            phone = _given(one, "phone")
            return None if phone is None else mobile_number(phone)
        case Format.NOTE:
            number = one.identity.number if one.facts is None else one.facts.number
            return None if is_protected(one) else number
        case Format.LETTER:
            return None if one.facts is None or is_protected(one) else _home(one.facts, today)


def _given(one: Addressee, name: Literal["email", "phone"]) -> str | None:
    """What the patient chose; the unit's own note of it only where the identity is not protected."""
    chosen: str | None = None if one.choices is None else getattr(one.choices, name)
    if chosen is not None or is_protected(one):
        return chosen
    noted: str | None = getattr(one.identity, name)
    return noted


def _home(facts: PersonFacts, today: date) -> PostalAddress | None:
    if age_on(facts.number, today) >= _OF_AGE:
        return facts.address
    # Without guardians in the directory nobody knows who opens a child's letter.
    return next((one.address for one in facts.guardians if one.address is not None), None)


def _why_not(one: Addressee, formats: Collection[Format]) -> Unreached:
    if is_protected(one):
        return Unreached.PROTECTED
    if one.facts is None and Format.LETTER in formats:
        return Unreached.DIRECTORY
    return Unreached.NO_ADDRESS
