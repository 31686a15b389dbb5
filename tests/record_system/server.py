"""A simulated record system: ``python -m tests.record_system.server PORT``.

What it does with the next Bundles is said by ``POST /control`` with a list of behaviours, one for each Bundle, "good"
when the list is at its end:

* good: takes it and answers with its own id; the same key again gives the same id
* slow: the same, after longer than the service waits
* drops: takes it, and closes the connection without an answer
* fails: takes nothing, answers 500
* forgets: takes it and answers 500, and has lost everything it knew
* later: takes it and answers 202
* refuses: answers 422
* redirects: sends elsewhere
* floods: answers with more than anybody should read
* stops: tells nothing until it is asked to go on (``DELETE /control``), so that a worker can be killed meanwhile

``GET /control`` tells what it holds: by key, how often it was sent and what it was given. A token is given to who
proves to hold the private half of a key of ``PUT /control`` (a key set), once for each proof.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from time import time
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SLOW_SECONDS = 14
CLIENT_ID = "survey-service"


class State:
    """What the record system knows, and what it has been told to do."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.behaviours: list[str] = []
        self.held: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self.keys: dict[str, Any] = {"keys": []}
        self.proofs: set[str] = set()
        self.tokens: set[str] = set()
        self.go_on = Event()
        self.go_on.set()

    def take(self, key: str, bundle: dict[str, Any]) -> str:
        """Once for each key: our id for it."""
        with self.lock:
            own = self.held.setdefault(key, {"id": f"QuestionnaireResponse/{len(self.held) + 1}", "bundle": bundle})
            return str(own["id"])

    def new_token(self, form: dict[str, list[str]], audience: str) -> str | None:
        """For a proof (RFC 7523) that is ours to take, was not used before and is still good."""
        try:
            proof = jwt.decode(form["client_assertion"][0], KeySet.import_key_set(self.keys), algorithms=["ES384"])
        except (JoseError, KeyError, ValueError):
            return None
        claims, now = proof.claims, time()
        is_good = claims["aud"] == audience and claims["iss"] == claims["sub"] == CLIENT_ID
        with self.lock:
            if not is_good or not now < claims["exp"] or claims["jti"] in self.proofs:
                return None
            self.proofs.add(claims["jti"])
            token = uuid4().hex
            self.tokens.add(token)
            return token

    def next_behaviour(self) -> str:
        with self.lock:
            return self.behaviours.pop(0) if self.behaviours else "good"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        if self.path == "/control":
            with self.state.lock:
                self.answer(200, {name: getattr(self.state, name) for name in ("held", "requests")})
        elif self.path == "/fhir/metadata":
            rest = [{"mode": "server", "interaction": [{"code": "transaction"}]}]
            self.answer(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest})
        else:
            self.answer(404, {})

    def do_PUT(self) -> None:
        self.state.keys = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, {})

    def do_DELETE(self) -> None:
        self.state.go_on.set()
        self.answer(200, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/control":
            self.state.behaviours = json.loads(body)
            if "stops" in self.state.behaviours:
                self.state.go_on.clear()
            self.answer(200, {})
        elif self.path == "/token":
            token = self.state.new_token(parse_qs(body.decode()), f"http://{self.headers['Host']}/token")
            if token is None:
                self.answer(401, {"error": "invalid_client"})
            else:
                self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300})
        elif self.headers["Authorization"].removeprefix("Bearer ") not in self.state.tokens:
            self.answer(401, {})
        else:
            self.transaction(json.loads(body))

    def transaction(self, bundle: dict[str, Any]) -> None:
        key, behaviour = self.headers["Idempotency-Key"], self.state.next_behaviour()
        with self.state.lock:
            self.state.requests.append({"key": key, "behaviour": behaviour, "path": self.path})
        match behaviour:
            case "fails":
                self.answer(500, {})
            case "refuses":
                self.answer(422, {"resourceType": "OperationOutcome"})
            case "redirects":
                self.answer(307, {}, Location="http://127.0.0.1:1/elsewhere")
            case "later":
                self.state.take(key, bundle)
                self.answer(202, {})
            case "forgets":
                self.state.take(key, bundle)
                self.state.held.clear()
                self.answer(500, {})
            case "drops":
                self.state.take(key, bundle)
                self.close_connection = True
                self.connection.close()
            case "floods":
                self.answer(200, {"text": "x" * 2_000_000})
            case _:
                own = self.state.take(key, bundle)
                if behaviour == "stops":
                    self.state.go_on.wait(30)
                if behaviour == "slow":
                    self.state.go_on.clear()
                    self.state.go_on.wait(SLOW_SECONDS)
                entry = [{"response": {"status": "201 Created", "location": own}}]
                self.answer(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entry})

    def answer(self, status: int, body: dict[str, Any], **headers: str) -> None:
        content = json.dumps(body).encode()
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            for name, value in headers.items():
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
