"""How SMTP's answers are understood, what a mail looks like when it arrives, and how a connection is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from notifications.channels import DeliveryFailure, PermanentFailure, TechnicalFailure, TemporaryFailure
from notifications.channels.email import Security, SmtpChannel, SmtpServer
from tests.contract.smtp_server import Server, free_port, smtp_server
from tests.contract.ways_out import EMAIL, SENDER


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with smtp_server(tmp_path, Security.NONE) as running:
        yield running


@pytest.fixture
def smtp(server: Server) -> Iterator[SmtpChannel]:
    channel = SmtpChannel(SmtpServer("127.0.0.1", server.port, SENDER, Security.NONE))
    yield channel
    channel.close()


def the_message(server: Server) -> EmailMessage:
    (message,) = server.messages()
    return message


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


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("at_sender", "550 This sender is not ours"),
        ("at_sender", "530 Authentication required"),
        ("at_recipient", "503 Bad sequence"),
        ("at_recipient", "530 Authentication required"),
    ],
)
def test_a_refusal_of_ourselves_is_no_reason_to_give_the_address_up(
    smtp: SmtpChannel, server: Server, when: str, answer: str
) -> None:
    setattr(server, when, answer)
    with pytest.raises(TechnicalFailure):
        smtp.send(EMAIL)


def test_where_nobody_answers_the_failure_is_technical_and_names_no_address() -> None:
    channel = SmtpChannel(SmtpServer("127.0.0.1", free_port(), SENDER, Security.NONE))
    with pytest.raises(TechnicalFailure) as raised:
        channel.send(EMAIL)
    assert "asa" not in str(raised.value)


def test_a_server_without_tls_is_not_trusted_where_tls_is_asked_for(server: Server) -> None:
    channel = SmtpChannel(SmtpServer("127.0.0.1", server.port, SENDER, Security.STARTTLS))
    with pytest.raises(TechnicalFailure):
        channel.send(EMAIL)
    assert server.taken == []


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_server_whose_certificate_nobody_we_know_has_signed_is_not_trusted(
    tmp_path: Path, security: Security
) -> None:
    with smtp_server(tmp_path, security) as server:
        channel = SmtpChannel(SmtpServer("localhost", server.port, SENDER, security))
        with pytest.raises(TechnicalFailure):
            channel.send(EMAIL)
        assert server.taken == []


def test_the_same_notice_sent_twice_has_one_message_id(smtp: SmtpChannel, server: Server) -> None:
    for one in (EMAIL, EMAIL, replace(EMAIL, key="another")):
        smtp.send(one)
    first, second, third = (message["Message-ID"] for message in server.messages())
    assert first == second == f"<{EMAIL.key}@example.se>"
    assert third != first


def test_names_and_texts_arrive_as_they_were_written(smtp: SmtpChannel, server: Server) -> None:
    """C6"""
    smtp.send(EMAIL)
    message = the_message(server)
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
    expected = {"message-id", "from", "to", "subject", "auto-submitted", "content-type", "mime-version"}
    message = the_message(server)
    assert {name.lower() for name in message.keys()} == expected | {"list-unsubscribe"}  # noqa: SIM118  # because a message is no mapping
    assert message["List-Unsubscribe"] == "<https://survey.test/contact>"


def test_staff_are_told_of_no_choices(smtp: SmtpChannel, server: Server) -> None:
    smtp.send(replace(EMAIL, choices_link=""))
    assert "List-Unsubscribe" not in the_message(server)


@pytest.mark.parametrize("part", ["to", "subject", "sender_name", "choices_link"])
def test_no_header_can_be_smuggled_in_by_a_line_break(smtp: SmtpChannel, server: Server, part: str) -> None:
    message = replace(EMAIL, **{part: getattr(EMAIL, part) + "\r\nBcc: someone@example.se"})
    with pytest.raises(PermanentFailure):
        smtp.send(message)
    assert server.taken == []


@pytest.mark.parametrize("to", ["", "asa", "asa@example.se, bo@example.se", "<asa@example.se>", "asa@@example.se"])
def test_what_is_not_one_address_is_written_to_by_nobody(smtp: SmtpChannel, server: Server, to: str) -> None:
    with pytest.raises(PermanentFailure):
        smtp.send(replace(EMAIL, to=to))
    assert server.connections == 0


def test_many_messages_go_over_one_connection_until_it_is_closed(smtp: SmtpChannel, server: Server) -> None:
    for key in ("1", "2", "3"):
        smtp.send(replace(EMAIL, key=key))
    assert server.connections == 1
    smtp.close()
    smtp.send(EMAIL)
    assert server.connections == 2
    assert len(server.taken) == 4


def test_a_refused_address_does_not_cost_the_connection(smtp: SmtpChannel, server: Server) -> None:
    server.at_recipient = "550 No such mailbox"
    with pytest.raises(PermanentFailure):
        smtp.send(EMAIL)
    server.at_recipient = "250 OK"
    smtp.send(EMAIL)
    assert server.connections == 1


def test_a_connection_that_the_server_let_go_of_meanwhile_is_opened_again(smtp: SmtpChannel, server: Server) -> None:
    smtp.send(EMAIL)
    server.hangs_up = 1
    smtp.send(replace(EMAIL, key="2"))
    assert server.connections == 2
    assert len(server.taken) == 2


def test_it_is_opened_again_once_and_then_it_is_a_failure(smtp: SmtpChannel, server: Server) -> None:
    smtp.send(EMAIL)
    server.hangs_up = 5
    with pytest.raises(TechnicalFailure):
        smtp.send(replace(EMAIL, key="2"))
    assert server.connections == 2


def test_a_message_that_may_have_been_taken_is_not_sent_again_of_our_own_accord(
    smtp: SmtpChannel, server: Server
) -> None:
    """What must never happen 6"""
    smtp.send(EMAIL)
    server.at_data = "hang up"
    with pytest.raises(TechnicalFailure):
        smtp.send(replace(EMAIL, key="2"))
    assert len(server.taken) == 2


def test_several_threads_of_one_worker_share_the_connection(smtp: SmtpChannel, server: Server) -> None:
    keys = [str(number) for number in range(20)]
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(smtp.send, replace(EMAIL, key=key)) for key in keys]:
            one.result()
    assert sorted(message["Message-ID"] for message in server.messages()) == sorted(
        f"<{key}@example.se>" for key in keys
    )
    assert server.connections == 1
