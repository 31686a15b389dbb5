"""Elements of a FHIR resource, read field by field: every error names the place in the JSON.

For types and translations. It knows nothing of questionnaires.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from survey_service.interop.errors import FhirError
from survey_service.interop.vocabulary import TRANSLATION

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# By language tag; the base text is under the language of the resource.
Translated = dict[str, str]


class Element:
    """A JSON object at its ``place``. A field that is not there is None, a list that is not there is empty."""

    __slots__ = ("_fields", "place")

    def __init__(self, fields: Any, place: str) -> None:
        if not isinstance(fields, dict):
            raise FhirError(place, "must be an object")
        self._fields: Mapping[str, Any] = fields
        self.place = place

    def error(self, field: str, problem: str) -> FhirError:
        return FhirError(f"{self.place}.{field}" if field else self.place, problem)

    def has(self, field: str) -> bool:
        return field in self._fields

    def names(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def text(self, field: str) -> str | None:
        """Blank is as good as nothing: FHIR knows no empty string."""
        value = self._of_type(field, str)
        return value if value and value.strip() else None

    def required_text(self, field: str) -> str:
        text = self.text(field)
        if text is None:
            raise self.error(field, "is missing")
        return text

    def flag(self, field: str) -> bool | None:
        value: bool | None = self._of_type(field, bool)
        return value

    def whole(self, field: str) -> int | None:
        value: int | None = self._of_type(field, int)
        if isinstance(value, bool):
            raise self.error(field, "must be a whole number")
        return value

    def number(self, field: str) -> Decimal | None:
        value = self._of_type(field, (int, Decimal))
        if isinstance(value, bool):
            raise self.error(field, "must be a number")
        return None if value is None else Decimal(value)

    def day(self, field: str) -> date | None:
        text = self.text(field)
        if text is None:
            return None
        try:
            return date.fromisoformat(text) if _DAY.fullmatch(text) else self._no_day(field)
        except ValueError:
            return self._no_day(field)

    def element(self, field: str) -> "Element | None":
        return Element(self._fields[field], f"{self.place}.{field}") if self.has(field) else None

    def elements(self, field: str) -> list["Element"]:
        entries = self._of_type(field, list) or []
        return [Element(entry, f"{self.place}.{field}[{number}]") for number, entry in enumerate(entries)]

    def extensions(self, url: str) -> list["Element"]:
        return [one for one in self.elements("extension") if one.text("url") == url]

    def extension(self, url: str) -> "Element | None":
        found = self.extensions(url)
        if len(found) > 1:
            raise found[1].error("", "occurs twice")
        return found[0] if found else None

    def translated(self, field: str, language: str) -> Translated:
        """The text in every language that it has."""
        texts: Translated = {}
        if text := self.text(field):
            texts[language] = text
        beside = self.element(f"_{field}")
        for translation in beside.extensions(TRANSLATION) if beside else []:
            tag, content = translation.in_language()
            if texts.setdefault(tag, content) != content:
                raise translation.error("", f"is a second text in {tag}")
        return texts

    def in_language(self) -> tuple[str, str]:
        """The language tag and the text of a translation."""
        parts = {part.text("url"): part for part in self.elements("extension")}
        tag = parts["lang"].text("valueCode") if "lang" in parts else None
        content = _content(parts["content"]) if "content" in parts else None
        if tag is None or content is None:
            raise self.error("", "must hold lang and content")
        return tag, content

    def _no_day(self, field: str) -> date:
        raise self.error(field, "must be a date such as 2026-11-22")

    def _of_type(self, field: str, kind: type | tuple[type, ...]) -> Any:
        value = self._fields.get(field)
        if value is not None and not isinstance(value, kind):
            wanted = kind if isinstance(kind, type) else kind[-1]
            names = {str: "a text", bool: "true or false", int: "a whole number", Decimal: "a number", list: "a list"}
            raise self.error(field, f"must be {names[wanted]}")
        return value


def _content(part: Element) -> str | None:
    return part.text("valueString") or part.text("valueMarkdown")
