"""From the scoring that a definition declares to one that can be carried out.

For loading and dispatch: the arithmetic is in `promis` and `eq5d`.
"""

from collections.abc import Mapping
from pathlib import Path

from cat_engine import AdaptiveTest, BankError, ItemBank
from instruments.answers import Answered, Score
from instruments.definition import AdaptiveBankDeclared, Definition, Eq5d5lDeclared, QuestionKind
from instruments.eq5d.profile import LEVELS
from instruments.eq5d.scoring import ITEM_IDS, VAS, Eq5d5l
from instruments.eq5d.value_set import read_value_set
from instruments.errors import DefinitionError
from instruments.promis import AdaptiveBank

Scoring = AdaptiveBank | Eq5d5l


def load_scoring(definition: Definition, folder: Path, *, content_hash: str) -> Scoring:
    """The declared scoring with its bank or value set, checked against the items.

    Raises
    ------
    DefinitionError
        If a file is missing or does not fit the definition.
    """
    scoring: Scoring
    match definition.scoring:
        case AdaptiveBankDeclared() as declared:
            scoring = _adaptive_bank(definition, declared, folder)
        case Eq5d5lDeclared() as declared:
            scoring = _eq5d5l(definition, declared, folder, content_hash)
    catalogue = tuple(variable.name for variable in definition.variables)
    if catalogue != scoring.variable_names:
        expected = ", ".join(scoring.variable_names)
        raise _error(definition, "variables", f"must be what the scoring gives, in order: {expected}")
    return scoring


def score(scoring: Scoring, answers: Mapping[str, Answered], eligible: frozenset[str] | None) -> tuple[Score, ...]:
    """All variables of the catalogue, in its order."""
    match scoring:
        case AdaptiveBank():
            return scoring.score(answers, eligible)
        case Eq5d5l():
            return scoring.score(answers)


def _adaptive_bank(definition: Definition, declared: AdaptiveBankDeclared, folder: Path) -> AdaptiveBank:
    try:
        bank = ItemBank.from_csv(folder / declared.bank)
    except FileNotFoundError:
        raise _error(definition, "scoring.bank", "the file is missing") from None
    except BankError as error:
        raise _error(definition, "scoring.bank", str(error)) from error
    if bank.content_hash != declared.bank_hash:
        raise _error(definition, "scoring.bank_hash", f"the bank's content is {bank.content_hash}")
    for item_id in sorted(set(bank.item_ids) ^ set(definition.items)):
        raise _error(definition, "items", f"{item_id!r} must be both in the bank and in the definition")
    for item in bank.items:
        if definition.items[item.id].options != tuple(range(1, item.categories + 1)):
            raise _error(definition, "items", f"{item.id}: the options must be 1 to {item.categories}")
    return AdaptiveBank(
        test=AdaptiveTest(bank=bank, rule=declared.rule),
        prefix=declared.prefix,
        method=f"{definition.id} bank {definition.version}",
    )


def _eq5d5l(definition: Definition, declared: Eq5d5lDeclared, folder: Path, content_hash: str) -> Eq5d5l:
    if tuple(definition.items) != ITEM_IDS:
        raise _error(definition, "items", f"EQ-5D-5L has these, in this order: {', '.join(ITEM_IDS)}")
    for item_id, item in definition.items.items():
        if item_id == VAS:
            fits = item.kind is QuestionKind.VISUAL_ANALOGUE_SCALE and (item.minimum, item.maximum) == (
                0,
                100,
            )
        else:
            fits = item.options == tuple(range(1, LEVELS + 1))
        if not fits:
            raise _error(definition, "items", f"{item_id}: must be as in EQ-5D-5L (levels 1 to 5; VAS 0 to 100)")
    name = f"{definition.id}/{definition.version}/{declared.value_set}"
    return Eq5d5l(
        value_set=read_value_set(folder / declared.value_set, file=name),
        prefix=declared.prefix,
        method=f"{definition.id} {definition.version}",
        method_hash=content_hash,
    )


def _error(definition: Definition, field: str, problem: str) -> DefinitionError:
    return DefinitionError(f"{definition.id}/{definition.version}/definition.toml", field, problem)
