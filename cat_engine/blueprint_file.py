"""Blueprints from files: constraints and item attributes in the format of the R package TestDesign.

For reading only. The constraints' columns are ``CONSTRAINT_ID,TYPE,WHAT,CONDITION,LB,UB,ONOFF``; a condition is
``NAME == value``, ``NAME != value``, ``NAME %in% c(...)``, ``is.na(NAME)`` or ``!is.na(NAME)``, or several joined by
``&``. Names are those of the attributes' columns, whatever their case; ``ID`` is the item.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from cat_engine.constraints import Blueprint, Bounds, Constraint, Enemies, ItemSet, Order

Attributes = Mapping[str, Mapping[str, str]]
"""By item id, then by the attribute's name in capitals; an empty text is a missing value."""

_COMPARISON = re.compile(r"(\w+)\s*(==|!=)\s*(.+)")
_MEMBERSHIP = re.compile(r"(\w+)\s*%in%\s*c\((.+)\)")
_MISSING = re.compile(r"(!?)\s*is\.na\((\w+)\)")


class BlueprintError(ValueError):
    """A file of constraints or attributes cannot be used; the message names the constraint."""


def read_blueprint(constraints: Path, attributes: Path) -> Blueprint:
    """The blueprint; its length is that of the constraint without a condition whose bounds are equal.

    Raises
    ------
    BlueprintError
        If a line cannot be understood: none is left out in silence, save those whose ``ONOFF`` is ``OFF``.
    """
    known = _read_attributes(attributes)
    length: int | None = None
    found: list[Constraint] = []
    for row in _rows(constraints):
        if row.get("ONOFF", "").upper() == "OFF":
            continue
        try:
            if row["TYPE"].upper() == "NUMBER" and not row["CONDITION"]:
                length = _whole_number(row, "UB")
                found.append(Bounds(row["CONSTRAINT_ID"], frozenset(known), _whole_number(row, "LB"), length))
            else:
                found.append(_constraint(row, known))
        except (BlueprintError, ValueError) as error:
            raise BlueprintError(f"{constraints.name}: {row.get('CONSTRAINT_ID')}: {error}") from error
    if length is None:
        raise BlueprintError(f"{constraints.name}: no constraint gives the length of the test")
    return Blueprint(length, tuple(found))


def _read_attributes(path: Path) -> Attributes:
    items = {}
    for row in _rows(path):
        named = {name.upper(): ("" if text == "NA" else text) for name, text in row.items()}
        items[named["ID"]] = named
    return items


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [{name: (text or "").strip() for name, text in row.items()} for row in csv.DictReader(lines)]


def _constraint(row: Mapping[str, str], known: Attributes) -> Constraint:
    name, kind, condition = row["CONSTRAINT_ID"], row["TYPE"].upper(), row["CONDITION"]
    if row.get("WHAT", "Item").upper() != "ITEM":
        raise BlueprintError(f"constraints on {row['WHAT']} are not supported")
    if kind == "ORDER":
        column = condition.upper()
        return Order(name, {item: float(values[column]) for item, values in known.items() if values.get(column)})
    items = frozenset(item for item, values in known.items() if _holds(condition, values))
    if not items:
        raise BlueprintError(f"no item meets {condition}")
    match kind:
        case "NUMBER":
            return Bounds(name, items, _whole_number(row, "LB"), _whole_number(row, "UB"))
        case "ENEMY":
            return Enemies(name, items)
        case "INCLUDE":
            return Bounds(name, items, len(items), len(items))
        case "EXCLUDE":
            return Bounds(name, items, 0, 0)
        case "ALLORNONE":
            return ItemSet(name, items)
        case _:
            raise BlueprintError(f"the type {row['TYPE']} is not supported")


def _whole_number(row: Mapping[str, str], column: str) -> int:
    try:
        return int(float(row[column]))
    except ValueError:
        raise BlueprintError(f"{column} is not a number") from None


def _holds(condition: str, values: Mapping[str, str]) -> bool:
    return all(_holds_alone(part.strip(), values) for part in condition.split("&"))


def _holds_alone(condition: str, values: Mapping[str, str]) -> bool:
    if match := _MISSING.fullmatch(condition):
        return bool(_value(values, match[2])) == (match[1] == "!")
    if match := _MEMBERSHIP.fullmatch(condition):
        return _value(values, match[1]) in set(_texts(match[2].split(",")))
    if match := _COMPARISON.fullmatch(condition):
        value, wanted = _value(values, match[1]), next(iter(_texts([match[3]])))
        # In R a comparison with a missing value is missing, and selects nothing.
        return bool(value) and (value == wanted) == (match[2] == "==")
    raise BlueprintError(f"the condition {condition!r} is not understood")


def _value(values: Mapping[str, str], name: str) -> str:
    try:
        return values[name.upper()]
    except KeyError:
        raise BlueprintError(f"there is no attribute {name}") from None


def _texts(parts: Iterable[str]) -> Iterable[str]:
    return (part.strip().strip("\"'") for part in parts)
