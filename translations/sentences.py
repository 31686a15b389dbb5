"""What is wrong with a file, as values: a sentence of the source language, what fills it in, and the place.

For telling it in English (`str`) here, and in the reader's language where a page shows it. Not for translating it:
`make texts` gathers what is in ``mark``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


def mark(sentence: str) -> str:
    """The sentence itself: marked for translation here, translated where it is shown."""
    return sentence


class PlaceKind(StrEnum):
    """What a place in a file is counted in, or which of a file's facts it is."""

    LINE = "line"
    ROW = "row"
    COLUMN = "column"
    UNIT = "unit"
    GROUP = "group"
    SUBJECT = "subject"
    SOURCE_LANGUAGE = "source language"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, as people count: ``line 17``, ``unit u3``. A fact of the whole file has no name."""

    kind: PlaceKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


# What is a name in the file itself (a header, an attribute, a cell) is the same in every language.
Where = Place | str
Value = str | int | Place
Values = Mapping[str, Value]


def filled(sentence: str, values: Values) -> str:
    """The sentence in the source language."""
    if not values:
        return sentence
    return sentence % {name: f"{one:,}" if isinstance(one, int) else str(one) for name, one in values.items()}
