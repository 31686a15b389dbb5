"""The unit's flags: what meets a rule, and how often noise alone does."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Answered, AnswerKind, Direction, Score, Variable, VariableType
from instruments.variables import ImportantChange
from survey_service.delivery.flagging import (
    Bound,
    Criterion,
    Earlier,
    GivenAnswer,
    Judged,
    Raised,
    Rule,
    Threshold,
    Worsening,
    flags,
    reliable_change,
)

RULE, RESPONSE = UUID(int=1), UUID(int=2)


def variable(higher_is: Direction | None = Direction.WORSE, important: float | None = 3.0) -> Variable:
    change = None if important is None else ImportantChange(important, 2, 6, "a source", "")
    return Variable(
        name="low.t",
        definition="",
        type=VariableType.NUMBER,
        unit="T",
        higher_is=higher_is,
        important_change=change,
    )


def score(value: float | None, se: float | None = 2.0) -> Score:
    missing = "no_answers" if value is None else None
    return Score(
        variable="low.t", value=value, standard_error=se, missing_reason=missing, method="m", method_hash="h",
        algorithm="a",
    )  # fmt: skip


def judge(
    criterion: Criterion,
    now: Score,
    before: Score | None = None,
    *,
    of: Variable | None = None,
    answers: tuple[Answered, ...] = (),
    instrument: str = "low",
) -> list[Raised]:
    judged = Judged(
        instrument="low",
        variables={"low.t": of or variable()},
        scores={"low.t": now},
        answers=answers,
        earlier={"low.t": Earlier(RESPONSE, before)} if before else {},
    )
    return flags([Rule(RULE, instrument, criterion)], judged)


@pytest.mark.parametrize(("bound", "met"), [(Bound.AT_LEAST, [60, 61]), (Bound.AT_MOST, [59, 60])])
def test_a_threshold_is_met_at_its_limit_and_beyond(bound: Bound, met: list[float]) -> None:
    found = [value for value in (59, 60, 61) if judge(Threshold("low.t", bound, 60), score(value))]
    assert found == met


def test_what_is_missing_meets_no_rule() -> None:
    """Missing is not zero."""
    assert judge(Threshold("low.t", Bound.AT_MOST, 60), score(None, None)) == []
    assert judge(Worsening("low.t"), score(None, None), score(50)) == []
    assert judge(Worsening("low.t"), score(70), score(None, None)) == []
    assert judge(Worsening("low.t"), score(70, None), score(50)) == []


def test_an_answer_is_flagged_whenever_it_is_at_the_code_or_beyond_and_its_figure_is_not_kept() -> None:
    rule = GivenAnswer("ITEM", Bound.AT_LEAST, 2)

    def given_code(code: int | None) -> list[Raised]:
        kind = AnswerKind.SKIPPED if code is None else AnswerKind.VALUE
        return judge(rule, score(50), answers=(Answered("ITEM", code, kind),))

    assert [bool(given_code(code)) for code in (1, 2, 5, None)] == [False, True, True, False]
    assert given_code(5) == [Raised(RULE)]
    assert judge(rule, score(50)) == []


def test_a_rule_is_for_the_responses_to_its_own_instrument() -> None:
    assert judge(Threshold("low.t", Bound.AT_LEAST, 0), score(50), instrument="another") == []


@pytest.mark.parametrize(
    ("change", "se", "flagged"),
    [
        (5.0, 1.0, True),
        (3.0, 0.5, False),  # just what is noticed, and not more
        (3.1, 0.5, True),
        (5.0, 3.0, False),  # noticed, but 1.645 · √18 is 6.98
        (7.0, 3.0, True),
        (-9.0, 1.0, False),  # better
    ],
)
def test_worsening_exceeds_both_what_is_noticed_and_what_is_noise(change: float, se: float, flagged: bool) -> None:
    raised = judge(Worsening("low.t"), score(50 + change, se), score(50, se))
    assert bool(raised) is flagged
    if raised:
        assert raised[0].change is not None
        assert raised[0].change.important == 3.0
        assert raised[0].change.reliable == reliable_change(se, se)


def test_where_a_higher_figure_is_better_worse_is_lower() -> None:
    better = variable(Direction.BETTER)
    assert judge(Worsening("low.t"), score(40), score(50), of=better)
    assert judge(Worsening("low.t"), score(60), score(50), of=better) == []


@pytest.mark.parametrize("of", [variable(None), variable(important=None)])
def test_worsening_says_nothing_of_a_figure_without_a_direction_or_an_important_change(of: Variable) -> None:
    assert judge(Worsening("low.t"), score(90), score(10), of=of) == []


@given(st.floats(0, 20), st.floats(0, 20))
def test_the_reliable_change_is_that_of_the_formula_whichever_came_first(one: float, other: float) -> None:
    """Jacobson & Truax 1991, at 90 %."""
    assert reliable_change(one, other) == reliable_change(other, one)
    assert reliable_change(one, other) == pytest.approx(1.645 * (one**2 + other**2) ** 0.5)


def test_noise_alone_is_flagged_in_at_most_one_of_twenty_where_the_important_change_alone_flags_one_in_five() -> None:
    """The order for care units: nothing has changed, and each score is off by its standard error (T-score of 2.6)."""
    chance = np.random.default_rng(20261123)
    se, times = 2.6, 4_000
    pairs = 50 + se * chance.standard_normal((times, 2))
    flagged = sum(bool(judge(Worsening("low.t"), score(now, se), score(then, se))) for then, now in pairs)
    by_important_change_alone = float(np.mean(pairs[:, 1] - pairs[:, 0] > 3.0))
    assert flagged / times == pytest.approx(0.05, abs=0.01)
    assert by_important_change_alone == pytest.approx(0.2, abs=0.03)
