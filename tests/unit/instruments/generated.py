"""Definitions made up at random, each one that a file could hold."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from cat_engine import RULES
from instruments import (
    Administration,
    BandName,
    Day,
    Definition,
    Direction,
    Family,
    FreeText,
    Item,
    Licence,
    Number,
    Question,
    Reference,
    Respondent,
    Scale,
    SeveralChoices,
    ShortForm,
    SingleChoice,
    Statement,
    Validation,
    Variable,
    VariableType,
    WhoMayAnswer,
    WordingOwner,
)
from instruments.conditions import Comparison, Condition, Joined, Operator
from instruments.declared import Aggregate, BankRule, ItemsRule, Line, ScoreRule, ScoresRule, TopBoxRule
from instruments.definition import AdaptiveBankDeclared, Declared, Eq5dDeclared, ScoresDeclared
from instruments.variables import Bands, ImportantChange, ReferencePopulation, bands_between

# No half characters, and nothing that ends a line but a newline: no file of ours can hold those.
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from("\n\t\"\\'#=[]{}åäö")
TEXTS = st.text(LETTERS, min_size=1, max_size=12).filter(str.strip)
UNITS = TEXTS.map(lambda text: " ".join(text.split()))
IDS = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True)
NUMBERS = st.decimals(-999_999, 999_999, places=3)
FIGURES = st.floats(-1e6, 1e6) | st.integers(-1000, 1000).map(float)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@st.composite
def definitions(draw: Any) -> Definition:
    administration = draw(st.sampled_from(Administration))
    adaptive = administration is Administration.ADAPTIVE
    items = draw(_items(adaptive=adaptive))
    return Definition(
        id=draw(IDS),
        version=draw(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True)),
        family=draw(st.sampled_from(Family)),
        administration=administration,
        validation=draw(st.sampled_from(Validation)),
        title_key=draw(TEXTS),
        recall=draw(_recalls()),
        estimated_minutes=draw(st.integers(1, 240)),
        changeable=draw(st.booleans()),
        respondents=tuple(
            draw(_respondents(who)) for who in draw(st.permutations(Respondent))[: draw(st.integers(1, 2))]
        ),
        licence=Licence(draw(TEXTS), draw(TEXTS), draw(st.sampled_from(WordingOwner))),
        references=tuple(draw(st.lists(st.builds(Reference, TEXTS, st.just("") | TEXTS), max_size=2))),
        items=items,
        scoring=draw(_scorings(items, adaptive=adaptive)),
        variables=tuple(draw(st.lists(_variables(), max_size=3, unique_by=lambda variable: variable.name))),
    )


def _recalls() -> st.SearchStrategy[str]:
    return st.sampled_from(["today", "now", "ever", "visit", "P7D", "P4W"])


@st.composite
def _respondents(draw: Any, who: Respondent) -> WhoMayAnswer:
    ages = sorted(draw(st.lists(st.integers(0, 130), min_size=2, max_size=2)))
    return WhoMayAnswer(who, *(age if draw(st.booleans()) else None for age in ages))


@st.composite
def _items(draw: Any, *, adaptive: bool) -> dict[str, Item]:
    sets = draw(st.dictionaries(TEXTS, _codes(), min_size=1, max_size=3))
    items: dict[str, Item] = {}
    for id_ in draw(st.lists(IDS, min_size=1, max_size=6, unique=True)):
        question = draw(_choices(sets) if adaptive else _questions(sets))
        answerable = not isinstance(question, Statement)
        items[id_] = Item(
            id=id_,
            question=question,
            skippable=answerable and draw(st.booleans()),
            may_not_apply=answerable and not adaptive and draw(st.booleans()),
            sensitive=draw(st.booleans()),
            ask_when=None if adaptive else draw(_conditions(items)),
            recall=draw(st.just("") | _recalls()),
        )
    return items


def _codes() -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(-99, 999), min_size=1, max_size=5, unique=True).map(tuple)


@st.composite
def _choices(draw: Any, sets: dict[str, tuple[int, ...]]) -> SingleChoice:
    name = draw(st.sampled_from(sorted(sets)))
    return SingleChoice(name, sets[name])


@st.composite
def _questions(draw: Any, sets: dict[str, tuple[int, ...]]) -> Question:
    match draw(st.sampled_from(["single", "several", "number", "scale", "text", "day", "statement"])):
        case "single":
            return draw(_choices(sets))
        case "several":
            choice = draw(_choices(sets))
            alone = tuple(code for code in choice.options if draw(st.booleans()))
            return SeveralChoices(choice.option_set, choice.options, alone)
        case "number":
            low, high = sorted(draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True)))
            return Number(low, high, draw(st.integers(0, 6)), draw(st.just("") | UNITS))
        case "scale":
            low, high = sorted(draw(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=2, unique=True)))
            return Scale(low, high)
        case "text":
            return FreeText(draw(st.integers(1, 10_000)))
        case "day":
            return Day(*sorted(draw(st.lists(DAYS, min_size=2, max_size=2))))
        case _:
            return Statement()


@st.composite
def _conditions(draw: Any, before: dict[str, Item]) -> Condition | None:
    asked = [item for item in before.values() if not isinstance(item.question, Statement)]
    if not asked or draw(st.booleans()):
        return None
    comparisons = [draw(_comparisons(draw(st.sampled_from(asked)))) for _ in range(draw(st.integers(1, 3)))]
    return Condition(tuple(comparisons), draw(st.sampled_from(Joined)))


@st.composite
def _comparisons(draw: Any, asked: Item) -> Comparison:
    ordered = [one for one in Operator if one is not Operator.ANSWERED]
    same = [Operator.IS, Operator.IS_NOT]
    if isinstance(asked.question, FreeText) or draw(st.integers(0, 4)) == 0:
        return Comparison(asked.id, Operator.ANSWERED, draw(st.booleans()))
    match asked.question:
        case SingleChoice(options=options):
            return Comparison(asked.id, draw(st.sampled_from(ordered)), draw(st.sampled_from(options)))
        case SeveralChoices(options=options):
            return Comparison(asked.id, draw(st.sampled_from(same)), draw(st.sampled_from(options)))
        case Day(earliest, latest):
            return Comparison(asked.id, draw(st.sampled_from(ordered)), draw(st.dates(earliest, latest)))
        case Scale(low, high):
            return Comparison(asked.id, draw(st.sampled_from(ordered)), draw(st.integers(low, high)))
        case _:
            value = draw(st.decimals(asked.question.minimum, asked.question.maximum, places=3))
            return Comparison(asked.id, draw(st.sampled_from(ordered)), value)


@st.composite
def _scorings(draw: Any, items: dict[str, Item], *, adaptive: bool) -> Declared:
    if adaptive:
        forms = draw(st.lists(_short_forms(items), min_size=1, max_size=2, unique_by=lambda form: form.id))
        rule = RULES[draw(st.sampled_from(sorted(RULES)))]
        least = draw(st.none() | st.integers(1, len(items)))
        return AdaptiveBankDeclared("bank.csv", draw(TEXTS), rule, draw(TEXTS), tuple(forms), forms[0].id, least)
    if draw(st.booleans()):
        value_set, reason = draw(st.sampled_from([("SE", ""), ("", "none")]))
        return Eq5dDeclared(draw(TEXTS), value_set, reason, draw(TEXTS))
    single = {
        item.question.option_set: item.question for item in items.values() if isinstance(item.question, SingleChoice)
    }
    points = {
        name: tuple(draw(st.lists(NUMBERS, min_size=len(question.options), max_size=len(question.options))))
        for name, question in single.items()
        if draw(st.booleans())
    }
    rules: list[ScoreRule] = []
    for variable in draw(st.lists(TEXTS, max_size=3)):
        rules.append(draw(_rules(variable, items, [rule.variable for rule in rules])))
    return ScoresDeclared(draw(TEXTS), tuple(rules), points)


@st.composite
def _short_forms(draw: Any, items: dict[str, Item]) -> ShortForm:
    return ShortForm(id=draw(TEXTS), items=draw(_some(sorted(items))), source=draw(TEXTS))


@st.composite
def _rules(draw: Any, variable: str, items: dict[str, Item], earlier: list[str]) -> ScoreRule:
    numeric = [item.id for item in items.values() if isinstance(item.question, SingleChoice | Scale | Number)]
    single = [item for item in items.values() if isinstance(item.question, SingleChoice)]
    shared: dict[str, Any] = {
        "variable": variable,
        "aggregate": draw(st.sampled_from(Aggregate)),
        "minimum_answered": 1,
        "line": draw(st.none() | _lines()),
        "lookup": draw(st.sampled_from(["", "table.csv"])),
        "decimals": draw(st.none() | st.integers(0, 6)),
    }
    if earlier and draw(st.booleans()):
        return ScoresRule(scores=draw(_some(sorted(set(earlier)))), **shared)
    if numeric and draw(st.booleans()):
        chosen = draw(_some(numeric))
        turned = frozenset(item for item in chosen if draw(st.booleans()))
        return ItemsRule(items=chosen, reversed=turned, **shared)
    if single and draw(st.booleans()):
        item = draw(st.sampled_from(single))
        return TopBoxRule(variable=variable, item=item.id, at_least=draw(st.sampled_from(item.question.options)))
    names = {name: draw(TEXTS) for name in ("instrument", "version", "bank_hash")}
    return BankRule(variable=variable, items=draw(_some(sorted(items))), **names)


def _some(names: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)


@st.composite
def _lines(draw: Any) -> Line:
    low, high = draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True))
    return Line(low, high, *draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True)))


@st.composite
def _variables(draw: Any) -> Variable:
    direction = draw(st.none() | st.sampled_from(Direction))
    low, value, high = sorted(draw(st.lists(st.floats(0.001, 100), min_size=3, max_size=3)))
    edges = sorted(draw(st.lists(FIGURES, max_size=3, unique=True)))
    order = [*BandName] if direction is Direction.WORSE else [*reversed(BandName)]
    names = sorted(draw(st.permutations(BandName))[: len(edges) + 1], key=order.index)
    bands = Bands(bands_between(edges, names), direction, draw(TEXTS), draw(st.just("") | TEXTS)) if direction else None
    change = ImportantChange(value, low, high, draw(TEXTS), draw(st.just("") | TEXTS))
    population = ReferencePopulation(draw(TEXTS), draw(FIGURES), draw(st.floats(0.001, 100)))
    return Variable(
        name=draw(TEXTS),
        definition=draw(TEXTS),
        type=draw(st.sampled_from(VariableType)),
        unit=draw(TEXTS),
        minimum=draw(st.none() | FIGURES),
        maximum=draw(st.none() | FIGURES),
        higher_is=direction,
        bands=bands if draw(st.booleans()) else None,
        important_change=change if draw(st.booleans()) else None,
        reference=population if draw(st.booleans()) else None,
    )
