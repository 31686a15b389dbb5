"""What a form asks next, given what was answered: by its order, or by the adaptive engine.

Pure rules. Not for storing answers, and not for deciding which wording may be shown: the caller says which
items are eligible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cat_engine import AdaptiveTest, Stop
from instruments.answers import Answered, AnswerKind
from instruments.definition import Item
from instruments.errors import AnswerNotAccepted, WordingIncomplete

ALL_ASKED = "all_asked"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this item; it is question number ``position``, counted from 1."""

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
        if answer.kind is not AnswerKind.VALUE and not item.skippable:
            raise AnswerNotAccepted(f"item {answer.item_id} cannot be skipped")
        if answer.value is not None and not item.accepts(answer.value):
            raise AnswerNotAccepted(f"item {answer.item_id}: the answer is not one of its options")
        by_item[answer.item_id] = answer
    return by_item


def next_fixed(items: Mapping[str, Item], answers: Mapping[str, Answered], eligible: frozenset[str]) -> Ask | Complete:
    """The first item in the form's order that has no answer.

    Raises
    ------
    WordingIncomplete
        If any item is not eligible: such a form is given whole or not at all.
    """
    if missing := [item_id for item_id in items if item_id not in eligible]:
        raise WordingIncomplete(f"the form is given whole, and item {missing[0]} may not be shown")
    for item_id, item in items.items():
        if item_id not in answers:
            return Ask(item=item, position=len(answers) + 1)
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


def engine_answers(answers: Mapping[str, Answered]) -> Mapping[str, int | None]:
    """As the engine wants them: None for an item that was skipped or does not apply."""
    return {item_id: answer.value for item_id, answer in answers.items()}
