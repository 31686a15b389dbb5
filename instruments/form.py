"""What a form asks next, given what was answered: by its order and conditions, or by the adaptive engine.

Pure rules. Not for storing answers, and not for deciding which wording may be shown: the caller says which
items are eligible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cat_engine import AdaptiveTest, Stop
from instruments.answers import Answered, AnswerKind
from instruments.definition import Item
from instruments.errors import AnswerNotAccepted, WordingIncomplete
from instruments.questions import QuestionKind

ALL_ASKED = "all_asked"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this item; it is question number ``position``, counted from 1. A statement has no number of its own."""

    item: Item
    position: int


@dataclass(frozen=True, slots=True)
class Complete:
    """Nothing more to ask: ``all_asked`` for a fixed form, the engine's reason for an adaptive one."""

    reason: str


def checked(items: Mapping[str, Item], answers: Sequence[Answered]) -> Mapping[str, Answered]:
    """The answers by item id, each one possible.

    Raises
    ------
    AnswerNotAccepted
        For an item that is not the instrument's, comes twice, cannot be skipped or does not have the value.
    """
    by_item: dict[str, Answered] = {}
    for answer in answers:
        item = items.get(answer.item_id)
        if item is None:
            raise AnswerNotAccepted(f"item {answer.item_id!r} is not in the instrument")
        if answer.item_id in by_item:
            raise AnswerNotAccepted(f"item {answer.item_id} is answered twice")
        if problem := refusal(item, answer):
            raise AnswerNotAccepted(f"item {answer.item_id}: {problem}")
        by_item[answer.item_id] = answer
    return by_item


def refusal(item: Item, answer: Answered) -> str:
    """Why the item cannot take the answer; empty when it can. Never says what the answer is."""
    statement = item.kind is QuestionKind.STATEMENT
    match answer.kind:
        case AnswerKind.VALUE:
            accepted = answer.value is not None and item.question.accepts(answer.value)
            return "" if accepted else "the answer is not one that it takes"
        case AnswerKind.SHOWN:
            return "" if statement else "it is a question, and wants an answer"
        case AnswerKind.SKIPPED:
            return "" if item.skippable and not statement else "it cannot be skipped"
        case AnswerKind.NOT_APPLICABLE:
            return "" if item.may_not_apply else "it applies to everybody"
        case AnswerKind.AMBIGUOUS | AnswerKind.OUT_OF_RANGE:
            return "" if not statement else "it takes no answer"


def in_play(items: Mapping[str, Item], answers: Mapping[str, Answered]) -> Mapping[str, Answered]:
    """The answers that count: those to items whose condition holds by the answers before them.

    An answer that was given before an earlier one was changed, so that its question would not be asked now, is kept
    by whoever stores answers, and counts for nothing.
    """
    counted: dict[str, Answered] = {}
    for item_id, item in items.items():
        if item_id in answers and (item.ask_when is None or item.ask_when.holds(counted)):
            counted[item_id] = answers[item_id]
    return counted


def next_fixed(items: Mapping[str, Item], answers: Mapping[str, Answered], eligible: frozenset[str]) -> Ask | Complete:
    """The first item in the form's order whose condition holds and that has no answer.

    Raises
    ------
    WordingIncomplete
        If any item is not eligible: such a form is given whole or not at all.
    """
    if missing := [item_id for item_id in items if item_id not in eligible]:
        raise WordingIncomplete(f"the form is given whole, and item {missing[0]} may not be shown")
    counted = in_play(items, answers)
    for item_id, item in items.items():
        if item_id not in counted and (item.ask_when is None or item.ask_when.holds(counted)):
            return Ask(item=item, position=questions_in(items, counted) + 1)
    return Complete(reason=ALL_ASKED)


def next_adaptive(
    items: Mapping[str, Item],
    answers: Mapping[str, Answered],
    eligible: frozenset[str],
    test: AdaptiveTest,
) -> Ask | Complete:
    """The item that the engine chooses among the eligible ones."""
    decision = test.next(engine_answers(answers), available=eligible)
    if isinstance(decision, Stop):
        return Complete(reason=decision.reason.value)
    return Ask(item=items[decision.item_id], position=len(answers) + 1)


def questions_in(items: Mapping[str, Item], answers: Mapping[str, Answered]) -> int:
    """How many of the answers are to questions: a statement is not counted."""
    return sum(items[item_id].kind is not QuestionKind.STATEMENT for item_id in answers)


def engine_answers(answers: Mapping[str, Answered]) -> Mapping[str, int | None]:
    """As the engine wants them: None for an item that was skipped or does not apply."""
    return {item_id: answer.code for item_id, answer in answers.items()}
