"""The figures that EQ-5D is held against, read from ``data/``.

``tables.csv``: every state of eleven tables, in ascending order of the states. Two independent implementations agree
on them, but for 11111 of Sweden 3L (settled by the paper) and the Swedish crosswalk (derived). ``examples.csv``: single
figures of other sets, each with its source. ``change_pairs.csv``: 300 pairs of profiles with their Paretian class,
level sum and level frequency scores. ``content_hashes.csv``: what every shipped set holds; a set that is published
never changes.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.eq5d import Kind, Profile, Version

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).resolve().parents[5] / "shared" / "reference" / "eq5d"


@dataclass(frozen=True)
class Figure:
    version: Version
    kind: Kind
    name: str
    state: str
    value: str

    def __str__(self) -> str:
        return f"{self.version} {self.kind} {self.name} {self.state}"

    @property
    def levels(self) -> tuple[int, ...]:
        levels = Profile.parse(self.state, self.version).complete
        assert levels is not None
        return levels

    @property
    def half_a_unit(self) -> float:
        """Of the last decimal in print, and a little for binary fractions."""
        return 0.5 * 10.0 ** -len(self.value.partition(".")[2]) + 1e-9


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _figure(row: dict[str, Any], state: str, value: str) -> Figure:
    return Figure(Version(row["version"]), Kind(row["type"]), row["set"], state, value)


def tables() -> dict[tuple[str, str, str], list[Figure]]:
    found = {}
    for row in rows(DATA / "tables.csv"):
        states = ["".join(map(str, levels)) for levels in Version(row["version"]).states]
        values = row["values"].split()
        found[row["version"], row["type"], row["set"]] = [
            _figure(row, state, value) for state, value in zip(states, values, strict=True)
        ]
    return found


def examples() -> list[Figure]:
    found = []
    for row in rows(DATA / "examples.csv"):
        for example in row["examples"].split():
            state, _, value = example.partition("=")
            found.append(_figure(row, state, value))
    return found
