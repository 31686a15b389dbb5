"""From the scoring that a definition declares to one that can be carried out.

For loading and dispatch: the arithmetic is in `promis`, `eq5d` and `declared`.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType

from cat_engine import AdaptiveTest, BankError, ItemBank
from cat_engine.fixed_form import FixedForm
from instruments.answers import Answered, Score
from instruments.declared import BankRule, DeclaredScoring, ItemsRule, Lookup, Points, ScoresRule
from instruments.definition import AdaptiveBankDeclared, Definition, Eq5dDeclared, Item, ScoresDeclared
from instruments.eq5d import ITEM_IDS, Eq5d, Eq5dError, Version, value_set_by_id
from instruments.errors import DefinitionError
from instruments.promis import AdaptiveBank, BankForm
from instruments.questions import Number, Scale, SingleChoice
from instruments.reading import is_usable

Scoring = AdaptiveBank | BankForm | Eq5d | DeclaredScoring
# Finds the bank of another instrument; None where there is no such instrument or it has no bank.
FindBank = Callable[[str, str], ItemBank | None]

MOST_ROWS = 10_000


def load_scoring(definition: Definition, folder: Path, *, content_hash: str, find_bank: FindBank) -> Scoring:
    """The declared scoring with its bank, value set or tables, checked against the items.

    Raises
    ------
    DefinitionError
        If a file is missing or does not fit the definition.
    """
    scoring: Scoring
    match definition.scoring:
        case AdaptiveBankDeclared() as declared:
            scoring = _adaptive_bank(definition, declared, folder)
        case Eq5dDeclared() as declared:
            scoring = _eq5d(definition, declared, content_hash)
        case ScoresDeclared() as declared:
            scoring = _declared(definition, declared, folder, content_hash=content_hash, find_bank=find_bank)
    catalogue = tuple(variable.name for variable in definition.variables)
    if catalogue != scoring.variable_names:
        expected = ", ".join(scoring.variable_names)
        raise error_in(definition, "variables", f"must be what the scoring gives, in order: {expected}")
    return scoring


def score(scoring: Scoring, answers: Mapping[str, Answered], eligible: frozenset[str] | None) -> tuple[Score, ...]:
    """All variables of the catalogue, in its order."""
    if isinstance(scoring, AdaptiveBank):
        return scoring.score(answers, eligible)
    return scoring.score(answers)


def in_form(definition: Definition, scoring: Scoring, form_id: str) -> tuple[Mapping[str, Item], BankForm]:
    """The items and the scoring of one of the bank's short forms. Raises ``KeyError`` when it has none of that id."""
    if not isinstance(definition.scoring, AdaptiveBankDeclared) or not isinstance(scoring, AdaptiveBank):
        raise KeyError(form_id)
    form = next((one for one in definition.scoring.short_forms if one.id == form_id), None)
    if form is None:
        raise KeyError(form_id)
    items = MappingProxyType({item_id: definition.items[item_id] for item_id in form.items})
    fixed = FixedForm(bank=scoring.test.bank, items=form.items)
    return items, BankForm(form=fixed, prefix=scoring.prefix, method=scoring.method)


def read_bank(definition: Definition, declared: AdaptiveBankDeclared, folder: Path) -> ItemBank:
    """The bank beside the definition, with the content that the definition pins."""
    try:
        bank = ItemBank.from_csv(folder / declared.bank)
    except FileNotFoundError:
        raise error_in(definition, "scoring.bank", "the file is missing") from None
    except (BankError, OSError) as error:
        raise error_in(definition, "scoring.bank", str(error)) from error
    if bank.content_hash != declared.bank_hash:
        raise error_in(definition, "scoring.bank_hash", f"the bank's content is {bank.content_hash}")
    return bank


def error_in(definition: Definition, field: str, problem: str) -> DefinitionError:
    """An error in the definition's own file, of something that only shows with another file beside it."""
    return DefinitionError(f"{definition.id}/{definition.version}/definition.toml", field, problem)


def _place(definition: Definition, item_id: str) -> str:
    """The field of an item, by which its line is found."""
    return f"items[{list(definition.items).index(item_id) + 1}]" if item_id in definition.items else "items"


def _adaptive_bank(definition: Definition, declared: AdaptiveBankDeclared, folder: Path) -> AdaptiveBank:
    bank = read_bank(definition, declared, folder)
    for item_id in sorted(set(bank.item_ids) ^ set(definition.items)):
        where = "the bank" if item_id in definition.items else "the items"
        raise error_in(definition, _place(definition, item_id), f"{item_id}: is not in {where}")
    for item in bank.items:
        question = definition.items[item.id].question
        codes = sorted(question.options) if isinstance(question, SingleChoice) else []
        if codes != list(range(1, item.categories + 1)):
            problem = f"{item.id}: the options must be 1 to {item.categories}"
            raise error_in(definition, _place(definition, item.id), problem)
    return AdaptiveBank(
        test=AdaptiveTest(bank=bank, rule=declared.rule),
        prefix=declared.prefix,
        method=f"{definition.id} bank {definition.version}",
    )


