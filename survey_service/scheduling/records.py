"""Care protocols, enrolments, occasions, tasks. Constraints and policies are in ``migrations/main``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from survey_service.foundation.db import metadata

care_protocols = sa.Table(
    "care_protocols",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
)

care_protocol_versions = sa.Table(
    "care_protocol_versions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("protocol_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("published_by", sa.Uuid),
)

protocol_drafts = sa.Table(
    "protocol_drafts",
    metadata,
    sa.Column("protocol_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, primary_key=True),
    sa.Column("after", sa.Integer, nullable=False),
    sa.Column("fields", JSONB, nullable=False),
    sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
)

protocol_changes = sa.Table(
    "protocol_changes",
    metadata,
    sa.Column("version_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("enrolled", sa.Integer, nullable=False),
    sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
)

protocol_previews = sa.Table(
    "protocol_previews",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("protocol_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("seen", sa.Text, nullable=False),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("enrolled_as", sa.Text, nullable=False),
    sa.Column("portions", sa.Integer, nullable=False),
    sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
)

protocol_preview_portions = sa.Table(
    "protocol_preview_portions",
    metadata,
    sa.Column("preview_id", sa.Uuid, primary_key=True),
    sa.Column("first_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("units", JSONB, nullable=False),
    sa.Column("changes", JSONB, nullable=False),
)

enrolments = sa.Table(
    "enrolments",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("protocol_version_id", sa.Uuid, nullable=False),
    sa.Column("legal_regime", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("care_contact", sa.Text, nullable=False),
    sa.Column("anchor_kind", sa.Text, nullable=False),
    sa.Column("anchor_date", sa.Date, nullable=False),
    sa.Column("procedure_id", sa.Text),
    sa.Column("side", sa.Text),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("ordered_by", sa.Uuid),
    sa.Column("ordered_by_system", sa.Uuid),
    sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="active"),
)

enrolment_events = sa.Table(
    "enrolment_events",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("enrolment_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("detail", JSONB, nullable=False),
    sa.Column("staff_id", sa.Uuid),
    sa.Column("record_system_id", sa.Uuid),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

occasions = sa.Table(
    "occasions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("enrolment_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("titles", JSONB, nullable=False),
    sa.Column("reasons", JSONB, nullable=False),
    sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("receipt_policy", sa.Text, nullable=False, server_default="person"),
    sa.Column("receipt_within_hours", sa.Integer, nullable=False, server_default="72"),
    sa.Column("read_within_hours", sa.Integer, server_default="168"),
    sa.Column("reminds_at", ARRAY(sa.DateTime(timezone=True)), nullable=False, server_default="{}"),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
    sa.Column("withdrawn_reason", sa.Text),
    sa.Column("is_answered", sa.Boolean, nullable=False, server_default=sa.false()),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False, server_default=""),
)

task_links = sa.Table(
    "task_links",
    metadata,
    sa.Column("task_id", sa.Uuid, primary_key=True),
    sa.Column("served_by", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_version", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
)
