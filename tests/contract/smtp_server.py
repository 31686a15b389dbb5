"""An SMTP server on loopback that answers as it is told, with or without TLS."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.channels.email import Security


@dataclass
class Server:
    """Keeps what it takes. ``hangs_up`` closes that many connections where a message begins."""

    port: int = 0
    authorities: str | None = None
    at_sender: str = "250 OK"
    at_recipient: str = "250 OK"
    at_data: str = "250 Taken"
    hangs_up: int = 0
    connections: int = 0
    taken: list[bytes] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += session.host_name is None
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.hangs_up:
            self.hangs_up -= 1
            assert server.transport is not None
            server.transport.close()
        if self.at_sender.startswith("250"):
            envelope.mail_from = address
        return self.at_sender

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.at_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_recipient

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data.startswith("250") or self.at_data == "hang up":
            assert isinstance(envelope.content, bytes)
            self.taken.append(envelope.content)
        if self.at_data == "hang up":
            assert server.transport is not None
            server.transport.close()
        return self.at_data

    def messages(self) -> list[EmailMessage]:
        """What was taken, as a mail program reads it."""
        parsed = [message_from_bytes(content, policy=default) for content in self.taken]
        return [one for one in parsed if isinstance(one, EmailMessage)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def smtp_server(folder: Path, security: Security) -> Iterator[Server]:
    server = Server(port=free_port())
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    if security is not Security.NONE:
        server.authorities = str(folder / "authority.pem")
        authority.cert_pem.write_to_path(server.authorities)
    controller = Controller(
        server,
        hostname="localhost" if security is not Security.NONE else "127.0.0.1",
        port=server.port,
        ssl_context=context if security is Security.TLS else None,
        tls_context=context if security is Security.STARTTLS else None,
        require_starttls=security is Security.STARTTLS,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
