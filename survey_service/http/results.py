"""How answers and scores are told to people, patients and staff, in the reader's language.

Words for values that are there already: not for reading them, nor for who may see them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from instruments import (
    Answered,
    AnswerKind,
    BandName,
    Direction,
    Instrument,
    Item,
    MissingReason,
    Score,
    SeveralChoices,
    SingleChoice,
    Variable,
    VariableType,
)
from instruments.declared import DeclaredScoring, TopBoxRule
from instruments.eq5d import DIMENSIONS, Eq5d, Profile
from survey_service.errors import mark
from survey_service.http.locale import day, decimal, gettext, number

Texts = Mapping[str, str]

# Translated one by one: a worklist asks for hundreds, and each look into the catalogue costs.
_NAMES = {
    "t": mark("T-score"),
    "theta": mark("Theta"),
    "n_items": mark("Number of questions"),
    "stop_reason": mark("Why the test ended"),
    "profile": mark("Health profile"),
    "index": mark("Index"),
    "vas": mark("Health today (0–100)"),
    "lss": mark("Sum of levels"),
    "lfs": mark("Number at each level"),
}


def label(variable: str, texts: Texts) -> str:
    """A variable's name for people: the wording's own, else by the end of the variable's name."""
    name = variable.rpartition(".")[2]
    own = texts.get(f"score:{variable}")
    if own:
        return own
    return gettext(_NAMES[name]) if name in _NAMES else name


def figure(score: Score) -> str | None:
    """A score as it is printed: T-scores with one decimal, codes in words. None where there is none."""
    name = score.variable.rpartition(".")[2]
    if score.value is not None:
        return number(round(score.value, 1 if name == "t" else 3))
    return _stop_reason(score.text) if name == "stop_reason" and score.text else score.text


def why_missing(reason: str) -> str:
    """Why a score has no value."""
    sentences = {
        MissingReason.SKIPPED: gettext("a question was skipped"),
        MissingReason.NOT_APPLICABLE: gettext("a question does not apply"),
        MissingReason.AMBIGUOUS: gettext("an answer is ambiguous"),
        MissingReason.OUT_OF_RANGE: gettext("a value is out of range"),
        MissingReason.UNANSWERED: gettext("a question was not answered"),
        MissingReason.TOO_FEW_ANSWERED: gettext("too few questions were answered"),
        MissingReason.NO_ANSWERS: gettext("nothing was answered"),
        MissingReason.NOT_IN_TABLE: gettext("the table has no such sum"),
        MissingReason.NOT_STOPPED: gettext("the test had not come to its end"),
    }
    return sentences.get(MissingReason(reason), reason)


def in_catalogue_order(instrument: Instrument | None, scores: Sequence[Score]) -> list[tuple[Variable, Score]]:
    """Each score with what its figure means; of an instrument that is gone, the figures as stored, and no meaning."""
    if instrument is None:
        return [(_of_unknown_meaning(score), score) for score in scores]
    by_name = {score.variable: score for score in scores}
    return [(variable, by_name[variable.name]) for variable in instrument.variables if variable.name in by_name]


def _of_unknown_meaning(score: Score) -> Variable:
    kind = VariableType.NUMBER if score.text is None else VariableType.TEXT
    return Variable(name=score.variable, definition="", type=kind, unit="")


def answer(item: Item | None, given: Answered, texts: Texts) -> str | None:
    """An answer in the words it was chosen by. None for a question that was skipped, or had nothing to answer.

    Without the item, of an instrument that is gone, it is what is stored: of a choice, its code.
    """
    match given.kind:
        case AnswerKind.VALUE:
            pass
        case AnswerKind.NOT_APPLICABLE:
            return texts["not_applicable"]
        case AnswerKind.AMBIGUOUS:
            return gettext("Cannot be read")
        case AnswerKind.OUT_OF_RANGE:
            return gettext("Out of range")
        case AnswerKind.SKIPPED | AnswerKind.SHOWN:
            return None
    value = given.value
    if item is None:
        return str(value)
    match item.question:
        case SingleChoice(option_set):
            return texts[f"option:{option_set}:{value}"]
        case SeveralChoices(option_set):
            codes = value if isinstance(value, tuple) else ()
            return "; ".join(texts[f"option:{option_set}:{code}"] for code in codes)
        case _:
            return _written(value, item, texts)


