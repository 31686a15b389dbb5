"""A patient's blocks between units. Policies are in ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

patient_blocks = sa.Table(
    "patient_blocks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("lifted_at", sa.DateTime(timezone=True)),
)
