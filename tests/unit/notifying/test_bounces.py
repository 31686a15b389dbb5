"""What mail systems send back, told apart: for good, only late, and not ours at all. The texts are made up."""

import pytest

from survey_service.notifying.bounces import Bounce, Fate, read_bounce
from tests.unit.notifying.reports import KEY, notification


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_report_of_failure_is_a_bounce(returned: str) -> None:
    """C1"""
    assert read_bounce(notification("failed", "5.1.1", returned=returned)) == Bounce(Fate.BOUNCED, KEY, "5.1.1")


def test_a_report_of_delay_is_none() -> None:
    assert read_bounce(notification("delayed", "4.4.1")) == Bounce(Fate.DELAYED, KEY)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_other_reports_are_none_either(action: str) -> None:
    assert read_bounce(notification(action, "2.0.0")).fate is Fate.UNKNOWN


def test_a_report_on_somebody_elses_message_is_not_ours() -> None:
    assert read_bounce(notification("failed", "5.1.1", key="abc")) == Bounce(Fate.UNKNOWN)


def plain(said: str, *, sender: str = "MAILER-DAEMON@mx.example.se", key: str = KEY) -> bytes:
    """As servers write that know no report."""
    copy = f"--- Below is a copy\n\nMessage-ID: <{key}@a.se>\n"
    return f"From: {sender}\nSubject: failure notice\n\n{said}\n\n{copy}".encode()


@pytest.mark.parametrize(
    ("said", "code"),
    [("192.0.2.1 said: 550 5.1.1 no such user", "5.1.1"), ("Remote host said: 554 rejected", "554")],
)
def test_a_plain_notice_with_a_permanent_failure_is_a_bounce(said: str, code: str) -> None:
    assert read_bounce(plain(said)) == Bounce(Fate.BOUNCED, KEY, code)


@pytest.mark.parametrize("said", ["451 4.3.0 try later", "It will be tried for 5 days more.", "Room 512."])
def test_a_plain_notice_without_one_is_none(said: str) -> None:
    assert read_bounce(plain(said)).fate is Fate.UNKNOWN


def test_an_answer_by_a_person_is_no_bounce() -> None:
    said = f"From: anna@example.se\nIn-Reply-To: <{KEY}@a.se>\n\nI got 550 5.1.1 yesterday.\n".encode()
    assert read_bounce(said) == Bounce(Fate.UNKNOWN)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"Content-Type: multipart/report\n\nx", b"From: x\n\n"])
def test_what_is_no_message_is_none(raw: bytes) -> None:
    assert read_bounce(raw).fate is Fate.UNKNOWN
