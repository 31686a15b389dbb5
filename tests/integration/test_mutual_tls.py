"""A record system that knows us by our certificate, and that we know by its own (A6)."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
import trustme

from survey_service.delivery.gateway import Destination, RecordSystemGateway
from survey_service.delivery.rules import Authentication, Outcome, SystemRoute
from survey_service.foundation.clock import utc_now
from survey_service.settings import Settings

STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "rest": [{"mode": "server", "interaction": [{"code": "transaction"}]}],
}
RECEIPT = {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"location": "QR/17"}}]}


class FhirServer(BaseHTTPRequestHandler):
    """As little of one as a push needs."""

    def do_GET(self) -> None:
        self.answer(STATEMENT)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        assert "Authorization" not in self.headers
        self.answer(RECEIPT)

    def answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A handshake that fails is what some of these tests are about."""


@dataclass(frozen=True)
class Authority:
    """Who vouches for the record system, and for whom it lets in."""

    ca: trustme.CA
    folder: Path

    def pem(self) -> Path:
        file = self.folder / "authority.pem"
        self.ca.cert_pem.write_to_path(str(file))
        return file

    def certificate(self, name: str) -> Path:
        file = self.folder / f"{name}.pem"
        self.ca.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(str(file))
        return file


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(trustme.CA(), tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(trustme.CA(), tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def address(authority: Authority) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert("localhost").configure_cert(context)
    authority.ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Quiet(("localhost", 0), FhirServer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_port}/fhir"
    server.shutdown()
    server.server_close()
    thread.join()


def destination(address: str) -> Destination:
    return Destination(
        id=uuid4(),
        route=SystemRoute.PUSH,
        base_url=address,
        authentication=Authentication.MUTUAL_TLS,
        token_url=None,
        client_id=None,
        scope=None,
    )


def gateway(settings: Settings, *, authorities: Path, certificate: Path | None) -> RecordSystemGateway:
    known = replace(
        settings.record_systems, hosts=frozenset({"localhost"}), authorities=authorities, certificate=certificate
    )
    return RecordSystemGateway(replace(settings, record_systems=known), utc_now)


def test_by_our_certificate_we_are_let_in_and_the_answers_are_acknowledged(
    settings: Settings, authority: Authority, address: str
) -> None:
    ours = gateway(settings, authorities=authority.pem(), certificate=authority.certificate("survey.test"))
    assert ours.why_not(destination(address)) is None
    reply = ours.send(destination(address), {"resourceType": "Bundle"}, key=uuid4())
    assert (reply.outcome, reply.external_id) == (Outcome.ACKNOWLEDGED, "QR/17")


@pytest.mark.parametrize("which", ["none", "of another authority"])
def test_without_a_certificate_that_it_knows_nothing_is_sent(
    settings: Settings, authority: Authority, other: Authority, address: str, which: str
) -> None:
    certificate = None if which == "none" else other.certificate("survey.test")
    ours = gateway(settings, authorities=authority.pem(), certificate=certificate)
    assert ours.why_not(destination(address)) is not None
    assert ours.send(destination(address), {"resourceType": "Bundle"}, key=uuid4()).outcome is Outcome.TEMPORARY


def test_a_record_system_that_somebody_else_vouches_for_gets_nothing(
    settings: Settings, authority: Authority, other: Authority, address: str
) -> None:
    ours = gateway(settings, authorities=other.pem(), certificate=authority.certificate("survey.test"))
    assert ours.why_not(destination(address)) == "The certificate of the record system, or ours, was not accepted."
    assert ours.send(destination(address), {"resourceType": "Bundle"}, key=uuid4()).outcome is Outcome.TEMPORARY
