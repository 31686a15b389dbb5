"""What a record system's answer means, when to try again, and whom the service may call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_service.delivery.rules import Attempt, Outcome, clean_id, may_be_called, next_attempt, read_reply

BEGUN = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEADLINE = BEGUN + timedelta(hours=72)
CREATED = {"entry": [{"response": {"status": "201 Created", "location": "QuestionnaireResponse/7/_history/1"}}]}


@pytest.mark.parametrize(
    ("status", "location", "body", "outcome", "external_id"),
    [
        (200, None, CREATED, Outcome.ACKNOWLEDGED, "QuestionnaireResponse/7/_history/1"),
        (201, "https://journal/QR/7", None, Outcome.ACKNOWLEDGED, "https://journal/QR/7"),
        (200, None, {"identifier": {"value": "J-7"}}, Outcome.ACKNOWLEDGED, "J-7"),
        (200, None, {"entry": [{"response": {}}]}, Outcome.ACCEPTED, None),
        (200, None, None, Outcome.ACCEPTED, None),
        (204, "\n", [], Outcome.ACCEPTED, None),
        (202, "https://journal/QR/7", CREATED, Outcome.ACCEPTED, None),
        (302, "https://elsewhere/", None, Outcome.REFUSED, None),
        (400, None, CREATED, Outcome.REFUSED, None),
        (422, None, None, Outcome.REFUSED, None),
        (408, None, None, Outcome.TEMPORARY, None),
        (429, None, None, Outcome.TEMPORARY, None),
        (500, None, CREATED, Outcome.TEMPORARY, None),
        (503, None, None, Outcome.TEMPORARY, None),
    ],
)
def test_a_success_with_an_id_of_its_own_and_nothing_else_is_an_acknowledgement(
    status: int, location: str | None, body: Any, outcome: Outcome, external_id: str | None
) -> None:
    """A3"""
    reply = read_reply(status, location, body)
    assert (reply.outcome, reply.external_id, reply.http_status) == (outcome, external_id, status)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["entry", "response", "location"]), inner)
    ),
    max_leaves=10,
)


@given(status=st.integers(100, 599), location=st.none() | st.text(max_size=400), body=json_values)
def test_whatever_comes_back_is_some_outcome(status: int, location: str | None, body: Any) -> None:
    reply = read_reply(status, location, body)
    assert (reply.external_id is not None) == (reply.outcome is Outcome.ACKNOWLEDGED)


@pytest.mark.parametrize("text", ["", "  ", "x" * 301, "a\nb", "\x00", None, 7, ["x"]])
def test_what_cannot_be_kept_and_shown_is_no_id(text: object) -> None:
    assert clean_id(text) is None


def tried(*outcomes: Outcome, at: datetime = BEGUN) -> list[Attempt]:
    return [Attempt(at, outcome, None) for outcome in outcomes]


@pytest.mark.parametrize(
    ("count", "wait"),
    [(1, timedelta(seconds=4)), (2, timedelta(seconds=20)), (3, timedelta(minutes=5)), (4, timedelta(minutes=30)),
     (5, timedelta(hours=1)), (40, timedelta(hours=1))],
)  # fmt: skip
def test_the_waits_grow_to_an_hour(count: int, wait: timedelta) -> None:
    """A3"""
    due = next_attempt(tried(*[Outcome.TEMPORARY] * count), begun_at=BEGUN, deadline_at=DEADLINE)
    assert due == BEGUN + wait


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.ACCEPTED])
def test_what_somebody_has_to_mend_or_say_waits_an_hour_at_least(outcome: Outcome) -> None:
    assert next_attempt(tried(outcome), begun_at=BEGUN, deadline_at=DEADLINE) == BEGUN + timedelta(hours=1)


def test_after_the_deadline_it_is_tried_seldom_and_after_a_month_no_more() -> None:
    late, very_late = DEADLINE + timedelta(minutes=1), BEGUN + timedelta(days=30)
    attempts = tried(*[Outcome.TEMPORARY] * 9, at=late)
    assert next_attempt(attempts, begun_at=BEGUN, deadline_at=DEADLINE) == late + timedelta(hours=6)
    attempts = tried(*[Outcome.TEMPORARY] * 9, at=very_late)
    assert next_attempt(attempts, begun_at=BEGUN, deadline_at=DEADLINE) is None


def test_what_is_acknowledged_is_tried_no_more() -> None:
    attempts = tried(Outcome.TEMPORARY, Outcome.ACKNOWLEDGED)
    assert next_attempt(attempts, begun_at=BEGUN, deadline_at=DEADLINE) is None


@pytest.mark.parametrize(
    ("address", "is_demonstration", "may"),
    [
        ("https://journal.example.se/fhir", False, True),
        ("https://JOURNAL.example.se:8443/fhir", False, True),
        ("http://journal.example.se/fhir", False, False),
        ("https://journal.example.se.evil.example/fhir", False, False),
        ("https://user:secret@journal.example.se/fhir", False, False),
        ("https://journal.example.se/fhir?patient=191212121212", False, False),
        ("https://journal.example.se/fhir#x", False, False),
        ("https://journal.example.se:x/", False, False),
        ("https://127.0.0.1/", False, False),
        ("http://127.0.0.1:99/fhir", True, True),
        ("http://localhost/fhir", True, True),
        ("http://169.254.169.254/", True, False),
        ("file:///etc/passwd", True, False),
        ("https://[::1/", True, False),
        ("", True, False),
    ],
)
def test_the_service_calls_the_operators_hosts_by_tls_and_nothing_else(
    address: str, is_demonstration: bool, may: bool
) -> None:
    hosts = frozenset({"journal.example.se"})
    assert may_be_called(address, hosts=hosts, is_demonstration=is_demonstration) is may
