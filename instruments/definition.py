"""What an instrument is, read from its ``definition.toml``.

For the structure: items, options, order, licence, catalogue of variables, declared scoring. Not for wording
(the definition holds keys, never sentences that a patient reads), and not for carrying the scoring out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from cat_engine import RULES, StoppingRule
from instruments.reading import Table

FILE = "definition.toml"
MOST_ITEMS = 1000
LONGEST_MINUTES = 240
# EQ VAS ends at 100; a bound keeps a slip of the keyboard out.
LARGEST_SCALE_VALUE = 10_000


class Family(StrEnum):
    """What the instrument measures: outcomes or experiences of care."""

    PROM = "PROM"
    PREM = "PREM"


class Administration(StrEnum):
    """How the form is given: whole and in order, or each item by the answers before it."""

    FIXED = "fixed"
    ADAPTIVE = "adaptive"


class QuestionKind(StrEnum):
    """How an item is answered."""

    SINGLE_CHOICE = "single_choice"
    VISUAL_ANALOGUE_SCALE = "visual_analogue_scale"


class VariableType(StrEnum):
    """What the values of a scored variable are."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, without its wording.

    ``options`` are the codes in printed order and ``option_set`` the key of their wording, for a choice;
    ``minimum`` and ``maximum`` the ends of a scale.
    """

    id: str
    kind: QuestionKind
    skippable: bool
    option_set: str = ""
    options: tuple[int, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def accepts(self, value: int) -> bool:
        """Whether the value is one of the options, or a whole number within the scale."""
        if type(value) is not int:
            return False
        if self.minimum is None or self.maximum is None:
            return value in self.options
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One entry of the catalogue that registers order from."""

    name: str
    definition: str
    type: VariableType
    unit: str
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Licence:
    """Who holds the rights to the instrument and on which terms it may be used."""

    rights_holder: str
    terms: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication that the definition rests on."""

    citation: str
    doi: str


@dataclass(frozen=True, slots=True)
class AdaptiveBankDeclared:
    """Scored by an item bank that the adaptive engine runs."""

    bank: str
    bank_hash: str
    rule: StoppingRule
    prefix: str


@dataclass(frozen=True, slots=True)
class Eq5d5lDeclared:
    """Scored as an EQ-5D-5L profile with a value set."""

    value_set: str
    prefix: str


Declared = AdaptiveBankDeclared | Eq5d5lDeclared


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One version of one instrument. Published versions never change; a correction is a new version."""

    id: str
    version: str
    family: Family
    administration: Administration
    title_key: str
    recall: str
    estimated_minutes: int
    changeable: bool
    licence: Licence
    references: tuple[Reference, ...]
    items: Mapping[str, Item]
    scoring: Declared
    variables: tuple[Variable, ...]


def read_definition(folder: Path) -> Definition:
    """The definition in ``<id>/<version>/definition.toml``.

    Raises
    ------
    DefinitionError
        Naming the file and the field.
    """
    file = f"{folder.parent.name}/{folder.name}/{FILE}"
    table = Table.read(folder / FILE, file=file)
    definition = _parse(table)
    if (definition.id, definition.version) != (folder.parent.name, folder.name):
        raise table.error("id", "id and version must be the names of the two folders that hold the file")
    return definition


def _parse(table: Table) -> Definition:
    definition = Definition(
        id=table.text("id"),
        version=_version(table),
        family=table.choice("family", Family),
        administration=table.choice("administration", Administration),
        title_key=table.text("title_key"),
        recall=table.text("recall"),
        estimated_minutes=table.whole("estimated_minutes", minimum=1, maximum=LONGEST_MINUTES),
        changeable=table.flag("changeable"),
        licence=_licence(table.table("licence")),
        references=tuple(_reference(entry) for entry in table.tables("references")),
        items=_items(table),
        scoring=_scoring(table.table("scoring")),
        variables=_variables(table),
    )
    table.finish()
    _check_administration(table, definition)
    return definition


def _version(table: Table) -> str:
    version = table.text("version")
    if not re.fullmatch(r"\d{1,4}(\.\d{1,4})*", version):
        raise table.error("version", "must be numbers with points between them, such as 1.0")
    return version


