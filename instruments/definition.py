"""What an instrument is: items, order, conditions, who may answer, licence, catalogue of variables, declared scoring.

For the structure as values. Not for reading it from its file (`definition_file`), not for wording (a definition holds
keys, never a sentence that a patient reads), and not for carrying the scoring out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cat_engine import StoppingRule
from instruments.conditions import Condition
from instruments.declared import ScoreRule
from instruments.questions import Question, QuestionKind
from instruments.variables import Variable


class Family(StrEnum):
    """What the instrument measures: outcomes or experiences of care."""

    PROM = "PROM"
    PREM = "PREM"


class Administration(StrEnum):
    """How the form is given: whole and in order, or each item by the answers before it."""

    FIXED = "fixed"
    ADAPTIVE = "adaptive"


class Respondent(StrEnum):
    """Who answers: the patient, or somebody for the patient. Their answers are never one series."""

    SELF = "self"
    PROXY = "proxy"


class WordingOwner(StrEnum):
    """Whose words a patient may be shown outside a demonstration."""

    LICENSED = "licensed"
    """The rights-holder's, under a licence on record."""
    OWN = "own"
    """The project's own; free to use."""


class Validation(StrEnum):
    """Whether the measuring properties have been studied and published."""

    VALIDATED = "validated"
    NOT_VALIDATED = "not_validated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, without its wording.

    ``skippable``: the respondent may go past it. ``may_not_apply``: "does not apply" is an answer of its own.
    ``ask_when``: asked only where it holds; None is always. ``recall``: the period asked about, where it is not the
    instrument's. ``sensitive``: the question may hurt, so that where to turn is said beside it.
    """

    id: str
    question: Question
    skippable: bool
    may_not_apply: bool = False
    ask_when: Condition | None = None
    recall: str = ""
    sensitive: bool = False

    @property
    def kind(self) -> QuestionKind:
        return self.question.kind


@dataclass(frozen=True, slots=True)
class WhoMayAnswer:
    """A respondent, and the ages in whole years of the patients that the form is for; None is no bound."""

    who: Respondent
    youngest: int | None
    oldest: int | None

    def covers(self, age: int) -> bool:
        return (self.youngest is None or age >= self.youngest) and (self.oldest is None or age <= self.oldest)


@dataclass(frozen=True, slots=True)
class Licence:
    """Who holds the rights to the instrument, on which terms it may be used, and whose wording that takes."""

    rights_holder: str
    terms: str
    wording: WordingOwner

    @property
    def required(self) -> bool:
        """Whether a licence must be on record before the form is used outside a demonstration."""
        return self.wording is WordingOwner.LICENSED


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication that the definition rests on. ``doi`` is empty for what has none."""

    citation: str
    doi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortForm:
    """Items of an adaptive bank given whole and in order, scored by the same bank."""

    id: str
    items: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class AdaptiveBankDeclared:
    """Scored by an item bank that the adaptive engine runs; ``paper_form`` is its form for paper and telephone.

    ``minimum_eligible`` is how many of its items must have approved wording in a language before it is asked in it;
    None for as many as the stopping rule asks at least.
    """

    bank: str
    bank_hash: str
    rule: StoppingRule
    prefix: str
    short_forms: tuple[ShortForm, ...]
    paper_form: str
    minimum_eligible: int | None = None


@dataclass(frozen=True, slots=True)
class Eq5dDeclared:
    """Scored as an EQ-5D profile. ``value_set`` is empty where the country has none, and ``no_value_set`` says why."""

    eq5d_version: str
    value_set: str
    no_value_set: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ScoresDeclared:
    """Scored by rules that the definition spells out.

    ``version`` is the version of the scoring. ``points`` are what the options of a set are worth, in printed order; the
    options of a set that is not among them are worth their codes.
    """

    version: str
    rules: tuple[ScoreRule, ...]
    points: Mapping[str, tuple[Decimal, ...]]


Declared = AdaptiveBankDeclared | Eq5dDeclared | ScoresDeclared


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One version of one instrument. Published versions never change; a correction is a new version."""

    id: str
    version: str
    family: Family
    administration: Administration
    validation: Validation
    title_key: str
    recall: str
    estimated_minutes: int
    changeable: bool
    respondents: tuple[WhoMayAnswer, ...]
    licence: Licence
    references: tuple[Reference, ...]
    items: Mapping[str, Item]
    scoring: Declared
    variables: tuple[Variable, ...]
