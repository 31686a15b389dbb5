"""An instrument ready for use: its definition, and its scoring with bank or value set.

What the service holds in its hand. Not for wording, sessions or storage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cat_engine import AdaptiveTest
from instruments import scoring
from instruments.answers import Answered, Score
from instruments.definition import Administration, Definition, Family, Item, Licence, Reference, Variable
from instruments.errors import NotAdaptive
from instruments.form import Ask, Complete, checked, next_adaptive, next_fixed
from instruments.promis import AdaptiveBank


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """One version of one instrument. ``content_hash`` covers every file that defines it."""

    definition: Definition
    scoring: scoring.Scoring
    content_hash: str

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
    def items(self) -> Mapping[str, Item]:
        """By id; for a fixed form in the order of asking."""
        return self.definition.items

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
    def changeable(self) -> bool:
        """Whether an earlier answer may be changed."""
        return self.definition.changeable

    @property
    def estimated_minutes(self) -> int:
        return self.definition.estimated_minutes

    @property
    def adaptive(self) -> bool:
        return self.definition.administration is Administration.ADAPTIVE

    @property
    def bank_hash(self) -> str | None:
        """Content hash of the item bank; None for a form without one."""
        return self.scoring.test.bank.content_hash if isinstance(self.scoring, AdaptiveBank) else None

    @property
    def estimated_questions(self) -> tuple[int, int]:
        """Fewest and most questions, when none is skipped."""
        if isinstance(self.scoring, AdaptiveBank):
            rule = self.scoring.test.rule
            return rule.minimum_items, min(rule.maximum_items, len(self.items))
        return len(self.items), len(self.items)

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
        return scoring.score(self.scoring, checked(self.items, answers), eligible)
