"""Approved wording, one immutable row per instrument version, language and content; and texts on their way to it."""

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

# What translators work on, and what approving makes of it. Constraints, the order of the states and the functions that
# approve are in ``migrations/main/0011_translations.py``.

wording_decisions = sa.Table(
    "wording_decisions",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("wording_id", sa.Uuid, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Uuid, nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

interface_versions = sa.Table(
    "interface_versions",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("texts", JSONB, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Uuid, nullable=False),
    sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
)

translation_subjects = sa.Table(
    "translation_subjects",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("instrument", sa.Text),
    sa.Column("instrument_version", sa.Text),
    sa.Column("respondent", sa.Text),
)

source_texts = sa.Table(
    "source_texts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("replaces", sa.Uuid),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("concept", sa.Text, nullable=False),
    sa.Column("needed", sa.Boolean, nullable=False),
    sa.Column("source_locale", sa.Text, nullable=False),
    sa.Column("forms", JSONB, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("retired", sa.Boolean, nullable=False),
    sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
)

translations = sa.Table(
    "translations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("source_id", sa.Uuid, nullable=False),
    sa.Column("forms", JSONB, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("replaces", sa.Uuid),
    sa.Column("made_by", sa.Uuid),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
)

translation_steps = sa.Table(
    "translation_steps",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("translation_id", sa.Uuid, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("taken_by", sa.Uuid),
    sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("evidence_name", sa.Text),
    sa.Column("evidence_digest", sa.Text),
)

evidence_documents = sa.Table(
    "evidence_documents",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

translation_comments = sa.Table(
    "translation_comments",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("context", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("written_by", sa.Uuid, nullable=False),
    sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
)

glossary_terms = sa.Table(
    "glossary_terms",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("term", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("translation", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("entered_by", sa.Uuid, nullable=False),
    sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
)
