"""On whose behalf something is done. Every transaction is opened as one of these."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Gate:
    """Nobody yet: before a principal is known."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff under one commission: the rows of the provider, the rights of the unit."""

    staff_id: UUID
    provider_id: UUID
    unit_id: UUID


@dataclass(frozen=True, slots=True)
class Patient:
    """A person, for that person's own rows, whichever provider they are with.

    With ``occasion_id``, somebody at a tablet in a waiting room, or at home with the code of a letter: of that one
    occasion, and nothing else. With ``actor_id``, somebody else who answers for the person under a mandate, and who
    sees what came of it only where the mandate says so (``may_read``).
    """

    person_id: UUID
    occasion_id: UUID | None = None
    by_letter: bool = False
    actor_id: UUID | None = None
    may_read: bool = True

    @property
    def acts(self) -> UUID:
        """Who is at the keyboard."""
        return self.actor_id or self.person_id


@dataclass(frozen=True, slots=True)
class Translator:
    """Somebody who works on wording and sees no personal data."""

    translator_id: UUID


@dataclass(frozen=True, slots=True)
class Register:
    """A register's client: what has been released to it, and nothing else."""

    register_id: UUID


@dataclass(frozen=True, slots=True)
class RecordSystem:
    """A provider's own record system, come to fetch and to acknowledge: what was answered to that provider."""

    record_system_id: UUID
    provider_id: UUID


@dataclass(frozen=True, slots=True)
class System:
    """The service itself at work for one provider."""

    provider_id: UUID


# For work on no provider's rows: partitions, the list of providers.
NO_PROVIDER = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the service: providers, units, registers, agreements, wording. Nobody's answers."""


class AtUnit(Protocol):
    """Whoever orders at a unit of a provider: a member of staff there, or a record system in its name."""

    @property
    def provider_id(self) -> UUID: ...

    @property
    def unit_id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class SystemAtUnit:
    """A record system that orders for one of its provider's units."""

    system: RecordSystem
    unit_id: UUID

    @property
    def provider_id(self) -> UUID:
        return self.system.provider_id


Principal = Gate | Staff | Patient | Translator | Register | RecordSystem | System | Operator
