"""A definition back to the text of its ``definition.toml``: read again, it is the same definition.

For instruments that come from elsewhere, such as a FHIR Questionnaire. Comments are not part of a definition, and
neither are the files beside it (banks and look-up tables) nor an option set that no item uses.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias, Union

from cat_engine import RULES
from instruments.conditions import Comparison, Condition, Joined
from instruments.declared import BankRule, ItemsRule, ScoreRule, ScoresRule, TopBoxRule
from instruments.definition import (
    AdaptiveBankDeclared,
    Declared,
    Definition,
    Eq5dDeclared,
    Item,
    Licence,
    Reference,
    ScoresDeclared,
    WhoMayAnswer,
)
from instruments.questions import Day, FreeText, Number, Question, Scale, SeveralChoices, SingleChoice, Statement
from instruments.scoring_file import Method
from instruments.variables import Bands, ImportantChange, ReferencePopulation, Variable

# A union written with | cannot name itself.
Value: TypeAlias = Union[str, bool, int, Decimal, date, Sequence["Value"], Mapping[str, "Value"]]  # noqa: UP007
Fields: TypeAlias = dict[str, Value]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def definition_text(definition: Definition) -> str:
    """The text of the file.

    Raises
    ------
    ValueError
        If two items give one option set different options: no file says that.
    """
    return toml_text(definition_fields(definition))


def definition_fields(definition: Definition) -> Fields:
    """What the file holds, by the names of its fields and in their order. Raises as `definition_text` does."""
    return _without_none(
        {
            "id": definition.id,
            "version": definition.version,
            "family": definition.family.value,
            "administration": definition.administration.value,
            "validation": definition.validation.value,
            "title_key": definition.title_key,
            "recall": definition.recall,
            "estimated_minutes": definition.estimated_minutes,
            "changeable": definition.changeable,
            "respondents": [_respondent(one) for one in definition.respondents],
            "licence": _licence(definition.licence),
            "references": [_reference(one) for one in definition.references] or None,
            "scoring": _scoring(definition.scoring),
            "variables": [_variable(one) for one in definition.variables],
            "option_sets": _option_sets(definition.items.values()) or None,
            "items": [_item(one) for one in definition.items.values()],
        }
    )


def toml_text(fields: Mapping[str, Value]) -> str:
    """Fields as TOML: a table under a header of its own, a list of tables as ``[[…]]``, what those hold in line."""
    lines: list[str] = []
    _write_table("", fields, lines)
    return "\n".join(lines).strip("\n") + "\n"


def _respondent(respondent: WhoMayAnswer) -> Fields:
    ages = {"youngest": respondent.youngest, "oldest": respondent.oldest}
    return _without_none({"who": respondent.who.value, **ages})


def _licence(licence: Licence) -> Fields:
    return {"rights_holder": licence.rights_holder, "terms": licence.terms, "wording": licence.wording.value}


def _reference(reference: Reference) -> Fields:
    return _without_none({"citation": reference.citation, "doi": reference.doi or None})


def _scoring(declared: Declared) -> Fields:
    match declared:
        case AdaptiveBankDeclared():
            return {"method": Method.ADAPTIVE_BANK.value, **_bank(declared)}
        case Eq5dDeclared():
            return _without_none(
                {
                    "method": Method.EQ5D.value,
                    "version": declared.eq5d_version,
                    "value_set": declared.value_set or None,
                    "no_value_set": declared.no_value_set or None,
                    "prefix": declared.prefix,
                }
            )
        case ScoresDeclared():
            points: Fields = {name: list(worth) for name, worth in declared.points.items()}
            return _without_none(
                {
                    "method": Method.DECLARED.value,
                    "version": declared.version,
                    "points": points or None,
                    "scores": [_score_rule(rule) for rule in declared.rules],
                }
            )


def _bank(declared: AdaptiveBankDeclared) -> Fields:
    if RULES.get(declared.rule.name) != declared.rule:
        raise ValueError(f"{declared.rule.name} is not one of the stopping rules that a file can name")
    return _without_none(
        {
            "bank": declared.bank,
            "bank_hash": declared.bank_hash,
            "rule": declared.rule.name,
            "prefix": declared.prefix,
            "minimum_eligible": declared.minimum_eligible,
            "paper_form": declared.paper_form,
            "short_forms": [
                {"id": form.id, "items": list(form.items), "source": form.source} for form in declared.short_forms
            ],
        }
    )


def _score_rule(rule: ScoreRule) -> Fields:
    match rule:
        case TopBoxRule():
            return {"variable": rule.variable, "top_box": {"items": [rule.item], "at_least": rule.at_least}}
        case BankRule():
            bank: Fields = {"instrument": rule.instrument, "version": rule.version, "hash": rule.bank_hash}
            return {"variable": rule.variable, "items": list(rule.items), "bank": bank}
        case ItemsRule():
            turned = [item for item in rule.items if item in rule.reversed]
            of: dict[str, Value | None] = {"items": list(rule.items), "reversed": turned or None}
        case ScoresRule():
            of = {"scores": list(rule.scores)}
    line = rule.line
    return _without_none(
        {
            "variable": rule.variable,
            **of,
            "aggregate": rule.aggregate.value,
            "minimum_answered": rule.minimum_answered,
            "from": [line.low, line.high] if line else None,
            "to": [line.to_low, line.to_high] if line else None,
            "lookup": rule.lookup or None,
            "decimals": rule.decimals,
        }
    )


def _variable(variable: Variable) -> Fields:
    return _without_none(
        {
            "name": variable.name,
            "definition": variable.definition,
            "type": variable.type.value,
            "unit": variable.unit,
            "minimum": _decimal(variable.minimum),
            "maximum": _decimal(variable.maximum),
            "higher_is": variable.higher_is.value if variable.higher_is else None,
            "bands": _bands(variable.bands) if variable.bands else None,
            "important_change": _important_change(variable.important_change) if variable.important_change else None,
            "reference": _population(variable.reference) if variable.reference else None,
        }
    )


def _bands(bands: Bands) -> Fields:
    edges = [edge for band in bands.bands if (edge := _decimal(band.high)) is not None]
    names = [band.name.value for band in bands.bands]
    return _without_none({"edges": edges, "names": names, "source": bands.source, "doi": bands.doi or None})


def _important_change(change: ImportantChange) -> Fields:
    figures = {name: _decimal(getattr(change, name)) for name in ("value", "low", "high")}
    return _without_none({**figures, "source": change.source, "doi": change.doi or None})


def _population(population: ReferencePopulation) -> Fields:
    figures = {name: _decimal(getattr(population, name)) for name in ("mean", "standard_deviation")}
    return _without_none({"name": population.name, **figures})


def _option_sets(items: Iterable[Item]) -> Fields:
    sets: Fields = {}
    for item in items:
        if isinstance(item.question, SingleChoice | SeveralChoices):
            name, options = item.question.option_set, list(item.question.options)
            if sets.setdefault(name, options) != options:
                raise ValueError(f"{item.id}: the option set {name!r} has other options elsewhere")
    return sets


def _item(item: Item) -> Fields:
    return _without_none(
        {
            "id": item.id,
            "kind": item.kind.value,
            **_question(item.question),
            "skippable": item.skippable or None,
            "may_not_apply": item.may_not_apply or None,
            "recall": item.recall or None,
            "sensitive": item.sensitive or None,
            "ask_when": _condition(item.ask_when) if item.ask_when else None,
        }
    )


def _question(question: Question) -> dict[str, Value | None]:
    match question:
        case SingleChoice():
            return {"option_set": question.option_set}
        case SeveralChoices():
            return {"option_set": question.option_set, "alone": list(question.alone) or None}
        case Number():
            bounds: Fields = {"minimum": question.minimum, "maximum": question.maximum}
            return {**bounds, "decimals": question.decimals, "unit": question.unit or None}
        case Scale():
            return {"minimum": question.minimum, "maximum": question.maximum}
        case FreeText():
            return {"longest": question.longest}
        case Day():
            return {"earliest": question.earliest, "latest": question.latest}
        case Statement():
            return {}


def _condition(condition: Condition) -> Fields:
    comparisons = [_comparison(one) for one in condition.comparisons]
    if len(comparisons) == 1 and condition.joined is Joined.ALL:
        return comparisons[0]
    return {condition.joined.value: comparisons}


def _comparison(comparison: Comparison) -> Fields:
    return {"item": comparison.item, comparison.operator.value: comparison.value}


def _decimal(figure: float | None) -> Decimal | None:
    """The shortest decimal that is read as the same figure; a whole number without a point."""
    if figure is None:
        return None
    return Decimal(int(figure)) if figure.is_integer() and abs(figure) < 1e15 else Decimal(repr(figure))


def _without_none(fields: Mapping[str, Value | None]) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _write_table(path: str, fields: Mapping[str, Value], lines: list[str]) -> None:
    """Simple fields first: in TOML, what follows a header belongs to it."""
    later: list[tuple[str, Mapping[str, Value] | list[Mapping[str, Value]]]] = []
    for name, value in fields.items():
        tables = _tables(value)
        if isinstance(value, Mapping):
            later.append((name, value))
        elif tables:
            later.append((name, tables))
        else:
            lines.append(f"{_key(name)} = {_inline(value)}")
    for name, value in later:
        header = f"{path}.{_key(name)}" if path else _key(name)
        if isinstance(value, Mapping):
            lines += ["", f"[{header}]"]
            _write_table(header, value, lines)
            continue
        for entry in value:
            lines += ["", f"[[{header}]]"]
            lines += [f"{_key(field)} = {_inline(each)}" for field, each in entry.items()]


def _tables(value: Value) -> list[Mapping[str, Value]]:
    """The entries of a list of tables; none for anything else."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [entry for entry in value if isinstance(entry, Mapping)]


def _inline(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # JSON's escapes are TOML's too, but for DEL, which JSON lets through.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{_key(name)} = {_inline(each)}" for name, each in value.items()) + " }"
        case _:
            return "[" + ", ".join(_inline(each) for each in value) + "]"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _inline(name)
