"""A protocol as the fields of a form, and back. Pure.

A form keeps whatever is written in it, also what cannot be right yet, so a draft is its fields and not a definition.
Occasions are numbered: ``o3_due_day`` is a field of the third that was ever added, and ``order`` says which there are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from survey_service.errors import mark
from survey_service.scheduling.rules import CODE, MOST_NOTICE_DAYS, NoticePlan

Fields = Mapping[str, str]
# Swedish is the unit's own; a text in a third language comes by file, and stays.
LOCALES = ("sv", "en")
# More than anybody fills in by hand; a file takes more.
MOST_OCCASIONS = 60

_USUAL_NOTICES = asdict(NoticePlan())
_WHOLE = re.compile(r"-?[0-9]{1,5}")
_NUMBER = re.compile(r"-?[0-9]{1,6}([.,][0-9]{1,6})?")
_MISSING_TEXT = mark("Write a text in Swedish.")
_MISSING_NUMBER = mark("Write a whole number.")
_NO_CODE = mark("Write a code of small letters, digits and dashes that no other occasion has.")
_NO_INSTRUMENT = mark("Write one instrument a line: id, version and, where there is one, its form.")
_NO_SCORE = mark("Write one result a line: variable; at least; at most; within days.")


class NotYet(Exception):
    """The fields are no protocol yet; ``errors`` is one sentence for each field to put right."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("fields to put right: " + ", ".join(errors))
        self.errors = dict(errors)


def fields_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """The form of a definition that has been checked, or of the beginning of one."""
    occasions = definition.get("occasions", [])
    written = [definition.get("names", {}), definition.get("reasons", {}), *(one["titles"] for one in occasions)]
    locales = sorted({*LOCALES, *(locale for texts in written for locale in texts)}, key=_swedish_first)
    receipt, notices = definition.get("receipt", {}), definition.get("notices", {})
    found = {
        "code": definition["code"],
        "locales": ",".join(locales),
        **_texts("name", definition.get("names", {})),
        **_texts("reason", definition.get("reasons", {})),
        "anchor_kind": definition.get("anchor_kind", "visit"),
        "side": definition.get("side", "optional"),
        "procedure": definition.get("procedure", "optional"),
        "purpose": definition.get("purpose", "care"),
        "registers": ", ".join(definition.get("registers", [])),
        "policy": receipt.get("policy", "person"),
        "within_hours": str(receipt.get("within_hours", 72)),
        "read_within_hours": str(receipt.get("read_within_hours", 168)),
        **{name: str(notices.get(name, days)) for name, days in _USUAL_NOTICES.items()},
        **_criteria_fields("inclusion", definition.get("inclusion", {})),
        **_criteria_fields("exclusion", definition.get("exclusion", {})),
    }
    for number, occasion in enumerate(occasions, start=1):
        found |= _occasion_fields(number, occasion)
    return found | {"order": ",".join(str(number) for number in range(1, len(occasions) + 1))}


def _swedish_first(locale: str) -> tuple[int, str]:
    return (LOCALES.index(locale) if locale in LOCALES else len(LOCALES)), locale


