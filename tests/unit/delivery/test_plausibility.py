"""What is flagged as implausible, and what only looks so."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest

from instruments import Answered, AnswerKind, Instrument, Library, SingleChoice
from survey_service.delivery.plausibility import Rule, Seen, implausible

DAY = datetime(2026, 11, 22, 9, tzinfo=UTC)


def seen(instrument: Instrument, answers: list[Answered], *, pace: list[float] | None = None, **changes: Any) -> Seen:
    """Answered calmly, in time, by somebody of fifty."""
    steps = pace if pace is not None else [8.0] * len(answers)
    values: dict[str, Any] = {
        "instrument": instrument,
        "respondent": "self",
        "answers": answers,
        "scores": instrument.score(answers),
        "answered_at": [DAY + timedelta(seconds=after) for after in accumulate(steps)],
        "completed_at": DAY + timedelta(hours=1),
        "opens_at": DAY - timedelta(days=7),
        "closes_at": DAY + timedelta(days=7),
        "age": 50,
    }
    return Seen(**(values | changes))


def in_column(instrument: Instrument, place: int, *, count: int | None = None) -> list[Answered]:
    """The option in that place of each question that has so many."""
    choices = [item for item in instrument.items.values() if isinstance(item.question, SingleChoice)]
    return [
        Answered(item.id, item.question.options[place], AnswerKind.VALUE)
        for item in choices[:count]
        if isinstance(item.question, SingleChoice) and len(item.question.options) == 5
    ]


def eq5d(library: Library, level: int, vas: int | None, *, of: str = "eq5d-5l") -> tuple[Instrument, list[Answered]]:
    instrument = library.get(of, "1.0")
    scale = Answered("vas", vas, AnswerKind.SKIPPED if vas is None else AnswerKind.VALUE)
    dimensions = [item for item in instrument.items if item != "vas"]
    return instrument, [*(Answered(item, level, AnswerKind.VALUE) for item in dimensions), scale]


def test_a_calm_response_is_not_flagged(library: Library) -> None:
    assert implausible(seen(*eq5d(library, 2, 70))) == ()


@pytest.mark.parametrize(
    ("of", "level", "vas", "flagged"),
    [
        ("eq5d-5l", 1, 20, True),
        ("eq5d-5l", 1, 21, False),
        ("eq5d-5l", 5, 90, True),
        ("eq5d-5l", 5, 89, False),
        ("eq5d-5l", 3, 100, False),
        ("eq5d-5l", 1, None, False),
        ("eq5d-3l", 3, 95, True),
        ("eq5d-y-3l", 3, 95, True),
        ("eq5d-3l", 1, 0, True),
    ],
)
def test_no_problem_with_the_lowest_health_or_the_worst_of_all_with_the_best_is_flagged(
    library: Library, of: str, level: int, vas: int | None, flagged: bool
) -> None:
    found = implausible(seen(*eq5d(library, level, vas, of=of), age=None))
    assert (Rule.EQ5D_CONTRADICTION in found) is flagged


@pytest.mark.parametrize(
    ("pace", "flagged"),
    [
        ([0, 1.9, 1.9, 1.9, 1.9, 1.9], True),
        ([0, 2, 2, 2, 2, 2], False),
        ([0, 1, 1, 300, 1, 1], True),  # coffee hides nothing
        ([0, 0.1, 9, 9, 9, 9], False),  # a double click proves nothing
        ([0, 1, 1, 1], False),  # too few to tell
        ([], False),  # nobody took the time
    ],
    ids=str,
)
def test_only_a_median_below_two_seconds_a_question_is_too_fast(
    library: Library, pace: list[float], flagged: bool
) -> None:
    assert (Rule.TOO_FAST in implausible(seen(*eq5d(library, 2, 70), pace=pace))) is flagged


@pytest.mark.parametrize(("place", "flagged"), [(0, False), (1, True), (2, True), (4, False)])
def test_along_one_way_items_a_run_is_flagged_only_between_the_ends(
    library: Library, place: int, flagged: bool
) -> None:
    """The healthy answer "never" to everything."""
    instrument = library.get("promis-anxiety", "1.0")
    answers = in_column(instrument, place, count=12)
    assert (Rule.SAME_POSITION in implausible(seen(instrument, answers))) is flagged
    assert implausible(seen(instrument, answers[:9])) == ()


@pytest.mark.parametrize("place", [0, 1, 3, 4])
def test_where_items_run_both_ways_any_run_off_the_middle_is_flagged(library: Library, place: int) -> None:
    instrument = library.get("promis-29", "2.1")
    answers = in_column(instrument, place)
    assert implausible(seen(instrument, answers)) == (Rule.SAME_POSITION,)


def test_one_answer_in_another_column_ends_the_run(library: Library) -> None:
    instrument = library.get("promis-29", "2.1")
    answers = [*in_column(instrument, 0)[:-1], in_column(instrument, 1)[-1]]
    assert implausible(seen(instrument, answers)) == ()


@pytest.mark.parametrize(("days", "flagged"), [(-8, True), (0, False), (7, True)])
def test_what_was_answered_outside_its_window_is_flagged(library: Library, days: int, flagged: bool) -> None:
    found = implausible(seen(*eq5d(library, 2, 70), completed_at=DAY + timedelta(days=days)))
    assert (Rule.OUT_OF_WINDOW in found) is flagged


@pytest.mark.parametrize(
    ("of", "respondent", "age", "flagged"),
    [
        ("eq5d-5l", "self", 15, True),
        ("eq5d-5l", "self", 16, False),
        ("eq5d-y-3l", "self", 50, True),
        ("eq5d-y-3l", "self", 7, True),
        ("eq5d-y-3l", "guardian", 7, False),
        ("eq5d-5l", "self", None, False),
        ("eq5d-5l", "proxy", 10, False),  # the form says nothing of whom a proxy may answer for
    ],
)
def test_a_form_for_other_ages_than_the_patients_is_flagged(
    library: Library, of: str, respondent: str, age: int | None, flagged: bool
) -> None:
    found = implausible(seen(*eq5d(library, 2, 70, of=of), respondent=respondent, age=age))
    assert (Rule.AGE in found) is flagged
