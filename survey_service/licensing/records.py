"""Licences, their withdrawals, the documents behind them, and what this database is for.

Constraints, policies and the functions that decide are in ``migrations/main/0010_licences.py``.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from survey_service.foundation.db import metadata

licences = sa.Table(
    "licences",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("locales", ARRAY(sa.Text), nullable=False),
    sa.Column("modes", ARRAY(sa.Text), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.Column("licensee", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("evidence_name", sa.Text, nullable=False),
    sa.Column("evidence_digest", sa.Text, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)

licence_withdrawals = sa.Table(
    "licence_withdrawals",
    metadata,
    sa.Column("licence_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("withdrawn_by", sa.Text, nullable=False),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
)

rights_documents = sa.Table(
    "rights_documents",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

deployment = sa.Table(
    "deployment",
    metadata,
    sa.Column("the_only_one", sa.Boolean, primary_key=True),
    sa.Column("demonstration", sa.Boolean, nullable=False),
)
