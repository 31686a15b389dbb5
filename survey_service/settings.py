"""Every setting of the service, read once at start. Nothing else reads the environment.

``docs/operations.md`` lists them for operators; ``Settings.from_environment`` names what is missing in one sentence.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import Enum
from pathlib import Path

from notifications.specialities import names_speciality


class Environment(Enum):
    """Where the service runs. Only a demonstration may show demonstration wording without a licence."""

    DEMONSTRATION = "demonstration"
    PRODUCTION = "production"


class SettingsError(Exception):
    """A setting is missing or cannot be read."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One URL for each login. The owner's is not among them: only `survey database migrate` has any use for it."""

    login: str
    register: str
    worker: str
    operator: str
    keys: str


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An OpenID Connect provider, as seen by one group of users.

    ``accepted_acr`` are the levels of assurance that are enough; a token with another, or none, is refused.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    accepted_acr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """The SMTP server that takes the notices."""

    host: str
    port: int
    sender_address: str
    starttls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """When notices may leave, and how many. Hours are of the Swedish wall clock; midnight is the day's end.

    ``spread_seconds``: notices that fall due at once leave within so long a time. ``gateways``: a TOML file that names
    the counterparts; without one, e-mail by the settings of ``Mail`` is all there is. ``gateway_secrets``: the settings
    that it may refer to. ``person_directory``: the file of a simulated one, in demonstrations only.
    """

    opens: time = time(8)
    closes: time = time(20)
    every_day: bool = False
    spread_seconds: int = 600
    most_invitations: int = 6
    period_days: int = 30
    gateways: Path | None = None
    gateway_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    person_directory: Path | None = None


