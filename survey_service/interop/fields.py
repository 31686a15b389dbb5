"""Fields of a definition file as nested FHIR extensions, and back.

For what FHIR has no place for: a table is an extension with extensions inside, a list the same url again and again.
Not for judging the fields: they are read by the definition's own reader afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

from instruments.writing import Fields, Value
from survey_service.interop.elements import Element

# The fields that are lists, however many entries they have. In the table of points every field is one.
_LISTS = frozenset(
    {
        "respondents", "references", "variables", "short_forms", "scores", "items", "reversed", "from", "to", "edges",
        "names",
    }
)  # fmt: skip
_POINTS = "points"
# One band has no edge, and an empty list leaves nothing behind.
_BANDS, _EDGES = "bands", "edges"


def as_extensions(fields: Mapping[str, Value]) -> list[dict[str, Any]]:
    """One extension for each field, or for each entry of a list. An empty list leaves nothing behind."""
    return [extension for name, value in fields.items() for extension in _extensions(quote(name, safe=""), value)]


def from_extensions(holder: Element) -> Fields:
    """The fields in an element's extensions.

    Raises
    ------
    FhirError
        Where a field has no value, or one of a type that is not used here, or occurs twice and is no list.
    """
    return _fields(holder, inside="")


def _extensions(url: str, value: Value) -> Iterable[dict[str, Any]]:
    match value:
        case bool():
            yield {"url": url, "valueBoolean": value}
        case str():
            yield {"url": url, "valueString": value}
        case int():
            yield {"url": url, "valueInteger": value}
        case Decimal():
            yield {"url": url, "valueDecimal": value}
        case date():
            yield {"url": url, "valueDate": value.isoformat()}
        case Mapping():
            yield {"url": url, "extension": as_extensions(value)}
        case Sequence():
            for entry in value:
                yield from _extensions(url, entry)


def _fields(holder: Element, *, inside: str) -> Fields:
    fields: Fields = {}
    lists: dict[str, list[Value]] = {}
    for extension in holder.elements("extension"):
        name = unquote(extension.required_text("url"))
        value = _value(extension, name)
        if name in _LISTS or inside == _POINTS:
            fields[name] = lists.setdefault(name, [])
            lists[name].append(value)
        elif name in fields:
            raise extension.error("", f"{name} occurs twice")
        else:
            fields[name] = value
    if inside == _BANDS:
        fields.setdefault(_EDGES, [])
    return fields


def _value(extension: Element, name: str) -> Value:
    if extension.has("extension"):
        return _fields(extension, inside=name)
    found: list[Value | None] = [
        extension.text("valueString"),
        extension.flag("valueBoolean"),
        extension.whole("valueInteger"),
        extension.number("valueDecimal"),
        extension.day("valueDate"),
    ]
    values = [value for value in found if value is not None]
    if len(values) != 1:
        raise extension.error("", "must hold one text, number, date or true/false")
    return values[0]
