"""What every e-mail channel promises, whichever it is; and how SMTP's answers are understood."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.channels import (
    DeliveryFailure,
    EmailChannel,
    PermanentFailure,
    TechnicalFailure,
    TemporaryFailure,
)
from notifications.channels.email import SmtpChannel
from notifications.channels.memory import MemoryChannel
from notifications.message import Email

SENDER = "no-reply@example.se"
EMAIL = Email(
    key="01a2042b-0000-7000-8000-000000000001",
    to="asa@example.se",
    sender_name="Region Väst",
    subject="Du har ett nytt meddelande från Region Väst",
    text="Hej!\n\nLogga in för att läsa det.\n",
    html="<p>Logga in för att läsa det, Åsa & co.</p>",
)


@dataclass
class Server:
    """An SMTP server on loopback that answers as it is told, and keeps what it takes."""

    port: int = 0
    at_recipient: str = "250 OK"
    at_data: str = "250 Taken"
    taken: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.at_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.taken.append(envelope.content)
        return self.at_data

    def message(self) -> EmailMessage:
        """The one message taken, as a mail program reads it."""
        (content,) = self.taken
        parsed = message_from_bytes(content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server() -> Iterator[Server]:
    handler = Server(port=free_port())
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
def smtp(server: Server) -> SmtpChannel:
    return SmtpChannel(host="127.0.0.1", port=server.port, sender_address=SENDER, starttls=False)


class MemoryHarness:
    def __init__(self) -> None:
        self.channel: MemoryChannel = MemoryChannel()

    def fail_with(self, failure: DeliveryFailure) -> None:
        self.channel.failures.append(failure)

    def count(self) -> int:
        return len(self.channel.sent)


class SmtpHarness:
    def __init__(self, channel: SmtpChannel, server: Server) -> None:
        self.channel: EmailChannel = channel
        self._server = server

    def fail_with(self, failure: DeliveryFailure) -> None:
        answers = {TemporaryFailure: "451 Later", PermanentFailure: "550 Unknown", TechnicalFailure: "nonsense"}
        self._server.at_data = answers[type(failure)]

    def count(self) -> int:
        return len(self._server.taken)


@pytest.fixture(params=["memory", "smtp"])
def harness(request: pytest.FixtureRequest) -> MemoryHarness | SmtpHarness:
    if request.param == "memory":
        return MemoryHarness()
    return SmtpHarness(request.getfixturevalue("smtp"), request.getfixturevalue("server"))


def test_a_message_that_is_taken_raises_nothing(harness: MemoryHarness | SmtpHarness) -> None:
    harness.channel.send(EMAIL)
    assert harness.count() == 1


@pytest.mark.parametrize("failure", [TemporaryFailure, PermanentFailure])
def test_a_message_that_is_not_taken_raises_why_and_leaves_nothing(
    harness: MemoryHarness | SmtpHarness, failure: type[DeliveryFailure]
) -> None:
    harness.fail_with(failure())
    with pytest.raises(failure):
        harness.channel.send(EMAIL)
    assert harness.count() == 0


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("421 Shutting down", TemporaryFailure),
        ("450 Mailbox busy", TemporaryFailure),
        ("452 Full", TemporaryFailure),
        ("550 No such mailbox", PermanentFailure),
        ("552 Too large", PermanentFailure),
        ("554 Refused", PermanentFailure),
    ],
)
@pytest.mark.parametrize("when", ["at_recipient", "at_data"])
def test_the_servers_answer_decides_what_kind_of_failure_it_is(
    smtp: SmtpChannel, server: Server, when: str, answer: str, failure: type[DeliveryFailure]
) -> None:
    setattr(server, when, answer)
    with pytest.raises(failure) as raised:
        smtp.send(EMAIL)
    assert str(raised.value) == answer[:3]


def test_where_nobody_answers_the_failure_is_technical_and_names_no_address() -> None:
    channel = SmtpChannel(host="127.0.0.1", port=free_port(), sender_address=SENDER, starttls=False)
    with pytest.raises(TechnicalFailure) as raised:
        channel.send(EMAIL)
    assert "asa" not in str(raised.value)


def test_a_server_without_tls_is_not_trusted_where_tls_is_asked_for(server: Server) -> None:
    channel = SmtpChannel(host="127.0.0.1", port=server.port, sender_address=SENDER, starttls=True)
    with pytest.raises(TechnicalFailure):
        channel.send(EMAIL)
    assert server.taken == []


def test_the_same_notice_sent_twice_has_one_message_id(smtp: SmtpChannel, server: Server) -> None:
    smtp.send(EMAIL)
    smtp.send(EMAIL)
    smtp.send(replace(EMAIL, key="another"))
    first, second, third = (message_from_bytes(content)["Message-ID"] for content in server.taken)
    assert first == second == f"<{EMAIL.key}@example.se>"
    assert third != first


def test_names_and_texts_arrive_as_they_were_written(smtp: SmtpChannel, server: Server) -> None:
    """C6"""
    smtp.send(EMAIL)
    message = server.message()
    assert message["From"] == f"Region Väst <{SENDER}>"
    assert message["Subject"] == EMAIL.subject
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == EMAIL.text
    assert html.get_content().strip() == EMAIL.html


def test_the_headers_are_these_and_no_others(smtp: SmtpChannel, server: Server) -> None:
    """C1"""
    smtp.send(EMAIL)
    headers = {name.lower() for name in server.message().keys()}  # noqa: SIM118  # because a message is no mapping
    assert headers == {"message-id", "from", "to", "subject", "auto-submitted", "content-type", "mime-version"}


@pytest.mark.parametrize("part", ["to", "subject", "sender_name"])
def test_no_header_can_be_smuggled_in_by_a_line_break(smtp: SmtpChannel, server: Server, part: str) -> None:
    message = replace(EMAIL, **{part: getattr(EMAIL, part) + "\r\nBcc: someone@example.se"})
    with pytest.raises((DeliveryFailure, ValueError)):
        smtp.send(message)
    assert server.taken == []
