"""What mail systems send back, told apart: for good, only late, and not ours at all. The texts are made up."""

import pytest

from survey_service.notifying.bounces import Bounce, Fate, read_bounce

KEY = "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001"


def notification(action: str, status: str, *, returned: str = "text/rfc822-headers", key: str = KEY) -> bytes:
    """A report as RFC 3464 has it."""
    return f"""From: MAILER-DAEMON@mx.example.se
To: no-reply@example.se
Message-ID: <0199aaaa-bbbb-7ccc-8ddd-000000000009@mx.example.se>
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

The message could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.se

Final-Recipient: rfc822; somebody@example.se
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--x
Content-Type: {returned}

From: Region Ett <no-reply@example.se>
To: somebody@example.se
Message-ID: <{key}@example.se>
Subject: Meddelande

--x--
""".encode()


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
