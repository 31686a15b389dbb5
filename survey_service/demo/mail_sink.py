"""Where the demonstration's e-mail ends: kept in memory, shown on a page, delivered to nobody."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from werkzeug.serving import make_server

_KEPT = 200


class MailSink:
    """Takes every message it is given; keeps the latest."""

    def __init__(self) -> None:
        self.messages: deque[EmailMessage] = deque(maxlen=_KEPT)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # because aiosmtpd calls it by this name
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.appendleft(message)
        return "250 Taken"


@contextmanager
def mail_sink(*, smtp_port: int, web_port: int) -> Iterator[MailSink]:
    """Serve until the block ends."""
    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=smtp_port)
    controller.start()
    server = make_server("127.0.0.1", web_port, _pages(sink), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        controller.stop()


def _pages(sink: MailSink) -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def show() -> str:
        cards = "".join(_card(message) for message in sink.messages) or "<p>No e-mail yet.</p>"
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>E-mail of the demonstration</title>'
            "<style>body{font:18px/1.5 system-ui;max-width:44em;margin:2em auto;padding:0 1em}"
            "article{border:1px solid #ccc;border-radius:12px;padding:1em}pre{white-space:pre-wrap}</style>"
            f"<h1>E-mail of the demonstration</h1>{cards}</html>"
        )

    return app


def _card(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body else ""
    return (
        f"<article><p><strong>{escape(message['Subject'] or '')}</strong><br>{escape(message['From'] or '')} → "
        f"{escape(message['To'] or '')}</p><pre>{escape(text)}</pre></article>"
    )
