"""Providers, units, staff with their commissions, translators, and sign-ins."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from survey_service.foundation.db import metadata

providers = sa.Table(
    "providers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("hsa_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sender_name", sa.Text, nullable=False),
    sa.Column("legal_regime", sa.Text, nullable=False),
)

units = sa.Table(
    "units",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("hsa_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("alarm_email", sa.Text),
    sa.Column("flag_hours", sa.Integer, nullable=False, server_default="24"),
    sa.Column("late_paper_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("letters_carry_codes", sa.Boolean, nullable=False, server_default="false"),
)

staff_members = sa.Table(
    "staff_members",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("hsa_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)

commissions = sa.Table(
    "commissions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True)),
    sa.Column("granted_by", sa.Uuid),
    sa.Column("ended_by", sa.Uuid),
)

commission_protocols = sa.Table(
    "commission_protocols",
    metadata,
    sa.Column("commission_id", sa.Uuid, primary_key=True),
    sa.Column("protocol_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
)

translators = sa.Table(
    "translators",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("hsa_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("may_review", sa.Boolean, nullable=False),
    sa.Column("may_approve", sa.Boolean, nullable=False),
    sa.Column("locales", ARRAY(sa.Text)),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True)),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("token_digest", sa.LargeBinary, primary_key=True),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("person_id", sa.Uuid),
    sa.Column("staff_id", sa.Uuid),
    sa.Column("provider_id", sa.Uuid),
    sa.Column("unit_id", sa.Uuid),
    sa.Column("translator_id", sa.Uuid),
    sa.Column("acr", sa.Text, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("acting_for", sa.Uuid),
)

sign_in_states = sa.Table(
    "sign_in_states",
    metadata,
    sa.Column("key_digest", sa.LargeBinary, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

client_assertions = sa.Table(
    "client_assertions",
    metadata,
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("jti_digest", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("unit_id", sa.Uuid, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("code_digest", sa.LargeBinary, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("token_digest", sa.LargeBinary),
    sa.Column("taken_at", sa.DateTime(timezone=True)),
    sa.Column("last_seen_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)

letter_codes = sa.Table(
    "letter_codes",
    metadata,
    sa.Column("dispatch_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("code_digest", sa.LargeBinary, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("openings", sa.Integer, nullable=False, server_default="0"),
)

letter_visits = sa.Table(
    "letter_visits",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("token_digest", sa.LargeBinary, nullable=False),
    sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
)

mandates = sa.Table(
    "mandates",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("provider_id", sa.Uuid),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("holder_id", sa.Uuid, nullable=False),
    sa.Column("may_read", sa.Boolean, nullable=False),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("said_at", sa.DateTime(timezone=True)),
    sa.Column("is_protected", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("unit_id", sa.Uuid),
    sa.Column("entered_by", sa.Uuid),
    sa.Column("ground", sa.Text),
    sa.Column("note_sealed", sa.LargeBinary),
    sa.Column("holder_name_sealed", sa.LargeBinary),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("ended_by", sa.Uuid),
)

held_answers = sa.Table(
    "held_answers",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("sign_in_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("form_sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)
