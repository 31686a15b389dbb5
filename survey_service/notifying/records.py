"""Inbox messages, and notices sent outside it. Partitions, keys, policies and triggers are in ``migrations/main``."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from survey_service.foundation.db import metadata

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("sent_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("occasion_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("next_at", sa.DateTime(timezone=True)),
    sa.Column("claimed_until", sa.DateTime(timezone=True)),
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unreached", sa.Text),
    sa.Column("looked_at", sa.DateTime(timezone=True)),
)

dispatches = sa.Table(
    "dispatches",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reminder_id", sa.Uuid),
    sa.Column("rung", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("address_digest", sa.LargeBinary),
)

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

non_responses = sa.Table(
    "non_responses",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("staff_id", sa.Uuid, nullable=False),
    sa.Column("request_id", sa.Uuid, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

dispatch_attempts = sa.Table(
    "dispatch_attempts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("dispatch_id", sa.Uuid, nullable=False),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("gateway", sa.Text),
    sa.Column("gateway_message_id", sa.Text),
    sa.Column("staff_id", sa.Uuid),
)

dispatch_receipts = sa.Table(
    "dispatch_receipts",
    metadata,
    sa.Column("dispatch_id", sa.Uuid, primary_key=True),
    sa.Column("provider_id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("code", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

gateways = sa.Table(
    "gateways",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("open_until", sa.DateTime(timezone=True)),
    sa.Column("next_free_at", sa.DateTime(timezone=True)),
    sa.Column("bad_since", sa.DateTime(timezone=True)),
    sa.Column("alarmed_at", sa.DateTime(timezone=True)),
)

contact_choices = sa.Table(
    "contact_choices",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("email_sealed", sa.LargeBinary),
    sa.Column("phone_sealed", sa.LargeBinary),
    sa.Column("channels", ARRAY(sa.Text), nullable=False),
    sa.Column("hours_since", sa.Time),
    sa.Column("hours_until", sa.Time),
    sa.Column("every_day", sa.Boolean),
    sa.Column("most_invitations", sa.Integer),
    sa.Column("locale", sa.Text),
    sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
)

person_facts = sa.Table(
    "person_facts",
    metadata,
    sa.Column("provider_id", sa.Uuid, primary_key=True),
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("is_protected", sa.Boolean, nullable=False),
    sa.Column("deceased_on", sa.Date),
    sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
)
