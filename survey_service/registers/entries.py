"""What a register's feed tells, as values: a result, its correction, a withdrawal, an order to erase. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID


class EntryKind(StrEnum):
    """What an entry asks of the register."""

    RESULT = "result"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of the feed.

    A result or a correction has a ``payload``, and a correction the release that it ``replaces``; a withdrawal has the
    release to forget; an erasure has its ``order`` and the ``releases`` to erase. A result without a payload is gone
    since, or was answered before what was asked for: it is told in no format.
    """

    kind: EntryKind
    release_id: UUID | None
    payload: Mapping[str, Any] | None = None
    replaces: UUID | None = None
    order: UUID | None = None
    releases: tuple[UUID, ...] = ()

    @property
    def is_told(self) -> bool:
        return self.payload is not None or self.kind not in {EntryKind.RESULT, EntryKind.CORRECTED}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a pull ends: where to go on, whether the feed goes on, and how far back it looked.

    ``completed_from`` is what the register asked for; ``released_from`` the earliest day of answering that any of its
    agreements in force lets through, None where it has none.
    """

    pull_id: UUID
    next_cursor: str
    truncated: bool
    completed_from: date | None
    released_from: date | None
