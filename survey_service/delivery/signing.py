"""The service's own key: it signs what is sent to record systems, and says who asks for their tokens.

Not for tokens that we give out (`registers.oauth`), which have a key of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.jwk import ECKey

from survey_service.errors import Unavailable, mark
from survey_service.settings import Settings

_ALGORITHM = "ES384"
_ASSERTION_LIVES = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key on P-384."""

    _key: ECKey

    @classmethod
    def of(cls, settings: Settings) -> "SigningKey":
        """Raises ``Unavailable`` where the operator has given the service none."""
        private = settings.record_systems.signing_key
        if private is None:
            raise Unavailable(mark("The service has no key to sign with. The operator has to enter one."))
        return cls(ECKey.import_key(dict(private)))

    def sign_detached(self, content: bytes) -> str:
        """A compact JWS without its middle part, which the receiver puts back (RFC 7515, appendix F)."""
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        head, _, signature = jws.serialize_compact(header, content, self._key, algorithms=[_ALGORITHM]).split(".")
        return f"{head}..{signature}"

    def assertion(self, *, client_id: str, audience: str, at: datetime) -> str:
        """Who asks for a token, for one use (RFC 7523)."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": int(at.timestamp()),
            "exp": int((at + _ASSERTION_LIVES).timestamp()),
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[_ALGORITHM])


def public_keys(settings: Settings) -> Mapping[str, Any]:
    """The key set that anybody may have, to check what we signed; empty where there is no key."""
    private = settings.record_systems.signing_key
    if private is None:
        return {"keys": []}
    public = ECKey.import_key(dict(private)).as_dict(private=False)
    return {"keys": [{**public, "use": "sig", "alg": _ALGORITHM}]}