def band(variable: Variable, score: Score) -> str | None:
    """The band that a score is in, for staff. None where the variable has no bands, or the score no value."""
    if variable.bands is None or score.value is None:
        return None
    names = {
        BandName.USUAL: gettext("within the usual range"),
        BandName.MILD: gettext("mild"),
        BandName.MODERATE: gettext("moderate"),
        BandName.SEVERE: gettext("severe"),
    }
    return names[variable.bands.of(score.value)]


def made_of(scoring: object, scores: Sequence[Score]) -> list[tuple[str, str]]:
    """What an EQ-5D index is the sum of, term by term: the words and the figure. Empty for any other scoring."""
    if not isinstance(scoring, Eq5d) or scoring.value_set is None:
        return []
    profile = next((score.text for score in scores if score.variable == f"{scoring.prefix}.profile"), None)
    levels = Profile.parse(profile, scoring.version).complete if profile else None
    if levels is None:
        return []
    # Exact, as published: a term of 0.0023 is not 0.002.
    return [(_term(term.name), decimal(term.value)) for term in scoring.value_set.terms(levels)]


def dimension_names() -> list[str]:
    """What the five dimensions of EQ-5D are called, in the order of a profile's digits."""
    return [
        gettext("Mobility"),
        gettext("Self-care"),
        gettext("Usual activities"),
        gettext("Pain or discomfort"),
        gettext("Anxiety or depression"),
    ]


def _term(name: str) -> str:
    dimension, _, level = name.partition(":")
    names = dict(zip(DIMENSIONS, dimension_names(), strict=True))
    if name == "full_health":
        return gettext("Full health")
    if dimension in names:
        return gettext("%(dimension)s at level %(level)s", dimension=names[dimension], level=level)
    return gettext("%(name)s, a term of the value set", name=name)


def of_groups(scoring: object) -> frozenset[str]:
    """Variables that say something of many people only: of one, a top box is 0 or 100 and nothing between."""
    rules = scoring.rules if isinstance(scoring, DeclaredScoring) else ()
    return frozenset(rule.variable for rule in rules if isinstance(rule, TopBoxRule))


def direction(variable: Variable) -> str | None:
    """Which way is better, for staff. None where neither is, and for a code."""
    return None if variable.higher_is is None else _direction(variable.higher_is)


def _direction(higher_is: Direction) -> str:
    better = higher_is is Direction.BETTER
    return gettext("A higher figure is better.") if better else gettext("A lower figure is better.")


def important_change(variable: Variable) -> str | None:
    """The smallest change that matters to people, with the span of its estimates. None where there is none."""
    change = variable.important_change
    if change is None:
        return None
    return gettext(
        "Smallest important change: %(value)s (published estimates: %(low)s to %(high)s).",
        value=number(change.value),
        low=number(change.low),
        high=number(change.high),
    )


def _stop_reason(code: str) -> str:
    reasons = {
        "precision": gettext("The result was certain enough"),
        "maximum_items": gettext("The longest length was reached"),
        "exhausted": gettext("There were no more questions"),
        "fixed_form": gettext("A form of fixed length"),
    }
    return reasons.get(code, code)


def _written(value: object, item: Item, texts: Texts) -> str:
    if isinstance(value, date):
        return day(value)
    if isinstance(value, int | Decimal):
        unit = texts.get(f"{item.id}:unit")
        return f"{number(value)} {unit}" if unit else number(value)
    return str(value)
