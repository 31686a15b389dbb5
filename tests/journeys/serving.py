"""A service of a test's own, answering browsers from a thread beside it: for what needs the test's own clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from survey_service.access.web import COOKIE
from survey_service.app import create_app
from survey_service.foundation.services import Services
from survey_service.scheduling.use_cases import publish_protocol
from tests.world import World, protocol_definition


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def served(services: Services) -> Iterator[str]:
    """The address, for as long as the block lasts."""
    base_url = services.settings.base_url
    port = int(base_url.rpartition(":")[2])
    server = make_server("localhost", port, create_app(services), threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield base_url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed_in(page: Page, url: str, cookie: str) -> Page:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
    return page


def open_question(world: World, instrument: str) -> tuple[str, str]:
    """The path of the first question of an instrument, and the cookie of whoever it is asked."""
    world.protocols[instrument] = publish_protocol(
        world.services, provider_id=world.alice.provider_id, definition=protocol_definition(instrument, [instrument])
    )
    who = world.new_identity()
    patient, occasion = world.enrol(who, protocol=instrument)
    return f"/sessions/{world.start(patient, occasion).session.id}", world.patient_cookie(who)
