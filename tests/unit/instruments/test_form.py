"""A form as the respondent meets it: which question comes, and when it is over."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from instruments import (
    Answered,
    AnswerKind,
    AnswerNotAccepted,
    AnswerValue,
    Ask,
    Complete,
    Instrument,
    Library,
    WordingIncomplete,
)
from tests.unit.instruments.tiny import answered, answers_of, next_of, path_of, scores_of, without_value

SKIPPED, SHOWN, NOT_APPLICABLE = AnswerKind.SKIPPED, AnswerKind.SHOWN, AnswerKind.NOT_APPLICABLE

# Somebody with a garden that grows everything, and who answers all that is asked.
GARDENER: Mapping[str, AnswerValue | AnswerKind] = {
    "garden": 1,
    "beds": 12,
    "crops": (1, 2),
    "tomatoes": Decimal("20.5"),
    "help": 2,
    "sown": date(2026, 6, 1),
    "late": "rain",
    "wish": 1,
}
ALL_BUT_WISH = ["garden", "beds", "crops", "tomatoes", "help", "sown", "late"]


def test_a_fixed_form_is_asked_in_its_order_and_counted_from_one(tiny: Library) -> None:
    koos = tiny.latest("tiny-koos")
    given: dict[str, AnswerValue | AnswerKind] = {}
    for number, item in enumerate(koos.items, start=1):
        step = next_of(koos, given)
        assert isinstance(step, Ask)
        assert (step.item.id, step.position) == (item, number)
        given[item] = 0
    assert next_of(koos, given) == Complete("all_asked")


def test_a_statement_is_shown_once_and_has_no_number_of_its_own(tiny: Library) -> None:
    form = tiny.latest("tiny-statement")
    steps = [next_of(form, {}), next_of(form, {"welcome": SHOWN}), next_of(form, {"welcome": SHOWN, "walked": 1})]
    assert [(step.item.id, step.position) for step in steps if isinstance(step, Ask)] == [
        ("welcome", 1),
        ("walked", 1),
        ("goodbye", 2),
    ]
    assert form.estimated_questions == (1, 1)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, ALL_BUT_WISH),
        ({"garden": 2}, ["garden", "wish"]),
        ({"garden": SKIPPED}, ["garden"]),
        ({"beds": 0}, ["garden", "beds"]),
        ({"beds": SKIPPED}, ["garden", "beds", "wish"]),
        ({"beds": 10, "tomatoes": Decimal("20.4")}, ["garden", "beds", "crops", "tomatoes", "sown", "late"]),
        ({"beds": 10}, ALL_BUT_WISH),
        ({"tomatoes": SKIPPED}, ALL_BUT_WISH),
        ({"crops": (1,)}, ["garden", "beds", "crops", "help", "sown", "late"]),
        ({"crops": (1, 3)}, ["garden", "beds", "crops", "help"]),
        ({"crops": SKIPPED}, ["garden", "beds", "crops", "help"]),
        ({"beds": 20}, ["garden", "beds", "crops", "tomatoes", "help"]),
        ({"sown": date(2026, 5, 31)}, ["garden", "beds", "crops", "tomatoes", "help", "sown"]),
    ],
)
def test_conditions_decide_who_is_asked_what(
    tiny: Library, changes: Mapping[str, AnswerValue | AnswerKind], path: list[str]
) -> None:
    assert path_of(tiny.latest("tiny-conditions"), {**GARDENER, **changes}) == path


def test_an_answer_that_would_not_be_asked_for_now_counts_for_nothing(tiny: Library) -> None:
    form = tiny.latest("tiny-conditions")
    changed = {"garden": 2, "beds": 12, "crops": (2,)}
    step = next_of(form, changed)
    assert isinstance(step, Ask)
    assert (step.item.id, step.position) == ("wish", 2)
    beds = scores_of(form, changed)["tiny_conditions.beds"]
    assert (beds.value, beds.missing_reason) == (None, "unanswered")


def test_an_answer_counts_again_when_its_question_would_be_asked_again(tiny: Library) -> None:
    assert scores_of(tiny.latest("tiny-conditions"), {"garden": 1, "beds": 12})["tiny_conditions.beds"].value == 12


def test_what_only_some_are_asked_counts_among_the_most_questions(tiny: Library) -> None:
    assert tiny.latest("tiny-conditions").estimated_questions == (1, 8)


def test_the_order_of_the_answers_does_not_matter_to_a_fixed_form(tiny: Library) -> None:
    form = tiny.latest("tiny-conditions")
    backwards = dict(reversed([*GARDENER.items()][:5]))
    assert next_of(form, backwards) == next_of(form, dict([*GARDENER.items()][:5]))


def test_a_form_that_is_given_whole_is_not_given_when_a_part_of_it_may_not_be_shown(tiny: Library) -> None:
    """E2"""
    form = tiny.latest("tiny-statement")
    with pytest.raises(WordingIncomplete, match="item goodbye may not be shown"):
        form.next_step([], eligible=frozenset({"welcome", "walked"}))


BAD_ANSWERS = [
    ("tiny-skipping", [answered("other", 1)], "item 'other' is not in the instrument"),
    ("tiny-skipping", [answered("tea", 1), answered("tea", 1)], "item tea is answered twice"),
    ("tiny-skipping", [answered("tea", 11)], "item tea: the answer is not one that it takes"),
    ("tiny-skipping", [answered("tea", True)], "item tea: the answer is not one that it takes"),
    ("tiny-skipping", [without_value("coffee")], "item coffee: it cannot be skipped"),
    ("tiny-skipping", [without_value("tea", NOT_APPLICABLE)], "item tea: it applies to everybody"),
    ("tiny-skipping", [without_value("tea", SHOWN)], "item tea: it is a question, and wants an answer"),
    ("tiny-does-not-apply", [without_value("dog")], "item dog: it cannot be skipped"),
    ("tiny-statement", [answered("welcome", 1)], "item welcome: the answer is not one that it takes"),
    *(
        ("tiny-statement", [without_value("welcome", kind)], f"item welcome: {problem}")
        for kind, problem in [
            (SKIPPED, "it cannot be skipped"),
            (NOT_APPLICABLE, "it applies to everybody"),
            (AnswerKind.AMBIGUOUS, "it takes no answer"),
            (AnswerKind.OUT_OF_RANGE, "it takes no answer"),
        ]
    ),
]


@pytest.mark.parametrize(("instrument", "answers", "problem"), BAD_ANSWERS)
def test_an_impossible_answer_is_refused_by_asking_and_by_scoring(
    tiny: Library, instrument: str, answers: list[Answered], problem: str
) -> None:
    """B12"""
    form = tiny.latest(instrument)
    with pytest.raises(AnswerNotAccepted, match=f"^{problem}$"):
        form.next_step(answers, eligible=frozenset(form.items))
    with pytest.raises(AnswerNotAccepted, match=f"^{problem}$"):
        form.score(answers)


def test_a_refusal_never_tells_the_answer(tiny: Library) -> None:
    with pytest.raises(AnswerNotAccepted) as refusal:
        tiny.latest("tiny-free-text").score([answered("birds", "a private word " * 50)])
    assert "private" not in str(refusal.value)


@pytest.mark.parametrize(
    ("instrument", "given"),
    [
        ("tiny-single-choice", {"breakfast": 2}),
        ("tiny-several-choices", {"eaten": (9,)}),
        ("tiny-number", {"height": Decimal("312.5")}),
        ("tiny-scale", {"weather": 0}),
        ("tiny-free-text", {"birds": "en koltrast"}),
        ("tiny-date", {"sown": date(2028, 2, 29)}),
        ("tiny-skipping", {"coffee": 3, "tea": SKIPPED}),
        ("tiny-does-not-apply", {"dog": NOT_APPLICABLE, "neighbour": SKIPPED}),
        ("tiny-proxy", {"walked": 1}),
    ],
)
def test_each_tiny_form_is_complete_when_its_questions_are_answered(
    tiny: Library, instrument: str, given: dict[str, AnswerValue | AnswerKind]
) -> None:
    """D4"""
    form = tiny.latest(instrument)
    assert path_of(form, given) == list(form.items)
    assert next_of(form, given) == Complete("all_asked")


@pytest.mark.parametrize(("value", "kind"), [(None, AnswerKind.VALUE), (1, SKIPPED), (0, AnswerKind.SHOWN)])
def test_a_value_goes_with_its_kind_and_no_other(value: int | None, kind: AnswerKind) -> None:
    with pytest.raises(AnswerNotAccepted, match="a value goes with the kind 'value'"):
        Answered("mobility", value, kind)


def _play(instrument: Instrument, value: int) -> tuple[list[str], Complete]:
    given: dict[str, AnswerValue | AnswerKind] = {}
    while isinstance(step := next_of(instrument, given), Ask):
        assert step.position == len(given) + 1
        given[step.item.id] = value
    return list(given), step


def test_the_bank_follows_the_answers_and_stops_by_its_rule(anxiety: Instrument) -> None:
    """D2"""
    path, complete = _play(anxiety, 3)
    assert path[0] == "EDANX53"
    assert (len(path), complete) == (4, Complete("precision"))
    longest, complete = _play(anxiety, 1)
    assert (len(longest), complete) == (12, Complete("maximum_items"))


def test_only_eligible_items_are_asked_until_there_are_none(anxiety: Instrument) -> None:
    """E2"""
    eligible = frozenset({"EDANX44", "EDANX13"})
    answers: list[Answered] = []
    while isinstance(step := anxiety.next_step(answers, eligible=eligible), Ask):
        answers.append(answered(step.item.id, 1))
    assert {answer.item_id for answer in answers} == eligible
    assert step == Complete("exhausted")


def test_the_order_of_the_answers_does_not_matter_to_the_engine(anxiety: Instrument) -> None:
    answers = answers_of({"EDANX53": 2, "EDANX01": SKIPPED, "EDANX54": 3})
    eligible = frozenset(anxiety.items)
    assert anxiety.next_step(answers, eligible=eligible) == anxiety.next_step(answers[::-1], eligible=eligible)


@pytest.mark.parametrize("form", ["4a", "8a"])
def test_a_short_form_is_given_whole_and_in_its_own_order(anxiety: Instrument, form: str) -> None:
    short = anxiety.in_form(form)
    path, complete = _play(short, 1)
    assert (path, complete) == (list(short.items), Complete("all_asked"))
    assert not short.adaptive
    with pytest.raises(AnswerNotAccepted, match="item 'EDANX55' is not in the instrument"):
        short.score([answered("EDANX55", 1)])
