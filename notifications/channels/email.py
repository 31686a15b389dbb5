"""E-mail by SMTP: plain text and HTML, with TLS, many over one connection."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr
from enum import StrEnum
from threading import Lock
from typing import Any

from notifications.channels import (
    Configuration,
    ConfigurationError,
    DeliveryFailure,
    PermanentFailure,
    TechnicalFailure,
    TemporaryFailure,
    Transport,
    text_of,
)
from notifications.message import Email, Format, Message

_TIMEOUT_SECONDS = 20
_CLOSING = 421
# Answers to RCPT that are about our way of speaking, not about the address (RFC 5321, 4.2.2; RFC 4954).
_ABOUT_US = (500, 502, 503, 504, 530, 535)


class Security(StrEnum):
    """How the connection is protected. ``NONE`` is for a server on the same machine."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where the server is, and how it knows us. ``authorities``: a file of certificates to trust, or else the usual."""

    host: str
    port: int
    sender_address: str
    security: Security = Security.STARTTLS
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    authorities: str | None = None


class _Connection(smtplib.SMTP):
    """Knows whether a message has been begun: what is lost after that may have been taken."""

    has_begun = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.has_begun = True
        return super().data(msg)


class _TlsConnection(_Connection, smtplib.SMTP_SSL):
    """As ``_Connection``, protected from the first byte."""


class SmtpChannel:
    """Sends by one SMTP server. The connection is kept between messages until ``close``; one message at a time."""

    format = Format.EMAIL

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._connection: _Connection | None = None
        self._lock = Lock()

    @property
    def envelope(self) -> tuple[str, ...]:
        return (self._server.sender_address,)

    def send(self, message: Message) -> None:
        """Hand the message over. Raises a ``DeliveryFailure`` by the server's answer (RFC 5321, 4.2.1)."""
        assert isinstance(message, Email)
        composed = self._composed(message)
        with self._lock:
            try:
                self._hand_over(composed, message.to)
            except (smtplib.SMTPException, OSError) as error:
                failure = _failure_of(error)
            else:
                return
            if self._connection is not None and (isinstance(failure, TechnicalFailure) or not self._connection.sock):
                self._drop()
        # Outside the handler: what the server says can name the address.
        raise failure

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                try:
                    self._connection.quit()
                except (smtplib.SMTPException, OSError):
                    self._connection.close()
                self._connection = None

    def _hand_over(self, composed: EmailMessage, to: str) -> None:
        """Over the kept connection; over a new one where the server has let go of it before the message was begun."""
        if self._connection is not None:
            self._connection.has_begun = False
            try:
                self._deliver(self._connection, composed, to)
            except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException, OSError) as error:
                has_let_go = getattr(error, "smtp_code", _CLOSING) == _CLOSING
                if self._connection.has_begun or not has_let_go:
                    raise
                self._drop()
            else:
                return
        self._connection = self._opened()
        self._deliver(self._connection, composed, to)

    def _deliver(self, connection: _Connection, composed: EmailMessage, to: str) -> None:
        connection.send_message(composed, from_addr=self._server.sender_address, to_addrs=[to])

    def _opened(self) -> _Connection:
        server = self._server
        # Trust is given anew for each connection, so that a renewed file of authorities counts.
        context = None
        if server.security is not Security.NONE:
            context = ssl.create_default_context(cafile=server.authorities)
        connection = (
            _TlsConnection(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
            if server.security is Security.TLS
            else _Connection(server.host, server.port, timeout=_TIMEOUT_SECONDS)
        )
        try:
            if server.security is Security.STARTTLS:
                connection.starttls(context=context)
            if server.username and server.password:
                connection.login(server.username, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _composed(self, message: Email) -> EmailMessage:
        if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+", message.to):
            raise PermanentFailure("address")
        try:
            return self._written(message)
        except ValueError:
            pass
        # A line break in a header, or a sign that no mail can hold. Nobody else's reading of it is better.
        raise PermanentFailure("unwritable")

    def _written(self, message: Email) -> EmailMessage:
        composed = EmailMessage()
        composed["Message-ID"] = f"<{message.key}@{self._server.sender_address.rpartition('@')[2]}>"
        composed["From"] = formataddr((message.sender_name, self._server.sender_address))
        composed["To"] = message.to
        composed["Subject"] = message.subject
        composed["Auto-Submitted"] = "auto-generated"
        if message.choices_link:
            # No List-Unsubscribe-Post (RFC 8058): a click that needs no sign-in would need to carry who clicks.
            composed["List-Unsubscribe"] = f"<{message.choices_link}>"
        composed.set_content(message.text)
        composed.add_alternative(message.html, subtype="html")
        return composed


def _failure_of(error: Exception) -> DeliveryFailure:
    """About this address only where the server answers so to this address or this message."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code = max(code for code, _ in error.recipients.values())
            is_about_address = code not in _ABOUT_US
        case smtplib.SMTPDataError():
            code, is_about_address = error.smtp_code, True
        case smtplib.SMTPResponseException():
            code, is_about_address = error.smtp_code, False
        case smtplib.SMTPNotSupportedError():
            return PermanentFailure("address") if "SMTPUTF8" in str(error) else TechnicalFailure(type(error).__name__)
        case _:
            return TechnicalFailure(type(error).__name__)
    if 400 <= code < 500:
        return TemporaryFailure(str(code))
    return PermanentFailure(str(code)) if is_about_address and 500 <= code < 600 else TechnicalFailure(str(code))


def open_channel(configuration: Configuration, transport: Transport) -> SmtpChannel:
    port = configuration.get("port", 587)
    security = text_of(configuration, "security", default=Security.STARTTLS)
    if not isinstance(port, int) or security not in list(Security):
        raise ConfigurationError("The port must be a number, and the security starttls, tls or none.")
    return SmtpChannel(
        SmtpServer(
            host=text_of(configuration, "host"),
            port=port,
            sender_address=text_of(configuration, "sender"),
            security=Security(security),
            username=text_of(configuration, "username", default="") or None,
            password=text_of(configuration, "password", default="") or None,
            authorities=text_of(configuration, "authorities", default="") or None,
        )
    )
