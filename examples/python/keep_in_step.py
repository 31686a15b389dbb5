"""Keep an SQLite table in step with a register's feed: results, corrections, withdrawals and erasures.

    python keep_in_step.py --client client.json --database results.sqlite

``client.json`` holds ``base_url``, ``client_id`` and ``key``: the register's private key as a JWK (EC, P-384). Needs
``requests`` and ``joserfc``. Run it as often as you like: it goes on where it ended, and what broke off is done again.
"""

import argparse
import json
import sqlite3
import time
import uuid
from pathlib import Path
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

PURPOSE = "PDL-7:4"
COLUMNS = (
    "release", "response", "version", "subject", "unit", "instrument", "occasion", "completed_at", "side", "variable",
    "value", "text", "standard_error", "missing_reason", "method", "method_hash",
)  # fmt: skip
SCHEMA = f"""
    CREATE TABLE IF NOT EXISTS results ({", ".join(COLUMNS)});
    CREATE INDEX IF NOT EXISTS by_release ON results (release);
    CREATE TABLE IF NOT EXISTS place (cursor TEXT);
    CREATE TABLE IF NOT EXISTS erasures ("order" TEXT PRIMARY KEY, message TEXT, confirmed INTEGER);
"""


class Broken(Exception):
    """The stream ended before its end: nothing of it was kept. Run again."""


class Service:
    """The survey service, as this register's client sees it."""

    def __init__(self, base_url: str, client_id: str, key: dict[str, Any]) -> None:
        self.base_url = base_url.rstrip("/")
        self.client_id = client_id
        self.key = ECKey.import_key(key)

    def token(self) -> dict[str, str]:
        """The header of a fresh token, good for five minutes."""
        url = f"{self.base_url}/api/v1/token"
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": url,
            "exp": int(time.time()) + 60,
            "jti": str(uuid.uuid4()),
        }
        header = {"alg": "ES384", "kid": self.key.kid}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(header, claims, self.key, algorithms=["ES384"]),
        }
        answer = requests.post(url, data=form, timeout=30)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def rows(self, cursor: str | None, limit: int) -> Any:
        """The rows of a pull as they come; the last one is the end."""
        query = {"purpose": PURPOSE, "format": "ndjson", "limit": limit} | ({"cursor": cursor} if cursor else {})
        url = f"{self.base_url}/api/v1/registers/me/results"
        with requests.get(url, params=query, headers=self.token(), stream=True, timeout=(30, 300)) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                yield json.loads(line)

    def confirm(self, order: str, message: str) -> None:
        """Tell the service that an order to erase has been carried out."""
        body = {"id": message, "kind": "erasure_confirmed", "order": order}
        url = f"{self.base_url}/api/v1/registers/me/messages"
        requests.post(url, json=body, headers=self.token(), timeout=30).raise_for_status()


def keep_in_step(service: Service, database: sqlite3.Connection, limit: int = 100_000) -> None:
    """Pull until there is no more, then confirm what was erased."""
    database.executescript(SCHEMA)
    while pull(service, database, limit):
        pass
    for order, message in database.execute('SELECT "order", message FROM erasures WHERE NOT confirmed').fetchall():
        service.confirm(order, message)  # sent again after a failure, it is taken once
        with database:
            database.execute('UPDATE erasures SET confirmed = 1 WHERE "order" = ?', [order])


def pull(service: Service, database: sqlite3.Connection, limit: int) -> bool:
    """One pull, kept whole with its cursor or not at all; whether there is more."""
    place = database.execute("SELECT cursor FROM place").fetchone()
    with database:
        for row in service.rows(place[0] if place else None, limit):
            if row["kind"] == "end":
                database.execute("DELETE FROM place")
                database.execute("INSERT INTO place VALUES (?)", [row["next_cursor"]])
                return bool(row["truncated"])
            keep(database, row)
        raise Broken("The stream broke off. Run again.")


def keep(database: sqlite3.Connection, row: dict[str, Any]) -> None:
    """Do what a row says."""
    match row["kind"]:
        case "withdrawn":
            forget(database, row["release"])
        case "erasure":
            forget(database, row["release"])
            order = [row["order"], str(uuid.uuid4())]
            database.execute("INSERT OR IGNORE INTO erasures VALUES (?, ?, 0)", order)
        case "result" | "corrected":
            if "replaces" in row:
                forget(database, row["replaces"])
            marks = ", ".join("?" for _ in COLUMNS)
            insert = f"INSERT INTO results VALUES ({marks})"  # noqa: S608  # because the marks are all that is put in
            database.execute(insert, [row.get(name) for name in COLUMNS])


def forget(database: sqlite3.Connection, release: str) -> None:
    database.execute("DELETE FROM results WHERE release = ?", [release])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", type=Path, required=True)
    parser.add_argument("--database", type=Path, required=True)
    given = parser.parse_args()
    service = Service(**json.loads(given.client.read_text(encoding="utf-8")))
    database = sqlite3.connect(given.database)
    try:
        # What has been erased is to be gone from the file too.
        database.execute("PRAGMA secure_delete = ON")
        keep_in_step(service, database)
    finally:
        database.close()


if __name__ == "__main__":
    main()
