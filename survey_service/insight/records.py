"""Figures of follow-up, and the grounds to compare. Constraints and policies are in ``migrations/main``."""

import sqlalchemy as sa

from survey_service.foundation.db import metadata

follow_up_figures = sa.Table(
    "follow_up_figures",
    metadata,
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("protocol", sa.Text, primary_key=True),
    sa.Column("occasion", sa.Text, primary_key=True),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("cell", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("total", sa.Double, nullable=False),
    sa.Column("squares", sa.Double, nullable=False),
)

follow_up_blocks = sa.Table(
    "follow_up_blocks",
    metadata,
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("protocol", sa.Text, primary_key=True),
    sa.Column("occasion", sa.Text, primary_key=True),
    sa.Column("first_month", sa.Date, primary_key=True),
    sa.Column("last_month", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("cell", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("total", sa.Double, nullable=False),
    sa.Column("squares", sa.Double, nullable=False),
)

follow_up_runs = sa.Table(
    "follow_up_runs",
    metadata,
    sa.Column("provider_id", sa.Uuid, primary_key=True),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
)

comparison_grounds = sa.Table(
    "comparison_grounds",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
)
