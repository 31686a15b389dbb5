"""Approved wording: one immutable row per instrument version, language and content."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from survey_service.foundation.db import metadata

wordings = sa.Table(
    "wordings",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("respondent", sa.Text, nullable=False, server_default="self"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("texts", JSONB, nullable=False),
    sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("language_version", sa.Text),
    sa.Column("licence_id", sa.Uuid),
    sa.Column("accepted_by", sa.Text),
    sa.Column("certificate_name", sa.Text),
    sa.Column("certificate_digest", sa.Text),
)
