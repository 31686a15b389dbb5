"""Approved wording; care protocols, enrolments, occasions and tasks."""

from alembic import op

from migrations.row_security import protect

revision = "main_0003"
down_revision = "main_0002"

READERS = "survey_staff, survey_patient, survey_translator, survey_worker, survey_operator"


def upgrade() -> None:
    op.execute(f"""
        -- One immutable row per approved version of an instrument's wording in a language. A session points at the
        -- one it showed, so a text that nobody approved has no way to a patient.
        CREATE TABLE wordings (
            id                 uuid PRIMARY KEY,
            instrument         text NOT NULL,
            instrument_version text NOT NULL,
            locale             text NOT NULL,
            kind               text NOT NULL CHECK (kind IN ('demonstration', 'licensed')),
            content_hash       text NOT NULL,
            texts              jsonb NOT NULL,
            approved_at        timestamptz NOT NULL,
            UNIQUE (instrument, instrument_version, locale, content_hash),
            UNIQUE (id, instrument, instrument_version, locale)
        );
        GRANT SELECT ON wordings TO {READERS};
        GRANT INSERT ON wordings TO survey_operator;

        CREATE TABLE care_protocols (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL REFERENCES providers,
            code        text NOT NULL CHECK (code ~ '^[a-z0-9-]+$'),
            UNIQUE (provider_id, code),
            UNIQUE (id, provider_id)
        );
        CREATE TABLE care_protocol_versions (
            id           uuid PRIMARY KEY,
            protocol_id  uuid NOT NULL,
            provider_id  uuid NOT NULL,
            version      integer NOT NULL CHECK (version >= 1),
            definition   jsonb NOT NULL,
            published_at timestamptz NOT NULL,
            UNIQUE (protocol_id, version),
            UNIQUE (id, provider_id),
            FOREIGN KEY (protocol_id, provider_id) REFERENCES care_protocols (id, provider_id)
        );
        {protect("care_protocols", staff="SELECT", worker="SELECT", operator="SELECT, INSERT")}
        {protect("care_protocol_versions", staff="SELECT", worker="SELECT", operator="SELECT, INSERT")}

        -- The order: provider, unit, care contact, controller (the provider) and legal regime [A1, A4].
        CREATE TABLE enrolments (
            id                  uuid PRIMARY KEY,
            provider_id         uuid NOT NULL,
            person_id           uuid NOT NULL,
            unit_id             uuid NOT NULL,
            protocol_version_id uuid NOT NULL,
            legal_regime        text NOT NULL CHECK (legal_regime IN ('health_care', 'social_service')),
            purpose             text NOT NULL CHECK (purpose IN ('care', 'quality_follow_up')),
            care_contact        text NOT NULL CHECK (care_contact <> ''),
            anchor_kind         text NOT NULL CHECK (anchor_kind <> ''),
            anchor_date         date NOT NULL,
            request_id          uuid NOT NULL,
            ordered_by          uuid NOT NULL,
            ordered_at          timestamptz NOT NULL,
            -- The same form sent twice is one order.
            UNIQUE (provider_id, request_id),
            UNIQUE (id, provider_id, person_id),
            FOREIGN KEY (provider_id, person_id) REFERENCES patients,
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id),
            FOREIGN KEY (protocol_version_id, provider_id) REFERENCES care_protocol_versions (id, provider_id),
            FOREIGN KEY (ordered_by, provider_id) REFERENCES staff_members (id, provider_id)
        );
        CREATE INDEX ON enrolments (person_id);
        {protect("enrolments", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}

        CREATE TABLE occasions (
            id            uuid PRIMARY KEY,
            provider_id   uuid NOT NULL,
            person_id     uuid NOT NULL,
            enrolment_id  uuid NOT NULL,
            unit_id       uuid NOT NULL,
            code          text NOT NULL,
            -- The unit's own words to the patient, by language: what this is, and why it is asked.
            titles        jsonb NOT NULL,
            reasons       jsonb NOT NULL,
            opens_at      timestamptz NOT NULL,
            due_at        timestamptz NOT NULL,
            closes_at     timestamptz NOT NULL,
            UNIQUE (enrolment_id, code),
            UNIQUE (id, provider_id, person_id),
            CHECK (opens_at <= due_at AND due_at < closes_at),
            FOREIGN KEY (enrolment_id, provider_id, person_id) REFERENCES enrolments (id, provider_id, person_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON occasions (person_id);
        CREATE INDEX ON occasions (unit_id, opens_at);
        {protect("occasions", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}

        -- One instrument asked at one occasion.
        CREATE TABLE tasks (
            id                 uuid PRIMARY KEY,
            provider_id        uuid NOT NULL,
            person_id          uuid NOT NULL,
            occasion_id        uuid NOT NULL,
            position           integer NOT NULL CHECK (position >= 1),
            instrument         text NOT NULL,
            instrument_version text NOT NULL,
            UNIQUE (occasion_id, position),
            UNIQUE (occasion_id, instrument),
            UNIQUE (id, provider_id, person_id),
            UNIQUE (id, provider_id, person_id, occasion_id, instrument, instrument_version),
            FOREIGN KEY (occasion_id, provider_id, person_id) REFERENCES occasions (id, provider_id, person_id)
        );
        CREATE INDEX ON tasks (person_id);
        {protect("tasks", staff="SELECT, INSERT", patient="SELECT", worker="SELECT")}
    """)


def downgrade() -> None:
    op.execute("DROP TABLE tasks, occasions, enrolments, care_protocol_versions, care_protocols, wordings;")
