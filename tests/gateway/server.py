"""A simulated gateway: ``python -m tests.gateway.server PORT``.

``POST /json`` and ``POST /form`` take text messages, ``POST /portal`` AddMessage. What it does with the next ones is
said by ``POST /control`` with a list of behaviours, one for each, "good" when the list is at its end:

* good: takes it and answers with its own id; the same key again gives the same id
* slow: takes it, and answers only when it is asked to go on (``DELETE /control``)
* drops before: closes the connection, and has taken nothing
* drops after: takes it, and closes the connection without an answer
* later: takes nothing, answers 429 and wants to be left alone for seven seconds
* fails: takes nothing, answers 500
* locked: takes nothing, answers 401
* refuses: takes nothing, answers 400, or as the portal does, with a result code
* garbage: takes it, and answers with what nobody can read
* floods: takes it, and answers with more than anybody should read
* redirects: sends elsewhere

``GET /control`` tells what it holds: by key, its id, how often it was sent, and the fields that it was given.
``PUT /control`` makes it forget everything.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qsl

_LONGEST_SECONDS = 30


class State:
    """What the gateway holds, and what it has been told to do."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.behaviours: list[str] = []
        self.held: dict[str, dict[str, Any]] = {}
        self.go_on = Event()

    def take(self, key: str, fields: Any) -> str:
        """Once for each key: our id for it."""
        with self.lock:
            own = self.held.setdefault(key, {"id": f"m-{len(self.held) + 1}", "times": 0, "fields": fields})
            own["times"] += 1
            return str(own["id"])

    def next_behaviour(self) -> str:
        with self.lock:
            return self.behaviours.pop(0) if self.behaviours else "good"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # Or each answer would wait for the asker to say that it has read the head.
    disable_nagle_algorithm = True
    state: State

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        with self.state.lock:
            self.answer(200, self.state.held)

    def do_DELETE(self) -> None:
        self.state.go_on.set()
        self.answer(200, {})

    def do_PUT(self) -> None:
        self.state.go_on.set()
        Handler.state = State()
        self.answer(200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        match self.path:
            case "/control":
                self.state.behaviours = json.loads(body)
                self.state.go_on.clear()
                self.answer(200, {})
            case "/portal":
                found = dict(re.findall(r"<(?:\w+:)?(\w+)>([^<]*)</", body))
                self.message(found["messageThreadId"], found)
            case "/form":
                form = dict(parse_qsl(body))
                self.message(form["reference"], form)
            case _:
                self.message(self.headers["Idempotency-Key"], json.loads(body))

    def message(self, key: str, fields: Any) -> None:
        match self.state.next_behaviour():
            case "drops before":
                self.drop()
            case "drops after":
                self.state.take(key, fields)
                self.drop()
            case "later":
                self.answer(429, {}, **{"Retry-After": "7"})
            case "fails":
                self.answer(500, {})
            case "locked":
                self.answer(401, {})
            case "refuses":
                self.refuse()
            case "redirects":
                self.answer(307, {}, Location="http://127.0.0.1:1/elsewhere")
            case "garbage":
                self.state.take(key, fields)
                self.answer(200, "not what you asked for")
            case "floods":
                self.state.take(key, fields)
                self.answer(200, "x" * 2_000_000)
            case behaviour:
                own = self.state.take(key, fields)
                if behaviour == "slow":
                    self.state.go_on.wait(_LONGEST_SECONDS)
                self.accept(own)

    def accept(self, own: str) -> None:
        if self.path == "/portal":
            self.result("OK", f"<messageThreadId>{own}</messageThreadId>")
        else:
            self.answer(202, {"messages": [{"id": own}]})

    def refuse(self) -> None:
        if self.path == "/portal":
            self.result("ERROR", "")
        else:
            self.answer(400, {"error": "no such number"})

    def result(self, code: str, more: str) -> None:
        self.write(200, f"<Envelope><Body><resultCode>{code}</resultCode>{more}</Body></Envelope>".encode(), {})

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, body: Any, **headers: str) -> None:
        self.write(status, json.dumps(body).encode(), headers)

    def write(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked is gone


def main(port: int) -> None:
    Handler.state = State()
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
