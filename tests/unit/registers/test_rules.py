"""Cursors, agreements and what is agreed."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Score
from survey_service.errors import BadInput
from survey_service.registers.rules import (
    Agreement,
    Cursor,
    agreed_scores,
    describe_score,
    newest_agreements,
    read_cursor,
    write_cursor,
)


def score(variable: str) -> Score:
    return Score(variable=variable, value=1.0, method="m", method_hash="h", algorithm="a/1")


def agreement(register: int, version: int, *variables: str) -> Agreement:
    return Agreement(UUID(int=100 * register + version), UUID(int=register), version, frozenset(variables))


@given(st.integers(1, 10**6), st.integers(0, 2**62 - 1))
def test_a_cursor_comes_back_as_it_went(epoch: int, position: int) -> None:
    """B9"""
    cursor = Cursor(epoch, position)
    assert read_cursor(write_cursor(cursor)) == cursor
    assert write_cursor(cursor).isascii()
    assert "=" not in write_cursor(cursor)


@given(st.text(max_size=40))
def test_a_text_that_we_did_not_write_is_no_cursor(text: str) -> None:
    """B12"""
    try:
        cursor = read_cursor(text)
    except BadInput:
        return
    assert write_cursor(cursor) == text


def forged(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "content",
    ["", "1", "1.", ".1", "1.2.3", "0.1", "-1.1", "1.-1", "+1.1", "01.1", "1.01", " 1.1", "1.1\n", "1_0.1", "1.٣",
     f"1.{2**62}", "1." + "9" * 5000, "a.b", "1.0x1"],
    ids=repr,
)  # fmt: skip
def test_a_forged_cursor_is_refused(content: str) -> None:
    """B12"""
    with pytest.raises(BadInput):
        read_cursor(forged(content))


def test_a_cursor_with_something_added_is_refused() -> None:
    good = write_cursor(Cursor(1, 7))
    assert read_cursor(good) == Cursor(1, 7)
    for text in (good + "=", good + "\n", " " + good, good + "!", good + good):
        with pytest.raises(BadInput):
            read_cursor(text)


def test_only_what_is_agreed_is_given() -> None:
    """B2"""
    scores = [score("t"), score("index"), score("secret")]
    assert [one.variable for one in agreed_scores(scores, agreement(1, 1, "index", "t"))] == ["t", "index"]
    assert agreed_scores(scores, agreement(1, 1)) == ()
    assert agreed_scores(scores, agreement(1, 1, "unknown")) == ()


def test_a_name_is_agreed_whole_not_by_its_beginning() -> None:
    """B2"""
    assert agreed_scores([score("eq5d5l.index.raw")], agreement(1, 1, "eq5d5l.index")) == ()


@given(st.permutations([agreement(register, version) for register in (3, 1, 2) for version in (1, 2, 10)]))
def test_of_a_registers_agreements_the_newest_counts_in_the_order_of_the_registers(found: list[Agreement]) -> None:
    """B2: by version as a number, and in one order for all, so that no two releases wait for each other."""
    assert newest_agreements(found) == [agreement(register, 10) for register in (1, 2, 3)]


def test_no_agreements_are_none() -> None:
    assert newest_agreements([]) == []


def test_a_score_is_given_with_every_version_that_made_it() -> None:
    """D3"""
    described = describe_score(score("t"))
    assert {"variable", "value", "standard_error", "missing_reason", "method", "method_hash", "algorithm"} <= set(
        described
    )
