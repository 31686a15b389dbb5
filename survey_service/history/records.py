"""Files brought in, and what was in them. Constraints and policies: ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

history_imports = sa.Table(
    "history_imports",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("file_digest", sa.LargeBinary, nullable=False),
    sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
)

imported_responses = sa.Table(
    "imported_responses",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("import_id", sa.Uuid, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("content_digest", sa.LargeBinary, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("instrument_hash", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("respondent", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("completed_on", sa.Date, nullable=False),
    sa.Column("completed_at", sa.DateTime(timezone=True)),
)

imported_scores = sa.Table(
    "imported_scores",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("variable", sa.Text, primary_key=True),
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("standard_error", sa.Double),
    sa.Column("missing_reason", sa.Text),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("method_hash", sa.Text),
    sa.Column("algorithm", sa.Text),
)

imported_answers = sa.Table(
    "imported_answers",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("value_sealed", sa.LargeBinary, nullable=False),
)
