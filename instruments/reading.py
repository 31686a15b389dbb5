"""Strict reading of TOML tables: every error names the file, the line and the field; nothing unknown is passed over.

For the files of instruments. It knows types and bounds, not what the fields mean.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from instruments.errors import DefinitionError

# The largest definition shipped is 40 kB; a file of a million items is somebody's mistake.
LARGEST_FILE = 1_000_000
# Beyond these a number is a slip, and exact arithmetic on it would never end. A float in full has 340 decimals at most.
LARGEST_NUMBER = Decimal(10) ** 12
MOST_DECIMALS = 400

_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"""\s*([A-Za-z0-9_."'-]+?)\s*=""")

Choice = TypeVar("Choice", bound=StrEnum)


class Table:
    """A TOML table that is read field by field; `finish` refuses what nobody asked for."""

    def __init__(self, file: str, path: str, fields: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self.file = file
        self._path = path
        self._left = dict(fields)
        self._lines = lines

    @classmethod
    def read(cls, path: Path, *, file: str) -> Self:
        """The whole file as one table; ``file`` is its name in errors. Fractions are read as Decimal."""
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise DefinitionError(file, "", f"is larger than {LARGEST_FILE} bytes")
            text = path.read_text(encoding="utf-8-sig")
            return cls(file, "", tomllib.loads(text, parse_float=Decimal), lines_of_fields(text))
        except FileNotFoundError:
            raise DefinitionError(file, "", "the file is missing") from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise DefinitionError(file, "", "is not UTF-8", line=line) from error
        except OSError as error:
            raise DefinitionError(file, "", f"cannot be read: {error.strerror}") from error
        except (ValueError, ArithmeticError, RecursionError) as error:  # numbers too long are no TOMLDecodeError
            place = _PLACE.search(str(error))
            problem = f"not a readable TOML file: {error}"
            raise DefinitionError(file, "", problem, line=int(place[1]) if place else None) from error

    def error(self, field: str, problem: str) -> DefinitionError:
        name = self._name(field)
        return DefinitionError(self.file, name, problem, line=line_of(name, self._lines))

    def has(self, field: str) -> bool:
        return field in self._left

    def text(self, field: str) -> str:
        value = self._take(field, str)
        if not value.strip():
            raise self.error(field, "is empty")
        if "\0" in value:
            raise self.error(field, "holds a character that cannot be stored")
        return str(value)

    def optional_text(self, field: str) -> str:
        """Empty when the field is not there; a field that is there may not be empty."""
        return self.text(field) if self.has(field) else ""

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of distinct texts, in order; at least one."""
        values = self._take(field, list)
        if not values or not all(isinstance(value, str) and value.strip() for value in values):
            raise self.error(field, "must be a list of texts")
        if len(set(values)) != len(values):
            raise self.error(field, "a text occurs twice")
        return tuple(values)

    def whole(self, field: str, *, minimum: int, maximum: int) -> int:
        value = self._take(field, int)
        if isinstance(value, bool) or not minimum <= value <= maximum:
            raise self.error(field, f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    def decimal(self, field: str) -> Decimal:
        return self._decimal(field, self._take(field, (int, Decimal)))

    def decimals(self, field: str) -> tuple[Decimal, ...]:
        return tuple(self._decimal(field, value) for value in self._take(field, list))

    def day(self, field: str) -> date:
        value = self._take(field, date)
        if isinstance(value, datetime):
            raise self.error(field, "must be a date without a time")
        return date(value.year, value.month, value.day)

    def flag(self, field: str) -> bool:
        return bool(self._take(field, bool))

    def choice(self, field: str, kind: type[Choice]) -> Choice:
        value = self.text(field)
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(kind)
            raise self.error(field, f"{value!r} is not one of {allowed}") from None

    def codes(self, field: str) -> tuple[int, ...]:
        """A list of distinct whole numbers, in order; at least one."""
        values = self._take(field, list)
        if not values or not all(type(value) is int for value in values):
            raise self.error(field, "must be a list of whole numbers")
        if len(set(values)) != len(values):
            raise self.error(field, "a code occurs twice")
        return tuple(values)

    def value(self, field: str) -> int | Decimal | date | bool:
        """Whatever an answer can be compared with."""
        value = self._take(field, object)
        if isinstance(value, datetime) or not isinstance(value, int | Decimal | date):
            raise self.error(field, "must be a number, a date without a time, true or false")
        return value if isinstance(value, bool | date) else self._number(field, value)

    def table(self, field: str) -> "Table":
        return Table(self.file, self._name(field), self._take(field, dict), self._lines)

    def tables(self, field: str) -> Iterator["Table"]:
        for number, fields in enumerate(self._take(field, list), start=1):
            if not isinstance(fields, dict):
                raise self.error(f"{field}[{number}]", "must be a table")
            yield Table(self.file, self._name(f"{field}[{number}]"), fields, self._lines)

    def names(self) -> tuple[str, ...]:
        """The fields not yet read."""
        return tuple(self._left)

    def finish(self) -> None:
        if self._left:
            raise self.error(min(self._left), "unknown field")

    def _take(self, field: str, kind: type | tuple[type, ...]) -> Any:
        if field not in self._left:
            raise self.error(field, "is missing")
        value = self._left.pop(field)
        if not isinstance(value, kind):
            wanted = kind if isinstance(kind, type) else kind[-1]
            raise self.error(field, f"must be of type {wanted.__name__}")
        return value

    def _decimal(self, field: str, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(field, "must be a number")
        return Decimal(self._number(field, value))

    def _number(self, field: str, value: int | Decimal) -> int | Decimal:
        if not is_usable(Decimal(value)):
            raise self.error(field, f"must be within ±{LARGEST_NUMBER}, with at most {MOST_DECIMALS} decimals")
        return value

    def _name(self, field: str) -> str:
        return ".".join(part for part in (self._path, field) if part)


def is_usable(number: Decimal) -> bool:
    """Whether exact arithmetic on the number stays small."""
    # copy_abs, since abs rounds to the context and overflows in it.
    if not number.is_finite() or number.copy_abs() > LARGEST_NUMBER:
        return False
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # it is a letter for what is not finite
    return exponent >= -MOST_DECIMALS


def lines_of_fields(text: str) -> Mapping[str, int]:
    """Where each table and field of a TOML text begins, by names such as ``items[3].option_set``.

    tomllib tells no places. This follows headers and keys; what stands inside an inline table is found at its line.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    path, field, entries, inside_string = "", "", 0, False
    for number, line in enumerate(text.split("\n"), start=1):
        if inside_string:
            pass
        elif header := _HEADER.fullmatch(line):
            path = _open_table(header[2], counts, is_array=header[1] == "[[")
            lines.setdefault(path.removesuffix("[1]"), number)
            lines.setdefault(path, number)
        elif key := _KEY.match(line):
            field, entries = f"{path}.{_bare(key[1])}" if path else _bare(key[1]), 0
            lines.setdefault(field, number)
            if (rest := line[key.end() :].lstrip()).startswith("["):
                entries = _count_entries(rest, field, entries, lines, number)
        elif line.lstrip(" \t,").startswith("{"):
            entries = _count_entries(line, field, entries, lines, number)
        if (line.count('"""') + line.count("'''")) % 2:
            inside_string = not inside_string
    return lines


def line_of(name: str, lines: Mapping[str, int]) -> int | None:
    """The line of a field, else of the table around it, else none."""
    while name:
        if name in lines:
            return lines[name]
        # items[3].x → items[3] → items
        name = name.rpartition("[" if name.endswith("]") else ".")[0]
    return None


def _count_entries(text: str, field: str, entries: int, lines: dict[str, int], number: int) -> int:
    """How many inline tables a list holds by the end of this line; braces inside them or inside texts do not count."""
    depth = 0
    for mark in re.findall(r"""[{}#]|"(?:[^"\\]|\\.)*"|'[^']*'""", text):
        if mark == "#":
            break
        if mark == "{" and depth == 0:
            entries += 1
            lines.setdefault(f"{field}[{entries}]", number)
        depth += (mark == "{") - (mark == "}")
    return entries


def _open_table(header: str, counts: dict[str, int], *, is_array: bool) -> str:
    parts = [_bare(part.strip()) for part in header.split(".")]
    path = ""
    for place, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if is_array and place == len(parts) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def _bare(key: str) -> str:
    return key.replace('"', "").replace("'", "")
