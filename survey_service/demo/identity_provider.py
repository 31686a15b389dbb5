"""The local OpenID Connect provider: signs in whoever is chosen from its list."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from survey_service.demo.people import DemoUser

with warnings.catch_warnings():
    import authlib.deprecate  # noqa: F401  # because it sets a filter of its own, which must come before ours

    warnings.simplefilter("ignore")  # the provider still uses parts of Authlib that Authlib warns of
    import oidc_provider_mock


@contextmanager
def identity_provider(port: int, users: Iterable[DemoUser]) -> Iterator[None]:
    """Serve until the block ends. More users can be added over HTTP (``PUT /users/<subject>``)."""
    known = [oidc_provider_mock.User(sub=user.subject, claims=user.claims) for user in users]
    with oidc_provider_mock.run_server_in_thread(
        port=port, require_nonce=True, access_token_max_age=timedelta(minutes=5), user_claims=known
    ):
        yield
