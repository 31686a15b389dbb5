"""A register's client in tests: its token, its feed, and what it calls the responses it is told of."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from joserfc import jws
from werkzeug.test import TestResponse

from survey_service.registers.oauth import TOKEN_PATH
from survey_service.registers.rules import ACCEPTED_PURPOSE
from tests.conftest import BASE_URL, TestDatabase

FEED = "/api/v1/registers/me/results"
INBOX = "/api/v1/registers/me/messages"
CATALOGUE = "/api/v1/catalogue"
TOKEN_URL = BASE_URL + TOKEN_PATH
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def claims(**changes: Any) -> dict[str, Any]:
    """What an assertion of the first register states; None leaves a claim out."""
    stated = {"iss": "first", "sub": "first", "aud": TOKEN_URL, "exp": int(time.time()) + 60, "jti": str(uuid4())}
    return {name: value for name, value in (stated | changes).items() if value is not None}


def signed(key: Any, stated: dict[str, Any], *, alg: str = "ES384") -> str:
    return jws.serialize_compact({"alg": alg, "kid": key.kid}, json.dumps(stated), key, algorithms=[alg])


def ask(client: FlaskClient, assertion: str, **changes: str) -> TestResponse:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return client.post(TOKEN_PATH, data=form | changes, base_url=BASE_URL)


def feed(client: FlaskClient, headers: dict[str, str], **query: Any) -> TestResponse:
    return client.get(FEED, query_string={"purpose": ACCEPTED_PURPOSE} | query, headers=headers, base_url=BASE_URL)


def references(database: TestDatabase, response_ids: list[UUID]) -> list[str]:
    """What the first register calls these responses."""
    with database.connect("postgres") as connection:
        rows = connection.execute(
            "SELECT response_id, reference FROM releases JOIN registers r ON r.id = register_id AND r.code = 'first'"
        ).fetchall()
    found = dict(rows)
    return [str(found[response_id]) for response_id in response_ids]
