"""A form as the respondent meets it: which question comes, and when it is over."""

from pathlib import Path

import pytest

from instruments import (
    Answered,
    AnswerKind,
    AnswerNotAccepted,
    Ask,
    Complete,
    DefinitionError,
    Instrument,
    Library,
    NotAdaptive,
    WordingIncomplete,
)

EQ5D_ORDER = ["mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression", "vas"]


def _value(item_id: str, value: int) -> Answered:
    return Answered(item_id, value, AnswerKind.VALUE)


def _skip(item_id: str) -> Answered:
    return Answered(item_id, None, AnswerKind.SKIPPED)


def _play(instrument: Instrument, value: int) -> tuple[list[str], Complete]:
    answers: list[Answered] = []
    while isinstance(step := instrument.next_step(answers, eligible=frozenset(instrument.items)), Ask):
        assert step.position == len(answers) + 1
        answers.append(_value(step.item.id, value))
    return [answer.item_id for answer in answers], step


def test_d1_eq5d_is_asked_whole_and_in_fixed_order(eq5d: Instrument) -> None:
    assert _play(eq5d, 3) == (EQ5D_ORDER, Complete("all_asked"))


def test_d1_asking_the_adaptive_engine_to_run_eq5d_raises(eq5d: Instrument) -> None:
    with pytest.raises(NotAdaptive, match="eq5d-5l is given whole and in fixed order"):
        eq5d.adaptive_test()


def test_d1_a_definition_that_makes_eq5d_adaptive_is_refused(copied: Path) -> None:
    path = copied / "eq5d-5l" / "1.0" / "definition.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"fixed"', '"adaptive"'), encoding="utf-8")
    with pytest.raises(DefinitionError, match="administration: EQ-5D is given whole"):
        Library.load(copied)


def test_eq5d_is_not_given_at_all_when_a_part_of_it_may_not_be_shown(eq5d: Instrument) -> None:
    with pytest.raises(WordingIncomplete, match="item vas may not be shown"):
        eq5d.next_step([], eligible=frozenset(EQ5D_ORDER[:5]))


def test_a_skipped_question_is_passed_and_not_asked_again(eq5d: Instrument) -> None:
    step = eq5d.next_step([_skip("mobility")], eligible=frozenset(eq5d.items))
    assert isinstance(step, Ask)
    assert (step.item.id, step.position) == ("self_care", 2)


def test_d2_the_bank_follows_the_answers_and_stops_by_its_rule(anxiety: Instrument) -> None:
    path, complete = _play(anxiety, 3)
    assert path[0] == "EDANX53"
    assert complete == Complete("precision")
    assert len(path) == 4
    longest, complete = _play(anxiety, 1)
    assert (len(longest), complete) == (12, Complete("maximum_items"))


def test_only_eligible_items_are_asked_until_there_are_none(anxiety: Instrument) -> None:
    eligible = frozenset({"EDANX44", "EDANX13"})
    answers: list[Answered] = []
    while isinstance(step := anxiety.next_step(answers, eligible=eligible), Ask):
        answers.append(_value(step.item.id, 1))
    assert {answer.item_id for answer in answers} == eligible
    assert step == Complete("exhausted")


def test_the_order_of_the_answers_does_not_matter(anxiety: Instrument) -> None:
    answers = [_value("EDANX53", 2), _skip("EDANX01"), _value("EDANX54", 3)]
    eligible = frozenset(anxiety.items)
    assert anxiety.next_step(answers, eligible=eligible) == anxiety.next_step(answers[::-1], eligible=eligible)


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([_value("other", 1)], "item 'other' is not in the instrument"),
        ([_value("mobility", 1), _skip("mobility")], "item mobility is answered twice"),
        ([_value("mobility", 6)], "item mobility: the answer is not one of its options"),
        ([_value("vas", 101)], "item vas: the answer is not one of its options"),
        ([_value("vas", 999)], "item vas: the answer is not one of its options"),
    ],
)
def test_b12_an_impossible_answer_is_refused_by_asking_and_by_scoring(
    eq5d: Instrument, answers: list[Answered], problem: str
) -> None:
    with pytest.raises(AnswerNotAccepted, match=f"^{problem}$"):
        eq5d.next_step(answers, eligible=frozenset(eq5d.items))
    with pytest.raises(AnswerNotAccepted, match=f"^{problem}$"):
        eq5d.score(answers)


@pytest.mark.parametrize(("value", "kind"), [(None, AnswerKind.VALUE), (1, AnswerKind.SKIPPED)])
def test_a_value_goes_with_its_kind_and_no_other(value: int | None, kind: AnswerKind) -> None:
    with pytest.raises(AnswerNotAccepted, match="a value goes with the kind 'value'"):
        Answered("mobility", value, kind)
