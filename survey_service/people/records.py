"""The table of care relations. Keys, foreign keys and policies are in ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

patients = sa.Table(
    "patients",
    metadata,
    sa.Column("provider_id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("identity_number_sealed", sa.LargeBinary, nullable=False),
    sa.Column("name_sealed", sa.LargeBinary, nullable=False),
    sa.Column("email_sealed", sa.LargeBinary),
    sa.Column("phone_sealed", sa.LargeBinary),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
)
