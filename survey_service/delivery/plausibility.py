"""Whether a response looks like one that somebody meant: rules by id, each with its reason. Pure.

A flag blocks nothing and changes no score. The unit and the registers see the same ones [B12]; docs/plausibility.md has
the reasons at length. Not for values that cannot be: those are refused wherever they come in (`instruments`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from statistics import median

from instruments import Answered, AnswerKind, Direction, Instrument, Item, Respondent, Score, SingleChoice
from instruments.declared import BankRule, ItemsRule
from instruments.definition import Eq5dDeclared, ScoresDeclared


class Rule(StrEnum):
    """What can seem implausible. The ids are stored and told to registers: they never change their meaning."""

    TOO_FAST = "too_fast"
    SAME_POSITION = "same_position"
    EQ5D_CONTRADICTION = "eq5d_contradiction"
    OUT_OF_WINDOW = "out_of_window"
    AGE = "age"


# Two seconds an item is the cut of Huang, Curran, Keeney, Poposki & DeShon 2012 (J Bus Psychol 27:99-114,
# doi 10.1007/s10869-011-9231-8), below which answers are seldom read. One page carries one question here, so that
# turning it takes part of the time too: whoever is below has hardly looked.
FASTEST_SECONDS = 2.0
# The median of fewer intervals than these is an accident: an EQ-5D has five.
FEWEST_INTERVALS = 4
# The same position so many times over is no accident either, even where the items run one way.
LONGEST_RUN = 10
# Where they run both ways the run contradicts itself, and half as long will do.
SHORTEST_RUN = 4
# No problem at all with a health among the lowest fifth, or the worst of everything with one among the highest tenth.
# "Turned round" is the commonest cause: the scale read upside down. Milder discord is people's own business.
LOWEST_VAS_WITHOUT_PROBLEMS = 20
HIGHEST_VAS_AT_THE_WORST = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A version of a response as the rules see it.

    ``answers`` are those that stand, in the order asked; ``answered_at`` the times of the log, empty where nobody took
    them (paper, imported history); ``age`` in whole years on that day, None where it is not known.
    """

    instrument: Instrument
    respondent: str
    answers: Sequence[Answered]
    scores: Sequence[Score]
    answered_at: Sequence[datetime]
    completed_at: datetime
    opens_at: datetime
    closes_at: datetime
    age: int | None


def implausible(seen: Seen) -> tuple[str, ...]:
    """The ids of the rules that flag it, in a fixed order."""
    return tuple(rule.value for rule in Rule if _JUDGES[rule](seen))


def _too_fast(seen: Seen) -> bool:
    """The median, so that one pause for coffee hides nothing and one double click proves nothing."""
    spent = [(later - earlier).total_seconds() for earlier, later in pairwise(seen.answered_at)]
    return len(spent) >= FEWEST_INTERVALS and median(spent) < FASTEST_SECONDS


def _same_position(seen: Seen) -> bool:
    """One column ticked from top to bottom.

    Along one-way items the first and the last position are the floor and the ceiling of what is measured: the healthy
    answer "never" twelve times, and mean it. So there only a run between the ends tells. Where items run both ways a
    run contradicts itself, but in the very middle, which says the same either way.
    """
    answered = [(item, answer) for answer in seen.answers if (item := seen.instrument.items[answer.item_id])]
    choices = [
        (item, item.question.options.index(answer.value) / (len(item.question.options) - 1))
        for item, answer in answered
        if isinstance(item.question, SingleChoice)
        and isinstance(answer.value, int)
        and answer.kind is AnswerKind.VALUE
        and len(item.question.options) > 2
    ]
    places = {place for _, place in choices}
    if len(places) != 1:
        return False
    (place,) = places
    runs = _orientations(seen.instrument)
    both_ways = len({runs[item.id] for item, _ in choices if item.id in runs}) == 2
    if both_ways and place != 0.5:
        return len(choices) >= SHORTEST_RUN
    return len(choices) >= LONGEST_RUN and 0 < place < 1


def _orientations(instrument: Instrument) -> Mapping[str, bool]:
    """By item, whether its last option is the best one; without those of which it is not known.

    Of a bank, which measures one thing, whether the codes rise: what matters is only whether items differ.
    """
    declared = instrument.definition.scoring
    if not isinstance(declared, ScoresDeclared):
        return {
            item.id: _rises(item, {}) for item in instrument.items.values() if isinstance(item.question, SingleChoice)
        }
    higher_is = {variable.name: variable.higher_is for variable in instrument.variables}
    found = {}
    for rule in declared.rules:
        direction = higher_is.get(rule.variable)
        if direction is None or not isinstance(rule, ItemsRule | BankRule):
            continue
        turned = rule.reversed if isinstance(rule, ItemsRule) else frozenset()
        for item_id in rule.items:
            item = instrument.items[item_id]
            if isinstance(item.question, SingleChoice):
                rises = _rises(item, declared.points) is not (item_id in turned)
                found[item_id] = rises is (direction is Direction.BETTER)
    return found


def _rises(item: Item, points: Mapping[str, Sequence[object]]) -> bool:
    """Whether the last option in print is worth more than the first."""
    assert isinstance(item.question, SingleChoice)
    worth = points.get(item.question.option_set, item.question.options)
    return float(str(worth[-1])) > float(str(worth[0]))


def _eq5d_contradiction(seen: Seen) -> bool:
    declared = seen.instrument.definition.scoring
    if not isinstance(declared, Eq5dDeclared):
        return False
    by_name = {score.variable: score for score in seen.scores}
    profile, vas = by_name.get(f"{declared.prefix}.profile"), by_name.get(f"{declared.prefix}.vas")
    if profile is None or vas is None or not profile.text or vas.value is None:
        return False
    worst = "3" if "3l" in declared.prefix else "5"
    if set(profile.text) == {"1"}:
        return vas.value <= LOWEST_VAS_WITHOUT_PROBLEMS
    return set(profile.text) == {worst} and vas.value >= HIGHEST_VAS_AT_THE_WORST


def _out_of_window(seen: Seen) -> bool:
    """Answered before the occasion opened or after it closed. Paper and history can do that; the pages cannot."""
    return not seen.opens_at <= seen.completed_at < seen.closes_at


def _age(seen: Seen) -> bool:
    """The form is for other ages than the patient's, which most often means that it is another patient's."""
    who = Respondent.SELF if seen.respondent == Respondent.SELF else Respondent.PROXY
    bounds = [one for one in seen.instrument.respondents if one.who is who]
    return seen.age is not None and bool(bounds) and not any(one.covers(seen.age) for one in bounds)


_JUDGES: Mapping[Rule, Callable[[Seen], bool]] = {
    Rule.TOO_FAST: _too_fast,
    Rule.SAME_POSITION: _same_position,
    Rule.EQ5D_CONTRADICTION: _eq5d_contradiction,
    Rule.OUT_OF_WINDOW: _out_of_window,
    Rule.AGE: _age,
}
