"""The scoring and the variables in a ``definition.toml``.

For parsing and for what can be checked against the items. Files beside the definition are opened by `scoring`.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from cat_engine import RULES, StoppingRule
from instruments.declared import Aggregate, BankRule, ItemsRule, Line, ScoreRule, ScoresRule, TopBoxRule
from instruments.definition import (
    AdaptiveBankDeclared,
    Declared,
    Eq5dDeclared,
    Item,
    ScoresDeclared,
    ShortForm,
)
from instruments.questions import Number, Scale, SingleChoice
from instruments.reading import Table
from instruments.variables import (
    BandName,
    Bands,
    Direction,
    ImportantChange,
    ReferencePopulation,
    Variable,
    VariableType,
    bands_between,
)

MOST_ANSWERS = 1000
MOST_DECIMALS = 6

Items = Mapping[str, Item]


class Method(StrEnum):
    """How an instrument is scored."""

    ADAPTIVE_BANK = "adaptive-bank"
    EQ5D = "eq5d"
    DECLARED = "declared"


def read_scoring(table: Table, items: Items) -> Declared:
    """The table ``[scoring]``."""
    declared: Declared
    match table.choice("method", Method):
        case Method.ADAPTIVE_BANK:
            declared = _adaptive_bank(table, items)
        case Method.EQ5D:
            declared = _eq5d(table)
        case Method.DECLARED:
            declared = _declared(table, items)
    table.finish()
    return declared


def read_variables(table: Table) -> tuple[Variable, ...]:
    """The tables ``[[variables]]``: none is left out, none comes twice."""
    variables: dict[str, Variable] = {}
    for entry in table.tables("variables"):
        variable = _variable(entry)
        if variable.name in variables:
            raise entry.error("name", f"{variable.name!r} occurs twice")
        variables[variable.name] = variable
    return tuple(variables.values())


def _adaptive_bank(table: Table, items: Items) -> AdaptiveBankDeclared:
    short_forms: dict[str, ShortForm] = {}
    for entry in table.tables("short_forms"):
        form = _short_form(entry, items)
        if form.id in short_forms:
            raise entry.error("id", f"{form.id!r} occurs twice")
        short_forms[form.id] = form
    paper_form = table.text("paper_form")
    if paper_form not in short_forms:
        raise table.error("paper_form", f"{paper_form!r} is not among the short forms")
    return AdaptiveBankDeclared(
        bank=_file_name(table, "bank"),
        bank_hash=table.text("bank_hash"),
        rule=_rule(table),
        prefix=table.text("prefix"),
        short_forms=tuple(short_forms.values()),
        paper_form=paper_form,
        minimum_eligible=_minimum_eligible(table, items),
    )


def _minimum_eligible(table: Table, items: Items) -> int | None:
    if not table.has("minimum_eligible"):
        return None
    return table.whole("minimum_eligible", minimum=1, maximum=len(items))


def _short_form(table: Table, items: Items) -> ShortForm:
    form = ShortForm(id=table.text("id"), items=_item_ids(table, "items", items), source=table.text("source"))
    table.finish()
    return form


def _eq5d(table: Table) -> Eq5dDeclared:
    value_set, reason = table.optional_text("value_set"), table.optional_text("no_value_set")
    if bool(value_set) == bool(reason):
        raise table.error("value_set", "must name a value set, or no_value_set must say why there is none")
    return Eq5dDeclared(table.text("version"), value_set, reason, table.text("prefix"))


def _declared(table: Table, items: Items) -> ScoresDeclared:
    rules: list[ScoreRule] = []
    for entry in table.tables("scores"):
        rules.append(_score_rule(entry, items, [rule.variable for rule in rules]))
        entry.finish()
    return ScoresDeclared(table.text("version"), tuple(rules), _points(table, items))


def _points(table: Table, items: Items) -> Mapping[str, tuple[Decimal, ...]]:
    """What the options of a set are worth, in printed order; a set that is not named is worth its codes."""
    if not table.has("points"):
        return MappingProxyType({})
    entries = table.table("points")
    choices = [item.question for item in items.values() if isinstance(item.question, SingleChoice)]
    sets = {question.option_set: question for question in choices}
    points = {}
    for name in entries.names():
        points[name] = entries.decimals(name)
        if name not in sets or len(points[name]) != len(sets[name].options):
            raise entries.error(name, "must be an option set of single choices, with a number for each option")
    return MappingProxyType(points)


def _score_rule(table: Table, items: Items, earlier: list[str]) -> ScoreRule:
    variable = table.text("variable")
    if table.has("top_box"):
        return _top_box(table, items, variable)
    if table.has("bank"):
        return _bank_rule(table, items, variable)
    aggregate = table.choice("aggregate", Aggregate)
    if table.has("scores"):
        scores = table.texts("scores")
        if unknown := [name for name in scores if name not in earlier]:
            raise table.error("scores", f"{unknown[0]!r} is no score that comes before this one")
        return ScoresRule(
            variable=variable,
            scores=scores,
            aggregate=aggregate,
            minimum_answered=table.whole("minimum_answered", minimum=1, maximum=len(scores)),
            line=_line(table),
            lookup=_optional_file_name(table, "lookup"),
            decimals=_decimals(table),
        )
    item_ids = _item_ids(table, "items", items)
    for item_id in item_ids:
        if not isinstance(items[item_id].question, SingleChoice | Scale | Number):
            raise table.error("items", f"{item_id} has no number to be scored by")
    return ItemsRule(
        variable=variable,
        items=item_ids,
        reversed=_reversed(table, item_ids),
        aggregate=aggregate,
        minimum_answered=table.whole("minimum_answered", minimum=1, maximum=len(item_ids)),
        line=_line(table),
        lookup=_optional_file_name(table, "lookup"),
        decimals=_decimals(table),
    )


def _top_box(table: Table, items: Items, variable: str) -> TopBoxRule:
    box = table.table("top_box")
    item_id, *others = _item_ids(box, "items", items)
    if others:
        raise box.error("items", "must be one item")
    question = items[item_id].question
    at_least = box.whole("at_least", minimum=-MOST_ANSWERS, maximum=MOST_ANSWERS)
    if not isinstance(question, SingleChoice) or at_least not in question.options:
        raise box.error("at_least", "must be an option of a single choice")
    box.finish()
    return TopBoxRule(variable=variable, item=item_id, at_least=at_least)


def _bank_rule(table: Table, items: Items, variable: str) -> BankRule:
    bank = table.table("bank")
    rule = BankRule(
        variable=variable,
        items=_item_ids(table, "items", items),
        instrument=bank.text("instrument"),
        version=bank.text("version"),
        bank_hash=bank.text("hash"),
    )
    bank.finish()
    return rule


def _reversed(table: Table, item_ids: tuple[str, ...]) -> frozenset[str]:
    if not table.has("reversed"):
        return frozenset()
    names = table.texts("reversed")
    if unknown := [name for name in names if name not in item_ids]:
        raise table.error("reversed", f"{unknown[0]!r} is not among the items of this score")
    return frozenset(names)


def _line(table: Table) -> Line | None:
    if not table.has("from") and not table.has("to"):
        return None
    ends = table.decimals("from"), table.decimals("to")
    for field, pair in zip(("from", "to"), ends, strict=True):
        if len(pair) != 2 or pair[0] == pair[1]:
            raise table.error(field, "must be two different numbers")
    return Line(*ends[0], *ends[1])


def _decimals(table: Table) -> int | None:
    return table.whole("decimals", minimum=0, maximum=MOST_DECIMALS) if table.has("decimals") else None


def _item_ids(table: Table, field: str, items: Items) -> tuple[str, ...]:
    ids = table.texts(field)
    if unknown := [item_id for item_id in ids if item_id not in items]:
        raise table.error(field, f"there is no item {unknown[0]!r}")
    return ids


def _optional_file_name(table: Table, field: str) -> str:
    return _file_name(table, field) if table.has(field) else ""


def _file_name(table: Table, field: str) -> str:
    name = table.text(field)
    # What begins with a dot or an underscore is no part of the instrument, nor of its content hash.
    if Path(name).name != name or name.startswith((".", "_")):
        raise table.error(field, "must be the name of a file beside the definition")
    return name


def _rule(table: Table) -> StoppingRule:
    name = table.text("rule")
    if name not in RULES:
        raise table.error("rule", f"{name!r} is not one of {', '.join(RULES)}")
    return RULES[name]


def _variable(table: Table) -> Variable:
    higher_is = table.choice("higher_is", Direction) if table.has("higher_is") else None
    if table.has("bands") and higher_is is None:
        raise table.error("higher_is", "is missing: without it the bands cannot be read")
    variable = Variable(
        name=table.text("name"),
        definition=table.text("definition"),
        type=table.choice("type", VariableType),
        unit=table.text("unit"),
        minimum=_optional_number(table, "minimum"),
        maximum=_optional_number(table, "maximum"),
        higher_is=higher_is,
        bands=_bands(table.table("bands"), higher_is) if higher_is and table.has("bands") else None,
        important_change=_important_change(table.table("important_change")) if table.has("important_change") else None,
        reference=_reference_population(table.table("reference")) if table.has("reference") else None,
    )
    table.finish()
    return variable


def _optional_number(table: Table, field: str) -> float | None:
    return float(table.decimal(field)) if table.has(field) else None


def _bands(table: Table, higher_is: Direction) -> Bands:
    edges = [float(edge) for edge in table.decimals("edges")]
    names = table.texts("names")
    if len(names) != len(edges) + 1 or edges != sorted(set(edges)):
        raise table.error("edges", "must ascend, and be one fewer than the names")
    known = {name.value: name for name in BandName}
    if unknown := [name for name in names if name not in known]:
        raise table.error("names", f"{unknown[0]!r} is not one of {', '.join(BandName)}")
    order = [*BandName] if higher_is is Direction.WORSE else [*reversed(BandName)]
    if sorted(names, key=[name.value for name in order].index) != list(names):
        raise table.error("names", f"must go from low to high values, and higher is {higher_is}")
    between = bands_between(edges, [known[name] for name in names])
    bands = Bands(between, higher_is, table.text("source"), table.optional_text("doi"))
    table.finish()
    return bands


def _important_change(table: Table) -> ImportantChange:
    value, low, high = (float(table.decimal(field)) for field in ("value", "low", "high"))
    if not 0 < low <= value <= high:
        raise table.error("value", "must be above 0 and between low and high")
    change = ImportantChange(value, low, high, table.text("source"), table.optional_text("doi"))
    table.finish()
    return change


def _reference_population(table: Table) -> ReferencePopulation:
    population = ReferencePopulation(
        table.text("name"), float(table.decimal("mean")), float(table.decimal("standard_deviation"))
    )
    if population.standard_deviation <= 0:
        raise table.error("standard_deviation", "must be above 0")
    table.finish()
    return population
