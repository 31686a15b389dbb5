"""``definition.toml``: the structure of an instrument, read strictly.

For parsing and for what can be checked within the file: known fields, unique ids, conditions that look back. Scoring
and variables are read by `scoring_file`; banks and tables beside the file are checked by `scoring`.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from instruments.conditions import Comparison, Condition, Joined, Operator, cycle
from instruments.definition import (
    AdaptiveBankDeclared,
    Administration,
    Definition,
    Eq5dDeclared,
    Family,
    Item,
    Licence,
    Reference,
    Respondent,
    Validation,
    WhoMayAnswer,
    WordingOwner,
)
from instruments.questions import (
    Day,
    FreeText,
    Number,
    Question,
    QuestionKind,
    Scale,
    SeveralChoices,
    SingleChoice,
    Statement,
)
from instruments.reading import Table
from instruments.scoring_file import read_scoring, read_variables

FILE = "definition.toml"
MOST_ITEMS = 1000
MOST_OPTIONS = 100
LONGEST_MINUTES = 240
LONGEST_TEXT = 10_000
OLDEST = 130
# EQ VAS ends at 100; a bound keeps a slip of the keyboard out.
LARGEST_SCALE_VALUE = 10_000
LARGEST_NUMBER = Decimal(999_999_999)
# Longer ones could not be read from a form.
LARGEST_CODE = 999_999
MOST_DECIMALS = 6

# What an instrument, an item or an option set may be called, and a version be numbered.
ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})*")
# The parts of a wording's contexts: an item of that name would share one with something else.
RESERVED = frozenset({"item", "option", "recall", "score"})
_RECALL = re.compile(r"today|now|ever|visit|P[0-9]{1,4}[DWMY]")

OptionSets = Mapping[str, tuple[int, ...]]


def read_definition(folder: Path) -> Definition:
    """The definition in ``<id>/<version>/definition.toml``.

    Raises
    ------
    DefinitionError
        Naming the file, the line and the field.
    """
    table = Table.read(folder / FILE, file=f"{folder.parent.name}/{folder.name}/{FILE}")
    definition = _parse(table)
    if (definition.id, definition.version) != (folder.parent.name, folder.name):
        raise table.error("id", "id and version must be the names of the two folders that hold the file")
    return definition


def _parse(table: Table) -> Definition:
    items = _items(table)
    definition = Definition(
        id=_id(table, "id"),
        version=_matching(table, "version", VERSION, "must be numbers with points between them, such as 1.0"),
        family=table.choice("family", Family),
        administration=table.choice("administration", Administration),
        validation=table.choice("validation", Validation),
        title_key=table.text("title_key"),
        recall=_recall(table),
        estimated_minutes=table.whole("estimated_minutes", minimum=1, maximum=LONGEST_MINUTES),
        changeable=table.flag("changeable"),
        respondents=_respondents(table),
        licence=_licence(table.table("licence")),
        references=tuple(_reference(entry) for entry in table.tables("references")) if table.has("references") else (),
        items=items,
        scoring=read_scoring(table.table("scoring"), items),
        variables=read_variables(table),
    )
    table.finish()
    _check_administration(table, definition)
    return definition


def _matching(table: Table, field: str, pattern: re.Pattern[str], problem: str) -> str:
    text = table.text(field)
    if not pattern.fullmatch(text):
        raise table.error(field, problem)
    return text


def _recall(table: Table) -> str:
    return _matching(table, "recall", _RECALL, "must be today, now, ever, visit or a period such as P7D")


def _id(table: Table, field: str) -> str:
    return _matching(table, field, ID, "must begin with a letter and hold letters, digits, _ . and - only")


def _check_administration(table: Table, definition: Definition) -> None:
    adaptive = definition.administration is Administration.ADAPTIVE
    if isinstance(definition.scoring, Eq5dDeclared) and adaptive:
        raise table.error("administration", "EQ-5D is given whole and in fixed order, never adaptively")
    if isinstance(definition.scoring, AdaptiveBankDeclared) != adaptive:
        raise table.error("administration", "an adaptive bank is given adaptively, and nothing else is")
    if adaptive and any(item.ask_when or item.may_not_apply for item in definition.items.values()):
        raise table.error("items", "the items of an adaptive bank have no conditions: the engine chooses")


def _respondents(table: Table) -> tuple[WhoMayAnswer, ...]:
    respondents = tuple(_respondent(entry) for entry in table.tables("respondents"))
    if not respondents or len({one.who for one in respondents}) < len(respondents):
        raise table.error("respondents", "must say once for each kind of respondent whom the form is for")
    return respondents


def _respondent(table: Table) -> WhoMayAnswer:
    youngest = table.whole("youngest", minimum=0, maximum=OLDEST) if table.has("youngest") else None
    lowest = youngest or 0
    oldest = table.whole("oldest", minimum=lowest, maximum=OLDEST) if table.has("oldest") else None
    respondent = WhoMayAnswer(table.choice("who", Respondent), youngest, oldest)
    table.finish()
    return respondent


def _licence(table: Table) -> Licence:
    licence = Licence(table.text("rights_holder"), table.text("terms"), table.choice("wording", WordingOwner))
    table.finish()
    return licence


def _reference(table: Table) -> Reference:
    reference = Reference(citation=table.text("citation"), doi=table.optional_text("doi"))
    table.finish()
    return reference


def _items(table: Table) -> Mapping[str, Item]:
    option_sets = _option_sets(table)
    items: dict[str, Item] = {}
    looks_at: dict[str, list[str]] = {}
    places: dict[str, Table] = {}
    for entry in table.tables("items"):
        item = _item(entry, option_sets)
        if item.id in items:
            raise entry.error("id", f"{item.id!r} occurs twice")
        items[item.id] = item
        looks_at[item.id] = sorted(item.ask_when.items) if item.ask_when else []
        places[item.id] = entry
        if len(items) > MOST_ITEMS:
            raise entry.error("", f"an instrument has at most {MOST_ITEMS} items")
    if not items:
        raise table.error("items", "an instrument has at least one item")
    if circle := cycle(looks_at):
        raise places[circle[0]].error("ask_when", f"the conditions go in a circle: {' → '.join(circle)}")
    _check_conditions(items, places)
    return MappingProxyType(items)


def _check_conditions(items: Mapping[str, Item], places: Mapping[str, Table]) -> None:
    before: dict[str, Item] = {}
    for item in items.values():
        for comparison in item.ask_when.comparisons if item.ask_when else ():
            entry = places[item.id]
            asked = before.get(comparison.item)
            if comparison.item not in items:
                raise entry.error("ask_when", f"there is no item {comparison.item!r}")
            if asked is None:
                raise entry.error("ask_when", f"{comparison.item!r} comes later: a condition looks back")
            if problem := _comparison_problem(asked.question, comparison):
                raise entry.error("ask_when", f"{comparison.item}: {problem}")
        before[item.id] = item


def _comparison_problem(question: Question, comparison: Comparison) -> str:
    """Why the comparison could never make sense; empty when it can."""
    value, operator = comparison.value, comparison.operator
    if operator is Operator.ANSWERED:
        return "" if isinstance(value, bool) and not isinstance(question, Statement) else "answered is true or false"
    match question:
        case SingleChoice() | SeveralChoices():
            ordered = operator not in {Operator.IS, Operator.IS_NOT}
            if ordered and isinstance(question, SeveralChoices):
                return "several choices have no order"
            fits = value in question.options and type(value) is int
            return "" if fits else f"{value} is not one of its options"
        case Number(minimum, maximum) | Scale(minimum, maximum):
            if not isinstance(value, int | Decimal) or isinstance(value, bool):
                return "is compared with a number"
            return "" if minimum <= value <= maximum else f"{value} is out of its range"
        case Day(earliest, latest):
            if not isinstance(value, date):
                return "is compared with a date"
            return "" if earliest <= value <= latest else f"{value} is out of its range"
        case FreeText() | Statement():
            return "words can only be compared by whether there are any (answered)"


def _option_sets(table: Table) -> OptionSets:
    if not table.has("option_sets"):
        return {}
    sets = table.table("option_sets")
    found = {name: sets.codes(name) for name in sets.names()}
    for name, codes in found.items():
        if len(codes) > MOST_OPTIONS:
            raise sets.error(name, f"holds more than {MOST_OPTIONS} options")
        if max(map(abs, codes)) > LARGEST_CODE:
            raise sets.error(name, f"holds a code beyond ±{LARGEST_CODE}")
    return found


def _item(table: Table, option_sets: OptionSets) -> Item:
    item_id = _id(table, "id")
    if item_id in RESERVED:
        raise table.error("id", f"{item_id!r} means something else in the wording: choose another name")
    item = Item(
        id=item_id,
        question=_question(table, option_sets),
        skippable=table.flag("skippable") if table.has("skippable") else False,
        may_not_apply=table.flag("may_not_apply") if table.has("may_not_apply") else False,
        ask_when=_condition(table.table("ask_when")) if table.has("ask_when") else None,
        recall=_recall(table) if table.has("recall") else "",
        sensitive=table.flag("sensitive") if table.has("sensitive") else False,
    )
    if isinstance(item.question, Statement) and (item.skippable or item.may_not_apply):
        raise table.error("kind", "a statement takes no answer, so it is neither skipped nor does it not apply")
    table.finish()
    return item


def _question(table: Table, option_sets: OptionSets) -> Question:
    match table.choice("kind", QuestionKind):
        case QuestionKind.SINGLE_CHOICE:
            return SingleChoice(*_options(table, option_sets))
        case QuestionKind.SEVERAL_CHOICES:
            return _several_choices(table, option_sets)
        case QuestionKind.NUMBER:
            return _number(table)
        case QuestionKind.VISUAL_ANALOGUE_SCALE:
            low = table.whole("minimum", minimum=-LARGEST_SCALE_VALUE, maximum=LARGEST_SCALE_VALUE - 1)
            return Scale(low, table.whole("maximum", minimum=low + 1, maximum=LARGEST_SCALE_VALUE))
        case QuestionKind.FREE_TEXT:
            return FreeText(table.whole("longest", minimum=1, maximum=LONGEST_TEXT))
        case QuestionKind.DATE:
            earliest, latest = table.day("earliest"), table.day("latest")
            if latest < earliest:
                raise table.error("latest", "comes before the earliest date")
            return Day(earliest, latest)
        case QuestionKind.STATEMENT:
            return Statement()


def _options(table: Table, option_sets: OptionSets) -> tuple[str, tuple[int, ...]]:
    name = table.text("option_set")
    if name not in option_sets:
        raise table.error("option_set", f"{name!r} is not among the option sets")
    return name, option_sets[name]


def _several_choices(table: Table, option_sets: OptionSets) -> SeveralChoices:
    name, options = _options(table, option_sets)
    alone = table.codes("alone") if table.has("alone") else ()
    if unknown := set(alone).difference(options):
        raise table.error("alone", f"{min(unknown)} is not one of the options")
    return SeveralChoices(name, options, alone)


def _number(table: Table) -> Number:
    low, high = table.decimal("minimum"), table.decimal("maximum")
    if not -LARGEST_NUMBER <= low < high <= LARGEST_NUMBER:
        raise table.error("maximum", f"must be above the minimum, and both within ±{LARGEST_NUMBER}")
    return Number(low, high, table.whole("decimals", minimum=0, maximum=MOST_DECIMALS), unit=_unit(table))


def _unit(table: Table) -> str:
    """As FHIR wants a code: single spaces, and only between words."""
    unit = table.optional_text("unit")
    if unit != " ".join(unit.split()):
        raise table.error("unit", "must be a code, with no spaces around it and single ones within")
    return unit


def _condition(table: Table) -> Condition:
    for joined in Joined:
        if table.has(joined):
            comparisons = tuple(_comparison(entry) for entry in table.tables(joined))
            table.finish()
            if not comparisons:
                raise table.error(joined, "holds no comparison")
            return Condition(comparisons, joined)
    return Condition((_comparison(table),), Joined.ALL)


def _comparison(table: Table) -> Comparison:
    item = table.text("item")
    operators = [operator for operator in Operator if table.has(operator)]
    if len(operators) != 1:
        raise table.error("", f"a comparison has an item and one of {', '.join(Operator)}")
    comparison = Comparison(item, operators[0], table.value(operators[0]))
    table.finish()
    return comparison