def _texts(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_{locale}": text for locale, text in texts.items()}


def _criteria_fields(name: str, criteria: Mapping[str, Any]) -> dict[str, str]:
    scores = [
        f"{one['variable']}; {one.get('at_least', '')}; {one.get('at_most', '')}; {one['within_days']}"
        for one in criteria.get("scores", [])
    ]
    return {
        f"{name}_age_from": str(criteria.get("age_from", "")),
        f"{name}_age_to": str(criteria.get("age_to", "")),
        f"{name}_diagnoses": ", ".join(criteria.get("diagnoses", [])),
        f"{name}_languages": ", ".join(criteria.get("languages", [])),
        f"{name}_scores": "\n".join(scores),
    }


def _occasion_fields(number: int, occasion: Mapping[str, Any]) -> dict[str, str]:
    series = occasion.get("series", {})
    instruments = [
        " ".join(part for part in (one["id"], one["version"], one.get("form", "")) if part)
        for one in occasion["instruments"]
    ]
    fields = {
        "code": occasion["code"],
        **_texts("title", occasion["titles"]),
        "due_day": str(occasion["due_day"]),
        "opens": str(occasion["opens_days_before"]),
        "closes": str(occasion["closes_days_after"]),
        "instruments": "\n".join(instruments),
        "every_days": str(series.get("every_days", "")),
        "times": str(series.get("times", "")),
        "reminders": ", ".join(map(str, occasion.get("reminders", []))),
        "not_on_holidays": "yes" if occasion.get("not_on_holidays") else "",
    }
    return {f"o{number}_{name}": value for name, value in fields.items()}


def occasion_numbers(fields: Fields) -> list[int]:
    """The occasions of the form, in their order."""
    numbers = [int(part) for part in fields.get("order", "").split(",") if part.isdecimal() and len(part) <= 4]
    return list(dict.fromkeys(numbers))[:MOST_OCCASIONS]


def with_occasion(fields: Fields) -> dict[str, str]:
    """One more occasion, empty but for the usual window."""
    numbers = occasion_numbers(fields)
    number = max(numbers, default=0) + 1
    return {
        **fields,
        "order": ",".join(map(str, [*numbers, number])),
        f"o{number}_opens": "7",
        f"o{number}_closes": "14",
    }


def without_occasion(fields: Fields, number: int) -> dict[str, str]:
    kept = {name: value for name, value in fields.items() if not name.startswith(f"o{number}_")}
    return kept | {"order": ",".join(str(one) for one in occasion_numbers(fields) if one != number)}


def locales_of(fields: Fields) -> list[str]:
    found = [one for one in fields.get("locales", "").split(",") if re.fullmatch(r"[a-z]{2,3}(_[A-Za-z]+)?", one)]
    return list(dict.fromkeys([*LOCALES, *found]))


def definition_of(fields: Fields) -> dict[str, Any]:
    """The definition that a form says. Raises ``NotYet``; what it gives back is checked by ``check_definition``."""
    reading = _Reading(fields)
    found = reading.protocol()
    if reading.errors:
        raise NotYet(reading.errors)
    return found


class _Reading:
    """Reads one form; gathers what has to be put right."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.errors: dict[str, str] = {}

    def protocol(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "code": self._text("code"),
            "anchor_kind": self._text("anchor_kind"),
            "side": self._text("side"),
            "procedure": self._text("procedure"),
            "purpose": self._text("purpose"),
            "names": self._texts("name"),
            "reasons": self._texts("reason"),
            "receipt": {
                "policy": self._text("policy"),
                "within_hours": self._whole("within_hours", lowest=1, highest=8760),
                "read_within_hours": self._whole("read_within_hours", lowest=0, highest=8760),
            },
        }
        if registers := _listed(self._text("registers")):
            found["registers"] = registers
        notices = {name: self._whole(name, lowest=1, highest=MOST_NOTICE_DAYS) for name in _USUAL_NOTICES}
        if notices != _USUAL_NOTICES:
            found["notices"] = notices
        for name in ("inclusion", "exclusion"):
            if criteria := self._criteria(name):
                found[name] = criteria
        found["occasions"] = [self._occasion(number) for number in occasion_numbers(self._fields)]
        if not found["occasions"]:
            self.errors["form"] = mark("Add an occasion.")
        self._refuse_twin_codes()
        return found

    def _occasion(self, number: int) -> dict[str, Any]:
        at = f"o{number}_"
        found: dict[str, Any] = {
            "code": self._text(at + "code"),
            "titles": self._texts(at + "title"),
            "due_day": self._whole(at + "due_day", lowest=-7500, highest=7500),
            "opens_days_before": self._whole(at + "opens", lowest=0, highest=7500),
            "closes_days_after": self._whole(at + "closes", lowest=0, highest=7500),
            "instruments": self._instruments(at + "instruments"),
        }
        if self._text(at + "every_days") or self._text(at + "times"):
            found["series"] = {
                "every_days": self._whole(at + "every_days", lowest=1, highest=7500),
                "times": self._whole(at + "times", lowest=2, highest=731),
            }
        if reminders := _listed(self._text(at + "reminders")):
            found["reminders"] = self._reminders(at + "reminders", reminders)
        if self._text(at + "not_on_holidays"):
            found["not_on_holidays"] = True
        return found

    def _refuse_twin_codes(self) -> None:
        seen = set[str]()
        for number in occasion_numbers(self._fields):
            code = self._text(f"o{number}_code")
            if code in seen or not CODE.fullmatch(code):
                self.errors[f"o{number}_code"] = _NO_CODE
            seen.add(code)

    def _text(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def _texts(self, name: str) -> dict[str, str]:
        found = {locale: text for locale in locales_of(self._fields) if (text := self._text(f"{name}_{locale}"))}
        if "sv" not in found:
            self.errors[f"{name}_sv"] = _MISSING_TEXT
        return found

    def _whole(self, name: str, *, lowest: int, highest: int) -> int:
        written = self._text(name)
        if _WHOLE.fullmatch(written) and lowest <= int(written) <= highest:
            return int(written)
        self.errors[name] = _MISSING_NUMBER
        return lowest

    def _instruments(self, name: str) -> list[dict[str, str]]:
        lines = [line.split() for line in self._text(name).splitlines() if line.strip()]
        if not lines or not all(2 <= len(parts) <= 3 for parts in lines):
            self.errors[name] = _NO_INSTRUMENT
            return []
        return [dict(zip(("id", "version", "form"), parts, strict=False)) for parts in lines]

    def _reminders(self, name: str, days: Sequence[str]) -> list[int]:
        if not all(day.isdecimal() and len(day) <= 4 for day in days) or len(set(days)) < len(days):
            self.errors[name] = mark("Write different days with commas between, for example 3, 10.")
            return []
        return [int(day) for day in days]

    def _criteria(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for bound in ("age_from", "age_to"):
            if self._text(f"{name}_{bound}"):
                found[bound] = self._whole(f"{name}_{bound}", lowest=0, highest=130)
        if codes := _listed(self._text(f"{name}_diagnoses").upper()):
            found["diagnoses"] = codes
        if languages := _listed(self._text(f"{name}_languages")):
            found["languages"] = languages
        if scores := [line for line in self._text(f"{name}_scores").splitlines() if line.strip()]:
            found["scores"] = [self._score(f"{name}_scores", line) for line in scores]
        return found

    def _score(self, name: str, line: str) -> dict[str, Any]:
        parts = [part.strip() for part in line.split(";")]
        if len(parts) != 4 or not parts[3].isdecimal() or not all(_is_number(part) for part in parts[1:3] if part):
            self.errors[name] = _NO_SCORE
            return {}
        variable, low, high, days = parts
        bounds = {"at_least": low, "at_most": high}
        numbers = {bound: float(text.replace(",", ".")) for bound, text in bounds.items() if text}
        return {"variable": variable, **numbers, "within_days": int(days[:5])}


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
