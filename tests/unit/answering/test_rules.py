"""The log of answers: what joins it, what of it counts, and what a form's text can be."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Answered, AnswerKind, Item, SingleChoice, Statement
from survey_service.answering.rules import (
    LoggedAnswer,
    Posted,
    Submission,
    Verdict,
    Way,
    effective_entries,
    judge,
    read_answer,
    read_posted,
    read_whole,
)
from survey_service.errors import BadInput


def given_value(item_id: str, value: int) -> Answered:
    return Answered(item_id=item_id, value=value, kind=AnswerKind.VALUE)


def effective_answers(log: Sequence[LoggedAnswer], *, adaptive: bool) -> tuple[Answered, ...]:
    return tuple(entry.answer for entry in effective_entries(log, adaptive=adaptive))


@st.composite
def logs(draw: st.DrawFn, *, adaptive: bool) -> list[LoggedAnswer]:
    """A log as sessions write it: answers to new items, and changes of answers that count."""
    log: list[LoggedAnswer] = []
    for sequence in range(1, draw(st.integers(0, 14)) + 1):
        standing = effective_entries(log, adaptive=adaptive)
        value = draw(st.integers(1, 5))
        if standing and draw(st.booleans()):
            changed = draw(st.sampled_from(standing))
            answer = given_value(changed.answer.item_id, value)
            log.append(LoggedAnswer(sequence, answer, supersedes=changed.sequence))
        else:
            log.append(LoggedAnswer(sequence, given_value(f"item{sequence}", value)))
    return log


# ---- judging a submission


def test_the_next_free_place_is_written_to() -> None:
    assert judge([], Submission(1, given_value("a", 1))) is Verdict.APPEND


@given(logs(adaptive=False), st.data())
def test_the_same_answer_under_the_same_place_was_there_already(log: list[LoggedAnswer], data: st.DataObject) -> None:
    if not log:
        return
    entry = data.draw(st.sampled_from(log))
    assert judge(log, Submission(entry.sequence, entry.answer, entry.supersedes)) is Verdict.ALREADY_RECORDED


@given(logs(adaptive=False), st.integers(-3, 20), st.integers(1, 5))
def test_any_other_answer_under_a_place_that_is_taken_is_a_conflict(
    log: list[LoggedAnswer], sequence: int, value: int
) -> None:
    submission = Submission(sequence, given_value("another", value))
    expected = Verdict.APPEND if sequence == len(log) + 1 else Verdict.CONFLICT
    assert judge(log, submission) is expected


@pytest.mark.parametrize("sequence", [-1, 0, 3, 10**9])
def test_a_place_that_is_neither_taken_nor_next_is_a_conflict(sequence: int) -> None:
    assert judge([LoggedAnswer(1, given_value("a", 1))], Submission(sequence, given_value("b", 1))) is Verdict.CONFLICT


def test_the_same_answer_that_supersedes_something_else_is_not_the_same() -> None:
    log = [LoggedAnswer(1, given_value("a", 1)), LoggedAnswer(2, given_value("a", 2), supersedes=1)]
    assert judge(log, Submission(2, given_value("a", 2))) is Verdict.CONFLICT


def test_a_skip_is_not_an_answer_of_another_kind() -> None:
    log = [LoggedAnswer(1, Answered("a", None, AnswerKind.SKIPPED))]
    assert judge(log, Submission(1, Answered("a", None, AnswerKind.NOT_APPLICABLE))) is Verdict.CONFLICT


# ---- what counts


@given(st.booleans(), st.data())
def test_replaying_any_part_of_a_log_gives_what_counted_then(adaptive: bool, data: st.DataObject) -> None:
    """D2: what counts depends on the log alone, and a later entry never changes an earlier one."""
    log = data.draw(logs(adaptive=adaptive))
    seen: list[Sequence[LoggedAnswer]] = [effective_entries(log[:length], adaptive=adaptive) for length in
                                          range(len(log) + 1)]  # fmt: skip
    again = [effective_entries(tuple(log)[:length], adaptive=adaptive) for length in range(len(log) + 1)]
    assert seen == again


@given(logs(adaptive=False))
def test_in_a_fixed_form_each_item_counts_once_in_the_order_of_asking(log: list[LoggedAnswer]) -> None:
    asked = [entry.answer.item_id for entry in log if entry.supersedes is None]
    assert [answer.item_id for answer in effective_answers(log, adaptive=False)] == asked


@given(logs(adaptive=False))
def test_in_a_fixed_form_the_last_answer_to_an_item_is_the_one_that_counts(log: list[LoggedAnswer]) -> None:
    last = {entry.answer.item_id: entry.answer for entry in log}
    assert {answer.item_id: answer for answer in effective_answers(log, adaptive=False)} == last


@given(logs(adaptive=True))
def test_in_an_adaptive_test_nothing_counts_that_was_asked_after_what_was_changed(log: list[LoggedAnswer]) -> None:
    """D2"""
    counting = effective_entries(log, adaptive=True)
    assert [entry.sequence for entry in counting] == sorted(entry.sequence for entry in counting)
    for entry in log:
        if entry.supersedes is not None:
            dropped = range(entry.supersedes, entry.sequence)
            assert not {one.sequence for one in counting} & set(dropped)


@given(logs(adaptive=True))
def test_in_an_adaptive_test_no_item_counts_twice(log: list[LoggedAnswer]) -> None:
    items = [answer.item_id for answer in effective_answers(log, adaptive=True)]
    assert len(set(items)) == len(items)


def test_a_change_in_a_fixed_form_replaces_one_and_keeps_the_rest() -> None:
    log = [LoggedAnswer(n, given_value(item, 1)) for n, item in enumerate("abc", start=1)]
    log.append(LoggedAnswer(4, given_value("b", 5), supersedes=2))
    assert effective_answers(log, adaptive=False) == (given_value("a", 1), given_value("b", 5), given_value("c", 1))


def test_a_change_in_an_adaptive_test_drops_what_came_after() -> None:
    """D2"""
    log = [LoggedAnswer(n, given_value(item, 1)) for n, item in enumerate("abc", start=1)]
    log.append(LoggedAnswer(4, given_value("b", 5), supersedes=2))
    log.append(LoggedAnswer(5, given_value("d", 2)))
    assert effective_answers(log, adaptive=True) == (given_value("a", 1), given_value("b", 5), given_value("d", 2))


# ---- a form's text

NOT_NUMBERS = ["", " ", "-1", "+1", "1.0", "1,0", "1e3", "0x1", "1_0", "²", "½", "Ⅳ", "١", "１", "一", "1\x00", "\x001",
               "1 1", "true", "None", "1234567", "9" * 5000, "\u202e1", "1\u200b"]  # fmt: skip


CHOICE = Item(id="a", question=SingleChoice("options", (1, 2, 3, 7)), skippable=True)
STATEMENT = Item(id="s", question=Statement(), skippable=False)
ITEMS = {item.id: item for item in (CHOICE, STATEMENT)}


@pytest.mark.parametrize("text", NOT_NUMBERS, ids=repr)
def test_what_is_not_a_short_whole_number_is_no_answer_to_a_choice(text: str) -> None:
    answer = read_answer(CHOICE, [text])
    assert answer is None or not CHOICE.question.accepts(answer.code or 0)
    assert read_whole(text) is None


@given(st.text())
def test_no_text_whatever_makes_reading_fail(text: str) -> None:
    answer = read_answer(CHOICE, [text])
    assert answer is None or (answer.code is not None and abs(answer.code) < 10**6)


@given(st.integers(0, 999_999), st.sampled_from(["{}", " {} ", "\t{}\n"]))
def test_a_whole_number_is_read_with_blanks_around_it(number: int, written: str) -> None:
    assert read_answer(CHOICE, [written.format(number)]) == given_value("a", number)


def test_leading_noughts_are_harmless() -> None:
    assert read_answer(CHOICE, ["007"]) == given_value("a", 7)


def test_no_value_is_no_answer_and_a_skip_is_one() -> None:
    assert read_answer(CHOICE, []) is None
    assert read_answer(CHOICE, [], way=Way.SKIP) == Answered("a", None, AnswerKind.SKIPPED)


def test_two_values_are_no_answer_to_a_single_choice() -> None:
    assert read_answer(CHOICE, ["1", "2"]) is None


@pytest.mark.parametrize(
    ("way", "kind"), [(Way.SKIP, AnswerKind.SKIPPED), (Way.NOT_APPLICABLE, AnswerKind.NOT_APPLICABLE)]
)
def test_a_button_pressed_goes_before_whatever_was_chosen(way: Way, kind: AnswerKind) -> None:
    assert read_answer(CHOICE, ["3"], way=way) == Answered("a", None, kind)


@pytest.mark.parametrize("way", Way)
def test_a_statement_is_only_ever_shown(way: Way) -> None:
    assert read_answer(STATEMENT, ["3"], way=way) == Answered("s", None, AnswerKind.SHOWN)


def test_a_form_is_read_for_the_question_that_it_names() -> None:
    assert read_posted(Posted(1, "a", ("3",), Way.ANSWER, supersedes=None), ITEMS) == Submission(1, given_value("a", 3))


@pytest.mark.parametrize(
    "posted",
    [Posted(1, "b", ("3",), Way.ANSWER), Posted(1, "", (), Way.SKIP), Posted(1, "a", (), Way.ANSWER)],
    ids=["another survey's question", "no question", "no answer"],
)
def test_a_form_that_answers_nothing_is_refused_in_one_sentence(posted: Posted) -> None:
    with pytest.raises(BadInput):
        read_posted(posted, ITEMS)
