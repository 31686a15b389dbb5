"""Which texts of a subject are shown in a list, as addresses carry it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from survey_service.languages.rules import State

UNTRANSLATED = "untranslated"
STALE = "stale"


@dataclass(frozen=True, slots=True)
class Filters:
    """``show`` is a state, "untranslated", "stale", or empty for all; ``after`` the last text of the page before."""

    show: str = ""
    search: str = ""
    after: UUID | None = None

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "Filters":
        """From an address. What no page of ours writes counts for nothing."""
        show = arguments.get("show", "")
        return cls(
            show=show if show in {*State, UNTRANSLATED, STALE} else "",
            search=arguments.get("search", "").strip(),
            after=_uuid(arguments.get("after", "")),
        )

    @property
    def query(self) -> dict[str, Any]:
        """For addresses; the place in the list is left out."""
        return {name: value for name, value in (("show", self.show), ("search", self.search)) if value}

    def arguments(self) -> dict[str, Any]:
        """For the query of texts."""
        return {
            "state": State(self.show) if self.show in set(State) else None,
            "untranslated": self.show == UNTRANSLATED,
            "stale": self.show == STALE,
            "search": self.search or None,
        }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
