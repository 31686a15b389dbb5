"""Person keys: one data key a person, wrapped by the master key. Destroying the row erases the person."""

from alembic import op

revision = "keys_0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE person_keys (
            person_id  uuid PRIMARY KEY,
            wrapped    bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        -- What was erased stays erased: a restored backup is replayed against this list.
        CREATE TABLE erasures (
            person_id uuid PRIMARY KEY,
            erased_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE FUNCTION refuse_erased_person() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM erasures WHERE person_id = NEW.person_id) THEN
                RAISE EXCEPTION 'this person has been erased' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse_erased_person BEFORE INSERT ON person_keys
            FOR EACH ROW EXECUTE FUNCTION refuse_erased_person();
        DO $$ BEGIN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO survey_keys', current_database());
        END $$;
        GRANT USAGE ON SCHEMA public TO survey_keys;
        GRANT SELECT, INSERT, DELETE ON person_keys TO survey_keys;
        GRANT SELECT, INSERT ON erasures TO survey_keys;
    """)


def downgrade() -> None:
    op.execute("""
        DROP TABLE person_keys, erasures;
        DROP FUNCTION refuse_erased_person();
        REVOKE USAGE ON SCHEMA public FROM survey_keys;
    """)
