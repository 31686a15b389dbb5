"""What becomes of responses at the provider, and their versions. Constraints and policies: ``migrations/main``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from survey_service.foundation.db import metadata

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("alarm_at", sa.DateTime(timezone=True), nullable=False),
)

shared_deliveries = sa.Table(
    "shared_deliveries",
    metadata,
    sa.Column("task_id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
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
    sa.Column("at_unit_id", sa.Uuid),
    sa.Column("staff_id", sa.Uuid),
    sa.Column("record_system_id", sa.Uuid),
    sa.Column("external_id", sa.Text),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
)

readings = sa.Table(
    "readings",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, primary_key=True),
    sa.Column("read_at", sa.DateTime(timezone=True), primary_key=True),
)

assessments = sa.Table(
    "assessments",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
)

record_systems = sa.Table(
    "record_systems",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("base_url", sa.Text),
    sa.Column("authentication", sa.Text),
    sa.Column("token_url", sa.Text),
    sa.Column("client_id", sa.Text),
    sa.Column("scope", sa.Text),
    sa.Column("jwks", JSONB),
)

pushes = sa.Table(
    "pushes",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("record_system_id", sa.Uuid, nullable=False),
    sa.Column("idempotency_key", sa.Uuid, nullable=False),
    sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("record_system_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("http_status", sa.Integer),
    sa.Column("external_id", sa.Text),
)

delivery_alarms = sa.Table(
    "delivery_alarms",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
)

response_versions = sa.Table(
    "response_versions",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("explanation_sealed", sa.LargeBinary),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

corrected_answers = sa.Table(
    "corrected_answers",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value_sealed", sa.LargeBinary),
)

corrected_scores = sa.Table(
    "corrected_scores",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
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

response_flags = sa.Table(
    "response_flags",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
)

emergency_accesses = sa.Table(
    "emergency_accesses",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("was_blocked", sa.Boolean, nullable=False),
    sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
    sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

unit_flag_rules = sa.Table(
    "unit_flag_rules",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("rule_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("variable", sa.Text),
    sa.Column("item_id", sa.Text),
    sa.Column("bound", sa.Text),
    sa.Column("limit_value", sa.Double),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

unit_flags = sa.Table(
    "unit_flags",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("rule_version_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("value", sa.Double),
    sa.Column("standard_error", sa.Double),
    sa.Column("earlier_id", sa.Uuid),
    sa.Column("earlier_value", sa.Double),
    sa.Column("earlier_error", sa.Double),
    sa.Column("important_change", sa.Double),
    sa.Column("reliable_change", sa.Double),
    sa.Column("flagged_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("assess_by", sa.DateTime(timezone=True), nullable=False),
)

worklist_entries = sa.Table(
    "worklist_entries",
    metadata,
    sa.Column("response_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("protocol_ids", ARRAY(sa.Uuid), nullable=False),
    sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("received", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("assessed", sa.Boolean, nullable=False),
    sa.Column("flagged", sa.Boolean, nullable=False),
    sa.Column("assigned_to", sa.Uuid),
    sa.Column("is_void", sa.Boolean, nullable=False),
    sa.Column("is_shared", sa.Boolean, nullable=False),
)

hand_overs = sa.Table(
    "hand_overs",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("to_staff_id", sa.Uuid),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

staff_notes = sa.Table(
    "staff_notes",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("way", sa.Text),
    sa.Column("contact_at", sa.DateTime(timezone=True)),
    sa.Column("text_sealed", sa.LargeBinary),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

clinic_lists = sa.Table(
    "clinic_lists",
    metadata,
    sa.Column("unit_id", sa.Uuid, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
