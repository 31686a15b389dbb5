"""By which channels a patient can be written to just now, and at what addresses. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from notifications.ladder import Reach, Unreached
from notifications.message import Format, PostalAddress
from notifications.timing import Hours
from survey_service.foundation.person_directory import PersonFacts
from survey_service.people.rules import Identity

Address = str | PostalAddress


@dataclass(frozen=True, slots=True)
class Choices:
    """What the patient chose for every provider. ``channels`` in the order of preference; empty is none at all."""

    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    channels: tuple[str, ...]
    hours: Hours | None = None
    every_day: bool | None = None
    locale: str | None = None


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


def reach_of(one: Addressee, formats: Mapping[str, Format]) -> tuple[Reach, Mapping[str, Address]]:
    """The channels for the ladder, in order, with the address of each. ``formats``: by channel, of those configured."""
    addresses: dict[str, Address] = {}
    for channel, format_ in formats.items():
        if format_ is Format.EMAIL and one.identity.email:
            addresses[channel] = one.identity.email
    return Reach(tuple(addresses), Unreached.NO_ADDRESS), addresses
