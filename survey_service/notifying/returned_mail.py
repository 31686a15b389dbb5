"""Letters that came back: a list of their keys, as typed, exported or scanned from the letters. Pure."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from uuid import UUID

LONGEST = 1_000_000
_NAMES = ("key", "dispatch", "id", "letter", "nyckel", "brev")
_KEY = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """One line of the list. ``key`` is None where it has none that could be ours."""

    number: int
    key: UUID | None


def read_returned(text: str) -> Iterator[ReturnedRow]:
    """Each line with something on it: the key in the column that is called so, or else in the first that has one."""
    delimiter = ";" if text.partition("\n")[0].count(";") else ","
    place: int | None = None
    for number, cells in enumerate(csv.reader(StringIO(text.removeprefix("\ufeff")), delimiter=delimiter), start=1):
        stripped = [one.strip() for one in cells]
        if not any(stripped):
            continue
        if number == 1 and not any(map(_KEY.search, stripped)):
            names = [one.casefold() for one in stripped]
            place = next((names.index(name) for name in _NAMES if name in names), None)
            if place is not None:
                continue
        looked_at = stripped if place is None else stripped[place : place + 1]
        found = next((match[0] for one in looked_at if (match := _KEY.search(one))), None)
        yield ReturnedRow(number, None if found is None else UUID(found))
