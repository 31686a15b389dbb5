"""A register's client: a token by private key, and its feed. What `survey register pull` runs; an example to copy."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from survey_service.registers.oauth import TOKEN_PATH
from survey_service.registers.rules import ACCEPTED_PURPOSE

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60
_TIMEOUT_SECONDS = 30


class PullRefused(Exception):
    """The service refused the client or its pull; the message is the service's own sentence."""


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """One register's credentials for one service."""

    base_url: str
    client_id: str
    key: ECKey

    @classmethod
    def read(cls, file: Path) -> "RegisterClient":
        """From a JSON file with ``base_url``, ``client_id`` and ``key`` (a private JWK)."""
        content = json.loads(file.read_text(encoding="utf-8"))
        return cls(content["base_url"], content["client_id"], ECKey.import_key(content["key"]))

    def token(self) -> str:
        """A bearer token for five minutes (RFC 7523). Raises ``PullRefused``."""
        answer = requests.post(
            self.base_url + TOKEN_PATH,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": self.assertion(),
            },
            timeout=_TIMEOUT_SECONDS,
        )
        if answer.status_code != 200:
            raise PullRefused(str(answer.json().get("error_description", answer.status_code)))
        return str(answer.json()["access_token"])

    def assertion(self) -> str:
        """A signed statement of who asks, for one use."""
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.base_url + TOKEN_PATH,
            "exp": int(time()) + _ASSERTION_SECONDS,
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": "ES384", "kid": self.key.kid}, claims, self.key, algorithms=["ES384"])

    def pages(self, *, cursor: str | None = None, purpose: str = ACCEPTED_PURPOSE) -> Iterator[dict[str, Any]]:
        """The feed from ``cursor`` on, page by page. Raises ``PullRefused``."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        while True:
            query = {"purpose": purpose, "limit": "1000"} | ({"cursor": cursor} if cursor else {})
            answer = requests.get(
                f"{self.base_url}/api/v1/registers/me/results", params=query, headers=headers, timeout=_TIMEOUT_SECONDS
            )
            if answer.status_code != 200:
                raise PullRefused(str(answer.json().get("title", answer.status_code)))
            page = answer.json()
            yield page
            if not page["more"]:
                return
            cursor = page["next_cursor"]
