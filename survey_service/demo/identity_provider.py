"""The local OpenID Connect provider: signs in whoever is chosen from its list."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

from jinja2 import ChoiceLoader, PackageLoader
from werkzeug.serving import make_server

from survey_service.demo.people import DemoUser

with warnings.catch_warnings():
    import authlib.deprecate  # noqa: F401  # because it sets a filter of its own, which must come before ours

    warnings.simplefilter("ignore")  # the provider still uses parts of Authlib that Authlib warns of
    import oidc_provider_mock


@contextmanager
def identity_provider(port: int, users: Iterable[DemoUser]) -> Iterator[None]:
    """Serve until the block ends. More users can be added over HTTP (``PUT /users/<subject>``)."""
    app = oidc_provider_mock.app(
        require_nonce=True,
        access_token_max_age=timedelta(minutes=5),
        user_claims=[oidc_provider_mock.User(sub=user.subject, claims=user.claims) for user in users],
    )
    # Its own pages fetch their style sheet from a content network; ours fetch nothing.
    app.jinja_loader = ChoiceLoader([PackageLoader("survey_service.demo"), app.jinja_loader])
    server = make_server("localhost", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
