"""The share of the best answers: who is in the box, and who is not counted at all."""

import doctest

from instruments import Answered, AnswerKind, Library, Score, top_box
from instruments.top_box import Share, top_box_share


def _top_two(library: Library, code: int | None) -> Score:
    kind = AnswerKind.SKIPPED if code is None else AnswerKind.VALUE
    scores = library.latest("prem-overall").score([Answered("overall", code, kind)])
    return next(score for score in scores if score.variable == "prem_overall.top_two")


def test_the_two_best_of_five_answers_are_in_the_box(library: Library) -> None:
    """B11, D5"""
    group = [_top_two(library, code) for code in (1, 2, 3, 4, 5)]
    assert top_box_share(group) == Share(2, 5)


def test_who_did_not_answer_is_not_counted(library: Library) -> None:
    """B11: missing is not zero."""
    assert top_box_share([_top_two(library, 5), _top_two(library, None)]) == Share(1, 1)


def test_of_nobody_there_is_no_percentage() -> None:
    assert top_box_share([]).percentage is None


def test_the_example_holds() -> None:
    assert doctest.testmod(top_box).failed == 0
