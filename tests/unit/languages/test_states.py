"""Which way a translation may go, and by whom [E1]."""

from itertools import product

import pytest

from survey_service.languages.rules import FORWARD, State, next_states

RIGHTS = list(product((False, True), repeat=2))


@pytest.mark.parametrize("state", State)
def test_nobody_takes_own_work_beyond_translated(state: State) -> None:
    """E1"""
    for needs_validation in (False, True):
        following = next_states(
            state, by_maker=True, may_review=True, may_approve=True, needs_validation=needs_validation
        )
        assert following <= {State.TRANSLATED, State.DRAFT, State.WITHDRAWN}


@pytest.mark.parametrize("state", State)
def test_whoever_has_no_right_does_nothing_with_others_work(state: State) -> None:
    """E1"""
    assert next_states(state, by_maker=False, may_review=False, may_approve=False) == frozenset()


@pytest.mark.parametrize(("may_review", "may_approve"), RIGHTS)
def test_the_projects_own_wording_is_approved_from_validated_alone(may_review: bool, may_approve: bool) -> None:
    """E1"""
    from_where = {
        state
        for state in State
        if State.APPROVED
        in next_states(state, by_maker=False, may_review=may_review, may_approve=may_approve, needs_validation=True)
    }
    assert from_where == ({State.LINGUISTICALLY_VALIDATED} if may_approve else set())


def test_withdrawn_is_the_end() -> None:
    assert next_states(State.WITHDRAWN, by_maker=False, may_review=True, may_approve=True) == frozenset()


def test_only_a_draft_and_a_withdrawal_do_not_go_forward() -> None:
    assert set(State) - FORWARD == {State.DRAFT, State.WITHDRAWN}
