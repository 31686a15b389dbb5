"""Strict reading of TOML tables: every error names the file and the field, nothing unknown is passed over.

For the files of instruments. It knows types and bounds, not what the fields mean.
"""

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, TypeVar

from instruments.errors import DefinitionError

Choice = TypeVar("Choice", bound=StrEnum)


class Table:
    """A TOML table that is read field by field; `finish` refuses what nobody asked for."""

    def __init__(self, file: str, path: str, fields: Mapping[str, Any]) -> None:
        self.file = file
        self._path = path
        self._left = dict(fields)

    @classmethod
    def read(cls, path: Path, *, file: str) -> Self:
        """The whole file as one table; ``file`` is its name in errors. Fractions are read as Decimal."""
        try:
            return cls(file, "", tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))
        except FileNotFoundError:
            raise DefinitionError(file, "", "the file is missing") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DefinitionError(file, "", f"not a readable TOML file: {error}") from error

    def error(self, field: str, problem: str) -> DefinitionError:
        return DefinitionError(self.file, self._name(field), problem)

    def has(self, field: str) -> bool:
        return field in self._left

    def text(self, field: str) -> str:
        value = self._take(field, str)
        if not value.strip():
            raise self.error(field, "is empty")
        return str(value)

    def whole(self, field: str, *, minimum: int, maximum: int) -> int:
        value = self._take(field, int)
        if isinstance(value, bool) or not minimum <= value <= maximum:
            raise self.error(field, f"must be a whole number from {minimum} to {maximum}")
        return int(value)

    def decimal(self, field: str) -> Decimal:
        return self._decimal(field, self._take(field, (int, Decimal)))

    def decimals(self, field: str) -> tuple[Decimal, ...]:
        return tuple(self._decimal(field, value) for value in self._take(field, list))

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
        """A list of distinct whole numbers, in order."""
        values = self._take(field, list)
        if not values or not all(type(value) is int for value in values):
            raise self.error(field, "must be a list of whole numbers")
        if len(set(values)) != len(values):
            raise self.error(field, "a code occurs twice")
        return tuple(values)

    def table(self, field: str) -> "Table":
        return Table(self.file, self._name(field), self._take(field, dict))

    def tables(self, field: str) -> Iterator["Table"]:
        for number, fields in enumerate(self._take(field, list), start=1):
            if not isinstance(fields, dict):
                raise self.error(f"{field}[{number}]", "must be a table")
            yield Table(self.file, self._name(f"{field}[{number}]"), fields)

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
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
            raise self.error(field, "must be a finite number")
        return Decimal(value)

    def _name(self, field: str) -> str:
        return f"{self._path}.{field}" if self._path else field
