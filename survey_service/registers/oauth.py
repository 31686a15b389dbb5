"""Tokens for registers and for record systems, each good for its own interface only.

OAuth 2 client credentials with ``private_key_jwt`` (RFC 7523), by Authlib.

Traps of the library, each with its test: the default assertion class refuses ES384, so the signature is checked here
against the algorithms that we accept; the JWT token generator ignores the configured lifetime, so it is set on it.
"""

from datetime import UTC, datetime
from typing import Any, cast

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, InvalidScopeError, grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from survey_service.access.use_cases import use_assertion_once
from survey_service.delivery.queries import RecordSystemClient, record_system_client
from survey_service.errors import NotSignedIn, mark
from survey_service.foundation.principals import Gate, RecordSystem, Register
from survey_service.foundation.services import Services
from survey_service.registers.queries import RegisterClient, register_client

SCOPE = "system/Observation.read"
RECORD_SYSTEM_SCOPE = "system/QuestionnaireResponse.read"
TOKEN_PATH = "/api/v1/token"  # noqa: S105  # because it is a path, not a secret
EXTENSION = "survey-token-server"

_ASSERTION_ALGORITHMS = ["ES384", "RS384"]
# Our own tokens, which nobody else reads: Authlib signs with what joserfc allows by default.
_TOKEN_ALGORITHM = "ES256"  # noqa: S105  # because it names an algorithm
# An assertion that lives longer is not meant for one request.
_LONGEST_ASSERTION_SECONDS = 300
_REFUSED = mark("The access token is missing, forged or expired. Ask for a new one.")


def install_token_server(app: Flask, services: Services) -> None:
    """Make the token server of this application. Its endpoint is in ``api``."""

    def query_client(client_id: str) -> "_Client | None":
        with services.db.transaction(as_=Gate()) as connection:
            register = register_client(connection, client_id=client_id)
            found = register or record_system_client(connection, client_id=client_id)
        return _Client(found) if found is not None and found.active else None

    app.config["OAUTH2_SCOPES_SUPPORTED"] = [
        SCOPE,
        RECORD_SYSTEM_SCOPE,
    ]  # without it, another scope is granted as an empty one
    server = AuthorizationServer(app, query_client=query_client, save_token=lambda token, request: None)
    server.register_grant(_ClientCredentials)
    server.register_client_auth_method(_Assertion.CLIENT_AUTH_METHOD, _Assertion(services))
    server.register_token_generator("default", _TokenGenerator(services))
    app.extensions[EXTENSION] = server


def register_of_token(services: Services, token: str) -> Register:
    """The register that a bearer token was given to. Raises ``NotSignedIn`` for a forged, expired or orphaned one."""
    client_id = _client_of(services, token, scope=SCOPE)
    with services.db.transaction(as_=Gate()) as connection:
        found = register_client(connection, client_id=client_id)
    if found is None or not found.active:
        raise NotSignedIn(_REFUSED)
    return Register(found.register_id)


def record_system_of_token(services: Services, token: str) -> RecordSystem:
    """The record system that a bearer token was given to. Raises as ``register_of_token`` does."""
    client_id = _client_of(services, token, scope=RECORD_SYSTEM_SCOPE)
    with services.db.transaction(as_=Gate()) as connection:
        found = record_system_client(connection, client_id=client_id)
    if found is None or not found.active:
        raise NotSignedIn(_REFUSED)
    return RecordSystem(found.record_system_id, found.provider_id)


def _client_of(services: Services, token: str, *, scope: str) -> str:
    try:
        decoded = jwt.decode(token, _token_key(services), algorithms=[_TOKEN_ALGORITHM])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": services.settings.base_url},
            aud={"essential": True, "value": services.settings.base_url},
            exp={"essential": True},
            scope={"essential": True, "value": scope},
        ).validate(decoded.claims)
    except (JoseError, ValueError):
        raise NotSignedIn(_REFUSED) from None
    return str(decoded.claims.get("client_id"))


class _Client(ClientMixin):
    """A register or a record system, as Authlib wants to ask about it."""

    def __init__(self, known: RegisterClient | RecordSystemClient) -> None:
        self.known = known

    def get_client_id(self) -> str:
        return self.known.client_id

    def get_allowed_scope(self, scope: str) -> str:
        own = SCOPE if isinstance(self.known, RegisterClient) else RECORD_SYSTEM_SCOPE
        return own if not scope or own in scope.split() else ""

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return bool(method == _Assertion.CLIENT_AUTH_METHOD)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class _ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = (JWTBearerClientAssertion.CLIENT_AUTH_METHOD,)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        # The other kind of client's scope is one that we know: without this, it would be granted as an empty one.
        if not self.request.client.get_allowed_scope(self.request.payload.scope):
            raise InvalidScopeError


class _Assertion(JWTBearerClientAssertion):
    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    def get_audiences(self) -> list[str]:
        return [self._services.settings.base_url + TOKEN_PATH]

    def process_assertion_claims(self, assertion: str, key: jwk.KeySet) -> dict[str, Any]:
        try:
            claims = jwt.decode(assertion, key, algorithms=_ASSERTION_ALGORITHMS).claims
        except (JoseError, ValueError):
            raise InvalidClientError(description="The assertion is not signed by a key of this client.") from None
        self.verify_claims(claims)
        return dict(claims)

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        seconds_left = int(claims["exp"]) - self._services.clock().timestamp()
        if seconds_left > _LONGEST_ASSERTION_SECONDS + self.leeway:
            raise InvalidClientError(description="The assertion lives longer than five minutes.")
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        return use_assertion_once(self._services, client_id=claims["sub"], jti=str(jti), expires_at=expires_at)

    def resolve_client_public_key(self, client: _Client) -> jwk.KeySet:
        return jwk.KeySet.import_key_set(cast("jwk.KeySetSerialization", client.known.jwks))


class _TokenGenerator(JWTBearerTokenGenerator):
    def __init__(self, services: Services) -> None:
        super().__init__(
            issuer=services.settings.base_url,
            alg=_TOKEN_ALGORITHM,
            expires_generator=lambda client, grant_type: services.settings.access_token_lifetime,
        )
        self._services = services

    def get_jwks(self) -> jwk.Key:
        return _token_key(self._services)

    def get_audiences(self, client: _Client, user: object, scope: str) -> str:
        return self._services.settings.base_url


def _token_key(services: Services) -> jwk.ECKey:
    return jwk.ECKey.import_key(dict(services.settings.token_key))