def _eq5d(definition: Definition, declared: Eq5dDeclared, content_hash: str) -> Eq5d:
    try:
        version = Version(declared.eq5d_version)
    except ValueError:
        raise error_in(definition, "scoring.version", f"is not one of {', '.join(Version)}") from None
    _check_eq5d_items(definition, version)
    try:
        value_set = value_set_by_id(declared.value_set) if declared.value_set else None
    except Eq5dError as error:
        raise error_in(definition, "scoring.value_set", str(error)) from error
    if value_set is not None and value_set.version is not version:
        raise error_in(definition, "scoring.value_set", f"{value_set.id} is for EQ-5D-{value_set.version}")
    return Eq5d(
        version=version,
        value_set=value_set,
        prefix=declared.prefix,
        method=f"{definition.id} {definition.version}",
        method_hash=content_hash,
    )


def _check_eq5d_items(definition: Definition, version: Version) -> None:
    if tuple(definition.items) != ITEM_IDS:
        raise error_in(definition, "items", f"EQ-5D has these, in this order: {', '.join(ITEM_IDS)}")
    for item_id, item in definition.items.items():
        question = item.question
        if item_id == ITEM_IDS[-1]:
            fits = isinstance(question, Scale) and (question.minimum, question.maximum) == (0, 100)
        else:
            fits = isinstance(question, SingleChoice) and question.options == tuple(range(1, version.levels + 1))
        if not fits or item.ask_when is not None:
            problem = f"{item_id}: must be as EQ-5D has it, and asked of everybody"
            raise error_in(definition, _place(definition, item_id), problem)


def _declared(
    definition: Definition, declared: ScoresDeclared, folder: Path, *, content_hash: str, find_bank: FindBank
) -> DeclaredScoring:
    scored = {item for rule in declared.rules if isinstance(rule, ItemsRule) for item in rule.items}
    lookups = {rule.lookup for rule in declared.rules if isinstance(rule, ItemsRule | ScoresRule) and rule.lookup}
    return DeclaredScoring(
        rules=declared.rules,
        points={item: _points(definition.items[item], declared) for item in scored},
        lookups={name: _lookup(definition, folder / name) for name in lookups},
        banks={rule.variable: _bank_form(definition, declared, rule, find_bank) for rule in _bank_rules(declared)},
        method=f"{definition.id} {definition.version} scoring {declared.version}",
        method_hash=content_hash,
    )


def _points(item: Item, declared: ScoresDeclared) -> Points:
    match item.question:
        case SingleChoice(option_set, options) if option_set in declared.points:
            worth = dict(zip(options, declared.points[option_set], strict=True))
            return Points(worth=worth, low=min(worth.values()), high=max(worth.values()))
        case SingleChoice(_, options):
            return Points(worth=None, low=Decimal(min(options)), high=Decimal(max(options)))
        case Scale(minimum, maximum) | Number(minimum, maximum):
            return Points(worth=None, low=Decimal(minimum), high=Decimal(maximum))
        case _:
            raise AssertionError("the file was checked for this")


def _bank_rules(declared: ScoresDeclared) -> Iterable[BankRule]:
    return (rule for rule in declared.rules if isinstance(rule, BankRule))


def _bank_form(definition: Definition, declared: ScoresDeclared, rule: BankRule, find_bank: FindBank) -> FixedForm:
    field = f"scoring.scores[{declared.rules.index(rule) + 1}].bank"
    bank = find_bank(rule.instrument, rule.version)
    if bank is None:
        raise error_in(definition, field, f"there is no bank of {rule.instrument} {rule.version}")
    if bank.content_hash != rule.bank_hash:
        raise error_in(definition, field, f"the bank's content is {bank.content_hash}")
    try:
        form = FixedForm(bank=bank, items=rule.items)
    except BankError as error:
        raise error_in(definition, field, str(error)) from error
    for item_id in rule.items:
        question, categories = definition.items[item_id].question, bank.items[bank.index[item_id]].categories
        if not isinstance(question, SingleChoice) or sorted(question.options) != list(range(1, categories + 1)):
            problem = f"{item_id}: the options must be 1 to {categories}, as in the bank"
            raise error_in(definition, _place(definition, item_id), problem)
    return form


def _lookup(definition: Definition, path: Path) -> Lookup:
    """A table of two columns, ``raw`` and ``score``."""
    file = f"{definition.id}/{definition.version}/{path.name}"
    table: dict[Decimal, Decimal] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, strict=True)
            if next(rows, None) != ["raw", "score"]:
                raise DefinitionError(file, "", "the columns must be raw and score", line=1)
            for row in rows:
                raw, value = _lookup_row(row, file=file, line=rows.line_num)
                if raw in table or len(table) >= MOST_ROWS:
                    raise DefinitionError(file, "raw", "occurs twice, or the table is too long", line=rows.line_num)
                table[raw] = value
    except FileNotFoundError:
        raise DefinitionError(file, "", "the file is missing") from None
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise DefinitionError(file, "", f"cannot be read: {error}") from error
    if not table:
        raise DefinitionError(file, "", "holds no row", line=1)
    return MappingProxyType(table)


def _lookup_row(row: list[str], *, file: str, line: int) -> tuple[Decimal, Decimal]:
    try:
        raw, value = (Decimal(cell) for cell in row)
    except (ValueError, InvalidOperation):
        raise DefinitionError(file, "", "must hold two numbers", line=line) from None
    if not is_usable(raw) or not is_usable(value):
        raise DefinitionError(file, "", "must hold two numbers of a usual size", line=line)
    return raw, value
