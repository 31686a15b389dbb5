"""An instrument ready for use: its definition, and its scoring with bank or value set.

What the service holds in its hand. Not for wording, sessions or storage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cat_engine import AdaptiveTest
from instruments import scoring
from instruments.answers import Answered, Score
from instruments.definition import (
    AdaptiveBankDeclared,
    Administration,
    Definition,
    Family,
    Item,
    Licence,
    Reference,
    Respondent,
    ShortForm,
    WhoMayAnswer,
)
from instruments.errors import NotAdaptive, UnknownInstrument
from instruments.form import Ask, Complete, checked, in_play, next_adaptive, next_fixed
from instruments.promis import AdaptiveBank, BankForm
from instruments.questions import QuestionKind
from instruments.variables import Variable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """One version of one instrument, whole or as one of its short forms.

    ``content_hash`` covers every file that defines it. ``form`` is the id of the short form; empty for the whole.
    ``items`` are by id, for a fixed form in the order of asking.
    """

    definition: Definition
    scoring: scoring.Scoring
    content_hash: str
    form: str = ""
    items: Mapping[str, Item] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.form:
            object.__setattr__(self, "items", self.definition.items)

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def version(self) -> str:
        return self.definition.version

    @property
    def family(self) -> Family:
        return self.definition.family

    @property
    def title_key(self) -> str:
        """The wording key of its title."""
        return self.definition.title_key

    @property
    def recall(self) -> str:
        """The period asked about: ``today`` or an ISO 8601 duration such as ``P7D``."""
        return self.definition.recall

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The catalogue of what is scored, in the order of `score`."""
        return self.definition.variables

    @property
    def licence(self) -> Licence:
        return self.definition.licence

    @property
    def references(self) -> tuple[Reference, ...]:
        return self.definition.references

    @property
    def respondents(self) -> tuple[WhoMayAnswer, ...]:
        return self.definition.respondents

    @property
    def changeable(self) -> bool:
        """Whether an earlier answer may be changed."""
        return self.definition.changeable

    @property
    def estimated_minutes(self) -> int:
        return self.definition.estimated_minutes

    @property
    def adaptive(self) -> bool:
        """Whether the engine chooses the questions; a short form is given whole."""
        return self.definition.administration is Administration.ADAPTIVE and not self.form

    @property
    def bank_hash(self) -> str | None:
        """Content hash of the item bank; None for a form without one."""
        match self.scoring:
            case AdaptiveBank(test=test):
                return test.bank.content_hash
            case BankForm(form=form):
                return form.bank.content_hash
            case _:
                return None

    @property
    def short_forms(self) -> tuple[ShortForm, ...]:
        """Of an adaptive bank, the forms of some of its items that are given whole."""
        declared = self.definition.scoring
        return declared.short_forms if isinstance(declared, AdaptiveBankDeclared) else ()

    @property
    def paper_form(self) -> str:
        """The short form for paper, letter and telephone; empty for what is given whole anyway."""
        declared = self.definition.scoring
        return declared.paper_form if isinstance(declared, AdaptiveBankDeclared) else ""

    @property
    def estimated_questions(self) -> tuple[int, int]:
        """Fewest and most questions, when none is skipped. What only some are asked counts among the most."""
        if isinstance(self.scoring, AdaptiveBank):
            rule = self.scoring.test.rule
            return min(rule.minimum_items, len(self.items)), min(rule.maximum_items, len(self.items))
        questions = [item for item in self.items.values() if item.kind is not QuestionKind.STATEMENT]
        return max(1, sum(item.ask_when is None for item in questions)), max(1, len(questions))

    @property
    def minimum_eligible(self) -> int:
        """How many items must have approved wording in a language before it is asked: all, but of an adaptive bank."""
        declared = self.definition.scoring
        if not self.adaptive or not isinstance(declared, AdaptiveBankDeclared):
            return len(self.items)
        return declared.minimum_eligible or self.estimated_questions[0]

    def covers(self, respondent: Respondent, age: int) -> bool:
        """Whether the form is for this respondent about a patient of this age in whole years."""
        return any(one.who is respondent and one.covers(age) for one in self.respondents)

    def in_form(self, form: str) -> "Instrument":
        """The same instrument as one of its short forms; the whole for an empty id.

        Raises
        ------
        UnknownInstrument
            If it has no such form.
        """
        if form == self.form:
            return self
        try:
            items, form_scoring = scoring.in_form(self.definition, self.scoring, form)
        except KeyError:
            raise UnknownInstrument(f"{self.id} {self.version} has no form {form!r}") from None
        return replace(self, form=form, items=items, scoring=form_scoring)

    def adaptive_test(self) -> AdaptiveTest:
        """The engine on this instrument's bank.

        Raises
        ------
        NotAdaptive
            For a form that is given whole, EQ-5D among them.
        """
        if not isinstance(self.scoring, AdaptiveBank):
            raise NotAdaptive(f"{self.id} is given whole and in fixed order, never adaptively")
        return self.scoring.test

    def next_step(self, answers: Sequence[Answered], *, eligible: frozenset[str]) -> Ask | Complete:
        """What follows these answers; only ``eligible`` items are ever asked.

        Raises
        ------
        AnswerNotAccepted
            If an answer is not one that the instrument can take.
        WordingIncomplete
            If the form is given whole and an item of it is not eligible.
        """
        given = checked(self.items, answers)
        if self.adaptive:
            return next_adaptive(self.items, given, eligible, self.adaptive_test())
        return next_fixed(self.items, given, eligible)

    def score(self, answers: Sequence[Answered], *, eligible: frozenset[str] | None = None) -> tuple[Score, ...]:
        """Every variable of the catalogue.

        ``eligible`` is what `next_step` was given; an adaptive test that ran out of eligible items needs it
        to tell that reason, and nothing else depends on it.

        Raises
        ------
        AnswerNotAccepted
            If an answer is not one that the instrument can take.
        """
        return scoring.score(self.scoring, in_play(self.items, checked(self.items, answers)), eligible)
