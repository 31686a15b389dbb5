"""Registers, agreements, choices, releases, feeds, messages, pulls. Constraints and policies: ``migrations/main``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    sa.Column("legal_ground", sa.Text, nullable=False),
    sa.Column("contact", sa.Text, nullable=False),
)

register_decisions = sa.Table(
    "register_decisions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
)

register_pseudonym_keys = sa.Table(
    "register_pseudonym_keys",
    metadata,
    sa.Column("register_id", sa.Uuid, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
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
    sa.Column("identifier", sa.Text, nullable=False),
    sa.Column("identifier_reason", sa.Text),
    sa.Column("look_back", sa.Date),
    sa.Column("review_hold_hours", sa.Integer, nullable=False),
    sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
)

agreement_item_answers = sa.Table(
    "agreement_item_answers",
    metadata,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("instrument", sa.Text, primary_key=True),
)

agreement_approvals = sa.Table(
    "agreement_approvals",
    metadata,
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("side", sa.Text, primary_key=True),
    sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("staff_id", sa.Uuid),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("document", sa.Text),
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
    sa.Column("reference", sa.Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
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
    sa.Column("release_id", sa.Uuid),
    sa.Column("replaces", sa.Uuid),
    sa.Column("erasure_id", sa.Uuid),
)

erasure_orders = sa.Table(
    "erasure_orders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("releases", ARRAY(sa.Uuid), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
)

register_messages = sa.Table(
    "register_messages",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("erasure_id", sa.Uuid),
    sa.Column("response_id", sa.Uuid),
    sa.Column("provider_id", sa.Uuid),
    sa.Column("person_id", sa.Uuid),
    sa.Column("text_sealed", sa.LargeBinary),
)

register_pulls = sa.Table(
    "register_pulls",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, primary_key=True),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("results", sa.BigInteger, nullable=False),
)

releases_set_aside = sa.Table(
    "releases_set_aside",
    metadata,
    sa.Column("release_id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("register_id", sa.Uuid, nullable=False),
    sa.Column("reference", sa.Uuid, nullable=False),
    sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
)
