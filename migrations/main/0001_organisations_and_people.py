"""Providers, units, staff with their commissions, persons and the care relation."""

from alembic import op

from migrations.row_security import enable, protect

revision = "main_0001"
down_revision = None

RUNTIME_ROLES = (
    "survey_staff, survey_patient, survey_translator, survey_gate, survey_register, survey_worker, survey_operator"
)


def upgrade() -> None:
    op.execute(f"""
        DO $$ BEGIN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO survey_login, survey_register, survey_worker,'
                           ' survey_operator', current_database());
        END $$;
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {RUNTIME_ROLES};

        CREATE TABLE providers (
            id           uuid PRIMARY KEY,
            hsa_id       text NOT NULL UNIQUE CHECK (hsa_id ~ '^SE[0-9]{{10}}-[A-Za-z0-9]+$'),
            name         text NOT NULL CHECK (name <> ''),
            -- What a stranger may read on a locked phone. Never a speciality.
            sender_name  text NOT NULL CHECK (sender_name <> ''),
            legal_regime text NOT NULL CHECK (legal_regime IN ('health_care', 'social_service'))
        );
        CREATE TABLE units (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL REFERENCES providers,
            hsa_id      text NOT NULL UNIQUE CHECK (hsa_id ~ '^SE[0-9]{{10}}-[A-Za-z0-9]+$'),
            name        text NOT NULL CHECK (name <> ''),
            UNIQUE (id, provider_id)
        );
        GRANT SELECT ON providers, units TO {RUNTIME_ROLES};
        GRANT INSERT, UPDATE ON providers, units TO survey_operator;

        CREATE TABLE staff_members (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL REFERENCES providers,
            hsa_id      text NOT NULL,
            name        text NOT NULL CHECK (name <> ''),
            UNIQUE (provider_id, hsa_id),
            UNIQUE (id, provider_id)
        );
        CREATE TABLE commissions (
            id          uuid PRIMARY KEY,
            provider_id uuid NOT NULL,
            staff_id    uuid NOT NULL,
            unit_id     uuid NOT NULL,
            role        text NOT NULL CHECK (role IN ('clinician', 'unit_manager')),
            valid_from  timestamptz NOT NULL,
            valid_until timestamptz CHECK (valid_until > valid_from),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        CREATE INDEX ON commissions (staff_id);
        {protect("staff_members", staff="SELECT", gate="SELECT", worker="SELECT", operator="SELECT, INSERT, UPDATE")}
        {protect("commissions", staff="SELECT", gate="SELECT", operator="SELECT, INSERT, UPDATE")}

        -- A person, over all providers: a digest that only the service can compute, and an id. No role reads it.
        CREATE TABLE persons (
            id              uuid PRIMARY KEY,
            identity_digest bytea NOT NULL UNIQUE CHECK (length(identity_digest) = 32),
            created_at      timestamptz NOT NULL DEFAULT now()
        );
        {enable("persons")}

        CREATE FUNCTION find_or_create_person(digest bytea, new_id uuid) RETURNS uuid
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            INSERT INTO persons (id, identity_digest) VALUES (new_id, digest) ON CONFLICT (identity_digest) DO NOTHING;
            SELECT id FROM persons WHERE identity_digest = digest;
        $$;
        CREATE FUNCTION find_person(digest bytea) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT id FROM persons WHERE identity_digest = digest;
        $$;
        REVOKE EXECUTE ON FUNCTION find_or_create_person, find_person FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION find_or_create_person TO survey_staff;
        GRANT EXECUTE ON FUNCTION find_person TO survey_gate;

        -- The care relation. What identifies the person is sealed under the person's own key.
        CREATE TABLE patients (
            provider_id            uuid NOT NULL REFERENCES providers,
            person_id              uuid NOT NULL REFERENCES persons,
            identity_number_sealed bytea NOT NULL,
            name_sealed            bytea NOT NULL,
            email_sealed           bytea,
            phone_sealed           bytea,
            locale                 text NOT NULL CHECK (locale <> ''),
            created_at             timestamptz NOT NULL,
            PRIMARY KEY (provider_id, person_id)
        );
        CREATE INDEX ON patients (person_id);
        {protect("patients", staff="SELECT, INSERT, UPDATE", patient="SELECT", worker="SELECT")}
    """)


def downgrade() -> None:
    op.execute(f"""
        DROP TABLE patients, commissions, staff_members, units, providers;
        DROP FUNCTION find_or_create_person, find_person;
        DROP TABLE persons;
        REVOKE ALL ON SCHEMA public FROM {RUNTIME_ROLES};
    """)
