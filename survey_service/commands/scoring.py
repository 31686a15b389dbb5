"""How an instrument is scored, in lines for an operator: which bank, value set or rules, and in which version.

For telling it. Not for scoring, and not for the catalogue of variables.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import assert_never

from cat_engine import StoppingRule
from instruments import Instrument
from instruments.declared import BankRule, ItemsRule, Line, ScoreRule, ScoresRule, TopBoxRule
from instruments.definition import AdaptiveBankDeclared, Eq5dDeclared, ScoresDeclared
from instruments.eq5d import Eq5d


def describe_scoring(instrument: Instrument) -> list[str]:
    """The method first, then what it rests on."""
    match instrument.definition.scoring:
        case AdaptiveBankDeclared() as declared:
            return list(_bank(declared))
        case Eq5dDeclared() as declared:
            return list(_eq5d(declared, instrument.scoring))
        case ScoresDeclared() as declared:
            return list(_scores(declared))
        case unknown:
            assert_never(unknown)


def _bank(declared: AdaptiveBankDeclared) -> Iterator[str]:
    yield f"item bank {declared.bank}, {declared.bank_hash}"
    yield f"rule {_rule(declared.rule)}"
    yield f"paper form: {declared.paper_form or '-'}"


def _rule(rule: StoppingRule) -> str:
    text = f"{rule.name}: {rule.minimum_items} to {rule.maximum_items} answers"
    if rule.se_below is not None:
        text += f", until the standard error of theta is {'below' if rule.strict else 'at most'} {rule.se_below:g}"
    return text if rule.looks_at_precision_only else f"{text}; it looks at more than that"


def _eq5d(declared: Eq5dDeclared, scoring: object) -> Iterator[str]:
    yield f"EQ-5D-{declared.eq5d_version}"
    value_set = scoring.value_set if isinstance(scoring, Eq5d) else None
    if value_set is None:
        yield f"no value set: {declared.no_value_set}"
    else:
        yield f"value set {value_set.id}, {value_set.reference}, {value_set.content_hash}"


def _scores(declared: ScoresDeclared) -> Iterator[str]:
    yield f"declared, version {declared.version}"
    yield from (f"{rule.variable}: {_score_rule(rule)}" for rule in declared.rules)
    yield from _points(declared.points)


def _score_rule(rule: ScoreRule) -> str:
    match rule:
        case TopBoxRule():
            return f"100 for an answer of at least {rule.at_least} to {rule.item}, else 0"
        case BankRule():
            return f"T of {_named(rule.items)} by the bank of {rule.instrument} {rule.version}, {rule.bank_hash}"
        case ItemsRule() | ScoresRule():
            return _aggregate(rule)
        case unknown:
            assert_never(unknown)


def _aggregate(rule: ItemsRule | ScoresRule) -> str:
    parts = rule.items if isinstance(rule, ItemsRule) else rule.scores
    turned = [part for part in parts if isinstance(rule, ItemsRule) and part in rule.reversed]
    steps = [f"{rule.aggregate} of {_named(parts)}", f"at least {rule.minimum_answered} of {len(parts)}"]
    steps += [f"reversed: {_named(turned)}"] if turned else []
    steps += [_line(rule.line)] if rule.line else []
    steps += [f"looked up in {rule.lookup}"] if rule.lookup else []
    steps += [f"decimals: {rule.decimals}"] if rule.decimals is not None else []
    return "; ".join(steps)


def _line(line: Line) -> str:
    return f"{line.low} to {line.high} becomes {line.to_low} to {line.to_high}"


def _points(points: Mapping[str, tuple[Decimal, ...]]) -> Iterator[str]:
    for option_set, worth in points.items():
        yield f"points of {option_set}, as printed: {_named(worth)}"


def _named(parts: Sequence[object]) -> str:
    return ", ".join(map(str, parts))
