"""Notices given, sessions, answers, responses and scores. Constraints and policies are in ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

notices_given = sa.Table(
    "notices_given",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("notice_version", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("task_id", sa.Uuid, nullable=False),
    sa.Column("notice_id", sa.Uuid, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("instrument_hash", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False, server_default=""),
    sa.Column("wording_id", sa.Uuid, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("respondent", sa.Text, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("locked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("entered_by", sa.Uuid),
    sa.Column("entry_differences", sa.Integer),
    sa.Column("ordered_form", sa.Text, sa.Computed("CASE WHEN entered_by IS NULL THEN form END", persisted=True)),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("session_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value_sealed", sa.LargeBinary),
    sa.Column("supersedes", sa.Integer),
    sa.Column("answered_by", sa.Uuid, nullable=False),
    sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
)

responses = sa.Table(
    "responses",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("session_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("last_sequence", sa.Integer, nullable=False),
    sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
)

scores = sa.Table(
    "scores",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("variable", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("standard_error", sa.Double),
    sa.Column("missing_reason", sa.Text),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("method_hash", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
)
