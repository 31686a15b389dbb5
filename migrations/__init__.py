"""The database schema, step by step, up and down (Alembic).

``roles.sql`` makes the roles of the cluster, ``main/`` the service's database, ``keys/`` the key store's.
Not for data: what ships with the service is seeded by its own commands.
"""

from importlib import resources
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from psycopg import sql

MAIN = "main"
KEYS = "keys"


MAIN_LOGINS = ("survey_login", "survey_register", "survey_worker", "survey_operator")
KEYS_LOGINS = ("survey_keys",)


class RealDatabase(Exception):
    """A database for real use was asked to be a demonstration."""


def prepare_cluster(admin_url: str, *, main: str, keys: str) -> None:
    """Create roles and both databases where they are missing, as the cluster's administrator."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        roles = resources.files(__name__).joinpath("roles.sql").read_text(encoding="utf-8")
        connection.execute(sql.SQL(roles))
        for name, logins in ((main, MAIN_LOGINS), (keys, KEYS_LOGINS)):
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                create = sql.SQL("CREATE DATABASE {} OWNER survey_owner ENCODING 'UTF8' TEMPLATE template0")
                connection.execute(create.format(sql.Identifier(name)))
            close = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
            connection.execute(close.format(sql.Identifier(name)))
            # As the first migrations do; but a dump has no rights on the database itself, so a restore needs it here.
            let_in = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
            for login in logins:
                connection.execute(let_in.format(sql.Identifier(name), sql.Identifier(login)))


def upgrade(owner_url: str, tree: str, revision: str = "head") -> None:
    """Bring the database of ``tree`` (MAIN or KEYS) up to ``revision``."""
    command.upgrade(_config(owner_url, tree), revision)


def downgrade(owner_url: str, tree: str, revision: str) -> None:
    """Take the database of ``tree`` back to ``revision`` ("base" empties it)."""
    command.downgrade(_config(owner_url, tree), revision)


def declare(owner_url: str, *, demonstration: bool) -> bool:
    """Say, once for all, whether the service's database is for a demonstration; returns what it is.

    What was said before stands. Raises ``RealDatabase`` when that was "real use" and this says "demonstration".
    """
    url = sa.make_url(owner_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        connection.execute("INSERT INTO deployment (demonstration) VALUES (%s) ON CONFLICT DO NOTHING", [demonstration])
        (is_demonstration,) = connection.execute("SELECT demonstration FROM deployment").fetchone() or (False,)
    if demonstration and not is_demonstration:
        raise RealDatabase("This database is for real use. It never becomes a demonstration: make another.")
    return bool(is_demonstration)


def _config(owner_url: str, tree: str) -> Config:
    here = Path(__file__).parent
    config = Config()
    config.set_main_option("script_location", str(here))
    config.set_main_option("version_locations", str(here / tree))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    return config
