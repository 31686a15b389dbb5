"""Sending in a test: ways out that can be counted, a directory that says what the test says, and what is kept of it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from threading import get_ident
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event

from notifications.channels import Gateway
from notifications.channels.memory import MemoryChannel
from notifications.message import Format
from survey_service.foundation.person_directory import PersonFacts
from survey_service.foundation.services import Services
from survey_service.languages.interface_texts import shipped_texts
from survey_service.notifying.sending import send_due
from tests.conftest import TestDatabase


@dataclass
class Directory:
    """Says of everybody what it was told to."""

    facts: dict[str, PersonFacts] = field(default_factory=dict)

    def look_up(self, numbers: Collection[str]) -> Mapping[str, PersonFacts]:
        return {number: self.facts[number] for number in numbers if number in self.facts}

    def children_of(self, number: str) -> Collection[PersonFacts]:
        return [one for one in self.facts.values() if number in {each.number for each in one.guardians}]


def with_ways(services: Services, **formats: Format) -> tuple[Services, dict[str, MemoryChannel]]:
    """The services with these ways out instead of theirs, in this order."""
    channels = {kind: MemoryChannel(format_) for kind, format_ in formats.items()}
    gateways = tuple(Gateway(f"{kind}-gate", kind, channel, per_second=1000) for kind, channel in channels.items())
    return replace(services, gateways=gateways), channels


def send(services: Services) -> None:
    """Send what is due, as a worker would."""
    send_due(services, shipped_texts)


def sent(channels: Mapping[str, MemoryChannel]) -> dict[str, int]:
    """How many messages each way has taken."""
    return {kind: len(channel.sent) for kind, channel in channels.items() if channel.sent}


def kept(database: TestDatabase, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connect("survey_owner") as connection:
        return connection.execute(query.encode(), parameters).fetchall()


def notice(database: TestDatabase, occasion_id: UUID) -> tuple[Any, ...]:
    """When it is looked at next, and the reason that the unit reads."""
    (found,) = kept(database, "SELECT next_at, unreached FROM notices WHERE occasion_id = %s", occasion_id)
    return found


class Killed(BaseException):
    """The worker is no more."""


@contextmanager
def killed_before_statement(number: int) -> Iterator[Callable[[], bool]]:
    """The nth statement of this thread is never sent; tells whether it came to that."""
    here, statements, reached = get_ident(), count(1), []

    def listen(*_: object) -> None:
        if get_ident() == here and next(statements) == number:
            reached.append(number)
            raise Killed

    event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield lambda: bool(reached)
    finally:
        event.remove(sa.Engine, "before_cursor_execute", listen)
