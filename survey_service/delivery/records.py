"""Deliveries, receipts, readings and assessments, all append-only. Constraints and policies: ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, primary_key=True),
    sa.Column("read_at", sa.DateTime(timezone=True), primary_key=True),
)

assessments = sa.Table(
    "assessments",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
)
