"""The demonstration's settings: made at the first start, found again at the next."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from joserfc.jwk import ECKey, KeySet

from survey_service.demo.embedded import PostgresLogins
from survey_service.demo.people import LOA3
from survey_service.foundation.crypto import new_master_keyset
from survey_service.settings import Settings

REGISTER_CLIENT_ID = "example-register"
FIRST_PORT = 8400


@dataclass(frozen=True, slots=True)
class Ports:
    """Four neighbours: pages, sign-in provider, e-mail page, SMTP."""

    first: int

    @property
    def web(self) -> int:
        return self.first

    @property
    def identity(self) -> int:
        return self.first + 1

    @property
    def mail(self) -> int:
        return self.first + 2

    @property
    def smtp(self) -> int:
        return self.first + 3

    @property
    def all(self) -> tuple[int, ...]:
        return (self.web, self.identity, self.mail, self.smtp)


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where one demonstration keeps its things. Deleting it is starting afresh."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "postgres"

    @property
    def register_client(self) -> Path:
        """What the register's client needs: its id, its private key, and where to ask."""
        return self.path / "register-client.json"

    @property
    def lock(self) -> Path:
        """Held by the process that runs this demonstration, or resets it."""
        return self.path / "lock"

    @property
    def unfinished(self) -> Path:
        """Here while the population is being made: a start that was cut short leaves it behind."""
        return self.path / "unfinished"

    @property
    def running(self) -> Path:
        """Written while the demonstration runs, for `survey replay`."""
        return self.path / "running.json"

    @property
    def directory(self) -> Path:
        """What the simulated person directory says. Change it, and somebody has moved, or is protected."""
        return self.path / "people.json"

    @property
    def log(self) -> Path:
        """What web and worker say."""
        return self.path / "log"

    @property
    def clock(self) -> Path:
        """How far time was moved, for `survey clock`; absent while it is as it is."""
        return self.path / "clock"

    @property
    def gateways(self) -> Path:
        """By what messages leave: e-mail and text messages to the demonstration's own page, letters into a folder."""
        return self.path / "gateways.toml"

    @property
    def letters(self) -> Path:
        """Where letters lie for printing."""
        return self.path / "letters"

    def keys(self) -> dict[str, Any]:
        """The secrets of this demonstration, made once."""
        file = self.path / "keys.json"
        if not file.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps(_new_keys()), encoding="utf-8")
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return _new_keys() | found  # a demonstration of last month knows nothing of this month's keys


def demo_environment(folder: DemoFolder, postgres: PostgresLogins, ports: Ports) -> dict[str, str]:
    """The ``SURVEY_*`` variables of the demonstration's processes."""
    keys = folder.keys()
    urls = postgres.urls()
    issuer = f"http://localhost:{ports.identity}"
    return {
        "SURVEY_ENVIRONMENT": "demonstration",
        "SURVEY_BASE_URL": f"http://localhost:{ports.web}",
        "SURVEY_DATABASE_URL": urls.login,
        "SURVEY_REGISTER_DATABASE_URL": urls.register,
        "SURVEY_WORKER_DATABASE_URL": urls.worker,
        "SURVEY_OPERATOR_DATABASE_URL": urls.operator,
        "SURVEY_KEYS_DATABASE_URL": urls.keys,
        "SURVEY_SECRET_KEY": keys["secret_key"],
        "SURVEY_MASTER_KEYSET": keys["master_keyset"],
        "SURVEY_IDENTITY_KEY": keys["identity_key"],
        "SURVEY_TOKEN_KEY": json.dumps(keys["token_key"]),
        **{
            f"SURVEY_{who}_OIDC_{name}": value
            for who in ("PATIENT", "STAFF")
            for name, value in {
                "ISSUER": issuer,
                "CLIENT_ID": f"survey-{who.lower()}",
                "CLIENT_SECRET": "demonstration",
                "ACR": LOA3,
            }.items()
        },
        "SURVEY_SIGNING_KEY": json.dumps(keys["signing_key"]),
        "SURVEY_OPERATOR_EMAIL": "drift@example.se",
        "SURVEY_SMTP_HOST": "127.0.0.1",
        "SURVEY_SMTP_PORT": str(ports.smtp),
        "SURVEY_SMTP_SENDER": "no-reply@example.se",
        "SURVEY_SMTP_STARTTLS": "false",
        "SURVEY_JSON_LOGS": "false",
        "SURVEY_DEMO_CLOCK": str(folder.clock),
        **({"SURVEY_PERSON_DIRECTORY": str(folder.directory)} if folder.directory.exists() else {}),
        **({"SURVEY_GATEWAYS": str(folder.gateways)} if folder.gateways.exists() else {}),
        # Who looks at a demonstration in the evening wants to see what is sent, and now.
        "SURVEY_NOTICES_FROM": "00:00",
        "SURVEY_NOTICES_UNTIL": "00:00",
        "SURVEY_NOTICES_EVERY_DAY": "true",
        "SURVEY_NOTICES_SPREAD": "0",
        # Whoever writes an instrument wants to see it.
        **{name: os.environ[name] for name in ("SURVEY_INSTRUMENTS",) if name in os.environ},
        # Authlib refuses plain http unless told that this is one machine's demonstration.
        "AUTHLIB_INSECURE_TRANSPORT": "1",
    }


def demo_settings(folder: DemoFolder, postgres: PostgresLogins, ports: Ports) -> Settings:
    return Settings.from_environment(demo_environment(folder, postgres, ports))


def write_gateways(folder: DemoFolder, ports: Ports) -> None:
    """Write the file that names the demonstration's ways out."""
    gateways = [
        {
            "name": "mail",
            "adapter": "email",
            "host": "127.0.0.1",
            "port": ports.smtp,
            "sender": "no-reply@example.se",
            "security": "none",
            "per_second": 100,
        },
        {
            "name": "texts",
            "adapter": "sms",
            "url": f"http://127.0.0.1:{ports.mail}/texts",
            "fields": {"to": "{to}", "from": "{sender}", "text": "{text}", "id": "{key}"},
            "answer": {"id": "id"},
        },
        {
            "name": "letters",
            "adapter": "letter",
            "folder": str(folder.letters),
            "return_address": "Box 1, 111 11 Exempelstad",
        },
    ]
    folder.letters.mkdir(parents=True, exist_ok=True)
    folder.gateways.write_text(tomli_w.dumps({"gateway": gateways}), encoding="utf-8")


def write_register_client(folder: DemoFolder, settings: Settings) -> dict[str, Any]:
    """Write the register client's file; returns the public keys for the service."""
    key = ECKey.import_key(folder.keys()["register_key"])
    client = {"base_url": settings.base_url, "client_id": REGISTER_CLIENT_ID, "key": key.as_dict(private=True)}
    folder.register_client.touch(mode=0o600)
    folder.register_client.write_text(json.dumps(client), encoding="utf-8")
    return dict(KeySet([key]).as_dict(private=False))


def _new_keys() -> dict[str, Any]:
    return {
        "secret_key": secrets.token_hex(32),
        "master_keyset": new_master_keyset(),
        "identity_key": secrets.token_hex(32),
        "token_key": ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True),
        "signing_key": ECKey.generate_key("P-384", auto_kid=True).as_dict(private=True),
        "register_key": ECKey.generate_key("P-384", auto_kid=True).as_dict(private=True),
    }
