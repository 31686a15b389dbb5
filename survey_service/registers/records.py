"""Registers, agreements, choices, releases and feeds. Constraints, functions and policies: ``migrations/main``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from survey_service.foundation.db import metadata

registers = sa.Table(
    "registers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("cpua_authority", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("jwks", JSONB, nullable=False),
)

agreements = sa.Table(
    "agreements",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True)),
)

agreement_variables = sa.Table(
    "agreement_variables",
    metadata,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("variable", sa.Text, primary_key=True),
)

register_choices = sa.Table(
    "register_choices",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, primary_key=True),
    sa.Column("objected", sa.Boolean, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
)

register_pseudonyms = sa.Table(
    "register_pseudonyms",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, primary_key=True),
    sa.Column("pseudonym", sa.Uuid, nullable=False),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("agreement_id", sa.Uuid, nullable=False),
    sa.Column("notice_id", sa.Uuid, nullable=False),
    sa.Column("objected", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
)

register_feeds = sa.Table(
    "register_feeds",
    metadata,
    sa.Column("register_id", sa.Uuid, primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
)

feed_entries = sa.Table(
    "feed_entries",
    metadata,
    sa.Column("register_id", sa.Uuid, primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("release_id", sa.Uuid, nullable=False),
)
