"""The way to the identity providers and back, by Authlib (authorisation code flow with PKCE, state and nonce).

Whatever goes wrong there is one sentence here; the token's contents reach no log and no error.
"""

from collections.abc import Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from survey_service.access.use_cases import SignInStates
from survey_service.errors import SignInRefused, Unavailable, mark
from survey_service.foundation.services import Services
from survey_service.settings import IdentityProvider

PATIENT = "patient_identity"
STAFF = "staff_identity"
EXTENSION = "survey-identity"

_STAFF_SCOPE = "openid commission authorization_scope personal_identity_number"
_PATIENT_SCOPE = "openid"
_FAILED = mark("The sign-in did not go through. Try once more.")
_AWAY = mark("The sign-in service does not answer just now. Try again in a while.")
# What Authlib raises where the provider's own answer is not what it ought to be.
_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, RuntimeError)


def install_identity_providers(app: Flask, services: Services) -> None:
    oauth = OAuth(app, cache=SignInStates(services))
    _register(oauth, PATIENT, services.settings.patient_identity, _PATIENT_SCOPE)
    _register(oauth, STAFF, services.settings.staff_identity, _STAFF_SCOPE)
    app.extensions[EXTENSION] = oauth


def send_to_provider(app: Flask, name: str, *, callback: str, accepted_acr: tuple[str, ...]) -> ResponseReturnValue:
    """Redirect to the provider, asking for the levels of assurance that are accepted."""
    try:
        redirect: ResponseReturnValue = _client(app, name).authorize_redirect(
            callback, acr_values=" ".join(accepted_acr)
        )
    except (RequestException, AuthlibBaseError, *_NONSENSE):
        raise Unavailable(_AWAY) from None
    return redirect


def claims_from_provider(app: Flask, name: str) -> Mapping[str, Any]:
    """The verified claims of the token that the callback brought. Raises ``SignInRefused`` for any that is not ours."""
    try:
        token = _client(app, name).authorize_access_token()
    except RequestException:
        raise Unavailable(_AWAY) from None
    except (AuthlibBaseError, JoseError, *_NONSENSE):
        # A forged, stale or repeated callback: state unknown, code used, signature or nonce wrong.
        raise SignInRefused(_FAILED) from None
    claims = token.get("userinfo")
    if not claims:
        raise SignInRefused(_FAILED)
    return dict(claims)


def _client(app: Flask, name: str) -> Any:
    return app.extensions[EXTENSION].create_client(name)


def _register(oauth: OAuth, name: str, provider: IdentityProvider, scope: str) -> None:
    oauth.register(
        name,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "timeout": 10},
    )
