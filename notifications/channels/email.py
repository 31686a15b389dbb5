"""E-mail by SMTP."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formataddr

from notifications.channels import (
    Configuration,
    PermanentFailure,
    TechnicalFailure,
    TemporaryFailure,
    Transport,
    text_of,
)
from notifications.message import Email, Format, Message

_TIMEOUT_SECONDS = 20


class SmtpChannel:
    """Sends by one SMTP server, with TLS where it is asked for. A connection for each message."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender_address: str,
        starttls: bool,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._sender_address = sender_address
        self._starttls = starttls
        self._credentials = (username, password) if username and password else None

    @property
    def format(self) -> Format:
        return Format.EMAIL

    @property
    def envelope(self) -> tuple[str, ...]:
        return (self._sender_address,)

    def close(self) -> None:
        pass

    def send(self, message: Message) -> None:
        """Hand the message over. Raises a ``DeliveryFailure`` by the server's answer (RFC 5321, 4.2.1)."""
        assert isinstance(message, Email)
        try:
            self._deliver(self._compose(message))
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise _failure_of(max(codes)) from None
        except smtplib.SMTPResponseException as answer:
            raise _failure_of(answer.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise TechnicalFailure(type(error).__name__) from None

    def _deliver(self, composed: EmailMessage) -> None:
        with smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS) as server:
            if self._starttls:
                server.starttls(context=ssl.create_default_context())
            if self._credentials:
                server.login(*self._credentials)
            server.send_message(composed)

    def _compose(self, message: Email) -> EmailMessage:
        composed = EmailMessage()
        composed["Message-ID"] = f"<{message.key}@{self._sender_address.rpartition('@')[2]}>"
        composed["From"] = formataddr((message.sender_name, self._sender_address))
        composed["To"] = message.to
        composed["Subject"] = message.subject
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content(message.text)
        composed.add_alternative(message.html, subtype="html")
        return composed


def _failure_of(code: int) -> TemporaryFailure | PermanentFailure:
    return PermanentFailure(str(code)) if code >= 500 else TemporaryFailure(str(code))


def open_channel(configuration: Configuration, transport: Transport) -> SmtpChannel:
    return SmtpChannel(
        host=text_of(configuration, "host"),
        port=int(configuration.get("port", 587)),
        sender_address=text_of(configuration, "sender"),
        starttls=bool(configuration.get("starttls", True)),
        username=text_of(configuration, "username", default="") or None,
        password=text_of(configuration, "password", default="") or None,
    )
