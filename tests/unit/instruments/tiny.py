"""Answers to give to the instruments under test, and where the tiny ones live."""

from collections.abc import Mapping
from pathlib import Path

from instruments import Answered, AnswerKind, AnswerValue, Ask, Complete, Instrument, Score

QUESTIONNAIRES = Path(__file__).resolve().parents[2] / "questionnaires" / "data"
WORDINGS = Path(__file__).resolve().parents[2] / "questionnaires" / "wording"


def answered(item_id: str, value: AnswerValue) -> Answered:
    return Answered(item_id, value, AnswerKind.VALUE)


def without_value(item_id: str, kind: AnswerKind = AnswerKind.SKIPPED) -> Answered:
    return Answered(item_id, None, kind)


def answers_of(given: Mapping[str, AnswerValue | AnswerKind]) -> list[Answered]:
    """A value, or the kind of an answer that has none, by item."""
    return [
        without_value(item, value) if isinstance(value, AnswerKind) else answered(item, value)
        for item, value in given.items()
    ]


def scores_of(instrument: Instrument, given: Mapping[str, AnswerValue | AnswerKind]) -> dict[str, Score]:
    return {score.variable: score for score in instrument.score(answers_of(given))}


def next_of(instrument: Instrument, given: Mapping[str, AnswerValue | AnswerKind]) -> Ask | Complete:
    """What follows when every item may be shown."""
    return instrument.next_step(answers_of(given), eligible=frozenset(instrument.items))


def path_of(instrument: Instrument, given: Mapping[str, AnswerValue | AnswerKind]) -> list[str]:
    """The items asked of somebody who would answer like this, in order; each one asked must be there."""
    asked: dict[str, AnswerValue | AnswerKind] = {}
    while isinstance(step := next_of(instrument, asked), Ask):
        asked[step.item.id] = given[step.item.id]
    return list(asked)
