"""The access log. Partitions, grants and policies are in ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

audit_events = sa.Table(
    "audit_events",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid),
    sa.Column("provider_id", sa.Uuid),
    sa.Column("person_id", sa.Uuid),
    sa.Column("activity", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("object_kind", sa.Text, nullable=False),
    sa.Column("object_id", sa.Uuid),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
)