@dataclass(frozen=True, slots=True)
class RecordSystemSettings:
    """What the service needs to reach providers' record systems; nothing of it where none is connected.

    ``signing_key`` (a private JWK on P-384) signs what is sent, and who asks for a token; its public half is at
    ``/.well-known/jwks.json``. ``hosts`` are those that providers may enter: without such a list, whoever manages a
    unit could have the service call any machine of the operator's network.
    """

    hosts: frozenset[str] = frozenset()
    signing_key: Mapping[str, str] | None = field(default=None, repr=False)
    certificate: Path | None = None
    certificate_key: Path | None = None
    authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """See the module. Times are seconds."""

    environment: Environment
    base_url: str
    databases: DatabaseUrls = field(repr=False)
    secret_key: str = field(repr=False)
    master_keyset: str = field(repr=False)
    identity_key: bytes = field(repr=False)
    token_key: Mapping[str, str] = field(repr=False)
    patient_identity: IdentityProvider
    staff_identity: IdentityProvider
    mail: Mail
    sign_in_idle: int = 30 * 60
    sign_in_longest: int = 8 * 60 * 60
    access_token_lifetime: int = 300
    trusted_proxies: int = 0
    json_logs: bool = True
    instruments: Path | None = None
    operator_email: str | None = None
    accessibility_email: str | None = None
    record_systems: RecordSystemSettings = RecordSystemSettings()
    demo_clock: Path | None = None
    notices: NoticeSettings = NoticeSettings()
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def demonstration(self) -> bool:
        return self.environment is Environment.DEMONSTRATION

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read ``SURVEY_*``. Raises ``SettingsError`` naming the first one that is missing or wrong."""
        read = _Reader(environ)
        return cls(
            environment=read.environment(),
            base_url=read.neutral("BASE_URL").rstrip("/"),
            databases=DatabaseUrls(
                login=read.text("DATABASE_URL"),
                register=read.text("REGISTER_DATABASE_URL"),
                worker=read.text("WORKER_DATABASE_URL"),
                operator=read.text("OPERATOR_DATABASE_URL"),
                keys=read.text("KEYS_DATABASE_URL"),
            ),
            secret_key=read.text("SECRET_KEY"),
            master_keyset=read.text("MASTER_KEYSET"),
            identity_key=read.hexadecimal("IDENTITY_KEY"),
            token_key=read.mapping("TOKEN_KEY"),
            patient_identity=read.identity_provider("PATIENT_OIDC"),
            staff_identity=read.identity_provider("STAFF_OIDC"),
            mail=Mail(
                host=read.text("SMTP_HOST"),
                port=read.number("SMTP_PORT", default=587),
                sender_address=read.neutral("SMTP_SENDER"),
                starttls=read.flag("SMTP_STARTTLS", default=True),
                username=environ.get("SURVEY_SMTP_USERNAME"),
                password=environ.get("SURVEY_SMTP_PASSWORD"),
            ),
            sign_in_idle=read.number("SIGN_IN_IDLE", default=30 * 60),
            sign_in_longest=read.number("SIGN_IN_LONGEST", default=8 * 60 * 60),
            trusted_proxies=read.number("TRUSTED_PROXIES", default=0),
            json_logs=read.flag("JSON_LOGS", default=True),
            instruments=read.folder("INSTRUMENTS"),
            operator_email=environ.get("SURVEY_OPERATOR_EMAIL") or None,
            accessibility_email=environ.get("SURVEY_ACCESSIBILITY_EMAIL") or None,
            record_systems=RecordSystemSettings(
                hosts=frozenset(environ.get("SURVEY_RECORD_SYSTEM_HOSTS", "").lower().split()),
                signing_key=read.mapping("SIGNING_KEY") if environ.get("SURVEY_SIGNING_KEY") else None,
                certificate=read.file("CLIENT_CERTIFICATE"),
                certificate_key=read.file("CLIENT_CERTIFICATE_KEY"),
                authorities=read.file("RECORD_SYSTEM_AUTHORITIES"),
            ),
            demo_clock=read.demo_clock(),
            metrics_token=environ.get("SURVEY_METRICS_TOKEN") or None,
            notices=NoticeSettings(
                opens=read.clock_time("NOTICES_FROM", default=time(8)),
                closes=read.clock_time("NOTICES_UNTIL", default=time(20)),
                every_day=read.flag("NOTICES_EVERY_DAY", default=False),
                spread_seconds=read.number("NOTICES_SPREAD", default=600),
                most_invitations=read.number("MOST_INVITATIONS", default=6),
                period_days=read.number("INVITATIONS_PERIOD", default=30),
                gateways=read.file("GATEWAYS"),
                gateway_secrets=read.all_of("GATEWAY_"),
                person_directory=read.simulated_directory(),
            ),
        )


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        value = self._environ.get(f"SURVEY_{name}", "")
        if not value:
            raise SettingsError(f"The setting SURVEY_{name} is missing (see docs/operations.md).")
        return value

    def neutral(self, name: str) -> str:
        """An address that patients' messages show."""
        value = self.text(name)
        if names_speciality(value):
            raise SettingsError(f"The setting SURVEY_{name} names a kind of care: every message would show it.")
        return value

    def number(self, name: str, *, default: int) -> int:
        value = self._environ.get(f"SURVEY_{name}")
        if value is None:
            return default
        if not value.isdecimal():
            raise SettingsError(f"The setting SURVEY_{name} must be a whole number.")
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._environ.get(f"SURVEY_{name}")
        if value is None:
            return default
        if value not in {"true", "false"}:
            raise SettingsError(f"The setting SURVEY_{name} must be true or false.")
        return value == "true"

    def folder(self, name: str) -> Path | None:
        value = self._environ.get(f"SURVEY_{name}")
        if value and not Path(value).is_dir():
            raise SettingsError(f"The setting SURVEY_{name} must be a folder.")
        return Path(value) if value else None

    def file(self, name: str) -> Path | None:
        value = self._environ.get(f"SURVEY_{name}")
        if value and not Path(value).is_file():
            raise SettingsError(f"The setting SURVEY_{name} must be a file.")
        return Path(value) if value else None

    def all_of(self, beginning: str) -> Mapping[str, str]:
        """Every variable whose name begins so, whatever the operator has called it."""
        return {name: value for name, value in self._environ.items() if name.startswith(beginning)}

    def clock_time(self, name: str, *, default: time) -> time:
        value = self._environ.get(f"SURVEY_{name}")
        try:
            return default if value is None else datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007  # because it is a time of day
        except ValueError:
            raise SettingsError(f"The setting SURVEY_{name} must be a time such as 08:00.") from None

    def simulated_directory(self) -> Path | None:
        """The file of a simulated person directory. Nobody's address is simulated anywhere else."""
        value = self.file("PERSON_DIRECTORY")
        if value and self.environment() is not Environment.DEMONSTRATION:
            raise SettingsError("The setting SURVEY_PERSON_DIRECTORY is for demonstrations only.")
        return value

    def demo_clock(self) -> Path | None:
        """Where a demonstration keeps how far its time was moved. Time is moved nowhere else."""
        value = self._environ.get("SURVEY_DEMO_CLOCK")
        if value and self.environment() is not Environment.DEMONSTRATION:
            raise SettingsError("The setting SURVEY_DEMO_CLOCK is for demonstrations only.")
        return Path(value) if value else None

    def hexadecimal(self, name: str) -> bytes:
        try:
            value = bytes.fromhex(self.text(name))
        except ValueError:
            raise SettingsError(f"The setting SURVEY_{name} must be hexadecimal.") from None
        if len(value) < 32:
            raise SettingsError(f"The setting SURVEY_{name} must be at least 32 bytes.")
        return value

    def mapping(self, name: str) -> Mapping[str, str]:
        try:
            value = json.loads(self.text(name))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise SettingsError(f"The setting SURVEY_{name} must be a JSON object.")
        return value

    def environment(self) -> Environment:
        try:
            return Environment(self.text("ENVIRONMENT"))
        except ValueError:
            raise SettingsError("The setting SURVEY_ENVIRONMENT must be demonstration or production.") from None

    def identity_provider(self, prefix: str) -> IdentityProvider:
        return IdentityProvider(
            issuer=self.text(f"{prefix}_ISSUER").rstrip("/"),
            client_id=self.text(f"{prefix}_CLIENT_ID"),
            client_secret=self.text(f"{prefix}_CLIENT_SECRET"),
            accepted_acr=tuple(self.text(f"{prefix}_ACR").split()),
        )
