"""Sign-ins, one-time secrets of the gate, and the log of every access, partitioned by month."""

from alembic import op

from migrations.row_security import ACTOR, PERSON, PROVIDER, protect

revision = "main_0002"
down_revision = "main_0001"

WRITERS = "survey_gate, survey_staff, survey_patient, survey_worker, survey_register, survey_operator"


def upgrade() -> None:
    op.execute(f"""
        CREATE TABLE sign_ins (
            token_digest bytea PRIMARY KEY CHECK (length(token_digest) = 32),
            id           uuid NOT NULL UNIQUE,
            kind         text NOT NULL CHECK (kind IN ('patient', 'staff')),
            person_id    uuid REFERENCES persons,
            staff_id     uuid,
            provider_id  uuid,
            unit_id      uuid,
            acr          text NOT NULL,
            started_at   timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            expires_at   timestamptz NOT NULL,
            ended_at     timestamptz,
            CHECK ((kind = 'patient') = (person_id IS NOT NULL)),
            CHECK ((kind = 'staff') = (staff_id IS NOT NULL AND provider_id IS NOT NULL AND unit_id IS NOT NULL)),
            FOREIGN KEY (staff_id, provider_id) REFERENCES staff_members (id, provider_id),
            FOREIGN KEY (unit_id, provider_id) REFERENCES units (id, provider_id)
        );
        {protect("sign_ins", gate="SELECT, INSERT, UPDATE")}

        -- State of a sign-in on its way to the identity provider and back: read once, then gone.
        CREATE TABLE sign_in_states (
            key_digest bytea PRIMARY KEY CHECK (length(key_digest) = 32),
            content    text NOT NULL,
            expires_at timestamptz NOT NULL
        );
        {protect("sign_in_states", gate="SELECT, INSERT, UPDATE, DELETE")}

        -- A client assertion counts once (RFC 7523, jti).
        CREATE TABLE client_assertions (
            client_id  text NOT NULL,
            jti_digest bytea NOT NULL CHECK (length(jti_digest) = 32),
            expires_at timestamptz NOT NULL,
            PRIMARY KEY (client_id, jti_digest)
        );
        {protect("client_assertions", gate="SELECT, INSERT, DELETE")}

        -- The words are those of ehr:log StoreLog, so that the log can be sent on as it is.
        CREATE TABLE audit_events (
            id          uuid NOT NULL,
            at          timestamptz NOT NULL,
            actor_kind  text NOT NULL CHECK (actor_kind IN
                            ('gate', 'staff', 'patient', 'register', 'system', 'operator')),
            actor_id    uuid NOT NULL,
            unit_id     uuid,
            provider_id uuid,
            person_id   uuid,
            activity    text NOT NULL CHECK (activity IN
                            ('Läsa', 'Skriva', 'Signera', 'Utskrift', 'Vidimera', 'Radera', 'Nödöppning', 'Logga in')),
            purpose     text NOT NULL,
            object_kind text NOT NULL,
            object_id   uuid,
            outcome     text NOT NULL CHECK (outcome IN ('allowed', 'denied')),
            reason      text,
            PRIMARY KEY (id, at)
        ) PARTITION BY RANGE (at);
        CREATE TABLE audit_events_rest PARTITION OF audit_events DEFAULT;
        CREATE INDEX ON audit_events (person_id, at);
        CREATE INDEX ON audit_events (provider_id, at);
        ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
        ALTER TABLE audit_events_rest ENABLE ROW LEVEL SECURITY;
        GRANT INSERT ON audit_events TO {WRITERS};
        GRANT SELECT ON audit_events TO survey_patient;
        -- Each writes in its own name only; staff and workers only about their own provider, patients about themselves.
        CREATE POLICY gate ON audit_events FOR INSERT TO survey_gate
            WITH CHECK (actor_kind IN ('gate', 'staff', 'patient', 'register'));
        CREATE POLICY staff ON audit_events FOR INSERT TO survey_staff
            WITH CHECK (actor_kind = 'staff' AND {ACTOR} AND {PROVIDER});
        CREATE POLICY worker ON audit_events FOR INSERT TO survey_worker
            WITH CHECK (actor_kind = 'system' AND {PROVIDER});
        CREATE POLICY patient ON audit_events FOR INSERT TO survey_patient
            WITH CHECK (actor_kind = 'patient' AND {ACTOR} AND {PERSON});
        CREATE POLICY own ON audit_events FOR SELECT TO survey_patient USING ({PERSON});
        CREATE POLICY register ON audit_events FOR INSERT TO survey_register
            WITH CHECK (actor_kind = 'register' AND {ACTOR} AND person_id IS NULL AND provider_id IS NULL);
        CREATE POLICY operator ON audit_events FOR INSERT TO survey_operator
            WITH CHECK (actor_kind = 'operator' AND person_id IS NULL);

        -- Monthly partitions ahead of time; what falls outside is kept in the default one, never lost.
        CREATE FUNCTION prepare_partitions(parent regclass, first_day date, months integer) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
        DECLARE
            month date := date_trunc('month', first_day);
            part text;
        BEGIN
            IF parent NOT IN ('audit_events'::regclass, to_regclass('messages')) THEN
                RAISE EXCEPTION 'not a partitioned log: %', parent;
            END IF;
            FOR step IN 0..months - 1 LOOP
                part := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
                IF to_regclass(part) IS NULL THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
                                   part, parent, month, (month + interval '1 month')::date);
                    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
                END IF;
                month := (month + interval '1 month')::date;
            END LOOP;
        END $$;
        REVOKE EXECUTE ON FUNCTION prepare_partitions FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION prepare_partitions TO survey_worker;
        SELECT prepare_partitions('audit_events', current_date, 3);
    """)


def downgrade() -> None:
    op.execute("""
        DROP FUNCTION prepare_partitions;
        DROP TABLE audit_events, client_assertions, sign_in_states, sign_ins;
    """)