def _check_administration(table: Table, definition: Definition) -> None:
    adaptive = definition.administration is Administration.ADAPTIVE
    if isinstance(definition.scoring, Eq5d5lDeclared) and adaptive:
        raise table.error("administration", "EQ-5D is given whole and in fixed order, never adaptively")
    if isinstance(definition.scoring, AdaptiveBankDeclared) and not adaptive:
        raise table.error("administration", "an adaptive bank is given adaptively")


def _licence(table: Table) -> Licence:
    licence = Licence(rights_holder=table.text("rights_holder"), terms=table.text("terms"))
    table.finish()
    return licence


def _reference(table: Table) -> Reference:
    reference = Reference(citation=table.text("citation"), doi=table.text("doi"))
    table.finish()
    return reference


def _items(table: Table) -> Mapping[str, Item]:
    option_sets = _option_sets(table)
    items: dict[str, Item] = {}
    for entry in table.tables("items"):
        item = _item(entry, option_sets)
        if item.id in items:
            raise entry.error("id", f"{item.id!r} occurs twice")
        items[item.id] = item
    if not 1 <= len(items) <= MOST_ITEMS:
        raise table.error("items", f"an instrument has 1 to {MOST_ITEMS} items")
    return MappingProxyType(items)


def _option_sets(table: Table) -> Mapping[str, tuple[int, ...]]:
    if not table.has("option_sets"):
        return {}
    sets = table.table("option_sets")
    return {name: sets.codes(name) for name in sets.names()}


def _item(table: Table, option_sets: Mapping[str, tuple[int, ...]]) -> Item:
    id_, kind, skippable = table.text("id"), table.choice("kind", QuestionKind), table.flag("skippable")
    match kind:
        case QuestionKind.SINGLE_CHOICE:
            name = table.text("option_set")
            if name not in option_sets:
                raise table.error("option_set", f"{name!r} is not among the option sets")
            item = Item(id=id_, kind=kind, skippable=skippable, option_set=name, options=option_sets[name])
        case QuestionKind.VISUAL_ANALOGUE_SCALE:
            low = table.whole("minimum", minimum=-LARGEST_SCALE_VALUE, maximum=LARGEST_SCALE_VALUE)
            high = table.whole("maximum", minimum=low + 1, maximum=LARGEST_SCALE_VALUE)
            item = Item(id=id_, kind=kind, skippable=skippable, minimum=low, maximum=high)
    table.finish()
    return item


def _scoring(table: Table) -> Declared:
    method = table.text("method")
    declared: Declared
    match method:
        case "adaptive-bank":
            declared = AdaptiveBankDeclared(
                bank=_file_name(table, "bank"),
                bank_hash=table.text("bank_hash"),
                rule=_rule(table),
                prefix=table.text("prefix"),
            )
        case "eq5d-5l":
            declared = Eq5d5lDeclared(value_set=_file_name(table, "value_set"), prefix=table.text("prefix"))
        case _:
            raise table.error("method", f"{method!r} is not one of adaptive-bank, eq5d-5l")
    table.finish()
    return declared


def _file_name(table: Table, field: str) -> str:
    name = table.text(field)
    if Path(name).name != name or name.startswith("."):
        raise table.error(field, "must be the name of a file beside the definition")
    return name


def _rule(table: Table) -> StoppingRule:
    name = table.text("rule")
    if name not in RULES:
        raise table.error("rule", f"{name!r} is not one of {', '.join(RULES)}")
    return RULES[name]


def _variables(table: Table) -> tuple[Variable, ...]:
    variables = tuple(_variable(entry) for entry in table.tables("variables"))
    names = [variable.name for variable in variables]
    if len(set(names)) != len(names):
        raise table.error("variables", "a name occurs twice")
    return variables


def _variable(table: Table) -> Variable:
    variable = Variable(
        name=table.text("name"),
        definition=table.text("definition"),
        type=table.choice("type", VariableType),
        unit=table.text("unit"),
        minimum=float(table.decimal("minimum")) if table.has("minimum") else None,
        maximum=float(table.decimal("maximum")) if table.has("maximum") else None,
    )
    table.finish()
    return variable
