"""Cursors, agreements and what is agreed."""

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import Score
from survey_service.errors import BadInput
from survey_service.registers.rules import (
    Agreement,
    AgreementState,
    Cursor,
    Held,
    Identifier,
    Received,
    RegisterState,
    Side,
    Withheld,
    agreed_scores,
    agreement_state,
    describe_score,
    judge,
    keyed_pseudonym,
    newest_agreements,
    read_cursor,
    refuse_private_keys,
    refuse_register_code,
    refuse_step,
    write_cursor,
)


def score(variable: str) -> Score:
    return Score(variable=variable, value=1.0, method="m", method_hash="h", algorithm="a/1")


def agreement(register: int = 1, version: int = 1, *variables: str, **terms: Any) -> Agreement:
    defaults: dict[str, Any] = {
        "item_answers": frozenset(),
        "identifier": Identifier.PSEUDONYM,
        "look_back": date(2026, 1, 1),
        "review_hold": timedelta(0),
    }
    return Agreement(
        id=UUID(int=100 * register + version),
        register_id=UUID(int=register),
        version=version,
        variables=frozenset(variables),
        **(defaults | terms),
    )


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


# ---- whether a received response may be released

DAY = timedelta(days=1)
ANSWERED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def received(**changes: Any) -> Received:
    values: dict[str, Any] = {
        "legal_regime": "health_care",
        "completed_at": ANSWERED,
        "received_at": ANSWERED + DAY,
        "notice_given_at": ANSWERED - timedelta(minutes=5),
        "voided": False,
        "variables": frozenset({"a.x", "a.y"}),
    }
    return Received(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "terms", "why"),
    [
        ({}, {}, None),
        ({"legal_regime": "social_service"}, {}, Withheld.SOCIAL_SERVICE),
        ({"voided": True}, {}, Withheld.VOIDED),
        ({}, {"look_back": date(2026, 3, 2)}, Withheld.BEFORE_LOOK_BACK),
        ({}, {"look_back": date(2026, 3, 1)}, None),
        ({"notice_given_at": ANSWERED + timedelta(seconds=1)}, {}, Withheld.NOTICE_AFTER_ANSWERS),
        ({"variables": frozenset({"b.z"})}, {}, Withheld.NOTHING_AGREED),
        ({}, {"review_hold": timedelta(hours=1)}, Held(ANSWERED + DAY + timedelta(hours=1))),
    ],
)
def test_each_rule_withholds_by_itself(changes: dict[str, Any], terms: dict[str, Any], why: object) -> None:
    """A2, B2, B5"""
    assert judge(received(**changes), agreement(1, 1, "a.x", **terms), ANSWERED + DAY) == why


@pytest.mark.parametrize("after", [timedelta(seconds=-1), timedelta(0), timedelta(seconds=1)])
def test_a_hold_is_over_at_its_last_moment_and_not_before(after: timedelta) -> None:
    held = agreement(1, 1, "a.x", review_hold=timedelta(hours=48))
    judged = judge(received(), held, ANSWERED + DAY + timedelta(hours=48) + after)
    assert (judged is None) is (after >= timedelta(0))


def test_a_day_of_look_back_is_a_day_in_sweden() -> None:
    """An answer at 23.30 UTC in winter belongs to the next Swedish day."""
    at = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    late = received(completed_at=at, notice_given_at=at - DAY)
    assert judge(late, agreement(1, 1, "a.x", look_back=date(2026, 3, 1)), ANSWERED + 9 * DAY) is None


def test_only_a_pseudonym_and_scores_alone_need_nothing_opened() -> None:
    """B3"""
    assert not agreement(1, 1, "a.x").needs_opening("a")
    assert agreement(1, 1, "a.x", item_answers=frozenset({"a"})).needs_opening("a")
    assert not agreement(1, 1, "a.x", item_answers=frozenset({"b"})).needs_opening("a")
    assert agreement(1, 1, "a.x", identifier=Identifier.KEYED_PSEUDONYM).needs_opening("a")
    assert agreement(1, 1, "a.x", identifier=Identifier.PERSONAL_NUMBER).needs_opening("a")


def test_the_keyed_pseudonym_is_the_hmac_that_a_register_computes() -> None:
    """B3: RFC 4231, test case 2, is HMAC-SHA256 itself; the number is its message in ASCII."""
    published = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert keyed_pseudonym(b"Jefe", "what do ya want for nothing?") == published
    assert keyed_pseudonym(bytes(32), "191212121212") != keyed_pseudonym(b"1" * 32, "191212121212")


# ---- where an agreement and a register stand


@pytest.mark.parametrize(
    ("approved", "from_", "until", "state"),
    [
        ((), -1, None, AgreementState.PROPOSED),
        ((Side.PROVIDER,), -1, None, AgreementState.PROPOSED),
        ((Side.PROVIDER, Side.REGISTER), 1, None, AgreementState.COMING),
        ((Side.PROVIDER, Side.REGISTER), 0, None, AgreementState.IN_FORCE),
        ((Side.PROVIDER, Side.REGISTER), -2, 1, AgreementState.IN_FORCE),
        ((Side.PROVIDER, Side.REGISTER), -2, 0, AgreementState.ENDED),
        ((), -2, -1, AgreementState.ENDED),
    ],
)
def test_an_agreement_is_in_force_when_both_have_said_yes_and_its_time_has_come(
    approved: tuple[Side, ...], from_: int, until: int | None, state: AgreementState
) -> None:
    """B2"""
    ends = None if until is None else ANSWERED + until * DAY
    found = agreement_state(approved=approved, valid_from=ANSWERED + from_ * DAY, valid_until=ends, now=ANSWERED)
    assert found is state


def test_a_register_never_comes_back_from_retirement_and_nothing_becomes_a_draft() -> None:
    """B2"""
    taken = set()
    for here in RegisterState:
        for to in RegisterState:
            try:
                refuse_step(here, to)
            except BadInput:
                continue
            taken.add((here.value, to.value))
    assert taken == {
        ("draft", "active"),
        ("active", "suspended"),
        ("suspended", "active"),
        ("draft", "retired"),
        ("active", "retired"),
        ("suspended", "retired"),
    }


@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": []},
        {"keys": "all"},
        {"keys": ["key"]},
        {"keys": [{"kty": "EC", "x": "1", "y": "2", "d": "3"}]},
        {"keys": [{"kty": "EC", "x": "1", "y": "2"}, {"kty": "RSA", "n": "1", "e": "2", "p": "3"}]},
        {"keys": [{"kty": "oct", "k": "1"}]},
        {"keys": [{"kty": "oct"}]},
    ],
)
def test_a_key_set_with_a_private_part_or_without_a_key_is_refused(jwks: dict[str, Any]) -> None:
    """B1"""
    with pytest.raises(BadInput):
        refuse_private_keys(jwks)


def test_a_public_key_set_is_taken_as_it_is() -> None:
    jwks = {"keys": [{"kty": "EC", "crv": "P-384", "x": "1", "y": "2", "kid": "a"}]}
    assert refuse_private_keys(jwks) == jwks


@pytest.mark.parametrize("code", ["", "Knee", "knee register", "knä", "a/b", "a" * 61])
def test_a_code_that_would_not_do_in_a_command_or_a_token_is_refused(code: str) -> None:
    with pytest.raises(BadInput):
        refuse_register_code(code)
