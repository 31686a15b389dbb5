"""The port to whoever knows who lives where: the population register, or a region's person directory.

Asked at the moment of sending and of signing in, never inside a transaction. Nothing of it is kept but what
``person_facts`` and ``mandates`` hold.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from notifications.message import PostalAddress


class DirectoryDown(Exception):
    """The directory gave no sensible answer."""


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who has the custody of a child."""

    number: str = field(repr=False)
    address: PostalAddress | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the directory says of one person. ``number`` is the one in force: a samordningsnummer can have become a
    personnummer. Of who is protected no address is told."""

    number: str = field(repr=False)
    is_protected: bool = field(default=False, repr=False)
    deceased_on: date | None = field(default=None, repr=False)
    address: PostalAddress | None = field(default=None, repr=False)
    guardians: tuple[Guardian, ...] = field(default=(), repr=False)


class PersonDirectory(Protocol):
    """Looks up many at once."""

    def look_up(self, numbers: Collection[str]) -> Mapping[str, PersonFacts]:
        """By the number asked for; who is not known is not there. Raises ``DirectoryDown``."""
        ...

    def children_of(self, number: str) -> Collection[PersonFacts]:
        """Those whom the person has the custody of; nobody for who is not known. Raises ``DirectoryDown``."""
        ...


@dataclass(frozen=True, slots=True)
class NoDirectory:
    """Where none is connected: nothing is known, so that no letter goes out."""

    def look_up(self, numbers: Collection[str]) -> Mapping[str, PersonFacts]:
        raise DirectoryDown

    def children_of(self, number: str) -> Collection[PersonFacts]:
        raise DirectoryDown


NO_DIRECTORY = NoDirectory()
