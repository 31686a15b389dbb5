"""A simulated person directory: a file says who lives where, so that every case can be seen in a demonstration.

The file is read at each look-up: whoever edits it has moved, hidden or buried somebody. With ``"is_down": true`` in it
the directory gives no answer, as it gives none when the file cannot be read.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from notifications.message import PostalAddress
from survey_service.foundation.person_directory import DirectoryDown, Guardian, PersonFacts


@dataclass(frozen=True, slots=True)
class SimulatedDirectory:
    """The directory of a file that ``write_directory`` has written."""

    file: Path

    def look_up(self, numbers: Collection[str]) -> Mapping[str, PersonFacts]:
        told = self._told()
        with _sensible():
            return {number: _read(number, told[number]) for number in numbers if number in told}

    def children_of(self, number: str) -> Collection[PersonFacts]:
        told = self._told()
        with _sensible():
            guarded = [(child, one) for child, one in told.items() if "guardians" in one]
            return [
                _read(child, one) for child, one in guarded if any(by["number"] == number for by in one["guardians"])
            ]

    def _told(self) -> Mapping[str, Any]:
        with _sensible():
            data = json.loads(self.file.read_text(encoding="utf-8"))
            if data["is_down"]:
                raise DirectoryDown
            people: Mapping[str, Any] = data["people"]
            return people


@contextmanager
def _sensible() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError):
        raise DirectoryDown from None


def write_directory(file: Path, facts: Mapping[str, PersonFacts], *, is_down: bool = False) -> None:
    """The file, whole: by the number that is asked for. Nobody reads half of it."""
    people = {number: _written(one) for number, one in facts.items()}
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({"is_down": is_down, "people": people}, ensure_ascii=False, indent=1), "utf-8")
    beside.replace(file)


def _read(asked: str, data: Mapping[str, Any]) -> PersonFacts:
    return PersonFacts(
        number=data.get("number", asked),
        is_protected=data.get("is_protected", False),
        deceased_on=date.fromisoformat(data["deceased_on"]) if "deceased_on" in data else None,
        address=_address(data.get("address")),
        guardians=tuple(Guardian(one["number"], _address(one.get("address"))) for one in data.get("guardians", ())),
    )


def _address(data: Mapping[str, str] | None) -> PostalAddress | None:
    return None if data is None else PostalAddress(**data)


def _written(one: PersonFacts) -> dict[str, Any]:
    """What is not so is left out."""
    said = {
        "number": one.number,
        "is_protected": one.is_protected,
        "deceased_on": None if one.deceased_on is None else one.deceased_on.isoformat(),
        "address": _lines(one.address),
        "guardians": [{"number": each.number, "address": _lines(each.address)} for each in one.guardians],
    }
    return {name: value for name, value in said.items() if value}


def _lines(address: PostalAddress | None) -> dict[str, str] | None:
    if address is None:
        return None
    return {name: getattr(address, name) for name in ("name", "street", "postcode", "town", "care_of")}
