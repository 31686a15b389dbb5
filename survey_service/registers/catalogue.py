"""The catalogue of variables that registers agree on, made from the live instruments. It holds nothing personal.

For what a figure means and what it takes to have it. Codes are labelled in this project's own words; the words of a
rights-holder are not handed out here.
"""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from instruments import Instrument, Library, SingleChoice, Variable
from instruments.declared import DeclaredScoring, ItemsRule, TopBoxRule
from instruments.eq5d import Eq5d
from instruments.eq5d.profile import MISSING_LEVEL
from survey_service.interop.observations import VARIABLES, Measurement, ScoreFacts, observations
from translations.catalogue import WordingKind, wordings_at_hand

COLUMNS = (
    "variable", "definition", "type", "unit", "codes", "minimum", "maximum", "higher_is", "instrument",
    "instrument_version", "instrument_hash", "family", "validation", "licence_needed", "licence_given",
    "rights_holder", "terms", "fhir_system", "fhir_code",
)  # fmt: skip

_STOP_REASONS = (
    ("precision", "the standard error was small enough"),
    ("maximum_items", "as many items as the rule allows were answered"),
    ("exhausted", "no item was left that could be asked"),
    ("fixed_form", "a short form was given whole"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """A value that a variable can have, and what it stands for."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One variable of one version of an instrument. ``coding`` is its FHIR system and code, where one is known."""

    variable: Variable
    instrument: Instrument
    codes: tuple[Code, ...]
    coding: tuple[str, str] | None


@cache
def entries(library: Library, folder: Path | None) -> tuple[CatalogueEntry, ...]:
    """Every variable of every instrument at hand, by instrument and version."""
    wordings = {
        (one.instrument, one.version): one.sources
        for one in wordings_at_hand(library, folder)
        if one.kind is WordingKind.OWN
    }
    return tuple(
        CatalogueEntry(variable, instrument, _codes(variable, instrument, wordings.get(key, {})), _coding(variable))
        for key, instrument in sorted(library.instruments.items())
        for variable in instrument.variables
    )


def licensed_today(connection: Connection, today: date) -> frozenset[str]:
    """The instruments that somebody here has a licence for today."""
    return frozenset(connection.execute(sa.select(sa.func.licensed_instruments(today))).scalars())


def as_json(found: Sequence[CatalogueEntry], licensed: Collection[str] | None) -> dict[str, Any]:
    """The catalogue as one JSON object. ``licensed`` is None where it is not known."""
    return {"variables": [_row(one, licensed) for one in found]}


def as_csv(found: Sequence[CatalogueEntry], licensed: Collection[str] | None) -> str:
    """The catalogue as CSV, a row a variable; codes as ``1=label; 2=label``."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in found:
        row = _row(one, licensed)
        licence, fhir = row["licence"], row["fhir"] or {}
        flat = row | {
            "codes": "; ".join(f"{code['code']}={code['label']}" for code in row["codes"]),
            "licence_needed": licence["needed"],
            "licence_given": licence["given"],
            "rights_holder": licence["rights_holder"],
            "terms": licence["terms"],
            "fhir_system": fhir.get("system"),
            "fhir_code": fhir.get("code"),
        }
        writer.writerow([_cell(flat[name]) for name in COLUMNS])
    return text.getvalue()


def _row(one: CatalogueEntry, licensed: Collection[str] | None) -> dict[str, Any]:
    variable, instrument = one.variable, one.instrument
    needed = instrument.licence.required
    return {
        "variable": variable.name,
        "definition": variable.definition,
        "type": variable.type.value,
        "unit": variable.unit,
        "codes": [{"code": code.code, "label": code.label} for code in one.codes],
        "minimum": variable.minimum,
        "maximum": variable.maximum,
        "higher_is": variable.higher_is.value if variable.higher_is else None,
        "instrument": instrument.id,
        "instrument_version": instrument.version,
        "instrument_hash": instrument.content_hash,
        "family": instrument.family.value,
        "validation": instrument.definition.validation.value,
        "licence": {
            "needed": needed,
            "given": None if licensed is None or not needed else instrument.id in licensed,
            "rights_holder": instrument.licence.rights_holder,
            "terms": instrument.licence.terms,
        },
        "fhir": {"system": one.coding[0], "code": one.coding[1]} if one.coding else None,
    }


def _coding(variable: Variable) -> tuple[str, str] | None:
    """What the variable's Observation is called beside our own name for it."""
    nobody: dict[str, Any] = {}
    at = Measurement(
        id="", questionnaire="", completed_at=datetime(2000, 1, 1, tzinfo=UTC), subject=nobody, performer=nobody
    )
    score = ScoreFacts(variable=variable.name, unit="", method="", method_hash="", algorithm="", text="")
    (told,) = observations(at, [score])
    known = (one for one in told["code"]["coding"] if one["system"] != VARIABLES)
    return next(((one["system"], one["code"]) for one in known), None)


def _codes(variable: Variable, instrument: Instrument, sources: Mapping[str, str]) -> tuple[Code, ...]:
    name = variable.name.rpartition(".")[2]
    if name == "stop_reason":
        return tuple(Code(*one) for one in _STOP_REASONS)
    match instrument.scoring:
        case Eq5d(version=version) if name == "profile":
            worst = version.levels
            between = (Code(str(level), f"level {level} of {worst}") for level in range(2, worst))
            return (
                Code("1", "best level"),
                *between,
                Code(str(worst), "worst level"),
                Code(str(MISSING_LEVEL), "missing"),
            )
        case DeclaredScoring(rules=rules):
            rule = next((one for one in rules if one.variable == variable.name), None)
            if isinstance(rule, TopBoxRule):
                return (Code("0", f"answer below {rule.at_least}"), Code("100", f"answer of {rule.at_least} or more"))
            if isinstance(rule, ItemsRule):
                return _codes_of_item(rule, instrument, sources)
    return ()


def _codes_of_item(rule: ItemsRule, instrument: Instrument, sources: Mapping[str, str]) -> tuple[Code, ...]:
    """Of a variable that is the answer to one question as it was given."""
    question = instrument.items[rule.items[0]].question
    if len(rule.items) > 1 or rule.line or rule.lookup or not isinstance(question, SingleChoice):
        return ()
    labels = ((str(code), sources.get(f"option:{question.option_set}:{code}")) for code in question.options)
    return tuple(Code(code, label) for code, label in labels if label is not None)


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
