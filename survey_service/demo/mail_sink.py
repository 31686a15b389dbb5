"""Where the demonstration's messages end: kept here, shown on a page, delivered to nobody."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from pathlib import Path
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

_KEPT = 200


class MailSink:
    """Takes every e-mail and text message it is given; keeps the latest. ``letters`` is the folder that they lie in."""

    def __init__(self, letters: Path | None = None) -> None:
        self.messages: deque[EmailMessage] = deque(maxlen=_KEPT)
        self.texts: deque[dict[str, str]] = deque(maxlen=_KEPT)
        self.letters = letters

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # because aiosmtpd calls it by this name
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.appendleft(message)
        return "250 Taken"


@contextmanager
def mail_sink(*, smtp_port: int, web_port: int, letters: Path | None = None) -> Iterator[MailSink]:
    """Serve until the block ends."""
    sink = MailSink(letters)
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
        emails = "".join(_card(message) for message in sink.messages) or "<p>No e-mail yet.</p>"
        texts = "".join(_text(text) for text in sink.texts) or "<p>No text message yet.</p>"
        letters = "".join(f'<li><a href="/letters/{name}">{name}</a></li>' for name in _letters(sink))
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Messages of the demonstration</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<style>body{font:18px/1.5 system-ui;max-width:44em;margin:2em auto;padding:0 1em}"
            "article{border:1px solid #ccc;border-radius:12px;padding:1em}pre{white-space:pre-wrap}</style>"
            f"<h1>Messages of the demonstration</h1><h2>E-mail</h2>{emails}<h2>Text messages</h2>{texts}"
            f"<h2>Letters to print</h2><ul>{letters or '<li>No letter yet.</li>'}</ul></html>"
        )

    @app.post("/texts")
    def take_text() -> ResponseReturnValue:
        text = {name: str(value) for name, value in request.get_json().items()}
        if not any(one["id"] == text["id"] for one in sink.texts):
            sink.texts.appendleft(text)
        return jsonify(id=f"text-{text['id']}")

    @app.get("/letters/<name>")
    def letter(name: str) -> ResponseReturnValue:
        assert sink.letters is not None
        return send_from_directory(sink.letters.resolve(), name)

    return app


def _letters(sink: MailSink) -> list[str]:
    return [] if sink.letters is None else sorted((file.name for file in sink.letters.glob("*.pdf")), reverse=True)


def _text(text: dict[str, str]) -> str:
    return (
        f"<article><p><strong>{escape(text['from'])}</strong> → {escape(text['to'])}</p>"
        f"<pre>{escape(text['text'])}</pre></article>"
    )


def _card(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body else ""
    return (
        f"<article><p><strong>{escape(message['Subject'] or '')}</strong><br>{escape(message['From'] or '')} → "
        f"{escape(message['To'] or '')}</p><pre>{escape(text)}</pre></article>"
    )
